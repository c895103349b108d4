//! `puck size`: which function calls which, whatever compilers make of the calls, and the sums over
//! that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::size::{json, number, set};
use crate::support::Machine;

/// Every way in which one function leads to another, within one source.
const WAYS: &str = r#"
#include <math.h>
#include <stdint.h>
#define OWN static __attribute__((noinline))
OWN double helper(double x) { return sin(x) * 2; }
OWN double other(double x) { return cos(x) + helper(x); }
OWN double unused_by_name(double x) { return x * 7; }
static double (*const table[])(double) = { other, unused_by_name };
double first(double x) { return helper(x) + 1; }
double second(double x) { return helper(x) + 2; }
double tail(double x) { return other(x); }
double recursive(uint64_t n, double x) { return n ? recursive(n - 1, x) * helper(x) + 1 : x; }
double by_table(uint64_t i, double x) { return table[i & 1](x); }
double given(double (*f)(double), double x) { return f(x); }
int chosen(int k, double *x)
{
    switch (k) {
    case 0: *x = helper(*x); return 3;
    case 1: *x = sin(*x); return 7;
    case 2: *x = cos(*x); return 9;
    case 3: *x *= 5; return 1;
    case 4: *x = tan(*x); return 77;
    case 5: *x = exp(*x); return 13;
    }
    return 0;
}

int chosen_too(int k, double *x)
{
    switch (k) {
    case 0: *x = log(*x); return 13;
    case 1: *x = sin(*x); return 17;
    case 2: *x = cos(*x); return 19;
    case 3: *x *= 15; return 11;
    case 4: *x = tan(*x); return 177;
    case 5: *x = exp(*x); return 113;
    }
    return 10;
}
"#;

/// Calls of another package, one of them with a function of its own.
const USER: &str = "\
#include <ways.h>
static double mine(double x) { return x * x; }
double twice(double x) { return ways_first(x) + ways_tail(x); }
double callback(double x) { return ways_given(mine, x) + 1; }
";

/// What each function calls, by name.
fn calls(sizes: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let functions = sizes["functions"].as_array().unwrap();
    let name = |f: &Value| f["name"].as_str().unwrap().to_owned();
    let of = |f: &Value| {
        let calls = f["calls"].as_array().unwrap().iter();
        calls
            .map(|i| name(&functions[usize::try_from(i.as_u64().unwrap()).unwrap()]))
            .collect()
    };
    functions.iter().map(|f| (name(f), of(f))).collect()
}

/// The function of a name.
fn function<'a>(sizes: &'a Value, name: &str) -> &'a Value {
    let mut functions = sizes["functions"].as_array().unwrap().iter();
    functions
        .find(|function| function["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {sizes:#}"))
}

#[test]
fn every_way_to_call() {
    let machine = Machine::new();
    machine.publish("ways", "1.0.0", WAYS, "");
    machine.publish("user", "1.0.0", USER, "ways = \"1\"\n");
    machine.project(&[("user", "1")]);
    machine.ok("project", "install");

    let sizes = json(&machine, "");
    let calls = calls(&sizes);
    for (caller, callees) in [
        ("helper", &[][..]),
        ("other", &["helper"]),
        ("first", &["helper"]),
        ("second", &["helper"]),
        ("tail", &["other"]),
        ("recursive", &["helper"]),
        ("by_table", &["other", "unused_by_name"]),
        ("given", &[]),
        ("chosen", &["helper"]),
        ("chosen_too", &[]),
        ("twice", &["first", "tail"]),
        ("callback", &["given", "mine"]),
    ] {
        assert_eq!(
            calls.get(caller),
            Some(&set(callees)),
            "{caller} in {calls:#?}"
        );
    }
    let own = |name: &str| number(function(&sizes, name), "own");
    let closure = |name: &str| number(function(&sizes, name), "closure");
    assert!(own("helper") > 0 && closure("helper") == own("helper"));
    // What two of its callees share counts once.
    let parts = ["twice", "first", "tail", "other", "helper"];
    assert_eq!(
        closure("twice"),
        parts.iter().map(|name| own(name)).sum::<u64>()
    );
    assert_eq!(number(function(&sizes, "twice"), "reached"), 5);
    assert_eq!(function(&sizes, "helper")["exports"], 0);
    assert_eq!(
        function(&sizes, "helper")["system"],
        serde_json::json!(["sin"])
    );

    // The sums.
    let functions = sizes["functions"].as_array().unwrap();
    let embedded = functions
        .iter()
        .filter(|f| f["exports"] == 1)
        .map(|f| number(f, "closure"));
    let total = &sizes["total"];
    assert_eq!(number(total, "embedded"), embedded.sum::<u64>());
    let packages = sizes["packages"].as_array().unwrap();
    assert_eq!(
        number(total, "code"),
        packages.iter().map(|p| number(p, "code")).sum::<u64>()
    );
    let saving = total["saving"].as_i64().unwrap();
    assert_eq!(
        saving,
        (number(total, "embedded") - number(total, "code")).cast_signed()
    );
    for (i, package) in packages.iter().enumerate() {
        let own = functions
            .iter()
            .filter(|f| f["package"] == i)
            .map(|f| number(f, "own"));
        assert_eq!(
            number(package, "code"),
            own.sum::<u64>() + number(package, "other")
        );
    }
}

#[test]
fn other_languages() {
    let machine = Machine::new();
    machine.write(
        "shapes/Puck.toml",
        "[package]\nname = \"shapes\"\nversion = \"1.0.0\"\n\n\
         [build]\nsources = [\"src/*.cc\"]\ntargets = [\"x86-64\"]\n\
         flags = [\"-fno-rtti\", \"-fno-exceptions\"]\n",
    );
    machine.write(
        "shapes/src/shapes.cc",
        "namespace {
         struct Shape { virtual double area() const { return 0; } double side = 3; };
         struct Square : Shape { [[gnu::noinline]] double area() const override { return side * side; } };
         struct Circle : Shape { [[gnu::noinline]] double area() const override { return side * 3.1; } };
         template <typename T> [[gnu::noinline]] T half(T x) { return x / 2; }
         }
         extern \"C\" [[gnu::noinline]] double measured(const void *shape)
         { return half(static_cast<const Shape *>(shape)->area()); }
         extern \"C\" double square(double side)
         { Square shape; shape.side = side; Shape *volatile any = &shape; return measured(any); }
         extern \"C\" double circle(double side)
         { Circle shape; shape.side = side; Shape *volatile any = &shape; return measured(any); }\n",
    );
    machine.ok("shapes", "publish");
    machine.write(
        "krate/Cargo.toml",
        "[package]\nname = \"krate\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [lib]\ncrate-type = [\"cdylib\"]\n\n[profile.release]\npanic = \"abort\"\n\n\
         [profile.dev]\npanic = \"abort\"\n\n[workspace]\n\n[package.metadata.puck]\n",
    );
    machine.write(
        "krate/src/lib.rs",
        "#![no_std]
         #[panic_handler]
         fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }
         mod inner { #[inline(never)] pub fn cube(x: f64) -> f64 { x * x * x } }
         /// Cubes.
         #[unsafe(no_mangle)]
         pub extern \"C\" fn cubes(x: f64, y: f64) -> f64 { inner::cube(x) + inner::cube(y) }\n",
    );
    machine.ok("krate", "publish");
    machine.project(&[("shapes", "1"), ("krate", "0.1")]);
    machine.ok("project", "install");
    let sizes = json(&machine, "");
    let calls = calls(&sizes);
    // The virtual table of the one leads to its own function alone.
    let area = |class: &str| format!("(anonymous namespace)::{class}::area() const");
    let half = "double (anonymous namespace)::half<double>(double)";
    assert!(calls["square"].contains(&area("Square")), "{calls:#?}");
    assert!(!calls["square"].contains(&area("Circle")), "{calls:#?}");
    assert!(calls["measured"].contains(half), "{calls:#?}");
    assert!(calls["cubes"].contains("krate::inner::cube"), "{calls:#?}");
}
