//! What is said in one package says nothing of another, and what fits no other place stays in its own.

use super::{Packages, check};

/// A caller of both, so that one module has all.
const BOTH: &str = r#"
    double fast(double) __asm__("fast::get");
    double strict(double) __asm__("strict::get");
    double both(double x) { return fast(x) * 100 + strict(x); }
"#;

#[test]
fn promises_of_fast_mathematics_bind_nobody_else() {
    let mut packages = Packages::new();
    let fast = "double log1p(double); double get(double x) { return log1p(x - 1.5); }";
    packages.add("fast 1.0.0", "a.c", fast, "flags = [\"-ffast-math\"]");
    let strict = r#"
        #include <errno.h>
        double log1p(double);
        double get(double x) {
            errno = 0;
            double y = log1p(x - 4);
            return (y != y) * 2 + (errno != 0);
        }
    "#;
    packages.add("strict 1.0.0", "a.c", strict, "");
    packages.add("top 1.0.0", "a.c", BOTH, "");
    check(&packages, &["top::both"], &["3"]);
}

#[test]
fn promises_about_the_system_bind_nobody_else() {
    let mut packages = Packages::new();
    // A header of its own, which says too much.
    let fast =
        "__attribute__((const)) int rand(void); double get(double x) { return rand() * 0.0; }";
    packages.add("fast 1.0.0", "a.c", fast, "");
    let strict = r#"
        int rand(void);
        double get(double x) { int a = rand(), b = rand(), c = rand(); return a != b && b != c; }
    "#;
    packages.add("strict 1.0.0", "a.c", strict, "");
    packages.add("top 1.0.0", "a.c", BOTH, "");
    check(&packages, &["top::both"], &["1"]);
}

#[test]
fn constructors_of_packages_with_assembly_have_their_place() {
    let mut packages = Packages::new();
    let start = |digit: u32| {
        format!(
            "double push(double) __asm__(\"abase::push\");\n\
             __attribute__((constructor)) static void start(void) {{ push({digit}); }}\n"
        )
    };
    let base = r#"
        static double state = 1;
        __attribute__((constructor)) static void start(void) { state = state * 10 + 2; }
        double get(double x) { return state; }
        double push(double x) { return state = state * 10 + x; }
    "#;
    packages.add("abase 1.0.0", "a.c", base, "");
    let middle = format!(
        "{}__asm__(\".local number\\nnumber: ret\");\n double nothing(double x) {{ return x; }}",
        start(3)
    );
    packages.add("middle 1.0.0", "a.c", &middle, "");
    let top = format!(
        "{}double nothing(double) __asm__(\"middle::nothing\");\n\
         double same(double x) {{ return nothing(x); }}",
        start(4)
    );
    packages.add("top 1.0.0", "a.c", &top, "");
    check(&packages, &["abase::get", "top::same"], &["1234", "1.5"]);
}

#[test]
fn labels_in_assembly_are_there_once() {
    let mut packages = Packages::new();
    let base = r#"
        double odd(double x) {
            long n = x * 2, r = 0;
            __asm__("test $1, %1\n\tjz even\n\tmov $1, %0\neven:" : "+r"(r) : "r"(n) : "cc");
            return r;
        }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double odd(double) __asm__("base::odd");
        double two(double x) { return odd(x) * 10 + odd(x + 0.5); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    check(&packages, &["top::two", "base::odd"], &["10", "1"]);
}

#[test]
fn a_name_that_only_assembly_knows_is_no_system_function() {
    let mut packages = Packages::new();
    let base = r#"
        __attribute__((used)) static double cbrt(double x) { return x + 1; }
        __asm__(".local here\nhere: ret");
        double get(double x) { double (*volatile f)(double) = cbrt; return f(x); }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double get(double) __asm__("base::get");
        double cbrt(double);
        double both(double x) { return get(x) * 100 + cbrt(x + 6.5); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    for code in check(&packages, &["top::both"], &["252"]) {
        let symbols: Vec<_> = code
            .system_imports
            .iter()
            .map(|i| i.symbol.as_str())
            .collect();
        assert_eq!(symbols, ["cbrt"]);
    }
}

#[test]
fn functions_choose_their_processor_by_themselves() {
    let mut packages = Packages::new();
    let base = r#"
        #include <cpuid.h>
        __attribute__((target("avx2,fma"))) static double wide(double x) { return __builtin_fma(x, 2, 1); }
        static double plain(double x) { return x * 2 + 1; }
        static double (*choose(void))(double) {
            unsigned a, b = 0, c = 0, d;
            return __get_cpuid(1, &a, &b, &c, &d) && c >> 27 & 1 && c >> 12 & 1 ? wide : plain;
        }
        static double chosen(double x) __attribute__((ifunc("choose")));
        double get(double x) { return chosen(x); }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double get(double) __asm__("base::get");
        double all(double x) { return get(x) + get(x + 1); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    check(&packages, &["top::all"], &["10"]);
}

#[test]
fn jumps_out_and_any_number_of_arguments() {
    let mut packages = Packages::new();
    let base = r#"
        #include <setjmp.h>
        #include <stdarg.h>
        static jmp_buf place;
        __attribute__((noinline)) static void leave(int n) { longjmp(place, n); }
        static double sum(int n, ...) {
            va_list list; va_start(list, n);
            double s = 0; while (n--) s += va_arg(list, double);
            va_end(list); return s;
        }
        double back(double x) {
            volatile double n = x;
            int came = setjmp(place);
            if (came < 3) { n = n + 1; leave(came + 1); }
            return n;
        }
        double total(double x) { return sum(3, x, x * 2, 1.0); }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double back(double) __asm__("base::back");
        double total(double) __asm__("base::total");
        double all(double x) { return back(x) * 100 + total(x); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    check(&packages, &["top::all", "base::back"], &["455.5", "4.5"]);
}

#[test]
fn templates_and_objects_of_two_packages() {
    let mut packages = Packages::new();
    let source = |by: u32, callee: &str| {
        format!(
            r#"
            namespace {{ struct Kept {{ double v; Kept() : v({by}) {{}} ~Kept() {{ v = 0; }} }}; Kept kept; }}
            template <class T> struct Counter {{ static T &count() {{ static T n = T({by}); return ++n, n; }} }};
            struct Shape {{ virtual double area(double) const = 0; }};
            struct Square : Shape {{ double area(double x) const override {{ return x * {by} + kept.v; }} }};
            static const Square square;
            inline thread_local double last = {by};
            {callee}
            "#
        )
    };
    let base = source(
        2,
        r#"extern "C" double get(double x) {
            const Shape &shape = square; last += 1; return shape.area(x) + Counter<double>::count() + last; }"#,
    );
    let flags = "flags = [\"-fno-exceptions\", \"-fno-rtti\", \"-fno-threadsafe-statics\"]";
    packages.add("base 1.0.0", "a.cpp", &base, flags);
    let top = source(
        100,
        r#"extern "C" double get(double) __asm__("base::get");
           extern "C" double all(double x) {
            const Shape *volatile shape = &square; double below = get(x); last += 1;
            return below * 1000 + shape->area(x) + Counter<double>::count() + last; }"#,
    );
    packages.add("top 1.0.0", "a.cpp", &top, flags);
    check(&packages, &["top::all", "top::all"], &["11452", "13454"]);
}
