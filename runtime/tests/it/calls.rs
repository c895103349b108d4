//! Functions found by name and type.

use std::ffi::c_void;

use insta::assert_snapshot;
use puck_runtime::{Environment, Signature, opaque};

use crate::fixture::{Fixture, Package, told};

type Dot = unsafe extern "C" fn(u64, *const f64, *const f64) -> f64;
const DOT: &str = "fn(n: u64, x: *const f64, y: *const f64) -> f64";
const DOT_C: &str = "double dot(u64 n, const double *x, const double *y)";
const DOT_BODY: &str = "{ double s = 0; for (u64 i = 0; i < n; i++) s += x[i] * y[i]; return s; }";

#[test]
fn a_function_that_calls_another_package() {
    let vecmath = Package::new("calls-vecmath", "1.0.0").function("dot", DOT, DOT_C, DOT_BODY);
    let linalg = Package::new("calls-linalg", "0.3.2")
        .import(&vecmath, "dot", DOT_C)
        .function(
            "square",
            "fn(n: u64, x: *const f64) -> f64",
            "double square(u64 n, const double *x)",
            "{ return dot(n, x, x); }",
        );
    let fixture = Fixture::new();
    let environment = fixture.open("e", &[&linalg, &vecmath]);

    type Square = unsafe extern "C" fn(usize, *const f64) -> f64;
    let square = environment
        .function::<Square>("calls-linalg::square")
        .unwrap();
    // SAFETY: the array has the length that is passed.
    assert_eq!(unsafe { square(3, [1.0, 2.0, 3.0].as_ptr()) }, 14.0);

    for name in [
        "calls-vecmath::dot",
        "calls_vecmath::dot",
        "calls-vecmath.v1::dot",
    ] {
        let dot = environment.function::<Dot>(name).unwrap();
        // SAFETY: as above.
        let sum = unsafe { dot(2, [1.0, 2.0].as_ptr(), [3.0, 4.0].as_ptr()) };
        assert_eq!(sum, 11.0);
    }

    let signature: Signature = DOT.parse().unwrap();
    let address = environment
        .address("calls-vecmath::dot", &signature)
        .unwrap();
    let symbol = environment
        .symbol(&vecmath.link_name("dot", &signature))
        .unwrap();
    assert_eq!(address.as_ptr().cast_const(), symbol);
    assert_eq!(environment.path(), fixture.path().join("environments/e"));
}

#[test]
fn functions_outlive_the_environment_and_cross_threads() {
    let package = Package::new("calls-threads", "1.0.0").function(
        "half",
        "fn(x: f64) -> f64",
        "double half(double x)",
        "{ return x / 2; }",
    );
    let fixture = Fixture::new();
    let project = fixture.install("e", &[&package]);
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let project = project.clone();
            std::thread::spawn(move || {
                let half = {
                    let environment = Environment::open(project).unwrap();
                    environment
                        .function::<extern "C" fn(f64) -> f64>("calls-threads::half")
                        .unwrap()
                };
                (half, half(f64::from(n)))
            })
        })
        .collect();
    for (n, thread) in (0..8).zip(threads) {
        let (half, result) = thread.join().unwrap();
        assert_eq!(result, f64::from(n) / 2.0);
        assert_eq!(half(3.0), 1.5);
    }
}

#[test]
fn overloads_are_chosen_by_type() {
    let package = Package::new("calls-overloads", "1.0.0")
        .function(
            "twice",
            "fn(x: f64) -> f64",
            "double twice_f(double x)",
            "{ return x * 2; }",
        )
        .function(
            "twice",
            "fn(x: i32) -> i32",
            "int twice_i(int x)",
            "{ return x * 2; }",
        )
        .function(
            "thrice",
            "fn(x: i32) -> i32",
            "int thrice(int x)",
            "{ return x * 3; }",
        );
    let fixture = Fixture::new();
    let environment = fixture.open("e", &[&package]);
    let name = "calls-overloads::twice";
    assert_eq!(
        environment
            .function::<extern "C" fn(f64) -> f64>(name)
            .unwrap()(1.25),
        2.5
    );
    assert_eq!(
        environment
            .function::<extern "C" fn(i32) -> i32>(name)
            .unwrap()(-4),
        -8
    );

    let overloads = environment.overloads(name).unwrap();
    let signatures: Vec<_> = overloads.iter().map(|f| f.signature.to_string()).collect();
    assert_eq!(signatures, ["fn(x: f64) -> f64", "fn(x: i32) -> i32"]);
    assert_eq!(
        environment.functions("calls_overloads.v1").unwrap().len(),
        3
    );

    let error = environment
        .function::<extern "C" fn(f32) -> f32>(name)
        .unwrap_err();
    assert_snapshot!(told(&fixture, &error), @"
    `calls-overloads::twice` has another type
      asked for: fn(f32) -> f32
      calls-overloads 1.0.0 has: fn(x: f64) -> f64
                          or: fn(x: i32) -> i32
    ");
}

#[test]
fn pointers_callbacks_and_opaque_types() {
    opaque! { struct Sum; }
    let package = Package::new("calls-types", "1.0.0")
        .function(
            "apply",
            "fn(f: extern \"C\" fn(f64, *mut c_void) -> f64, context: *mut c_void, x: f64) -> f64",
            "double apply(double (*f)(double, void *), void *context, double x)",
            "{ return f ? f(x, context) : -1; }",
        )
        .function(
            "add",
            "fn(sum: *mut Sum, x: f32)",
            "void add(void *sum, float x)",
            "{ *(float *)sum += x; }",
        );
    let fixture = Fixture::new();
    let environment = fixture.open("e", &[&package]);

    extern "C" fn add_to(x: f64, context: *mut c_void) -> f64 {
        // SAFETY: what is passed below.
        x + unsafe { *context.cast::<f64>() }
    }
    type Callback = extern "C" fn(f64, *mut c_void) -> f64;
    type Apply = unsafe extern "C" fn(Option<Callback>, *mut c_void, f64) -> f64;
    let apply = environment.function::<Apply>("calls-types::apply").unwrap();
    let mut context = 1.0;
    // SAFETY: the callback gets the context that it expects.
    let called = unsafe { apply(Some(add_to), (&raw mut context).cast(), 2.5) };
    assert_eq!(called, 3.5);
    // SAFETY: no callback is accepted.
    assert_eq!(unsafe { apply(None, std::ptr::null_mut(), 2.5) }, -1.0);

    type Add = unsafe extern "C" fn(*mut Sum, f32);
    let mut sum = 1.0_f32;
    let add = environment.function::<Add>("calls-types::add").unwrap();
    // SAFETY: `sum` is what the package calls a Sum.
    unsafe { add((&raw mut sum).cast(), 2.0) };
    assert_eq!(sum, 3.0);

    type Wrong = unsafe extern "C" fn(*const Sum, f32);
    let error = environment
        .function::<Wrong>("calls-types::add")
        .unwrap_err();
    assert_snapshot!(told(&fixture, &error), @"
    `calls-types::add` has another type
      asked for: fn(*const Sum, f32)
      calls-types 1.0.0 has: fn(sum: *mut Sum, x: f32)
    hint: argument 1 (`sum`) is `*mut Sum`, not `*const Sum`
    ");
}

#[test]
fn a_series_is_the_direct_one_else_the_newest_or_as_named() {
    let release = |name, version, number| {
        let body = format!("{{ return {number}; }}");
        Package::new(name, version).function("number", "fn() -> i32", "int number(void)", &body)
    };
    let old = release("calls-series", "1.4.0", 1);
    let new = release("calls-series", "2.0.1", 2).indirect();
    let early = release("calls-inner", "0.1.0", 3).indirect();
    let late = release("calls-inner", "0.2.0", 4).indirect().function(
        "fresh",
        "fn()",
        "void fresh(void)",
        "{ }",
    );
    let fixture = Fixture::new();
    let environment = fixture.open("e", &[&early, &late, &old, &new]);
    type Number = extern "C" fn() -> i32;
    for (name, number) in [
        ("calls-series::number", 1),
        ("calls-series.v1::number", 1),
        ("calls-series.v2::number", 2),
        ("calls-inner::number", 4),
        ("calls-inner.v0_1::number", 3),
    ] {
        assert_eq!(
            environment.function::<Number>(name).unwrap()(),
            number,
            "{name}"
        );
    }
    let refused = |name: &str| told(&fixture, &environment.function::<Number>(name).unwrap_err());
    assert_snapshot!(refused("calls-series.v3::number"), @"
    no series v3 of `calls-series` in [T]/environments/e, but v1 and v2
    hint: `calls-series.v2::…` names the functions of v2
    ");
    assert_snapshot!(refused("calls-inner.v0_1::fresh"), @"
    calls-inner 0.1.0 has no function `fresh`
    hint: did you mean `calls-inner.v0_2::fresh`?
    ");
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let package = Package::new("calls-names", "1.0.0")
        .function("dot", DOT, DOT_C, DOT_BODY)
        .function(
            "norm",
            "fn(x: f64) -> f64",
            "double norm(double x)",
            "{ return x; }",
        );
    let fixture = Fixture::new();
    let environment = fixture.open("e", &[&package]);
    let refused = |name: &str| told(&fixture, &environment.function::<Dot>(name).unwrap_err());
    assert_snapshot!(refused("calls-names::nrom"), @"
    calls-names 1.0.0 has no function `nrom`
    hint: did you mean `calls-names::norm`?
    ");
    assert_snapshot!(refused("calls-names::determinant"), @"
    calls-names 1.0.0 has no function `determinant`
    hint: `puck info calls-names` lists its functions
    ");
    assert_snapshot!(refused("call-names::dot"), @"
    no package `call-names` in [T]/environments/e
    hint: did you mean `calls-names`?
    ");
    assert_snapshot!(refused("numerics::dot"), @"
    no package `numerics` in [T]/environments/e
    hint: there is calls-names; `puck add NAME`, then `puck install`, adds a package
    ");
    assert_snapshot!(refused("dot"), @"`dot` names no function: expected `package::function` or `package.v1::function`, found no `::`");
    assert_snapshot!(refused("calls-names::norm"), @"
    `calls-names::norm` has another type
      asked for: fn(u64, *const f64, *const f64) -> f64
      calls-names 1.0.0 has: fn(x: f64) -> f64
    hint: it takes 1 argument, not 3
    ");
    let refused = |name: &str| {
        told(
            &fixture,
            &environment.symbol(&name.parse().unwrap()).unwrap_err(),
        )
    };
    assert_snapshot!(refused("calls_names.v1.dot.00000000"), @"
    calls-names 1.0.0 has no function `calls_names.v1.dot.00000000`
    hint: `puck info calls-names` lists its functions
    ");
    assert_snapshot!(refused("other.v1.dot.00000000"), @"
    no package `other` in [T]/environments/e
    hint: there is calls-names; `puck add NAME`, then `puck install`, adds a package
    ");
    assert_snapshot!(told(&fixture, &environment.overloads("calls-names::dit").unwrap_err()), @"
    calls-names 1.0.0 has no function `dit`
    hint: did you mean `calls-names::dot`?
    ");
}

#[test]
fn functions_of_other_conventions_are_listed_but_not_called() {
    let fixture = Fixture::new();
    let mut package = Package::new("calls-native", "1.0.0").function(
        "twice",
        "fn(i8) -> i8",
        "char twice(char x)",
        "{ return 2 * x; }",
    );
    let native = &mut package.document.functions[0];
    native.abi = "later-1".to_owned();
    native.signature = "fn(x: f64) -> f64".parse().unwrap();
    let environment = fixture.open("e", &[&package]);
    assert_eq!(environment.functions("calls-native").unwrap().len(), 1);
    let refused = environment.function::<unsafe extern "C" fn(f64) -> f64>("calls-native::twice");
    assert_snapshot!(told(&fixture, &refused.unwrap_err()), @r#"
    `calls-native::twice` of calls-native 1.0.0 has the calling convention "later-1"; only "c" can be called from here
    "#);
}
