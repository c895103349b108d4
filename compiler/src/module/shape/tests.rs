use super::*;

fn passed(value: Value) -> Passed {
    Passed {
        value,
        extension: Extension::None,
    }
}

fn shape(parameters: Vec<Value>, result: Option<Value>) -> Shape {
    Shape {
        parameters: parameters.into_iter().map(passed).collect(),
        result: result.map(passed),
        variadic: false,
        c_convention: true,
    }
}

fn reason(shape: &Shape, signature: &str) -> String {
    match shape.check(&signature.parse().unwrap()) {
        Ok(()) => "agrees".to_owned(),
        Err(Disagreement::Struct { what, name }) => format!("{what} is struct {name}"),
        Err(Disagreement::Other(reason)) => reason,
    }
}

#[test]
fn every_scalar_agrees_with_its_own_type_alone() {
    for (name, ty) in Type::SCALARS {
        let value = match ty {
            Type::Bool => Value::Integer(1),
            Type::F32 => Value::F32,
            Type::F64 => Value::F64,
            _ => Value::Integer(8 * u32::try_from(ty.size()).unwrap()),
        };
        for (other_name, other) in Type::SCALARS {
            let same = name == other_name
                || name.trim_start_matches(['i', 'u']) == other_name.trim_start_matches(['i', 'u']);
            let found = shape(vec![value.clone()], None).check(&Signature {
                parameters: vec![puck_package::Parameter {
                    name: None,
                    ty: other,
                }],
                result: None,
            });
            assert_eq!(found.is_ok(), same, "{name} against {other_name}");
        }
    }
}

#[test]
fn disagreements_are_told() {
    let axpy = shape(
        vec![Value::Integer(64), Value::F32, Value::Pointer],
        Some(Value::F64),
    );
    for (signature, expected) in [
        ("fn(u64, f32, *const f64) -> f64", "agrees"),
        ("fn(i64, f32, extern \"C\" fn()) -> f64", "agrees"),
        (
            "fn(n: u64, a: f64, x: *const f64) -> f64",
            "parameter 2, `a`: `f64` against f32",
        ),
        (
            "fn(u64, f64, *const f64) -> f64",
            "parameter 2: `f64` against f32",
        ),
        (
            "fn(u32, f32, *const f64) -> f64",
            "parameter 1: `u32` against i64/u64",
        ),
        (
            "fn(u64, f32, u64) -> f64",
            "parameter 3: `u64` against pointer",
        ),
        ("fn(u64, f32) -> f64", "2 against 3 parameters"),
        ("fn(u64, f32, *const f64)", "result: nothing against f64"),
        (
            "fn(u64, f32, *const f64) -> f32",
            "result: `f32` against f64",
        ),
    ] {
        assert_eq!(reason(&axpy, signature), expected, "{signature}");
    }
    assert_eq!(
        reason(&shape(vec![], None), "fn() -> f64"),
        "result: `f64` against nothing"
    );
    let by_value = shape(vec![Value::F64, Value::Struct("Point".into())], None);
    assert_eq!(
        reason(&by_value, "fn(f64, f64)"),
        "parameter 2 is struct Point"
    );
    let variadic = Shape {
        variadic: true,
        ..shape(vec![], None)
    };
    assert!(reason(&variadic, "fn()").contains("..."));
    let foreign = Shape {
        c_convention: false,
        ..shape(vec![], None)
    };
    assert!(reason(&foreign, "fn()").contains("calling convention"));
}

#[test]
fn the_sign_counts_where_the_code_tells_it() {
    let small = |extension| Shape {
        parameters: vec![Passed {
            value: Value::Integer(8),
            extension,
        }],
        ..shape(vec![], None)
    };
    assert_eq!(reason(&small(Extension::Sign), "fn(i8)"), "agrees");
    assert_eq!(reason(&small(Extension::Zero), "fn(u8)"), "agrees");
    assert_eq!(reason(&small(Extension::None), "fn(u8)"), "agrees");
    assert_eq!(
        reason(&small(Extension::Zero), "fn(i8)"),
        "parameter 1: `i8` against u8"
    );
    assert_eq!(
        reason(&small(Extension::Sign), "fn(x: u8)"),
        "parameter 1, `x`: `u8` against i8"
    );
}

#[test]
fn a_definition_says_how_it_fills_a_register() {
    let returning = |extension| Shape {
        result: Some(Passed {
            value: Value::Integer(16),
            extension,
        }),
        ..shape(vec![], None)
    };
    let describes = |extension, text: &str| {
        let signature: Signature = text.parse().unwrap();
        returning(extension).describes(&signature)
    };
    assert_eq!(describes(Extension::Sign, "fn() -> i16"), Ok(()));
    assert_eq!(describes(Extension::Zero, "fn() -> u16"), Ok(()));
    for (text, attribute) in [("fn() -> i16", "`signext`"), ("fn() -> u16", "`zeroext`")] {
        let reason = describes(Extension::None, text).unwrap_err();
        assert!(reason.contains(attribute), "{reason}");
    }
    let reason = describes(Extension::Zero, "fn() -> i16").unwrap_err();
    assert_eq!(reason, "result: `i16` against u16");
}

#[test]
fn shapes_come_back_from_json() {
    let some = Shape {
        parameters: vec![Passed {
            value: Value::Struct("Point".into()),
            extension: Extension::None,
        }],
        result: Some(Passed {
            value: Value::Integer(8),
            extension: Extension::Zero,
        }),
        variadic: false,
        c_convention: true,
    };
    let json = serde_json::to_string(&some).unwrap();
    assert_eq!(
        json,
        r#"{"parameters":[{"value":{"struct":"Point"}}],"result":{"value":{"integer":8},"extension":"zero"},"variadic":false,"c-convention":true}"#
    );
    assert_eq!(serde_json::from_str::<Shape>(&json).unwrap(), some);
}

#[test]
fn shapes_read_like_signatures() {
    let all = Shape {
        variadic: true,
        ..shape(
            vec![
                Value::Integer(1),
                Value::Integer(32),
                Value::F32,
                Value::Pointer,
            ],
            Some(Value::Other("<4 x float>".into())),
        )
    };
    assert_eq!(
        all.to_string(),
        "fn(bool, i32/u32, f32, pointer, ...) -> `<4 x float>`"
    );
}
