//! A table of host imports in a loaded library.
//!
//! Its memory is what several environments, and several copies of this crate, have in common: a slot
//! that is not empty is filled, for good. So a table needs no record beside it, and filling one twice
//! changes nothing.

use std::ffi::{CString, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::linker::{self, Handle};

/// A table, and what goes into it.
pub(super) struct Table {
    symbol: CString,
    slots: Box<[Option<NonNull<c_void>>]>,
}

impl Table {
    /// The table of that name, with a number of slots.
    pub(super) fn new(symbol: CString, slots: usize) -> Self {
        Self {
            symbol,
            slots: vec![None; slots].into(),
        }
    }

    /// Remembers what a slot is to be filled with.
    pub(super) fn set(&mut self, slot: usize, address: NonNull<c_void>) {
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = Some(address);
        }
    }

    /// Which slots are filled in a loaded library; of none if it has no such table.
    pub(super) fn filled(&self, library: Handle) -> Vec<bool> {
        let slots = self.memory(library).unwrap_or_default();
        let is_filled = |slot: &AtomicPtr<c_void>| !slot.load(Ordering::Acquire).is_null();
        slots.iter().map(is_filled).collect()
    }

    /// Fills the slots that are empty.
    ///
    /// # Errors
    /// If the library has no such table.
    pub(super) fn fill(&self, library: Handle) -> Result<(), String> {
        for (slot, address) in self.memory(library)?.iter().zip(&self.slots) {
            if let Some(address) = address {
                let empty = ptr::null_mut();
                let new = address.as_ptr();
                // Whoever was first has filled it.
                let _ = slot.compare_exchange(empty, new, Ordering::AcqRel, Ordering::Acquire);
            }
        }
        Ok(())
    }

    fn memory(&self, library: Handle) -> Result<&'static [AtomicPtr<c_void>], String> {
        let found = linker::symbol(library, &self.symbol);
        let table = found.map(NonNull::cast::<AtomicPtr<c_void>>);
        match table.filter(|table| table.is_aligned()) {
            // SAFETY: the symbol's name is made of the list of the table's entries, so that many are
            // there, in memory that may be written to; libraries are never unloaded. Code of the
            // package reads them at any time, and everybody here as atomics.
            Some(table) => Ok(unsafe {
                std::slice::from_raw_parts(table.as_ptr().cast_const(), self.slots.len())
            }),
            None => Err(format!(
                "it lacks `{}`, the table of what it imports from the process",
                self.symbol.to_string_lossy()
            )),
        }
    }
}
