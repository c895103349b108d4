//! Where the parts of a value lie: as in the structures of `numba.h`, and as Numba has them.

use super::{PortableRecord, PortableType};

/// The words that describe an array before its shape and its strides: owner, parent, the number of items,
/// their size, their address.
pub const ARRAY_WORDS: usize = 5;
/// Which of those is the address.
pub const ARRAY_DATA: usize = 4;

/// The size of a word, in bytes.
const WORD: usize = 8;

/// Size and alignment in bytes. A size that no memory has is `usize::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Of a value, with what fills it up to its alignment.
    pub size: usize,
    /// A power of two.
    pub align: usize,
}

impl PortableType {
    /// The layout of a value in memory.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self {
            // To Numba, `None` is a pointer.
            Self::Void | Self::Time { .. } => words(1),
            Self::Scalar(scalar) => Layout {
                size: scalar.size(),
                align: scalar.size(),
            },
            Self::Complex(part) => Layout {
                size: 2 * part.size(),
                align: part.size(),
            },
            Self::Array(array) => words(ARRAY_WORDS + 2 * array.dimensions),
            Self::Tuple { items, .. } => in_a_row(items).1,
            // A byte behind it says whether there is a value.
            Self::Optional(item) => {
                let Layout { size, align } = item.layout();
                Layout {
                    size: up(size.saturating_add(1), align),
                    align,
                }
            }
            Self::Record(PortableRecord { size, .. }) => Layout {
                size: *size,
                align: 1,
            },
            Self::Nested { item, shape } => {
                let Layout { size, align } = item.layout();
                Layout {
                    size: shape
                        .iter()
                        .fold(size, |n, length| n.saturating_mul(*length)),
                    align,
                }
            }
        }
    }
}

/// The places of values that stand one after the other, and the layout of all of them.
#[must_use]
pub fn in_a_row(items: &[PortableType]) -> (Vec<usize>, Layout) {
    let (mut places, mut end, mut widest) = (Vec::with_capacity(items.len()), 0, 1);
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

fn words(count: usize) -> Layout {
    Layout {
        size: count.saturating_mul(WORD),
        align: WORD,
    }
}

/// The next multiple of `align`.
fn up(size: usize, align: usize) -> usize {
    size.checked_next_multiple_of(align).unwrap_or(usize::MAX)
}
