//! Rust function types as signatures, and the functions that are found by them.

use std::ffi::c_void;
use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

use puck_package::{Signature, Type};

use crate::abi::{AbiResult, AbiType, signature};

/// A Rust function type that a package's function may have: `extern "C" fn` or
/// `unsafe extern "C" fn` of at most 16 parameters, each an [`AbiType`].
///
/// ```
/// use puck_runtime::FunctionType;
/// type Dot = unsafe extern "C" fn(u64, *const f64, *const f64) -> f64;
/// assert_eq!(Dot::signature().canonical(), "fn(u64,*const f64,*const f64)->f64");
/// ```
///
/// # Safety
///
/// A value of the type is the address of a function with C's calling convention and exactly
/// [`signature`](FunctionType::signature).
pub unsafe trait FunctionType: Copy + Send + Sync + 'static {
    /// The signature that the type states.
    fn signature() -> Signature;

    /// The function at `address`.
    ///
    /// # Safety
    ///
    /// A function of this type is there, and stays there for the rest of the process.
    unsafe fn from_address(address: NonNull<c_void>) -> Self;

    /// Where the function is.
    fn address(self) -> NonNull<c_void>;
}

/// A function of an installed package; called like a plain function pointer.
///
/// The library that it is in is never unloaded, so it can be copied out, stored and sent to other
/// threads without a lifetime. An `extern "C" fn` type (without `unsafe`) states that every call
/// is sound, which nothing checks: prefer `unsafe extern "C" fn` unless the function takes values
/// alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Function<F> {
    pointer: F,
}

impl<F: FunctionType> Function<F> {
    /// # Safety
    ///
    /// As for [`FunctionType::from_address`].
    pub(crate) unsafe fn new(address: NonNull<c_void>) -> Self {
        // SAFETY: the caller's promise.
        let pointer = unsafe { F::from_address(address) };
        Self { pointer }
    }

    /// The plain function pointer.
    #[must_use]
    pub fn pointer(self) -> F {
        self.pointer
    }
}

impl<F> Deref for Function<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.pointer
    }
}

impl<F: FunctionType> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:p}", F::signature(), self.pointer.address())
    }
}

macro_rules! function_types {
    (of $pointer:ty, $($parameter:ident)*) => {
        // SAFETY: the type says C's calling convention, and the parts say theirs.
        unsafe impl<R: AbiResult + 'static, $($parameter: AbiType + 'static),*> FunctionType for $pointer {
            fn signature() -> Signature {
                signature(vec![$($parameter::ty()),*], R::result())
            }

            unsafe fn from_address(address: NonNull<c_void>) -> Self {
                // SAFETY: the caller's promise; data and function pointers have one size wherever
                // `dlsym` exists.
                unsafe { std::mem::transmute::<NonNull<c_void>, Self>(address) }
            }

            fn address(self) -> NonNull<c_void> {
                // SAFETY: as above, and a function pointer is never null.
                unsafe { std::mem::transmute::<Self, NonNull<c_void>>(self) }
            }
        }

        // SAFETY: a function pointer is passed as its address.
        unsafe impl<R: AbiResult + 'static, $($parameter: AbiType + 'static),*> AbiType for $pointer {
            fn ty() -> Type {
                Type::Function(Box::new(<Self as FunctionType>::signature()))
            }
        }

        // SAFETY: as above; `None` is the null pointer, by Rust's guarantee about `Option`.
        unsafe impl<R: AbiResult + 'static, $($parameter: AbiType + 'static),*> AbiType for Option<$pointer> {
            fn ty() -> Type {
                <$pointer as AbiType>::ty()
            }
        }
    };
    () => {
        function_types!(of extern "C" fn() -> R,);
        function_types!(of unsafe extern "C" fn() -> R,);
    };
    ($first:ident $($rest:ident)*) => {
        function_types!(of extern "C" fn($first $(, $rest)*) -> R, $first $($rest)*);
        function_types!(of unsafe extern "C" fn($first $(, $rest)*) -> R, $first $($rest)*);
        function_types!($($rest)*);
    };
}
function_types!(A B C D E G H I J K L M N O P Q);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_as_they_are_written() {
        macro_rules! check {
            ($($text:literal => $ty:ty),* $(,)?) => {$(
                let written: Signature = $text.parse().unwrap();
                assert_eq!(<$ty>::signature().canonical(), written.canonical());
                assert_eq!(<$ty>::signature(), written);
            )*};
        }
        type Same<T> = unsafe extern "C" fn(T) -> T;
        type Callback = Option<unsafe extern "C" fn(*mut c_void)>;
        check! {
            "fn()" => extern "C" fn(),
            "fn() -> bool" => unsafe extern "C" fn() -> bool,
            "fn(i8, i16, i32, i64, isize)" => unsafe extern "C" fn(i8, i16, i32, i64, isize),
            "fn(u8, u16, u32, u64, usize)" => unsafe extern "C" fn(u8, u16, u32, u64, usize),
            "fn(f32, f64) -> f32" => unsafe extern "C" fn(f32, f64) -> f32,
            "fn(*const f64, *mut u8, *const *mut i32)"
                => unsafe extern "C" fn(*const f64, *mut u8, *const *mut i32),
            "fn(*mut c_void) -> *mut c_void" => Same<*mut c_void>,
            "fn(extern \"C\" fn(f64) -> f64) -> extern \"C\" fn(f64) -> f64"
                => Same<extern "C" fn(f64) -> f64>,
            "fn(extern \"C\" fn(*mut c_void), *mut c_void)"
                => unsafe extern "C" fn(Callback, *mut c_void),
            "fn(*mut extern \"C\" fn())" => unsafe extern "C" fn(*mut Option<extern "C" fn()>),
            "fn(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8) -> u8"
                => extern "C" fn(u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8) -> u8,
        }
    }

    #[test]
    fn opaque_types_go_by_name() {
        crate::opaque!(
            struct Matrix;
        );
        struct Vector;
        crate::opaque!(Vector);
        let signature = <unsafe extern "C" fn(*mut Matrix, *const *mut Vector)>::signature();
        assert_eq!(signature.canonical(), "fn(*mut Matrix,*const *mut Vector)");
    }

    #[test]
    fn a_function_is_called_through_its_address() {
        extern "C" fn half(x: f64) -> f64 {
            x / 2.0
        }
        let pointer: extern "C" fn(f64) -> f64 = half;
        // SAFETY: the address of a function of that type.
        let function = unsafe { Function::<extern "C" fn(f64) -> f64>::new(pointer.address()) };
        assert_eq!(function(5.0), 2.5);
        assert_eq!(function.pointer() as usize, half as *const () as usize);
        assert!(format!("{function:?}").starts_with("fn(f64) -> f64 at 0x"));
    }
}
