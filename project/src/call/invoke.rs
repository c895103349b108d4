//! The call itself, through libffi.
//!
//! libffi widens results narrower than a register. Its binding narrows them again if it is told
//! their type, so every type of result has a call of its own here.

use std::ffi::c_void;

use libffi::middle::{Arg, Cif, CodePtr, Ret, Type as FfiType, arg};
use puck_package::Type;

use super::argument::Argument;
use super::numba::{self, Data};
use super::scalar::for_numbers;
use super::{Arguments, Array, CallError, Changed, Element, Outcome, Value};

impl Arguments {
    /// Calls the function at `address`, and tells what it returned and which arrays it changed.
    ///
    /// # Errors
    /// If the function wrote past the end of an array. It may have done harm elsewhere too.
    ///
    /// # Safety
    /// At `address` is a function of this signature, with C's calling convention. What else it asks
    /// of its arguments must hold: lengths that are passed are those of the arrays, pointers that
    /// may not be null are not.
    pub unsafe fn call(mut self, address: *const c_void) -> Result<Outcome, CallError> {
        let interface = interface(&self)?;
        let before = self.values.clone();
        // What libffi reads: the bytes of each argument. Little or big endian, they come first.
        let slots: Vec<[u64; 1]> = self.values.iter_mut().map(slot).collect();
        let passed: Vec<Arg<'_>> = slots.iter().map(arg).collect();
        // SAFETY: `interface` was made for this signature, `passed` has a value for each of its
        // parameters, and arrays live in `self`, untouched till the function has returned. That
        // the function is of this signature is the caller's promise.
        let returned =
            unsafe { call(&interface, address, &passed, self.signature.result.as_ref()) };
        // SAFETY: the function has just returned that, and all that it was passed is still there.
        let (result, raised) = unsafe { self.result(returned) }?;
        Ok(Outcome {
            result,
            changed: self.changed(before)?,
            raised,
        })
    }

    /// The result, or the exception.
    ///
    /// # Safety
    /// The function was called with these arguments, and returned `returned`.
    unsafe fn result(
        &self,
        returned: Option<Value>,
    ) -> Result<(Option<Data>, Option<numba::Raised>), CallError> {
        let (
            Some(ty),
            [
                Argument::Structure(place),
                Argument::Structure(exception),
                ..,
            ],
        ) = (&self.result, self.values.as_slice())
        else {
            return Ok((returned.map(Data::Number), None));
        };
        let Some(Value::I32(status)) = returned else {
            return Ok((None, None));
        };
        // SAFETY: the caller's promise; a function with such a result writes there.
        match unsafe { numba::returned(ty, status, place, exception) } {
            Ok(Ok(result)) => Ok((result, None)),
            Ok(Err(raised)) => Ok((None, Some(raised))),
            Err(reason) => Err(CallError::Result(reason)),
        }
    }

    /// The arrays that are not what they were.
    fn changed(self, before: Vec<Argument>) -> Result<Vec<Changed>, CallError> {
        let mut changed = Vec::new();
        // Of Numba's functions, the first two are the places for what comes out.
        let own = self.values.len() - self.named.len();
        let values = self.values.into_iter().zip(before).skip(own);
        for (i, ((after, before), named)) in values.zip(self.named).enumerate() {
            let overrun = |array: &Array| CallError::Overrun {
                position: i + 1,
                length: array.len(),
                parameter: named.shown.clone(),
            };
            let mut add = |path: &str, values: Data| {
                changed.push(Changed {
                    position: i + 1,
                    name: named.name.as_ref().map(|name| format!("{name}{path}")),
                    values,
                });
            };
            match (after, before) {
                (Argument::Array(mut after), Argument::Array(before)) => {
                    if !after.unguard() {
                        return Err(overrun(&after));
                    }
                    if after != before {
                        add("", after.into());
                    }
                }
                (Argument::Structure(after), Argument::Structure(before)) => {
                    for (mut after, before) in after.arrays.into_iter().zip(before.arrays) {
                        if !after.array.unguard() {
                            return Err(overrun(&after.array));
                        }
                        if after.array != before.array {
                            let path = after.path.clone();
                            let (rows, shape) = after.rows();
                            add(&path, Data::Array(rows, shape));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(changed)
    }
}

/// What libffi needs to know of the function.
fn interface(arguments: &Arguments) -> Result<Cif, CallError> {
    let signature = &arguments.signature;
    let parameters = signature.parameters.iter().map(|p| ffi_type(&p.ty));
    let result = signature
        .result
        .as_ref()
        .map_or_else(FfiType::void, ffi_type);
    Cif::try_new(parameters, result).map_err(|error| CallError::Interface {
        signature: signature.clone(),
        reason: format!("{error:?}"),
    })
}

fn ffi_type(ty: &Type) -> FfiType {
    match Element::of(ty) {
        // C's bool has the size and the registers of a byte.
        Some(Element::Bool | Element::U8) => FfiType::u8(),
        Some(Element::I8) => FfiType::i8(),
        Some(Element::I16) => FfiType::i16(),
        Some(Element::I32) => FfiType::i32(),
        Some(Element::I64) => FfiType::i64(),
        Some(Element::U16) => FfiType::u16(),
        Some(Element::U32) => FfiType::u32(),
        Some(Element::U64) => FfiType::u64(),
        Some(Element::F32) => FfiType::f32(),
        Some(Element::F64) => FfiType::f64(),
        None => FfiType::pointer(),
    }
}

/// What is passed for an argument, with the bytes of its value first.
fn slot(argument: &mut Argument) -> [u64; 1] {
    match argument {
        Argument::Value(value) => [u64::from_ne_bytes(value.bytes())],
        Argument::Array(array) => [array.guard().expose_provenance() as u64],
        Argument::Structure(value) => [value.guard().expose_provenance() as u64],
    }
}

/// # Safety
/// `interface` is that of the function at `address`, `result` its type of result, and `passed` are
/// its arguments.
unsafe fn call(
    interface: &Cif,
    address: *const c_void,
    passed: &[Arg<'_>],
    result: Option<&Type>,
) -> Option<Value> {
    let function = CodePtr::from_ptr(address);
    let Some(result) = result else {
        // SAFETY: the caller's promise; nothing is returned.
        unsafe { interface.call_return_into(function, passed, Ret::void()) };
        return None;
    };
    macro_rules! call {
        ($($variant:ident $rust:ty),*) => {
            match Element::of(result) {
                // SAFETY: the caller's promise; the result is of that type.
                Some(Element::Bool) => Value::Bool(unsafe { interface.call::<u8>(function, passed) } != 0),
                $(
                    // SAFETY: as above.
                    Some(Element::$variant) => Value::from(unsafe { interface.call::<$rust>(function, passed) }),
                )*
                // SAFETY: as above; a pointer is returned as a number.
                None => Value::Pointer(unsafe { interface.call::<usize>(function, passed) }),
            }
        };
    }
    Some(for_numbers!(call!()))
}

#[cfg(test)]
mod tests;
