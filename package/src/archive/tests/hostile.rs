//! Archives that nobody packed: whatever is in them, nothing of it is taken.

use proptest::prelude::*;

use super::*;

fn refused(bytes: &[u8], limits: &Limits) -> String {
    read(bytes, None, limits, &mut Discard)
        .expect_err("it must be refused")
        .to_string()
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
