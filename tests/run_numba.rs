//! `puck run` of functions that Numba compiled, in a process without Python. The front end is a script in
//! the place of the real one.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;

/// Gives the module and the description of `kernels`, in place of compiling its source.
const FRONT_END: &str = include_str!("support/numba_functions.py");

/// A machine with the package installed.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish_kernels(FRONT_END);
    machine.ok("", "install kernels");
    machine
}

#[test]
fn values_of_every_kind() {
    let machine = machine();
    for (call, result) in [
        ("divide 3 4", "0.75"),
        ("divide 3", "1.5"),
        ("same --signature (x:float64)->float64 0.1", "0.1"),
        ("same --signature (f32)->f32 0.1", "0.1"),
        ("halves '(8, 3)'", "Pair(a=4, b=1.5)"),
        ("table 3", "[0, 1, 2]"),
        ("table 0", "[]"),
        ("fill [[1,2],[3,4]] 7", "x = [[7, 2], [3, 4]]"),
        ("fill [[7,2],[3,4]] 7", ""),
        ("nothing None", "None"),
        ("nothing 2.5", "2.5"),
    ] {
        let found = machine.ok("", &format!("run kernels::{call}"));
        assert_eq!(found.trim(), result, "{call}");
    }
}

#[test]
fn results_for_programs() {
    let machine = machine();
    let json = |call: &str| -> Value {
        let text = machine.ok("", &format!("run kernels::{call} --format json"));
        serde_json::from_str(&text).unwrap()
    };
    let divided = json("divide 3");
    assert_eq!(divided["result"], 1.5);
    assert_eq!(
        divided["signature"],
        "(x: float64, y: float64 = 2.0) -> float64"
    );
    assert_eq!(json("nothing None")["result"], Value::Null);
    assert_eq!(json("halves '(8, 3)'")["result"]["b"], 1.5);
    let filled = json("fill [[1,2],[3,4]] 7");
    assert_eq!(filled["result"], Value::Null);
    assert_eq!(filled["changed"][0]["position"], 1);
    assert_eq!(
        filled["changed"][0]["values"].to_string(),
        "[[7.0,2.0],[3.0,4.0]]"
    );
}

#[test]
fn exceptions_and_mistakes() {
    let machine = machine();
    assert_snapshot!(machine.refused("", "run kernels::divide 1 0"), @"
    exit 1
    --- stderr
    error: `kernels::divide` raised ZeroDivisionError: division by zero
      caused by: kernels.py:12, in divide
    ");
    assert_snapshot!(machine.refused("", "run kernels::divide 1 null"), @"
    exit 1
    --- stderr
    error: argument 2 (`y: float64 = 2.0`): expected a number, found `null`
    ");
    assert_snapshot!(machine.refused("", "run kernels::divide null null 1 0"), @"
    exit 1
    --- stderr
    error: expected 1 to 2 arguments, found 4: (x: float64, y: float64 = 2.0) -> float64
    ");
    assert_snapshot!(machine.refused("", "run kernels::fill null 1"), @"
    exit 1
    --- stderr
    error: argument 1 (`x: float64[:, ::1]`): expected values of type f64: `[...]`, `zeros(LENGTH)`, `@FILE.npy` or `@FILE.csv:COLUMN`, found `null`
    ");
    assert_snapshot!(machine.refused("", "run kernels::fill [1,2] 1"), @"
    exit 1
    --- stderr
    error: argument 1 (`x: float64[:, ::1]`): expected an array of 2 dimensions, found one of 1 dimension

    hint: `[[1, 2], [3, 4]]` and `zeros(2, 2)` have two dimensions, `@x.npy` those of the file
    ");
    assert_snapshot!(machine.refused("", "run kernels::same 1"), @"
    exit 1
    --- stderr
    error: the arguments fit several functions `same`:
      (x: float32) -> float32
      (x: float64) -> float64

    hint: choose one with `--signature`, such as `--signature '(x: float32) -> float32'`
    ");
    assert_snapshot!(machine.refused("", "run kernels::same --signature (f16)->f16 1"), @"
    exit 1
    --- stderr
    error: no function has the signature `(f16)->f16`; there is:
      (x: float32) -> float32
      (x: float64) -> float64
    ");
}

#[test]
fn what_needs_python_says_so() {
    let machine = machine();
    assert_snapshot!(machine.refused("", "run kernels::asks"), @"
    exit 1
    --- stderr
    error: `kernels::asks` of kernels 1.0.0 uses what nothing in this process provides:
      python: PyErr_Occurred

    hint: call it from Python, with the packages puck and numba
    ");
    assert_snapshot!(machine.ok("", "info kernels"), @"
    kernels 1.0.0
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0
        asks: () -> int32  (needs python)
        divide: (x: float64, y: float64 = 2.0) -> float64  (needs nothing)
        fill: (x: float64[:, ::1], value: float64) -> None  (needs nothing)
        halves: (p: tuple[int64, float64]) -> Pair  (needs nothing)
        nothing: (x: float64 | None) -> float64 | None  (needs nothing)
        same: (x: float32) -> float32  (needs nothing)
        same: (x: float64) -> float64  (needs nothing)
        table: (n: int64) -> float64[::1]  (needs nothing)
    ");
    assert_snapshot!(machine.ok("", "inspect kernels"), @"
    kernels 1.0.0
    archive     [HOME]/registry/archives/kernels/kernels-1.0.0.puck ([SIZE])
    sha256      [SHA256]
    built with  puck [VERSION], LLVM [VERSION], python 3.11.7, numba 0.67.0

    functions
      asks     () -> int32                                   [SIZE]  needs python   kernels.v1.asks.66f08b21
      divide   (x: float64, y: float64 = 2.0) -> float64     [SIZE]  needs nothing  kernels.v1.divide.32fc930b
      fill     (x: float64[:, ::1], value: float64) -> None  [SIZE]  needs nothing  kernels.v1.fill.4fe83077
      halves   (p: tuple[int64, float64]) -> Pair            [SIZE]  needs nothing  kernels.v1.halves.ca47fa8a
      nothing  (x: float64 | None) -> float64 | None         [SIZE]  needs nothing  kernels.v1.nothing.fba5ff65
      same     (x: float32) -> float32                       [SIZE]  needs nothing  kernels.v1.same.f3350d9b
      same     (x: float64) -> float64                       [SIZE]  needs nothing  kernels.v1.same.12e302e6
      table    (n: int64) -> float64[::1]                    [SIZE]  needs nothing  kernels.v1.table.78053e5a

    targets
      x86-64  obj/[HASH].o  [SIZE]

    host imports
      PyErr_Occurred  python

    files
      include/kernels.h       [SIZE]  [SHA256]
      ir/kernels.bc           [SIZE]  [SHA256]
      obj/[HASH].o  [SIZE]  [SHA256]
      share/numba.h           [SIZE]  [SHA256]
      share/numba.json        [SIZE]  [SHA256]
    ");
    let text = machine.ok("", "info kernels --format json");
    let exports = &serde_json::from_str::<Value>(&text).unwrap()["newest"]["exports"];
    let needs = |name: &str| {
        let mut exports = exports.as_array().unwrap().iter();
        exports.find(|export| export["name"] == name).unwrap()["needs"].to_string()
    };
    assert_eq!([needs("asks"), needs("fill")], ["[\"python\"]", "[]"]);
    let text = machine.ok("", "inspect kernels --format json");
    let package = &serde_json::from_str::<Value>(&text).unwrap()["package"];
    assert_eq!(package["host-imports"][0]["symbol"], "PyErr_Occurred");
    assert_eq!(package["functions"][0]["needs"][0], "python");
}

/// A program in C that is linked to the library and fills the table by the package's header.
#[test]
fn a_linked_program_fills_the_table() {
    let machine = machine();
    machine.write(
        "main.c",
        "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <kernels.h>\n#include <stdio.h>\n\
         static void *none(void) { return 0; }\n\
         int main(void)\n{\n    int32_t result;\n    double half;\n    void *exception;\n\
         void **table = dlsym(RTLD_DEFAULT, KERNELS_HOST_IMPORTS);\n\
         table[0] = (void *)none;\n    kernels_asks(&result, &exception);\n\
         kernels_divide(&half, &exception, 1, 2);\n    printf(\"%d %g\\n\", result, half);\n}\n",
    );
    let script = "cc main.c -o main $($puck environment --flags) -ldl; ./main";
    assert_eq!(machine.shell("", script).ok(), "7 0.5\n");
}
