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
    let parameter = (prop::option::of("[a-z]_[a-z0-9]{0,3}"), types.clone())
        .prop_map(|(name, ty)| Parameter { name, ty });
    (
        prop::collection::vec(parameter, 0..5),
        prop::option::of(types),
    )
        .prop_map(|(parameters, result)| Signature { parameters, result })
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
}
