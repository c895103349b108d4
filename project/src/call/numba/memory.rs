//! What a function left in memory.

use puck_package::portable::{ARRAY_DATA, ARRAY_WORDS, Layout, Names, in_a_row};
use puck_package::{PortableType, Type};

use super::super::array::MAX_BYTES;
use super::super::{ArgumentError, Array, Element, Value};
use super::{Data, Structure};

/// The status of a function whose result is `None`.
const NONE: i32 = -2;

/// An exception that a function ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// What the function returned.
    pub status: i32,
    /// The address of what it left; nothing here follows it.
    pub exception: usize,
}

/// What a function returned: its result of type `ty`, if it has one, or an exception.
///
/// # Errors
/// If a result is too large for memory.
///
/// # Safety
/// `place` and `exception` are what a function with such a result has just left, which returned
/// `status`; what they refer to is still there.
pub(in super::super) unsafe fn returned(
    ty: &PortableType,
    status: i32,
    place: &Structure,
    exception: &Structure,
) -> Result<Result<Option<Data>, Raised>, ArgumentError> {
    match (status, ty) {
        (0 | NONE, PortableType::Void) => Ok(Ok(None)),
        (NONE, _) => Ok(Ok(Some(Data::None))),
        // SAFETY: the caller's promise: there is a value of that type.
        (0, _) => unsafe { value(ty, place.words().as_ptr().cast()) }.map(|value| Ok(Some(value))),
        _ => Ok(Err(Raised {
            status,
            exception: exception.words().first().map_or(0, |word| *word as usize),
        })),
    }
}

/// # Safety
/// At `at` is a value of type `ty`, and what it refers to is there, too.
unsafe fn value(ty: &PortableType, at: *const u8) -> Result<Data, ArgumentError> {
    // SAFETY: parts lie within the value, where the layout has them.
    let part = |ty: &PortableType, offset: usize| unsafe { value(ty, at.add(offset)) };
    Ok(match ty {
        PortableType::Void => Data::None,
        // SAFETY: a value of that type is there.
        PortableType::Scalar(scalar) => Data::Number(unsafe { number(scalar, at) }),
        PortableType::Complex(part) => {
            // SAFETY: two are there, one behind the other.
            let [re, im] = unsafe { [number(part, at), number(part, at.add(part.size()))] };
            Data::Complex(re, im)
        }
        PortableType::Time { unit, .. } => {
            // SAFETY: an integer of 64 bits is there.
            Data::Time(unsafe { at.cast::<i64>().read_unaligned() }, unit.clone())
        }
        PortableType::Array(ty) => {
            // SAFETY: an array's description is there, which is true.
            return unsafe { array(&ty.item, ty.dimensions, at.cast()) };
        }
        PortableType::Tuple { items, names } => {
            let (places, _) = in_a_row(items);
            let items = items.iter().zip(places);
            let items = items.map(|(ty, place)| part(ty, place));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            match names {
                None => Data::Tuple(items),
                Some(Names { class, fields }) => Data::Fields(
                    Some(class.clone()),
                    fields.iter().cloned().zip(items).collect(),
                ),
            }
        }
        PortableType::Optional(item) => {
            // SAFETY: the byte behind the value says whether it is one.
            match unsafe { at.add(item.layout().size).read() } {
                0 => Data::None,
                _ => part(item, 0)?,
            }
        }
        PortableType::Record(record) => {
            let fields = record
                .fields
                .iter()
                .map(|field| part(&field.ty, field.offset).map(|data| (field.name.clone(), data)));
            Data::Fields(None, fields.collect::<Result<_, _>>()?)
        }
        PortableType::Nested { item, shape } => {
            let Layout { size, .. } = item.layout();
            // Of a dimension without items, whatever the others are.
            let count = shape
                .iter()
                .fold(1, |n: usize, length| n.saturating_mul(*length));
            let items = (0..count).map(|i| part(item, i * size));
            Data::Items(items.collect::<Result<_, _>>()?, shape.clone())
        }
    })
}

/// # Safety
/// At `at` is a value of that type.
unsafe fn number(scalar: &Type, at: *const u8) -> Value {
    let mut bytes = [0; 8];
    // SAFETY: the caller's promise; no scalar has more than eight bytes.
    unsafe { std::ptr::copy_nonoverlapping(at, bytes.as_mut_ptr(), scalar.size()) };
    match Element::of(scalar) {
        Some(element) => element.value(bytes),
        None => Value::Pointer(usize::from_ne_bytes(bytes)),
    }
}

/// # Safety
/// At `at` is the description of an array, whose elements are there.
unsafe fn array(
    item: &PortableType,
    dimensions: usize,
    at: *const u64,
) -> Result<Data, ArgumentError> {
    // SAFETY: the caller's promise; the value may lie in a record, at any address.
    let word = |i: usize| unsafe { at.add(i).read_unaligned() };
    let data = std::ptr::with_exposed_provenance::<u8>(word(ARRAY_DATA) as usize);
    let sizes = (0..dimensions).map(|i| word(ARRAY_WORDS + i) as i64);
    let shape: Vec<usize> = sizes.map(|size| size.max(0) as usize).collect();
    let strides: Vec<isize> = (0..dimensions)
        .map(|i| word(ARRAY_WORDS + dimensions + i) as isize)
        .collect();
    let length = shape
        .iter()
        .fold(1_u128, |n, size| n.saturating_mul(*size as u128));
    let too_large = || ArgumentError::TooLarge {
        length,
        element: Element::U8,
    };
    let mut numbers = match item {
        PortableType::Scalar(scalar) => Element::of(scalar).map(Array::new),
        _ => None,
    };
    let mut items = Vec::new();
    match &mut numbers {
        Some(array) => array.reserve(length)?,
        None if length.saturating_mul(size_of::<Data>() as u128) > MAX_BYTES as u128 => {
            return Err(too_large());
        }
        None => items
            .try_reserve(length as usize)
            .map_err(|_| too_large())?,
    }
    let mut index = vec![0_usize; dimensions];
    for _ in 0..length {
        let steps = index.iter().zip(&strides);
        let offset: isize = steps.map(|(i, stride)| *i as isize * stride).sum();
        // SAFETY: the caller's promise: an element is there.
        let element = unsafe { data.offset(offset) };
        match (&mut numbers, item) {
            (Some(array), PortableType::Scalar(ty)) => {
                // SAFETY: as above.
                array.push(unsafe { number(ty, element) })?;
            }
            // SAFETY: as above.
            _ => items.push(unsafe { value(item, element) }?),
        }
        for i in (0..dimensions).rev() {
            index[i] += 1;
            if index[i] < shape[i] {
                break;
            }
            index[i] = 0;
        }
    }
    Ok(match numbers {
        Some(array) => Data::Array(array, shape),
        None => Data::Items(items, shape),
    })
}

#[cfg(test)]
mod tests {
    use puck_package::PortableSignature;

    use super::*;

    #[test]
    fn arrays_without_items_may_have_any_other_dimensions() {
        let largest = u32::MAX;
        let text = format!("()->record{{a:nested<f64,{largest},{largest},{largest},0>@0}}8/al");
        let signature: PortableSignature = text.parse().unwrap();
        assert_eq!(signature.check(), Ok(()));
        // SAFETY: a record of eight bytes is there.
        let found = unsafe { value(&signature.result, [0; 8].as_ptr()) }.unwrap();
        let Data::Fields(None, fields) = found else {
            panic!("{found:?}");
        };
        assert!(matches!(&fields[0].1, Data::Items(items, _) if items.is_empty()));
    }
}
