//! The runtime for C: what `puck.h` declares, which is also its documentation.
//!
//! Every function checks its pointers for null and its texts for UTF-8, turns errors into a status
//! and a message that belongs to the thread, and lets no panic through.

pub mod failure;
pub mod host;
pub mod listing;

use std::ffi::{CStr, CString, OsStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use puck_package::{LinkName, Signature};
use puck_runtime::Environment;

use failure::{Failure, Status, guarded};

/// Opens the environment of a project.
///
/// # Safety
/// `path` is null or a C string; `environment` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_open(
    path: *const c_char,
    environment: *mut *mut Environment,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (path, environment) = unsafe { (bytes(path, "path")?, place(environment)?) };
        let path = Path::new(OsStr::from_bytes(path));
        *environment = Box::into_raw(Box::new(Environment::open(path)?));
        Ok(())
    })
}

/// Opens the user's own environment.
///
/// # Safety
/// `environment` is null or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_open_user(environment: *mut *mut Environment) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let environment = unsafe { place(environment)? };
        *environment = Box::into_raw(Box::new(Environment::user()?));
        Ok(())
    })
}

/// Lets go of an environment.
///
/// # Safety
/// `environment` is null, or was opened here and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_close(environment: *mut Environment) {
    if !environment.is_null() {
        guarded(|| {
            // SAFETY: from `Box::into_raw`, by the caller's promise.
            drop(unsafe { Box::from_raw(environment) });
            Ok(())
        });
    }
}

/// Finds a function by name and signature.
///
/// # Safety
/// `environment` is null or open, the texts are null or C strings, `pointer` is null or may be
/// written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_function(
    environment: *const Environment,
    name: *const c_char,
    signature: *const c_char,
    pointer: *mut *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (environment, name, signature, pointer) = unsafe {
            (
                opened(environment)?,
                text(name, "name")?,
                text(signature, "signature")?,
                place(pointer)?,
            )
        };
        let signature: Signature = signature
            .parse()
            .map_err(|error| Failure::argument(&error))?;
        *pointer = environment.address(name, &signature)?.as_ptr();
        Ok(())
    })
}

/// Finds a function by its link name.
///
/// # Safety
/// As for [`puck_function`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_symbol(
    environment: *const Environment,
    link_name: *const c_char,
    pointer: *mut *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (environment, name, pointer) = unsafe {
            (
                opened(environment)?,
                text(link_name, "link_name")?,
                place(pointer)?,
            )
        };
        let name: LinkName = name.parse().map_err(|error| Failure::argument(&error))?;
        *pointer = environment.symbol(&name)?.cast_mut();
        Ok(())
    })
}

/// The version of this library.
#[unsafe(no_mangle)]
pub extern "C" fn puck_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// # Safety
/// The pointer is null or an open environment.
unsafe fn opened<'a>(environment: *const Environment) -> Result<&'a Environment, Failure> {
    // SAFETY: the caller's promise.
    unsafe { environment.as_ref() }.ok_or_else(|| Failure::null("environment"))
}

/// # Safety
/// The pointer is null or may be written to for as long as the result is used.
unsafe fn place<'a, T>(place: *mut *mut T) -> Result<&'a mut *mut T, Failure> {
    // SAFETY: the caller's promise; a pointer that was never set is as good as any other.
    unsafe { place.as_mut() }.ok_or_else(|| Failure::null("the place for the result"))
}

/// # Safety
/// The pointer is null or a C string.
unsafe fn bytes<'a>(text: *const c_char, what: &str) -> Result<&'a [u8], Failure> {
    if text.is_null() {
        return Err(Failure::null(what));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// # Safety
/// The pointer is null or a C string.
unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str, Failure> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(text, what)? };
    std::str::from_utf8(bytes).map_err(|error| Failure::argument(&format!("{what}: {error}")))
}

/// A text for C, without zero bytes.
fn owned(text: &impl ToString) -> CString {
    CString::new(text.to_string().replace('\0', "")).unwrap_or_default()
}
