//! What modules have beside functions, in programs of one part and of as many as there can be.

mod apart;
#[expect(dead_code, reason = "the integration tests use all of it")]
#[path = "../../tests/it/packages.rs"]
mod packages;

use std::collections::BTreeSet;
use std::process::Command;

use packages::{Packages, functions, processor, slices, symbols};

use super::{Limits, limited};
use crate::Code;

/// The program in one part, and in as many as possible; both give `expected`.
#[track_caller]
fn check(packages: &Packages, exports: &[&str], expected: &[&str]) -> [Code; 2] {
    let names: BTreeSet<_> = exports
        .iter()
        .map(|path| packages.link_name(path))
        .collect();
    let cache = packages.path().join("cache");
    [Limits::default(), Limits { small: 0, part: 1 }].map(|limits| {
        let options = packages.options(&cache);
        let code = limited(&packages.ir(), &names, &processor(), &options, &(), limits).unwrap();
        let (visible, ..) = symbols(&code);
        let mut wanted: Vec<_> = names.iter().map(ToString::to_string).collect();
        wanted.sort();
        assert_eq!(visible, wanted);
        let results = packages.run(&slices(&code), exports);
        assert_eq!(results, expected, "{limits:?}");
        code
    })
}

#[test]
fn state_is_there_once() {
    let mut packages = Packages::new();
    let base = r#"
        static double total;
        static _Thread_local double last = 1;
        double add(double x) { total += x; last = total; return total; }
        double get(double x) { return total * x + last; }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double add(double) __asm__("base::add");
        double get(double) __asm__("base::get");
        double both(double x) { add(x); add(x); return get(10) - x; }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    let exports = ["top::both", "base::add", "base::get"];
    let [one, many] = check(&packages, &exports, &["31.5", "4.5", "11.25"]);
    assert_eq!(one.objects.len(), 1);
    assert!(many.objects.len() > 1);
    // Inlined though it is in another part: the state is reached from there.
    assert!(symbols(&many).1.contains(&"base.v1.total".to_owned()));
}

#[test]
fn constructors_run_callees_first() {
    let mut packages = Packages::new();
    let base = r#"
        static double state = 1;
        __attribute__((constructor)) static void start(void) { state = state * 10 + 2; }
        double get(double x) { return state; }
        double push(double x) { return state = state * 10 + x; }
    "#;
    packages.add("zbase 1.0.0", "a.c", base, "");
    let top = r#"
        double push(double) __asm__("zbase::push");
        __attribute__((constructor)) static void start(void) { push(3); }
        __attribute__((constructor(101))) static void early(void) { push(6); }
        __attribute__((destructor)) static void stop(void) { push(4); }
        double nothing(double x) { return x; }
    "#;
    packages.add("atop 1.0.0", "a.c", top, "");
    let [_, many] = check(
        &packages,
        &["zbase::get", "atop::nothing"],
        &["1263", "1.5"],
    );
    assert!(many.objects.len() > 1);
}

#[test]
fn assembly_keeps_its_symbols() {
    let mut packages = Packages::new();
    // Both have a `number`, which only assembly knows.
    let source = |number: u32| {
        format!(
            "__asm__(\".local number\\nnumber: mov ${number}, %eax\\n ret\");\n\
             static __attribute__((noinline, used)) int helper(int x) {{ return x + 1; }}\n\
             double ask{number}(double x) {{ int r; __asm__(\"call number\\n\\tmov %%eax, %%edi\\n\\tcall helper\" : \"=a\"(r) : : \"rdi\", \"memory\", \"cc\"); return r + x; }}"
        )
    };
    packages.add("one 1.0.0", "a.c", &source(5), "");
    packages.add("two 1.0.0", "a.c", &source(7), "");
    let top = r#"
        double a(double) __asm__("one::ask5");
        double b(double) __asm__("two::ask7");
        double both(double x) { return a(x) * 100 + b(x); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    let [one, _] = check(&packages, &["top::both"], &["759.5"]);
    assert_eq!(one.objects.len(), 3);
}

#[test]
fn aliases_and_places_in_code_stay_with_their_function() {
    let mut packages = Packages::new();
    let base = r#"
        double real(double x) { return x * 3; }
        double also(double x) __attribute__((alias("real")));
        double steps(double x) {
            static const void *const places[] = {&&up, &&down, &&end};
            static const int program[] = {0, 1, 0, 0, 2};
            int at = 0;
            goto *places[program[at]];
            up: x *= 2; goto *places[program[++at]];
            down: x -= 1; goto *places[program[++at]];
            end: return x;
        }
    "#;
    packages.add("base 1.0.0", "a.c", base, "");
    let top = r#"
        double also(double) __asm__("base::also");
        double steps(double) __asm__("base::steps");
        static double (*const table[])(double) = {also, steps};
        double all(double x) { double s = 0; for (int i = 0; i < 2; i++) s += table[i](x); return s; }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    check(&packages, &["top::all"], &["12.5"]);
    check(
        &packages,
        &["base::also", "base::steps", "top::all"],
        &["4.5", "8", "12.5"],
    );
}

#[test]
fn module_flags_contradict_each_other_without_harm() {
    let mut packages = Packages::new();
    for (name, size, protection) in [("one", 2, 1), ("two", 4, 0)] {
        let source = format!(
            "define double @get(double %x) {{ %r = fadd double %x, {size}.0 ret double %r }}\n\
             !llvm.module.flags = !{{!0, !1, !2}}\n\
             !0 = !{{i32 1, !\"wchar_size\", i32 {size}}}\n\
             !1 = !{{i32 8, !\"cf-protection-branch\", i32 {protection}}}\n\
             !2 = !{{i32 1, !\"target-abi\", !\"{name}\"}}\n"
        );
        let rest = "[[function]]\nname = \"get\"\nsignature = \"fn(f64) -> f64\"";
        packages.add(&format!("{name} 1.0.0"), "a.ll", &source, rest);
    }
    let top = r#"
        double one(double) __asm__("one::get");
        double two(double) __asm__("two::get");
        double both(double x) { return one(x) + two(x); }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    check(&packages, &["top::both", "one::get"], &["9", "3.5"]);
}

#[test]
fn rust_and_c_are_inlined_into_each_other() {
    let mut packages = Packages::new();
    packages.add(
        "base 1.0.0",
        "a.c",
        "double square(double x) { return x * x; }",
        "",
    );
    let source = packages.path().join("a.rs");
    let rust = r#"
        #![no_std]
        unsafe extern "C" { #[link_name = "base::square"] safe fn square(x: f64) -> f64; }
        #[inline(never)]
        fn offset(x: f64) -> f64 { x + 0.5 }
        #[unsafe(no_mangle)]
        pub extern "C" fn shifted(x: f64) -> f64 { square(offset(x)) }
    "#;
    fs_err::write(&source, rust).unwrap();
    let ir = packages.path().join("a.ll");
    let output = Command::new("rustc")
        .args([
            "--edition=2024",
            "--crate-type=lib",
            "--emit=llvm-ir",
            "-Copt-level=3",
        ])
        .args([
            "-Cno-prepopulate-passes",
            "-Cpanic=abort",
            "-Ccodegen-units=1",
            "-o",
        ])
        .args([&ir, &source])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rest = "[[function]]\nname = \"shifted\"\nsignature = \"fn(f64) -> f64\"";
    packages.add(
        "rusty 1.0.0",
        "a.ll",
        &fs_err::read_to_string(&ir).unwrap(),
        rest,
    );
    let top = r#"
        double shifted(double) __asm__("rusty::shifted");
        double all(double x) { return shifted(x) + 1; }
    "#;
    packages.add("top 1.0.0", "a.c", top, "");
    let [one, _] = check(&packages, &["top::all"], &["5"]);
    let names = functions(&one);
    assert_eq!(names.len(), 2, "{names:?}");
    // What a profiler shows as `a::offset`.
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("_") && name.contains("offset")),
        "{names:?}"
    );
}

#[test]
fn debug_information_is_kept() {
    use object::{Object, ObjectSection};
    let mut packages = Packages::new();
    packages.add(
        "base 1.0.0",
        "a.c",
        "double square(double x) { return x * x; }",
        "debug = true",
    );
    let top = "double square(double) __asm__(\"base::square\");\n\
               double more(double x) { return square(x) + 1; }";
    packages.add("top 1.0.0", "a.c", top, "debug = true");
    for code in check(&packages, &["top::more"], &["3.25"]) {
        let file = object::File::parse(code.objects[0].as_slice()).unwrap();
        let lines = file
            .section_by_name(".debug_line")
            .map(|section| section.size());
        assert!(lines.unwrap_or_default() > 0);
    }
}

#[test]
fn errors_name_the_package() {
    let mut packages = Packages::new();
    packages.add(
        "base 1.0.0",
        "a.c",
        "double square(double x) { return x * x; }",
        "",
    );
    let top = "double square(double) __asm__(\"base::square\");\n\
               double more(double x) { return square(x) + 1; }";
    packages.add("top 1.0.0", "a.c", top, "");
    let ir = packages.ir();
    let square = packages.link_name("base::square");
    let error = packages.try_program(&["top::more"], &ir[1..]).unwrap_err();
    let expected = format!("top 1.0.0: calls `{square}`, which no package of the program has");
    assert_eq!(error.to_string(), expected);
    let error = packages
        .try_program(&["base::square"], &ir[1..])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no package of the program has the function `{square}`")
    );
    let mut damaged = ir.clone();
    damaged[0].bitcode = b"BC\xc0\xde and nothing more";
    let error = packages.try_program(&["top::more"], &damaged).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("base 1.0.0: cannot compile for x86-64-v2: "),
        "{error}"
    );
    let cache = packages.path().join("cache");
    let options = packages.options(&cache);
    let error = crate::specialize(&damaged, &processor(), &options, &()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("base 1.0.0: cannot compile for x86-64-v2: "),
        "{error}"
    );
}
