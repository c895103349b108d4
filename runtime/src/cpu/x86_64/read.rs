//! The two places where the features can be read.
//!
//! In a virtual machine each CPUID instruction traps into the hypervisor, which costs several
//! microseconds: as much as all other work of opening an environment. The C library has asked all
//! of it already when the process started (it chooses `memcpy` and `glibc-hwcaps` by it), so glibc
//! 2.33 and newer is asked first. That also makes Puck choose what the dynamic linker would.
#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

use super::Features;
use super::table::{OSXSAVE, TABLE, WORDS, Word, position};

/// Asks the processor itself.
pub(super) fn from_processor() -> Features {
    let mut words = [0; WORDS];
    let mut set = |word: Word, value| words[word as usize] = value;
    let basic = __cpuid(1).ecx;
    set(Word::Leaf1Ecx, basic);
    if __cpuid(0).eax >= 7 {
        let leaf = __cpuid_count(7, 0);
        set(Word::Leaf7Ebx, leaf.ebx);
        set(Word::Leaf7Ecx, leaf.ecx);
        set(Word::Leaf7Edx, leaf.edx);
        if leaf.eax >= 1 {
            let leaf = __cpuid_count(7, 1);
            set(Word::Leaf7Sub1Eax, leaf.eax);
            set(Word::Leaf7Sub1Edx, leaf.edx);
        }
    }
    // Long mode itself is announced in this leaf, so every x86-64 processor has it.
    set(Word::AmdEcx, __cpuid(0x8000_0001).ecx);
    let xcr0 = if basic >> OSXSAVE & 1 == 1 {
        // SAFETY: the operating system has enabled XSAVE, hence XGETBV.
        unsafe { xcr0() }
    } else {
        0
    };
    Features::announced(&words).usable(xcr0)
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
const EAX: usize = 0;
const EBX: usize = 1;
const ECX: usize = 2;
const EDX: usize = 3;
// The indices that glibc gives to the leaves (`CPUID_INDEX_1` and so on).
const LEAF_1: u32 = 0;
const LEAF_7: u32 = 1;
const LEAF_8000_0001: u32 = 2;
const LEAF_7_SUB_1: u32 = 6;

/// What the C library has read; `None` where it has no such function (musl, old glibc).
///
/// Of the levels' features it also knows what is usable, after `GLIBC_TUNABLES`. Of others, not
/// every version does; those count as announced if what they build on is usable.
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
    let leaf: unsafe extern "C" fn(u32) -> *const Leaf = unsafe { std::mem::transmute(address) };
    // SAFETY: as above; a null is turned into `None`.
    let of = |index| unsafe { leaf(index).as_ref() };
    let mut announced = [0; WORDS];
    let mut usable = [0; WORDS];
    let places = [
        (Word::Leaf1Ecx, LEAF_1, ECX),
        (Word::Leaf7Ebx, LEAF_7, EBX),
        (Word::Leaf7Ecx, LEAF_7, ECX),
        (Word::Leaf7Edx, LEAF_7, EDX),
        (Word::Leaf7Sub1Eax, LEAF_7_SUB_1, EAX),
        (Word::Leaf7Sub1Edx, LEAF_7_SUB_1, EDX),
        (Word::AmdEcx, LEAF_8000_0001, ECX),
    ];
    for (word, index, register) in places {
        let leaf = of(index)?;
        announced[word as usize] = leaf.announced[register];
        usable[word as usize] = leaf.usable[register];
    }
    let (announced, usable) = (
        Features::announced(&announced),
        Features::announced(&usable),
    );
    // OSXSAVE is a fact about the system and no instruction set, so it is taken as announced.
    let usable = usable.with(const { position("xsave") });
    let denied = |at: &usize| TABLE[*at].level.is_some() && !usable.contains(*at);
    let features = (0..TABLE.len())
        .filter(denied)
        .fold(announced, Features::without);
    Some(features.founded())
}
