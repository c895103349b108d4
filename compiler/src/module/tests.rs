mod described;

use std::collections::BTreeSet;

use puck_package::{
    Function, LinkName, PackageDocument, Series, Signature, Tools, document::ABI_C, format,
};

use super::*;
use crate::llvm::guarded;
use crate::source::Language;

/// A dependency with these functions.
pub(crate) fn dependency(name: &str, version: &str, functions: &[(&str, &str)]) -> PackageDocument {
    let name: PackageName = name.parse().unwrap();
    let version: semver::Version = version.parse().unwrap();
    let functions = functions
        .iter()
        .map(|(function, signature)| {
            let signature: Signature = signature.parse().unwrap();
            let function = function.parse().unwrap();
            let series = Series::of(&version);
            Function {
                link_name: LinkName::new(&name, &series, &function, &signature),
                name: function,
                abi: ABI_C.to_owned(),
                signature,
                declared: None,
                doc: None,
                sizes: Default::default(),
            }
        })
        .collect();
    PackageDocument {
        format: format::PACKAGE,
        name,
        version,
        description: String::new(),
        license: String::new(),
        authors: Vec::new(),
        repository: String::new(),
        keywords: Vec::new(),
        functions,
        imports: Vec::new(),
        system_imports: Vec::new(),
        host_imports: Vec::new(),
        dependencies: Vec::new(),
        targets: Default::default(),
        files: Default::default(),
        tools: Tools {
            puck: String::new(),
            llvm: String::new(),
            sources: Vec::new(),
        },
        opt_level: 3,
        debug: false,
    }
}

fn source(path: &str, ir: &str) -> SourceModule {
    SourceModule {
        path: path.to_owned(),
        bitcode: ir.as_bytes().to_vec(),
        language: Language::Ir,
        exports: None,
    }
}

/// `name: signature`, or `name = symbol: signature`, without `: signature` where it is not given.
fn requested(text: &str) -> Requested {
    let (names, signature) = match text.split_once(": ") {
        Some((names, signature)) => (names, Some(signature.parse().unwrap())),
        None => (text, None),
    };
    let (name, symbol) = match names.split_once(" = ") {
        Some((name, symbol)) => (name, Some(symbol.to_owned())),
        None => (names, None),
    };
    Requested {
        name: name.parse().unwrap(),
        symbol,
        signature,
        doc: None,
    }
}

/// Merges for a package `own` 1.0.0.
fn merge_with(
    sources: &[SourceModule],
    functions: &[&str],
    dependencies: &[PackageDocument],
) -> Result<Merged, Error> {
    merge_flagged(sources, functions, dependencies, &[])
}

/// The same with flags for the compilers.
fn merge_flagged(
    sources: &[SourceModule],
    functions: &[&str],
    dependencies: &[PackageDocument],
    flags: &[String],
) -> Result<Merged, Error> {
    merge_described(
        sources,
        functions,
        dependencies,
        flags,
        &Described::default(),
    )
}

/// The same with what a front end says of its module.
fn merge_described(
    sources: &[SourceModule],
    functions: &[&str],
    dependencies: &[PackageDocument],
    flags: &[String],
    described: &Described,
) -> Result<Merged, Error> {
    let package: PackageName = "own".parse().unwrap();
    let requested: Vec<_> = functions.iter().map(|text| requested(text)).collect();
    let input = Input {
        package: &package,
        series: "v1".parse().unwrap(),
        sources,
        requested: &requested,
        described,
        dependencies: Dependencies {
            own: Some(&package),
            documents: dependencies,
        },
        flags,
        opt_level: 3,
        debug: false,
    };
    guarded(|| merge(&input)).unwrap()
}

fn merged(ir: &str, functions: &[&str]) -> Result<Merged, Error> {
    merge_with(&[source("a.ll", ir)], functions, &[])
}

fn message(result: Result<Merged, Error>) -> String {
    let error = result.expect_err("an error was expected");
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

fn text(merged: &Merged) -> String {
    crate::ir_text(&merged.bitcode).unwrap()
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
}

const DOT: (&str, &str) = ("dot", "fn(n: u64, x: *const f64, y: *const f64) -> f64");

fn vecmath() -> PackageDocument {
    dependency(
        "vec-math",
        "2.1.0",
        &[
            DOT,
            ("scale", "fn(*mut f64, f64)"),
            ("scale", "fn(*mut f32, f32)"),
            ("flag", "fn(bool, i8, u16) -> bool"),
            ("pick", "fn(u64)"),
            ("pick", "fn(i64)"),
        ],
    )
}

/// A package whose `f` calls whatever the declaration declares.
fn caller(declaration: &str, call: &str) -> SourceModule {
    source(
        "src/caller.ll",
        &format!("{declaration}\ndefine void @f() {{\n{call}\nret void\n}}"),
    )
}

#[test]
fn exports_get_link_names_and_the_rest_goes() {
    let ir = r#"
        target triple = "x86_64-pc-linux-gnu"
        @table = global [2 x double] [double 1.0, double 2.0]
        @unused = global i32 7
        define double @helper(double %x) #0 { %r = call double @sin(double %x) ret double %r }
        define double @twice(double %x) #0 {
          %t = load double, ptr @table
          %a = call double @helper(double %x)
          %r = fmul double %a, %t
          ret double %r
        }
        define void @dead() { ret void }
        declare double @sin(double)
        declare double @cos(double)
        attributes #0 = { nounwind "target-cpu"="haswell" "target-features"="+avx2,+fma" "tune-cpu"="generic" }
    "#;
    let merged = merged(ir, &["twice: fn(x: f64) -> f64"]).unwrap();
    assert_eq!(merged.exports.len(), 1);
    let link_name = merged.exports[0].link_name.to_string();
    assert!(link_name.starts_with("own.v1.twice."));
    let text = text(&merged);
    contains(
        &text,
        &[
            &format!("define dso_local double @{link_name}(double %x)"),
            "define internal double @helper",
            "@table = internal global",
            "declare double @sin(double)",
            "target triple = \"x86_64-unknown-linux-gnu\"",
            "source_filename = \"own\"",
        ],
    );
    for gone in [
        "nonlazybind",
        "dead",
        "unused",
        "cos",
        "target-cpu",
        "avx2",
        "tune-cpu",
    ] {
        assert!(!text.contains(gone), "{gone} in:\n{text}");
    }
}

#[test]
fn overloads_and_second_names() {
    let ir = "define void @scale_f64(ptr %x, double %a) { ret void }
              define void @scale_f32(ptr %x, float %a) { ret void }";
    let functions = [
        "scale = scale_f64: fn(x: *mut f64, a: f64)",
        "scale = scale_f32: fn(x: *mut f32, a: f32)",
        "stretch = scale_f64: fn(x: *mut f64, a: f64)",
    ];
    let merged = merged(ir, &functions).unwrap();
    let names: BTreeSet<_> = merged
        .exports
        .iter()
        .map(|e| e.link_name.to_string())
        .collect();
    assert_eq!(names.len(), 3);
    let text = text(&merged);
    for name in &names {
        contains(&text, &[&format!("@{name}")]);
    }
    contains(&text, &["= dso_local alias void (ptr, double)"]);
}

#[test]
fn exports_are_refused() {
    let ir = "
        %struct.Point = type { double, double, double }
        define double @axpy(i64 %n, float %a, ptr %x) { ret double 0.0 }
        define void @big(ptr byval(%struct.Point) %p) { ret void }
        define { double, double } @pair() { ret { double, double } zeroinitializer }
        define void @made(ptr sret(%struct.Point) %p) { ret void }
        define void @many(i32 %n, ...) { ret void }
        define fastcc void @fast() { ret void }
        define internal void @hidden() { ret void }
        define void @vector(<4 x float> %v) { ret void }
        define void @small(i8 zeroext %v) { ret void }
    ";
    let table: &[(&[&str], &[&str])] = &[
        (
            &["axpy: fn(n: u64, a: f64, x: *const f64) -> f64"],
            &[
                "a.ll: the signature of `axpy` does not agree",
                "manifest: fn(n: u64, a: f64, x: *const f64) -> f64",
                "code: fn(i64/u64, f32, pointer) -> f64",
                "parameter 2, `a`: `f64` against f32",
            ],
        ),
        (
            &["axpy"],
            &["signature of `axpy` is not known", "signature = \"...\""],
        ),
        (&[], &["signature of", "is not known"]),
        (
            &["big: fn(*const f64)"],
            &["parameter 1 is the struct `Point` by value", "by pointer"],
        ),
        (
            &["pair: fn() -> f64"],
            &[
                "the result is the struct `{ double, double }`",
                "by pointer",
            ],
        ),
        (
            &["made: fn(*mut f64)"],
            &["parameter 1 is the struct `Point` by value"],
        ),
        (&["many: fn(i32)"], &["variable number of arguments"]),
        (&["fast: fn()"], &["calling convention"]),
        (&["vector: fn(f32)"], &["`f32` against `<4 x float>`"]),
        (&["small: fn(i8)"], &["`i8` against u8"]),
        (
            &["hidden: fn()"],
            &[
                "no source defines the function `hidden`",
                "local to its file",
            ],
        ),
        (
            &["axpi: fn()"],
            &[
                "no source defines the function `axpi`",
                "did you mean `axpy`?",
            ],
        ),
        (
            &["small: fn(u8)", "small = small: fn(u8)"],
            &["`small` is exported twice with the signature fn(u8)"],
        ),
    ];
    for (functions, expected) in table {
        contains(&message(merged(ir, functions)), expected);
    }
    contains(
        &message(merged("define internal void @f() { ret void }", &[])),
        &["exports nothing"],
    );
}

#[test]
fn invalid_ir_names_file_and_reason() {
    for (ir, expected) in [
        (
            "define void @f() {\n  ret i32 0\n}",
            "value doesn't match function result type",
        ),
        ("define void @f() {\n  ret vid\n}", "2:"),
        (
            "define i32 @f(i1 %c) {\n br i1 %c, label %a, label %b\na:\n %x = add i32 1, 2\n ret i32 %x\nb:\n ret i32 %x\n}",
            "dominate",
        ),
        ("BC\u{fffd}", "invalid LLVM IR"),
        (
            "target triple = \"aarch64-apple-darwin\"\ndefine void @f() { ret void }",
            "aarch64-apple-darwin",
        ),
    ] {
        contains(&message(merged(ir, &["f: fn()"])), &["a.ll", expected]);
    }
}

#[test]
fn two_definitions_name_both_files() {
    let one = "define void @f() { ret void }";
    let sources = [source("a.ll", one), source("b.ll", one)];
    let error = message(merge_with(&sources, &["f: fn()"], &[]));
    contains(&error, &["`f` is defined by both a.ll and b.ll"]);
    // Inline functions may be in every file.
    let inline =
        "define linkonce_odr void @g() { ret void }\ndefine void @F() { call void @g() ret void }";
    let sources = [
        source("a.ll", &inline.replace('F', "a")),
        source("b.ll", &inline.replace('F', "b")),
    ];
    let merged = merge_with(&sources, &["a: fn()", "b: fn()"], &[]).unwrap();
    contains(&text(&merged), &["define internal void @g()"]);
}

#[test]
fn imports_are_resolved_by_name_series_type_and_link_name() {
    let documents = [vecmath()];
    let link_name = |index: usize| documents[0].functions[index].link_name.to_string();
    let declared = format!("declare void @{}(ptr, double)", link_name(1));
    for (declaration, call, expected) in [
        (
            "declare double @\"vec-math::dot\"(i64, ptr, ptr)",
            "call double @\"vec-math::dot\"(i64 0, ptr null, ptr null)",
            0,
        ),
        (
            "declare dso_local double @\"vec_math.v2::dot\"(i64, ptr, ptr)",
            "call double @\"vec_math.v2::dot\"(i64 0, ptr null, ptr null)",
            0,
        ),
        (
            "declare void @\"vec_math::scale\"(ptr, float)",
            "call void @\"vec_math::scale\"(ptr null, float 1.0)",
            2,
        ),
        (
            &declared,
            &format!("call void @{}(ptr null, double 1.0)", link_name(1)),
            1,
        ),
    ] {
        let merged = merge_with(&[caller(declaration, call)], &["f: fn()"], &documents).unwrap();
        let imports: Vec<_> = merged
            .imports
            .iter()
            .map(|i| i.link_name.to_string())
            .collect();
        assert_eq!(imports, [link_name(expected)], "{declaration}");
        let text = text(&merged);
        contains(
            &text,
            &[&format!("@{}(", link_name(expected)), "nonlazybind"],
        );
        assert!(
            !text.contains("::") && !text.contains("declare dso_local"),
            "{text}"
        );
    }
}

#[test]
fn callers_widen_small_integers_as_the_callee_expects() {
    let declaration = "declare i1 @\"vec_math::flag\"(i1, i8, i16)";
    let call = "call i1 @\"vec_math::flag\"(i1 true, i8 -1, i16 -1)";
    let merged = merge_with(&[caller(declaration, call)], &["f: fn()"], &[vecmath()]).unwrap();
    contains(&text(&merged), &["(i1 zeroext, i8 signext, i16 zeroext)"]);
}

#[test]
fn several_sources_may_call_the_same_function() {
    let ir = |name: &str, ty: &str, zero: &str| {
        let declaration = format!("declare void @\"vec_math::scale\"(ptr, {ty})");
        let call = format!("call void @\"vec_math::scale\"(ptr null, {ty} {zero})");
        source(
            name,
            &format!("{declaration}\ndefine void @{name}() {{ {call} ret void }}"),
        )
    };
    let sources = [
        ir("a", "double", "0.0"),
        ir("b", "double", "0.0"),
        ir("c", "float", "0.0"),
    ];
    let functions = ["a: fn()", "b: fn()", "c: fn()"];
    let merged = merge_with(&sources, &functions, &[vecmath()]).unwrap();
    assert_eq!(
        merged.imports.len(),
        2,
        "an overload each for double and float"
    );
}

#[test]
fn functions_of_other_conventions_are_not_called() {
    let mut document = vecmath();
    document.functions.truncate(1);
    let link_name = document.functions[0].link_name.to_string();
    document.functions[0].abi = "cpython-1".to_owned();
    for symbol in ["vec_math::dot", &link_name] {
        let declaration = format!("declare double @\"{symbol}\"(i64, ptr, ptr)");
        let call = format!("call double @\"{symbol}\"(i64 0, ptr null, ptr null)");
        let found = merge_with(
            &[caller(&declaration, &call)],
            &["f: fn()"],
            std::slice::from_ref(&document),
        );
        let message = message(found);
        contains(&message, &[symbol, "calling convention", "\"cpython-1\""]);
    }
}

#[test]
fn imports_are_refused() {
    let documents = [
        vecmath(),
        dependency("stats", "0.3.1", &[("mean", "fn(u64) -> f64")]),
    ];
    let stale = documents[0].functions[0].link_name.to_string();
    let stale = format!("{}.00000000", stale.rsplit_once('.').unwrap().0);
    let table: &[(&str, &str, &[&str])] = &[
        (
            "vec_math::dto",
            "double (i64, ptr, ptr)",
            &["no function `dto`", "did you mean `dot`?"],
        ),
        (
            "vecmth::dot",
            "double (i64, ptr, ptr)",
            &["no dependency `vecmth`", "did you mean `vec-math`?"],
        ),
        (
            "tensor::dot",
            "double (i64)",
            &["no dependency `tensor`", "puck add tensor"],
        ),
        (
            "own::g",
            "double (i64)",
            &["no dependency `own`", "plain name: `g`"],
        ),
        (
            "vec_math.v1::dot",
            "double (i64, ptr, ptr)",
            &["is 2.1.0, which is series v2"],
        ),
        (
            "vec_math::dot",
            "float (i64, ptr, ptr)",
            &[
                "src/caller.ll declares `vec_math::dot` as",
                "fn(i64/u64, pointer, pointer) -> f32",
                "vec-math 2.1.0 exports",
                "fn(n: u64, x: *const f64, y: *const f64) -> f64",
                "result: `f64` against f32",
            ],
        ),
        (
            "vec_math::scale",
            "void (ptr, i32)",
            &["fn(*mut f64, f64)", "fn(*mut f32, f32)"],
        ),
        (
            "vec_math::pick",
            "void (i64)",
            &["could be any of", "link name of the one that is meant"],
        ),
        (
            &stale,
            "double (i64, ptr, ptr)",
            &["exports `dot` as", "include the `vec-math.h`"],
        ),
        (
            "stats.v0_3.mean.12345678",
            "double (i64)",
            &["stats 0.3.1 exports `mean` as"],
        ),
        (
            "stats.v0_3.median.12345678",
            "double (i64)",
            &["no function `median`"],
        ),
        (
            "stats.v0_4.mean.12345678",
            "double (i64)",
            &["which is series v0_3"],
        ),
    ];
    for (symbol, ty, expected) in table {
        let (result, parameters) = ty.split_once(' ').unwrap();
        let declaration = format!("declare {result} @\"{symbol}\"{parameters}");
        let call = format!("store ptr @\"{symbol}\", ptr null");
        let result = merge_with(&[caller(&declaration, &call)], &["f: fn()"], &documents);
        contains(&message(result), expected);
    }
    let otherwise = caller(
        "declare double @\"stats::mean\"(i64)",
        "%x = call float @\"stats::mean\"(double 1.0)",
    );
    let error = message(merge_with(&[otherwise], &["f: fn()"], &documents));
    contains(
        &error,
        &["calls `stats::mean` with other types than it declares"],
    );
}

#[test]
fn constructors_comdats_and_thread_locals_survive() {
    let ir = r#"
        $inline = comdat any
        @counter = thread_local global i32 0
        @state = global i32 0
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @start, ptr null }]
        @llvm.used = appending global [1 x ptr] [ptr @kept], section "llvm.metadata"
        @kept = hidden global i32 1
        @__dso_handle = external hidden global i8
        define internal void @start() { store i32 1, ptr @state
          %r = call i32 @__cxa_atexit(ptr @stop, ptr null, ptr @__dso_handle)
          ret void }
        define void @stop(ptr %p) { ret void }
        define linkonce_odr i32 @inline() comdat { %s = load i32, ptr @state ret i32 %s }
        @other = weak alias i32 (), ptr @inline
        define i32 @f() { %i = call i32 @inline() %o = call i32 @other() %t = load i32, ptr @counter
          %s = add i32 %i, %t %r = add i32 %s, %o ret i32 %r }
        declare i32 @__cxa_atexit(ptr, ptr, ptr)
    "#;
    let merged = merged(ir, &["f: fn() -> i32"]).unwrap();
    let text = text(&merged);
    contains(
        &text,
        &[
            "@llvm.global_ctors",
            "@llvm.global_dtors",
            "call void @__cxa_finalize(ptr @puck.dso_handle)",
            "@kept = internal",
            "thread_local",
            "define internal i32 @inline()",
        ],
    );
    assert!(
        !text.contains("comdat") && !text.contains("__dso_handle "),
        "{text}"
    );
}

#[test]
fn the_packages_own_header_means_its_own_functions() {
    let signature: Signature = "fn(x: f64) -> f64".parse().unwrap();
    let name = LinkName::new(
        &"own".parse().unwrap(),
        &"v1".parse().unwrap(),
        &"g".parse().unwrap(),
        &signature,
    );
    let ir = format!(
        "declare double @{name}(double)
         define double @g(double %x) {{ ret double %x }}
         define double @f(double %x) {{ %r = call double @{name}(double %x) ret double %r }}"
    );
    let merged = merged(&ir, &["f: fn(f64) -> f64", "g: fn(x: f64) -> f64"]).unwrap();
    assert!(merged.imports.is_empty());
    let text = text(&merged);
    contains(
        &text,
        &[&format!("define dso_local double @{name}(double %x)")],
    );
    assert!(!text.contains("declare"), "{text}");
}

#[test]
fn features_that_the_source_asked_for_stay() {
    let ir = r#"
        define void @plain() #0 { ret void }
        define void @wide() #1 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+cx8,+sse2" }
        attributes #1 = { "target-cpu"="x86-64" "target-features"="+avx2,+cx8,+sse2" }
    "#;
    let text = text(&merged(ir, &["plain: fn()", "wide: fn()"]).unwrap());
    contains(&text, &["\"target-features\"=\"+avx2\""]);
    assert!(
        !text.contains("+sse2") && !text.contains("target-cpu"),
        "{text}"
    );
}

#[test]
fn features_that_all_functions_ask_for_stay_unless_flags_chose_them() {
    let wide = r#"define void @wide() #0 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+avx,+cmov,+cx8,+sse2" }"#;
    let rust = r#"define void @wide() #0 { ret void }
        define internal void @plain() #1 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+avx,+sse3" }
        attributes #1 = { "target-cpu"="x86-64" }"#;
    let no_flags: &[&str] = &[];
    for (ir, language, flags, kept) in [
        (wide, Language::C, no_flags, true),
        (wide, Language::Cpp, &["-O2", "-fno-exceptions"], true),
        (wide, Language::C, &["-mavx"], false),
        (wide, Language::C, &["-march=haswell"], false),
        (wide, Language::Ir, no_flags, false),
        (rust, Language::Rust, no_flags, true),
    ] {
        let source = SourceModule {
            language,
            ..source("a", ir)
        };
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let merged = merge_flagged(&[source], &["wide: fn()"], &[], &flags).unwrap();
        let text = text(&merged);
        assert_eq!(
            text.contains("+avx"),
            kept,
            "{language:?} {flags:?}: {text}"
        );
        assert!(!text.contains("+sse2") && !text.contains("+cmov"), "{text}");
    }
}

#[test]
fn flags_of_the_sources_give_way() {
    let ir = r#"
        define void @f() { ret void }
        !llvm.module.flags = !{!0, !1, !2}
        !0 = !{i32 8, !"PIC Level", i32 1}
        !1 = !{i32 7, !"PIE Level", i32 2}
        !2 = !{i32 1, !"wchar_size", i32 4}
    "#;
    let text = text(&merged(ir, &["f: fn()"]).unwrap());
    contains(
        &text,
        &[
            "!\"PIC Level\", i32 2",
            "!\"PIE Level\", i32 0",
            "wchar_size",
        ],
    );
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let ir = "define double @f(double %x) { %r = call double @sin(double %x) ret double %r }
              declare double @sin(double)";
    let bitcode = || merged(ir, &["f: fn(f64) -> f64"]).unwrap().bitcode;
    assert_eq!(bitcode(), bitcode());
}
