//! Archives and index lines that a registry vouches for, and that are refused all the same.

use std::fmt::Write as _;

use insta::assert_snapshot;
use puck_package::Digest;
use tar::EntryType;

use crate::support::Machine;
use crate::support::archive::{Entry, Parts};
use crate::support::package::VECMATH;

/// A machine with a project that needs `vecmath`, and the parts of its archive.
fn machine() -> (Machine, Parts) {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.project(&[("vecmath", "1")]);
    let parts = machine.parts("vecmath", "1.0.0");
    (machine, parts)
}

/// What `puck install` and `puck inspect` say when the archive is replaced; both must refuse it and
/// leave nothing behind.
fn refusals(machine: &Machine, cases: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> String {
    let mut all = String::new();
    for (what, bytes) in cases {
        machine.replace_archive("vecmath", "1.0.0", &bytes);
        let run = machine.refused("project", "install");
        assert_eq!(run.stdout, "", "{what}");
        writeln!(all, "# {what}\n{}", run.stderr).unwrap();
        let inspected = machine.refused("", "inspect vecmath");
        assert_eq!(inspected.stdout, "", "{what}");
    }
    all
}

#[test]
fn that_are_damaged() {
    let (machine, parts) = machine();
    let sound = parts.pack();
    let mut flipped = sound.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let tar = zstd::decode_all(&sound[..]).unwrap();
    let cut = zstd::encode_all(&tar[..tar.len() / 2], 1).unwrap();
    let all = refusals(
        &machine,
        [
            ("nothing", Vec::new()),
            ("cut", sound[..sound.len() / 2].to_vec()),
            ("a bit flipped", flipped),
            ("a tar that is cut", cut),
            ("not compressed", tar),
            ("text", b"<html>404</html>".to_vec()),
        ],
    );
    assert_snapshot!(all, @"
    # nothing
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is truncated or damaged: incomplete frame

    # cut
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is truncated or damaged: incomplete frame

    # a bit flipped
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive's `ir/vecmath.bc` is not what its package.json says: expected SHA-256 [SHA256], found [SHA256]

    # a tar that is cut
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is truncated or damaged: `ir/vecmath.bc` ends early

    # not compressed
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is truncated or damaged: Unknown frame descriptor

    # text
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is truncated or damaged: Unknown frame descriptor
    ");
}

#[test]
fn entries_that_lead_astray() {
    let (machine, parts) = machine();
    let with = |entry| parts.clone().with(entry).pack();
    let path = |path| with(Entry::file(path, b"x"));
    let special = |kind, link| with(Entry::special("vecmath-1.0.0/x", kind, link));
    let all = refusals(
        &machine,
        [
            ("an absolute path", path("/tmp/puck-was-here")),
            (
                "a path that climbs",
                path("vecmath-1.0.0/../../puck-was-here"),
            ),
            ("another package's folder", path("other-1.0.0/x")),
            ("a library", path("vecmath-1.0.0/lib/x.so")),
            (
                "a symbolic link",
                special(EntryType::Symlink, Some("/etc/passwd")),
            ),
            (
                "a hard link",
                special(EntryType::Link, Some("vecmath-1.0.0/package.json")),
            ),
            ("a character device", special(EntryType::Char, None)),
            ("a block device", special(EntryType::Block, None)),
            ("a pipe", special(EntryType::Fifo, None)),
            ("a folder", special(EntryType::Directory, None)),
            ("a long name", special(EntryType::GNULongName, None)),
            ("an extended header", special(EntryType::XHeader, None)),
            ("the same twice", path("vecmath-1.0.0/ir/vecmath.bc")),
            ("a description twice", path("vecmath-1.0.0/package.json")),
            ("a file that is not listed", path("vecmath-1.0.0/extra")),
        ],
    );
    assert_snapshot!(all, @"
    # an absolute path
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `/tmp/puck-was-here` is not below `vecmath-1.0.0/`

    # a path that climbs
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: the path `../../puck-was-here` has a part that is `.` or `..`

    # another package's folder
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `other-1.0.0/x` is not below `vecmath-1.0.0/`

    # a library
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: the path `lib/x.so` is not for archives: `package.json`, `installed.json` and `lib` are the store's own

    # a symbolic link
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a link; only regular files are allowed

    # a hard link
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a link; only regular files are allowed

    # a character device
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a device; only regular files are allowed

    # a block device
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a device; only regular files are allowed

    # a pipe
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a device; only regular files are allowed

    # a folder
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is a folder; only regular files are allowed

    # a long name
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is an extended entry; only regular files are allowed

    # an extended header
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: `vecmath-1.0.0/x` is an extended entry; only regular files are allowed

    # the same twice
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: the path `ir/vecmath.bc` stands in it twice

    # a description twice
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: the path `package.json` is not for archives: `package.json`, `installed.json` and `lib` are the store's own

    # a file that is not listed
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive's `extra` is not what its package.json says: it is not listed
    ");
    assert!(!std::path::Path::new("/tmp/puck-was-here").exists());
}

#[test]
fn that_are_not_what_they_say() {
    let (machine, sound) = machine();
    let parts = || sound.clone();
    let mut without = parts();
    without.entries.pop();
    let mut behind = parts();
    behind.entries.rotate_left(1);
    let all = refusals(
        &machine,
        [
            (
                "another name",
                parts().document(|d| d["name"] = "other".into()).pack(),
            ),
            (
                "another version",
                parts().document(|d| d["version"] = "1.0.1".into()).pack(),
            ),
            (
                "a newer format",
                parts().document(|d| d["format"] = 2.into()).pack(),
            ),
            (
                "no format",
                parts().document(|d| d["format"] = "new".into()).pack(),
            ),
            ("a file missing", without.pack()),
            ("its description is not first", behind.pack()),
            (
                "code that was changed",
                parts().file(".o", |code| code[70] ^= 1).pack(),
            ),
            (
                "code that is longer",
                parts().file(".o", |code| code.push(0)).pack(),
            ),
            (
                "a description that is no JSON",
                parts().file(".json", |json| json.truncate(9)).pack(),
            ),
            (
                "a link name of another package",
                parts()
                    .document(|d| d["functions"][0]["link-name"] = "other.v1.dot.99b54b0a".into())
                    .pack(),
            ),
            (
                "a target without its object",
                parts()
                    .document(|d| d["targets"]["x86-64"]["object"] = "obj/none.o".into())
                    .pack(),
            ),
        ],
    );
    assert_snapshot!(all, @r#"
    # another name
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json of other 1.0.0 is not valid: function `dot` has the link name `vecmath.v1.dot.99b54b0a`, but its signature gives `other.v1.dot.99b54b0a`

    # another version
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: its folder is `vecmath-1.0.0/`, but its package.json is of vecmath 1.0.1

    # a newer format
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json has format 2, but this puck knows formats up to 1; a newer puck is needed to read it

    # no format
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json is not valid: invalid type: string "new", expected u32 at line [N] column [N]

    # a file missing
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive's `obj/[HASH].o` is not what its package.json says: it is missing

    # its description is not first
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: it begins with `vecmath-1.0.0/include/vecmath.h`, not with `NAME-VERSION/package.json`

    # code that was changed
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive's `obj/[HASH].o` is not what its package.json says: expected SHA-256 [SHA256], found [SHA256]

    # code that is longer
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive's `obj/[HASH].o` is not what its package.json says: expected [N] bytes, found 1129

    # a description that is no JSON
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json is not valid: EOF while parsing a string at line [N] column [N]

    # a link name of another package
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json of vecmath 1.0.0 is not valid: function `dot` has the link name `other.v1.dot.99b54b0a`, but its signature gives `vecmath.v1.dot.99b54b0a`

    # a target without its object
    error: the archive of vecmath 1.0.0 cannot be unpacked: package.json of vecmath 1.0.0 is not valid: the object of x86-64, `obj/none.o`, is not listed in files
    "#);
}

#[test]
fn bombs() {
    // Both are small, and would fill the disk.
    let zeros = |count: usize| Entry::file("vecmath-1.0.0/ir/vecmath.bc", &vec![0; count]);
    let (machine, parts) = machine();
    let mut ratio = parts.clone();
    ratio.entries.retain(|entry| !entry.path.ends_with(".bc"));
    let size: usize = 300 << 20;
    let ratio = ratio.with(zeros(size)).document(|document| {
        document["files"]["ir/vecmath.bc"]["size"] = size.into();
    });
    let paths: Vec<_> = (0..5000).map(|i| format!("doc/{i}")).collect();
    let mut many = parts.document(|document| {
        let facts = Digest::of(b"").to_string();
        for path in &paths {
            document["files"][path] = serde_json::json!({"sha256": facts, "size": 0});
        }
    });
    let entry = |path| Entry::file(&format!("vecmath-1.0.0/{path}"), b"");
    many.entries.extend(paths.iter().map(entry));
    let all = refusals(
        &machine,
        [
            ("far too much in few bytes", ratio.pack()),
            ("far too many", many.pack()),
        ],
    );
    assert_snapshot!(all, @"
    # far too much in few bytes
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: it unpacks to more than 200 times its size

    # far too many
    error: the archive of vecmath 1.0.0 cannot be unpacked: the archive is refused: it holds more than 4096 files
    ");
}

#[test]
fn other_bytes_than_the_index_says() {
    let (machine, parts) = machine();
    let other = parts.pack();
    let path = machine.archive("vecmath", "1.0.0");
    let sound = fs_err::read(&path).unwrap();
    for bytes in [&other[..], &sound[..100], b""] {
        fs_err::remove_file(&path).unwrap();
        fs_err::write(&path, bytes).unwrap();
        let run = machine.refused("project", "install");
        assert!(
            run.stderr.contains("is not the one that was asked for"),
            "{run}"
        );
    }
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: cannot fetch vecmath 1.0.0 from [HOME]/registry/archives/vecmath/vecmath-1.0.0.puck
      caused by: the archive is not the one that was asked for: expected [N] bytes with SHA-256 [SHA256], found [N] bytes with [SHA256]

    hint: the registry or a proxy handed out something else; try again, and if it stays so, tell the registry's owner
    ");
    fs_err::remove_file(&path).unwrap();
    assert_snapshot!(machine.refused("project", "install"), @"
    exit 1
    --- stderr
    error: cannot fetch vecmath 1.0.0 from [HOME]/registry/archives/vecmath/vecmath-1.0.0.puck
      caused by: failed to open file `[HOME]/registry/archives/vecmath/vecmath-1.0.0.puck`: No such file or directory (os error 2)

    hint: the registry lists this version but does not have it; tell its owner
    ");
    fs_err::write(&path, sound).unwrap();
    machine.ok("project", "install");
}

#[test]
fn offered_for_publishing() {
    let (machine, parts) = machine();
    let registry = puck_registry::Registry::open(&machine.registry()).unwrap();
    let offered = machine.path("offered.puck");
    let before = machine.listing();
    for bytes in [
        parts.clone().file(".o", |code| code[70] ^= 1).pack(),
        parts
            .with(Entry::special(
                "vecmath-1.0.0/x",
                EntryType::Symlink,
                Some("/etc/passwd"),
            ))
            .pack(),
        b"no archive".to_vec(),
    ] {
        fs_err::write(&offered, bytes).unwrap();
        let error = registry.publish(&offered).unwrap_err();
        assert!(error.to_string().contains("cannot be published"), "{error}");
        fs_err::remove_file(&offered).unwrap();
        before.expect_same(&machine.listing());
    }
}
