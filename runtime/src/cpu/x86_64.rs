//! x86-64: which instruction sets there are, and which of them this processor can use.
//!
//! A feature counts when the processor announces it, the operating system keeps its registers, and
//! the features that it builds on count, too. Registers matter at two places only: AVX needs XCR0 to
//! cover the XMM and YMM state, AVX-512 the opmask and ZMM state as well; all else builds on those.
//!
//! Left out are instructions that only systems use, and those that a compiler never chooses and no
//! arithmetic is made of (cache control, key locker, TSX). AMX, whose registers a process must ask
//! for, AVX10.2 and APX will come with a processor to try them on.

mod read;
mod table;

use puck_package::Target;

use table::{Entry, FOUNDATIONS, TABLE, WORDS, position};

/// Features that the running program can use: a set of places in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u128);

/// XCR0: the XMM and YMM registers are kept.
const XCR0_AVX: u64 = 0b110;
/// XCR0: the opmask registers, the upper halves of ZMM0–15, and ZMM16–31 are kept too.
const XCR0_AVX512: u64 = XCR0_AVX | 0b1110_0000;

impl Features {
    const NONE: Self = Self(0);

    /// What the words of CPUID announce.
    fn announced(words: &[u32; WORDS]) -> Self {
        let is_set = |entry: &Entry| words[entry.word as usize] >> entry.bit & 1 == 1;
        (0..TABLE.len())
            .filter(|at| is_set(&TABLE[*at]))
            .fold(Self::NONE, Self::with)
    }

    /// What can be used of what the processor announces, given XCR0 (0 without OSXSAVE).
    fn usable(self, xcr0: u64) -> Self {
        let without_state = |features: Self, root, state| {
            if xcr0 & state == state {
                features
            } else {
                features.without(root)
            }
        };
        let features = without_state(self, const { position("avx") }, XCR0_AVX);
        without_state(features, const { position("avx512f") }, XCR0_AVX512).founded()
    }

    /// Without the features whose foundation is missing.
    fn founded(self) -> Self {
        // The table has every feature after those that it builds on.
        (0..TABLE.len()).fold(self, |features, at| {
            if FOUNDATIONS[at].0 & !features.0 == 0 {
                features
            } else {
                features.without(at)
            }
        })
    }

    /// The newest level whose features, and those of all levels before it, are all present.
    #[must_use]
    pub fn best(self) -> Target {
        Target::ALL
            .into_iter()
            .take_while(|target| self.lacks_of(*target).next().is_none())
            .last()
            .unwrap_or(Target::X86_64)
    }

    /// The features that `target` asks for, itself or through the levels before it, and that are
    /// not present.
    #[must_use]
    pub fn missing(self, target: Target) -> Vec<&'static str> {
        self.lacks_of(target).collect()
    }

    /// The features that are present and that the best level does not ask for, sorted.
    #[must_use]
    pub fn beyond_best(self) -> Vec<&'static str> {
        let best = self.best();
        let mut names: Vec<_> = (0..TABLE.len())
            .filter(|at| self.contains(*at))
            .filter(|at| TABLE[*at].level.is_none_or(|level| level > best))
            .map(|at| TABLE[at].name)
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether the feature of that name is known and present.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        let known = TABLE.iter().position(|entry| entry.name == name);
        known.is_some_and(|at| self.contains(at))
    }

    fn lacks_of(self, target: Target) -> impl Iterator<Item = &'static str> {
        (0..TABLE.len())
            .filter(move |at| TABLE[*at].level.is_some_and(|level| level <= target))
            .filter(move |at| !self.contains(*at))
            .map(|at| TABLE[at].name)
    }

    const fn contains(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    const fn with(self, at: usize) -> Self {
        Self(self.0 | 1 << at)
    }

    const fn without(self, at: usize) -> Self {
        Self(self.0 & !(1 << at))
    }
}

/// The features of this processor; `None` on another architecture. Read once per process.
#[must_use]
pub fn present() -> Option<Features> {
    #[cfg(target_arch = "x86_64")]
    {
        static PRESENT: std::sync::OnceLock<Features> = std::sync::OnceLock::new();
        Some(*PRESENT.get_or_init(|| read::from_c_library().unwrap_or_else(read::from_processor)))
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}

#[cfg(test)]
mod tests;
