//! What a parameter takes, and how well a value fits it.

use puck_package::{Pointee, Type};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};

use super::array::{Array, Buffer};
use super::portable::{Layout, Portable};
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
    Portable(Portable),
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
    pub(crate) fn portable(ty: &Portable) -> Self {
        match ty {
            Portable::Scalar(scalar) => Self::Scalar(*scalar),
            other => Self::Portable(other.clone()),
        }
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
            Self::Portable(ty) => ty.expects(),
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
            Self::Portable(ty) => ty.distance(value),
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

impl Portable {
    fn expects(&self) -> String {
        match self {
            Self::Scalar(scalar) => Parameter::Scalar(*scalar).expects(),
            Self::Void => "None".to_owned(),
            Self::Time {
                is_difference,
                unit,
            } => format!("a {}", time(*is_difference, unit)),
            Self::Array {
                item,
                dimensions,
                layout,
                writable,
                ..
            } => {
                let layout = match layout {
                    Layout::C => "C-contiguous ",
                    Layout::Fortran => "Fortran-contiguous ",
                    Layout::Any => "",
                };
                let writable = if *writable { "writable " } else { "" };
                let item = item.dtype();
                format!("a {writable}{layout}array of {item} with ndim={dimensions}")
            }
            Self::Tuple(items) | Self::Named { items, .. } => {
                format!("a tuple of {}", items.len())
            }
            Self::Optional(ty) => format!("{}, or None", ty.expects()),
            Self::Record { text, .. } => format!("a record of {text}"),
        }
    }

    /// What NumPy calls the type of an array's items.
    pub(crate) fn dtype(&self) -> String {
        match self {
            Self::Scalar(scalar) => scalar.dtype().to_owned(),
            Self::Time {
                is_difference,
                unit,
            } => time(*is_difference, unit),
            Self::Record { text, .. } => text.clone(),
            _ => "object".to_owned(),
        }
    }

    fn distance(&self, value: &Bound<'_, PyAny>) -> Option<u32> {
        match self {
            Self::Scalar(scalar) => of_scalar(*scalar, value),
            Self::Void => value.is_none().then_some(0),
            Self::Time { .. } | Self::Record { .. } => (!value.is_none()).then_some(1),
            Self::Array {
                item,
                dimensions,
                layout,
                writable,
                ..
            } => {
                let array = Array::of(value).or_else(|_| Array::told(value)).ok()?;
                let same_item = match &**item {
                    Self::Scalar(scalar) => array.item == Some(*scalar),
                    _ => array.item.is_none(),
                };
                let fits = match layout {
                    Layout::C => array.is_c_contiguous(),
                    Layout::Fortran => array.is_fortran_contiguous(),
                    Layout::Any => true,
                };
                let fits = fits
                    && same_item
                    && array.shape().len() == *dimensions
                    && !(*writable && array.read_only);
                // A more special layout is better, as is being told that it is only read.
                let special = u32::from(*layout == Layout::Any) * 2;
                fits.then_some(special + u32::from(array.read_only == *writable))
            }
            Self::Tuple(types) | Self::Named { items: types, .. } => {
                let tuple = value.cast::<PyTuple>().ok()?;
                if tuple.len() != types.len() {
                    return None;
                }
                let pairs = types.iter().zip(tuple.iter());
                pairs.map(|(ty, value)| ty.distance(&value)).sum()
            }
            Self::Optional(_) if value.is_none() => Some(0),
            Self::Optional(ty) => ty.distance(value).map(|distance| distance + 1),
        }
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
