//! System imports: undefined symbols that libc, libm or libgcc_s provide.
//!
//! They are looked up in the libraries themselves, for two reasons: the linker that puts libraries
//! together would make a symbol that is nowhere a null pointer in some cases, and what glibc a
//! package needs is the newest version among the symbols that it is bound to.

mod library;

use std::collections::BTreeMap;
use std::path::PathBuf;

use puck_package::{SystemImport, nearest};

use crate::codegen::Undefined;
use library::Symbols;

/// Symbols that linkers make.
const LINKERS_OWN: [&str; 3] = ["_GLOBAL_OFFSET_TABLE_", "_DYNAMIC", "__ehdr_start"];

/// Why an object cannot be linked on this system.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SystemError {
    /// A symbol that nobody provides.
    #[error(
        "{}undefined symbol `{symbol}`: neither a dependency nor libc, libm or libgcc_s provides it",
        users.first().map(|user| format!("`{user}` needs the ")).unwrap_or_default()
    )]
    Undefined {
        /// The symbol.
        symbol: String,
        /// The functions that refer to it, by the names they are exported under, else by symbol.
        users: Vec<String>,
        /// The most similar name that something provides.
        nearest: Option<String>,
        /// Libraries that should have been looked into but are not there.
        missing: Vec<&'static str>,
    },
    /// A library of the system that cannot be read.
    #[error("{}: not a readable shared library: {reason}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file operation; the error names the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl SystemError {
    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let Self::Undefined {
            symbol,
            nearest,
            missing,
            ..
        } = self
        else {
            return None;
        };
        if let Some(hint) = runtime_hint(symbol) {
            return Some(hint.to_owned());
        }
        match (nearest, missing.as_slice()) {
            (Some(name), _) => Some(format!("did you mean `{name}`?")),
            (None, []) => Some(
                "define it in the package's sources, or add the package that has it to \
                 [dependencies] and call it as `package::function`"
                    .to_owned(),
            ),
            (None, missing) => Some(format!("this system has no {}", missing.join(", "))),
        }
    }
}

/// What to do about symbols of a language's runtime library.
fn runtime_hint(symbol: &str) -> Option<&'static str> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| symbol.starts_with(prefix));
    let rust = starts(&["rust_", "__rust_", "__rdl_", "_R"])
        || (starts(&["_ZN4core", "_ZN3std", "_ZN5alloc"]) && symbol.contains("17h"));
    if rust {
        return Some(
            "this belongs to Rust's standard library: make the crate `#![no_std]` with a \
             `#[panic_handler]`, or build it with `cargo = \"Cargo.toml\"`, which brings it along",
        );
    }
    if starts(&["__cxa_guard_"]) {
        return Some(
            "this belongs to the C++ library: initialise static variables at compile time, or add \
             `flags = [\"-fno-threadsafe-statics\"]`",
        );
    }
    if starts(&["_ZTV", "_ZTI", "_ZTS"]) {
        return Some(
            "this belongs to the C++ library: add `flags = [\"-fno-rtti\", \"-fno-exceptions\"]`, or \
             define the class's virtual functions",
        );
    }
    if starts(&["__cxa_", "__gxx_personality", "_ZSt", "_ZNSt", "_ZNKSt"]) {
        return Some(
            "this belongs to the C++ library: add `flags = [\"-fno-exceptions\", \"-fno-rtti\"]`, \
             and use nothing that throws",
        );
    }
    if starts(&["_Zn", "_Zd"]) {
        return Some(
            "this is C++'s `new` or `delete`: let callers own the memory, or use `malloc` and `free`",
        );
    }
    if starts(&["_ZGV"]) {
        return Some("this belongs to libmvec: compile without `-fveclib=libmvec`");
    }
    (symbol.starts_with("__asan_")
        || symbol.starts_with("__ubsan_")
        || symbol.starts_with("__llvm_profile")
        || symbol.starts_with("__tsan_"))
    .then_some(
        "this belongs to an instrumentation: remove `-fsanitize` or `-fprofile` from `flags`",
    )
}

/// The libraries' symbols, read when they are first needed.
#[derive(Default)]
pub(crate) struct System {
    libraries: Option<BTreeMap<usize, Symbols>>,
}

impl System {
    /// Who provides the symbols that are not imports. `users` names functions for messages;
    /// `callable` are names that could have been meant.
    pub(crate) fn imports<'a>(
        &mut self,
        undefined: impl IntoIterator<Item = &'a Undefined>,
        user: impl Fn(&str) -> String,
        callable: &[String],
    ) -> Result<Vec<SystemImport>, SystemError> {
        let mut imports = BTreeMap::new();
        for symbol in undefined {
            if LINKERS_OWN.contains(&symbol.symbol.as_str()) {
                continue;
            }
            match self.find(&symbol.symbol)? {
                Some(import) => {
                    imports.insert(import.symbol.clone(), import);
                }
                // Code that asks whether it is there.
                None if symbol.weak => {}
                None => return Err(self.unknown(symbol, user, callable)),
            }
        }
        Ok(imports.into_values().collect())
    }

    /// Who provides a symbol.
    pub(crate) fn find(&mut self, symbol: &str) -> Result<Option<SystemImport>, SystemError> {
        let libraries = match &mut self.libraries {
            Some(libraries) => libraries,
            none => none.insert(libraries()?),
        };
        Ok(libraries.iter().find_map(|(index, symbols)| {
            let version = symbols.get(symbol)?;
            Some(SystemImport {
                symbol: symbol.to_owned(),
                library: (*library::NAMES.get(*index)?).to_owned(),
                version: version.clone(),
            })
        }))
    }

    fn unknown(
        &self,
        undefined: &Undefined,
        user: impl Fn(&str) -> String,
        callable: &[String],
    ) -> SystemError {
        let symbol = undefined.symbol.clone();
        let read = self.libraries.iter().flatten();
        let there: Vec<usize> = read.clone().map(|(index, _)| *index).collect();
        let known = read.flat_map(|(_, symbols)| symbols.keys().map(String::as_str));
        // A function of a dependency is meant by its own name too, or as the header has it.
        let function = symbol.rsplit("::").next().unwrap_or(&symbol);
        let of_dependency = callable.iter().find(|name| {
            name.rsplit("::").next() == Some(function)
                || name.replace("::", "_").replace('-', "_") == symbol
        });
        let callable = callable.iter().map(String::as_str);
        let nearest = of_dependency
            .map(String::as_str)
            .or_else(|| nearest(&symbol, known.chain(callable)));
        let mut users: Vec<String> = undefined.users.iter().map(|name| user(name)).collect();
        users.dedup();
        SystemError::Undefined {
            nearest: nearest.map(str::to_owned),
            symbol,
            users,
            missing: (0..library::NAMES.len())
                .filter(|index| !there.contains(index))
                .filter_map(|index| library::NAMES.get(index).copied())
                .collect(),
        }
    }
}

fn libraries() -> Result<BTreeMap<usize, Symbols>, SystemError> {
    let mut libraries = BTreeMap::new();
    for (index, name) in library::NAMES.into_iter().enumerate() {
        if let Some(symbols) = library::read(name)? {
            libraries.insert(index, symbols);
        }
    }
    Ok(libraries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undefined(symbol: &str, weak: bool) -> Undefined {
        Undefined {
            symbol: symbol.into(),
            weak,
            users: vec!["linalg.v1.dot.1a2b3c4d".into()],
        }
    }

    fn imports(symbols: &[Undefined]) -> Result<Vec<SystemImport>, SystemError> {
        let user = |symbol: &str| symbol.split('.').nth(2).unwrap_or(symbol).to_owned();
        System::default().imports(symbols, user, &["vecmath::norm".to_owned()])
    }

    #[test]
    fn known_symbols_name_their_library() {
        let found = imports(&[
            undefined("sin", false),
            undefined("malloc", false),
            undefined("__tls_get_addr", false),
            undefined("_GLOBAL_OFFSET_TABLE_", false),
            undefined("perhaps_there", true),
            undefined("sin", false),
        ])
        .unwrap();
        let libraries: Vec<_> = found
            .iter()
            .map(|import| (import.symbol.as_str(), import.library.as_str()))
            .collect();
        let expected = [
            ("__tls_get_addr", "ld-linux-x86-64.so.2"),
            ("malloc", "libc.so.6"),
            ("sin", "libm.so.6"),
        ];
        assert_eq!(libraries, expected);
    }

    #[test]
    fn unknown_symbols_name_user_and_nearest() {
        for (symbol, expected) in [
            ("sinn", "did you mean `sin`?"),
            ("vecmath_norm", "did you mean `vecmath::norm`?"),
            ("norm", "did you mean `vecmath::norm`?"),
            ("_ZTVN10__cxxabiv117__class_type_infoE", "-fno-rtti"),
            ("__cxa_throw", "-fno-exceptions"),
            ("__cxa_guard_acquire", "-fno-threadsafe-statics"),
            ("_Znwm", "malloc"),
            ("rust_eh_personality", "no_std"),
            ("_ZN4core9panicking5panic17h0123456789abcdefE", "no_std"),
            ("qqqqqqqqqqqqqqqqq", "[dependencies]"),
        ] {
            let error = imports(&[undefined(symbol, false)]).unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains(&format!("`dot` needs the undefined symbol `{symbol}`")),
                "{error}"
            );
            let hint = error.hint().unwrap();
            assert!(hint.contains(expected), "{symbol}: {hint}");
        }
    }
}
