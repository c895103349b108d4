use proptest::prelude::*;

use super::*;

/// A file as NumPy writes it.
fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    let mut header = header.to_owned();
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    if version == 1 {
        bytes.extend((header.len() as u16).to_le_bytes());
    } else {
        bytes.extend((header.len() as u32).to_le_bytes());
    }
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
}

fn read(bytes: &[u8], element: Element) -> Result<String, String> {
    parse(bytes, bytes.len() as u64, element)
        .map(|array| array.display(None).to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn versions_shapes_and_byte_orders() {
    let little: Vec<u8> = [1.5_f64, -2.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let big: Vec<u8> = [1.5_f64, -2.0]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    for version in [1, 2, 3] {
        for shape in ["(2,)", "(2, 1)", "(1, 2)", "(1,1,2)", "(2L,)"] {
            let file = file(version, &header("<f8", shape), &little);
            assert_eq!(
                read(&file, Element::F64).as_deref(),
                Ok("[1.5, -2]"),
                "{shape}"
            );
        }
        let file = file(version, &header(">f8", "(2,)"), &big);
        assert_eq!(read(&file, Element::F64).as_deref(), Ok("[1.5, -2]"));
    }
    let scalar = file(1, &header("<f8", "()"), &little[..8]);
    assert_eq!(read(&scalar, Element::F64).as_deref(), Ok("[1.5]"));
    let empty = file(1, &header("<f8", "(3, 0)"), &[]);
    assert_eq!(read(&empty, Element::F64).as_deref(), Ok("[]"));
    // Other spellings of the same header.
    let odd = "{\"shape\":(2,),'fortran_order':True,\"descr\":\"<f8\"}";
    assert_eq!(
        read(&file(1, odd, &little), Element::F64).as_deref(),
        Ok("[1.5, -2]")
    );
}

#[test]
fn bytes_of_numpy() {
    // numpy.save of numpy.array([1, 2, 3], dtype=numpy.int16), NumPy 2.
    let mut bytes =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"
            .to_vec();
    bytes.resize(127, b' ');
    bytes.extend(b"\n\x01\x00\x02\x00\x03\x00");
    assert_eq!(read(&bytes, Element::I16).as_deref(), Ok("[1, 2, 3]"));
}

#[test]
fn conversions() {
    // (dtype, bytes, what they are, the types that take them)
    let all = "bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64";
    let cases: &[(&str, &[u8], &str, &str)] = &[
        ("|b1", &[1], "1", all),
        ("|i1", &[0xff], "-1", "i8 i16 i32 i64 f32 f64"),
        ("<i2", &[0xfe, 0xff], "-2", "i16 i32 i64 f32 f64"),
        (">i4", &[0, 0, 1, 0], "256", "i32 i64 f64"),
        ("<i8", &[3, 0, 0, 0, 0, 0, 0, 0], "3", "i64 f64"),
        ("|u1", &[200], "200", "u8 u16 u32 u64 i16 i32 i64 f32 f64"),
        ("<u2", &[1, 0], "1", "u16 u32 u64 i32 i64 f32 f64"),
        ("<u4", &[1, 0, 0, 0], "1", "u32 u64 i64 f64"),
        (">u8", &[0, 0, 0, 0, 0, 0, 0, 9], "9", "u64 f64"),
        ("<f2", &[0x00, 0x3c], "1", "f32 f64"),
        ("<f4", &[0, 0, 0x80, 0x3f], "1", "f32 f64"),
        ("=f8", &1.0_f64.to_ne_bytes(), "1", "f64"),
    ];
    let elements = puck_package::Type::SCALARS.map(|(_, ty)| Element::of(&ty).unwrap());
    for (descr, data, shown, fitting) in cases {
        let file = file(1, &header(descr, "(1,)"), data);
        for element in elements {
            let found = read(&file, element);
            if fitting.split(' ').any(|name| name == element.name()) {
                let shown = if element == Element::Bool {
                    "true"
                } else {
                    shown
                };
                assert_eq!(found, Ok(format!("[{shown}]")), "{descr} as {element}");
            } else {
                let message = found.unwrap_err();
                assert!(
                    message.contains(&format!("does not fit {element}")),
                    "{message}"
                );
            }
        }
    }
}

#[test]
fn half_precision() {
    let cases: [(u16, &str); 9] = [
        (0x0000, "0"),
        (0x8000, "-0"),
        (0x3555, "0.33325195"),
        (0xc000, "-2"),
        (0x7bff, "65504"),
        (0x0001, "5.9604645e-8"),
        (0x0400, "0.000061035156"),
        (0xfc00, "-inf"),
        (0x7e00, "nan"),
    ];
    for (bits, shown) in cases {
        let file = file(1, &header("<f2", "(1,)"), &bits.to_le_bytes());
        assert_eq!(
            read(&file, Element::F32),
            Ok(format!("[{shown}]")),
            "{bits:#x}"
        );
    }
}

#[test]
fn rounding_is_refused() {
    let mut data = 5_i64.to_le_bytes().to_vec();
    data.extend(((1_i64 << 53) + 1).to_le_bytes());
    let file = file(1, &header("<i8", "(2,)"), &data);
    assert_eq!(
        read(&file, Element::F64).unwrap_err(),
        "element 1 (from 0), 9007199254740993, would be rounded: no f64 is equal to it"
    );
}

#[test]
fn refusals() {
    let cases = [
        (header("<c16", "(1,)"), "dtype `<c16` is complex;"),
        (header("|O", "(1,)"), "dtype `|O` is an object of Python;"),
        (header("<U5", "(1,)"), "dtype `<U5` is a string;"),
        (header("<M8[ns]", "(1,)"), "dtype `<M8[ns]` is a time;"),
        (header("|V8", "(1,)"), "dtype `|V8` is a structure;"),
        (header("<f16", "(1,)"), "dtype `<f16` is a float of a size"),
        (header("", "(1,)"), "dtype `` is not known;"),
        (header("<é", "(1,)"), "dtype `<é` is not known;"),
        (
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }".to_owned(),
            "is a structure;",
        ),
        (
            "{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }".to_owned(),
            "Fortran order",
        ),
        (
            header("<f8", "(2,)"),
            "the header promises 16 bytes of values, the file has 8",
        ),
        (header("<f8", "()")[1..].to_owned(), "expected `{`"),
        (header("<f8", "(1 2"), "expected `,` or `)`, found `2, }`"),
        (header("<f8", "(-1,)"), "expected a length, found `-1,"),
        (
            header("<f8", &format!("({},)", "9".repeat(40))),
            "expected a length",
        ),
        (
            header(
                "<f8",
                "(99999999999999999999, 99999999999999999999, 99999999999999999999)",
            ),
            "the header promises 340282366920938463463374607431768211455 bytes",
        ),
        ("{}".to_owned(), "`descr` is missing"),
        (
            "{'descr': '<f8', 'shape': ()}".to_owned(),
            "`fortran_order` is missing",
        ),
        ("{'other': 1}".to_owned(), "expected no key `other`"),
        ("{'descr': '<f8".to_owned(), "expected a string that ends"),
        (
            "{'fortran_order': 0}".to_owned(),
            "expected `True` or `False`",
        ),
        (
            format!("{} x", header("<f8", "()")),
            "expected nothing after the `}`",
        ),
    ];
    for (header, message) in cases {
        let found = read(&file(1, &header, &[0; 8]), Element::F64).unwrap_err();
        assert!(found.contains(message), "{header}: {found}");
    }
}

#[test]
fn broken_beginnings() {
    for bytes in [
        &b""[..],
        b"PK\x03\x04",
        b"\x93NUMPY",
        b"\x93numpy\x01\x00\x00\x00",
    ] {
        assert_eq!(
            read(bytes, Element::F64).unwrap_err(),
            NpyError::Magic.to_string()
        );
    }
    assert_eq!(
        read(&file(4, "{}", &[]), Element::F64).unwrap_err(),
        ".npy format 4.0 is not known; 1.0, 2.0 and 3.0 are"
    );
    let mut huge = file(2, &header("<f8", "(1,)"), &[0; 8]);
    huge[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    let message = read(&huge, Element::F64).unwrap_err();
    assert!(
        message.contains("4294967295 bytes of it in a file of"),
        "{message}"
    );
}

#[test]
fn a_promise_takes_no_memory() {
    // A sparse file may be as large as its header says, and still be too much.
    let header = file(1, &header("|u1", "(5000000000,)"), &[]);
    let size = header.len() as u64 + 5_000_000_000;
    let error = parse(&header[..], size, Element::U8).unwrap_err();
    assert!(matches!(error, NpyError::TooLarge(_)), "{error}");
    // And one that is shorter than it was said to be is an error, not a panic.
    let error = parse(&header[..], header.len() as u64, Element::U8).unwrap_err();
    assert!(matches!(error, NpyError::Size { .. }), "{error}");
}

#[test]
fn hints_name_the_cast() {
    let file = file(1, &header("<f8", "(1,)"), &[0; 8]);
    let error = parse(&file[..], file.len() as u64, Element::F32).unwrap_err();
    assert_eq!(
        error.to_string(),
        "dtype float64 does not fit f32: not every float64 is an f32"
    );
    assert_eq!(
        error.hint().unwrap(),
        "save `a.astype(numpy.float32)` if rounding is meant"
    );
}

proptest! {
    #[test]
    fn every_file_is_read_or_refused(bytes: Vec<u8>) {
        let _ = read(&bytes, Element::F64);
        let mut marked = b"\x93NUMPY\x01\x00".to_vec();
        marked.extend(bytes);
        let _ = read(&marked, Element::F64);
    }

    #[test]
    fn every_header_is_read_or_refused(header in "\\PC{0,60}", data: Vec<u8>) {
        let _ = read(&file(1, &header, &data), Element::I32);
        let _ = read(&file(3, &format!("{{{header}}}"), &data), Element::I32);
    }

    #[test]
    fn damage_is_read_or_refused(at in 0_usize..160, byte: u8) {
        let mut bytes = file(1, &header("<f8", "(2, 2)"), &[0; 32]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes, Element::F64);
        let _ = read(&bytes[..at], Element::F64);
    }

    #[test]
    fn values_are_kept(values: Vec<f64>, big: bool) {
        let bytes = |x: &f64| if big { x.to_be_bytes() } else { x.to_le_bytes() };
        let data: Vec<u8> = values.iter().flat_map(bytes).collect();
        let descr = if big { ">f8" } else { "<f8" };
        let file = file(1, &header(descr, &format!("({},)", values.len())), &data);
        let array = parse(&file[..], file.len() as u64, Element::F64).unwrap();
        let found = array.iter().map(super::super::Value::bytes);
        prop_assert!(found.eq(values.iter().map(|x| x.to_ne_bytes())));
    }
}
