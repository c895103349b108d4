//! Calling conventions beside C's: what their functions look like, and who may call them.

use super::{ABI_C, ABI_CPYTHON, ABI_NUMBA};
use crate::{Pointee, Signature, Type};

/// What every entry point of CPython takes and gives.
const CPYTHON: &str = "fn(*mut c_void, *mut c_void, *mut c_void) -> *mut c_void";

/// Whether code of other packages may call functions of the convention by their link names: those
/// that are called as C's are, whatever their arguments mean.
#[must_use]
pub fn is_imported(abi: &str) -> bool {
    [ABI_C, ABI_NUMBA].contains(&abi)
}

/// Checks that a signature has the form that a convention gives all of its functions. Of one that is
/// not known, nothing is.
///
/// # Errors
/// What does not fit, as the end of a sentence that begins with the function.
pub fn expect_form(abi: &str, signature: &Signature) -> Result<(), String> {
    let (fits, expected) = match abi {
        ABI_NUMBA => (
            is_native(signature),
            "fn(*mut R, *mut *mut c_void, ...) -> i32",
        ),
        ABI_CPYTHON => (is_entry(signature), CPYTHON),
        _ => return Ok(()),
    };
    match fits {
        true => Ok(()),
        false => Err(format!(
            "has the calling convention `{abi}`, but the signature `{signature}`; expected \
             `{expected}`"
        )),
    }
}

/// A place for the result, one for the exception, a status.
fn is_native(signature: &Signature) -> bool {
    let is_pointer = |ty: &Type| matches!(ty, Type::Pointer { mutable: true, .. });
    let is_of_pointers = |ty: &Type| match ty {
        Type::Pointer { pointee, .. } => match &**pointee {
            Pointee::Type(inner) => is_pointer(inner),
            Pointee::Void | Pointee::Opaque(_) => false,
        },
        _ => false,
    };
    let mut types = signature.parameters.iter().map(|parameter| &parameter.ty);
    types.next().is_some_and(is_pointer)
        && types
            .next()
            .is_some_and(|ty| is_pointer(ty) && is_of_pointers(ty))
        && signature.result == Some(Type::I32)
}

fn is_entry(signature: &Signature) -> bool {
    let is_void = |ty: &Type| match ty {
        Type::Pointer {
            mutable: true,
            pointee,
        } => **pointee == Pointee::Void,
        _ => false,
    };
    signature.parameters.len() == 3
        && signature.parameters.iter().all(|p| is_void(&p.ty))
        && signature.result.as_ref().is_some_and(is_void)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (abi, signature, fits) in [
            (
                ABI_NUMBA,
                "fn(*mut f64, *mut *mut c_void, f64) -> i32",
                true,
            ),
            (
                ABI_NUMBA,
                "fn(result: *mut c_void, exception: *mut *mut c_void) -> i32",
                true,
            ),
            (ABI_NUMBA, "fn(*mut f64, *mut *mut c_void)", false),
            (ABI_NUMBA, "fn(*mut f64, *mut c_void) -> i32", false),
            (ABI_NUMBA, "fn(f64, *mut *mut c_void) -> i32", false),
            (ABI_NUMBA, "fn(*mut f64) -> i32", false),
            (
                ABI_CPYTHON,
                "fn(closure: *mut c_void, args: *mut c_void, kwargs: *mut c_void) -> *mut c_void",
                true,
            ),
            (ABI_CPYTHON, CPYTHON, true),
            (
                ABI_CPYTHON,
                "fn(*mut c_void, *const c_void, *mut c_void) -> *mut c_void",
                false,
            ),
            (ABI_CPYTHON, "fn(*mut c_void) -> *mut c_void", false),
            (ABI_C, "fn()", true),
            ("of-2040", "fn()", true),
        ] {
            let found = expect_form(abi, &signature.parse().unwrap());
            assert_eq!(found.is_ok(), fits, "{abi}: {signature}: {found:?}");
        }
    }

    #[test]
    fn who_may_be_imported() {
        assert!(is_imported(ABI_C) && is_imported(ABI_NUMBA));
        assert!(!is_imported(ABI_CPYTHON) && !is_imported("of-2040"));
    }
}
