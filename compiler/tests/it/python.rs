//! Packages of Python sources, by a front end that stands in for Numba's: whole builds, and what is
//! compiled of them again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use object::{Object, ObjectSymbol};
use puck_compiler::{Bodies, Code};
use puck_package::document::{ABI_C, ABI_CPYTHON, ABI_NUMBA};

use crate::packages::{Packages, functions, processor, slices, symbols};

/// Exports `f`, which calls what the process provides; `g`, which does without; `fill`, which is C's and
/// provides it, as a loader does.
const NATIVE: &str = r#"
import hashlib
fingerprint = lambda text: hashlib.sha256(text.encode()).hexdigest()[:8]
table = f"{prefix}.host_imports.{fingerprint('host_callback' + chr(10))}"
fill = f"{prefix}.fill.{fingerprint('fn(f64)->f64')}"
native = "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"
entry = "fn(closure: *mut c_void, args: *mut c_void, kwargs: *mut c_void) -> *mut c_void"
answer["functions"] = [
    {"name": name, "abi": abi, "signature": signature, "link-name": link_name,
     "declared": "(x: float64) -> float64"}
    for name, abi, signature, link_name in [
        ("f", "numba-cpu-1", native, f"{prefix}.f.00000001"),
        ("f", "cpython-1", entry, f"{prefix}.f.00000002"),
        ("g", "numba-cpu-1", native, f"{prefix}.g.00000001"),
        ("fill", "c", "fn(x: f64) -> f64", fill)]]
answer["host-imports"] = [{"symbol": "host_callback", "provider": "numba-runtime"}]
(output / "numba.h").write_text("struct Array { double *data; };\n")
answer["share"]["numba.h"] = "numba.h"
module = f"""
@{table} = global [1 x ptr] zeroinitializer
define internal double @callback(double %x) {{ %y = fmul double %x, 10.0 ret double %y }}
define internal double @host_callback(double %x) {{
  %f = load ptr, ptr @{table}
  %r = musttail call double %f(double %x)
  ret double %r }}
define i32 @{prefix}.f.00000001(ptr noalias %r, ptr noalias %e, double %x) {{
  %y = call double @host_callback(double %x)
  store double %y, ptr %r
  ret i32 0 }}
define ptr @{prefix}.f.00000002(ptr %c, ptr %a, ptr %k) {{ ret ptr null }}
define i32 @{prefix}.g.00000001(ptr noalias %r, ptr noalias %e, double %x) {{
  %y = fadd double %x, %x
  store double %y, ptr %r
  ret i32 0 }}
define double @{fill}(double %x) {{
  store ptr @callback, ptr @{table}
  ret double %x }}
"""
"#;

/// Calls both by their link names.
const TOP: &str = r#"
    int f(double *, void **, double) __asm__("native.v1.f.00000001");
    int g(double *, void **, double) __asm__("native.v1.g.00000001");
    double hosted(double x) { double r; void *e; f(&r, &e, x); return r + 1; }
    double plain(double x) { double r; void *e; g(&r, &e, x); return r + 1; }
"#;

fn packages() -> Packages {
    let mut packages = Packages::new();
    let python = front_end(packages.path());
    packages.add(
        "native 1.0.0",
        "a.py",
        NATIVE,
        &format!("python = {python:?}"),
    );
    packages.add("top 1.0.0", "a.c", TOP, "");
    packages
}

/// A Python with the script in place of `puck` in a folder.
fn front_end(folder: &Path) -> String {
    for (path, text) in [
        ("packages/puck/__init__.py", ""),
        ("packages/puck/frontend/__init__.py", ""),
        (
            "packages/puck/frontend/__main__.py",
            include_str!("fixtures/front_end.py"),
        ),
        ("packages/numba/__init__.py", ""),
    ] {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    let python = folder.join("python");
    let packages = folder.join("packages");
    let script = format!(
        "#!/bin/sh\nPYTHONPATH={} exec python3 -S \"$@\"\n",
        packages.display()
    );
    fs_err::write(&python, script).unwrap();
    fs_err::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    python.to_str().unwrap().to_owned()
}

fn table(packages: &Packages) -> String {
    packages.built[0].document.host_table().unwrap().to_string()
}

#[test]
fn an_archive_has_all_that_the_front_end_says() {
    let packages = packages();
    let built = &packages.built[0];
    let document = &built.document;
    document.check().unwrap();
    let found: Vec<_> = document
        .functions
        .iter()
        .map(|f| (f.name.as_str(), f.abi.as_str(), f.sizes.len()))
        .collect();
    assert_eq!(
        found,
        [
            ("f", ABI_CPYTHON, 1),
            ("f", ABI_NUMBA, 1),
            ("fill", ABI_C, 1),
            ("g", ABI_NUMBA, 1),
        ]
    );
    assert_eq!(document.tools.sources, ["python 3.11.7", "numba 0.67.0"]);
    assert_eq!(document.host_imports[0].symbol, "host_callback");
    assert!(built.files.contains_key("share/numba.json"));
    assert!(document.files.contains_key("share/numba.h"));
    let header = String::from_utf8(built.files["include/native.h"].clone()).unwrap();
    assert!(header.contains("#include \"native.numba.h\""), "{header}");
    assert!(header.contains("double native_fill(double x)"), "{header}");
    assert!(!header.contains(".f.0000"), "{header}");

    let object = built
        .files
        .iter()
        .find(|(path, _)| path.starts_with("obj/"))
        .unwrap();
    let file = object::File::parse(object.1.as_slice()).unwrap();
    let mut visible: Vec<_> = file
        .symbols()
        .filter(|symbol| symbol.is_global() && symbol.is_definition())
        .map(|symbol| symbol.name().unwrap().to_owned())
        .collect();
    visible.sort();
    let mut expected: Vec<_> = document
        .exported_symbols()
        .iter()
        .map(ToString::to_string)
        .collect();
    expected.sort();
    assert_eq!(visible, expected);

    let imports = &packages.built[1].document.imports;
    let found: Vec<_> = imports
        .iter()
        .map(|i| (i.function.as_str(), i.abi.as_str()))
        .collect();
    assert_eq!(found, [("f", ABI_NUMBA), ("g", ABI_NUMBA)]);
}

#[test]
fn the_header_compiles_with_the_structs_where_they_are_installed_and_without() {
    let packages = packages();
    let header = &packages.built[0].files["include/native.h"];
    let folder = packages.path().join("installed");
    for (path, text) in [
        ("include/native.h", &header[..]),
        (
            "include/native.numba.h",
            b"struct Array { double *data; };\n",
        ),
        ("alone/native.h", header),
    ] {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    for (header, structs) in [("include/native.h", true), ("alone/native.h", false)] {
        let text = format!("#include \"{header}\"\nint size = sizeof(struct Array);\n");
        let source = folder.join("test.c");
        fs_err::write(&source, text).unwrap();
        let mut command = std::process::Command::new("cc");
        let ran = command.arg("-fsyntax-only").arg(&source).output().unwrap();
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.success(), structs, "{header}: {errors}");
    }
}

/// What a loader fills is not taken for empty, however the packages are put together.
#[test]
fn tables_are_filled_at_run_time_in_every_link_mode() {
    let packages = packages();
    let exports = ["native::fill", "top::hosted", "top::plain"];
    let expected = ["1.5", "16", "4"];
    let archived = packages.built.iter().map(|built| {
        let mut objects = built
            .files
            .iter()
            .filter(|(path, _)| path.starts_with("obj/"));
        objects.next().unwrap().1.as_slice()
    });
    assert_eq!(
        packages.run(&archived.collect::<Vec<_>>(), &exports),
        expected
    );

    let cache = packages.path().join("specialised");
    let options = packages.options(&cache);
    let code = puck_compiler::specialize(&packages.ir(), &processor(), &options, &()).unwrap();
    let objects: Vec<&[u8]> = code.iter().flat_map(slices).collect();
    assert_eq!(packages.run(&objects, &exports), expected);

    let (code, _) = packages.program(&exports);
    assert_eq!(packages.run(&slices(&code), &exports), expected);
    let (visible, ..) = symbols(&code);
    assert!(visible.contains(&table(&packages)), "{visible:?}");
    // Inlined into the other package's.
    let left = functions(&code);
    assert!(!left.contains("native.v1.g.00000001"), "{left:?}");
}

#[test]
fn tables_are_kept_where_nothing_that_uses_them_is() {
    let packages = packages();
    let (code, _): (Code, _) = packages.program(&["top::plain"]);
    let (visible, ..) = symbols(&code);
    assert!(visible.contains(&table(&packages)), "{visible:?}");
    assert_eq!(visible.len(), 2);
}

#[test]
fn what_uses_a_table_is_not_copied_out_of_its_library() {
    let packages = packages();
    let native = packages.built[0].clone();
    let ir = native.files[&native.document.ir_path()].clone();
    let bodies = Bodies::new(move |_| Ok(Some(ir.clone())));
    let digest = |link_name: &str| {
        let link_name = link_name.parse().unwrap();
        bodies.digest(&native.document, &link_name).unwrap()
    };
    assert_eq!(digest("native.v1.f.00000001"), None);
    assert!(digest("native.v1.g.00000001").is_some());
}
