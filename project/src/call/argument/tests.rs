use super::*;

/// Reads one argument of a type, in a folder with some files.
fn read(ty: &str, text: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(
        folder.path().join("data.csv"),
        "YEAR,\"GNP\"\n1947,234289\n1948,259426\n",
    )
    .unwrap();
    fs_err::write(folder.path().join("broken.csv"), "x\n1\ntwo\n").unwrap();
    fs_err::write(folder.path().join("broken.npy"), "text").unwrap();
    fs_err::create_dir(folder.path().join("folder.npy")).unwrap();
    let signature: Signature = format!("fn(x: {ty})").parse().unwrap();
    let texts = [text.to_owned()];
    let arguments = Arguments::read(&signature, &texts, folder.path()).map_err(|error| {
        let place = format!("{}/", folder.path().display());
        error.to_string().replace(&place, "")
    })?;
    Ok(match &arguments.values[0] {
        Argument::Value(value) => value.to_string(),
        Argument::Array(array) => array.display(None).to_string(),
        Argument::Structure(_) => unreachable!("of Numba's functions only"),
    })
}

#[test]
fn what_fits() {
    let cases = [
        ("f64", " 0.5 ", "0.5"),
        ("bool", "true", "true"),
        ("*const f64", "[1, 2]", "[1, 2]"),
        ("*mut f64", "zeros(2)", "[0, 0]"),
        ("*const f64", "5", "[5]"),
        ("*const bool", "true", "[true]"),
        ("*mut i32", "null", "null"),
        ("*const c_void", "null", "null"),
        ("*mut Matrix", "null", "null"),
        ("*const *const f64", "null", "null"),
        ("extern \"C\" fn(f64) -> f64", "null", "null"),
        ("*const u8", "\"hi\"", "[104, 105, 0]"),
        ("*const f64", "@data.csv:GNP", "[234289, 259426]"),
        ("*const u16", "@data.csv:YEAR", "[1947, 1948]"),
    ];
    for (ty, text, shown) in cases {
        assert_eq!(read(ty, text).as_deref(), Ok(shown), "{ty} {text}");
    }
}

#[test]
fn what_does_not() {
    let cases = [
        ("u8", "300", "`300` is out of the range of u8: 0 to 255"),
        ("f64", "[1]", "expected a number, found `[1]`"),
        ("f64", "null", "expected a number, found `null`"),
        (
            "f64",
            "@data.csv:GNP",
            "expected a number, found `@data.csv:GNP`",
        ),
        (
            "*const f64",
            "abc",
            "expected values of type f64: `[...]`, `zeros(LENGTH)`, `@FILE.npy`, \
             `@FILE.csv:COLUMN` or `null`, found `abc`",
        ),
        (
            "*const u8",
            "[1,300]",
            "element 1 (from 0): `300` is out of the range of u8: 0 to 255",
        ),
        (
            "*const c_void",
            "[1]",
            "a pointer to something of unknown type can only be `null` here, found `[1]`",
        ),
        (
            "*mut Matrix",
            "[1]",
            "a pointer to `Matrix`, whose layout is not known, can only be `null` here, found `[1]`",
        ),
        (
            "*mut *const f64",
            "[[1]]",
            "a pointer to `*const f64` can only be `null` here, found `[[1]]`",
        ),
        (
            "extern \"C\" fn(f64) -> f64",
            "sin",
            "a function pointer can only be `null` here, found `sin`",
        ),
        (
            "*const f64",
            "@data.txt",
            "`@data.txt` names neither an array (`@x.npy`) nor a column (`@data.csv:NAME`)",
        ),
        (
            "*const f64",
            "@data.csv",
            "data.csv: which column? Write `:NAME` behind the file's name; there are `YEAR`, `GNP`",
        ),
        (
            "*const f64",
            "@data.csv:CPI",
            "data.csv: no column `CPI`; there are `YEAR`, `GNP`",
        ),
        (
            "*const u8",
            "@data.csv:GNP",
            "data.csv:2: `234289` is out of the range of u8: 0 to 255",
        ),
        (
            "*const f64",
            "@broken.csv:x",
            "broken.csv:3: expected a number, found `two`",
        ),
        (
            "*const f64",
            "@broken.npy",
            "broken.npy: not a .npy file: it does not begin with \\x93NUMPY",
        ),
        (
            "*const f64",
            "@folder.npy",
            "folder.npy is not a regular file",
        ),
    ];
    for (ty, text, reason) in cases {
        assert_eq!(
            read(ty, text),
            Err(format!("argument 1 (`x: {ty}`): {reason}"))
        );
    }
    let missing = read("*const f64", "@missing.npy").unwrap_err();
    assert!(missing.contains("missing.npy"), "{missing}");
    assert!(read("*const f64", "@/dev/zero.npy").is_err());
}

#[test]
fn a_wrong_number_shows_the_signature() {
    let count = |signature: &str, found: usize| {
        let signature: Signature = signature.parse().unwrap();
        let texts = vec!["1".to_owned(); found];
        Arguments::read(&signature, &texts, Path::new("."))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        count("fn(n: u64, x: *const f64) -> f64", 3),
        "expected 2 arguments, found 3: fn(n: u64, x: *const f64) -> f64"
    );
    assert_eq!(count("fn(f64)", 0), "expected 1 argument, found 0: fn(f64)");
    assert_eq!(count("fn()", 1), "expected no arguments, found 1: fn()");
}

#[test]
fn the_position_counts_where_there_is_no_name() {
    let signature: Signature = "fn(f64, u8)".parse().unwrap();
    let texts = ["1".to_owned(), "x".to_owned()];
    let error = Arguments::read(&signature, &texts, Path::new(".")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "argument 2 (`u8`): expected a whole number, found `x`"
    );
}

#[test]
fn paths_may_have_colons_and_columns_too() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a:b.CSV"), "c:d\n7\n").unwrap();
    let array = file(Element::I8, "a:b.CSV:c:d", folder.path()).unwrap();
    assert_eq!(array.display(None).to_string(), "[7]");
}
