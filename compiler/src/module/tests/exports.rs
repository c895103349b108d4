//! What is offered, and under which names.

use super::*;

#[test]
fn exports_get_link_names_and_the_rest_goes() {
    let ir = r#"
        target triple = "x86_64-pc-linux-gnu"
        @table = global [2 x double] [double 1.0, double 2.0]
        @unused = global i32 7
        define double @helper(double %x) #0 { %r = call double @sin(double %x) ret double %r }
        define double @twice(double %x) #0 {
          %t = load double, ptr @table
          %a = call double @helper(double %x)
          %r = fmul double %a, %t
          ret double %r
        }
        define void @dead() { ret void }
        declare double @sin(double)
        declare double @cos(double)
        attributes #0 = { nounwind "target-cpu"="haswell" "target-features"="+avx2,+fma" "tune-cpu"="generic" }
    "#;
    let merged = merged(ir, &["twice: fn(x: f64) -> f64"]).unwrap();
    assert_eq!(merged.exports.len(), 1);
    let link_name = merged.exports[0].link_name.to_string();
    assert!(link_name.starts_with("own.v1.twice."));
    let text = text(&merged);
    contains(
        &text,
        &[
            &format!("define dso_local double @{link_name}(double %x)"),
            "define internal double @helper",
            "@table = internal global",
            "declare double @sin(double)",
            "target triple = \"x86_64-unknown-linux-gnu\"",
            "source_filename = \"own\"",
        ],
    );
    for gone in [
        "nonlazybind",
        "dead",
        "unused",
        "cos",
        "target-cpu",
        "avx2",
        "tune-cpu",
    ] {
        assert!(!text.contains(gone), "{gone} in:\n{text}");
    }
}

#[test]
fn overloads_and_second_names() {
    let ir = "define void @scale_f64(ptr %x, double %a) { ret void }
              define void @scale_f32(ptr %x, float %a) { ret void }";
    let functions = [
        "scale = scale_f64: fn(x: *mut f64, a: f64)",
        "scale = scale_f32: fn(x: *mut f32, a: f32)",
        "stretch = scale_f64: fn(x: *mut f64, a: f64)",
    ];
    let merged = merged(ir, &functions).unwrap();
    let names: BTreeSet<_> = merged
        .exports
        .iter()
        .map(|e| e.link_name.to_string())
        .collect();
    assert_eq!(names.len(), 3);
    let text = text(&merged);
    for name in &names {
        contains(&text, &[&format!("@{name}")]);
    }
    contains(&text, &["= dso_local alias void (ptr, double)"]);
}

#[test]
fn exports_are_refused() {
    let ir = "
        %struct.Point = type { double, double, double }
        define double @axpy(i64 %n, float %a, ptr %x) { ret double 0.0 }
        define void @big(ptr byval(%struct.Point) %p) { ret void }
        define { double, double } @pair() { ret { double, double } zeroinitializer }
        define void @made(ptr sret(%struct.Point) %p) { ret void }
        define void @many(i32 %n, ...) { ret void }
        define fastcc void @fast() { ret void }
        define internal void @hidden() { ret void }
        define void @vector(<4 x float> %v) { ret void }
        define void @small(i8 zeroext %v) { ret void }
    ";
    let table: &[(&[&str], &[&str])] = &[
        (
            &["axpy: fn(n: u64, a: f64, x: *const f64) -> f64"],
            &[
                "a.ll: the signature of `axpy` does not agree",
                "manifest: fn(n: u64, a: f64, x: *const f64) -> f64",
                "code: fn(i64/u64, f32, pointer) -> f64",
                "parameter 2, `a`: `f64` against f32",
            ],
        ),
        (
            &["axpy"],
            &["signature of `axpy` is not known", "signature = \"...\""],
        ),
        (&[], &["signature of", "is not known"]),
        (
            &["big: fn(*const f64)"],
            &["parameter 1 is the struct `Point` by value", "by pointer"],
        ),
        (
            &["pair: fn() -> f64"],
            &[
                "the result is the struct `{ double, double }`",
                "by pointer",
            ],
        ),
        (
            &["made: fn(*mut f64)"],
            &["parameter 1 is the struct `Point` by value"],
        ),
        (&["many: fn(i32)"], &["variable number of arguments"]),
        (&["fast: fn()"], &["calling convention"]),
        (&["vector: fn(f32)"], &["`f32` against `<4 x float>`"]),
        (&["small: fn(i8)"], &["`i8` against u8"]),
        (
            &["hidden: fn()"],
            &[
                "no source defines the function `hidden`",
                "local to its file",
            ],
        ),
        (
            &["axpi: fn()"],
            &[
                "no source defines the function `axpi`",
                "did you mean `axpy`?",
            ],
        ),
        (
            &["small: fn(u8)", "small = small: fn(u8)"],
            &["`small` is exported twice with the signature fn(u8)"],
        ),
    ];
    for (functions, expected) in table {
        contains(&message(merged(ir, functions)), expected);
    }
    contains(
        &message(merged("define internal void @f() { ret void }", &[])),
        &["exports nothing"],
    );
}
