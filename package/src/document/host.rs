//! Host imports: what a process must provide, and the table through which it does.

use super::HostImport;
use crate::{Digest, LinkName, PackageName, Series};

/// Who provides host imports: Numba's runtime, which a package has too; Numba in a process with
/// Python; SciPy; Python itself; the loader, which makes an object for the package.
pub const PROVIDERS: [&str; 5] = ["numba-runtime", "numba", "scipy", "python", "environment"];
/// What the table is called where functions have their names.
const TABLE: &str = "host_imports";
/// Longer symbols than this, in bytes, are no host's.
const MAX_SYMBOL: usize = 255;

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
