//! What a function returned, for people and as JSON.

use std::fmt;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::super::{Array, Value};

/// What stands for a time that is none.
const NO_TIME: i64 = i64::MIN;

/// A value of any type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// Python's `None`.
    None,
    /// A number, a truth value, or an address.
    Number(Value),
    /// The parts of a complex number.
    Complex(Value, Value),
    /// So many of a unit: of time, or of time since 1970.
    Time(i64, String),
    /// Numbers, row after row, and how many there are in each dimension.
    Array(Array, Vec<usize>),
    /// The same of other values.
    Items(Vec<Data>, Vec<usize>),
    /// Values without names.
    Tuple(Vec<Data>),
    /// Values with names, and if it has one, their class.
    Fields(Option<String>, Vec<(String, Data)>),
}

impl From<Array> for Data {
    fn from(array: Array) -> Self {
        let length = array.len();
        Self::Array(array, vec![length])
    }
}

impl Data {
    /// The value for people. Of arrays with more than `limit` elements the first and the last are
    /// shown, and how many there are.
    pub fn display(&self, limit: Option<usize>) -> impl fmt::Display + '_ {
        Shown { data: self, limit }
    }
}

/// See [`Data::display`].
struct Shown<'a> {
    data: &'a Data,
    limit: Option<usize>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = self.limit;
        let shown = |data| Shown { data, limit };
        match self.data {
            Data::None => f.write_str("None"),
            Data::Number(value) => write!(f, "{value}"),
            Data::Complex(re, im) => {
                let im = im.to_string();
                let sign = if im.starts_with('-') { "" } else { "+" };
                write!(f, "{re}{sign}{im}j")
            }
            Data::Time(NO_TIME, _) => f.write_str("NaT"),
            Data::Time(count, unit) => write!(f, "{count} {unit}"),
            Data::Array(array, shape) if array.len() == product(shape) => {
                elements(f, shape, limit, &|f, at| match array.get(at) {
                    Some(value) => write!(f, "{value}"),
                    None => Ok(()),
                })
            }
            Data::Array(array, _) => write!(f, "{}", array.display(limit)),
            Data::Items(items, shape) => elements(f, shape, limit, &|f, at| match items.get(at) {
                Some(item) => write!(f, "{}", shown(item)),
                None => Ok(()),
            }),
            Data::Tuple(items) => {
                f.write_str("(")?;
                for (i, item) in items.iter().enumerate() {
                    let between = if i > 0 { ", " } else { "" };
                    write!(f, "{between}{}", shown(item))?;
                }
                // As Python writes a tuple of one.
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Data::Fields(class, fields) => {
                let name = class.as_deref().unwrap_or_default();
                f.write_str(name.rsplit('.').next().unwrap_or_default())?;
                f.write_str("(")?;
                for (i, (name, item)) in fields.iter().enumerate() {
                    let between = if i > 0 { ", " } else { "" };
                    write!(f, "{between}{name}={}", shown(item))?;
                }
                f.write_str(")")
            }
        }
    }
}

type Item<'a> = &'a dyn Fn(&mut fmt::Formatter<'_>, usize) -> fmt::Result;

/// Elements in brackets within brackets; of more than `limit` the first and the last in a row.
fn elements(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    limit: Option<usize>,
    item: Item<'_>,
) -> fmt::Result {
    let length = product(shape);
    let sizes: Vec<_> = shape.iter().map(usize::to_string).collect();
    let sizes = sizes.join(" x ");
    if length == 0 && shape.len() > 1 {
        return write!(f, "[] ({sizes} values)");
    }
    let Some(limit) = limit.filter(|limit| length > *limit) else {
        return brackets(f, shape, &mut 0, item);
    };
    let (first, last) = (limit.div_ceil(2), limit / 2);
    f.write_str("[")?;
    for at in 0..first {
        item(f, at)?;
        f.write_str(", ")?;
    }
    f.write_str("…")?;
    for at in length - last..length {
        f.write_str(", ")?;
        item(f, at)?;
    }
    write!(f, "] ({sizes} values)")
}

fn brackets(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    next: &mut usize,
    item: Item<'_>,
) -> fmt::Result {
    let Some((length, rest)) = shape.split_first() else {
        *next += 1;
        return item(f, *next - 1);
    };
    f.write_str("[")?;
    for i in 0..*length {
        if i > 0 {
            f.write_str(", ")?;
        }
        brackets(f, rest, next, item)?;
    }
    f.write_str("]")
}

/// How many elements an array of that shape has.
fn product(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, length| n.saturating_mul(*length))
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None | Self::Time(NO_TIME, _) => serializer.serialize_none(),
            Self::Number(value) => value.serialize(serializer),
            Self::Complex(re, im) => {
                let mut parts = serializer.serialize_map(Some(2))?;
                parts.serialize_entry("re", re)?;
                parts.serialize_entry("im", im)?;
                parts.end()
            }
            Self::Time(count, _) => serializer.serialize_i64(*count),
            Self::Array(array, shape) if array.len() == product(shape) => {
                rows(shape, |at| array.get(at)).serialize(serializer)
            }
            Self::Array(array, _) => array.serialize(serializer),
            Self::Items(items, shape) => rows(shape, |at| items.get(at)).serialize(serializer),
            Self::Tuple(items) => items.serialize(serializer),
            Self::Fields(_, fields) => {
                serializer.collect_map(fields.iter().map(|(name, item)| (name, item)))
            }
        }
    }
}

/// Lists within lists.
fn rows<T: Serialize, F: Fn(usize) -> T>(shape: &[usize], item: F) -> Rows<'_, F> {
    // One that is empty may be of any length in its other dimensions.
    let shape = if product(shape) == 0 { &[0][..] } else { shape };
    Rows {
        shape,
        from: 0,
        item,
    }
}

struct Rows<'a, F> {
    shape: &'a [usize],
    from: usize,
    item: F,
}

impl<T: Serialize, F: Fn(usize) -> T> Serialize for Rows<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((length, rest)) = self.shape.split_first() else {
            return (self.item)(self.from).serialize(serializer);
        };
        let step = product(rest);
        let mut list = serializer.serialize_seq(Some(*length))?;
        for i in 0..*length {
            let item: &dyn Fn(usize) -> T = &self.item;
            list.serialize_element(&Rows {
                shape: rest,
                from: self.from + i * step,
                item,
            })?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Element;
    use super::*;

    fn array(length: usize) -> Array {
        let mut array = Array::new(Element::I64);
        for i in 0..length {
            array.push(Value::I64(i as i64)).unwrap();
        }
        array
    }

    #[test]
    fn for_people_and_for_programs() {
        let number = |x: f64| Data::Number(Value::F64(x));
        let complex = |re, im| Data::Complex(Value::F64(re), Value::F64(im));
        for (data, text, json) in [
            (Data::None, "None", "null"),
            (number(0.5), "0.5", "0.5"),
            (complex(1.0, 2.0), "1+2j", r#"{"re":1.0,"im":2.0}"#),
            (complex(1.0, -0.5), "1-0.5j", r#"{"re":1.0,"im":-0.5}"#),
            (Data::Time(3, "D".to_owned()), "3 D", "3"),
            (Data::Time(i64::MIN, "D".to_owned()), "NaT", "null"),
            (
                Data::Array(array(4), vec![2, 2]),
                "[[0, 1], [2, 3]]",
                "[[0,1],[2,3]]",
            ),
            (Data::Array(array(1), vec![]), "0", "0"),
            (Data::Array(array(0), vec![0]), "[]", "[]"),
            (
                Data::Array(array(0), vec![usize::MAX, 0]),
                "[] (18446744073709551615 x 0 values)",
                "[]",
            ),
            (
                Data::Array(array(9), vec![3, 3]),
                "[0, 1, …, 7, 8] (3 x 3 values)",
                "[[0,1,2],[3,4,5],[6,7,8]]",
            ),
            (
                Data::Tuple(vec![number(1.0), Data::Tuple(vec![Data::None])]),
                "(1, (None,))",
                "[1.0,[null]]",
            ),
            (
                Data::Fields(
                    Some("a.b.P".to_owned()),
                    vec![("x".to_owned(), number(1.0))],
                ),
                "P(x=1)",
                r#"{"x":1.0}"#,
            ),
            (
                Data::Items(vec![complex(0.0, 1.0); 2], vec![2]),
                "[0+1j, 0+1j]",
                r#"[{"re":0.0,"im":1.0},{"re":0.0,"im":1.0}]"#,
            ),
        ] {
            assert_eq!(data.display(Some(4)).to_string(), text);
            assert_eq!(serde_json::to_string(&data).unwrap(), json, "{text}");
        }
    }
}
