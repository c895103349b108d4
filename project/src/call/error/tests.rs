use super::*;

#[test]
fn long_and_wild_texts_are_shortened() {
    assert_eq!(shortened("a \"b\" 'c'"), "a \"b\" 'c'");
    assert_eq!(shortened("\u{1b}[31m"), "\\u{1b}[31m");
    assert_eq!(shortened("one\ntwo"), "one\\ntwo");
    let long = shortened(&"é".repeat(1000));
    assert_eq!(long, format!("{}…", "é".repeat(60)));
}

#[test]
fn hints() {
    let ambiguous = CallError::Ambiguous {
        function: "f".to_owned(),
        signatures: vec!["fn(x: f64)".to_owned()],
        choice: "fn(f64)".to_owned(),
    };
    assert_eq!(
        ambiguous.hint().unwrap(),
        "choose one with `--signature`, such as `--signature 'fn(f64)'`"
    );
    let column = ArgumentError::Csv {
        path: "data.csv".into(),
        line: None,
        reason: Box::new(CsvError::Column {
            wanted: "gnp".to_owned(),
            columns: vec!["YEAR".to_owned(), "GNP".to_owned()],
        }),
    };
    assert_eq!(
        column.to_string(),
        "data.csv: no column `gnp`; there are `YEAR`, `GNP`"
    );
    assert_eq!(column.hint().unwrap(), "did you mean `GNP`?");
}
