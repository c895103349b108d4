//! What a parameter takes, and how well a value fits it.

use puck_package::portable::Order;
use puck_package::{Pointee, PortableType, Type};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};

use super::array::{Array, Buffer};
use super::scalar::Scalar;

/// What a parameter takes.
#[derive(Clone, Debug)]
pub(crate) enum Parameter {
    Scalar(Scalar),
    /// A pointer to the items of an array.
    Items {
        item: Scalar,
        writable: bool,
    },
    /// A pointer to something that is not known here, by its name in the signature.
    Address {
        writable: bool,
        text: String,
    },
    /// A pointer to a function of that type.
    Callback(String),
    /// One of Numba's types.
    Portable(PortableType),
}

impl Parameter {
    /// The parameter of a C function.
    pub(crate) fn of(ty: &Type) -> Self {
        if let Some(scalar) = Scalar::of(ty) {
            return Self::Scalar(scalar);
        }
        match ty {
            Type::Pointer { mutable, pointee } => match &**pointee {
                Pointee::Type(inner) if Scalar::of(inner).is_some() => Self::Items {
                    item: Scalar::of(inner).unwrap_or(Scalar::U8),
                    writable: *mutable,
                },
                _ => Self::Address {
                    writable: *mutable,
                    text: ty.to_string(),
                },
            },
            other => Self::Callback(other.to_string()),
        }
    }

    /// The same for one of Numba's types: scalars are scalars.
    pub(crate) fn portable(ty: &PortableType) -> Self {
        Scalar::of_portable(ty).map_or_else(|| Self::Portable(ty.clone()), Self::Scalar)
    }

    /// What it takes, in words for a message.
    pub(crate) fn expects(&self) -> String {
        match self {
            Self::Scalar(scalar) if scalar.python() == scalar.dtype() => {
                format!("a {}", scalar.python())
            }
            Self::Scalar(scalar) => {
                let article = if scalar.python() == "int" { "an" } else { "a" };
                format!("{article} {} ({})", scalar.python(), scalar.dtype())
            }
            Self::Items { item, writable } => {
                let writable = if *writable { "writable " } else { "" };
                format!("a {writable}C-contiguous array of {}", item.dtype())
            }
            Self::Address { writable, text } => {
                let writable = if *writable { "writable " } else { "" };
                format!("an address, a {writable}C-contiguous array, or None ({text})")
            }
            Self::Callback(text) => format!("a C function ({text})"),
            Self::Portable(ty) => expects(ty),
        }
    }

    /// How far a value is from what the parameter takes: 0 is exactly that, `None` no fit at all.
    pub(crate) fn distance(&self, value: &Bound<'_, PyAny>) -> Option<u32> {
        match self {
            Self::Scalar(scalar) => of_scalar(*scalar, value),
            Self::Items { item, .. } => {
                let array = Array::of(value).ok()?;
                (array.item == Some(*item)).then_some(0)
            }
            Self::Address { .. } | Self::Callback(_) => {
                let fits = value.is_none()
                    || value.is_instance_of::<PyInt>()
                    || value.is_callable()
                    || Buffer::of(value).is_ok();
                fits.then_some(1)
            }
            Self::Portable(ty) => distance(ty, value),
        }
    }
}

/// From a value's kind to a scalar's: what Python has one type for goes to the widest.
fn of_scalar(scalar: Scalar, value: &Bound<'_, PyAny>) -> Option<u32> {
    use Scalar::{Bool, C64, C128, F32, F64, I64, U64};
    if value.is_instance_of::<PyTuple>() || value.is_none() {
        return None;
    }
    // NumPy's scalars say what they are; so do its arrays without dimensions.
    if !value.is_exact_instance_of::<PyFloat>()
        && !value.is_exact_instance_of::<PyInt>()
        && let Ok(array) = Array::of(value)
    {
        let item = array.item.filter(|_| array.shape().is_empty())?;
        return conversion(item, scalar);
    }
    let loss = |wide: bool| if wide { 0 } else { 2 };
    if value.is_instance_of::<PyBool>() {
        return Some(match scalar {
            Bool => 0,
            F32 | F64 | C64 | C128 => 9,
            _ => 4 + loss(scalar == I64),
        });
    }
    if value.is_instance_of::<PyInt>() {
        return match scalar {
            Bool => None,
            I64 => Some(0),
            U64 => Some(1),
            F32 | F64 => Some(6 + loss(scalar == F64)),
            C64 | C128 => Some(10 + loss(scalar == C128)),
            // The wider, the nearer.
            narrow => Some(u32::try_from(6 - narrow.size()).unwrap_or(2)),
        };
    }
    let wide = loss(matches!(scalar, F64 | C128));
    if value.is_instance_of::<PyFloat>() {
        return match scalar {
            F32 | F64 => Some(wide),
            C64 | C128 => Some(4 + wide),
            _ => None,
        };
    }
    if value.is_instance_of::<PyComplex>() {
        return matches!(scalar, C64 | C128).then_some(wide);
    }
    let reads_as = |name| value.hasattr(name).unwrap_or(false);
    match scalar {
        Bool => None,
        F32 | F64 => reads_as("__float__").then_some(12 + wide),
        C64 | C128 => reads_as("__complex__").then_some(12 + wide),
        _ => reads_as("__index__").then_some(12),
    }
}

/// From one scalar type to another, without loss of range; the nearest wider one is nearest.
fn conversion(from: Scalar, to: Scalar) -> Option<u32> {
    let (a, b) = (from.python(), to.python());
    let size = |scalar: Scalar| u32::try_from(scalar.size()).unwrap_or(16);
    let wider = size(to).checked_sub(size(from));
    if from == to {
        return Some(0);
    }
    let is_unsigned = |scalar: Scalar| scalar.dtype().starts_with('u');
    match (a, b) {
        ("int", "int") if is_unsigned(from) == is_unsigned(to) => wider.map(|wider| 1 + wider),
        // Still possible: whether the number itself is in range is seen when it is passed.
        ("int", "int") => Some(20),
        ("float", "float") => Some(wider.map_or(20, |wider| 1 + wider)),
        ("complex", "complex") => Some(wider.map_or(20, |wider| 1 + wider)),
        ("int", "float") => Some(30 + 8 - size(to)),
        ("int" | "float", "complex") => Some(40 + 16 - size(to)),
        _ => None,
    }
}

/// What a parameter of one of Numba's types takes, in words for a message.
pub(crate) fn expects(ty: &PortableType) -> String {
    if let Some(scalar) = Scalar::of_portable(ty) {
        return Parameter::Scalar(scalar).expects();
    }
    match ty {
        PortableType::Void => "None".to_owned(),
        PortableType::Time {
            is_difference,
            unit,
        } => format!("a {}", time(*is_difference, unit)),
        PortableType::Array(array) => {
            let order = match array.order {
                Order::C => "C-contiguous ",
                Order::Fortran => "Fortran-contiguous ",
                Order::Any => "",
            };
            let writable = if array.writable { "writable " } else { "" };
            let item = dtype(&array.item);
            let dimensions = array.dimensions;
            format!("a {writable}{order}array of {item} with ndim={dimensions}")
        }
        PortableType::Tuple { items, .. } => format!("a tuple of {}", items.len()),
        PortableType::Optional(ty) => format!("{}, or None", expects(ty)),
        PortableType::Record(record) => format!("a record of {record}"),
        PortableType::Scalar(_) | PortableType::Complex(_) | PortableType::Nested { .. } => {
            format!("a value of {ty}")
        }
    }
}

/// What NumPy calls the type of an array's items; of records, their portable type.
pub(crate) fn dtype(item: &PortableType) -> String {
    match (item, Scalar::of_portable(item)) {
        (_, Some(scalar)) => scalar.dtype().to_owned(),
        (
            PortableType::Time {
                is_difference,
                unit,
            },
            _,
        ) => time(*is_difference, unit),
        _ => item.to_string(),
    }
}

fn distance(ty: &PortableType, value: &Bound<'_, PyAny>) -> Option<u32> {
    if let Some(scalar) = Scalar::of_portable(ty) {
        return of_scalar(scalar, value);
    }
    match ty {
        PortableType::Void => value.is_none().then_some(0),
        PortableType::Time { .. } | PortableType::Record(_) => (!value.is_none()).then_some(1),
        PortableType::Array(ty) => {
            let array = Array::of(value).or_else(|_| Array::told(value)).ok()?;
            let fits = match ty.order {
                Order::C => array.is_c_contiguous(),
                Order::Fortran => array.is_fortran_contiguous(),
                Order::Any => true,
            };
            let fits = fits
                && array.item == Scalar::of_portable(&ty.item)
                && array.shape().len() == ty.dimensions
                && !(ty.writable && array.read_only);
            // A more special order is better, as is being told that it is only read.
            let special = u32::from(ty.order == Order::Any) * 2;
            fits.then_some(special + u32::from(array.read_only == ty.writable))
        }
        PortableType::Tuple { items, .. } => {
            let tuple = value.cast::<PyTuple>().ok()?;
            if tuple.len() != items.len() {
                return None;
            }
            let pairs = items.iter().zip(tuple.iter());
            pairs.map(|(ty, value)| distance(ty, &value)).sum()
        }
        PortableType::Optional(_) if value.is_none() => Some(0),
        PortableType::Optional(ty) => distance(ty, value).map(|distance| distance + 1),
        PortableType::Scalar(_) | PortableType::Complex(_) | PortableType::Nested { .. } => None,
    }
}

fn time(is_difference: bool, unit: &str) -> String {
    let name = if is_difference {
        "timedelta64"
    } else {
        "datetime64"
    };
    if unit.is_empty() {
        name.to_owned()
    } else {
        format!("{name}[{unit}]")
    }
}
