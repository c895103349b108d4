mod hostile;

use std::collections::BTreeMap;

use super::*;
use crate::document::tests::sample;
use crate::{Digest, FileFacts, PackageDocument};

fn packed() -> Vec<u8> {
    static PACKED: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(pack);
    PACKED.clone()
}

fn pack() -> Vec<u8> {
    let (document, files) = sample();
    let mut bytes = Vec::new();
    write(&document, &files, &mut bytes).unwrap();
    bytes
}

/// A tar of these entries, compressed.
fn hostile(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    zstd::encode_all(&builder.into_inner().unwrap()[..], 1).unwrap()
}

/// Appends an entry whose path is written as it is, past the checks of the tar library.
fn append(tar: &mut tar::Builder<Vec<u8>>, path: &str, kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
        header.set_link_name("/etc/passwd").unwrap();
    }
    header.set_cksum();
    tar.append(&header, content).unwrap();
}

fn append_document(tar: &mut tar::Builder<Vec<u8>>, document: &PackageDocument) {
    append(
        tar,
        "demo-1.2.3/package.json",
        tar::EntryType::Regular,
        &document.to_json(),
    );
}

fn append_files(tar: &mut tar::Builder<Vec<u8>>) {
    for (path, content) in sample().1 {
        append(
            tar,
            &format!("demo-1.2.3/{path}"),
            tar::EntryType::Regular,
            &content,
        );
    }
}

#[test]
fn reads_back() {
    let (document, files) = sample();
    let mut contents = Contents::default();
    let read = read(&packed()[..], None, &Limits::default(), &mut contents).unwrap();
    assert_eq!(read, document);
    assert_eq!(contents.0, files);
}

#[test]
fn same_contents_same_bytes() {
    assert_eq!(pack(), pack());
}

#[test]
fn unpacks_all_and_the_description() {
    let (document, files) = sample();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("demo.puck");
    fs_err::write(&path, packed()).unwrap();
    let into = directory.path().join("into");
    fs_err::create_dir(&into).unwrap();
    assert_eq!(
        unpack(&path, &into, None, &Limits::default()).unwrap(),
        document
    );
    for (path, content) in &files {
        assert_eq!(fs_err::read(into.join(path)).unwrap(), *content);
    }
    assert_eq!(
        fs_err::read(into.join(DOCUMENT)).unwrap(),
        document.to_json()
    );
    // What is there is not overwritten.
    let error = unpack(&path, &into, None, &Limits::default()).unwrap_err();
    assert_eq!(error.io().unwrap().kind(), io::ErrorKind::AlreadyExists);
}

#[test]
fn what_is_not_understood_of_a_description_is_unpacked_too() {
    let (document, _) = sample();
    let mut json: serde_json::Value = serde_json::from_slice(&document.to_json()).unwrap();
    json["signed-by"] = "someone later".into();
    let json = json.to_string();
    let bytes = hostile(|tar| {
        append(
            tar,
            "demo-1.2.3/package.json",
            tar::EntryType::Regular,
            json.as_bytes(),
        );
        append_files(tar);
    });
    let directory = tempfile::tempdir().unwrap();
    let (path, into) = (
        directory.path().join("demo.puck"),
        directory.path().join("into"),
    );
    fs_err::write(&path, bytes).unwrap();
    fs_err::create_dir(&into).unwrap();
    assert_eq!(
        unpack(&path, &into, None, &Limits::default()).unwrap(),
        document
    );
    assert_eq!(fs_err::read_to_string(into.join(DOCUMENT)).unwrap(), json);
}

/// The longest name, version and path there are fit the headers; a longer version is named.
#[test]
fn the_longest_names() {
    let pack = |version: usize| {
        let (mut document, mut files) = sample();
        document.functions.clear();
        document.version = crate::version::of_length(version);
        let name = "n".repeat(64);
        document.name = name.parse().unwrap();
        for (from, to) in [
            ("ir/demo.bc", document.ir_path()),
            ("include/demo.h", document.header_path()),
        ] {
            files.insert(to, files[from].clone());
        }
        files.insert("d".repeat(90), vec![1]);
        files.insert(format!("{}/{}", "a".repeat(44), "b".repeat(45)), vec![2]);
        document.files = listed(&files);
        let mut bytes = Vec::new();
        write(&document, &files, &mut bytes).map(|()| (bytes, files))
    };
    let (bytes, files) = pack(64).unwrap();
    let mut contents = Contents::default();
    read(&bytes[..], None, &Limits::default(), &mut contents).unwrap();
    assert_eq!(contents.0, files);
    let error = pack(65).unwrap_err().to_string();
    assert!(error.contains("has 65 characters; at most 64"), "{error}");
}

fn listed(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, FileFacts> {
    let facts = |bytes: &Vec<u8>| FileFacts {
        sha256: Digest::of(bytes),
        size: bytes.len() as u64,
    };
    files
        .iter()
        .map(|(path, bytes)| (path.clone(), facts(bytes)))
        .collect()
}

/// What reading refuses, packing refuses.
#[test]
fn what_cannot_be_read_is_not_packed() {
    for (path, expected) in [
        ("package.json", "not for archives"),
        ("installed.json", "not for archives"),
        ("IR/demo.bc", "stands in it twice"),
        ("ir", "is below another file"),
        ("obj/0123456789abcdef.o/x", "is below another file"),
    ] {
        let (mut document, mut files) = sample();
        files.insert(path.to_owned(), vec![1]);
        document.files = listed(&files);
        let error = write(&document, &files, Vec::new())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected) && error.contains("cannot be packed"),
            "{path}: {error}"
        );
    }
    let (mut document, mut files) = sample();
    files.extend((0..5000).map(|n| (format!("texts/{n}"), Vec::new())));
    document.files = listed(&files);
    let error = write(&document, &files, Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("it has 5003 files; at most 4096"), "{error}");
    let (mut document, files) = sample();
    document.targets.clear();
    let error = write(&document, &files, Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("no targets"), "{error}");
}

#[test]
fn another_package_is_not_taken() {
    let (name, version) = ("demo".parse().unwrap(), Version::new(1, 2, 4));
    let expected = Expected {
        name: &name,
        version: &version,
    };
    let error = read(
        &packed()[..],
        Some(expected),
        &Limits::default(),
        &mut Discard,
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the archive holds demo 1.2.3, not demo 1.2.4"
    );
}

#[test]
fn only_what_is_described_can_be_packed() {
    let (document, files) = sample();
    let mut other = files.clone();
    other.insert("README.md".to_owned(), vec![1]);
    let error = write(&document, &other, Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`README.md` is not what package.json lists"
    );
    let mut fewer = files.clone();
    fewer.remove("ir/demo.bc");
    assert!(write(&document, &fewer, Vec::new()).is_err());
    let mut escaping = files;
    escaping.insert("../x".to_owned(), vec![1]);
    let error = write(&document, &escaping, Vec::new()).unwrap_err();
    assert!(
        error.to_string().contains("`../x` cannot be packed"),
        "{error}"
    );
}
