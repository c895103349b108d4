//! What to say of host imports that nobody provides.

use std::collections::BTreeMap;

use puck_package::{HostImport, PackageName};
use semver::Version;

/// The provider of what Numba's compiled code uses of C alone, and the package that provides it.
const NUMBA_RUNTIME: &str = "numba-runtime";
/// What only a process with Python has: its own functions, those of a package of it, and what Numba's
/// code keeps of the module that it comes from.
const OF_PYTHON: [&str; 4] = ["python", "numba", "scipy", "environment"];
/// How many symbols of a provider are named.
const NAMED: usize = 6;

/// `linalg 1.2.0`, or a function of it.
pub(crate) fn subject(package: &PackageName, version: &Version, function: Option<&str>) -> String {
    match function {
        Some(function) => format!("`{package}::{function}` of {package} {version}"),
        None => format!("{package} {version}"),
    }
}

/// The symbols, a line for each provider.
pub(crate) fn grouped(missing: &[HostImport]) -> String {
    let mut lines = String::new();
    for (provider, symbols) in by_provider(missing) {
        let (named, more) = symbols.split_at(symbols.len().min(NAMED));
        lines += &format!("\n  {provider}: {}", named.join(", "));
        if !more.is_empty() {
            lines += &format!(" and {} more", more.len());
        }
    }
    lines
}

/// What to do about them; `asked` are the installed packages that lack them.
pub(crate) fn hint(missing: &[HostImport], asked: &[String]) -> String {
    let providers = by_provider(missing);
    let mut ways = Vec::new();
    let is_asked = |name: &str| asked.iter().any(|one| one.split(' ').next() == Some(name));
    ways.extend(asked.iter().map(|package| {
        format!("{package} is installed, but lacks them: `puck update` may bring a newer one")
    }));
    if providers.contains_key(NUMBA_RUNTIME) && !is_asked(NUMBA_RUNTIME) {
        ways.push(format!(
            "`puck add {NUMBA_RUNTIME}`, then `puck install`, adds a package that provides the \
             functions of {NUMBA_RUNTIME}"
        ));
    }
    if OF_PYTHON.iter().any(|name| providers.contains_key(name)) {
        let packages = match providers.contains_key("scipy") {
            true => "the packages puck, numba and scipy",
            false => "the packages puck and numba",
        };
        ways.push(format!("call it from Python, with {packages}"));
    }
    let others = providers.into_keys();
    let others = others.filter(|name| *name != NUMBA_RUNTIME && !OF_PYTHON.contains(name));
    let others = others.filter(|name| !is_asked(name));
    ways.extend(others.map(|name| {
        format!("have the program provide what is of {name} (`Environment::provide`, or `puck_provide` in C)")
    }));
    ways.join("; ")
}

fn by_provider(missing: &[HostImport]) -> BTreeMap<&str, Vec<&str>> {
    let mut providers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for import in missing {
        let symbols = providers.entry(&import.provider).or_default();
        symbols.push(&import.symbol);
    }
    providers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(symbol: &str, provider: &str) -> HostImport {
        HostImport {
            symbol: symbol.to_owned(),
            provider: provider.to_owned(),
        }
    }

    #[test]
    fn symbols_are_grouped_and_cut() {
        let mut missing: Vec<_> = (0..9)
            .map(|i| import(&format!("NRT_{i}"), NUMBA_RUNTIME))
            .collect();
        missing.push(import("PyErr_Occurred", "python"));
        assert_eq!(
            grouped(&missing),
            "\n  numba-runtime: NRT_0, NRT_1, NRT_2, NRT_3, NRT_4, NRT_5 and 3 more\
             \n  python: PyErr_Occurred"
        );
    }

    #[test]
    fn each_provider_has_its_way_out() {
        for (provider, way) in [
            ("numba-runtime", "puck add numba-runtime"),
            ("python", "call it from Python"),
            ("environment", "call it from Python"),
            ("scipy", "numba and scipy"),
            ("sensors", "Environment::provide"),
        ] {
            let hint = hint(&[import("symbol", provider)], &[]);
            assert!(hint.contains(way), "{hint}");
        }
        let asked = ["numba-runtime 1.0.0".to_owned()];
        let hint = hint(&[import("symbol", "numba-runtime")], &asked);
        assert!(
            hint.contains("is installed, but lacks") && !hint.contains("puck add"),
            "{hint}"
        );
    }
}
