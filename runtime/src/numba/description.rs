//! `share/numba.json`, as far as it is needed to call functions. See `docs/numba.md`.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::HostImport;
use puck_package::document::ABI_NUMBA;
use puck_package::format::Numbered;
use serde::Deserialize;

/// The newest format that is known.
pub(super) const FORMAT: u32 = 1;

/// What a package says of its functions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Description {
    format: u32,
    abi: String,
    #[serde(default)]
    functions: Vec<Needs>,
    #[serde(default)]
    pub(super) exceptions: BTreeMap<String, Raised>,
}

/// What a function needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Needs {
    /// Numba's own function.
    link_name: String,
    /// Its C view.
    #[serde(default)]
    c: Option<String>,
    /// What a Python interpreter calls.
    #[serde(default)]
    cpython: Option<String>,
    /// The host imports that the first two reach.
    #[serde(default)]
    host_imports: BTreeSet<String>,
    /// The functions of other packages that they call.
    #[serde(default)]
    pub(crate) calls: Vec<String>,
}

/// An exception that functions raise.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Raised {
    pub(super) class: String,
    #[serde(default)]
    pub(super) arguments: Vec<String>,
    #[serde(default)]
    pub(super) location: Option<Vec<serde_json::Value>>,
}

/// Of one entry of a function.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    needs: &'a Needs,
    /// Whether it is the one that a Python interpreter calls.
    is_cpython: bool,
}

impl Numbered for Description {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Description {
    /// Whether it is of the convention that is known here.
    pub(super) fn is_known(&self) -> bool {
        self.abi == ABI_NUMBA
    }

    /// What an entry of a function needs, by its link name.
    pub(crate) fn needs(&self, link_name: &str) -> Option<Entry<'_>> {
        self.functions.iter().find_map(|needs| {
            let is = |name: &Option<String>| name.as_deref() == Some(link_name);
            let is_cpython = is(&needs.cpython);
            let is_it = is_cpython || needs.link_name == link_name || is(&needs.c);
            is_it.then_some(Entry { needs, is_cpython })
        })
    }
}

impl std::ops::Deref for Entry<'_> {
    type Target = Needs;

    fn deref(&self) -> &Needs {
        self.needs
    }
}

impl Entry<'_> {
    /// Whether the slot of that import may be read when the function is called.
    pub(crate) fn may_reach(&self, import: &HostImport) -> bool {
        // What wraps the function for the interpreter uses more than the function does: whatever may
        // be of the interpreter.
        self.is_cpython && import.provider != "scipy" || self.host_imports.contains(&import.symbol)
    }
}

#[cfg(test)]
mod tests {
    use puck_package::format;

    use super::*;

    const TEXT: &str = r#"{"format": 1, "abi": "numba-cpu-1", "numba": "0.67.0", "functions": [
        {"name": "f", "link-name": "p.v1.f.00000001", "c": "p.v1.f.00000002",
         "cpython": "p.v1.f.00000003", "host-imports": ["NRT_Allocate"], "calls": ["q.v1.g.00000001"]}
      ], "exceptions": {"00": {"class": "builtins.ValueError", "arguments": ["'no'"], "location": null}}}"#;

    #[test]
    fn each_entry_has_its_needs() {
        let read: Description = format::read_json("it", TEXT.as_bytes(), FORMAT).unwrap();
        assert!(read.is_known());
        let import = |symbol: &str, provider: &str| HostImport {
            symbol: symbol.to_owned(),
            provider: provider.to_owned(),
        };
        let allocate = import("NRT_Allocate", "numba-runtime");
        let python = import("PyErr_Occurred", "python");
        let blas = import("numba_xxdot", "scipy");
        for (name, expected) in [
            ("p.v1.f.00000001", [true, false, false]),
            ("p.v1.f.00000002", [true, false, false]),
            ("p.v1.f.00000003", [true, true, false]),
        ] {
            let entry = read.needs(name).unwrap();
            let found = [&allocate, &python, &blas].map(|import| entry.may_reach(import));
            assert_eq!(found, expected, "{name}");
            assert_eq!(entry.calls, ["q.v1.g.00000001"]);
        }
        assert!(read.needs("p.v1.g.00000001").is_none());
    }

    #[test]
    fn later_formats_are_refused() {
        let text = TEXT.replace("\"format\": 1", "\"format\": 2");
        assert!(format::read_json::<Description>("it", text.as_bytes(), FORMAT).is_err());
    }
}
