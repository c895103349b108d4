//! Memory that a function has handed over: an array's, as Numba's runtime counts references to it.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Where a function is that frees what nobody refers to any more: `NRT_MemInfo_call_dtor`.
pub(crate) type Release = usize;

/// Memory of an array that a function returned; released when Python lets go of it.
#[pyclass(module = "puck._puck", frozen)]
pub(crate) struct Owned {
    start: usize,
    length: isize,
    read_only: bool,
    /// The record of the references, of which one belongs to this; 0 if somebody else's memory is
    /// shown.
    record: usize,
    release: Release,
    /// Whose that memory may be.
    _others: Option<Py<PyAny>>,
}

impl Owned {
    pub(crate) fn new(
        start: usize,
        length: isize,
        read_only: bool,
        owner: (usize, Release),
        others: Option<Py<PyAny>>,
    ) -> Self {
        Self {
            start,
            length,
            read_only,
            record: owner.0,
            release: owner.1,
            _others: others,
        }
    }
}

#[pymethods]
impl Owned {
    /// # Safety
    ///
    /// `view` is a place for a buffer.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no place for the buffer"));
        }
        let this = slf.get();
        let data = std::ptr::with_exposed_provenance_mut::<c_void>(this.start);
        // SAFETY: the memory is there as long as this object is, to which the buffer refers.
        let status = unsafe {
            let read_only = c_int::from(this.read_only);
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), data, this.length, read_only, flags)
        };
        if status == 0 {
            Ok(())
        } else {
            Err(PyErr::fetch(slf.py()))
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        release(self.record, self.release);
    }
}

/// Gives back one reference, and frees what was referred to if it was the last.
fn release(record: usize, free: Release) {
    if record == 0 || free == 0 {
        return;
    }
    // SAFETY: the record is of Numba's runtime, whose first word counts the references; one of them
    // is given back here.
    unsafe {
        let references = &*std::ptr::with_exposed_provenance::<AtomicUsize>(record);
        if references.fetch_sub(1, Ordering::AcqRel) == 1 {
            let free = std::mem::transmute::<usize, unsafe extern "C" fn(*mut c_void)>(free);
            free(std::ptr::with_exposed_provenance_mut(record));
        }
    }
}
