//! What a program provides to packages, and the exceptions of Numba's functions.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::NonNull;

use puck_runtime::{Environment, HostImport};

use crate::failure::{Failure, Status, guarded};
use crate::{opened, owned, text};

/// `puck_provider`.
pub type Provider = unsafe extern "C" fn(
    context: *mut c_void,
    symbol: *const c_char,
    provider: *const c_char,
) -> *mut c_void;

/// `puck_exception_visitor`.
pub type ExceptionVisitor = unsafe extern "C" fn(
    context: *mut c_void,
    class_name: *const c_char,
    message: *const c_char,
    function: *const c_char,
    file: *const c_char,
    line: u64,
);

/// A pointer that the program handed over, to be handed back.
struct Context(*mut c_void);

// SAFETY: it is only handed back, to a function that may be called from any thread by the promise of
// whoever handed both over.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    fn ask(&self, provider: Provider, import: &HostImport) -> Option<NonNull<c_void>> {
        let [symbol, name] = [
            CString::new(import.symbol.as_str()).ok()?,
            CString::new(import.provider.as_str()).ok()?,
        ];
        // SAFETY: the promise of whoever handed it over; the texts live until after the call.
        NonNull::new(unsafe { provider(self.0, symbol.as_ptr(), name.as_ptr()) })
    }
}

/// Adds somebody who knows addresses of what packages import from the process.
///
/// # Safety
/// `environment` is null or open. `provider` may be called with `context` from any thread until the
/// process ends, and gives addresses of what the symbols are the names of.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_provide(
    environment: *const Environment,
    provider: Option<Provider>,
    context: *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let environment = unsafe { opened(environment)? };
        let provider = provider.ok_or_else(|| Failure::null("provider"))?;
        let context = Context(context);
        // SAFETY: the caller's promise.
        unsafe { environment.provide(move |import| context.ask(provider, import)) };
        Ok(())
    })
}

/// Says what a function that Numba compiled has raised.
///
/// # Safety
/// `environment` is null or open, `package` is null or a C string; `status` and `exception` are what a
/// function of the package has just left; `visitor` may be called with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn puck_numba_exception(
    environment: *const Environment,
    package: *const c_char,
    status: c_int,
    exception: *const c_void,
    visitor: Option<ExceptionVisitor>,
    context: *mut c_void,
) -> Status {
    guarded(|| {
        // SAFETY: the caller's promise.
        let (environment, package) = unsafe { (opened(environment)?, text(package, "package")?) };
        let visitor = visitor.ok_or_else(|| Failure::null("visitor"))?;
        // SAFETY: the caller's promise.
        let raised = unsafe { environment.numba_exception(package, status, exception) }?;
        let Some(raised) = raised else {
            return Ok(());
        };
        let [class, message] = [owned(&raised.class), owned(&raised.message())];
        let place = raised.location.as_ref();
        let [function, file] = [
            place.map(|place| owned(&place.function)),
            place.map(|place| owned(&place.file)),
        ];
        let pointer =
            |text: &Option<CString>| text.as_ref().map_or(std::ptr::null(), |t| t.as_ptr());
        // SAFETY: the caller's promise; the texts live until after the call.
        unsafe {
            visitor(
                context,
                class.as_ptr(),
                message.as_ptr(),
                pointer(&function),
                pointer(&file),
                place.map_or(0, |place| place.line),
            );
        }
        Ok(())
    })
}
