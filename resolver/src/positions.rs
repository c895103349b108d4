//! Sets of candidates, by their position in the sorted list of a package's candidates.
//!
//! `PubGrub` reasons about version sets as if any version might exist. With ranges of versions it
//! would therefore have to learn, one by one, which of them do not; a set of positions holds
//! exactly the candidates that exist. Complements are kept as such: [`Positions::full`] is the
//! complement of nothing.

use std::fmt;

use pubgrub::VersionSet;

/// A set of positions, or all but a set.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Positions {
    /// A bit a position. No zero words at the end, so that equal sets are equal values.
    words: Vec<u64>,
    /// Whether the bits are what the set lacks.
    inverted: bool,
}

const BITS: u32 = u64::BITS;

impl Positions {
    fn new(mut words: Vec<u64>, inverted: bool) -> Self {
        while words.last() == Some(&0) {
            words.pop();
        }
        Self { words, inverted }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.inverted && self.words.is_empty()
    }

    /// Whether exactly one position is in it.
    pub(crate) fn is_singleton(&self) -> bool {
        !self.inverted && self.words.iter().map(|word| word.count_ones()).sum::<u32>() == 1
    }

    fn bit(&self, position: u32) -> bool {
        self.words
            .get((position / BITS) as usize)
            .is_some_and(|word| word >> (position % BITS) & 1 == 1)
    }

    /// The bits of both, combined word by word; what is missing counts as zero.
    fn zip(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Vec<u64> {
        let word = |words: &[u64], i| words.get(i).copied().unwrap_or(0);
        (0..self.words.len().max(other.words.len()))
            .map(|i| combine(word(&self.words, i), word(&other.words, i)))
            .collect()
    }
}

impl FromIterator<u32> for Positions {
    fn from_iter<I: IntoIterator<Item = u32>>(positions: I) -> Self {
        let mut words = Vec::new();
        for position in positions {
            let index = (position / BITS) as usize;
            if words.len() <= index {
                words.resize(index + 1, 0);
            }
            words[index] |= 1 << (position % BITS);
        }
        Self::new(words, false)
    }
}

impl VersionSet for Positions {
    type V = u32;

    fn empty() -> Self {
        Self::new(Vec::new(), false)
    }

    fn full() -> Self {
        Self::new(Vec::new(), true)
    }

    fn singleton(position: u32) -> Self {
        Self::from_iter([position])
    }

    fn complement(&self) -> Self {
        Self {
            words: self.words.clone(),
            inverted: !self.inverted,
        }
    }

    fn intersection(&self, other: &Self) -> Self {
        match (self.inverted, other.inverted) {
            (false, false) => Self::new(self.zip(other, |a, b| a & b), false),
            (false, true) => Self::new(self.zip(other, |a, b| a & !b), false),
            (true, false) => Self::new(self.zip(other, |a, b| !a & b), false),
            (true, true) => Self::new(self.zip(other, |a, b| a | b), true),
        }
    }

    fn contains(&self, position: &u32) -> bool {
        self.bit(*position) != self.inverted
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = u32::try_from(self.words.len()).map_or(u32::MAX, |words| words * BITS);
        if self.inverted {
            f.write_str("all but ")?;
        }
        f.debug_set()
            .entries((0..end).filter(|position| self.bit(*position)))
            .finish()
    }
}

impl fmt::Debug for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const END: u32 = 200;

    /// A set of ours, and the same as a plain set of the positions below [`END`].
    fn sets() -> impl Strategy<Value = (Positions, BTreeSet<u32>)> {
        (
            proptest::collection::btree_set(0..END, 0..12),
            any::<bool>(),
        )
            .prop_map(|(plain, invert)| {
                let ours: Positions = plain.iter().copied().collect();
                if invert {
                    (
                        ours.complement(),
                        (0..END).filter(|i| !plain.contains(i)).collect(),
                    )
                } else {
                    (ours, plain)
                }
            })
    }

    fn plain(set: &Positions) -> BTreeSet<u32> {
        (0..END).filter(|i| set.contains(i)).collect()
    }

    proptest! {
        #[test]
        fn behaves_as_a_plain_set((a, plain_a) in sets(), (b, plain_b) in sets()) {
            prop_assert_eq!(&plain(&a), &plain_a);
            prop_assert_eq!(plain(&a.intersection(&b)), &plain_a & &plain_b);
            prop_assert_eq!(plain(&a.union(&b)), &plain_a | &plain_b);
            prop_assert_eq!(plain(&a.complement()), &(0..END).collect() - &plain_a);
            prop_assert_eq!(&a.complement().complement(), &a);
            // Equal sets are equal values, however they came about.
            prop_assert_eq!(a.intersection(&a.complement()), Positions::empty());
            prop_assert_eq!(a.union(&a.complement()), Positions::full());
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            prop_assert_eq!(a.subset_of(&b), a.intersection(&b) == a);
            prop_assert_eq!(a.is_disjoint(&b), a.intersection(&b).is_empty());
        }
    }

    #[test]
    fn shown() {
        assert_eq!(Positions::from_iter([70, 3]).to_string(), "{3, 70}");
        assert_eq!(Positions::full().to_string(), "all but {}");
    }
}
