//! Signatures read from what the compilers of this machine write.

mod c;
mod cpp;
mod rust;

use std::path::Path;
use std::process::Command;

use super::{DebugFunction, signatures_from_debug};
use crate::source::{clang, process};

/// The functions in `text`, compiled by clang as `file`.
fn of_clang(file: &str, text: &str, flags: &[&str]) -> Vec<DebugFunction> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clang = clang::find(folder.path()).expect("a clang on this machine");
    let mut command = Command::new(clang.path());
    command
        .args(["-g", "-c", "-fPIC", "-w", "-o", "object.o", file])
        .args(flags);
    functions(folder.path(), file, text, &mut command)
}

fn functions(folder: &Path, file: &str, text: &str, command: &mut Command) -> Vec<DebugFunction> {
    fs_err::write(folder.join(file), text).expect("written");
    process::stdout(command.current_dir(folder)).expect("compiles");
    let object = fs_err::read(folder.join("object.o")).expect("an object");
    signatures_from_debug(&object).expect("readable debug information")
}

/// `fn(…)`, or the reason why not.
fn shown(function: &DebugFunction) -> String {
    match &function.signature {
        Ok(signature) => signature.to_string(),
        Err(reason) => format!("error: {reason}"),
    }
}

/// Checks the function named `f` of every case: text of the whole source and what is expected.
fn check(file: &str, cases: &[(&str, &str)], compile: impl Fn(&str) -> Vec<DebugFunction>) {
    for (text, expected) in cases {
        let functions = compile(text);
        let function = functions.iter().find(|function| function.name == "f");
        let function = function.unwrap_or_else(|| panic!("{file}: no `f` in {text}"));
        assert_eq!(shown(function), *expected, "{file}: {text}");
    }
}

#[test]
fn places_are_relative_to_the_folder_that_was_compiled_in() {
    let functions = of_clang(
        "a.c",
        "\n\nvoid f(void) {}\n",
        &["-fdebug-compilation-dir=."],
    );
    assert_eq!(functions[0].declared_at.as_deref(), Some("a.c:3"));
}

#[test]
fn several_functions_and_the_relocations_between_sections() {
    // Names come from .debug_str, types from .debug_info: both by relocation in an object.
    let text: String = (0..300)
        .map(|i| {
            format!("double function_{i}(const double *argument_{i}) {{ return *argument_{i}; }}\n")
        })
        .collect();
    let functions = of_clang("a.c", &text, &["-O1"]);
    assert_eq!(functions.len(), 300);
    for function in &functions {
        let number = function.name.trim_start_matches("function_");
        assert_eq!(
            shown(function),
            format!("fn(argument_{number}: *const f64) -> f64")
        );
    }
}

#[test]
fn what_is_no_object_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clang = clang::find(folder.path()).expect("a clang on this machine");
    let text = "struct s { int x; }; double f(struct s *p, double (*g)(int)) { return 0; }";
    let mut command = Command::new(clang.path());
    command.args(["-g", "-c", "-o", "object.o", "a.c"]);
    functions(folder.path(), "a.c", text, &mut command);
    let object = fs_err::read(folder.path().join("object.o")).expect("an object");
    assert!(signatures_from_debug(b"not an object").is_err());
    for length in 0..object.len() {
        let _ = signatures_from_debug(&object[..length]);
    }
    for at in 0..object.len() {
        for bit in [0_u8, 3, 7] {
            let mut flipped = object.clone();
            flipped[at] ^= 1 << bit;
            let _ = signatures_from_debug(&flipped);
        }
    }
}

#[test]
fn an_object_without_debug_information_has_no_functions() {
    assert!(of_clang("a.c", "void f(void) {}", &["-g0"]).is_empty());
}
