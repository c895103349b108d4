//! x86-64: the feature sets of the psABI levels, and which of them this processor can use.
//!
//! A feature counts when the processor has it *and* the operating system keeps its registers: AVX
//! needs XCR0 to cover the XMM and YMM state, AVX-512 the opmask and ZMM state as well.
//!
//! In a virtual machine each CPUID instruction traps into the hypervisor, which costs several
//! microseconds: as much as all other work of opening an environment. The C library has asked all
//! of it already when the process started (it chooses `memcpy` and `glibc-hwcaps` by it), so glibc
//! 2.33 and newer is asked first. That also makes Puck choose what the dynamic linker would.

use puck_package::Target;

/// Features that the running program can use, as the CPUID bits that announce them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Leaf 1, ECX.
    pub basic: u32,
    /// Leaf 7, EBX.
    pub extended: u32,
    /// Leaf 0x8000_0001, ECX.
    pub amd: u32,
}

/// Which word of [`Features`] a feature's bit is in.
#[derive(Clone, Copy)]
enum Word {
    Basic,
    Extended,
    Amd,
}

/// Name, word, bit, and the level that asks for the feature. The baseline asks for nothing: a
/// processor that runs this program has it.
const TABLE: [(&str, Word, u32, Target); 21] = [
    ("cmpxchg16b", Word::Basic, 13, Target::X86_64V2),
    ("lahf", Word::Amd, 0, Target::X86_64V2),
    ("popcnt", Word::Basic, 23, Target::X86_64V2),
    ("sse3", Word::Basic, 0, Target::X86_64V2),
    ("sse4.1", Word::Basic, 19, Target::X86_64V2),
    ("sse4.2", Word::Basic, 20, Target::X86_64V2),
    ("ssse3", Word::Basic, 9, Target::X86_64V2),
    ("avx", Word::Basic, 28, Target::X86_64V3),
    ("avx2", Word::Extended, 5, Target::X86_64V3),
    ("bmi1", Word::Extended, 3, Target::X86_64V3),
    ("bmi2", Word::Extended, 8, Target::X86_64V3),
    ("f16c", Word::Basic, 29, Target::X86_64V3),
    ("fma", Word::Basic, 12, Target::X86_64V3),
    ("lzcnt", Word::Amd, 5, Target::X86_64V3),
    ("movbe", Word::Basic, 22, Target::X86_64V3),
    ("osxsave", Word::Basic, OSXSAVE, Target::X86_64V3),
    ("avx512f", Word::Extended, 16, Target::X86_64V4),
    ("avx512bw", Word::Extended, 30, Target::X86_64V4),
    ("avx512cd", Word::Extended, 28, Target::X86_64V4),
    ("avx512dq", Word::Extended, 17, Target::X86_64V4),
    ("avx512vl", Word::Extended, 31, Target::X86_64V4),
];

/// Bit of leaf 1, ECX: the operating system uses XSAVE, and XGETBV may be asked what for.
const OSXSAVE: u32 = 27;
/// XCR0: the XMM and YMM registers are kept.
const XCR0_AVX: u64 = 0b110;
/// XCR0: the opmask registers, the upper halves of ZMM0–15, and ZMM16–31 are kept too.
const XCR0_AVX512: u64 = XCR0_AVX | 0b1110_0000;

impl Features {
    /// What can be used of what the processor announces, given XCR0 (0 without OSXSAVE).
    #[must_use]
    pub fn usable(announced: Self, xcr0: u64) -> Self {
        let without = |level: Target, features: &mut Self| {
            for (name, word, bit, _) in TABLE.iter().filter(|(.., of)| *of == level) {
                // General-purpose instructions of the level need no state of their own.
                if !matches!(*name, "bmi1" | "bmi2" | "lzcnt" | "movbe" | "osxsave") {
                    *features.word_mut(*word) &= !(1 << bit);
                }
            }
        };
        let mut features = announced;
        if xcr0 & XCR0_AVX != XCR0_AVX {
            without(Target::X86_64V3, &mut features);
        }
        if xcr0 & XCR0_AVX512 != XCR0_AVX512 {
            without(Target::X86_64V4, &mut features);
        }
        features
    }

    /// The newest level whose features, and those of all levels before it, are all present.
    #[must_use]
    pub fn best(self) -> Target {
        Target::ALL
            .into_iter()
            .take_while(|target| self.missing(*target).is_empty())
            .last()
            .unwrap_or(Target::X86_64)
    }

    /// The features that `target` asks for, itself or through the levels before it, and that are
    /// not present.
    #[must_use]
    pub fn missing(self, target: Target) -> Vec<&'static str> {
        TABLE
            .iter()
            .filter(|(_, word, bit, level)| *level <= target && self.word(*word) >> bit & 1 == 0)
            .map(|(name, ..)| *name)
            .collect()
    }

    fn word(self, word: Word) -> u32 {
        match word {
            Word::Basic => self.basic,
            Word::Extended => self.extended,
            Word::Amd => self.amd,
        }
    }

    fn word_mut(&mut self, word: Word) -> &mut u32 {
        match word {
            Word::Basic => &mut self.basic,
            Word::Extended => &mut self.extended,
            Word::Amd => &mut self.amd,
        }
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

/// The two places where the features can be read.
#[cfg(target_arch = "x86_64")]
mod read {
    use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

    use super::{Features, OSXSAVE};

    /// Asks the processor itself.
    pub(super) fn from_processor() -> Features {
        let most = __cpuid(0).eax;
        let announced = Features {
            basic: __cpuid(1).ecx,
            extended: if most >= 7 {
                __cpuid_count(7, 0).ebx
            } else {
                0
            },
            // Long mode itself is announced in this leaf, so every x86-64 processor has it.
            amd: __cpuid(0x8000_0001).ecx,
        };
        let xcr0 = if announced.basic >> OSXSAVE & 1 == 1 {
            // SAFETY: the operating system has enabled XSAVE, hence XGETBV.
            unsafe { xcr0() }
        } else {
            0
        };
        Features::usable(announced, xcr0)
    }

    #[target_feature(enable = "xsave")]
    fn xcr0() -> u64 {
        // SAFETY: register 0 always exists where XGETBV does.
        unsafe { _xgetbv(0) }
    }

    /// `struct cpuid_feature` of glibc's `<sys/platform/x86.h>`: EAX, EBX, ECX, EDX as announced,
    /// then the same restricted to what is usable.
    #[repr(C)]
    struct Leaf {
        announced: [u32; 4],
        usable: [u32; 4],
    }
    const EBX: usize = 1;
    const ECX: usize = 2;
    // The indices that glibc gives to the leaves (`CPUID_INDEX_1` and so on).
    const LEAF_1: u32 = 0;
    const LEAF_7: u32 = 1;
    const LEAF_8000_0001: u32 = 2;

    /// What the C library has read; `None` where it has no such function (musl, old glibc).
    pub(super) fn from_c_library() -> Option<Features> {
        // SAFETY: a lookup by name in the libraries of the process; the name ends with a zero.
        let address =
            unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"__x86_get_cpuid_feature_leaf".as_ptr()) };
        if address.is_null() {
            return None;
        }
        // SAFETY: glibc's public, versioned interface has this type: it takes an index and returns
        // a pointer to constant data that lives as long as the process (all zero for an index
        // that it does not know).
        let leaf: unsafe extern "C" fn(u32) -> *const Leaf =
            unsafe { std::mem::transmute(address) };
        // SAFETY: as above; a null is turned into `None`.
        let of = |index| unsafe { leaf(index).as_ref() };
        let (basic, extended, amd) = (of(LEAF_1)?, of(LEAF_7)?, of(LEAF_8000_0001)?);
        Some(Features {
            // OSXSAVE is a fact about the system and no instruction set, so it is taken as announced.
            basic: basic.usable[ECX] | basic.announced[ECX] & 1 << OSXSAVE,
            extended: extended.usable[EBX],
            amd: amd.usable[ECX],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Features = Features {
        basic: u32::MAX,
        extended: u32::MAX,
        amd: u32::MAX,
    };

    #[test]
    fn levels_follow_features_and_kept_state() {
        let none = Features::default();
        let v2 = Features {
            basic: 1 << 13 | 1 << 23 | 1 << 19 | 1 << 20 | 1 << 9 | 1,
            amd: 1,
            extended: 0,
        };
        let cases = [
            (none, u64::MAX, Target::X86_64),
            (v2, 0, Target::X86_64V2),
            (ALL, 0, Target::X86_64V2),
            (ALL, 0b10, Target::X86_64V2),
            (ALL, 0b111, Target::X86_64V3),
            (ALL, 0b10_0111, Target::X86_64V3),
            (ALL, 0b1110_0111, Target::X86_64V4),
        ];
        for (announced, xcr0, expected) in cases {
            assert_eq!(
                Features::usable(announced, xcr0).best(),
                expected,
                "{announced:?} {xcr0:b}"
            );
        }
    }

    #[test]
    fn one_missing_feature_takes_its_level_and_all_above() {
        for (name, word, bit, level) in TABLE {
            let mut features = ALL;
            *features.word_mut(word) &= !(1 << bit);
            assert!(features.best() < level, "{name}");
            assert_eq!(features.missing(Target::X86_64V4), [name]);
            assert_eq!(features.missing(features.best()), [""; 0], "{name}");
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn both_sources_agree() {
        if let Some(features) = read::from_c_library() {
            let asked = read::from_processor();
            for target in Target::ALL {
                assert_eq!(features.missing(target), asked.missing(target), "{target}");
            }
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn agrees_with_the_standard_library() {
        let missing = present().unwrap().missing(Target::X86_64V4);
        macro_rules! check {
            ($($name:tt as $ours:literal),*) => {$(
                assert_eq!(!missing.contains(&$ours), is_x86_feature_detected!($name), $ours);
            )*};
        }
        check!("cmpxchg16b" as "cmpxchg16b", "popcnt" as "popcnt", "sse3" as "sse3");
        check!("sse4.1" as "sse4.1", "sse4.2" as "sse4.2", "ssse3" as "ssse3");
        check!("avx" as "avx", "avx2" as "avx2", "bmi1" as "bmi1", "bmi2" as "bmi2");
        check!("f16c" as "f16c", "fma" as "fma", "lzcnt" as "lzcnt", "movbe" as "movbe");
        check!("avx512f" as "avx512f", "avx512bw" as "avx512bw", "avx512cd" as "avx512cd");
        check!("avx512dq" as "avx512dq", "avx512vl" as "avx512vl");
    }
}
