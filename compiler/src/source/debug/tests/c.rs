//! What C's types are in a signature.

use super::{check, of_clang};

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
