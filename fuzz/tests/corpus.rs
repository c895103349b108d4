//! Runs every fuzz target over its corpus and over mutations of it.

use std::path::PathBuf;

use puck_fuzz::{TARGETS, Target};

/// Mutations of each file of a corpus.
const MUTATIONS: u64 = 400;
/// What mutations put in: what parsers of these formats give meaning to.
const WORDS: [&str; 28] = [
    "\"",
    "'",
    "\\",
    "\n",
    "\0",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "->",
    "@",
    ",",
    ":",
    "::",
    "=",
    "-1",
    "0",
    "18446744073709551616",
    "1e999",
    "null",
    "..",
    "/",
    "*const ",
    "\u{202e}é",
];

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut files: Vec<_> = fs_err::read_dir(folder)
        .expect("every target has a corpus")
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let bytes = fs_err::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

/// Numbers that look random and are the same in every run (xorshift64*, Vigna 2016).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end.max(1)
    }
}

fn mutated(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + 1 + numbers.below(32)).min(bytes.len());
        match numbers.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, WORDS[numbers.below(WORDS.len())].bytes())),
            3 => bytes.truncate(at),
            4 => {
                let chunk = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, chunk));
            }
            _ => {
                let from = numbers.below(other.len() + 1);
                drop(bytes.splice(at.., other[from..].iter().copied()));
            }
        }
    }
    bytes
}

fn run(target: &str, function: Target) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty());
    let mut numbers = Numbers(0x7075_636b);
    for (path, bytes) in &corpus {
        let panicked = std::panic::catch_unwind(|| function(bytes)).is_err();
        assert!(!panicked, "{target} panics on {}", path.display());
        for _ in 0..MUTATIONS {
            let other = &corpus[numbers.below(corpus.len())].1;
            let bytes = mutated(bytes, other, &mut numbers);
            let panicked = std::panic::catch_unwind(|| function(&bytes)).is_err();
            assert!(
                !panicked,
                "{target} panics on {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
}

macro_rules! corpus_tests {
    ($($target:ident),*) => {
        $(#[test]
        fn $target() {
            run(stringify!($target), puck_fuzz::$target);
        })*

        #[test]
        fn every_target_is_run() {
            let run = [$(stringify!($target)),*];
            assert_eq!(TARGETS.map(|(name, _)| name)[..], run[..]);
        }
    };
}
corpus_tests!(
    archive,
    archive_content,
    index_line,
    link_name,
    lockfile,
    manifest,
    package_json,
    portable_signature,
    signature
);
