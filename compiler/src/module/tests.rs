mod described;
mod exports;
mod features;
mod imports;

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
                needs: None,
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
fn the_same_sources_give_the_same_bytes() {
    let ir = "define double @f(double %x) { %r = call double @sin(double %x) ret double %r }
              declare double @sin(double)";
    let bitcode = || merged(ir, &["f: fn(f64) -> f64"]).unwrap().bitcode;
    assert_eq!(bitcode(), bitcode());
}
