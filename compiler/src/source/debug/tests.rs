//! Signatures read from what the compilers of this machine write.

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
fn c_types() {
    let cases = [
        ("void f(void) {}", "fn()"),
        ("double f(double x) { return x; }", "fn(x: f64) -> f64"),
        ("float f(float x) { return x; }", "fn(x: f32) -> f32"),
        ("_Bool f(_Bool b) { return b; }", "fn(b: bool) -> bool"),
        (
            "void f(char c, signed char s, unsigned char u, short h, unsigned short v) {}",
            "fn(c: i8, s: i8, u: u8, h: i16, v: u16)",
        ),
        (
            "void f(int i, unsigned u, long l, unsigned long m, long long n) {}",
            "fn(i: i32, u: u32, l: i64, m: u64, n: i64)",
        ),
        (
            "#include <stddef.h>\n#include <stdint.h>\nint32_t f(size_t n, uint16_t u, ptrdiff_t d) { return 0; }",
            "fn(n: u64, u: u16, d: i64) -> i32",
        ),
        (
            "double f(unsigned long n, const double *x, double *restrict y) { return 0; }",
            "fn(n: u64, x: *const f64, y: *mut f64) -> f64",
        ),
        (
            "void f(double const *const x, double *const y) {}",
            "fn(x: *const f64, y: *mut f64)",
        ),
        (
            "void f(double x[], const int m[3][3]) {}",
            "fn(x: *mut f64, m: *const i32)",
        ),
        ("void f(double (*x)[3]) {}", "fn(x: *mut f64)"),
        (
            "void f(const volatile int *x, _Atomic int *y) {}",
            "fn(x: *const i32, y: *mut i32)",
        ),
        (
            "typedef const double *row; void f(row r) {}",
            "fn(r: *const f64)",
        ),
        (
            "typedef double real; real f(const real **x) { return 0; }",
            "fn(x: *mut *const f64) -> f64",
        ),
        (
            "void *f(const void *p) { return 0; }",
            "fn(p: *const c_void) -> *mut c_void",
        ),
        (
            "enum e { A, B }; enum e f(enum e *x) { return A; }",
            "fn(x: *mut u32) -> u32",
        ),
        ("enum e { A = -1, B }; void f(enum e x) {}", "fn(x: i32)"),
        (
            "struct m; void f(struct m *a, const struct m *b) {}",
            "fn(a: *mut m, b: *const m)",
        ),
        (
            "typedef struct { int x; } Point; void f(Point *p) {}",
            "fn(p: *mut Point)",
        ),
        (
            "typedef struct tag { int x; } Point; void f(Point *p) {}",
            "fn(p: *mut tag)",
        ),
        ("union u { int x; }; void f(union u *p) {}", "fn(p: *mut u)"),
        ("void f(struct { int x; } *p) {}", "fn(p: *mut c_void)"),
        (
            "void f(__int128 *p, long double *q) {}",
            "fn(p: *mut c_void, q: *mut c_void)",
        ),
        (
            "double f(double (*g)(double x, void *), double x) { return g(x, 0); }",
            "fn(g: extern \"C\" fn(f64, *mut c_void) -> f64, x: f64) -> f64",
        ),
        (
            "typedef int (*compare)(const void *, const void *); void f(compare c) {}",
            "fn(c: extern \"C\" fn(*const c_void, *const c_void) -> i32)",
        ),
        (
            "void f(int type, int fn, int self, int _) {}",
            "fn(type_: i32, fn_: i32, self_: i32, i32)",
        ),
        ("void f(int) {}", "fn(i32)"),
    ];
    for flags in [["-O0", "-gdwarf-5"], ["-O2", "-gdwarf-4"]] {
        check("a.c", &cases, |text| {
            of_clang("a.c", text, &[flags[0], flags[1], "-std=c2x"])
        });
    }
}

#[test]
fn c_types_that_have_no_place_in_a_signature_are_named() {
    let cases = [
        (
            "struct point { double x, y; }; void f(struct point p) {}",
            "error: parameter `p` is the struct `point` by value; pass a pointer to it",
        ),
        (
            "typedef struct { double x[9]; } Big; Big f(void) { Big b; return b; }",
            "error: the result is the struct `(anonymous)` by value; pass a pointer to it",
        ),
        (
            "union u { int i; }; void f(int a, union u b) {}",
            "error: parameter `b` is the union `u` by value; pass a pointer to it",
        ),
        (
            "void f(__int128 wide) {}",
            "error: parameter `wide` is of type `__int128`, which a signature cannot have",
        ),
        (
            "long double f(void) { return 0; }",
            "error: the result is of type `long double`, which a signature cannot have",
        ),
        (
            "void f(double _Complex z) {}",
            "error: parameter `z` is a complex number by value; pass a pointer to it",
        ),
        (
            "typedef float v4 __attribute__((vector_size(16))); void f(v4 v) {}",
            "error: parameter `v` is a vector by value; pass a pointer to its elements",
        ),
        (
            "void f(_BitInt(37) b) {}",
            "error: parameter `b` is a `_BitInt`, which a signature cannot have",
        ),
        (
            "int f(const char *format, ...) { return 0; }",
            "error: it takes a variable number of arguments (`...`)",
        ),
        (
            "struct p { int x[9]; }; void f(void (*g)(struct p)) {}",
            "error: parameter `g` is a pointer to a function that cannot be expressed: \
             parameter 1 is the struct `p` by value; pass a pointer to it",
        ),
    ];
    check("a.c", &cases, |text| {
        of_clang("a.c", text, &["-O1", "-std=c2x"])
    });
}

#[test]
fn cpp_types() {
    let cases = [
        (
            "extern \"C\" double f(double x) { return x; }",
            "fn(x: f64) -> f64",
        ),
        (
            "bool f(bool b, char32_t c, wchar_t w) { return b; }",
            "fn(b: bool, c: u32, w: i32) -> bool",
        ),
        (
            "void f(double &x, const double &y, int &&z) {}",
            "fn(x: *mut f64, y: *const f64, z: *mut i32)",
        ),
        (
            "class Matrix; void f(Matrix &m, const Matrix *n) {}",
            "fn(m: *mut Matrix, n: *const Matrix)",
        ),
        ("namespace n { struct S; void f(S *s) {} }", "fn(s: *mut S)"),
        (
            "template <class T> struct V { T x; }; void f(V<int> *v) {}",
            "fn(v: *mut c_void)",
        ),
        (
            "enum class e : unsigned char { A }; e f(e x) { return x; }",
            "fn(x: u8) -> u8",
        ),
        (
            "using real = double; real f(real x) { return x; }",
            "fn(x: f64) -> f64",
        ),
        (
            "struct S { int x[4]; }; void f(S s) {}",
            "error: parameter `s` is the struct `S` by value; pass a pointer to it",
        ),
        (
            "class C { int x; }; void f(C c) {}",
            "error: parameter `c` is the class `C` by value; pass a pointer to it",
        ),
        (
            "struct S { int x; }; void f(int S::*m) {}",
            "error: parameter `m` is of type `pointer to member`, which C has no equivalent for",
        ),
    ];
    for flag in ["-O0", "-O2"] {
        check("a.cpp", &cases, |text| of_clang("a.cpp", text, &[flag]));
    }
}

#[test]
fn cpp_symbols_and_members() {
    let text = "
        namespace n { int free(int x) { return x; } }
        struct S { int method(int x); static int shared(int x); };
        int S::method(int x) { return x; }
        int S::shared(int x) { return x; }
        extern \"C\" int plain(int x) { return x; }
        static int hidden(int x) { return x; }
        int uses_hidden(int x) { return hidden(x); }
        int over(int x) { return x; }
        double over(double x) { return x; }
        int declared(int);
    ";
    let functions = of_clang("a.cpp", text, &["-O0"]);
    let found: Vec<_> = functions
        .iter()
        .map(|f| (f.symbol.as_str(), f.name.as_str(), f.free_function))
        .collect();
    let expected = [
        ("_Z11uses_hiddeni", "uses_hidden", true),
        ("_Z4overd", "over", true),
        ("_Z4overi", "over", true),
        ("_ZN1S6methodEi", "method", false),
        ("_ZN1S6sharedEi", "shared", false),
        ("_ZN1n4freeEi", "free", true),
        ("plain", "plain", true),
    ];
    assert_eq!(found, expected);
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
