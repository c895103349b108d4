//! Levels and features, made up and real.

use std::collections::BTreeSet;

use super::*;
use table::Word;

const ALL: Features = Features((1 << TABLE.len()) - 1);

#[test]
fn levels_follow_features_and_kept_state() {
    let none = Features::default();
    let mut words = [0; WORDS];
    words[Word::Leaf1Ecx as usize] = 1 << 13 | 1 << 23 | 1 << 19 | 1 << 20 | 1 << 9 | 1;
    words[Word::AmdEcx as usize] = 1;
    let v2 = Features::announced(&words);
    assert_eq!(Features::announced(&[u32::MAX; WORDS]), ALL);
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
            announced.usable(xcr0).best(),
            expected,
            "{announced:?} {xcr0:b}"
        );
    }
}

#[test]
fn one_missing_feature_takes_its_level_and_all_above() {
    for (at, entry) in TABLE.iter().enumerate().filter(|(_, e)| e.level.is_some()) {
        let features = ALL.without(at);
        assert!(Some(features.best()) < entry.level, "{}", entry.name);
        assert_eq!(features.missing(Target::X86_64V4), [entry.name]);
        assert_eq!(features.missing(features.best()), [""; 0], "{}", entry.name);
    }
}

#[test]
fn features_fall_with_what_they_build_on() {
    // Without kept registers, none of AVX and AVX-512, nor what is encoded like them.
    let names = ALL.usable(0).beyond_best();
    assert!(names.contains(&"aes") && names.contains(&"bmi2"));
    let of_vectors = |name: &&&str| name.starts_with("avx") || name.starts_with('v');
    assert_eq!(names.iter().find(of_vectors), None);
    for name in ["fma", "fma4", "xop", "sm4", "sha512", "f16c"] {
        assert!(!names.contains(&name), "{name}");
    }
    let names = ALL.usable(XCR0_AVX).beyond_best();
    assert!(names.contains(&"vaes") && names.contains(&"xop") && names.contains(&"avxvnni"));
    assert!(!names.iter().any(|name| name.starts_with("avx512")));
    // A level that is not complete leaves its features to those beyond.
    let most = ALL.without(position("avx512bw")).founded();
    assert_eq!(most.best(), Target::X86_64V3);
    let names = most.beyond_best();
    assert!(names.contains(&"avx512f") && names.contains(&"avx512vnni"));
    assert!(!names.contains(&"avx512vbmi") && !names.contains(&"avx2"));
}

#[test]
fn the_table_is_in_order() {
    let mut seen = BTreeSet::new();
    let mut bits = BTreeSet::new();
    for entry in &TABLE {
        for needed in entry.builds_on {
            assert!(seen.contains(needed), "{} before {needed}", entry.name);
        }
        assert!(seen.insert(entry.name), "{} twice", entry.name);
        assert!(
            bits.insert((entry.word as usize, entry.bit)),
            "{}",
            entry.name
        );
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn both_sources_agree() {
    if let Some(features) = read::from_c_library() {
        let asked = read::from_processor();
        for entry in &TABLE {
            let name = entry.name;
            assert_eq!(features.has(name), asked.has(name), "{name}");
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn agrees_with_the_standard_library() {
    let present = present().unwrap();
    macro_rules! check {
        ($($name:tt as $ours:literal),*) => {$(
            assert_eq!(present.has($ours), is_x86_feature_detected!($name), $ours);
        )*};
    }
    check!("cmpxchg16b" as "cx16", "popcnt" as "popcnt", "sse3" as "sse3");
    check!("sse4.1" as "sse4.1", "sse4.2" as "sse4.2", "ssse3" as "ssse3");
    check!("avx" as "avx", "avx2" as "avx2", "bmi1" as "bmi", "bmi2" as "bmi2");
    check!("f16c" as "f16c", "fma" as "fma", "lzcnt" as "lzcnt", "movbe" as "movbe");
    check!("avx512f" as "avx512f", "avx512bw" as "avx512bw", "avx512cd" as "avx512cd");
    check!("avx512dq" as "avx512dq", "avx512vl" as "avx512vl");
    check!("adx" as "adx", "aes" as "aes", "gfni" as "gfni", "pclmulqdq" as "pclmul");
    check!("rdrand" as "rdrnd", "rdseed" as "rdseed", "sha" as "sha", "sse4a" as "sse4a");
    check!("tbm" as "tbm", "vaes" as "vaes", "vpclmulqdq" as "vpclmulqdq");
    check!("avx512bf16" as "avx512bf16", "avx512bitalg" as "avx512bitalg");
    check!("avx512fp16" as "avx512fp16", "avx512ifma" as "avx512ifma");
    check!("avx512vbmi" as "avx512vbmi", "avx512vbmi2" as "avx512vbmi2");
    check!("avx512vnni" as "avx512vnni", "avx512vp2intersect" as "avx512vp2intersect");
    check!("avx512vpopcntdq" as "avx512vpopcntdq");
}

/// The kernel's names of the features that it has shown for long enough to be relied on.
const CPUINFO: [(&str, &str); 45] = [
    ("cx16", "cx16"),
    ("sahf", "lahf_lm"),
    ("popcnt", "popcnt"),
    ("sse3", "pni"),
    ("ssse3", "ssse3"),
    ("sse4.1", "sse4_1"),
    ("sse4.2", "sse4_2"),
    ("xsave", "xsave"),
    ("avx", "avx"),
    ("avx2", "avx2"),
    ("bmi", "bmi1"),
    ("bmi2", "bmi2"),
    ("f16c", "f16c"),
    ("fma", "fma"),
    ("lzcnt", "abm"),
    ("movbe", "movbe"),
    ("avx512f", "avx512f"),
    ("avx512bw", "avx512bw"),
    ("avx512cd", "avx512cd"),
    ("avx512dq", "avx512dq"),
    ("avx512vl", "avx512vl"),
    ("adx", "adx"),
    ("aes", "aes"),
    ("clflushopt", "clflushopt"),
    ("clwb", "clwb"),
    ("gfni", "gfni"),
    ("movdir64b", "movdir64b"),
    ("movdiri", "movdiri"),
    ("pclmul", "pclmulqdq"),
    ("prfchw", "3dnowprefetch"),
    ("rdrnd", "rdrand"),
    ("rdseed", "rdseed"),
    ("sha", "sha_ni"),
    ("sse4a", "sse4a"),
    ("tbm", "tbm"),
    ("fma4", "fma4"),
    ("xop", "xop"),
    ("vaes", "vaes"),
    ("vpclmulqdq", "vpclmulqdq"),
    ("avx512bitalg", "avx512_bitalg"),
    ("avx512ifma", "avx512ifma"),
    ("avx512vbmi", "avx512vbmi"),
    ("avx512vbmi2", "avx512_vbmi2"),
    ("avx512vnni", "avx512_vnni"),
    ("avx512vpopcntdq", "avx512_vpopcntdq"),
];

#[test]
#[cfg(target_arch = "x86_64")]
fn agrees_with_the_kernel() {
    let Ok(text) = fs_err::read_to_string("/proc/cpuinfo") else {
        return;
    };
    let Some(flags) = text.lines().find_map(|line| line.strip_prefix("flags")) else {
        return;
    };
    let flags: BTreeSet<_> = flags.split_ascii_whitespace().collect();
    let present = present().unwrap();
    for (ours, theirs) in CPUINFO {
        assert_eq!(present.has(ours), flags.contains(theirs), "{ours}");
    }
}
