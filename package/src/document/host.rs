//! Host imports: what a process must provide, and the table through which it does.

use semver::Version;
use serde::Deserialize;

use super::{HostImport, InvalidDocument};
use crate::format::{self, Numbered, read_json};
use crate::{Digest, LinkName, PackageName, Series};

/// Who provides host imports: Numba's runtime, which a package has too; Numba in a process with
/// Python; SciPy; Python itself; the loader, which makes an object for the package.
pub const PROVIDERS: [&str; 5] = ["numba-runtime", "numba", "scipy", "python", "environment"];
/// What the table is called where functions have their names.
const TABLE: &str = "host_imports";
/// Longer symbols than this, in bytes, are no host's.
const MAX_SYMBOL: usize = 255;

/// What a description says of host imports: all of it that a loader needs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HostSection {
    format: u32,
    /// The package's name.
    pub name: PackageName,
    version: Version,
    /// What the process that loads it must provide, by symbol.
    #[serde(default)]
    pub host_imports: Vec<HostImport>,
}

impl HostSection {
    /// Reads `package.json`, of which it passes over the rest.
    ///
    /// # Errors
    /// If it is no description, of a newer format, or if its host imports are not valid.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidDocument> {
        let section: Self = read_json("package.json", bytes, format::PACKAGE)?;
        check_host_imports(&section.host_imports).map_err(|reason| {
            InvalidDocument::Contradiction {
                name: section.name.clone(),
                version: section.version.clone(),
                reason,
            }
        })?;
        Ok(section)
    }

    /// As [`host_table`].
    #[must_use]
    pub fn table(&self) -> Option<LinkName> {
        host_table(&self.name, &Series::of(&self.version), &self.host_imports)
    }
}

impl Numbered for HostSection {
    fn format(&self) -> u32 {
        self.format
    }
}

/// The symbol of the table that a loader fills with the addresses of `imports`, in their order;
/// `None` if there are none. It is named after them, so that a table is never taken for one with
/// other entries.
#[must_use]
pub fn host_table(
    package: &PackageName,
    series: &Series,
    imports: &[HostImport],
) -> Option<LinkName> {
    if imports.is_empty() {
        return None;
    }
    let text: String = imports
        .iter()
        .map(|import| import.symbol.clone() + "\n")
        .collect();
    let fingerprint = Digest::of(text.as_bytes()).prefix(8);
    Some(LinkName::of_text(package, series, TABLE, &fingerprint))
}

/// Checks that each has a symbol and a provider, and that they are sorted by symbol, each once: the
/// table goes by their order.
///
/// # Errors
/// What does not fit, as a sentence.
pub fn check_host_imports(imports: &[HostImport]) -> Result<(), String> {
    for HostImport { symbol, provider } in imports {
        if !is_symbol(symbol) {
            return Err(format!("host import `{symbol}`: that is no symbol"));
        }
        if provider.parse::<PackageName>().is_err() {
            return Err(format!(
                "host import `{symbol}`: `{provider}` names no provider such as `python`"
            ));
        }
    }
    let unsorted = |pair: &&[HostImport; 2]| pair[0].symbol >= pair[1].symbol;
    match imports.array_windows().find(unsorted) {
        None => Ok(()),
        Some([first, second]) => Err(format!(
            "host import `{}` stands before `{}`: expected each once, sorted by symbol",
            first.symbol, second.symbol
        )),
    }
}

/// Whether a text can be what a linker knows something by.
fn is_symbol(text: &str) -> bool {
    (1..=MAX_SYMBOL).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
