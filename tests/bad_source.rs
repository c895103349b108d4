//! Sources that do not compile, or are not what manifest and callees say.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::VECMATH;

/// Builds a package of each source in turn, in a language by its suffix, and gives what is said.
fn refusals(machine: &Machine, suffix: &str, extra: &str, sources: &[&str]) -> String {
    machine.write(
        "kernels/Puck.toml",
        format!(
            "[package]\nname = \"kernels\"\nversion = \"1.0.0\"\n\n[build]\n\
             sources = [\"*.{suffix}\"]\ntargets = [\"x86-64\"]\n{extra}"
        ),
    );
    machine.write(format!("kernels/f.{suffix}"), "");
    machine.ok("kernels", "install --only-dependencies");
    let mut all = String::new();
    for source in sources {
        machine.write(format!("kernels/f.{suffix}"), source);
        let run = machine.refused("kernels", "build");
        assert_eq!(run.stdout, "", "{source}");
        writeln!(all, "# {}\n{}", source.replace('\n', " "), run.stderr).unwrap();
    }
    all
}

#[test]
fn that_do_not_compile() {
    let machine = Machine::new();
    let c = refusals(&machine, "c", "", &["int f(void)\n{\n    return y;\n}\n"]);
    assert!(
        c.contains("f.c:3:12: error: use of undeclared identifier 'y'"),
        "{c}"
    );
    let cpp = refusals(&machine, "cpp", "", &["auto f = [] { return y; };\n"]);
    assert!(
        cpp.contains("f.cpp:1:22: error: use of undeclared identifier 'y'"),
        "{cpp}"
    );

    machine.ok("", "new crate-of-functions --lang rust");
    machine.ok("crate-of-functions", "build");
    machine.edit(
        "crate-of-functions/src/lib.rs",
        "-> f64 {\n    if n == 0",
        "-> f32 {\n    if n == 0",
    );
    let rust = machine.refused("crate-of-functions", "build");
    assert!(
        rust.stderr.contains("error[E0308]: mismatched types"),
        "{rust}"
    );
    assert!(rust.stderr.contains("src/lib.rs:"), "{rust}");

    let warned = "int f(void)\n{\n#warning careful\n    return 1;\n}\n";
    machine.write(
        "kernels/f.cpp",
        warned.replace("int f", "extern \"C\" int f"),
    );
    let run = machine.puck("kernels", "build");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stderr.contains("careful"), "warnings are shown: {run}");
}

#[test]
fn intermediate_representation() {
    let machine = Machine::new();
    let functions = "\n[[function]]\nname = \"f\"\nsignature = \"fn(x: f64) -> f64\"\n";
    let all = refusals(
        &machine,
        "ll",
        functions,
        &[
            "define double @f(double %x) { ret double %y }\n",
            "define double @f(double %x) {\nentry:\n  br label %entry\n}\n",
            "define float @f(float %x) { ret float %x }\n",
            "define double @f(double %x, double %y) { ret double %x }\n",
            "define i64 @f(double %x) { ret i64 0 }\n",
            "define internal double @f(double %x) { ret double %x }\n",
            "declare double @f(double)\n",
            "define double @g(double %x) { ret double %x }\n",
            "define double @f(double %x, ...) { ret double %x }\n",
            "target triple = \"aarch64-unknown-linux-gnu\"\n\
             define double @f(double %x) { ret double %x }\n",
        ],
    );
    assert_snapshot!(all, @r#"
    # define double @f(double %x) { ret double %y } 
    error: f.ll: invalid LLVM IR: f.ll:1:42: error: use of undefined value '%y'
    define double @f(double %x) { ret double %y }
                                             ^


    # define double @f(double %x) { entry:   br label %entry } 
    error: f.ll: invalid LLVM IR: Entry block to function must not have predecessors!
    label %entry

    # define float @f(float %x) { ret float %x } 
    error: f.ll: the signature of `f` does not agree with the code
      manifest: fn(x: f64) -> f64
      code: fn(f32) -> f32
    (parameter 1, `x`: `f64` against f32)

    # define double @f(double %x, double %y) { ret double %x } 
    error: f.ll: the signature of `f` does not agree with the code
      manifest: fn(x: f64) -> f64
      code: fn(f64, f64) -> f64
    (1 against 2 parameters)

    # define i64 @f(double %x) { ret i64 0 } 
    error: f.ll: the signature of `f` does not agree with the code
      manifest: fn(x: f64) -> f64
      code: fn(f64) -> i64/u64
    (result: `f64` against i64/u64)

    # define internal double @f(double %x) { ret double %x } 
    error: the manifest exports `f`, but no source defines the function `f`

    hint: it is local to its file: remove `static` or `internal`

    # declare double @f(double) 
    error: the manifest exports `f`, but no source defines the function `f`

    # define double @g(double %x) { ret double %x } 
    error: the manifest exports `f`, but no source defines the function `f`

    # define double @f(double %x, ...) { ret double %x } 
    error: f.ll: the signature of `f` does not agree with the code
      manifest: fn(x: f64) -> f64
      code: fn(f64, ...) -> f64
    (the code takes a variable number of arguments (`...`))

    # target triple = "aarch64-unknown-linux-gnu" define double @f(double %x) { ret double %x } 
    error: f.ll: compiled for `aarch64-unknown-linux-gnu`, expected `x86_64-unknown-linux-gnu`
    "#);
    let all = refusals(&machine, "bc", functions, &["", "BC\u{c0}not bitcode"]);
    assert_snapshot!(all, @"
    # 
    error: the manifest exports `f`, but no source defines the function `f`

    # BCÀnot bitcode
    error: f.bc: invalid LLVM IR: f.bc:1:1: error: expected top-level entity
    BCÀnot bitcode
    ");
}

#[test]
fn functions_that_cannot_be_exported() {
    let machine = Machine::new();
    let all = refusals(
        &machine,
        "c",
        "",
        &[
            "struct Point { double x, y; };\ndouble f(struct Point p) { return p.x; }\n",
            "struct Point { double x, y; };\nstruct Point f(void) { return (struct Point){1, 2}; }\n",
            "#include <stdarg.h>\nint f(int n, ...) { return n; }\n",
            "long double f(long double x) { return x; }\n",
            "double _Complex f(double x) { return x; }\n",
            "typedef double v4 __attribute__((vector_size(32)));\nv4 f(v4 x) { return x; }\n",
            "static int f(void) { return 1; }\n",
            "",
        ],
    );
    assert_snapshot!(all, @r#"
    # struct Point { double x, y; }; double f(struct Point p) { return p.x; } 
    error: f.c:2: `f` cannot be exported: parameter `p` is the struct `Point` by value; pass a pointer to it

    hint: pass structs by pointer, or make the function `static`, or name the functions to export with [[function]]

    # struct Point { double x, y; }; struct Point f(void) { return (struct Point){1, 2}; } 
    error: f.c:2: `f` cannot be exported: the result is the struct `Point` by value; pass a pointer to it

    hint: pass structs by pointer, or make the function `static`, or name the functions to export with [[function]]

    # #include <stdarg.h> int f(int n, ...) { return n; } 
    error: f.c:2: `f` cannot be exported: it takes a variable number of arguments (`...`)

    hint: make the function `static`, or name the functions to export with [[function]]

    # long double f(long double x) { return x; } 
    error: f.c:1: `f` cannot be exported: parameter `x` is of type `long double`, which a signature cannot have

    hint: make the function `static`, or name the functions to export with [[function]]

    # double _Complex f(double x) { return x; } 
    error: f.c:1: `f` cannot be exported: the result is a complex number by value; pass a pointer to it

    hint: pass structs by pointer, or make the function `static`, or name the functions to export with [[function]]

    # typedef double v4 __attribute__((vector_size(32))); v4 f(v4 x) { return x; } 
    error: f.c:2: `f` cannot be exported: parameter `x` is a vector by value; pass a pointer to its elements

    hint: pass structs by pointer, or make the function `static`, or name the functions to export with [[function]]

    # static int f(void) { return 1; } 
    error: the package exports nothing: its sources define no function that is visible to others

    hint: a function is visible unless it is `static` (C, C++) or lacks `#[unsafe(no_mangle)] extern "C"` (Rust)

    # 
    error: the package exports nothing: its sources define no function that is visible to others

    hint: a function is visible unless it is `static` (C, C++) or lacks `#[unsafe(no_mangle)] extern "C"` (Rust)
    "#);
}

#[test]
fn symbols_of_nobody() {
    let machine = Machine::new();
    let all = refusals(
        &machine,
        "c",
        "",
        &[
            "double sqroot(double);\ndouble f(double x) { return sqroot(x); }\n",
            "double sinn(double);\ndouble f(double x) { return sinn(x); }\n",
            "extern int counter;\nint f(void) { return counter; }\n",
        ],
    );
    assert_snapshot!(all, @"
    # double sqroot(double); double f(double x) { return sqroot(x); } 
    error: `f` needs the undefined symbol `sqroot`: neither a dependency nor libc, libm or libgcc_s provides it

    hint: did you mean `chroot`?

    # double sinn(double); double f(double x) { return sinn(x); } 
    error: `f` needs the undefined symbol `sinn`: neither a dependency nor libc, libm or libgcc_s provides it

    hint: did you mean `sin`?

    # extern int counter; int f(void) { return counter; } 
    error: `f` needs the undefined symbol `counter`: neither a dependency nor libc, libm or libgcc_s provides it

    hint: define it in the package's sources, or add the package that has it to [dependencies] and call it as `package::function`
    ");
}

#[test]
fn imports_that_nobody_exports() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    let call = |name: &str, signature: &str, arguments: &str| {
        let (result, parameters) = signature.split_once(' ').unwrap();
        format!(
            "#include <stdint.h>\n{result} callee({parameters}) __asm__(\"{name}\");\n\
             void f(uint64_t n, double *x) {{ callee({arguments}); }}\n"
        )
    };
    let right = "double uint64_t, const double *, const double *";
    let sources = [
        call("vecmath::dot", "double uint64_t, const double *", "n, x"),
        call(
            "vecmath::dot",
            "float uint64_t, const double *, const double *",
            "n, x, x",
        ),
        call(
            "vecmath::dot",
            "double double, const double *, const double *",
            "1.0, x, x",
        ),
        call("vecmath::dott", right, "n, x, x"),
        call("vecmaths::dot", right, "n, x, x"),
        call("vecmath.v2::dot", right, "n, x, x"),
        call("vecmath.v1.dot.00000000", right, "n, x, x"),
    ];
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    let all = refusals(
        &machine,
        "c",
        "\n[dependencies]\nvecmath = \"1\"\n",
        &sources,
    );
    assert_snapshot!(all, @r#"
    # #include <stdint.h> double callee(uint64_t, const double *) __asm__("vecmath::dot"); void f(uint64_t n, double *x) { callee(n, x); } 
    error: f.c declares `vecmath::dot` as
        fn(i64/u64, pointer) -> f64
    but vecmath 1.0.0 exports
        fn(n: u64, x: *const f64, y: *const f64) -> f64
    (3 against 2 parameters)

    # #include <stdint.h> float callee(uint64_t, const double *, const double *) __asm__("vecmath::dot"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c declares `vecmath::dot` as
        fn(i64/u64, pointer, pointer) -> f32
    but vecmath 1.0.0 exports
        fn(n: u64, x: *const f64, y: *const f64) -> f64
    (result: `f64` against f32)

    # #include <stdint.h> double callee(double, const double *, const double *) __asm__("vecmath::dot"); void f(uint64_t n, double *x) { callee(1.0, x, x); } 
    error: f.c declares `vecmath::dot` as
        fn(f64, pointer, pointer) -> f64
    but vecmath 1.0.0 exports
        fn(n: u64, x: *const f64, y: *const f64) -> f64
    (parameter 1, `n`: `u64` against f64)

    # #include <stdint.h> double callee(uint64_t, const double *, const double *) __asm__("vecmath::dott"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c calls `vecmath::dott`, but vecmath 1.0.0 has no function `dott`

    hint: did you mean `dot`?

    # #include <stdint.h> double callee(uint64_t, const double *, const double *) __asm__("vecmaths::dot"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c calls `vecmaths::dot`, but the manifest has no dependency `vecmaths`

    hint: did you mean `vecmath`?

    # #include <stdint.h> double callee(uint64_t, const double *, const double *) __asm__("vecmath.v2::dot"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c calls `vecmath.v2::dot`, but the dependency `vecmath` is 1.0.0, which is series v1

    hint: call `vecmath.v1::...`, or require another version

    # #include <stdint.h> double callee(uint64_t, const double *, const double *) __asm__("vecmath.v1.dot.00000000"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c calls `vecmath.v1.dot.00000000`, but vecmath 1.0.0 exports `dot` as
        vecmath.v1.dot.99b54b0a  fn(n: u64, x: *const f64, y: *const f64) -> f64

    hint: the declaration stems from another release: include the `vecmath.h` of the installed one
    "#);
    let source = call("vecmath::dot", right, "n, x, x");
    let all = refusals(&machine, "c", "", &[&source]);
    assert_snapshot!(all, @r#"
    # #include <stdint.h> double callee(uint64_t, const double *, const double *) __asm__("vecmath::dot"); void f(uint64_t n, double *x) { callee(n, x, x); } 
    error: f.c calls `vecmath::dot`, but the manifest has no dependency `vecmath`

    hint: add it with `puck add vecmath`
    "#);
    let all = refusals(&machine, "c", "", &["#include <vecmath.h>\n"]);
    assert!(
        all.contains("fatal error: 'vecmath.h' file not found"),
        "{all}"
    );
}

#[test]
fn two_of_a_name() {
    let machine = Machine::new();
    machine.write("kernels/g.c", "int f(void) { return 2; }\n");
    let all = refusals(&machine, "c", "", &["int f(void) { return 1; }\n"]);
    assert_snapshot!(all, @"
    # int f(void) { return 1; } 
    error: `f` is defined by both f.c and g.c
    ");
    let twice = "\n[[function]]\nname = \"f\"\n\n[[function]]\nname = \"f\"\nsymbol = \"f\"\n";
    fs_err::remove_file(machine.path("kernels/g.c")).unwrap();
    let all = refusals(&machine, "c", twice, &["int f(void) { return 1; }\n"]);
    assert_snapshot!(all, @"
    # int f(void) { return 1; } 
    error: `f` is exported twice with the signature fn() -> i32
    ");
}

#[test]
fn compilers_that_are_missing() {
    let machine = Machine::new();
    machine.ok("", "new kernels --lang c");
    machine.ok("", "new crates --lang rust");
    machine.ok("", "new intermediate --lang ir");
    let empty = machine.path("empty");
    fs_err::create_dir(&empty).unwrap();
    let without = |folder| machine.call(folder, "build").env("PATH", &empty);
    assert_snapshot!(machine.refuse(without("kernels")), @"
    exit 1
    --- stderr
    error: no clang found to compile C and C++ with

    hint: install one (`apt install clang`), or name one of version 14 to 23 with PUCK_CLANG=/path/to/clang
    ");
    assert_snapshot!(machine.refuse(without("crates")), @"
    exit 1
    --- stderr
    error: cannot run `cargo`: No such file or directory (os error 2)

    hint: install Rust: https://rustup.rs
    ");
    without("intermediate").ok();

    let named = |path: &str| machine.call("kernels", "build").env("PUCK_CLANG", path);
    assert_snapshot!(machine.refuse(named("/nowhere/clang")), @"
    exit 1
    --- stderr
    error: no usable clang: /nowhere/clang does not exist

    hint: install one (`apt install clang`), or name one of version 14 to 23 with PUCK_CLANG=/path/to/clang
    ");
    assert_snapshot!(machine.refuse(named("/bin/true")), @"
    exit 1
    --- stderr
    error: no usable clang: /bin/true does not say that it is clang

    hint: install one (`apt install clang`), or name one of version 14 to 23 with PUCK_CLANG=/path/to/clang
    ");
}
