//! Arrays of Python: memory with a type and a shape, by the buffer protocol or NumPy's interface.
//!
//! NumPy's arrays, `array.array`, `memoryview`, `bytes` and what `ctypes` makes offer their memory by
//! the buffer protocol, so NumPy is not needed here. It has no word for dates, which NumPy describes in
//! another way.

use std::ffi::{CStr, c_void};
use std::slice;

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::scalar::Scalar;

/// What an object offers by the buffer protocol, kept alive.
///
/// Lives and dies with the interpreter's lock held.
pub(crate) struct Buffer(Box<ffi::Py_buffer>);

impl Buffer {
    /// The memory of `object`; an error, if it offers none.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        // Boxed, as it may point into itself.
        let mut buffer = Box::new(ffi::Py_buffer::new());
        // SAFETY: both are valid; on success the buffer is filled in.
        let status = unsafe {
            ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut *buffer, ffi::PyBUF_RECORDS_RO)
        };
        if status == 0 {
            Ok(Self(buffer))
        } else {
            buffer.obj = std::ptr::null_mut();
            Err(PyErr::fetch(object.py()))
        }
    }

    pub(crate) fn data(&self) -> *mut c_void {
        self.0.buf
    }

    pub(crate) fn read_only(&self) -> bool {
        self.0.readonly != 0
    }

    fn item_size(&self) -> usize {
        usize::try_from(self.0.itemsize).unwrap_or(0)
    }

    pub(crate) fn bytes(&self) -> usize {
        usize::try_from(self.0.len).unwrap_or(0)
    }

    fn dimensions(&self) -> usize {
        usize::try_from(self.0.ndim).unwrap_or(0)
    }

    fn shape(&self) -> &[isize] {
        if self.0.shape.is_null() {
            return &[];
        }
        // SAFETY: it has that many, as long as the buffer is held.
        unsafe { slice::from_raw_parts(self.0.shape, self.dimensions()) }
    }

    fn strides(&self) -> &[isize] {
        if self.0.strides.is_null() {
            return &[];
        }
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(self.0.strides, self.dimensions()) }
    }

    fn format(&self) -> &[u8] {
        if self.0.format.is_null() {
            return b"B";
        }
        // SAFETY: a C string, as long as the buffer is held.
        unsafe { CStr::from_ptr(self.0.format) }.to_bytes()
    }

    /// The pointer that the object is, if it is one of `ctypes`' pointers, also to functions.
    pub(crate) fn as_pointer(&self) -> Option<*mut c_void> {
        let format = self.format();
        let kind = format.strip_prefix(b"<").unwrap_or(format);
        let is_pointer = matches!(kind, [b'P' | b'&' | b'X', ..]);
        // An array of one pointer is an array.
        let is_one = self.dimensions() == 0 && self.bytes() == size_of::<*mut c_void>();
        if !is_pointer || !is_one {
            return None;
        }
        // SAFETY: the buffer has the bytes of a pointer.
        Some(unsafe { self.0.buf.cast::<*mut c_void>().read_unaligned() })
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: filled in by `PyObject_GetBuffer`, and released once.
        unsafe { ffi::PyBuffer_Release(&raw mut *self.0) };
    }
}

/// An array that an argument is.
pub(crate) struct Array {
    pub(crate) data: *mut c_void,
    pub(crate) read_only: bool,
    pub(crate) item_size: usize,
    /// `None` for items that no scalar is.
    pub(crate) item: Option<Scalar>,
    place: Place,
}

enum Place {
    Buffer(Buffer),
    /// As NumPy says, which keeps it alive by the object itself.
    Told {
        shape: Vec<isize>,
        strides: Vec<isize>,
        _object: Py<PyAny>,
    },
}

impl Array {
    /// The array that `object` is, by the buffer protocol.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let buffer = Buffer::of(object)?;
        Ok(Self {
            data: buffer.data(),
            read_only: buffer.read_only(),
            item_size: buffer.item_size(),
            item: item(buffer.format(), buffer.item_size()),
            place: Place::Buffer(buffer),
        })
    }

    /// The array that `object` is, as NumPy describes it, whatever its items are.
    pub(crate) fn told(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let interface = object.getattr("__array_interface__")?;
        let (data, read_only): (usize, bool) = interface.get_item("data")?.extract()?;
        let shape: Vec<isize> = interface.get_item("shape")?.extract()?;
        let strides: Vec<isize> = object.getattr("strides")?.extract()?;
        if strides.len() != shape.len() {
            return Err(PyTypeError::new_err("strides and shape differ in length"));
        }
        Ok(Self {
            data: std::ptr::with_exposed_provenance_mut(data),
            read_only,
            item_size: object.getattr("itemsize")?.extract()?,
            item: None,
            place: Place::Told {
                shape,
                strides,
                _object: object.clone().unbind(),
            },
        })
    }

    pub(crate) fn shape(&self) -> &[isize] {
        match &self.place {
            Place::Buffer(buffer) => buffer.shape(),
            Place::Told { shape, .. } => shape,
        }
    }

    pub(crate) fn strides(&self) -> &[isize] {
        match &self.place {
            Place::Buffer(buffer) => buffer.strides(),
            Place::Told { strides, .. } => strides,
        }
    }

    /// The number of items.
    pub(crate) fn items(&self) -> isize {
        self.shape().iter().product()
    }

    /// Whether the items follow each other, the last index varying fastest.
    pub(crate) fn is_c_contiguous(&self) -> bool {
        let axes = self.shape().iter().zip(self.strides());
        self.is_dense(axes.rev())
    }

    /// Whether the items follow each other, the first index varying fastest.
    pub(crate) fn is_fortran_contiguous(&self) -> bool {
        self.is_dense(self.shape().iter().zip(self.strides()))
    }

    fn is_dense<'a>(&self, axes: impl Iterator<Item = (&'a isize, &'a isize)>) -> bool {
        if self.items() == 0 {
            return true;
        }
        let mut expected = self.item_size.cast_signed();
        for (length, stride) in axes {
            // Along an axis of one item nothing is ever skipped.
            if *length != 1 {
                if *stride != expected {
                    return false;
                }
                expected *= length;
            }
        }
        true
    }

    /// Whether every item is where the processor wants one of this alignment.
    pub(crate) fn is_aligned(&self, alignment: usize) -> bool {
        let mut places = self.strides().iter().map(|stride| stride.unsigned_abs());
        self.items() == 0
            || (self.data.addr().is_multiple_of(alignment)
                && places.all(|stride| stride.is_multiple_of(alignment)))
    }

    /// What NumPy would call the type of the items, for a message.
    pub(crate) fn dtype(&self, object: &Bound<'_, PyAny>) -> String {
        if let Some(item) = self.item {
            return item.dtype().to_owned();
        }
        match object.getattr("dtype").and_then(|dtype| dtype.str()) {
            Ok(dtype) => dtype.to_string(),
            Err(_) => format!("items of {} bytes", self.item_size),
        }
    }
}

/// The scalar that a format of the `struct` module describes, in this machine's byte order.
fn item(format: &[u8], size: usize) -> Option<Scalar> {
    use Scalar::{Bool, C64, C128, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    let native = if cfg!(target_endian = "little") {
        b'<'
    } else {
        b'>'
    };
    let format = match format {
        [b'@' | b'=', rest @ ..] => rest,
        [first, rest @ ..] if *first == native => rest,
        other => other,
    };
    // Sizes are what was said apart: `l` has 4 or 8 bytes.
    Some(match (format, size) {
        (b"?", 1) => Bool,
        (b"b", 1) => I8,
        (b"B" | b"c", 1) => U8,
        (b"h" | b"i" | b"l" | b"q" | b"n", 2) => I16,
        (b"h" | b"i" | b"l" | b"q" | b"n", 4) => I32,
        (b"h" | b"i" | b"l" | b"q" | b"n", 8) => I64,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 2) => U16,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 4) => U32,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 8) => U64,
        (b"f", 4) => F32,
        (b"d", 8) => F64,
        (b"Zf" | b"F", 8) => C64,
        (b"Zd" | b"D", 16) => C128,
        _ => return None,
    })
}
