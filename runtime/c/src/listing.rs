//! Listings, through a function that is called for each item.

use std::ffi::{c_char, c_int, c_void};

use puck_runtime::Environment;

use crate::failure::{Failure, Status, guarded};
use crate::{opened, owned, text};

/// `puck_package_visitor`.
pub type PackageVisitor = unsafe extern "C" fn(
    context: *mut c_void,
    name: *const c_char,
    version: *const c_char,
    series: *const c_char,
    direct: c_int,
) -> c_int;

/// `puck_function_visitor`.
pub type FunctionVisitor = unsafe extern "C" fn(
    context: *mut c_void,
    name: *const c_char,
    signature: *const c_char,
    link_name: *const c_char,
    doc: *const c_char,
) -> c_int;

/// Lists the packages of an environment.
///
/// # Safety
/// `environment` is null or open; `visitor` may be called with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_packages(
    environment: *const Environment,
    visitor: Option<PackageVisitor>,
    context: *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let environment = unsafe { opened(environment)? };
        let visitor = visitor.ok_or_else(|| Failure::null("visitor"))?;
        for package in environment.packages()? {
            let [name, version, series] = [
                owned(&package.name),
                owned(&package.version),
                owned(&package.series),
            ];
            let direct = c_int::from(package.direct);
            // SAFETY: the caller's promise; the texts live until after the call.
            let stop = unsafe {
                visitor(
                    context,
                    name.as_ptr(),
                    version.as_ptr(),
                    series.as_ptr(),
                    direct,
                )
            };
            if stop != 0 {
                break;
            }
        }
        Ok(())
    })
}

/// Lists the functions of a package.
///
/// # Safety
/// As for [`puck_packages`]; `package` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_functions(
    environment: *const Environment,
    package: *const c_char,
    visitor: Option<FunctionVisitor>,
    context: *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (environment, package) = unsafe { (opened(environment)?, text(package, "package")?) };
        let visitor = visitor.ok_or_else(|| Failure::null("visitor"))?;
        for function in &environment.document(package)?.functions {
            let [name, signature, link_name] = [
                owned(&function.name),
                owned(&function.signature),
                owned(&function.link_name),
            ];
            let doc = function.doc.as_ref().map(owned);
            let doc = doc.as_ref().map_or(std::ptr::null(), |doc| doc.as_ptr());
            // SAFETY: the caller's promise; the texts live until after the call.
            let stop = unsafe {
                visitor(
                    context,
                    name.as_ptr(),
                    signature.as_ptr(),
                    link_name.as_ptr(),
                    doc,
                )
            };
            if stop != 0 {
                break;
            }
        }
        Ok(())
    })
}
