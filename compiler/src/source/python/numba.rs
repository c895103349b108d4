//! `numba.json`, as far as it repeats what `front-end.json` says.
//!
//! Callers go by the one, linkers by the other: a function that they describe differently would be
//! called wrongly.

use std::collections::BTreeSet;

use puck_package::document::{ABI_C, ABI_CPYTHON, ABI_NUMBA};
use puck_package::{Digest, FunctionName, LinkName, PackageName, Series};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::Function;

/// Its name in the answer.
pub(super) const FILE: &str = "numba.json";

#[derive(Deserialize)]
struct Description {
    package: PackageName,
    series: Series,
    functions: Vec<Described>,
}

/// A function, with its entry points.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Described {
    name: FunctionName,
    /// The portable signature.
    signature: String,
    link_name: LinkName,
    #[serde(default)]
    c: Option<LinkName>,
    #[serde(default)]
    cpython: Option<LinkName>,
    /// There where only the same Numba knows the types, which the signature does not tell.
    #[serde(default)]
    pickled_type: Option<IgnoredAny>,
}

/// Checks that the text describes the entry points of `functions`, and no others.
///
/// # Errors
/// What does not agree, as a sentence.
pub(super) fn check(
    text: &[u8],
    package: &PackageName,
    series: &Series,
    functions: &[Function],
) -> Result<(), String> {
    let description: Description =
        serde_json::from_slice(text).map_err(|error| format!("{FILE} cannot be read: {error}"))?;
    if description.package != *package || description.series != *series {
        return Err(format!(
            "{FILE} is of {} {}; expected {package} {series}",
            description.package, description.series
        ));
    }
    let mut known = BTreeSet::new();
    for described in &description.functions {
        let points = [
            (ABI_NUMBA, Some(&described.link_name)),
            (ABI_C, described.c.as_ref()),
            (ABI_CPYTHON, described.cpython.as_ref()),
        ];
        for (abi, link_name) in points {
            let Some(link_name) = link_name else { continue };
            described.check(abi, link_name, functions)?;
            known.insert(link_name);
        }
    }
    let mut functions = functions.iter().filter(|function| function.abi != ABI_C);
    match functions.find(|function| !known.contains(&function.link_name)) {
        Some(function) => Err(format!("{FILE} does not describe `{}`", function.link_name)),
        None => Ok(()),
    }
}

impl Described {
    fn check(&self, abi: &str, link_name: &LinkName, functions: &[Function]) -> Result<(), String> {
        let name = &self.name;
        let is_it = |function: &&Function| {
            function.link_name == *link_name && function.abi == abi && function.name == *name
        };
        if !functions.iter().any(|function| is_it(&function)) {
            return Err(format!(
                "{FILE} describes `{link_name}`, which is no `{name}` of the calling convention \
                 `{abi}`"
            ));
        }
        let text = format!("{abi} {}", self.signature);
        let expected = Digest::of(text.as_bytes()).prefix(8);
        let is_told = abi != ABI_C && self.pickled_type.is_none();
        if is_told && link_name.fingerprint() != expected {
            return Err(format!(
                "`{link_name}` has not the fingerprint of `{text}`, {expected}"
            ));
        }
        Ok(())
    }
}
