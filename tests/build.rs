//! `puck build` and `puck pack`.

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

#[test]
fn what_changed_is_compiled_and_nothing_else() {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    assert_snapshot!(machine.puck("vecmath", "build"), @"
    exit 0
    --- stderr
           Built vecmath 1.0.0 (1 object compiled)
                 target/puck/vecmath-1.0.0
    ");
    assert_snapshot!(machine.puck("vecmath", "build"), @"
    exit 0
    --- stderr
           Built vecmath 1.0.0 (nothing to compile)
                 target/puck/vecmath-1.0.0
    ");

    // A comment changes the source, but not what is compiled from it.
    machine.edit(
        "vecmath/src/vecmath.c",
        "double sum = 0.0;",
        "double sum = 0.0; /* none */",
    );
    assert_snapshot!(machine.puck("vecmath", "build"), @"
    exit 0
    --- stderr
           Built vecmath 1.0.0 (nothing to compile)
                 target/puck/vecmath-1.0.0
    ");
    machine.edit(
        "vecmath/src/vecmath.c",
        "sum += x[i] * y[i]",
        "sum -= x[i] * y[i]",
    );
    assert_snapshot!(machine.puck("vecmath", "build"), @"
    exit 0
    --- stderr
           Built vecmath 1.0.0 (1 object compiled)
                 target/puck/vecmath-1.0.0
    ");
}

#[test]
fn what_a_build_leaves() {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    machine.ok("vecmath", "pack");
    let script = "find target/puck -name cache -prune -o -print | sort";
    assert_snapshot!(machine.shell("vecmath", script).ok(), @"
    target/puck
    target/puck/.lock
    target/puck/vecmath-1.0.0
    target/puck/vecmath-1.0.0.puck
    target/puck/vecmath-1.0.0.puck.json
    target/puck/vecmath-1.0.0/include
    target/puck/vecmath-1.0.0/include/vecmath.h
    target/puck/vecmath-1.0.0/ir
    target/puck/vecmath-1.0.0/ir/vecmath.bc
    target/puck/vecmath-1.0.0/obj
    target/puck/vecmath-1.0.0/obj/[HASH].o
    target/puck/vecmath-1.0.0/package.json
    ");
    assert_snapshot!(machine.read("vecmath/target/puck/vecmath-1.0.0/include/vecmath.h"), @r#"
    /* vecmath 1.0.0 */
    #ifndef PUCK_VECMATH_V1_H
    #define PUCK_VECMATH_V1_H

    #include <stdbool.h>
    #include <stdint.h>

    #ifdef __cplusplus
    extern "C" {
    #endif

    double vecmath_dot(uint64_t n, const double *x, const double *y)
        __asm__("vecmath.v1.dot.99b54b0a");

    void vecmath_scale(uint64_t n, double a, double *x)
        __asm__("vecmath.v1.scale.a485ca22");

    #ifdef __cplusplus
    }
    #endif

    #endif
    "#);
}

#[test]
fn folders_do_not_matter() {
    let machine = Machine::new();
    machine.c_package("vecmath", "1.0.0", VECMATH, "");
    machine.ok("", "-C vecmath pack");
    let first = fs_err::read(machine.path("vecmath/target/puck/vecmath-1.0.0.puck")).unwrap();
    let script = "mkdir -p far/away; mv vecmath far/away/other; rm -r far/away/other/target";
    machine.shell("", script).ok();
    machine.ok("far/away/other/src", "pack --jobs 1");
    let path = machine.path("far/away/other/target/puck/vecmath-1.0.0.puck");
    assert!(
        fs_err::read(path).unwrap() == first,
        "two builds in different folders differ"
    );
}

#[test]
fn callees_are_declared_and_not_carried_along() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.c_package("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    assert_snapshot!(machine.puck("linalg", "build"), @"
    exit 0
    --- stderr
           Built linalg 1.0.0 (1 object compiled)
                 target/puck/linalg-1.0.0
    ");
    machine.ok("linalg", "pack");
    assert_snapshot!(machine.puck("linalg", "inspect target/puck/linalg-1.0.0.puck"), @"
    exit 0
    --- stdout
    linalg 1.0.0
    archive     [WORK]/linalg/target/puck/linalg-1.0.0.puck ([SIZE])
    sha256      [SHA256]
    built with  puck [VERSION], LLVM [VERSION], clang [VERSION]

    functions
      norm2  fn(n: u64, x: *const f64) -> f64  [SIZE]  linalg.v1.norm2.7b5d43c4

    targets
      x86-64  obj/[HASH].o  [SIZE]

    imports
      vecmath::dot  fn(n: u64, x: *const f64, y: *const f64) -> f64  vecmath.v1.dot.99b54b0a

    dependencies
      vecmath  ^1  v1

    files
      include/linalg.h        [SIZE]  [SHA256]
      ir/linalg.bc            [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
    ");
}

#[test]
fn callees_from_ir_and_rust() {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.write(
        "fromir/Puck.toml",
        "[package]\nname = \"fromir\"\nversion = \"1.0.0\"\n\n[build]\nsources = [\"*.ll\"]\n\
         targets = [\"x86-64\"]\n\n[[function]]\nname = \"norm2\"\n\
         signature = \"fn(n: u64, x: *const f64) -> f64\"\n\n[dependencies]\nvecmath = \"1\"\n",
    );
    machine.write(
        "fromir/norm.ll",
        "declare double @\"vecmath::dot\"(i64, ptr, ptr)\n\
         define double @norm2(i64 %n, ptr %x) {\n  \
         %r = call double @\"vecmath::dot\"(i64 %n, ptr %x, ptr %x)\n  ret double %r\n}\n",
    );
    assert_eq!(machine.ok("fromir", "run fromir::norm2 2 [3,4]"), "25\n");

    machine.ok("", "new fromrust --lang rust");
    machine.edit(
        "fromrust/src/lib.rs",
        "use core::slice;",
        "use core::slice;\n\nunsafe extern \"C\" {\n    #[link_name = \"vecmath::dot\"]\n    \
         fn vecmath_dot(n: u64, x: *const f64, y: *const f64) -> f64;\n}",
    );
    machine.edit(
        "fromrust/src/lib.rs",
        "x.iter().zip(y).map(|(x, y)| x * y).sum()",
        "unsafe { vecmath_dot(n, x.as_ptr(), y.as_ptr()) }",
    );
    let manifest = machine.read("fromrust/Cargo.toml");
    let dependency = "\n[package.metadata.puck.dependencies]\nvecmath = \"1.0\"\n";
    machine.write("fromrust/Cargo.toml", manifest + dependency);
    assert_eq!(
        machine.ok("fromrust", "run fromrust::dot 2 [3,4] [1,1]"),
        "7\n"
    );
    machine.ok("fromrust", "pack");
    let inspected = machine.ok("fromrust", "inspect target/puck/fromrust-0.1.0.puck");
    assert!(inspected.contains("vecmath::dot"), "{inspected}");
}

#[test]
fn overloads_of_one_name() {
    let machine = Machine::new();
    machine.c_package(
        "kernels",
        "1.0.0",
        "double twice_f64(double x) { return 2 * x; }\nfloat twice_f32(float x) { return 2 * x; }\n\
         long twice_i64(long x) { return 2 * x; }\n",
        "",
    );
    let functions = ["f64", "f32", "i64"]
        .map(|ty| format!("[[function]]\nname = \"twice\"\nsymbol = \"twice_{ty}\"\n\n"));
    let manifest = machine.read("kernels/Puck.toml");
    machine.write("kernels/Puck.toml", manifest + &functions.concat());
    machine.ok("kernels", "install");
    assert_snapshot!(machine.ok("kernels", "list --functions"), @"
    kernels 1.0.0
        twice: fn(x: f32) -> f32
        twice: fn(x: f64) -> f64
        twice: fn(x: i64) -> i64
    ");
    for (signature, argument, result) in [
        ("fn(f32) -> f32", "0.1", "0.2\n"),
        ("fn(f64) -> f64", "0.1", "0.2\n"),
        ("fn(i64) -> i64", "-4", "-8\n"),
    ] {
        let call = format!("run kernels::twice --signature '{signature}' {argument}");
        assert_eq!(machine.ok("kernels", &call), result, "{signature}");
    }
    assert_snapshot!(machine.refused("kernels", "run kernels::twice 0.1"), @"
    exit 1
    --- stderr
    error: the arguments fit several functions `twice`:
      fn(x: f32) -> f32
      fn(x: f64) -> f64

    hint: choose one with `--signature`, such as `--signature 'fn(f32)->f32'`
    ");
    let call = "run kernels::twice --signature 'fn(u8) -> u8' 1";
    assert_snapshot!(machine.refused("kernels", call), @"
    exit 1
    --- stderr
    error: no function has the signature `fn(u8) -> u8`; there is:
      fn(x: f32) -> f32
      fn(x: f64) -> f64
      fn(x: i64) -> i64
    ");
    assert_snapshot!(machine.read("kernels/target/puck/kernels-1.0.0/include/kernels.h"), @r#"
    /* kernels 1.0.0 */
    #ifndef PUCK_KERNELS_V1_H
    #define PUCK_KERNELS_V1_H

    #include <stdbool.h>
    #include <stdint.h>

    #ifdef __cplusplus
    extern "C" {
    #endif

    float kernels_twice_f9434dd7(float x)
        __asm__("kernels.v1.twice.f9434dd7");

    double kernels_twice_856ea68b(double x)
        __asm__("kernels.v1.twice.856ea68b");

    int64_t kernels_twice_b9bd0108(int64_t x)
        __asm__("kernels.v1.twice.b9bd0108");

    #ifdef __cplusplus
    }
    #endif

    #endif
    "#);
}
