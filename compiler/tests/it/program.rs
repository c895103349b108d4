use puck_compiler::disassemble;

use crate::packages::{Packages, functions, processor, slices, symbols};

/// A leaf whose helper has the name of another package's, and something that nobody needs.
const BASE: &str = r#"
    static __attribute__((noinline)) double helper(double x) { return x * 2; }
    double twice(double x) { return helper(x); }
    double square(double x) { return x * x; }
    double unused(double x) { return x - 1; }
"#;

const TOP: &str = r#"
    double twice(double) __asm__("base::twice");
    double square(double) __asm__("base::square");
    static __attribute__((noinline)) double helper(double x) { return square(x) + 1; }
    double apply(double x) { return helper(x) + twice(x) + square(x); }
    double other(double x) { return square(square(x)); }
"#;

fn two() -> Packages {
    let mut packages = Packages::new();
    packages.add("base 1.0.0", "a.c", BASE, "");
    packages.add("top 1.0.0", "a.c", TOP, "");
    packages
}

#[test]
fn callees_of_other_packages_are_inlined_and_the_rest_is_dropped() {
    let packages = two();
    let (code, _) = packages.program(&["top::apply"]);
    let apply = packages.link_name("top::apply").to_string();
    let (visible, hidden, undefined) = symbols(&code);
    assert_eq!(visible, [apply.as_str()]);
    assert!(
        hidden.is_empty() && undefined.is_empty(),
        "{hidden:?} {undefined:?}"
    );
    let expected = ["base.v1.helper", apply.as_str(), "top.v1.helper"];
    assert_eq!(functions(&code).iter().collect::<Vec<_>>(), expected);
    let assembly = disassemble(&code.objects[0], &apply).unwrap().unwrap();
    assert!(assembly.contains("mulsd"), "{assembly}");
    assert_eq!(assembly.matches("call").count(), 2, "{assembly}");
    assert!(code.system_imports.is_empty());
    assert_eq!(packages.run(&slices(&code), &["top::apply"]), ["8.5"]);
}

#[test]
fn all_exports_are_kept() {
    let packages = two();
    let exports = ["base::unused", "top::apply", "top::other"];
    let (code, _) = packages.program(&exports);
    let mut expected = exports.map(|path| packages.link_name(path).to_string());
    expected.sort();
    assert_eq!(symbols(&code).0, expected);
    assert_eq!(
        packages.run(&slices(&code), &exports),
        ["0.5", "8.5", "5.0625"]
    );
}

#[test]
fn functions_are_compiled_for_the_processor() {
    let source = "void add(long n, const double *x, double *y) { for (long i = 0; i < n; i++) y[i] += x[i]; }";
    let mut packages = Packages::new();
    packages.add("own 1.0.0", "a.c", source, "");
    let exports = [packages.link_name("own::add")].into();
    let mut wide = processor();
    wide.target = puck_package::Target::X86_64V3;
    wide.tuning = "znver4".to_owned();
    let mut wider = wide.clone();
    wider.features = ["avx512f", "avx512vl"].map(str::to_owned).to_vec();
    let cache = packages.path().join("cache");
    for (processor, register) in [(processor(), "xmm"), (wide, "ymm"), (wider, "zmm")] {
        let options = packages.options(&cache);
        let ir = packages.ir();
        let program = puck_compiler::program(&ir, &exports, &processor, &options, &()).unwrap();
        let alone = puck_compiler::specialize(&ir, &processor, &options, &()).unwrap();
        for object in [&program.objects[0], &alone[0].objects[0]] {
            let symbol = packages.link_name("own::add").to_string();
            let assembly = disassemble(object, &symbol).unwrap().unwrap();
            assert!(assembly.contains(register), "{processor}: {assembly}");
        }
    }
}

#[test]
fn two_series_are_two_packages() {
    let mut packages = Packages::new();
    let source = |by: u32| {
        format!(
            "static int calls; __attribute__((noinline)) static double helper(double x) {{ calls++; return x * {by} + calls; }}\n\
             double scale(double x) {{ return helper(x); }}"
        )
    };
    packages.add("base 1.0.0", "a.c", &source(10), "");
    packages.add("base 2.0.0", "a.c", &source(100), "");
    let top = r#"
        double one(double) __asm__("base.v1::scale");
        double two(double) __asm__("base.v2::scale");
        double both(double x) { return one(x) * 1000 + two(x); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    let (code, _) = packages.program(&["top::both", "base.v2::scale"]);
    let names = functions(&code);
    assert!(
        names.contains("base.v1.helper") && names.contains("base.v2.helper"),
        "{names:?}"
    );
    // Each has its own counter.
    let results = packages.run(
        &slices(&code),
        &["top::both", "top::both", "base.v2::scale"],
    );
    assert_eq!(results, ["16151", "17152", "153"]);
}

#[test]
fn a_package_without_optimisation_stays_as_it_is() {
    let mut packages = Packages::new();
    packages.add("base 1.0.0", "a.c", BASE, "opt-level = 0");
    let top = "double square(double) __asm__(\"base::square\");\n\
               double other(double x) { return square(square(x)); }";
    packages.add("top 1.0.0", "a.c", top, "");
    let (code, _) = packages.program(&["top::other"]);
    let square = packages.link_name("base::square").to_string();
    let other = packages.link_name("top::other").to_string();
    let assembly = |symbol| disassemble(&code.objects[0], symbol).unwrap().unwrap();
    assert!(functions(&code).contains(&square));
    let calls = assembly(&other);
    let count = calls.matches("call ").count() + calls.matches("jmp ").count();
    assert!(count == 2 && !calls.contains("mulsd"), "{calls}");
    // Through the stack, as at level 0.
    assert!(assembly(&square).contains("rsp"), "{}", assembly(&square));
    assert_eq!(packages.run(&slices(&code), &["top::other"]), ["5.0625"]);
}

#[test]
fn packages_compiled_apart_call_each_other_as_archives_do() {
    let mut packages = two();
    let wave = "double sin(double); double wave(double x) { return sin(x); }";
    packages.add("wave 1.0.0", "a.c", wave, "");
    let cache = packages.path().join("cache");
    let options = packages.options(&cache);
    let compile = || puck_compiler::specialize(&packages.ir(), &processor(), &options, &packages);
    let code = compile().unwrap();
    assert_eq!(
        packages.steps(),
        [
            "Compiling base 1.0.0",
            "Compiling top 1.0.0",
            "Compiling wave 1.0.0"
        ]
    );
    assert_eq!(compile().unwrap(), code);
    assert!(packages.steps().is_empty());
    for (code, document) in code.iter().zip(packages.documents()) {
        let (visible, hidden, mut undefined) = symbols(code);
        let mut exports: Vec<_> = document
            .functions
            .iter()
            .map(|f| f.link_name.to_string())
            .collect();
        exports.sort();
        assert_eq!((visible, hidden.len()), (exports, 0));
        assert_eq!(code.system_imports, document.system_imports);
        let system = document.system_imports.iter().map(|import| &import.symbol);
        undefined.retain(|symbol| !system.clone().any(|other| other == symbol));
        let imports: Vec<_> = document
            .imports
            .iter()
            .map(|i| i.link_name.to_string())
            .collect();
        assert_eq!(undefined, imports);
    }
    let objects: Vec<&[u8]> = code.iter().flat_map(slices).collect();
    assert_eq!(
        packages.run(&objects, &["top::apply", "top::other"]),
        ["8.5", "5.0625"]
    );
}
