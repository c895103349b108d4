use proptest::prelude::*;

use super::*;

const ALL: [Element; 11] = [
    Element::Bool,
    Element::I8,
    Element::I16,
    Element::I32,
    Element::I64,
    Element::U8,
    Element::U16,
    Element::U32,
    Element::U64,
    Element::F32,
    Element::F64,
];

#[test]
fn elements_are_the_scalars_of_signatures() {
    for (name, ty) in Type::SCALARS {
        let element = Element::of(&ty).unwrap();
        assert_eq!(element.name(), name);
        assert_eq!(element.size(), ty.size());
    }
    assert_eq!(Element::of(&Type::pointer(false, Type::F64)), None);
}

#[test]
fn what_is_read() {
    let cases: &[(&str, Value)] = &[
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("-128", Value::I8(i8::MIN)),
        ("+127", Value::I8(i8::MAX)),
        ("-0x80", Value::I8(i8::MIN)),
        ("0b1010", Value::I16(10)),
        ("0o17", Value::I32(15)),
        ("1_000_000", Value::I32(1_000_000)),
        ("-9223372036854775808", Value::I64(i64::MIN)),
        ("0xff", Value::U8(255)),
        ("0XFF_FF", Value::U16(0xffff)),
        ("18446744073709551615", Value::U64(u64::MAX)),
        ("-0", Value::U8(0)),
        ("0.1", Value::F32(0.1)),
        ("0.1", Value::F64(0.1)),
        ("3", Value::F64(3.0)),
        ("-1e-9", Value::F64(-1e-9)),
        (".5", Value::F64(0.5)),
        ("5.", Value::F64(5.0)),
        ("1_000.5", Value::F64(1000.5)),
        ("0x10", Value::F64(16.0)),
        ("inf", Value::F64(f64::INFINITY)),
        ("-Infinity", Value::F32(f32::NEG_INFINITY)),
        // Rounding to a double first would give the even neighbour below.
        ("1.000000059604644775390626", Value::F32(1.000_000_1)),
        ("5e-324", Value::F64(5e-324)),
    ];
    for (text, value) in cases {
        let element = ALL.into_iter().find(|e| {
            e.value(value.bytes()) == *value && {
                std::mem::discriminant(&e.value([0; 8])) == std::mem::discriminant(value)
            }
        });
        assert_eq!(element.unwrap().parse(text).unwrap(), *value, "{text}");
    }
    let Value::F64(nan) = Element::F64.parse("nan").unwrap() else {
        panic!("not a double")
    };
    assert!(nan.is_nan());
    let Value::F64(zero) = Element::F64.parse("-0").unwrap() else {
        panic!("not a double")
    };
    assert!(zero == 0.0 && zero.is_sign_negative());
}

#[test]
fn what_is_refused() {
    let cases: &[(Element, &str, &str)] = &[
        (Element::Bool, "1", "expected `true` or `false`, found `1`"),
        (
            Element::Bool,
            "True",
            "expected `true` or `false`, found `True`",
        ),
        (
            Element::U8,
            "256",
            "`256` is out of the range of u8: 0 to 255",
        ),
        (
            Element::U8,
            "-1",
            "`-1` is out of the range of u8: 0 to 255",
        ),
        (
            Element::I8,
            "0x80",
            "`0x80` is out of the range of i8: -128 to 127",
        ),
        (
            Element::U64,
            "18446744073709551616",
            "`18446744073709551616` is out of the range of u64: 0 to 18446744073709551615",
        ),
        (
            Element::I32,
            "999999999999999999999999999999999999999999",
            "`999999999999999999999999999999999999999999` is out of the range of i32: \
             -2147483648 to 2147483647",
        ),
        (Element::I32, "1.0", "expected a whole number, found `1.0`"),
        (Element::I32, "1e3", "expected a whole number, found `1e3`"),
        (Element::I32, "", "expected a whole number, found ``"),
        (Element::I32, "--1", "expected a whole number, found `--1`"),
        (Element::I32, "0x", "expected a whole number, found `0x`"),
        (
            Element::I32,
            "0x-1",
            "expected a whole number, found `0x-1`",
        ),
        (Element::I32, "_1", "expected a whole number, found `_1`"),
        (
            Element::I32,
            "1__0",
            "expected a whole number, found `1__0`",
        ),
        (Element::I32, "1_", "expected a whole number, found `1_`"),
        (Element::I32, "١", "expected a whole number, found `١`"),
        (Element::F64, "abc", "expected a number, found `abc`"),
        (Element::F64, "+-1", "expected a number, found `+-1`"),
        (Element::F64, "1,5", "expected a number, found `1,5`"),
        (
            Element::F64,
            "\u{1b}[2J",
            "expected a number, found `\\u{1b}[2J`",
        ),
    ];
    for (element, text, message) in cases {
        assert_eq!(element.parse(text).unwrap_err().to_string(), *message);
    }
    // Infinite only where that was asked for.
    for (element, text) in [
        (Element::F64, "1e400"),
        (Element::F32, "1e39"),
        (Element::F32, "-1e39"),
    ] {
        let message = element.parse(text).unwrap_err().to_string();
        assert!(message.contains("out of the range"), "{message}");
    }
}

#[test]
fn what_is_shown() {
    let cases: &[(Value, &str, &str)] = &[
        (Value::Bool(true), "true", "true"),
        (Value::I8(-1), "-1", "-1"),
        (
            Value::U64(u64::MAX),
            "18446744073709551615",
            "18446744073709551615",
        ),
        (Value::F64(0.1), "0.1", "0.1"),
        (
            Value::F64(0.1 + 0.2),
            "0.30000000000000004",
            "0.30000000000000004",
        ),
        (Value::F64(32.0), "32", "32.0"),
        (Value::F64(-0.0), "-0", "-0.0"),
        (Value::F64(1e300), "1e300", "1e300"),
        (Value::F64(-1.5e-7), "-1.5e-7", "-1.5e-7"),
        (Value::F64(f64::INFINITY), "inf", "\"inf\""),
        (Value::F64(f64::NEG_INFINITY), "-inf", "\"-inf\""),
        (Value::F64(f64::NAN), "nan", "\"nan\""),
        (Value::F64(-f64::NAN), "nan", "\"nan\""),
        (Value::F32(0.1), "0.1", "0.1"),
        (Value::F32(f32::NAN), "nan", "\"nan\""),
        (Value::F32(f32::MAX), "3.4028235e38", "3.4028235e38"),
        (Value::Pointer(0), "null", "null"),
        (Value::Pointer(0xdead), "0xdead", "\"0xdead\""),
    ];
    for (value, shown, json) in cases {
        assert_eq!(value.to_string(), *shown);
        let found = serde_json::to_string(value).unwrap();
        assert_eq!(found.replace("e+", "e"), *json);
    }
}

#[test]
fn only_equal_numbers_are_exact() {
    let two53 = 1_i128 << 53;
    assert_eq!(
        Element::F64.exactly(Number::Whole(two53)),
        Some(Value::F64(two53 as f64))
    );
    assert_eq!(Element::F64.exactly(Number::Whole(two53 + 1)), None);
    assert_eq!(Element::F32.exactly(Number::Whole((1 << 24) + 1)), None);
    assert_eq!(Element::F32.exactly(Number::Float(0.1)), None);
    assert_eq!(Element::I64.exactly(Number::Float(1.0)), None);
    assert_eq!(Element::Bool.exactly(Number::Whole(2)), None);
}

proptest! {
    #[test]
    fn every_text_is_read_or_refused(text in "\\PC*", element in prop::sample::select(ALL.to_vec())) {
        let _ = element.parse(&text);
    }

    #[test]
    fn texts_like_numbers_too(text in "[-+]?(0x|0b)?[0-9a-f_.e+-]{0,60}", element in prop::sample::select(ALL.to_vec())) {
        if let Ok(value) = element.parse(&text) {
            prop_assert_eq!(element.value(value.bytes()).to_string(), value.to_string());
        }
    }

    #[test]
    fn what_is_shown_reads_back(bits: [u8; 8], element in prop::sample::select(ALL.to_vec())) {
        let value = element.value(bits);
        let again = element.parse(&value.to_string()).unwrap();
        // All NaNs are shown alike.
        if value.to_string() != "nan" {
            prop_assert_eq!(again.bytes(), value.bytes());
        }
    }

    #[test]
    fn json_reads_back(x: f64, y: f32) {
        let text = serde_json::to_string(&Value::F64(x)).unwrap();
        prop_assert_eq!(text.parse::<f64>().ok().or(x.is_infinite().then_some(x)), Some(x));
        let text = serde_json::to_string(&Value::F32(y)).unwrap();
        prop_assert_eq!(text.parse::<f32>().ok().or(y.is_infinite().then_some(y)), Some(y));
    }
}
