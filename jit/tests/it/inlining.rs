//! Bodies that are brought along, and those that must not be.

use object::{Object, ObjectSymbol};
use puck_jit::{Jit, JitModule};
use puck_runtime::Environment;

use crate::fixture::{Home, UNARY, Unary, call, line, sum_of};

/// The defined functions of a library, and what it needs of others.
fn symbols(module: &JitModule) -> (Vec<String>, Vec<String>) {
    let bytes = fs_err::read(module.path()).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let names = |undefined: bool| {
        let mut names: Vec<_> = file
            .symbols()
            .chain(file.dynamic_symbols())
            .filter(|symbol| symbol.is_undefined() == undefined)
            .filter(|symbol| undefined || symbol.kind() == object::SymbolKind::Text)
            .map(|symbol| symbol.name().unwrap().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names.dedup();
        names
    };
    (names(false), names(true))
}

/// Compiles with and without inlining.
fn both(environment: &Environment, ir: &str) -> [JitModule; 2] {
    [false, true].map(|inline| {
        let jit = Jit::new(environment).inline(inline).build().unwrap();
        jit.compile(ir).unwrap()
    })
}

fn inlined(module: &JitModule) -> Vec<&str> {
    module
        .inlined()
        .iter()
        .map(|name| name.function())
        .collect()
}

#[test]
fn small_callees_vanish_through_packages_and_helpers() {
    let home = Home::new();
    let low = home.package(
        "low",
        "1.0.0",
        &line("leaf", 2.0, 1.0),
        &[("leaf", UNARY)],
        &[],
    );
    let ir = r#"
        declare double @"low::leaf"(double)
        @table = internal unnamed_addr constant [4 x double] [double 1.0, double 2.0, double 4.0, double 8.0]
        define internal double @helper(double %x, i64 %i) {
          %p = getelementptr [4 x double], ptr @table, i64 0, i64 %i
          %t = load double, ptr %p
          %r = fmul double %t, %x
          ret double %r
        }
        define double @middle(double %x) {
          %i = fptoui double %x to i64
          %a = and i64 %i, 3
          %h = call double @helper(double %x, i64 %a)
          %l = call double @"low::leaf"(double %h)
          ret double %l
        }
        define double @top(double %x) {
          %m = call double @middle(double %x)
          %r = fadd double %m, 0.25
          ret double %r
        }"#;
    let functions = [("middle", UNARY), ("top", UNARY)];
    let high = home.package("high", "1.0.0", ir, &functions, &[&low]);
    let environment = home.environment(&[&low, &high]);
    let [plain, inline] = both(&environment, &sum_of(&["high::top", "high::middle"]));
    for x in [0.0, 1.0, 2.5, 3.75, 7.0] {
        assert_eq!(call(&plain, "run", x), call(&inline, "run", x), "{x}");
    }
    assert_eq!(call(&plain, "run", 2.0), 2.0 * (2.0 * 8.0 + 1.0) + 0.25);

    let (defined, undefined) = symbols(&plain);
    assert_eq!(defined, ["run"]);
    assert_eq!(undefined.len(), 2, "{undefined:?}");
    let (defined, undefined) = symbols(&inline);
    assert_eq!((defined, undefined), (vec!["run".to_owned()], vec![]));
    assert!(inline.callees().is_empty());
    assert_eq!(inlined(&inline), ["middle", "top", "leaf"]);
}

#[test]
fn state_identity_and_wishes_are_respected() {
    let home = Home::new();
    let ir = r#"
        @count = internal global double 0.0
        @local = internal thread_local global double 0.0
        @written = internal global double 1.5
        @place = internal constant double 3.0
        @llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @set, ptr null }]
        define internal void @set() {
          %t = call i64 @time(ptr null)
          %f = uitofp i64 %t to double
          %o = fcmp ogt double %f, 0.0
          %v = select i1 %o, double 7.0, double 8.0
          store double %v, ptr @written
          ret void
        }
        declare i64 @time(ptr)
        define double @bump(double %x) {
          %old = load double, ptr @count
          %new = fadd double %old, %x
          store double %new, ptr @count
          ret double %new
        }
        define double @own(double %x) {
          %old = load double, ptr @local
          %new = fadd double %old, %x
          store double %new, ptr @local
          ret double %new
        }
        define double @constructed(double %x) {
          %v = load double, ptr @written
          ret double %v
        }
        define double @kept(double %x) noinline { ret double %x }
        define double @special(double %x) "target-features"="+avx2" { ret double %x }
        define double @assembly(double %x) {
          call void asm sideeffect "", ""()
          ret double %x
        }
        define i1 @same(ptr %p) {
          %same = icmp eq ptr %p, @place
          ret i1 %same
        }
        define ptr @where() noinline { ret ptr @place }
        define double @fine(double %x) "target-cpu"="x86-64" { ret double %x }
    "#;
    let unary = [
        "bump",
        "own",
        "constructed",
        "kept",
        "special",
        "assembly",
        "fine",
    ];
    let mut functions: Vec<_> = unary.iter().map(|name| (*name, UNARY)).collect();
    functions.push(("where", "fn() -> *const f64"));
    functions.push(("same", "fn(*const f64) -> bool"));
    let package = home.package("state", "1.0.0", ir, &functions, &[]);
    let environment = home.environment(&[&package]);
    let names = unary.map(|name| format!("state::{name}"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let [_, inline] = both(&environment, &sum_of(&names));
    assert_eq!(inlined(&inline), ["fine"]);
    assert_eq!(inline.callees().len(), unary.len() - 1);

    let [plain, inline] = both(&environment, &sum_of(&["state::bump"]));
    let direct = environment.function::<Unary>("state::bump").unwrap();
    assert_eq!(call(&plain, "run", 1.0), 1.0);
    assert_eq!(call(&inline, "run", 1.0), 2.0);
    // SAFETY: it takes and gives a number.
    assert_eq!(unsafe { direct(1.0) }, 3.0);
    for module in both(&environment, &sum_of(&["state::constructed"])) {
        assert_eq!(call(&module, "run", 0.0), 7.0);
    }
    let identity = r#"
        declare ptr @"state::where"()
        declare i1 @"state::same"(ptr)
        define double @run(double %x) {
          %p = call ptr @"state::where"()
          %s = call i1 @"state::same"(ptr %p)
          %r = uitofp i1 %s to double
          ret double %r
        }"#;
    for module in both(&environment, identity) {
        assert_eq!(call(&module, "run", 0.0), 1.0);
        assert!(module.inlined().is_empty());
    }
}

#[test]
fn large_and_recursive_callees_stay_calls() {
    let home = Home::new();
    let mut large = "define double @large(double %x0) {\n".to_owned();
    for i in 0..200 {
        large.push_str(&format!("  %x{} = call double @sin(double %x{i})\n", i + 1));
    }
    large.push_str("  ret double %x200\n}\ndeclare double @sin(double)\n");
    let recursive = r"
        define double @down(double %x) {
          %end = fcmp olt double %x, 1.0
          br i1 %end, label %stop, label %go
        stop:
          ret double %x
        go:
          %less = fsub double %x, 1.0
          %r = call double @down(double %less)
          %s = fadd double %r, 2.0
          ret double %s
        }";
    let functions = [("large", UNARY), ("down", UNARY)];
    let package = home.package(
        "sizes",
        "1.0.0",
        &format!("{large}{recursive}"),
        &functions,
        &[],
    );
    let environment = home.environment(&[&package]);
    let [plain, inline] = both(&environment, &sum_of(&["sizes::large", "sizes::down"]));
    assert_eq!(call(&plain, "run", 10.5), call(&inline, "run", 10.5));
    assert!(!inlined(&inline).contains(&"large"));
    let callees: Vec<_> = inline
        .callees()
        .iter()
        .map(|name| name.function())
        .collect();
    assert!(callees.contains(&"large"), "{callees:?}");
    assert_eq!(symbols(&inline).0, ["run"]);
}

#[test]
fn what_a_body_calls_of_the_system_is_not_the_callers() {
    let home = Home::new();
    let ir = "declare double @exp(double)
        declare double @llvm.pow.f64(double, double)
        define double @growth(double %x) {
          %r = call double @exp(double %x)
          ret double %r
        }
        define double @power(double %x) {
          %r = call double @llvm.pow.f64(double 2.0, double %x)
          ret double %r
        }";
    let functions = [("growth", UNARY), ("power", UNARY)];
    let package = home.package("growing", "1.0.0", ir, &functions, &[]);
    let environment = home.environment(&[&package]);
    let ir = sum_of(&["growing::growth", "growing::power"]);
    for own in ["exp", "exp2", "pow", "mine"] {
        let own = line(own, 0.0, 42.0);
        for module in both(&environment, &format!("{ir}{own}")) {
            assert_eq!(call(&module, "run", 0.0), 2.0, "{own}");
        }
    }
    let own = line("mine", 0.0, 42.0);
    let [_, inline] = both(&environment, &format!("{ir}{own}"));
    assert_eq!(inlined(&inline), ["growth", "power"]);
}

/// The package draws two numbers; the caller's declaration says that all draws are equal.
#[test]
fn what_a_caller_promises_is_not_believed_of_bodies() {
    let home = Home::new();
    let ir = "declare i32 @rand()
        define double @distance(double %x) {
          %a = call i32 @rand()
          %b = call i32 @rand()
          %c = sub i32 %a, %b
          %r = sitofp i32 %c to double
          ret double %r
        }";
    let package = home.package("drawing", "1.0.0", ir, &[("distance", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    let ir = sum_of(&["drawing::distance"])
        + "declare i32 @rand() nounwind willreturn memory(none)
           define i32 @draw() {
             %r = call i32 @rand()
             ret i32 %r
           }";
    let [_, inline] = both(&environment, &ir);
    assert_eq!(inlined(&inline), ["distance"]);
    assert_ne!(call(&inline, "run", 0.0), 0.0);
}

#[test]
fn flags_of_modules_do_not_contradict_each_other() {
    let home = Home::new();
    let flag = |behaviour, size| {
        format!(
            "!llvm.module.flags = !{{!0, !1}}\n!0 = !{{i32 {behaviour}, !\"wchar_size\", i32 {size}}}\n\
             !1 = !{{i32 8, !\"PIC Level\", i32 2}}\n"
        )
    };
    let ir = line("f", 2.0, 1.0) + &flag(1, 4);
    let package = home.package("flagged", "1.0.0", &ir, &[("f", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    for flag in [flag(1, 2), flag(4, 2)] {
        for module in both(&environment, &(sum_of(&["flagged::f"]) + &flag)) {
            assert_eq!(call(&module, "run", 3.0), 7.0);
        }
    }
}
