//! Where the parts of a value lie: as in the structures of `numba.h`.

use super::Type;

/// Larger values are no value that a function passes: 1 MiB.
pub(super) const MAX_SIZE: usize = 1 << 20;
/// What an array has before its shape: owner, parent, number of items, their size, their address.
pub(super) const ARRAY_WORDS: usize = 5;
/// Which of those is the address.
pub(super) const ARRAY_DATA: usize = 4;

/// Size and alignment in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) size: usize,
    pub(super) align: usize,
}

impl Type {
    /// The layout of a value in memory.
    pub(super) fn layout(&self) -> Layout {
        let words = |count: usize| Layout {
            size: count * 8,
            align: 8,
        };
        match self {
            Self::Void => Layout { size: 0, align: 1 },
            Self::Number(element) => Layout {
                size: element.size(),
                align: element.size(),
            },
            Self::Complex(part) => Layout {
                size: 2 * part.size(),
                align: part.size(),
            },
            Self::Time(_) => words(1),
            Self::Array { dimensions, .. } => words(ARRAY_WORDS + 2 * dimensions),
            Self::Tuple(items) => in_a_row(items.iter()).1,
            Self::Named { fields, .. } => in_a_row(fields.iter().map(|(_, ty)| ty)).1,
            // A byte behind it says whether there is a value.
            Self::Optional(item) => {
                let Layout { size, align } = item.layout();
                Layout {
                    size: up(size.saturating_add(1), align),
                    align,
                }
            }
            Self::Record { size, .. } => Layout {
                size: *size,
                align: 1,
            },
            Self::Nested { item, shape } => {
                let Layout { size, align } = item.layout();
                let count = shape.iter().fold(1, |n: usize, d| n.saturating_mul(*d));
                Layout {
                    size: size.saturating_mul(count),
                    align,
                }
            }
        }
    }

    /// The items of a tuple.
    pub(super) fn items(&self) -> Option<Vec<&Self>> {
        match self {
            Self::Tuple(items) => Some(items.iter().collect()),
            Self::Named { fields, .. } => Some(fields.iter().map(|(_, ty)| ty).collect()),
            _ => None,
        }
    }

    /// Checks that values are of a size that is ever passed, and that fields are within their records.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.layout().size > MAX_SIZE {
            return Err(format!("values of more than {MAX_SIZE} bytes"));
        }
        match self {
            Self::Void | Self::Number(_) | Self::Complex(_) | Self::Time(_) => Ok(()),
            Self::Array { item, .. } | Self::Optional(item) | Self::Nested { item, .. } => {
                item.check()
            }
            Self::Tuple(items) => items.iter().try_for_each(Self::check),
            Self::Named { fields, .. } => fields.iter().try_for_each(|(_, ty)| ty.check()),
            Self::Record { fields, size } => fields.iter().try_for_each(|(name, ty, at)| {
                ty.check()?;
                match at.saturating_add(ty.layout().size) <= *size {
                    true => Ok(()),
                    false => Err(format!("a record that ends before its field `{name}`")),
                }
            }),
        }
    }
}

/// The places of values that stand one after the other, and the layout of all of them.
pub(super) fn in_a_row<'a>(items: impl Iterator<Item = &'a Type>) -> (Vec<usize>, Layout) {
    let (mut places, mut end, mut widest) = (Vec::new(), 0, 1);
    for item in items {
        let Layout { size, align } = item.layout();
        let place = up(end, align);
        places.push(place);
        end = place.saturating_add(size);
        widest = widest.max(align);
    }
    let whole = Layout {
        size: up(end, widest),
        align: widest,
    };
    (places, whole)
}

/// The next multiple of `align`.
fn up(size: usize, align: usize) -> usize {
    size.checked_next_multiple_of(align).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::ty::signature;
    use super::*;

    fn of(text: &str) -> Type {
        signature(&format!("()->{text}")).unwrap().1
    }

    #[test]
    fn sizes_are_those_of_c() {
        for (text, size, align) in [
            ("bool", 1, 1),
            ("c64", 8, 4),
            ("c128", 16, 8),
            ("dt64<D>", 8, 8),
            ("array<f32,0,C,rw,al>", 40, 8),
            ("array<f32,2,C,rw,al>", 72, 8),
            ("(i8,i32,i8)", 12, 4),
            ("(i8,(i8,f64),i16)", 32, 8),
            ("opt<f64>", 16, 8),
            ("opt<i8>", 2, 1),
            ("m.P(a:i8,b:i64)", 16, 8),
            ("record{a:i8@0,b:f64@1}9/ua", 9, 1),
            ("nested<i16,2,3>", 12, 2),
            ("void", 0, 1),
            ("()", 0, 1),
        ] {
            assert_eq!(of(text).layout(), Layout { size, align }, "{text}");
            assert_eq!(of(text).check(), Ok(()));
        }
        let (places, _) = in_a_row([of("i8"), of("f64"), of("i16")].iter());
        assert_eq!(places, [0, 8, 16]);
    }

    #[test]
    fn what_no_value_is_like_is_refused() {
        for text in [
            "nested<f64,4000000000,4000000000>",
            "(nested<f64,4000000000>,f64)",
            "record{a:f64@0}4000000000/al",
            "record{a:f64@1}8/al",
            "array<record{a:f64@8}8/al,1,C,rw,al>",
        ] {
            assert!(of(text).check().is_err(), "{text}");
        }
    }
}
