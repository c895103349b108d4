//! The features, by LLVM's names: where they are announced, their level, and what they build on.

use puck_package::Target;

use super::Features;

/// The words of CPUID that features are announced in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Leaf 1.
    Leaf1Ecx,
    /// Leaf 7, subleaf 0.
    Leaf7Ebx,
    /// Leaf 7, subleaf 0.
    Leaf7Ecx,
    /// Leaf 7, subleaf 0.
    Leaf7Edx,
    /// Leaf 7, subleaf 1.
    Leaf7Sub1Eax,
    /// Leaf 7, subleaf 1.
    Leaf7Sub1Edx,
    /// Leaf `0x8000_0001`.
    AmdEcx,
}
/// How many there are.
pub(super) const WORDS: usize = Word::AmdEcx as usize + 1;

/// A feature.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) word: Word,
    pub(super) bit: u32,
    /// The level that asks for it first. The baseline asks for nothing: a processor that runs this
    /// program has it.
    pub(super) level: Option<Target>,
    /// What LLVM takes for granted along with it.
    pub(super) builds_on: &'static [&'static str],
}

/// Bit of leaf 1, ECX: the operating system uses XSAVE, and XGETBV may be asked what for.
pub(super) const OSXSAVE: u32 = 27;

const V2: Option<Target> = Some(Target::X86_64V2);
const V3: Option<Target> = Some(Target::X86_64V3);
const V4: Option<Target> = Some(Target::X86_64V4);

const fn feature(
    name: &'static str,
    word: Word,
    bit: u32,
    level: Option<Target>,
    builds_on: &'static [&'static str],
) -> Entry {
    Entry {
        name,
        word,
        bit,
        level,
        builds_on,
    }
}

/// Each feature after those that it builds on.
#[rustfmt::skip]
pub(super) static TABLE: [Entry; 62] = {
    use Word::{AmdEcx, Leaf1Ecx, Leaf7Ebx, Leaf7Ecx, Leaf7Edx, Leaf7Sub1Eax, Leaf7Sub1Edx};
    [
        feature("cx16", Leaf1Ecx, 13, V2, &[]),
        feature("sahf", AmdEcx, 0, V2, &[]),
        feature("popcnt", Leaf1Ecx, 23, V2, &[]),
        feature("sse3", Leaf1Ecx, 0, V2, &[]),
        feature("ssse3", Leaf1Ecx, 9, V2, &["sse3"]),
        feature("sse4.1", Leaf1Ecx, 19, V2, &["ssse3"]),
        feature("sse4.2", Leaf1Ecx, 20, V2, &["sse4.1"]),

        // The bit says that the system uses it.
        feature("xsave", Leaf1Ecx, OSXSAVE, V3, &[]),
        feature("avx", Leaf1Ecx, 28, V3, &["sse4.2"]),
        feature("avx2", Leaf7Ebx, 5, V3, &["avx"]),
        feature("bmi", Leaf7Ebx, 3, V3, &[]),
        feature("bmi2", Leaf7Ebx, 8, V3, &[]),
        feature("f16c", Leaf1Ecx, 29, V3, &["avx"]),
        feature("fma", Leaf1Ecx, 12, V3, &["avx"]),
        feature("lzcnt", AmdEcx, 5, V3, &[]),
        feature("movbe", Leaf1Ecx, 22, V3, &[]),

        feature("avx512f", Leaf7Ebx, 16, V4, &["avx2", "f16c", "fma"]),
        feature("avx512bw", Leaf7Ebx, 30, V4, &["avx512f"]),
        feature("avx512cd", Leaf7Ebx, 28, V4, &["avx512f"]),
        feature("avx512dq", Leaf7Ebx, 17, V4, &["avx512f"]),
        feature("avx512vl", Leaf7Ebx, 31, V4, &["avx512f"]),

        feature("adx", Leaf7Ebx, 19, None, &[]),
        feature("aes", Leaf1Ecx, 25, None, &[]),
        feature("clflushopt", Leaf7Ebx, 23, None, &[]),
        feature("clwb", Leaf7Ebx, 24, None, &[]),
        feature("cmpccxadd", Leaf7Sub1Eax, 7, None, &[]),
        feature("gfni", Leaf7Ecx, 8, None, &[]),
        feature("movdir64b", Leaf7Ecx, 28, None, &[]),
        feature("movdiri", Leaf7Ecx, 27, None, &[]),
        feature("movrs", Leaf7Sub1Eax, 31, None, &[]),
        feature("pclmul", Leaf1Ecx, 1, None, &[]),
        feature("prefetchi", Leaf7Sub1Edx, 14, None, &[]),
        feature("prfchw", AmdEcx, 8, None, &[]),
        feature("raoint", Leaf7Sub1Eax, 3, None, &[]),
        feature("rdpid", Leaf7Ecx, 22, None, &[]),
        feature("rdrnd", Leaf1Ecx, 30, None, &[]),
        feature("rdseed", Leaf7Ebx, 18, None, &[]),
        feature("serialize", Leaf7Edx, 14, None, &[]),
        feature("sha", Leaf7Ebx, 29, None, &[]),
        feature("sse4a", AmdEcx, 6, None, &["sse3"]),
        feature("tbm", AmdEcx, 21, None, &[]),

        feature("avxifma", Leaf7Sub1Eax, 23, None, &["avx2"]),
        feature("avxneconvert", Leaf7Sub1Edx, 5, None, &["avx2"]),
        feature("avxvnni", Leaf7Sub1Eax, 4, None, &["avx2"]),
        feature("avxvnniint16", Leaf7Sub1Edx, 10, None, &["avx2"]),
        feature("avxvnniint8", Leaf7Sub1Edx, 4, None, &["avx2"]),
        feature("fma4", AmdEcx, 16, None, &["avx", "sse4a"]),
        feature("sha512", Leaf7Sub1Eax, 0, None, &["avx2"]),
        feature("sm3", Leaf7Sub1Eax, 1, None, &["avx"]),
        feature("sm4", Leaf7Sub1Eax, 2, None, &["avx2"]),
        feature("vaes", Leaf7Ecx, 9, None, &["avx2", "aes"]),
        feature("vpclmulqdq", Leaf7Ecx, 10, None, &["avx", "pclmul"]),
        feature("xop", AmdEcx, 11, None, &["fma4"]),

        feature("avx512bf16", Leaf7Sub1Eax, 5, None, &["avx512bw"]),
        feature("avx512bitalg", Leaf7Ecx, 12, None, &["avx512bw"]),
        feature("avx512fp16", Leaf7Edx, 23, None, &["avx512bw", "avx512dq", "avx512vl"]),
        feature("avx512ifma", Leaf7Ebx, 21, None, &["avx512f"]),
        feature("avx512vbmi", Leaf7Ecx, 1, None, &["avx512bw"]),
        feature("avx512vbmi2", Leaf7Ecx, 6, None, &["avx512bw"]),
        feature("avx512vnni", Leaf7Ecx, 11, None, &["avx512f"]),
        feature("avx512vp2intersect", Leaf7Edx, 8, None, &["avx512f"]),
        feature("avx512vpopcntdq", Leaf7Ecx, 14, None, &["avx512f"]),
    ]
};

/// What each feature of the table builds on.
pub(super) const FOUNDATIONS: [Features; TABLE.len()] = {
    let mut all = [Features::NONE; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        let mut needed = 0;
        while needed < TABLE[at].builds_on.len() {
            all[at] = all[at].with(position(TABLE[at].builds_on[needed]));
            needed += 1;
        }
        at += 1;
    }
    all
};

/// The place of a feature in the table.
///
/// # Panics
/// If it is not there: at compile time, since it is asked for by constants.
pub(super) const fn position(name: &str) -> usize {
    let mut at = 0;
    while at < TABLE.len() {
        if same(TABLE[at].name.as_bytes(), name.as_bytes()) {
            return at;
        }
        at += 1;
    }
    panic!("no such feature")
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
