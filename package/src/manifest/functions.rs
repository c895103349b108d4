//! `[[function]]`: what is exported, under which names and types.

use super::{FunctionSection, ManifestError};
use crate::Signature;
use crate::name::is_identifier;
use crate::positioned::{Table, Value};

/// Reads the tables; `is_crate` where a crate is what is built, which has no functions of Numba.
pub(super) fn functions(
    value: Value<'_, '_>,
    is_crate: bool,
) -> Result<Vec<FunctionSection>, ManifestError> {
    let mut functions: Vec<FunctionSection> = Vec::new();
    for item in value.array()? {
        let table = item.table("[[function]]")?;
        let function = function(&table, is_crate)?;
        if functions.iter().any(|other| is_same(other, &function)) {
            return Err(table.error(format!(
                "[[function]] `{}` is listed twice; overloads need different signatures",
                function.name
            )));
        }
        functions.push(function);
    }
    Ok(functions)
}

fn function(table: &Table<'_, '_>, is_crate: bool) -> Result<FunctionSection, ManifestError> {
    table.expect_keys(&["name", "symbol", "signature", "numba", "doc"])?;
    let function = FunctionSection {
        name: table.required("name")?.parse()?,
        symbol: table.or_default("symbol", |value| value.string().map(Some))?,
        signature: table.or_default("signature", |value| value.parse().map(Some))?,
        numba: table.or_default("numba", numba)?,
        doc: table.or_default("doc", |value| value.string().map(Some))?,
    };
    let Some(value) = table.get("numba") else {
        return Ok(function);
    };
    if is_crate {
        return Err(value.error("a crate has no functions that Numba compiles"));
    }
    if function.signature.is_some() {
        return Err(value.error(
            "`signature` says the same in C's types; a function that Numba compiles has only \
             `numba`, from which its C types follow",
        ));
    }
    if let (Some(symbol), Some(value)) = (&function.symbol, table.get("symbol"))
        && !symbol.split('.').all(is_identifier)
    {
        return Err(value.error(&format!(
            "`{symbol}` names no function of Python; expected `name` or `module.name`"
        )));
    }
    Ok(function)
}

/// One signature, or several.
fn numba(value: Value<'_, '_>) -> Result<Vec<String>, ManifestError> {
    let nothing = value.error("expected a signature such as \"float64(float64[::1], int64)\"");
    let texts = match value.is_string() {
        true => vec![value.string()?],
        false => value
            .array_or("a signature such as \"float64(int64)\", or an array of such")?
            .into_iter()
            .map(Value::string)
            .collect::<Result<_, _>>()?,
    };
    // What it means is for Numba to say, where it is compiled.
    if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
        return Err(nothing);
    }
    Ok(texts)
}

/// Whether two entries would export the same.
fn is_same(one: &FunctionSection, other: &FunctionSection) -> bool {
    if one.name != other.name || one.numba.is_empty() != other.numba.is_empty() {
        return false;
    }
    if !one.numba.is_empty() {
        return one.numba.iter().any(|text| other.numba.contains(text));
    }
    let types = |function: &FunctionSection| function.signature.as_ref().map(Signature::canonical);
    let (ours, theirs) = (types(one), types(other));
    ours == theirs && (ours.is_some() || one.symbol == other.symbol)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Manifest;

    const PACKAGE: &str = "[package]\nname = \"a\"\nversion = \"1.0.0\"\n";
    const SOURCES: &str = "[build]\nsources = [\"*.py\"]\npython = \"venv/bin/python\"\n";

    fn error(build: &str, functions: &str) -> String {
        let text = format!("{PACKAGE}{build}{functions}");
        let read = Manifest::parse(&text, Path::new("Puck.toml"));
        read.expect_err(functions).to_string()
    }

    #[test]
    fn functions_of_numba() {
        let functions = "[[function]]\nname = \"dot\"\nsymbol = \"kernels.dot_\"\n\
             numba = \"float64(float64[::1], int64)\"\n\
             [[function]]\nname = \"dot\"\nnumba = [\"float32(float32)\", \"int64(int64)\"]\n\
             [[function]]\nname = \"dot\"\nsignature = \"fn(f64)\"\n";
        let text = format!("{PACKAGE}{SOURCES}{functions}");
        let manifest = Manifest::parse(&text, Path::new("Puck.toml")).unwrap();
        assert_eq!(manifest.build.python.as_deref(), Some("venv/bin/python"));
        let numba: Vec<_> = manifest.functions.iter().map(|f| f.numba.len()).collect();
        assert_eq!(numba, [1, 2, 0]);
        assert_eq!(
            manifest.functions[0].symbol.as_deref(),
            Some("kernels.dot_")
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let function = |rest: &str| format!("[[function]]\nname = \"f\"\n{rest}");
        for (rest, expected) in [
            (
                "signature = \"fn(f64)\"\nnumba = \"float64(float64)\"",
                "Puck.toml:10: `numba`: `signature` says the same in C's types",
            ),
            ("numba = []", "`numba`: expected a signature such as"),
            ("numba = [\" \"]", "`numba`: expected a signature such as"),
            (
                "numba = 1",
                "`numba`: expected a signature such as \"float64(int64)\", or an array of such, \
                 found integer",
            ),
            ("numba = [1]", "`numba`: expected a string, found integer"),
            (
                "numba = \"void()\"\nsymbol = \"kernels.py:f\"",
                "Puck.toml:10: `symbol`: `kernels.py:f` names no function of Python",
            ),
            (
                "numba = \"void()\"\n[[function]]\nname = \"f\"\nnumba = [\"int8()\", \"void()\"]",
                "[[function]] `f` is listed twice",
            ),
        ] {
            let found = error(SOURCES, &function(rest));
            assert!(found.contains(expected), "{rest}: {found}");
        }
        let krate = "[build]\ncargo = \"Cargo.toml\"\n";
        let found = error(krate, &function("numba = \"void()\""));
        assert!(
            found.contains("`numba`: a crate has no functions that Numba"),
            "{found}"
        );
        let found = error(&format!("{krate}python = \"python3\"\n"), "");
        assert!(
            found.contains("Puck.toml:6: `python`: a crate has no Python"),
            "{found}"
        );
    }
}
