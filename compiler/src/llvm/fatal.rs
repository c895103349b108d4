//! Surviving LLVM's fatal errors, such as `Cannot select: intrinsic %llvm.x86.avx2...`.
//!
//! LLVM ends the process after its handler returned, and its frames cannot be unwound. So the handler
//! does not return: it hands the message over and parks its thread for ever. Hence every use of
//! LLVM on a user's input runs in a thread of its own. What that thread held is never freed; a
//! build that fails so is about to end anyway.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::panic;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use inkwell::llvm_sys::error_handling::LLVMInstallFatalErrorHandler;

/// Takes LLVM's reason to the thread that waits for the result.
type Reporter = Box<dyn Fn(String)>;

thread_local! {
    static FATAL: RefCell<Option<Reporter>> = const { RefCell::new(None) };
}

/// Deep expressions make LLVM recurse deeply.
const STACK: usize = 64 << 20;

pub(super) fn install() {
    // SAFETY: the handler is a plain function that lives as long as the program.
    unsafe { LLVMInstallFatalErrorHandler(Some(handle)) };
}

extern "C" fn handle(reason: *const c_char) {
    // SAFETY: LLVM passes a NUL-terminated string.
    let reason = unsafe { CStr::from_ptr(reason) }
        .to_string_lossy()
        .into_owned();
    let reported = FATAL.with(|report| {
        report
            .try_borrow()
            .ok()
            .and_then(|report| report.as_ref().map(|report| report(reason)))
    });
    if reported.is_some() {
        loop {
            thread::park();
        }
    }
    // Outside of a guarded thread LLVM prints the reason and ends the process.
}

enum Outcome<T> {
    Done(T),
    Fatal(String),
}

/// Runs `work`, which uses LLVM, in a thread of its own.
///
/// # Errors
/// LLVM's reason, if it found that it cannot go on.
///
/// # Panics
/// Where `work` panics.
pub(crate) fn guarded<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let (sender, receiver) = channel();
    let body = {
        let sender: Sender<Outcome<T>> = sender;
        move || {
            let fatal = sender.clone();
            let report: Box<dyn Fn(String)> = Box::new(move |reason| {
                // Nobody listens only where the asking thread is gone, and the reason with it.
                let _ = fatal.send(Outcome::Fatal(reason));
            });
            // SAFETY: the reporter is used by this thread only, during `work`: it is taken out
            // below, before anything that it borrows from (nothing but the channel's type) ends.
            let report = unsafe {
                std::mem::transmute::<Box<dyn Fn(String) + '_>, Box<dyn Fn(String) + 'static>>(
                    report,
                )
            };
            FATAL.with(|slot| slot.replace(Some(report)));
            let clear = Clear;
            let result = work();
            drop(clear);
            let _ = sender.send(Outcome::Done(result));
        }
    };
    // SAFETY: what `work` borrows stays alive while the thread uses it: this function returns after
    // the thread was joined, or after it parked for ever and will not touch anything again.
    let handle = unsafe {
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_unchecked(body)
    };
    let handle = match handle {
        Ok(handle) => handle,
        Err(error) => return Err(format!("no thread could be started: {error}")),
    };
    match receiver.recv() {
        Ok(Outcome::Fatal(reason)) => Err(reason),
        Ok(Outcome::Done(result)) => match handle.join() {
            Ok(()) => Ok(result),
            Err(payload) => panic::resume_unwind(payload),
        },
        Err(_) => match handle.join() {
            Err(payload) => panic::resume_unwind(payload),
            Ok(()) => unreachable!("a thread that ended well sent its result"),
        },
    }
}

/// Takes the reporter out again, also when the work panics.
struct Clear;

impl Drop for Clear {
    fn drop(&mut self) {
        FATAL.with(|slot| slot.replace(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back() {
        let text = String::from("borrowed");
        assert_eq!(guarded(|| text.len()), Ok(8));
    }

    #[test]
    fn panics_come_back() {
        let caught = panic::catch_unwind(|| guarded(|| -> u8 { panic!("inside") }));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"inside"));
    }

    #[test]
    fn fatal_errors_come_back() {
        let result = guarded(|| handle(c"Cannot select".as_ptr()));
        assert_eq!(result, Err("Cannot select".to_owned()));
    }
}
