//! What C++'s types are in a signature, and which of its functions are free.

use super::{check, of_clang};

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
