//! Portable signatures: the types of a function that Numba compiled, as `numba.json` writes them.
//!
//! `(f64,array<f64,1,C,rw,al>)->(i64,opt<bool>)`: no spaces; scalars by the names that they have in
//! [signatures](crate::signature) of C. Every version of Numba means the same by such a type. A type that
//! means something to one version only, `numba<…>`, is refused.

mod check;
mod layout;
mod parse;

use std::fmt;

use crate::Type;

pub use layout::{ARRAY_DATA, ARRAY_WORDS, Layout, in_a_row};

/// The parameters and the result of a function, as those who wrote it know them.
///
/// ```
/// use puck_package::{PortableSignature, PortableType, Type};
/// let signature: PortableSignature = "(f64,opt<i64>)->void".parse()?;
/// assert_eq!(signature.parameters[0], PortableType::Scalar(Type::F64));
/// assert_eq!(signature.to_string(), "(f64,opt<i64>)->void");
/// # Ok::<(), puck_package::PortableError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableSignature {
    /// In order.
    pub parameters: Vec<PortableType>,
    /// [`PortableType::Void`] where nothing is returned.
    pub result: PortableType,
}

/// A type that means the same in every version of Numba.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortableType {
    /// Nothing: `None`.
    Void,
    /// A number or a truth value: one of [`Type::SCALARS`].
    Scalar(Type),
    /// A complex number, by the type of both its parts: [`Type::F32`] or [`Type::F64`].
    Complex(Type),
    /// `datetime64`, or `timedelta64`.
    Time {
        /// Whether it is the difference of two points in time.
        is_difference: bool,
        /// NumPy's name of the unit; empty where there is none.
        unit: String,
    },
    /// An array that lies elsewhere.
    Array(PortableArray),
    /// A tuple, maybe a named one.
    Tuple {
        /// The types of the items, in order.
        items: Vec<PortableType>,
        /// What a named tuple has besides.
        names: Option<Names>,
    },
    /// A value or `None`.
    Optional(Box<PortableType>),
    /// Bytes with fields.
    Record(PortableRecord),
    /// An array that lies within a record.
    Nested {
        /// The type of the items.
        item: Box<PortableType>,
        /// How many there are in each dimension.
        shape: Vec<usize>,
    },
}

/// The type of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableArray {
    /// The type of the items.
    pub item: Box<PortableType>,
    /// How many there are: at most 64.
    pub dimensions: usize,
    /// In which order the items are.
    pub order: Order,
    /// Whether a function may write to it.
    pub writable: bool,
    /// Whether the items lie where their type asks for.
    pub aligned: bool,
}

/// In which order an array's items are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One behind the other, row after row: C's.
    C,
    /// One behind the other, column after column.
    Fortran,
    /// As the strides say.
    Any,
}

/// What a named tuple has besides its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The class, with its module: `module.Class`.
    pub class: String,
    /// The name of each item.
    pub fields: Vec<String>,
}

/// The type of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortableRecord {
    /// In order. Nothing says that they lie within the record.
    pub fields: Vec<Field>,
    /// In bytes.
    pub size: usize,
    /// Whether the fields lie where their types ask for.
    pub aligned: bool,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As in NumPy.
    pub name: String,
    /// The type of its value.
    pub ty: PortableType,
    /// Where it begins, in bytes from the beginning of the record.
    pub offset: usize,
}

/// Why a text is no portable signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no portable signature: expected {expected} at `{rest}`")]
pub struct PortableError {
    /// What was read; the beginning of it if it is long.
    pub text: String,
    /// What was expected.
    pub expected: String,
    /// What stands there instead; the beginning of it if it is long.
    pub rest: String,
}

impl fmt::Display for PortableSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})->{}", Listed(&self.parameters), self.result)
    }
}

impl fmt::Display for PortableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("void"),
            Self::Scalar(scalar) => write!(f, "{scalar}"),
            Self::Complex(part) => write!(f, "c{}", part.size() * 16),
            Self::Time {
                is_difference,
                unit,
            } => write!(
                f,
                "{}<{unit}>",
                if *is_difference { "td64" } else { "dt64" }
            ),
            Self::Array(array) => write!(f, "{array}"),
            Self::Tuple { items, names: None } => write!(f, "({})", Listed(items)),
            Self::Tuple {
                items,
                names: Some(Names { class, fields }),
            } => {
                let fields = fields.iter().zip(items);
                let fields: Vec<_> = fields.map(|(name, ty)| format!("{name}:{ty}")).collect();
                write!(f, "{class}({})", Listed(&fields))
            }
            Self::Optional(item) => write!(f, "opt<{item}>"),
            Self::Record(record) => write!(f, "{record}"),
            Self::Nested { item, shape } => write!(f, "nested<{item},{}>", Listed(shape)),
        }
    }
}

impl fmt::Display for PortableArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::C => "C",
            Order::Fortran => "F",
            Order::Any => "A",
        };
        let access = if self.writable { "rw" } else { "ro" };
        let Self {
            item, dimensions, ..
        } = self;
        let alignment = alignment(self.aligned);
        write!(f, "array<{item},{dimensions},{order},{access},{alignment}>")
    }
}

impl fmt::Display for PortableRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alignment = alignment(self.aligned);
        write!(
            f,
            "record{{{}}}{}/{alignment}",
            Listed(&self.fields),
            self.size
        )
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}@{}", self.name, self.ty, self.offset)
    }
}

fn alignment(is_aligned: bool) -> &'static str {
    if is_aligned { "al" } else { "ua" }
}

/// Items with commas between them.
struct Listed<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, item) in self.0.iter().enumerate() {
            let between = if i > 0 { "," } else { "" };
            write!(f, "{between}{item}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
