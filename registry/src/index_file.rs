//! A package's index file: one index line for each version.

use std::collections::BTreeMap;

use puck_package::{IndexLine, PackageName};
use semver::Version;

use crate::Error;

/// The lines in `bytes`, the index file of `name`, oldest version first; `what` names the file in
/// errors.
///
/// # Errors
/// If a line is no index line, of a newer format or about another package, or if a version stands
/// there twice: the error names the file and the line.
pub fn parse(what: &str, bytes: &[u8], name: &PackageName) -> Result<Vec<IndexLine>, Error> {
    let mut lines: BTreeMap<Version, IndexLine> = BTreeMap::new();
    for (i, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let what = format!("{what}:{}", i + 1);
        let contradiction = |reason: String| Error::Contradiction {
            what: what.clone(),
            reason,
        };
        let line =
            str::from_utf8(line).map_err(|_| contradiction("the line is not UTF-8".to_owned()))?;
        let line = IndexLine::parse(&what, line)?;
        if line.name != *name {
            let reason = format!("the line is about {}, not about {name}", line.name);
            return Err(contradiction(reason));
        }
        if lines.contains_key(&line.version) {
            let reason = format!("{name} {} stands here twice", line.version);
            return Err(contradiction(reason));
        }
        lines.insert(line.version.clone(), line);
    }
    Ok(lines.into_values().collect())
}

/// The file with `line` in it, in place of what `lines` say of its version, if they do.
#[must_use]
pub fn with(lines: &[IndexLine], line: &IndexLine) -> String {
    let mut all: BTreeMap<&Version, &IndexLine> =
        lines.iter().map(|line| (&line.version, line)).collect();
    all.insert(&line.version, line);
    all.values().map(|line| line.to_json() + "\n").collect()
}
