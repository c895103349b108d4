//! Rust types that may stand in a signature, and the [`Type`] that each is written as.

use std::ffi::c_void;

use puck_package::{Parameter, Pointee, Signature, Type};

/// A Rust type that is passed to, or returned from, a function with C's calling convention.
///
/// # Safety
///
/// [`ty`](AbiType::ty) must describe how values of the type are passed, exactly: it is all that
/// guards a call.
pub unsafe trait AbiType {
    /// The type as a signature has it.
    fn ty() -> Type;
}

/// A Rust type that a pointer in a signature may point to.
///
/// # Safety
///
/// [`pointee`](AbiPointee::pointee) must be what the pointed-to memory holds.
pub unsafe trait AbiPointee {
    /// The pointed-to type as a signature has it.
    fn pointee() -> Pointee;
}

/// What a function may return: an [`AbiType`], or nothing, which is `()`.
///
/// # Safety
///
/// As for [`AbiType`].
pub unsafe trait AbiResult {
    /// The type as a signature has it; `None` for nothing.
    fn result() -> Option<Type>;
}

macro_rules! scalars {
    ($($rust:ty => $ty:ident),* $(,)?) => {$(
        // SAFETY: the same scalar, by the definition of the signature's types.
        unsafe impl AbiType for $rust {
            fn ty() -> Type {
                Type::$ty
            }
        }
    )*};
}
scalars!(
    bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64, f32 => F32, f64 => F64,
);
// A signature's `usize` is `u64`; so is Rust's where there are packages to call at all.
#[cfg(target_pointer_width = "64")]
scalars!(usize => U64, isize => I64);
#[cfg(target_pointer_width = "32")]
scalars!(usize => U32, isize => I32);

// SAFETY: a thin pointer, since only sized types point as `AbiPointee` (below).
unsafe impl<T: AbiPointee> AbiType for *const T {
    fn ty() -> Type {
        Type::Pointer {
            mutable: false,
            pointee: Box::new(T::pointee()),
        }
    }
}

// SAFETY: as for `*const T`.
unsafe impl<T: AbiPointee> AbiType for *mut T {
    fn ty() -> Type {
        Type::Pointer {
            mutable: true,
            pointee: Box::new(T::pointee()),
        }
    }
}

// SAFETY: memory holds a type as it is passed; `bool` is one byte there too.
unsafe impl<T: AbiType> AbiPointee for T {
    fn pointee() -> Pointee {
        Pointee::Type(T::ty())
    }
}

// SAFETY: points to anything.
unsafe impl AbiPointee for c_void {
    fn pointee() -> Pointee {
        Pointee::Void
    }
}

// SAFETY: the type itself.
unsafe impl<T: AbiType> AbiResult for T {
    fn result() -> Option<Type> {
        Some(T::ty())
    }
}

// SAFETY: C's `void`.
unsafe impl AbiResult for () {
    fn result() -> Option<Type> {
        None
    }
}

/// The signature of a function of these parameters and this result, without parameter names.
pub(crate) fn signature(parameters: Vec<Type>, result: Option<Type>) -> Signature {
    let parameters = parameters
        .into_iter()
        .map(|ty| Parameter { name: None, ty })
        .collect();
    Signature { parameters, result }
}

/// Names the Rust type that stands for an opaque type of a signature, such as `*mut Matrix`.
///
/// With `struct`, the type is defined too: it has no values in Rust and is only pointed to.
///
/// ```
/// use puck_runtime::{FunctionType, opaque};
///
/// opaque! {
///     /// A matrix, whose layout only its package knows.
///     pub struct Matrix;
/// }
/// type Rows = unsafe extern "C" fn(*const Matrix) -> u64;
/// assert_eq!(Rows::signature().canonical(), "fn(*const Matrix)->u64");
///
/// #[repr(C)]
/// struct Point { x: f64, y: f64 }
/// opaque!(Point as "point_t");
/// type Norm = unsafe extern "C" fn(*const Point) -> f64;
/// assert_eq!(Norm::signature().canonical(), "fn(*const point_t)->f64");
/// ```
#[macro_export]
macro_rules! opaque {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident;) => {
        $(#[$attribute])*
        #[repr(C)]
        $visibility struct $name {
            _opaque: [u8; 0],
            // Neither sent nor shared nor moved on behalf of code that knows nothing of it.
            _marker: ::core::marker::PhantomData<(*mut u8, ::core::marker::PhantomPinned)>,
        }
        $crate::opaque!($name);
    };
    ($name:ident) => {
        $crate::opaque!($name as ::core::stringify!($name));
    };
    ($name:ty as $text:expr) => {
        // SAFETY: nothing is claimed about the memory: it is told apart by name alone.
        unsafe impl $crate::AbiPointee for $name {
            fn pointee() -> $crate::Pointee {
                $crate::Pointee::Opaque(::std::string::String::from($text))
            }
        }
    };
}
