use proptest::prelude::*;

use super::*;

fn result(text: &str) -> PortableType {
    let signature: PortableSignature = format!("()->{text}").parse().expect(text);
    signature.result
}

fn tuple<const N: usize>(items: [PortableType; N]) -> PortableType {
    PortableType::Tuple {
        items: items.into(),
        names: None,
    }
}

#[test]
fn types_of_every_kind() {
    let text = "(f64,c64,array<i8,2,F,ro,ua>,(bool,(u8)),m.P(x:f64,y:opt<i64>),dt64<ns>,td64<>,\
                record{a:f64@0,b:nested<f64,2,3>@8}56/al,())->void";
    let signature: PortableSignature = text.parse().unwrap();
    assert_eq!(signature.to_string(), text);
    assert_eq!(signature.result, PortableType::Void);
    let scalar = PortableType::Scalar;
    let time = |is_difference, unit: &str| PortableType::Time {
        is_difference,
        unit: unit.to_owned(),
    };
    let expected = [
        scalar(Type::F64),
        PortableType::Complex(Type::F32),
        PortableType::Array(PortableArray {
            item: Box::new(scalar(Type::I8)),
            dimensions: 2,
            order: Order::Fortran,
            writable: false,
            aligned: false,
        }),
        tuple([scalar(Type::Bool), tuple([scalar(Type::U8)])]),
        PortableType::Tuple {
            items: vec![
                scalar(Type::F64),
                PortableType::Optional(Box::new(scalar(Type::I64))),
            ],
            names: Some(Names {
                class: "m.P".to_owned(),
                fields: ["x", "y"].map(str::to_owned).into(),
            }),
        },
        time(false, "ns"),
        time(true, ""),
        PortableType::Record(PortableRecord {
            fields: vec![
                Field {
                    name: "a".to_owned(),
                    ty: scalar(Type::F64),
                    offset: 0,
                },
                Field {
                    name: "b".to_owned(),
                    ty: PortableType::Nested {
                        item: Box::new(scalar(Type::F64)),
                        shape: vec![2, 3],
                    },
                    offset: 8,
                },
            ],
            size: 56,
            aligned: true,
        }),
        tuple([]),
    ];
    assert_eq!(signature.parameters, expected);
}

#[test]
fn types_are_written_as_they_are_read() {
    let scalars = Type::SCALARS.map(|(name, _)| name);
    // What the tests of `_portable.py` read.
    let others = [
        "c64",
        "c128",
        "void",
        "array<f64,1,C,rw,al>",
        "array<c128,3,F,ro,ua>",
        "array<record{x:f64@0,n:i32@8}16/al,2,A,rw,al>",
        "()",
        "(f64)",
        "(f64,(i64,bool))",
        "kernels.Point(x:f64,y:array<f32,1,C,rw,al>)",
        "größe.Punkt(ä:f64)",
        "m.Empty()",
        "opt<f64>",
        "opt<(i64,f64)>",
        "dt64<ns>",
        "td64<>",
        "record{grid:nested<f64,3,4>@0,at:dt64<s>@96}104/ua",
        "nested<record{}0/ua,2>",
    ];
    for text in scalars.into_iter().chain(others) {
        assert_eq!(result(text).to_string(), text);
    }
}

#[test]
fn what_is_none_is_refused() {
    let alike = "a type that every version of Numba passes alike";
    for (text, expected, rest) in [
        ("", "`(`", ""),
        ("f64", "`(`", "f64"),
        ("(f64)", "`->`", ""),
        ("(f64)->", alike, ""),
        ("(f64)->f64 ", "the end", " "),
        ("(f64->f64", "`,`", "->f64"),
        ("(f64,)->f64", alike, ")->f64"),
        ("((f64,))->f64", alike, "))->f64"),
        ("(,)->f64", alike, ",)->f64"),
        ("( f64)->f64", alike, " f64)->f64"),
        ("(f63)->f64", alike, "f63)->f64"),
        ("(numba<x>)->f64", alike, "numba<x>)->f64"),
        ("(numba(x:f64))->f64", alike, "numba(x:f64))->f64"),
        ("(array<f64,1,C,rw>)->f64", "`,`", ">)->f64"),
        (
            "(array<f64,1,D,rw,al>)->f64",
            "`C` or `F` or `A`",
            "D,rw,al>)->f64",
        ),
        (
            "(array<f64,1,C,wr,al>)->f64",
            "`rw` or `ro`",
            "wr,al>)->f64",
        ),
        ("(array<f64,1,C,rw,alx>)->f64", "`>`", "x>)->f64"),
        (
            "(array<f64,x,C,rw,al>)->f64",
            "a number",
            "x,C,rw,al>)->f64",
        ),
        (
            "(array<f64,+1,C,rw,al>)->f64",
            "a number",
            "+1,C,rw,al>)->f64",
        ),
        (
            "(array<f64,65,C,rw,al>)->f64",
            "at most 64 dimensions",
            "65,C,rw,al>)->f64",
        ),
        ("(array(x:f64))->f64", "`<`", "(x:f64))->f64"),
        ("(record{a:f64}8/al)->f64", "`@`", "}8/al)->f64"),
        ("(record{a b:f64@0}8/al)->f64", "`:`", " b:f64@0}8/al)->f64"),
        (
            "(record{a:numba<x>@0}8/al)->f64",
            alike,
            "numba<x>@0}8/al)->f64",
        ),
        (
            "(record{}4294967296/al)->f64",
            "a number",
            "4294967296/al)->f64",
        ),
        ("(nested<f64,2,>)->f64", "a number", ">)->f64"),
        ("(m.P(x:f64)->f64", "`,`", "->f64"),
        ("(m.P(f64))->f64", "`:`", "))->f64"),
        ("(opt<f64)->void", "`>`", ")->void"),
        ("(dt64)->void", "`<`", ")->void"),
        ("(é)->void", alike, "é)->void"),
        ("(f64\u{1b}[2J)->void", "`,`", "\\u{1b}[2J)->void"),
    ] {
        let error = text.parse::<PortableSignature>().expect_err(text);
        assert_eq!((&*error.expected, &*error.rest), (expected, rest), "{text}");
    }
    let error = "(f46)->f64".parse::<PortableSignature>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`(f46)->f64` is no portable signature: expected a type that every version of Numba passes \
         alike at `f46)->f64`"
    );
}

#[test]
fn types_nest_no_deeper_than_the_limit() {
    for (open, close) in [
        ("(", ")"),
        ("opt<", ">"),
        ("array<", ",1,C,rw,al>"),
        ("m.P(x:", ")"),
        ("record{x:", "@0}8/al"),
        ("nested<", ",1>"),
    ] {
        let nested = |n: usize| format!("()->{}f64{}", open.repeat(n), close.repeat(n));
        nested(16).parse::<PortableSignature>().unwrap();
        for n in [17, 100_000] {
            let error = nested(n).parse::<PortableSignature>().unwrap_err();
            assert_eq!(error.expected, "types that are less nested", "{open}");
            assert!(error.to_string().len() < 500, "{error}");
        }
    }
}

#[test]
fn sizes_are_those_of_c() {
    for (text, size, align) in [
        ("bool", 1, 1),
        ("c64", 8, 4),
        ("c128", 16, 8),
        ("dt64<D>", 8, 8),
        ("array<f32,0,C,rw,al>", 40, 8),
        ("array<f32,2,C,rw,al>", 72, 8),
        ("(i8,i32,i8)", 12, 4),
        ("(i8,(i8,f64),i16)", 32, 8),
        ("opt<f64>", 16, 8),
        ("opt<i8>", 2, 1),
        ("m.P(a:i8,b:i64)", 16, 8),
        ("record{a:i8@0,b:f64@1}9/ua", 9, 1),
        ("nested<i16,2,3>", 12, 2),
        ("void", 8, 8),
        ("()", 0, 1),
        ("opt<nested<f64,4294967295,4294967295>>", usize::MAX, 8),
    ] {
        assert_eq!(result(text).layout(), Layout { size, align }, "{text}");
    }
    let (places, _) = in_a_row(&[result("i8"), result("f64"), result("i16")]);
    assert_eq!(places, [0, 8, 16]);
}

/// Any type, nested a few deep.
fn types() -> impl Strategy<Value = PortableType> {
    let scalars = prop::sample::select(Type::SCALARS.to_vec());
    let time = (any::<bool>(), "[a-zA-Z]{0,2}");
    let leaf = prop_oneof![
        scalars.prop_map(|(_, scalar)| PortableType::Scalar(scalar)),
        prop_oneof![Just(Type::F32), Just(Type::F64)].prop_map(PortableType::Complex),
        Just(PortableType::Void),
        time.prop_map(|(is_difference, unit)| PortableType::Time {
            is_difference,
            unit
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let item = inner.clone().prop_map(Box::new);
        let order = prop_oneof![Just(Order::C), Just(Order::Fortran), Just(Order::Any)];
        let array = (item.clone(), 0..=64usize, order, any::<[bool; 2]>());
        let named = prop::collection::vec(("[a-zä_][a-z0-9_]{0,4}", inner.clone()), 0..4);
        let offset = (0..=u32::MAX).prop_map(|n| n as usize);
        let field = ("[a-z_][a-z0-9_]{0,4}", inner.clone(), offset.clone())
            .prop_map(|(name, ty, offset)| Field { name, ty, offset });
        let fields = prop::collection::vec(field, 0..4);
        prop_oneof![
            array.prop_map(|(item, dimensions, order, [writable, aligned])| {
                PortableType::Array(PortableArray {
                    item,
                    dimensions,
                    order,
                    writable,
                    aligned,
                })
            }),
            prop::collection::vec(inner, 0..4)
                .prop_map(|items| PortableType::Tuple { items, names: None }),
            ("[a-z]{1,3}\\.[A-Z][a-z]{0,4}", named).prop_map(|(class, named)| {
                let (fields, items) = named.into_iter().unzip();
                let names = Some(Names { class, fields });
                PortableType::Tuple { items, names }
            }),
            item.clone().prop_map(PortableType::Optional),
            (fields, offset.clone(), any::<bool>()).prop_map(|(fields, size, aligned)| {
                PortableType::Record(PortableRecord {
                    fields,
                    size,
                    aligned,
                })
            }),
            (item, prop::collection::vec(offset, 0..3))
                .prop_map(|(item, shape)| PortableType::Nested { item, shape }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        parameters in prop::collection::vec(types(), 0..4),
        result in types(),
    ) {
        let signature = PortableSignature { parameters, result };
        let read: PortableSignature = signature.to_string().parse().unwrap();
        prop_assert_eq!(&read, &signature);
        // Whatever the numbers are, no size overflows.
        let _ = in_a_row(&signature.parameters);
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = text.parse::<PortableSignature>();
    }

    #[test]
    fn no_near_signature_panics(
        text in "\\((f64|i8|array<|record\\{|nested<|opt<|dt64<|m\\.P\\(|x:|@|[0-9(),<>}/]|,C,rw,al>){0,12}\\)->f64",
    ) {
        if let Ok(signature) = text.parse::<PortableSignature>() {
            prop_assert_eq!(signature.to_string().parse(), Ok(signature));
        }
    }
}
