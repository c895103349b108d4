//! Calling a function whose type is known at run time: words into registers and onto the stack.
//!
//! What C's calling convention asks for differs by the kind of machine; each has a module here. Only
//! scalars and pointers are passed, which is what signatures can say.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
use x86_64 as this;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("calls are written for x86-64; another machine needs a module like `x86_64`");

use std::ffi::c_void;

/// More words than this cannot be passed on the stack.
pub(crate) const LARGEST_STACK: usize = this::LARGEST_STACK;

/// The arguments of a call, where the callee looks for them.
pub(crate) struct Arguments {
    integers: [u64; this::INTEGERS],
    floats: [f64; this::FLOATS],
    used: (usize, usize),
    stack: Vec<u64>,
}

impl Arguments {
    pub(crate) fn new() -> Self {
        Self {
            integers: [0; this::INTEGERS],
            floats: [0.0; this::FLOATS],
            used: (0, 0),
            stack: Vec::new(),
        }
    }

    /// Adds an integer or a pointer, extended to 64 bits.
    #[inline]
    pub(crate) fn integer(&mut self, value: u64) {
        match self.integers.get_mut(self.used.0) {
            Some(register) => {
                *register = value;
                self.used.0 += 1;
            }
            None => self.stack.push(value),
        }
    }

    /// Adds a floating-point number by its bits: those of a single one with zeros above.
    #[inline]
    pub(crate) fn float(&mut self, bits: u64) {
        match self.floats.get_mut(self.used.1) {
            Some(register) => {
                *register = f64::from_bits(bits);
                self.used.1 += 1;
            }
            None => self.stack.push(bits),
        }
    }

    pub(crate) fn on_stack(&self) -> usize {
        self.stack.len()
    }

    /// Calls a function whose result is an integer or a pointer, if it has one; bits above those of
    /// its type mean nothing.
    ///
    /// # Safety
    ///
    /// There is a function at `address` that takes these arguments, and they are what it asks for.
    pub(crate) unsafe fn call(&self, address: *const c_void) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { this::call::<u64>(address, &self.integers, &self.floats, &self.stack) }
    }

    /// Calls a function whose result is a floating-point number, and gives its bits; those above a
    /// single one's mean nothing.
    ///
    /// # Safety
    ///
    /// As for [`call`](Self::call).
    pub(crate) unsafe fn call_float(&self, address: *const c_void) -> u64 {
        // SAFETY: the caller's promise.
        let result =
            unsafe { this::call::<f64>(address, &self.integers, &self.floats, &self.stack) };
        result.to_bits()
    }
}
