//! From a caller's object to a library that the dynamic linker has loaded.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::ptr::NonNull;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};
use puck_compiler::Caller;
use puck_package::{Digest, LinkName};
use puck_runtime::Environment;
use puck_store::link::{LinkError, LinkRequest, Linker};

use crate::Error;

/// The library made of a caller's object.
pub(crate) fn link(caller: &Caller, key: &Digest, debug: bool) -> Result<Vec<u8>, LinkError> {
    let soname = format!("puck-caller.{}.so", key.prefix(16));
    let exports: Vec<&str> = caller.definitions.keys().map(String::as_str).collect();
    let imports: Vec<&LinkName> = caller
        .imports
        .iter()
        .map(|import| &import.link_name)
        .collect();
    let request = LinkRequest {
        soname: &soname,
        exports: &exports,
        imports: &imports,
        system_imports: &caller.system_imports,
        // Callees are loaded before it, from whatever environment it is loaded for.
        runpath: None,
        debug,
    };
    Linker::new(&request)?.link(&caller.object)
}

/// A library that is loaded, and stays so.
pub(crate) struct Loaded(ManuallyDrop<Library>);

impl Loaded {
    /// Loads the library at `path`, after the libraries of the functions that it calls.
    ///
    /// # Errors
    /// If a callee is not there or cannot be called in this process, and what the dynamic linker says.
    pub(crate) fn open(
        environment: &Environment,
        imports: &[LinkName],
        path: &Path,
    ) -> Result<Self, Error> {
        environment.load_for(imports)?;
        // SAFETY: constructors of the library run, which are the user's own code, as is all of it.
        match unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) } {
            Ok(library) => Ok(Self(ManuallyDrop::new(library))),
            Err(error) => {
                // An environment that leaves functions out says which, and what to do.
                for import in imports {
                    environment.symbol(import)?;
                }
                Err(Error::Load {
                    path: path.to_owned(),
                    message: cause(&error),
                })
            }
        }
    }

    /// The address of a symbol.
    pub(crate) fn symbol(&self, name: &str) -> Option<NonNull<c_void>> {
        // SAFETY: only the address is taken, for whoever knows the type.
        let symbol: Symbol<*mut c_void> = unsafe { self.0.get(name.as_bytes()) }.ok()?;
        NonNull::new(symbol.into_raw())
    }
}

/// The innermost error, which has the dynamic linker's words.
fn cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => cause(source),
        None => error.to_string(),
    }
}
