//! Modules that come with a description of their functions.

use puck_package::{HostImport, document};

use super::*;
use crate::source::DescribedFunction;

/// A module as the front end for Python makes it, and its description.
fn described() -> (SourceModule, Described) {
    let host = |symbol: &str| HostImport {
        symbol: symbol.to_owned(),
        provider: "numba-runtime".to_owned(),
    };
    let host_imports = vec![host("NRT_Allocate"), host("NRT_Free")];
    let (package, series): (PackageName, Series) = ("own".parse().unwrap(), "v1".parse().unwrap());
    let table = document::host_table(&package, &series, &host_imports).unwrap();
    let function = |name: &str, abi: &str, signature: &str, fingerprint: Option<&str>| {
        let signature: Signature = signature.parse().unwrap();
        let name: puck_package::FunctionName = name.parse().unwrap();
        let link_name = match fingerprint {
            Some(fingerprint) => format!("own.v1.{name}.{fingerprint}").parse().unwrap(),
            None => LinkName::new(&package, &series, &name, &signature),
        };
        DescribedFunction {
            name,
            abi: abi.to_owned(),
            signature,
            link_name,
            declared: Some("(x: float64) -> float64".to_owned()),
            doc: None,
            needs: None,
        }
    };
    let native = "fn(*mut f64, *mut *mut c_void, f64) -> i32";
    let entry = "fn(*mut c_void, *mut c_void, *mut c_void) -> *mut c_void";
    let functions = vec![
        function("f", "numba-cpu-1", native, Some("00000001")),
        function("f", "c", native, None),
        function("f", "cpython-1", entry, Some("00000002")),
    ];
    let view = &functions[1].link_name;
    let ir = format!(
        "@{table} = global [2 x ptr] zeroinitializer
        define internal ptr @NRT_Allocate(i64 %n) {{
          %f = load ptr, ptr @{table}
          %r = musttail call ptr %f(i64 %n)
          ret ptr %r }}
        define internal void @NRT_Free(ptr %p) {{
          %f = load ptr, ptr getelementptr ([2 x ptr], ptr @{table}, i64 0, i64 1)
          musttail call void %f(ptr %p)
          ret void }}
        define i32 @own.v1.f.00000001(ptr %r, ptr %e, double %x) {{
          %p = call ptr @NRT_Allocate(i64 8)
          call void @NRT_Free(ptr %p)
          store double %x, ptr %r
          ret i32 0 }}
        define i32 @{view}(ptr %r, ptr %e, double %x) {{
          %s = call i32 @own.v1.f.00000001(ptr %r, ptr %e, double %x)
          ret i32 %s }}
        define ptr @own.v1.f.00000002(ptr %c, ptr %a, ptr %k) {{ ret ptr null }}
        define linkonce_odr void @__excinfo_unwrap_args() {{ ret void }}"
    );
    let module = SourceModule {
        language: Language::Python,
        ..source("kernels.py", &ir)
    };
    let described = Described {
        functions,
        host_imports,
        share: Default::default(),
    };
    (module, described)
}

#[test]
fn described_functions_keep_their_names_and_conventions() {
    let (module, described) = described();
    let c = SourceModule {
        language: Language::C,
        ..source(
            "helper.c",
            "define double @helper(double %x) { ret double %x }",
        )
    };
    for (sources, functions, expected) in [
        (vec![module], vec![], 3),
        // Functions of other sources are chosen as ever.
        (
            vec![super::described::described().0, c],
            vec!["helper: fn(f64) -> f64"],
            4,
        ),
    ] {
        let merged = merge_described(&sources, &functions, &[], &[], &described).unwrap();
        let found: Vec<_> = merged
            .exports
            .iter()
            .map(|export| (export.name.as_str(), export.abi.as_str()))
            .collect();
        assert_eq!(
            &found[..3],
            [("f", "cpython-1"), ("f", "numba-cpu-1"), ("f", "c")]
        );
        assert_eq!(found.len(), expected);
        assert_eq!(
            merged.exports[0].declared.as_deref(),
            Some("(x: float64) -> float64")
        );
        let text = text(&merged);
        contains(
            &text,
            &[
                "define dso_local i32 @own.v1.f.00000001(",
                "define internal ptr @NRT_Allocate",
                "musttail call ptr",
                ".host_imports.",
                " = dso_local global [2 x ptr] zeroinitializer",
            ],
        );
        assert!(!text.contains("unwrap"), "{text}");
    }
}

#[test]
fn descriptions_that_the_module_does_not_bear_out_are_refused() {
    type Spoil = fn(&mut SourceModule, &mut Described);
    let replace = |module: &mut SourceModule, from: &str, to: &str| {
        let ir = String::from_utf8(module.bitcode.clone()).unwrap();
        assert!(ir.contains(from), "{from}");
        module.bitcode = ir.replace(from, to).into_bytes();
    };
    let cases: [(Spoil, &[&str]); 4] = [
        (
            |_, described| described.functions[0].link_name = "own.v1.f.0000000f".parse().unwrap(),
            &["`own.v1.f.0000000f`", "no such function for others to see"],
        ),
        (
            |_, described| {
                described.functions[0].signature =
                    "fn(*mut f64, *mut *mut c_void) -> i32".parse().unwrap();
            },
            &[
                "`own.v1.f.00000001`",
                "2 against 3 parameters",
                "package `puck`",
            ],
        ),
        (
            |_, described| {
                described.functions[2].signature =
                    "fn(*mut c_void, *mut c_void, i64) -> *mut c_void"
                        .parse()
                        .unwrap();
            },
            &["parameter 3: `i64` against pointer"],
        ),
        (
            |_, described| drop(described.host_imports.pop()),
            &[
                "no table `own.v1.host_imports.",
                "for 1 host imports",
                "nothing of that name",
            ],
        ),
    ];
    for (spoil, expected) in cases {
        let (mut module, mut described) = described();
        spoil(&mut module, &mut described);
        contains(
            &message(merge_described(&[module], &[], &[], &[], &described)),
            expected,
        );
    }
    for (from, to, expected) in [
        (
            "= global [2 x ptr]",
            "= constant [2 x ptr]",
            "it is constant",
        ),
        (
            "= global [2 x ptr]",
            "= global [3 x ptr]",
            "it has 24 bytes, expected 16",
        ),
        (
            "= global [2 x ptr]",
            "= thread_local global [2 x ptr]",
            "in a section of its own",
        ),
        (
            "define i32 @own.v1.f.00000001",
            "define internal i32 @own.v1.f.00000001",
            "no such function for others to see",
        ),
    ] {
        let (mut module, described) = described();
        replace(&mut module, from, to);
        let found = message(merge_described(&[module], &[], &[], &[], &described));
        contains(&found, &[expected]);
    }
}

#[test]
fn a_table_is_not_taken_for_what_it_holds_at_first() {
    let (module, described) = described();
    let merged = merge_described(&[module], &[], &[], &[], &described).unwrap();
    let session = crate::llvm::Session::new();
    let module = session.parse(&merged.bitcode, "merged").unwrap();
    let machine = machine(Target::X86_64, 3).unwrap();
    crate::codegen::optimise(&module, &machine, 3).unwrap();
    let text = module.print_to_string().to_string();
    contains(
        &text,
        &[
            "load ptr, ptr @own.v1.host_imports.",
            "global [2 x ptr] zeroinit",
        ],
    );
}

#[test]
fn native_functions_of_numba_are_called_by_link_name() {
    let mut document = vecmath();
    document.functions.truncate(1);
    let link_name = document.functions[0].link_name.to_string();
    document.functions[0].abi = "numba-cpu-1".to_owned();
    let declaration = format!("declare double @{link_name}(i64, ptr, ptr)");
    let call = format!("call double @{link_name}(i64 0, ptr null, ptr null)");
    let documents = [document];
    let merged = merge_with(&[caller(&declaration, &call)], &["f: fn()"], &documents).unwrap();
    assert_eq!(merged.imports.len(), 1);
    assert_eq!(merged.imports[0].abi, "numba-cpu-1");
    // Other types are no call of it, and its name in C's terms means nothing.
    let declaration = declaration.replace("i64", "i32");
    let call = call.replace("i64", "i32");
    let found = message(merge_with(
        &[caller(&declaration, &call)],
        &["f: fn()"],
        &documents,
    ));
    contains(&found, &["declares", "numba-cpu-1"]);
    let by_name = |text: &str| {
        text.replace(&link_name, "\"vec_math::dot\"")
            .replace("i32", "i64")
    };
    let source = caller(&by_name(&declaration), &by_name(&call));
    let found = message(merge_with(&[source], &["f: fn()"], &documents));
    contains(
        &found,
        &["vec_math::dot", "calling convention", "numba-cpu-1"],
    );
}

#[test]
fn functions_of_python_are_not_exported_by_their_symbols() {
    let (module, described) = described();
    let found = message(merge_described(&[module], &["f"], &[], &[], &described));
    contains(
        &found,
        &[
            "no source defines the function `f`",
            "for a function of Python, say for which types",
            "name = \"f\", numba = ",
        ],
    );
}
