//! What Rust's types are in a signature, and which of its functions are free.

use std::process::Command;

use super::{DebugFunction, check, functions};

/// The functions in `text`, compiled by rustc.
fn of_rustc(text: &str, opt_level: &str) -> Vec<DebugFunction> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new("rustc");
    command
        .args([
            "--edition=2024",
            "--crate-type=lib",
            "--emit=obj",
            "-Cdebuginfo=2",
            "-o",
        ])
        .args([
            "object.o",
            "-Ccodegen-units=1",
            "-Cpanic=abort",
            "lib.rs",
            "--cap-lints=allow",
        ])
        .arg(format!("-Copt-level={opt_level}"));
    functions(folder.path(), "lib.rs", text, &mut command)
}

#[test]
fn rust_types() {
    let cases = [
        ("pub extern \"C\" fn f() {}", "fn()"),
        (
            "pub extern \"C\" fn f(n: usize, i: isize) -> u8 { n as u8 }",
            "fn(n: u64, i: i64) -> u8",
        ),
        (
            "pub extern \"C\" fn f(b: bool, c: char) -> f32 { 0.0 }",
            "fn(b: bool, c: u32) -> f32",
        ),
        (
            "pub extern \"C\" fn f(x: *const f64, y: *mut f64) {}",
            "fn(x: *const f64, y: *mut f64)",
        ),
        (
            "pub extern \"C\" fn f(x: &f64, y: &mut f64) {}",
            "fn(x: *const f64, y: *mut f64)",
        ),
        (
            "pub extern \"C\" fn f(x: &[f64; 3], y: *const *mut u8) {}",
            "fn(x: *const f64, y: *const *mut u8)",
        ),
        (
            "use core::ffi::*; pub extern \"C\" fn f(p: *mut c_void, c: *const c_char, i: c_int) {}",
            "fn(p: *mut c_void, c: *const i8, i: i32)",
        ),
        (
            "pub struct Matrix(u64); pub extern \"C\" fn f(m: &Matrix, n: Option<&mut Matrix>) {}",
            "fn(m: *const Matrix, n: *mut Matrix)",
        ),
        (
            "pub extern \"C\" fn f(g: extern \"C\" fn(f64) -> f64) -> f64 { g(1.0) }",
            "fn(g: extern \"C\" fn(f64) -> f64) -> f64",
        ),
        (
            "pub extern \"C\" fn f(g: Option<unsafe extern \"C\" fn(*mut f64, usize)>) {}",
            "fn(g: extern \"C\" fn(*mut f64, u64))",
        ),
        (
            "use core::ptr::NonNull; pub extern \"C\" fn f(p: NonNull<f64>, q: Option<NonNull<u8>>) {}",
            "fn(p: *mut f64, q: *mut u8)",
        ),
        (
            "pub struct M(u8); pub extern \"C\" fn f(b: Box<M>) {}",
            "fn(b: *mut M)",
        ),
        (
            "#[repr(i16)] #[derive(Clone, Copy)] pub enum E { A = 1, B } pub extern \"C\" fn f(e: E) {}",
            "fn(e: i16)",
        ),
        (
            "pub extern \"C\" fn f(v: *const Vec<f64>) {}",
            "fn(v: *const c_void)",
        ),
        (
            "pub extern \"C\" fn f(x: u64) -> ! { loop {} }",
            "fn(x: u64)",
        ),
        (
            "#[repr(C)] pub struct Pair { a: f64, b: f64 } pub extern \"C\" fn f(p: Pair) {}",
            "error: parameter `p` is the struct `Pair` by value; pass a pointer to it",
        ),
        (
            "pub extern \"C\" fn f(s: &[f64]) {}",
            "error: parameter `s` is the struct `&[f64]` by value; pass a pointer to it",
        ),
        (
            "pub extern \"C\" fn f(x: u128) {}",
            "error: parameter `x` is of type `u128`, which a signature cannot have",
        ),
        (
            "pub extern \"C\" fn f(g: fn(f64) -> f64) {}",
            "error: parameter `g` is a pointer to a function of Rust's own calling convention; \
             write `extern \"C\" fn(f64) -> f64`",
        ),
        (
            "pub extern \"C\" fn f(o: Option<u32>) {}",
            "error: parameter `o` is the struct `Option<u32>` by value; pass a pointer to it",
        ),
    ];
    for opt_level in ["0", "3"] {
        check("lib.rs", &cases, |text| {
            of_rustc(
                &text.replace("pub extern", "#[unsafe(no_mangle)] pub extern"),
                opt_level,
            )
        });
    }
}

#[test]
fn rust_functions_in_impl_blocks_are_free() {
    let text = "pub struct S; impl S { #[unsafe(no_mangle)] pub extern \"C\" fn f(x: u8) {} }";
    let functions = of_rustc(text, "0");
    let f = functions
        .iter()
        .find(|f| f.name == "f")
        .expect("a function");
    assert!(f.free_function);
    assert_eq!(f.symbol, "f");
    assert_eq!(
        f.declared_at.as_deref().map(|at| at.ends_with("lib.rs:1")),
        Some(true)
    );
}
