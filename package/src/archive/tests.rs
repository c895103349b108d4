use std::collections::BTreeMap;

use proptest::prelude::*;

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

fn refused(bytes: &[u8], limits: &Limits) -> String {
    read(bytes, None, limits, &mut Discard)
        .expect_err("it must be refused")
        .to_string()
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
fn cut_anywhere_it_is_refused() {
    let bytes = packed();
    for end in 0..bytes.len() {
        refused(&bytes[..end], &Limits::default());
    }
}

#[test]
fn hostile_entries() {
    use tar::EntryType as Kind;
    let (document, _) = sample();
    for (path, kind, expected) in [
        ("/etc/cron.d/x", Kind::Regular, "is not below"),
        ("demo-1.2.3//etc/x", Kind::Regular, "is absolute"),
        ("demo-1.2.3/../../x", Kind::Regular, "`.` or `..`"),
        ("demo-1.2.3/ir/../../x", Kind::Regular, "`.` or `..`"),
        ("demo-1.2.3/./x", Kind::Regular, "`.` or `..`"),
        ("demo-1.2.3/a//b", Kind::Regular, "empty part"),
        ("demo-1.2.3/a\\b", Kind::Regular, "has a character"),
        ("demo-1.2.3/a b", Kind::Regular, "has a character"),
        ("demo-1.2.3/lib/x.so", Kind::Regular, "not for archives"),
        (
            "demo-1.2.3/installed.json",
            Kind::Regular,
            "not for archives",
        ),
        ("demo-1.2.3/Package.json", Kind::Regular, "not for archives"),
        (
            "demo-1.2.3/package.json/x",
            Kind::Regular,
            "not for archives",
        ),
        ("demo-1.2.3/ir", Kind::Regular, "is a folder of other files"),
        (
            "demo-1.2.3/ir/demo.bc/x",
            Kind::Regular,
            "is below another file",
        ),
        ("demo-1.2.3/a/b/c/d/e", Kind::Regular, "nested deeper"),
        ("other-1.0.0/x", Kind::Regular, "is not below"),
        ("demo-1.2.3/extra", Kind::Regular, "not listed"),
        ("demo-1.2.3/ir/demo.bc", Kind::Regular, "twice"),
        ("demo-1.2.3/IR/demo.bc", Kind::Regular, "twice"),
        ("demo-1.2.3/package.json", Kind::Regular, "not for archives"),
        ("demo-1.2.3/x", Kind::Symlink, "is a link"),
        ("demo-1.2.3/x", Kind::Link, "is a link"),
        ("demo-1.2.3/x", Kind::Char, "is a device"),
        ("demo-1.2.3/x", Kind::Block, "is a device"),
        ("demo-1.2.3/x", Kind::Fifo, "is a device"),
        ("demo-1.2.3/x", Kind::Directory, "is a folder"),
        ("demo-1.2.3/x", Kind::GNULongName, "extended"),
        ("demo-1.2.3/x", Kind::XHeader, "extended"),
        ("demo-1.2.3/x", Kind::GNUSparse, "extended"),
    ] {
        let bytes = hostile(|tar| {
            append_document(tar, &document);
            append_files(tar);
            append(tar, path, kind, b"");
        });
        let error = refused(&bytes, &Limits::default());
        assert!(error.contains(expected), "{path}: {error}");
    }
}

#[test]
fn contents_other_than_described() {
    type Spoil = fn(&mut PackageDocument);
    let cases: [(Spoil, &str); 4] = [
        (
            |d| d.files.get_mut("ir/demo.bc").unwrap().size += 1,
            "expected 5 bytes, found 4",
        ),
        (
            |d| d.files.get_mut("ir/demo.bc").unwrap().sha256 = Digest::of(b""),
            "expected SHA-256 e3b0c442",
        ),
        (
            |d| {
                let facts = FileFacts {
                    sha256: Digest::of(b""),
                    size: 0,
                };
                d.files.insert("README.md".into(), facts);
            },
            "`README.md` is not what its package.json says: it is missing",
        ),
        (|d| d.name = "other".parse().unwrap(), "is not valid"),
    ];
    for (spoil, expected) in cases {
        let (mut document, _) = sample();
        spoil(&mut document);
        let bytes = hostile(|tar| {
            append_document(tar, &document);
            append_files(tar);
        });
        let error = refused(&bytes, &Limits::default());
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn other_forms() {
    let (document, _) = sample();
    let limits = Limits::default();
    assert!(refused(b"", &limits).contains("truncated or damaged"));
    assert!(refused(b"PK\x03\x04 no zstd", &limits).contains("truncated or damaged"));
    assert!(refused(&hostile(|_| ()), &limits).contains("is empty"));
    let without = hostile(append_files);
    assert!(refused(&without, &limits).contains("begins with `demo-1.2.3/include/demo.h`"));
    let wrong_folder = hostile(|tar| {
        append(
            tar,
            "x-1.0.0/package.json",
            tar::EntryType::Regular,
            &document.to_json(),
        );
    });
    assert!(refused(&wrong_folder, &limits).contains("its folder is `x-1.0.0/`"));
    let newer = hostile(|tar| {
        let json = document.to_json();
        let json = String::from_utf8(json)
            .unwrap()
            .replace("\"format\": 1", "\"format\": 7");
        append(
            tar,
            "demo-1.2.3/package.json",
            tar::EntryType::Regular,
            json.as_bytes(),
        );
    });
    assert!(refused(&newer, &limits).contains("package.json has format 7"));

    let mut tar = zstd::decode_all(&packed()[..]).unwrap();
    tar.extend(b"hidden");
    let appended = zstd::encode_all(&tar[..], 1).unwrap();
    assert!(refused(&appended, &limits).contains("something follows its end"));
    let mut tar = zstd::decode_all(&packed()[..]).unwrap();
    tar[0] ^= 1;
    let spoilt = zstd::encode_all(&tar[..], 1).unwrap();
    assert!(refused(&spoilt, &limits).contains("wrong checksum"));
}

#[test]
fn bombs() {
    let (mut document, mut files) = sample();
    files.insert("README.md".to_owned(), vec![0; 4 << 20]);
    document.files = listed(&files);
    let mut bytes = Vec::new();
    write(&document, &files, &mut bytes).unwrap();
    assert!(bytes.len() < 4096);
    let limits = Limits::default();
    read(&bytes[..], None, &limits, &mut Discard).unwrap();
    let by_ratio = Limits {
        ratio_from: 1 << 20,
        ..limits
    };
    assert!(refused(&bytes, &by_ratio).contains("more than 200 times its size"));
    let by_size = Limits {
        unpacked: 1 << 20,
        ..limits
    };
    assert!(refused(&bytes, &by_size).contains("more than 1048576 bytes"));
    let by_count = Limits {
        entries: 3,
        ..limits
    };
    assert!(refused(&bytes, &by_count).contains("more than 3 files"));
    let by_document = Limits {
        document: 100,
        ..limits
    };
    assert!(refused(&bytes, &by_document).contains("its package.json is larger than 100 bytes"));
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

proptest! {
    /// Whatever single bytes of the tar are changed, reading gives the same contents or an error.
    #[test]
    fn changed_bytes_do_no_harm(
        changes in prop::collection::vec((0usize..12_000, any::<u8>()), 1..4)
    ) {
        let mut tar = zstd::decode_all(&packed()[..]).unwrap();
        for (at, byte) in changes {
            let at = at % tar.len();
            tar[at] = byte;
        }
        let bytes = zstd::encode_all(&tar[..], 1).unwrap();
        let mut contents = Contents::default();
        if read(&bytes[..], None, &Limits::default(), &mut contents).is_ok() {
            prop_assert_eq!(contents.0, sample().1);
        }
    }

    #[test]
    fn changed_archives_are_refused_or_the_same(at in 0usize..4000, byte in any::<u8>()) {
        let mut bytes = packed();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = read(&bytes[..], None, &Limits::default(), &mut Discard);
    }
}
