//! What fuzzers call: one function for each format that is read from elsewhere.
//!
//! A function takes any bytes. It panics where the reader does, and where what was read does not
//! survive being written and read again.
//!
//! The fuzzers in `fuzz_targets/` have cargo-fuzz's layout: `cargo +nightly fuzz run --features
//! fuzzers manifest`. What they find worth keeping goes to `corpus/`; every run of the tests feeds
//! that, and thousands of mutations of it, to the same functions on a stable compiler.

use std::path::Path;

use puck_package::archive::{self, Discard, Limits};
use puck_package::portable::in_a_row;
use puck_package::{
    IndexLine, LinkName, Lockfile, Manifest, PackageDocument, PortableSignature, Signature,
};

/// A function for a fuzzer.
pub type Target = fn(&[u8]);

/// Every function with its name, which is that of its fuzzer and of its folder in `corpus/`.
pub const TARGETS: [(&str, Target); 9] = [
    ("archive", archive),
    ("archive_content", archive_content),
    ("index_line", index_line),
    ("link_name", link_name),
    ("lockfile", lockfile),
    ("manifest", manifest),
    ("package_json", package_json),
    ("portable_signature", portable_signature),
    ("signature", signature),
];

/// Small enough that a bomb is a finding and not a wait.
const LIMITS: Limits = Limits {
    entries: 64,
    document: 1 << 20,
    unpacked: 8 << 20,
    ratio: 200,
    ratio_from: 1 << 20,
};

/// An archive, as it comes from a registry.
///
/// # Panics
/// If the reader does, or accepts a description that contradicts itself.
pub fn archive(bytes: &[u8]) {
    if let Ok(document) = archive::read(bytes, None, &LIMITS, &mut Discard) {
        document
            .check()
            .expect("an archive's description was checked");
    }
}

/// What is in an archive below its compression, where mutations of whole archives seldom reach.
///
/// # Panics
/// As [`archive()`].
pub fn archive_content(bytes: &[u8]) {
    let packed = zstd::encode_all(bytes, 1).expect("memory can be compressed");
    archive(&packed);
}

/// `package.json`.
///
/// # Panics
/// If the reader does, or does not read what it wrote.
pub fn package_json(bytes: &[u8]) {
    if let Ok(document) = PackageDocument::parse(bytes) {
        let again = PackageDocument::parse(&document.to_json());
        assert_eq!(
            again.as_ref().ok(),
            Some(&document),
            "{:?}",
            again.as_ref().err()
        );
    }
}

/// A line of an index file.
///
/// # Panics
/// If the reader does, or does not read what it wrote.
pub fn index_line(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(line) = IndexLine::parse("line", text) {
        let written = line.to_json();
        assert!(!written.contains('\n'), "one line: {written}");
        assert_eq!(IndexLine::parse("line", &written).ok(), Some(line));
    }
}

/// `Puck.lock`.
///
/// # Panics
/// If the reader does, or does not read what it wrote.
pub fn lockfile(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(lockfile) = Lockfile::parse(text, "Puck.lock") {
        let written = lockfile.to_toml();
        assert_eq!(
            Lockfile::parse(&written, "Puck.lock").ok(),
            Some(lockfile),
            "{written}"
        );
    }
}

/// `Puck.toml`.
///
/// # Panics
/// If the reader does, or blames a line that the file does not have.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Err(puck_package::ManifestError::Invalid { line, .. }) =
        Manifest::parse(text, Path::new("Puck.toml"))
    {
        let lines = text.lines().count().max(1);
        assert!((1..=lines).contains(&line), "line {line} of {lines}");
    }
}

/// A signature.
///
/// # Panics
/// If the reader does, or the canonical form or the form with names means something else.
pub fn signature(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(signature) = text.parse::<Signature>() {
        let shown: Signature = signature.to_string().parse().expect("what was shown");
        assert_eq!(shown, signature);
        let canonical: Signature = signature.canonical().parse().expect("a canonical form");
        assert!(canonical.same_types(&signature), "{signature}");
        assert_eq!(canonical.fingerprint(), signature.fingerprint());
    }
}

/// A portable signature.
///
/// # Panics
/// If the reader does, or does not read what it wrote, or a value has no size.
pub fn portable_signature(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(signature) = text.parse::<PortableSignature>() {
        let shown: PortableSignature = signature.to_string().parse().expect("what was shown");
        assert_eq!(shown, signature);
        let (places, layout) = in_a_row(&signature.parameters);
        assert!(places.iter().all(|place| *place <= layout.size), "{text}");
    }
}

/// A link name.
///
/// # Panics
/// If the reader does, or what it shows is another name.
pub fn link_name(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if let Ok(name) = text.parse::<LinkName>() {
        assert_eq!(name.to_string(), text);
    }
}
