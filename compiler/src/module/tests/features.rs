//! Attributes of functions that say what processor they are for.

use super::*;

#[test]
fn features_that_the_source_asked_for_stay() {
    let ir = r#"
        define void @plain() #0 { ret void }
        define void @wide() #1 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+cx8,+sse2" }
        attributes #1 = { "target-cpu"="x86-64" "target-features"="+avx2,+cx8,+sse2" }
    "#;
    let text = text(&merged(ir, &["plain: fn()", "wide: fn()"]).unwrap());
    contains(&text, &["\"target-features\"=\"+avx2\""]);
    assert!(
        !text.contains("+sse2") && !text.contains("target-cpu"),
        "{text}"
    );
}

#[test]
fn features_that_all_functions_ask_for_stay_unless_flags_chose_them() {
    let wide = r#"define void @wide() #0 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+avx,+cmov,+cx8,+sse2" }"#;
    let rust = r#"define void @wide() #0 { ret void }
        define internal void @plain() #1 { ret void }
        attributes #0 = { "target-cpu"="x86-64" "target-features"="+avx,+sse3" }
        attributes #1 = { "target-cpu"="x86-64" }"#;
    let no_flags: &[&str] = &[];
    for (ir, language, flags, kept) in [
        (wide, Language::C, no_flags, true),
        (wide, Language::Cpp, &["-O2", "-fno-exceptions"], true),
        (wide, Language::C, &["-mavx"], false),
        (wide, Language::C, &["-march=haswell"], false),
        (wide, Language::Ir, no_flags, false),
        (rust, Language::Rust, no_flags, true),
    ] {
        let source = SourceModule {
            language,
            ..source("a", ir)
        };
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let merged = merge_flagged(&[source], &["wide: fn()"], &[], &flags).unwrap();
        let text = text(&merged);
        assert_eq!(
            text.contains("+avx"),
            kept,
            "{language:?} {flags:?}: {text}"
        );
        assert!(!text.contains("+sse2") && !text.contains("+cmov"), "{text}");
    }
}

#[test]
fn flags_of_the_sources_give_way() {
    let ir = r#"
        define void @f() { ret void }
        !llvm.module.flags = !{!0, !1, !2}
        !0 = !{i32 8, !"PIC Level", i32 1}
        !1 = !{i32 7, !"PIE Level", i32 2}
        !2 = !{i32 1, !"wchar_size", i32 4}
    "#;
    let text = text(&merged(ir, &["f: fn()"]).unwrap());
    contains(
        &text,
        &[
            "!\"PIC Level\", i32 2",
            "!\"PIE Level\", i32 0",
            "wchar_size",
        ],
    );
}
