//! Where a signature of the manifest says what debug information denies.
//!
//! LLVM's types cannot tell `*const f32` from `*const f64`, and a caller that believes the wrong one
//! reads the wrong memory. What is behind pointers is therefore compared with what the source's
//! compiler says, where it says something. A manifest may still say it otherwise: it may name what
//! is behind a `void *`, take bytes for text, count in unsigned numbers, and promise that something
//! is not written.

use puck_package::{Pointee, Signature, Type};

/// The first such place: ``parameter 1, `x`: `*const f32` against `*const f64` ``.
pub(super) fn contradiction(given: &Signature, found: &Signature) -> Option<String> {
    let parameters = given.parameters.iter().zip(&found.parameters).enumerate();
    for (index, (parameter, own)) in parameters {
        if !may_be(&parameter.ty, &own.ty) {
            let name = parameter.name.as_ref().or(own.name.as_ref());
            let name = name.map(|name| format!(", `{name}`")).unwrap_or_default();
            let number = index + 1;
            return Some(format!(
                "parameter {number}{name}: `{}` against `{}`",
                parameter.ty, own.ty
            ));
        }
    }
    match (&given.result, &found.result) {
        (Some(given), Some(own)) if !may_be(given, own) => {
            Some(format!("result: `{given}` against `{own}`"))
        }
        _ => None,
    }
}

/// Whether something that is passed as `found` may be called `given`. What LLVM's types tell is
/// checked elsewhere.
fn may_be(given: &Type, found: &Type) -> bool {
    match (given, found) {
        (Type::Pointer { pointee: given, .. }, Type::Pointer { pointee: found, .. }) => {
            match (&**given, &**found) {
                (Pointee::Type(given), Pointee::Type(found)) => same_memory(given, found),
                _ => true,
            }
        }
        (Type::Function(given), Type::Function(found)) => same_calls(given, found),
        _ => true,
    }
}

/// Whether memory that holds a `found` may be read as a `given`.
fn same_memory(given: &Type, found: &Type) -> bool {
    let is_float = |ty: &Type| matches!(ty, Type::F32 | Type::F64);
    let is_byte = |ty: &Type| ty.size() == 1;
    match (given, found) {
        (Type::Pointer { .. } | Type::Function(_), Type::Pointer { .. } | Type::Function(_)) => {
            may_be(given, found)
        }
        _ if is_byte(given) || is_byte(found) => true,
        _ => given.size() == found.size() && is_float(given) == is_float(found),
    }
}

/// Whether a function of the one type can be called as the other.
fn same_calls(given: &Signature, found: &Signature) -> bool {
    let same =
        |given: &Type, found: &Type| same_memory(given, found) && given.size() == found.size();
    given.parameters.len() == found.parameters.len()
        && given
            .parameters
            .iter()
            .zip(&found.parameters)
            .all(|(given, found)| same(&given.ty, &found.ty))
        && match (&given.result, &found.result) {
            (Some(given), Some(found)) => same(given, found),
            (given, found) => given.is_none() && found.is_none(),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_to_other_memory_contradict_and_other_words_do_not() {
        for (given, found, expected) in [
            ("fn(*const f64)", "fn(*const f64)", None),
            ("fn(*const f64)", "fn(x: *mut f64)", None),
            ("fn(*mut u64)", "fn(*mut i64)", None),
            ("fn(*const u8)", "fn(*const i8)", None),
            ("fn(*const u8)", "fn(*const f64)", None),
            ("fn(*const f64)", "fn(*const c_void)", None),
            ("fn(*mut c_void)", "fn(*mut f64)", None),
            ("fn(*mut Matrix)", "fn(*mut f64)", None),
            ("fn(*const *const f64)", "fn(*const *const c_void)", None),
            ("fn(u32) -> u64", "fn(i32) -> i64", None),
            (
                "fn(extern \"C\" fn(u64) -> f64)",
                "fn(extern \"C\" fn(i64) -> f64)",
                None,
            ),
            (
                "fn(n: u64, *const f32)",
                "fn(n: u64, x: *const f64)",
                Some("parameter 2, `x`: `*const f32` against `*const f64`"),
            ),
            (
                "fn(y: *const i64)",
                "fn(x: *const f64)",
                Some("parameter 1, `y`: `*const i64` against `*const f64`"),
            ),
            (
                "fn(*const f64)",
                "fn(*const *const f64)",
                Some("parameter 1: `*const f64` against `*const *const f64`"),
            ),
            (
                "fn(*const *const f32)",
                "fn(*const *const f64)",
                Some("parameter 1: `*const *const f32` against `*const *const f64`"),
            ),
            (
                "fn() -> *mut i32",
                "fn() -> *mut i64",
                Some("result: `*mut i32` against `*mut i64`"),
            ),
            (
                "fn(extern \"C\" fn(f64))",
                "fn(extern \"C\" fn(f64) -> f64)",
                Some("parameter 1: `extern \"C\" fn(f64)` against `extern \"C\" fn(f64) -> f64`"),
            ),
            (
                "fn(extern \"C\" fn(u8))",
                "fn(extern \"C\" fn(u32))",
                Some("parameter 1: `extern \"C\" fn(u8)` against `extern \"C\" fn(u32)`"),
            ),
        ] {
            let told = contradiction(&given.parse().unwrap(), &found.parse().unwrap());
            assert_eq!(told.as_deref(), expected, "{given} for {found}");
        }
    }
}
