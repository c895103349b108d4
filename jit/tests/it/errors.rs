//! What is refused, and in which words.

use puck_jit::{Jit, Processor, Source};
use puck_package::Target;

use crate::fixture::{Home, UNARY, Unary, line, sum_of};

#[test]
fn faults_are_named() {
    let home = Home::new();
    let package = home.package(
        "faults",
        "1.0.0",
        &line("scale", 2.0, 0.0),
        &[("scale", UNARY)],
        &[],
    );
    let jit = Jit::new(&home.environment(&[&package]))
        .inline(true)
        .build()
        .unwrap();
    let link_name = package.document.functions[0].link_name.to_string();
    let define = "define double @run(double %x) { ret double %x }";
    let cases: Vec<(String, &[&str])> = vec![
        (
            sum_of(&["fault::scale"]),
            &["no package `fault` is installed", "`faults`"],
        ),
        (
            sum_of(&["faults::scal"]),
            &["faults 1.0.0 has no function `scal`", "`scale`"],
        ),
        (sum_of(&["faults.v2::scale"]), &["which is series v1"]),
        (
            sum_of(&["scale"]),
            &[
                "`run` needs the undefined symbol `scale`",
                "`faults::scale`",
            ],
        ),
        (
            sum_of(&["faults_scale"]),
            &["undefined symbol `faults_scale`", "`faults::scale`"],
        ),
        (sum_of(&["expp"]), &["undefined symbol `expp`", "`exp`"]),
        (
            "@\"faults::scale\" = external global i8\n\
             define ptr @run() { ret ptr @\"faults::scale\" }"
                .to_owned(),
            &["declare it as a function"],
        ),
        (
            format!("declare float @\"faults::scale\"(float)\n{define}"),
            &["fn(f32) -> f32", "fn(f64) -> f64"],
        ),
        (
            String::new(),
            &["defines no function with external linkage"],
        ),
        (
            "define internal void @f() { ret void }".to_owned(),
            &["`internal`"],
        ),
        (
            "define void @f( {".to_owned(),
            &["test.ll: invalid LLVM IR"],
        ),
        ("BC\u{1}".to_owned(), &["test.ll: invalid LLVM IR"]),
        (
            define.replace("run", "\"faults::mine\""),
            &["`faults::mine`", "function of a package"],
        ),
        (
            define.replace("run", &link_name),
            &["the link name of a function"],
        ),
        (define.replace("run", "_init"), &["belongs to the linker"]),
        (define.replace("run", "\"a@b\""), &["no symbol"]),
        (define.replace("run", "\"a\\FF\""), &["no symbol"]),
        (
            format!("target triple = \"aarch64-unknown-linux-gnu\"\n{define}"),
            &["compiled for `aarch64-unknown-linux-gnu`"],
        ),
        (
            "define i32 @run() { %r = call i32 asm \"nonsense $0\", \"=r\"()\nret i32 %r }"
                .to_owned(),
            &["nonsense"],
        ),
    ];
    for (ir, expected) in cases {
        let source = Source::from(&ir).named("test.ll");
        let error = jit.compile(source).expect_err(&ir);
        let text = format!("{error}\nhint: {}", error.hint().unwrap_or_default());
        for part in expected {
            assert!(text.contains(part), "{part} not in:\n{text}\n{ir}");
        }
    }
}

#[test]
fn a_wrong_type_shows_both() {
    let home = Home::new();
    let package = home.package("types", "1.0.0", &line("f", 2.0, 0.0), &[("f", UNARY)], &[]);
    let jit = Jit::new(&home.environment(&[&package])).build().unwrap();
    let ir = "define double @scale(i64 %n, ptr %x) { ret double 1.0 }
              define i8 @small() { ret i8 -1 }
              define signext i8 @signed() { ret i8 -1 }
              define {i64, i64} @pair() { ret {i64, i64} zeroinitializer }
              define i8 @chained(ptr nest %x) { ret i8 1 }";
    let module = jit.compile(Source::from(ir).named("types.ll")).unwrap();
    type Good = unsafe extern "C" fn(u64, *const f64) -> f64;
    module.function::<Good>("scale").unwrap();
    module
        .function::<unsafe extern "C" fn() -> i8>("signed")
        .unwrap();
    module.symbol("pair").unwrap();

    let error = module.function::<Unary>("scale").unwrap_err().to_string();
    assert_eq!(
        error,
        "`scale` of types.ll was asked for as\n    fn(f64) -> f64\nbut is defined as\n    \
         fn(i64/u64, pointer) -> f64\n(1 against 2 parameters)"
    );
    type Small = unsafe extern "C" fn() -> u8;
    for (name, expected) in [
        ("small", "`zeroext`"),
        ("signed", "`u8` against i8"),
        ("pair", "struct"),
    ] {
        let error = module.function::<Small>(name).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    type Chained = unsafe extern "C" fn(*const f64) -> u8;
    let error = module.function::<Chained>("chained").unwrap_err();
    assert!(error.to_string().contains("against `ptr nest`"), "{error}");
    let error = module.function::<Unary>("scal").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("it has `chained`, `pair`, `scale`, `signed`, `small`"),
        "{error}"
    );
    assert_eq!(error.hint().unwrap(), "did you mean `scale`?");
}

#[test]
fn llvm_giving_up_is_an_error() {
    let home = Home::new();
    let package = home.package("given", "1.0.0", &line("f", 2.0, 0.0), &[("f", UNARY)], &[]);
    let environment = home.environment(&[&package]);
    let base = Processor::of(Target::X86_64);
    let jit = Jit::new(&environment).processor(base).build().unwrap();
    let ir = "declare <16 x float> @llvm.x86.avx512.max.ps.512(<16 x float>, <16 x float>, i32)
        define void @f(ptr %p) {
          %x = load <16 x float>, ptr %p
          %y = call <16 x float> @llvm.x86.avx512.max.ps.512(<16 x float> %x, <16 x float> %x, i32 4)
          store <16 x float> %y, ptr %p
          ret void
        }";
    let error = jit.compile(Source::from(ir).named("wide.ll")).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("wide.ll cannot be compiled for x86-64: "),
        "{text}"
    );
    assert!(
        error
            .hint()
            .unwrap()
            .contains("instructions that x86-64 does not have")
    );
    jit.compile(&sum_of(&["given::f"])).unwrap();
}
