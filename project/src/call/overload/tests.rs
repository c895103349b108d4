use super::*;

fn choose<'a>(
    overloads: &'a [Function],
    texts: &[String],
) -> Result<(&'a Function, Arguments), CallError> {
    super::choose(overloads, &Described::default(), texts, Path::new("."))
        .map(|chosen| (chosen.function, chosen.arguments))
}

fn by_signature<'a>(
    overloads: &'a [Function],
    asked: &str,
    texts: &[String],
) -> Result<&'a Function, CallError> {
    let asked = asked.parse().unwrap();
    super::by_signature(
        overloads,
        &Described::default(),
        &asked,
        texts,
        Path::new("."),
    )
    .map(|chosen| chosen.function)
}

/// A function `f` that C can call.
pub(in crate::call) fn function(signature: &str) -> Function {
    let signature: Signature = signature.parse().unwrap();
    let link_name = format!("kernels.v1.f.{}", signature.fingerprint());
    Function {
        name: "f".parse().unwrap(),
        abi: ABI_C.to_owned(),
        signature,
        link_name: link_name.parse().unwrap(),
        declared: None,
        doc: None,
        needs: None,
        sizes: Default::default(),
    }
}

fn functions(signatures: &[&str]) -> Vec<Function> {
    signatures.iter().copied().map(function).collect()
}

fn chosen(signatures: &[&str], texts: &[&str]) -> Result<String, CallError> {
    let functions = functions(signatures);
    let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
    choose(&functions, &texts).map(|(function, arguments)| {
        assert_eq!(*arguments.signature(), function.signature);
        function.signature.to_string()
    })
}

#[test]
fn the_one_that_fits() {
    let overloads = ["fn(x: f64)", "fn(x: *const f64)", "fn(n: u8, x: f64)"];
    for (texts, signature) in [
        (&["1.5"][..], "fn(x: f64)"),
        (&["[1.5]"], "fn(x: *const f64)"),
        (&["1", "2"], "fn(n: u8, x: f64)"),
    ] {
        let overloads = if texts == ["1.5"] {
            &overloads[..1]
        } else {
            &overloads[..]
        };
        assert_eq!(chosen(overloads, texts).unwrap(), signature);
    }
}

#[test]
fn none_fits() {
    let error = chosen(&["fn(x: f64)", "fn(n: u8, x: f64)"], &["1", "x"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the arguments fit no `f`:\n  \
         fn(x: f64)\n    expected 1 argument, found 2: fn(x: f64)\n  \
         fn(n: u8, x: f64)\n    argument 2 (`x: f64`): expected a number, found `x`"
    );
    // Of one function there is no list.
    let error = chosen(&["fn(x: f64)"], &["x"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument 1 (`x: f64`): expected a number, found `x`"
    );
    assert!(matches!(chosen(&[], &[]), Err(CallError::NoFunction)));
}

#[test]
fn several_fit() {
    let error = chosen(&["fn(x: f32)", "fn(x: f64)", "fn(x: u8)"], &["1.5"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the arguments fit several functions `f`:\n  fn(x: f32)\n  fn(x: f64)"
    );
    assert!(error.hint().unwrap().contains("--signature 'fn(f32)'"));
}

#[test]
fn chosen_by_signature() {
    let functions = functions(&["fn(x: f32)", "fn(x: f64)"]);
    let texts = ["1".to_owned()];
    let found = by_signature(&functions, "fn(f64)", &texts).unwrap();
    assert_eq!(found.signature.to_string(), "fn(x: f64)");
    let error = by_signature(&functions, "fn(u8)", &texts).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no function has the signature `fn(u8)`; there is:\n  fn(x: f32)\n  fn(x: f64)"
    );
}

#[test]
fn other_conventions_are_refused() {
    let mut functions = functions(&["fn(x: f64)"]);
    functions[0].abi = "numba-cpu-1".to_owned();
    let error = choose(&functions, &["1".to_owned()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`f` has the calling convention \"numba-cpu-1\"; only \"c\" can be called from here"
    );
}

/// Other entry points of the same function, even with the same types, are not for this caller.
#[test]
fn entry_points_of_other_conventions_are_passed_over() {
    let mut functions = functions(&["fn(x: f64)", "fn(x: f64)"]);
    functions[0].abi = "numba-cpu-1".to_owned();
    let texts = ["1.5".to_owned()];
    let (found, _) = choose(&functions, &texts).unwrap();
    assert_eq!(found.abi, ABI_C);
    let found = by_signature(&functions, "fn(f64)", &texts).unwrap();
    assert_eq!(found.abi, ABI_C);
    functions.truncate(1);
    let error = choose(&functions, &texts).unwrap_err();
    assert!(error.to_string().contains("\"numba-cpu-1\""), "{error}");
}
