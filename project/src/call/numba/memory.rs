//! What a function left in memory.

use super::super::array::MAX_BYTES;
use super::super::{ArgumentError, Array, Element, Value};
use super::layout::{ARRAY_DATA, ARRAY_WORDS, Layout, in_a_row};
use super::{Data, Structure, Type};

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
    ty: &Type,
    status: i32,
    place: &Structure,
    exception: &Structure,
) -> Result<Result<Option<Data>, Raised>, ArgumentError> {
    match (status, ty) {
        (0 | NONE, Type::Void) => Ok(Ok(None)),
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
unsafe fn value(ty: &Type, at: *const u8) -> Result<Data, ArgumentError> {
    // SAFETY: parts lie within the value, where the layout has them.
    let part = |ty: &Type, offset: usize| unsafe { value(ty, at.add(offset)) };
    Ok(match ty {
        Type::Void => Data::None,
        // SAFETY: a value of that type is there.
        Type::Number(element) => Data::Number(unsafe { number(*element, at) }),
        Type::Complex(element) => {
            // SAFETY: two are there, one behind the other.
            let [re, im] = unsafe {
                [
                    number(*element, at),
                    number(*element, at.add(element.size())),
                ]
            };
            Data::Complex(re, im)
        }
        Type::Time(unit) => {
            // SAFETY: an integer of 64 bits is there.
            Data::Time(unsafe { at.cast::<i64>().read_unaligned() }, unit.clone())
        }
        Type::Array {
            item, dimensions, ..
        } => {
            // SAFETY: an array's description is there, which is true.
            return unsafe { array(item, *dimensions, at.cast()) };
        }
        Type::Tuple(items) => {
            let (places, _) = in_a_row(items.iter());
            let items = items.iter().zip(places);
            Data::Tuple(
                items
                    .map(|(ty, place)| part(ty, place))
                    .collect::<Result<_, _>>()?,
            )
        }
        Type::Named { class, fields } => {
            let (places, _) = in_a_row(fields.iter().map(|(_, ty)| ty));
            let fields = fields.iter().zip(places);
            let fields =
                fields.map(|((name, ty), place)| part(ty, place).map(|data| (name.clone(), data)));
            Data::Fields(Some(class.clone()), fields.collect::<Result<_, _>>()?)
        }
        Type::Optional(item) => {
            // SAFETY: the byte behind the value says whether it is one.
            match unsafe { at.add(item.layout().size).read() } {
                0 => Data::None,
                _ => part(item, 0)?,
            }
        }
        Type::Record { fields, .. } => {
            let fields = fields.iter();
            let fields =
                fields.map(|(name, ty, place)| part(ty, *place).map(|data| (name.clone(), data)));
            Data::Fields(None, fields.collect::<Result<_, _>>()?)
        }
        Type::Nested { item, shape } => {
            let Layout { size, .. } = item.layout();
            let count: usize = shape.iter().product();
            let items = (0..count).map(|i| part(item, i * size));
            Data::Items(items.collect::<Result<_, _>>()?, shape.clone())
        }
    })
}

/// # Safety
/// At `at` is a value of that type.
unsafe fn number(element: Element, at: *const u8) -> Value {
    let mut bytes = [0; 8];
    // SAFETY: the caller's promise; no element has more than eight bytes.
    unsafe { std::ptr::copy_nonoverlapping(at, bytes.as_mut_ptr(), element.size()) };
    element.value(bytes)
}

/// # Safety
/// At `at` is the description of an array, whose elements are there.
unsafe fn array(item: &Type, dimensions: usize, at: *const u64) -> Result<Data, ArgumentError> {
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
        Type::Number(element) => Some(Array::new(*element)),
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
            // SAFETY: as above.
            (Some(array), Type::Number(ty)) => array.push(unsafe { number(*ty, element) })?,
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
