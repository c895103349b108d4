//! What this machine's libc, libm and libgcc_s offer, asked of the dynamic linker itself.
//!
//! A package says which symbols of which versions it needs. Whether they are here is what
//! `dlvsym` answers, with no knowledge of where distributions keep their libraries. It is asked
//! before anything is linked, so that a machine that is too old is told so by name, instead of
//! failing when a function is first called.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_void};

use puck_package::SystemImport;

/// The libraries that a package may use without bringing them, by SONAME. No other is opened:
/// opening a library runs its initialisers, and the name comes from an archive.
pub const LIBRARIES: [&str; 4] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", LOADER];

/// The dynamic linker itself.
const LOADER: &str = "ld-linux-x86-64.so.2";

/// The version of this machine's glibc, `2.41`.
#[must_use]
pub fn glibc_version() -> String {
    // SAFETY: the function takes nothing and returns a string that lives as long as the process.
    let version = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    version.to_string_lossy().into_owned()
}

/// Those of `imports` that this machine does not provide.
#[must_use]
pub fn missing(imports: &[SystemImport]) -> Vec<SystemImport> {
    let mut libraries: BTreeMap<&str, Option<Library>> = BTreeMap::new();
    imports
        .iter()
        .filter(|import| {
            let library = libraries
                .entry(&import.library)
                .or_insert_with(|| Library::open(&import.library));
            !library
                .as_ref()
                .is_some_and(|library| library.provides(import))
        })
        .cloned()
        .collect()
}

/// `symbol@version`, as the tools of the trade write it.
#[must_use]
pub fn versioned(import: &SystemImport) -> String {
    match &import.version {
        Some(version) => format!("{}@{version}", import.symbol),
        None => import.symbol.clone(),
    }
}

/// A system library held open.
struct Library(*mut c_void);

impl Library {
    fn open(soname: &str) -> Option<Self> {
        if soname == LOADER {
            // It finds its own symbols among those of the whole process only.
            return Some(Self(libc::RTLD_DEFAULT));
        }
        let name = LIBRARIES
            .contains(&soname)
            .then(|| CString::new(soname).ok())??;
        // SAFETY: the name ends in a nul byte; only the system's own libraries are opened, whose
        // initialisers run in every process.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_LOCAL) };
        (!handle.is_null()).then_some(Self(handle))
    }

    fn provides(&self, import: &SystemImport) -> bool {
        let Ok(symbol) = CString::new(import.symbol.as_str()) else {
            return false;
        };
        let Some(version) = &import.version else {
            // SAFETY: the handle is open and the name ends in a nul byte.
            return unsafe { !libc::dlsym(self.0, symbol.as_ptr()).is_null() };
        };
        let Ok(version) = CString::new(version.as_str()) else {
            return false;
        };
        // SAFETY: the handle is open and both names end in a nul byte.
        unsafe { !libc::dlvsym(self.0, symbol.as_ptr(), version.as_ptr()).is_null() }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if self.0 != libc::RTLD_DEFAULT {
            // SAFETY: the handle came from `dlopen` and is closed once.
            unsafe { libc::dlclose(self.0) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(symbol: &str, library: &str, version: Option<&str>) -> SystemImport {
        SystemImport {
            symbol: symbol.to_owned(),
            library: library.to_owned(),
            version: version.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_here_and_what_is_not() {
        let cases = [
            (import("memcpy", "libc.so.6", Some("GLIBC_2.14")), true),
            (import("sin", "libm.so.6", Some("GLIBC_2.2.5")), true),
            (import("exp", "libm.so.6", Some("GLIBC_2.29")), true),
            (import("sin", "libm.so.6", None), true),
            (
                import("__popcountdi2", "libgcc_s.so.1", Some("GCC_3.4")),
                true,
            ),
            (import("__tls_get_addr", LOADER, Some("GLIBC_2.3")), true),
            (import("__tls_get_addr", LOADER, None), true),
            (import("__tls_get_addr", LOADER, Some("GLIBC_2.99")), false),
            (import("exp", "libm.so.6", Some("GLIBC_2.99")), false),
            (
                import("no_such_symbol", "libc.so.6", Some("GLIBC_2.14")),
                false,
            ),
            (import("no_such_symbol", "libc.so.6", None), false),
            (import("nul\0inside", "libc.so.6", None), false),
            (import("compress", "libz.so.1", None), false),
            (import("memcpy", "./libc.so.6", None), false),
        ];
        for (import, expected) in cases {
            let missing = missing(std::slice::from_ref(&import));
            assert_eq!(missing.is_empty(), expected, "{}", versioned(&import));
        }
    }

    #[test]
    fn version_of_glibc_is_two_numbers() {
        let version = glibc_version();
        assert!(version.starts_with("2."), "{version}");
    }
}
