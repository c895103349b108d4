//! Statuses, the message of the last failure, and the wall that no panic passes.

use std::cell::RefCell;
use std::error::Error as _;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use puck_package::document::InvalidDocument;
use puck_package::format::DocumentError;
use puck_runtime::Error;

/// `puck_status` of `puck.h`, where the values are explained.
#[expect(missing_docs, reason = "explained in puck.h")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum Status {
    Ok = 0,
    InvalidArgument = 1,
    NoEnvironment = 2,
    Damaged = 3,
    NewerFormat = 4,
    Target = 5,
    NoPackage = 6,
    NoFunction = 7,
    WrongType = 8,
    Conflict = 9,
    Load = 10,
    Internal = 11,
    NotProvided = 12,
    UnknownException = 13,
}

/// A status and the message that goes with it.
pub(crate) struct Failure {
    status: Status,
    message: String,
}

impl Failure {
    pub(crate) fn argument(message: &impl ToString) -> Self {
        Self {
            status: Status::InvalidArgument,
            message: message.to_string(),
        }
    }

    pub(crate) fn null(what: &str) -> Self {
        Self::argument(&format!("{what} is a null pointer"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message += &format!(": {error}");
            cause = error.source();
        }
        if let Some(hint) = error.hint() {
            message += &format!("\nhint: {hint}");
        }
        Self {
            status: status(&error),
            message,
        }
    }
}

fn status(error: &Error) -> Status {
    match error {
        Error::InvalidName { .. } => Status::InvalidArgument,
        Error::NoEnvironment { .. } | Error::Dangling { .. } | Error::NoHome => {
            Status::NoEnvironment
        }
        Error::Document {
            source: DocumentError::Newer(_),
            ..
        } => Status::NewerFormat,
        Error::PackageDocument { source, .. } => match &**source {
            InvalidDocument::Read(DocumentError::Newer(_)) => Status::NewerFormat,
            _ => Status::Damaged,
        },
        Error::Document { .. }
        | Error::MissingFile { .. }
        | Error::Damaged { .. }
        | Error::Io(_) => Status::Damaged,
        Error::UnknownLinkMode { .. } => Status::NewerFormat,
        Error::UnknownTarget(_)
        | Error::MissingFeatures { .. }
        | Error::NoVariant { .. }
        | Error::OtherProcessor { .. } => Status::Target,
        Error::UnknownPackage { .. }
        | Error::UnknownSeries { .. }
        | Error::UnknownLibrary { .. } => Status::NoPackage,
        Error::UnknownFunction { .. } | Error::LeftOut { .. } => Status::NoFunction,
        Error::WrongType { .. } | Error::OtherConvention { .. } => Status::WrongType,
        Error::Conflict { .. } | Error::ForeignLibrary { .. } => Status::Conflict,
        Error::Load { .. } => Status::Load,
        Error::NotProvided { .. } => Status::NotProvided,
        Error::UnknownException { .. } => Status::UnknownException,
        _ => Status::Internal,
    }
}

thread_local! {
    static MESSAGE: RefCell<CString> = RefCell::default();
}

/// Runs the body of a function of the C API.
pub(crate) fn guarded(body: impl FnOnce() -> Result<(), Failure>) -> Status {
    // What a panic leaves behind: environments are changed only by setting what is not set yet.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return Status::Ok,
        Ok(Err(failure)) => failure,
        Err(_) => Failure {
            status: Status::Internal,
            message: "a fault of libpuck (see standard error)".to_owned(),
        },
    };
    let mut bytes = failure.message.into_bytes();
    bytes.retain(|byte| *byte != 0);
    let message = CString::new(bytes).unwrap_or_default();
    // At the very end of a thread there is no place for a message any more.
    let _ = MESSAGE.try_with(|last| last.replace(message));
    failure.status
}

/// Why the last failed call of this thread failed.
#[unsafe(no_mangle)]
pub extern "C" fn puck_error_message() -> *const c_char {
    const NONE: &CStr = c"";
    MESSAGE
        .try_with(|last| last.borrow().as_ptr())
        .unwrap_or(NONE.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> String {
        // SAFETY: the message is a C string, and this thread fails no call meanwhile.
        unsafe { CStr::from_ptr(puck_error_message()) }
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn messages_are_of_the_last_failure_and_of_the_thread() {
        assert_eq!(message(), "");
        assert_eq!(
            guarded(|| Err(Failure::null("name"))),
            Status::InvalidArgument
        );
        assert_eq!(message(), "name is a null pointer");
        assert_eq!(guarded(|| Ok(())), Status::Ok);
        assert_eq!(message(), "name is a null pointer");
        assert_eq!(std::thread::spawn(message).join().unwrap(), "");
        guarded(|| Err(Failure::argument(&"zero \0 byte")));
        assert_eq!(message(), "zero  byte");
    }

    #[test]
    fn a_panic_becomes_a_status() {
        let status = guarded(|| panic!("on purpose"));
        assert_eq!(status, Status::Internal);
        assert!(message().contains("libpuck"));
    }
}
