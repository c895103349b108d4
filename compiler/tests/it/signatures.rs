//! Exports and signatures that are read from debug information.

use crate::project::{Project, contains, object, symbols};

const SHAPES: &str = include_str!("fixtures/shapes.ll");
const BY_VALUE: &str = include_str!("fixtures/byvalue.ll");

/// Names and signatures, as the document has them.
fn functions(project: &Project) -> Vec<String> {
    let built = project.build().unwrap();
    let functions = built.document.functions.iter();
    functions
        .map(|function| format!("{}: {}", function.name, function.signature))
        .collect()
}

#[test]
fn free_functions_are_exported_by_their_plain_names() {
    let project = Project::new(SHAPES, "");
    let expected = [
        "dot: fn(n: u64, x: *const f32, y: *const f32) -> f32",
        "dot: fn(n: u64, x: *const f64, y: *const f64) -> f64",
        "length: fn(p: *const Point) -> f64",
        "twice: fn(a: i32) -> i32",
    ];
    assert_eq!(functions(&project), expected);
    let built = project.build().unwrap();
    let (visible, _) = symbols(object(&built, "x86-64"));
    assert_eq!(visible.len(), 4, "nothing but link names: {visible:?}");
}

#[test]
fn debug_information_is_dropped_unless_it_is_wanted() {
    let project = Project::new(SHAPES, "");
    let plain = project.build().unwrap();
    project.manifest("debug = true");
    let debug = project.build().unwrap();
    for (built, wanted) in [(&plain, false), (&debug, true)] {
        let text = puck_compiler::ir_text(&built.files["ir/own.bc"]).unwrap();
        assert_eq!(text.contains("DISubprogram"), wanted);
        let code = object(built, "x86-64");
        assert_eq!(
            code.windows(11).any(|bytes| bytes == b".debug_info"),
            wanted
        );
        assert_eq!(built.document.debug, wanted);
    }
    // The machine code is the same.
    let sizes = |built: &puck_compiler::Built| -> Vec<_> {
        built
            .document
            .functions
            .iter()
            .map(|function| function.sizes.clone())
            .collect()
    };
    assert_eq!(sizes(&plain), sizes(&debug));
}

#[test]
fn functions_are_chosen_by_plain_name_symbol_and_signature() {
    let list = |functions: &str| functions.replace("[f]", "[[function]]\n");
    let project = Project::new(
        SHAPES,
        &list(
            "[f]name = \"dot\"\nsignature = \"fn(n: u64, x: *const f64, y: *const f64) -> f64\"
             [f]name = \"single\"\nsymbol = \"_Z3dotmPKfS0_\"
             [f]name = \"length\"",
        ),
    );
    let expected = [
        "dot: fn(n: u64, x: *const f64, y: *const f64) -> f64",
        "length: fn(p: *const Point) -> f64",
        "single: fn(n: u64, x: *const f32, y: *const f32) -> f32",
    ];
    assert_eq!(functions(&project), expected);
    // The same without debug information.
    let bare = puck_compiler::ir_text(&project.build().unwrap().files["ir/own.bc"]).unwrap();
    assert!(!bare.contains("!dbg"));
    let bare = bare
        .replace("own.v1.dot.99b54b0a", "_Z3dotmPKdS0_")
        .replace("own.v1.single.d2ea2728", "_Z3dotmPKfS0_");
    let by_shape = Project::new(
        &bare,
        &list("[f]name = \"dot\"\nsignature = \"fn(u64, *const f64, *const f64) -> f64\""),
    );
    assert_eq!(
        functions(&by_shape),
        ["dot: fn(u64, *const f64, *const f64) -> f64"]
    );
    for (functions, expected) in [
        (
            "[f]name = \"dot\"",
            &[
                "`dot`, which is any of",
                "_Z3dotmPKfS0_  fn(n: u64",
                "give its `signature`",
            ][..],
        ),
        (
            "[f]name = \"dot\"\nsignature = \"fn(i32)\"",
            &["`dot`, which is any of"],
        ),
        (
            "[f]name = \"lenght\"",
            &[
                "no source defines the function `lenght`",
                "did you mean `length`?",
            ],
        ),
        (
            "[f]name = \"length\"\nsignature = \"fn(f64) -> f64\"",
            &[
                "shapes.cpp:",
                "signature of `length` does not agree",
                "`f64` against pointer",
            ],
        ),
    ] {
        project.manifest(&list(functions));
        contains(&project.error(), expected);
    }
}

#[test]
fn structs_by_value_are_refused_by_name() {
    for manifest in [
        "",
        "[[function]]\nname = \"norm\"\nsignature = \"fn(*const f64) -> f64\"",
    ] {
        let error = Project::new(BY_VALUE, manifest).error();
        contains(
            &error,
            &[
                "byvalue.c:2",
                "`norm` cannot be exported",
                "struct `Point` by value",
            ],
        );
        contains(&error, &["hint: pass structs by pointer"]);
    }
}

#[test]
fn an_inline_function_is_exported_when_it_is_named() {
    let ir = "define linkonce_odr void @f() { ret void }\ndefine void @g() { ret void }";
    let list = "[[function]]\nname = \"f\"\nsignature = \"fn()\"";
    let built = Project::new(ir, list).build().unwrap();
    let (visible, _) = symbols(object(&built, "x86-64"));
    assert_eq!(visible, [built.document.functions[0].link_name.to_string()]);
}

#[test]
fn an_alias_is_described_by_what_it_is_an_alias_of() {
    let ir = format!(
        "{SHAPES}
        @_ZN3SumD1Ev = alias void (ptr, double), ptr @_ZN3Sum3addEd
        @size = alias double (ptr), ptr @_Z6lengthPK5Point"
    );
    let list = functions(&Project::new(&ir, ""));
    let lengths: Vec<_> = list.iter().filter(|text| text.contains("Point")).collect();
    let expected = [
        "length: fn(p: *const Point) -> f64",
        "size: fn(p: *const Point) -> f64",
    ];
    assert_eq!(lengths, expected);
    // The other alias is a member of a class, as what it stands for.
    assert_eq!(list.len(), 5, "{list:?}");
}

#[test]
fn hidden_functions_are_exported_only_when_they_are_named() {
    let ir = SHAPES.replace(
        "define dso_local noundef i32 @_ZN5inner5twiceEi",
        "define hidden noundef i32 @_ZN5inner5twiceEi",
    );
    assert_ne!(ir, SHAPES);
    let project = Project::new(&ir, "");
    let list = functions(&project);
    assert!(list.iter().all(|text| !text.contains("twice")), "{list:?}");
    project.manifest("[[function]]\nname = \"twice\"");
    assert_eq!(functions(&project), ["twice: fn(a: i32) -> i32"]);
}

#[test]
fn a_manifest_must_not_deny_what_debug_information_says() {
    let list = |name: &str, symbol: &str, signature: &str| {
        format!(
            "[[function]]\nname = \"{name}\"\nsymbol = \"{symbol}\"\nsignature = \"{signature}\""
        )
    };
    let wrong = list(
        "dot",
        "_Z3dotmPKdS0_",
        "fn(n: u64, x: *const f32, y: *const f64) -> f64",
    );
    let project = Project::new(SHAPES, &wrong);
    contains(
        &project.error(),
        &[
            "shapes.cpp:",
            "manifest: fn(n: u64, x: *const f32, y: *const f64) -> f64",
            "code: fn(n: u64, x: *const f64, y: *const f64) -> f64",
            "parameter 2, `x`: `*const f32` against `*const f64`",
        ],
    );
    // Other words for the same.
    for signature in [
        "fn(i64, *mut f64, *const c_void) -> f64",
        "fn(n: u64, x: *const u8, y: *const Vector) -> f64",
    ] {
        project.manifest(&list("dot", "_Z3dotmPKdS0_", signature));
        assert_eq!(functions(&project), [format!("dot: {signature}")]);
    }
}
