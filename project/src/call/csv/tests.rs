use proptest::prelude::*;

use super::*;

fn read(text: &str, column: &str) -> Result<String, String> {
    parse(text.as_bytes(), Some(column), Element::F64)
        .map(|array| array.display(None).to_string())
        .map_err(|(line, error)| match line {
            Some(line) => format!("{line}: {error}"),
            None => error.to_string(),
        })
}

#[test]
fn columns() {
    let cases = [
        ("a,b\n1,2\n3,4\n", "b", "[2, 4]"),
        ("a,b\r\n1,2\r\n3,4", "a", "[1, 3]"),
        ("a\n", "a", "[]"),
        ("a", "a", "[]"),
        ("\n\na\n\n1\n\n", "a", "[1]"),
        ("\u{feff}a,b\n1,2\n", "a", "[1]"),
        ("\u{feff}\"a\",b\n1,2\n", "a", "[1]"),
        ("\"a, \"\"b\"\"\",c\n1,2\n", "a, \"b\"", "[1]"),
        ("\"two\nlines\",b\n\"1\",\"2\"\n", "two\nlines", "[1]"),
        (" a , b \n 1 , 2 \n", "b", "[2]"),
        ("text,b\n\"x\ny\",2\n,3\n", "b", "[2, 3]"),
        ("\"a\" ,b\n\"1\" ,nan\n", "b", "[nan]"),
        ("a,b:c\n1,2\n", "b:c", "[2]"),
        (",b\n1,2\n", "", "[1]"),
    ];
    for (text, column, shown) in cases {
        assert_eq!(read(text, column).as_deref(), Ok(shown), "{text:?}");
    }
}

#[test]
fn faults() {
    let cases = [
        ("", "a", "no line with the names of the columns"),
        ("\n\n", "a", "no line with the names of the columns"),
        ("a,b\n1,2\n", "c", "no column `c`; there are `a`, `b`"),
        ("a\n1\n", "c", "no column `c`; there is `a`"),
        ("a,a\n1,2\n", "a", "1: several columns are named `a`"),
        ("a,b\n1,2\n3,x\n", "b", "3: expected a number, found `x`"),
        ("a,b\n1,2\n3,\n", "b", "3: expected a number, found ``"),
        (
            "a,b\n\n\"x\ny\",2\n\n1,z\n",
            "b",
            "6: expected a number, found `z`",
        ),
        ("a,b\n1\n", "a", "2: expected 2 values, found 1"),
        ("a\n1,2\n", "a", "2: expected 1 value, found 2"),
        ("a\n1\"2\n", "a", "2: a quote inside a value without quotes"),
        ("a\n\"1\"2\n", "a", "2: text behind a closing quote"),
        ("a\n1\n\"2\n3\n", "a", "3: a quote that is not closed"),
    ];
    for (text, column, message) in cases {
        assert_eq!(read(text, column), Err(message.to_owned()), "{text:?}");
    }
    let fault = parse(&b"a\n\xff\n"[..], Some("a"), Element::F64).unwrap_err();
    assert_eq!(
        (fault.0, fault.1.to_string()),
        (Some(2), "not UTF-8 text".to_owned())
    );
    let fault = parse(&b"a,b\n"[..], None, Element::F64).unwrap_err();
    assert_eq!(
        fault.1.to_string(),
        "which column? Write `:NAME` behind the file's name; there are `a`, `b`"
    );
}

#[test]
fn memory_is_bounded() {
    /// A file that never ends.
    struct Endless(&'static [u8]);
    impl io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for (i, byte) in buffer.iter_mut().enumerate() {
                *byte = self.0[i % self.0.len()];
            }
            Ok(buffer.len() / self.0.len() * self.0.len())
        }
    }
    for pattern in [&b"aaaaaaaa"[..], b"\"aaa\naa\"", b"aaaaaa,a"] {
        let reader = BufReader::with_capacity(8192, Endless(pattern));
        let (_, error) = parse(reader, Some("a"), Element::F64).unwrap_err();
        assert!(
            matches!(error, CsvError::TooLong(_) | CsvError::Quotes(_)),
            "{error}"
        );
    }
    let many = format!("{}\n", vec!["c"; 100].join(","));
    let (_, error) = parse(many.as_bytes(), Some("x"), Element::F64).unwrap_err();
    assert!(error.to_string().ends_with("and 80 more"), "{error}");
}

proptest! {
    #[test]
    fn every_file_is_read_or_refused(bytes: Vec<u8>, column in "\\PC{0,3}") {
        let _ = parse(&bytes[..], Some(&column), Element::F64);
    }

    #[test]
    fn files_like_csv_too(text in "a,b\n[\"ab,0-9 \r\n]{0,60}") {
        let _ = parse(text.as_bytes(), Some("b"), Element::I32);
    }

    #[test]
    fn what_is_quoted_reads_back(rows in prop::collection::vec(("[a\",\n ]{0,8}", any::<i32>()), 0..20)) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = "\"t\",n\r\n".to_owned();
        for (label, number) in &rows {
            text.push_str(&format!("{},{number}\r\n", quoted(label)));
        }
        let array = parse(text.as_bytes(), Some("n"), Element::I32)
            .map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        prop_assert!(array.iter().eq(rows.iter().map(|row| row.1.into())));
    }
}
