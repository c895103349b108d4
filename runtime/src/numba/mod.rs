//! Packages made of functions that Numba compiled, for processes without Python.
//!
//! Such a function has a C view, which is found like any other function:
//!
//! ```no_run
//! use std::ffi::c_void;
//! use puck_runtime::Environment;
//!
//! type Root = unsafe extern "C" fn(*mut f64, *mut *mut c_void, f64) -> i32;
//!
//! let environment = Environment::open(".")?;
//! let root = environment.function::<Root>("kernels::checked_root")?;
//! let (mut result, mut exception) = (0.0, std::ptr::null_mut());
//! // SAFETY: both places may be written to.
//! let status = unsafe { root(&mut result, &mut exception, -1.0) };
//! // SAFETY: what the function has just left there.
//! if let Some(raised) = unsafe { environment.numba_exception("kernels", status, exception) }? {
//!     assert_eq!(raised.to_string(), "ValueError: negative");
//! }
//! # Ok::<(), puck_runtime::Error>(())
//! ```
//!
//! It returns a status: 0, or [`NONE`] where the result is Python's `None`; anything else is an
//! exception, of which [`Environment::numba_exception`] says what the package says of it. A package
//! describes its functions and their exceptions in `share/numba.json`.

mod description;
mod exception;
mod message;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use puck_package::format;

use crate::{Environment, Error};

pub(crate) use description::Description;
pub use exception::{Exception, Location};

/// The status of a function that returned Python's `None`.
pub const NONE: i32 = -2;
/// Where a package describes its functions.
const FILE: &str = "numba.json";

/// The descriptions that were read, by package.
pub(crate) type Descriptions = Mutex<BTreeMap<usize, Option<Arc<Description>>>>;

impl Environment {
    /// What a package says of its functions; `None` if it was not made of Numba's.
    pub(crate) fn numba_description(
        &self,
        package: usize,
    ) -> Result<Option<Arc<Description>>, Error> {
        let known = || {
            let known = self.hosts().descriptions.lock();
            known.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(description) = known().get(&package) {
            return Ok(description.clone());
        }
        let path = self.shared_path(package, FILE);
        let description = match self.shared(package, FILE)? {
            Some(bytes) => Some(Arc::new(
                format::read_json::<Description>(FILE, &bytes, description::FORMAT)
                    .map_err(|source| Error::Document { path, source })?,
            )),
            None => None,
        };
        // Of another convention than the one whose rules are known here, nothing can be said.
        let description = description.filter(|description| description.is_known());
        known().insert(package, description.clone());
        Ok(description)
    }
}
