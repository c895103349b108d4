use proptest::prelude::*;

use super::*;

#[test]
fn canonical_forms() {
    for (text, canonical) in [
        ("fn()", "fn()"),
        ("fn() -> ()", "fn()"),
        (
            "fn(n: usize, a: f64, x: *const f64, y: *mut f64)",
            "fn(u64,f64,*const f64,*mut f64)",
        ),
        ("unsafe extern \"C\" fn(bool) -> isize", "fn(bool)->i64"),
        (
            "fn(m: *mut Matrix, p: *const core::ffi::c_void)",
            "fn(*mut Matrix,*const c_void)",
        ),
        ("fn(p: *const *mut f32)", "fn(*const *mut f32)"),
        (
            "fn(f: extern \"C\" fn(x: f64) -> f64, _: f64)",
            "fn(extern \"C\" fn(f64)->f64,f64)",
        ),
        ("fn(f: fn(f64))", "fn(extern \"C\" fn(f64))"),
        ("fn(r#type: i32,)", "fn(i32)"),
    ] {
        let signature: Signature = text.parse().unwrap();
        assert_eq!(signature.canonical(), canonical);
    }
}

#[test]
fn readable_form_keeps_names() {
    let signature: Signature = "fn(n:u64,*const f64)->f64".parse().unwrap();
    assert_eq!(signature.to_string(), "fn(n: u64, *const f64) -> f64");
}

#[test]
fn fingerprint_is_the_digest_of_the_canonical_form() {
    let signature: Signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
        .parse()
        .unwrap();
    assert_eq!(signature.fingerprint(), "bf84be2c");
}

#[test]
fn refusals_say_why() {
    for (text, reason) in [
        ("", "expected a function type"),
        ("f64", "expected a function type"),
        ("fn(f64", "expected a function type"),
        ("fn(x: f46)", "did you mean `f64`?"),
        ("fn(m: Matrix)", "pass structs by pointer, `*const Matrix`"),
        ("fn() -> Point", "`Point` by value"),
        ("fn(x: &f64)", "write `*const`"),
        ("fn(x: &mut f64)", "write `*mut`"),
        ("fn(x: i128)", "no portable C type"),
        ("fn(c_void)", "only behind a pointer"),
        ("fn(n: i32, ...)", "variable numbers"),
        ("extern \"stdcall\" fn()", "only \"C\""),
        ("for<'a> fn(i32)", "lifetimes"),
        ("fn(x: *const Vec<f64>)", "generic"),
        ("fn(x: [f64; 3])", "expected a scalar"),
        ("fn(x: (f64, f64))", "expected a scalar"),
        ("fn(x: *const Größe)", "ASCII"),
        ("fn(x: *const int)", "`int` is called `i32` here"),
        ("fn(x: *const core::ffi::c_long)", "called `i64`"),
        ("fn(x: *mut double)", "called `f64`"),
        ("fn(x: *mut void)", "called `c_void`"),
        ("fn(x: *const char)", "`i8` here if it is C's"),
        ("fn(x: float)", "called `f32`"),
        ("fn(x: *const u128)", "no portable C type"),
        ("fn(x: *const str)", "no portable C type"),
        ("fn(x: *const f46)", "did you mean `f64`?"),
        ("fn(x: *const *mut u63)", "did you mean `u64`?"),
        ("fn(x: *mut class)", "`class` is a word of the language"),
        ("fn(x: *mut Self)", "`Self` is a word of the language"),
        ("fn(x: *mut r#type)", "ASCII"),
        ("fn(x: f64, x: i32)", "two parameters are called `x`"),
        ("fn(x: f64, r#x: i32)", "two parameters are called `x`"),
        ("fn(f: fn(y: f64, y: f64))", "two parameters are called `y`"),
        ("fn(self: *mut Matrix)", "write `self_`"),
        ("fn(/* n */ i32)", "comments"),
        ("fn(#[doc] x: i32)", "expected a scalar"),
        ("fn(x: {i32})", "`{` does not belong"),
        ("extern \"(\" fn()", "only \"C\""),
    ] {
        let error = text.parse::<Signature>().expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    for text in [
        format!("fn({}f64)", "*const ".repeat(10_000)),
        format!("{}{}", "fn(".repeat(5000), ")".repeat(5000)),
        format!("fn({})", "f64,".repeat(300)),
        "x".repeat(100_000),
    ] {
        let error = text.parse::<Signature>().unwrap_err();
        assert!(error.to_string().len() < 1000);
    }
}

/// Nested without end in ways that a count of brackets alone does not see.
#[test]
fn no_text_exhausts_the_stack() {
    const TIMES: usize = 100_000;
    // What fits into the length that is read, and what does not.
    for times in [1_500, TIMES] {
        for text in [
            "fn()->".repeat(times),
            "fn(f64,f64)->".repeat(times / 2),
            "fn(*const f64,f64)->*mut ".repeat(times / 3),
            "fn(".repeat(times),
            format!("fn({}", "(>".repeat(times)),
            format!("fn({}", "/*)*/(".repeat(times)),
            format!("fn({}", "')'(".repeat(times)),
            format!("fn({}", "extern \")\" fn(".repeat(times / 3)),
            format!("fn({}", "A<B,".repeat(times)),
            format!("fn({}", "dyn Fn()->".repeat(times)),
            format!("fn([f64; {}1])", "-".repeat(times)),
            format!("fn([f64; {}1])", "!".repeat(times)),
            format!("fn(x: {}f64)", "*const ".repeat(times)),
            format!("fn(x: {}f64)", "&".repeat(times)),
        ] {
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            let read = thread.spawn(move || text.parse::<Signature>().map_err(|e| e.reason));
            read.unwrap().join().unwrap().unwrap_err();
        }
    }
}

#[test]
fn results_and_pointers_nest_no_deeper_than_the_limit() {
    let results = |n: usize| format!("{}fn()", "fn()->".repeat(n));
    let pointers = |n: usize| format!("fn(x: {}f64)", "*const ".repeat(n));
    for deepest in [
        results(15),
        pointers(15),
        format!("fn({})", "*mut f64,".repeat(40)),
    ] {
        deepest.parse::<Signature>().unwrap();
    }
    let side_by_side = format!("fn({})", "fn(f64)->*const f64,".repeat(40));
    side_by_side.parse::<Signature>().unwrap();
    for deeper in [results(17), pointers(17)] {
        let error = deeper.parse::<Signature>().unwrap_err();
        assert!(error.reason.contains("nested more than 16 deep"), "{error}");
    }
}

#[test]
fn what_is_too_long_to_be_read_back_is_refused() {
    let text = |each: usize| {
        format!(
            "fn({})",
            format!("fn({}),", "fn(),".repeat(each)).repeat(12)
        )
    };
    let short: Signature = text(50).parse().unwrap();
    assert_eq!(short.to_string().parse::<Signature>().unwrap(), short);
    assert!(text(250).len() < 16 * 1024);
    let error = text(250).parse::<Signature>().unwrap_err();
    assert!(error.reason.contains("when written out"), "{error}");
}

#[test]
fn names_that_are_words_of_rust_read_back() {
    let signature: Signature = "fn(r#type: i32, r#match: fn(r#fn: f64))".parse().unwrap();
    assert_eq!(signature.parameters[0].name.as_deref(), Some("type"));
    let text = signature.to_string();
    assert_eq!(text, "fn(r#type: i32, r#match: extern \"C\" fn(r#fn: f64))");
    assert_eq!(text.parse::<Signature>().unwrap(), signature);
}

#[test]
fn names_that_would_not_read_back_are_not_written() {
    for name in [
        "self",
        "Self",
        "crate",
        "",
        "_",
        "a b",
        "2x",
        "a: f64, b",
        "e\u{301}",
    ] {
        let mut signature: Signature = "fn(x: f64)".parse().unwrap();
        signature.parameters[0].name = Some(name.to_owned());
        assert_eq!(signature.to_string(), "fn(f64)", "{name}");
    }
    let mut twice: Signature = "fn(x: f64, y: f64)".parse().unwrap();
    twice.parameters[1].name = Some("x".to_owned());
    assert_eq!(twice.to_string(), "fn(x: f64, f64)");
}

fn scalars() -> impl Strategy<Value = Type> {
    prop::sample::select(Type::SCALARS.to_vec()).prop_map(|(_, ty)| ty)
}

/// Any type, pointers and functions nested a few deep.
pub(crate) fn types() -> impl Strategy<Value = Type> {
    scalars().prop_recursive(3, 12, 4, |inner| {
        let pointee = prop_oneof![
            inner.clone().prop_map(Pointee::Type),
            Just(Pointee::Void),
            "[A-Z][a-z0-9_]{0,6}".prop_map(Pointee::Opaque),
        ];
        prop_oneof![
            (any::<bool>(), pointee).prop_map(|(mutable, p)| Type::Pointer {
                mutable,
                pointee: Box::new(p)
            }),
            signatures_of(inner.boxed()).prop_map(|s| Type::Function(Box::new(s))),
        ]
    })
}

fn signatures_of(types: BoxedStrategy<Type>) -> impl Strategy<Value = Signature> {
    let name = prop_oneof![
        4 => "[a-z]_[a-z0-9]{0,3}",
        1 => prop::sample::select(vec!["type", "fn", "größe", "match", "int", "union"])
            .prop_map(str::to_owned),
    ];
    let parameter =
        (prop::option::of(name), types.clone()).prop_map(|(name, ty)| Parameter { name, ty });
    (
        prop::collection::vec(parameter, 0..5),
        prop::option::of(types),
    )
        .prop_map(|(mut parameters, result)| {
            let mut names = std::collections::BTreeSet::new();
            for Parameter { name, .. } in &mut parameters {
                *name = name.take().filter(|name| names.insert(name.clone()));
            }
            Signature { parameters, result }
        })
}

/// Any signature.
pub(crate) fn signatures() -> impl Strategy<Value = Signature> {
    signatures_of(types().boxed())
}

proptest! {
    #[test]
    fn both_forms_read_back(signature in signatures()) {
        let readable: Signature = signature.to_string().parse().unwrap();
        prop_assert_eq!(&readable, &signature);
        let canonical: Signature = signature.canonical().parse().unwrap();
        prop_assert!(canonical.same_types(&signature));
        prop_assert_eq!(canonical.canonical(), signature.canonical());
        prop_assert_eq!(canonical.fingerprint(), signature.fingerprint());
    }

    /// Only what differs in a type differs in canonical form: names never do.
    #[test]
    fn canonical_form_ignores_names_only(a in signatures(), b in signatures()) {
        let nameless = |s: &Signature| s.canonical().parse::<Signature>().unwrap();
        prop_assert_eq!(a.canonical() == b.canonical(), nameless(&a) == nameless(&b));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = text.parse::<Signature>();
    }

    #[test]
    fn no_near_signature_panics(text in "(unsafe |extern \"C\" )?fn\\([a-z:*&<>()\\[\\], 0-9']{0,40}\\)( -> [a-z*0-9 ]{0,9})?") {
        if let Ok(signature) = text.parse::<Signature>() {
            prop_assert_eq!(signature.to_string().parse::<Signature>().unwrap(), signature);
        }
    }

    #[test]
    fn any_name_reads_back_or_is_left_out(name in "\\PC{0,8}|r#[a-z]{1,6}|[a-z]{2,6}") {
        let mut signature: Signature = "fn(x: f64)".parse().unwrap();
        signature.parameters[0].name = Some(name);
        let read: Signature = signature.to_string().parse().unwrap();
        prop_assert!(read == signature || read.parameters[0].name.is_none());
    }
}
