//! A call that is ready to be made, and what it writes to.

use std::cell::Cell;

use super::pass::Passed;

/// Arguments where a call passes them, and memory for what comes back.
pub(crate) struct Prepared {
    pub(crate) passed: Passed,
    /// For Numba's convention: the exception, then the result. Cells, as the function that is called
    /// writes to them.
    memory: Vec<Cell<u64>>,
}

impl Prepared {
    /// Of a call whose result comes back in a register.
    pub(crate) fn plain() -> Self {
        Self {
            passed: Passed::new(),
            memory: Vec::new(),
        }
    }

    /// Of a call that writes a result of so many bytes, or an exception: the first two arguments say
    /// where to.
    pub(crate) fn with_result(bytes: usize) -> Self {
        let mut passed = Passed::new();
        let memory = vec![Cell::new(0_u64); 1 + bytes.div_ceil(8).max(1)];
        let start = memory.as_ptr();
        for place in [start.wrapping_add(1), start] {
            passed.arguments.integer(place.expose_provenance() as u64);
        }
        Self { passed, memory }
    }

    /// Where the exception is that was written, or 0.
    pub(crate) fn exception(&self) -> usize {
        let word = self.memory.first().map_or(0, Cell::get);
        usize::try_from(word).unwrap_or(0)
    }

    /// The result that was written, and zeros.
    pub(crate) fn result(&self) -> Vec<u8> {
        let words = self.memory.iter().skip(1);
        words.flat_map(|word| word.get().to_le_bytes()).collect()
    }
}
