//! Compiling crates with the cargo of this machine.

use crate::source::testing::Project;
use crate::source::{Language, SourceError, cargo_manifest};

const CARGO: &str = "[package]\nname = \"kernels\"\nversion = \"1.2.0\"\nedition = \"2024\"\n\
    description = \"Kernels of\\n  many kinds\"\nlicense = \"MIT\"\nkeywords = [\"a\", \"b\"]\n\
    [lib]\npath = \"src/lib.rs\"\n[workspace]\n\
    [package.metadata.puck.build]\nopt-level = 2\n";

/// With a signature.
const SIGNED: &str = "[[package.metadata.puck.function]]\nname = \"scale\"\n\
    signature = \"fn(n: u64, a: f64, x: *mut f64)\"\n";

const NO_STD: &str = "#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
unsafe extern \"C\" {
    #[link_name = \"vecmath::dot\"]
    fn dot(n: u64, x: *const f64, y: *const f64) -> f64;
}
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn scale(n: u64, a: f64, x: *mut f64) {
    let x = unsafe { core::slice::from_raw_parts_mut(x, n as usize) };
    for v in x.iter_mut() { *v *= a; }
}
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn norm2(n: u64, x: *const f64) -> f64 {
    unsafe { dot(n, x, x) + *x.add(3) }
}
pub fn not_exported() -> u64 { 3 }
";

const STD: &str = "
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn distinct(n: u64, x: *const u64) -> u64 {
    let x = unsafe { core::slice::from_raw_parts(x, n as usize) };
    let set: std::collections::HashSet<_> = x.iter().collect();
    assert!(set.len() <= x.len(), \"impossible\");
    set.len() as u64
}
";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn a_crate_without_std_becomes_a_small_module() {
    let project = Project::new(&[
        ("Cargo.toml", &format!("{CARGO}{SIGNED}")),
        ("src/lib.rs", NO_STD),
    ]);
    let (sources, told) = project.sources().expect("compiles");
    let [module] = sources.modules.as_slice() else {
        panic!("one module")
    };
    assert_eq!(
        (module.path.as_str(), module.language),
        ("Cargo.toml", Language::Rust)
    );
    assert_eq!(
        module.exports.as_deref(),
        Some(&["norm2".to_owned(), "scale".to_owned()][..])
    );
    assert_eq!(module.bitcode[..4], *b"BC\xc0\xde");
    assert!(
        holds(&module.bitcode, "vecmath::dot"),
        "imports keep their names"
    );
    assert!(
        module.bitcode.len() < 50_000,
        "{} bytes",
        module.bitcode.len()
    );
    let [tool] = sources.tools.as_slice() else {
        panic!("one tool, found {:?}", sources.tools)
    };
    assert!(tool.starts_with("rustc "), "{tool}");
    assert_eq!(told.steps(), [format!("Compiling kernels with {tool}")]);
    assert!(sources.fingerprint.is_some());
    assert_eq!(project.fingerprint(), sources.fingerprint);
}

#[test]
fn a_crate_with_std_brings_along_what_it_uses() {
    let project = Project::new(&[("Cargo.toml", CARGO), ("src/lib.rs", STD)]);
    let (sources, _) = project.sources().expect("compiles");
    let module = &sources.modules[0];
    assert_eq!(
        module.exports.as_deref(),
        Some(&["distinct".to_owned()][..])
    );
    assert!(
        holds(&module.bitcode, "Debug Info Version"),
        "the signature is to be read"
    );
    assert!(holds(&module.bitcode, "panicking"), "std is inside");
}

#[test]
fn a_crate_may_export_nothing() {
    let text =
        "#![no_std]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }\n";
    let project = Project::new(&[
        ("Cargo.toml", &format!("{CARGO}{SIGNED}")),
        ("src/lib.rs", text),
    ]);
    for _ in 0..2 {
        let (sources, _) = project.sources().expect("compiles");
        assert_eq!(sources.modules[0].exports.as_deref(), Some(&[][..]));
    }
}

#[test]
fn a_crate_builds_against_a_workspace_and_its_local_packages() {
    let project = Project::at(
        "work space",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"kernels\"]\nresolver = \"3\"\n",
            ),
            ("Puck.toml", "[build]\ncargo = \"kernels/Cargo.toml\"\n"),
            (
                "kernels/Cargo.toml",
                "[package]\nname = \"kernels\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nlocal = { path = \"../local\" }\n",
            ),
            (
                "kernels/src/lib.rs",
                "#![no_std]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }\n#[unsafe(no_mangle)]\npub extern \"C\" fn f(x: f64) -> f64 { local::twice(x) }\n",
            ),
            (
                "local/Cargo.toml",
                "[package]\nname = \"local\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            (
                "local/src/lib.rs",
                "#![no_std]\npub fn twice(x: f64) -> f64 { 2.0 * x }\n",
            ),
        ],
    );
    project.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"kernels\", \"local\"]\nresolver = \"3\"\n",
    );
    let (sources, _) = project.sources().expect("compiles");
    assert_eq!(
        sources.modules[0].exports.as_deref(),
        Some(&["f".to_owned()][..])
    );
    let first = project.fingerprint();
    assert!(first.is_some());
    for (path, text) in [
        (
            "local/src/lib.rs",
            "#![no_std]\npub fn twice(x: f64) -> f64 { x + x }\n",
        ),
        (
            "local/Cargo.toml",
            "[package]\nname = \"local\"\nversion = \"0.2.0\"\nedition = \"2024\"\n",
        ),
        (".cargo/config.toml", "[net]\nretry = 1\n"),
        ("rust-toolchain", "1.2.3\n"),
    ] {
        let before = fs_err::read_to_string(project.path(path)).ok();
        project.write(path, text);
        assert_ne!(project.fingerprint(), first, "{path} changed");
        match before {
            Some(before) => project.write(path, &before),
            None => fs_err::remove_file(project.path(path)).expect("removed"),
        }
        assert_eq!(project.fingerprint(), first, "{path} is as before");
    }
}

#[test]
fn the_module_follows_the_crate_through_changes() {
    let project = Project::new(&[
        ("Cargo.toml", &format!("{CARGO}{SIGNED}")),
        ("src/lib.rs", NO_STD),
    ]);
    let module = || project.sources().expect("compiles").0.modules.remove(0);
    let first = module();
    assert!(module().bitcode == first.bitcode, "nothing changed");

    // Another way of compiling and back: cargo has both in its cache.
    project.write("Cargo.toml", CARGO);
    assert!(holds(&module().bitcode, "Debug Info Version"));
    project.write("Cargo.toml", &format!("{CARGO}{SIGNED}"));
    assert!(module().bitcode == first.bitcode);

    // What cargo made is removed behind its back.
    let made = fs_err::read_dir(project.path("target/puck/cache/rust")).expect("a folder");
    for entry in made
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|e| e == "bc"))
    {
        fs_err::remove_file(entry.path()).expect("removed");
    }
    assert!(module().bitcode == first.bitcode);

    // A write in the past would be missed by cargo, which goes by time.
    let text = format!("{NO_STD}#[unsafe(no_mangle)]\npub extern \"C\" fn one() -> u8 {{ 1 }}\n");
    fs_err::write(project.path("src/lib.rs"), text).expect("written");
    let changed = module();
    assert_eq!(changed.exports.map(|exports| exports.len()), Some(3));
}

#[test]
fn the_folder_leaves_no_trace() {
    let text = format!(
        "{STD}#[unsafe(no_mangle)]\npub extern \"C\" fn here() -> usize {{ file!().len() + std::panic::Location::caller().file().len() }}\n"
    );
    let files = [("Cargo.toml", CARGO), ("src/lib.rs", text.as_str())];
    let one = Project::at("one", &files);
    let other = Project::at("some/other folder/deep", &files);
    let [one, other] = [one, other].map(|project| {
        let module = project.sources().expect("compiles").0.modules.remove(0);
        assert!(!holds(
            &module.bitcode,
            &project.outside().to_string_lossy()
        ));
        module.bitcode
    });
    assert!(one == other, "two folders, two modules");
}

#[test]
fn errors_are_the_compilers_own() {
    let manifest = format!("{CARGO}{SIGNED}");
    let project = Project::new(&[
        ("Cargo.toml", &manifest),
        (
            "src/lib.rs",
            "#[unsafe(no_mangle)]\npub extern \"C\" fn f() -> u8 {\n  undeclared\n}\n",
        ),
    ]);
    let error = project.sources().expect_err("does not compile");
    assert!(matches!(error, SourceError::Compile { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("Cargo.toml does not compile (rustc "),
        "{text}"
    );
    assert!(
        text.contains("src/lib.rs:3:3") && text.contains("error[E0425]"),
        "{text}"
    );
}

#[test]
fn a_manifest_comes_from_the_crate_and_its_metadata() {
    let project = Project::new(&[
        ("Cargo.toml", &format!("{CARGO}{SIGNED}")),
        ("src/lib.rs", NO_STD),
        ("README.md", "Kernels\n"),
    ]);
    let manifest = cargo_manifest(&project.path("Cargo.toml")).expect("a manifest");
    let package = manifest.package.expect("a package");
    assert_eq!(package.name.to_string(), "kernels");
    assert_eq!(package.version.to_string(), "1.2.0");
    assert_eq!(package.description, "Kernels of many kinds");
    assert_eq!(package.license, "MIT");
    assert_eq!(package.keywords, ["a", "b"]);
    assert_eq!(package.readme.as_deref(), Some("README.md"));
    assert_eq!(manifest.build.cargo.as_deref(), Some("Cargo.toml"));
    assert_eq!(manifest.build.opt_level, 2);
    assert_eq!(manifest.functions.len(), 1);
}

#[test]
fn what_is_no_function_package_is_refused() {
    let lib = ("src/lib.rs", "");
    let crate_ =
        |rest: &str| format!("[package]\nname = \"a_b\"\nversion = \"1.0.0\"\n{rest}[workspace]\n");
    let cases = [
        (crate_(""), "no [package.metadata.puck]"),
        ("[workspace]\n".to_owned(), "no [package]"),
        ("nonsense".to_owned(), "Cargo.toml"),
        (crate_("[package.metadata.puck.build]\nopt-levle = 3\n"), "opt-levl"),
        ("[package]\nname = \"a\"\nversion = \"1.0.0+meta\"\n[package.metadata.puck]\n[workspace]\n".to_owned(), "build metadata"),
    ];
    for (text, expected) in cases {
        let project = Project::new(&[("Cargo.toml", &text), lib]);
        let error = cargo_manifest(&project.path("Cargo.toml")).expect_err(&text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
    let project = Project::new(&[("Cargo.toml", &crate_("[package.metadata.puck]\n")), lib]);
    let manifest = cargo_manifest(&project.path("Cargo.toml")).expect("an empty table will do");
    assert_eq!(manifest.package.expect("a package").name.to_string(), "a-b");
}

#[test]
fn exports_are_read_from_a_version_script() {
    let cases: [(&str, &[&str]); 4] = [
        (
            "{\n  global:\n    b;\n    a;\n\n  local:\n    *;\n};",
            &["a", "b"],
        ),
        (
            "{\n  global:\n    \"a::b\";\n  local:\n    *;\n};",
            &["a::b"],
        ),
        ("{\n  local:\n    *;\n};", &[]),
        ("", &[]),
    ];
    for (script, expected) in cases {
        assert_eq!(super::parse_exports(script), expected, "{script}");
    }
}
