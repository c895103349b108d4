//! The System V ABI of x86-64.
//!
//! Six integers and eight floating-point numbers go in registers, each kind counted by itself; the
//! others on the stack, in order, in eight bytes each. A callee reads those that its type has, so all
//! registers may always be set, and one Rust function type for each kind of result and size of the
//! stack serves all C types. A structure of more than two words is passed as its words on the stack.

use std::ffi::c_void;
use std::mem;

pub(super) const INTEGERS: usize = 6;
pub(super) const FLOATS: usize = 8;
/// In words: more than a signature has parameters.
pub(super) const LARGEST_STACK: usize = 256;

#[derive(Clone, Copy)]
#[repr(C)]
struct Stack<const N: usize>([u64; N]);

impl<const N: usize> Stack<N> {
    fn of(words: &[u64]) -> Self {
        let mut stack = [0; N];
        for (place, word) in stack.iter_mut().zip(words) {
            *place = *word;
        }
        Self(stack)
    }
}

/// Calls `address` with these registers and this stack, of at most [`LARGEST_STACK`] words.
///
/// # Safety
///
/// A function is there whose arguments are in those places, and whose result is in the register for
/// an `R`, or which has none.
#[inline]
pub(super) unsafe fn call<R>(
    address: *const c_void,
    integers: &[u64; INTEGERS],
    floats: &[f64; FLOATS],
    stack: &[u64],
) -> R {
    type Registers<R> = unsafe extern "C" fn(
        u64,
        u64,
        u64,
        u64,
        u64,
        u64, //
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
    ) -> R;
    type WithStack<R, const N: usize> = unsafe extern "C" fn(
        u64,
        u64,
        u64,
        u64,
        u64,
        u64, //
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64, //
        Stack<N>,
    ) -> R;

    let [a, b, c, d, e, f] = *integers;
    let [s, t, u, v, w, x, y, z] = *floats;
    // SAFETY: the caller's promise; see the module's documentation for why the types fit.
    unsafe {
        match stack.len() {
            0 => {
                let function = mem::transmute::<*const c_void, Registers<R>>(address);
                function(a, b, c, d, e, f, s, t, u, v, w, x, y, z)
            }
            1..=8 => {
                let function = mem::transmute::<*const c_void, WithStack<R, 8>>(address);
                function(a, b, c, d, e, f, s, t, u, v, w, x, y, z, Stack::of(stack))
            }
            9..=64 => {
                let function = mem::transmute::<*const c_void, WithStack<R, 64>>(address);
                function(a, b, c, d, e, f, s, t, u, v, w, x, y, z, Stack::of(stack))
            }
            _ => {
                let function =
                    mem::transmute::<*const c_void, WithStack<R, LARGEST_STACK>>(address);
                function(a, b, c, d, e, f, s, t, u, v, w, x, y, z, Stack::of(stack))
            }
        }
    }
}
