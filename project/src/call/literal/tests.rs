use proptest::prelude::*;

use super::*;

fn read(text: &str, element: Element) -> Result<String, String> {
    match parse(text, element) {
        Ok(Some(array)) => Ok(array.display(None).to_string()),
        Ok(None) => Ok("none".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn arrays() {
    let cases = [
        ("[]", "[]"),
        ("[ ]", "[]"),
        ("[1]", "[1]"),
        ("[1,2,3]", "[1, 2, 3]"),
        (" [1]", "none"),
        ("[ 1 , -2.5e3,\t3 , ] ", "[1, -2500, 3]"),
        ("[[1,2],[3,4]]", "[1, 2, 3, 4]"),
        ("[[[1],[2]],[[3],[4]]]", "[1, 2, 3, 4]"),
        ("[[],[]]", "[]"),
        ("[0;4]", "[0, 0, 0, 0]"),
        ("[[1, 2]; 2]", "[1, 2, 1, 2]"),
        ("[[0; 2]; 3]", "[0, 0, 0, 0, 0, 0]"),
        ("[[9; 2], [1, 2]]", "[9, 9, 1, 2]"),
        ("[5; 0]", "[]"),
        ("[[]; 1000000000000]", "[]"),
        ("zeros(3)", "[0, 0, 0]"),
        ("zeros( 2, 2 )", "[0, 0, 0, 0]"),
        ("zeros(1_0,0)", "[]"),
        ("zeros:3", "[0, 0, 0]"),
        ("zeros:1,2", "[0, 0]"),
        ("5", "none"),
        ("", "none"),
    ];
    for (text, shown) in cases {
        assert_eq!(read(text, Element::F64).as_deref(), Ok(shown), "{text}");
    }
}

#[test]
fn broken_arrays() {
    let cases = [
        (
            "[",
            "character 2 of the array: expected a value or `]`, found the end",
        ),
        (
            "[1",
            "character 3 of the array: expected `,` or `]`, found the end",
        ),
        (
            "[1,",
            "character 4 of the array: expected a value or `]`, found the end",
        ),
        (
            "[1,,2]",
            "character 4 of the array: expected a value or `]`, found `,`",
        ),
        (
            "[1]]",
            "character 4 of the array: expected nothing after the last `]`, found `]`",
        ),
        (
            "[1]x",
            "character 4 of the array: expected nothing after the last `]`, found `x`",
        ),
        (
            "[1 2]",
            "element 0 (from 0): expected a number, found `1 2`",
        ),
        (
            "[1,2,x]",
            "element 2 (from 0): expected a number, found `x`",
        ),
        (
            "[[1,2],[3]]",
            "character 8 of the array: expected an item as long as those before it, found `[`",
        ),
        (
            "[1,[2]]",
            "character 4 of the array: expected an item as long as those before it, found `[`",
        ),
        (
            "[1;x]",
            "character 4 of the array: expected how often to repeat, found `x`",
        ),
        (
            "[1;-1]",
            "character 4 of the array: expected how often to repeat, found `-`",
        ),
        (
            "[1;2,3]",
            "character 5 of the array: expected `]`, found `,`",
        ),
        (
            "[1,2;3]",
            "character 5 of the array: expected `,` or `]`, found `;`",
        ),
        ("[é,1]", "element 0 (from 0): expected a number, found `é`"),
        (
            "[1,2]é",
            "character 6 of the array: expected nothing after the last `]`, found `é`",
        ),
        (
            "zeros(",
            "expected `zeros(LENGTH)` or `zeros(ROWS, COLUMNS)`, found `zeros(`",
        ),
        (
            "zeros()",
            "expected `zeros(LENGTH)` or `zeros(ROWS, COLUMNS)`, found `zeros()`",
        ),
        (
            "zeros(-1)",
            "expected `zeros(LENGTH)` or `zeros(ROWS, COLUMNS)`, found `zeros(-1)`",
        ),
        (
            "[0; 99999999999]",
            "99999999999 values of type f64 do not fit in memory (at most 4294967296 bytes)",
        ),
        (
            "zeros(600000000)",
            "600000000 values of type f64 do not fit in memory (at most 4294967296 bytes)",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(read(text, Element::F64), Err(message.to_owned()), "{text}");
    }
    assert!(read(&format!("zeros({})", "9".repeat(60)), Element::U8).is_err());
    let deep = read(&"[".repeat(100_000), Element::U8).unwrap_err();
    assert!(deep.contains("no more than 32 brackets"), "{deep}");
    let fits = format!("{}1{}", "[".repeat(32), "]".repeat(32));
    assert_eq!(read(&fits, Element::U8).as_deref(), Ok("[1]"));
}

#[test]
fn strings() {
    let read = |text| read(text, Element::U8);
    assert_eq!(read(r#""""#).as_deref(), Ok("[0]"));
    assert_eq!(read(r#""Aé""#).as_deref(), Ok("[65, 195, 169, 0]"));
    assert_eq!(
        read(r#""\n\r\t\0\\\"\xfF""#).as_deref(),
        Ok("[10, 13, 9, 0, 92, 34, 255, 0]")
    );
    for broken in [
        r#"""#,
        r#""a"#,
        r#""a"b""#,
        r#""\q""#,
        r#""\x1""#,
        r#""\x+1""#,
        r#""\"#,
    ] {
        assert!(read(broken).is_err(), "{broken}");
    }
    assert_eq!(
        super::parse(r#""ÿ""#, Element::I8).unwrap().unwrap().len(),
        3
    );
    assert!(super::parse(r#""text""#, Element::F64).is_err());
}

proptest! {
    #[test]
    fn every_text_is_read_or_refused(text in "\\PC*") {
        let _ = parse(&text, Element::F64);
        let _ = parse(&format!("[{text}"), Element::U8);
        let _ = parse(&format!("\"{text}\""), Element::U8);
        let _ = parse(&format!("zeros({text})"), Element::U8);
        let _ = parse(&format!("zeros:{text}"), Element::U8);
    }

    #[test]
    fn texts_like_arrays_too(text in "\\[[\\[\\], 0-9;.-]{0,40}") {
        let short = without_large_counts(&text);
        let _ = parse(&short, Element::U8);
    }

    #[test]
    fn what_is_shown_reads_back(values: Vec<i32>) {
        let mut array = Array::new(Element::I32);
        for value in values {
            array.push(value.into()).unwrap();
        }
        let again = parse(&array.display(None).to_string(), Element::I32).unwrap().unwrap();
        prop_assert_eq!(again, array);
    }
}

/// Large repetitions are allowed, but a test need not wait for them.
fn without_large_counts(text: &str) -> String {
    let mut run = 0;
    text.chars()
        .filter(|c| {
            run = if c.is_ascii_digit() { run + 1 } else { 0 };
            run <= 2
        })
        .take(20)
        .collect()
}
