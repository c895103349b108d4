//! The worked example of `docs/`: its texts are what the formats give, its digests are real.
//!
//! Where this fails, the page is to be mended: the message says what the format gives.

use std::collections::BTreeMap;

use puck_package::{
    Digest, EnvironmentDocument, IndexLine, Lockfile, Manifest, PackageDocument, archive, c_header,
    lockfile::PackageId,
};

fn page(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    fs_err::read_to_string(folder.join(name)).expect("the page")
}

/// The blocks of code of a language on a page, below its heading "Example".
fn blocks(page: &str, language: &str) -> Vec<String> {
    let (_, example) = page.split_once("\n## Example\n").expect("an example");
    let opening = format!("```{language}\n");
    example
        .split(&opening[..])
        .skip(1)
        .map(|rest| rest.split("```").next().expect("an end").to_owned())
        .collect()
}

#[track_caller]
fn assert_mentions(page: &str, text: &str) {
    assert!(page.contains(text), "the page should say: {text}");
}

fn document() -> PackageDocument {
    let json = &blocks(&page("archive.md"), "json")[0];
    let document = PackageDocument::parse(json.as_bytes()).expect("a description");
    assert_eq!(String::from_utf8_lossy(&document.to_json()), *json);
    document
}

/// The archive's bytes, and those of the tar in it.
fn packed() -> (Vec<u8>, Vec<u8>) {
    let document = document();
    let files: BTreeMap<String, Vec<u8>> = [
        ("README.md".to_owned(), b"# fast-sums\n".to_vec()),
        (document.header_path(), c_header(&document).into_bytes()),
        (document.ir_path(), b"stand-in for bitcode\n".to_vec()),
        (
            document.targets["x86-64"].object.clone(),
            b"stand-in for an object\n".to_vec(),
        ),
    ]
    .into();
    for (path, bytes) in &files {
        let found = (Digest::of(bytes), bytes.len() as u64);
        let listed = document.files[path];
        assert_eq!((listed.sha256, listed.size), found, "{path}");
    }
    let mut packed = Vec::new();
    archive::write(&document, &files, &mut packed).expect("writes");
    let tar = zstd::decode_all(&packed[..]).expect("zstd");
    (packed, tar)
}

#[test]
fn the_manifest_is_that_of_the_package() {
    let text = &blocks(&page("manifest.md"), "toml")[0];
    let manifest = Manifest::parse(text, "Puck.toml".as_ref()).expect("a manifest");
    let (package, document) = (manifest.package.expect("a package"), document());
    assert_eq!(
        (package.name, package.version),
        (document.name, document.version)
    );
    let asked: Vec<_> = manifest.functions.into_iter().map(|f| f.name).collect();
    let exported: Vec<_> = document.functions.into_iter().map(|f| f.name).collect();
    assert_eq!(asked, exported);
}

#[test]
fn the_archive_has_the_header_and_the_digests() {
    let page = page("archive.md");
    let document = document();
    let header = c_header(&document);
    assert_eq!(header, blocks(&page, "c")[0]);
    let size = header.len();
    assert_mentions(&page, &format!("`include/fast-sums.h` {size} bytes"));
    let json = document.to_json();
    let (size, sha256) = (json.len(), Digest::of(&json));
    assert_mentions(
        &page,
        &format!("`package.json`, {size} bytes, SHA-256 `{sha256}`"),
    );
    let (packed, tar) = packed();
    let line = |name: &str, bytes: &[u8]| {
        let (size, sha256) = (bytes.len(), Digest::of(bytes));
        format!("{name:<15}{size:>7} bytes   {sha256}")
    };
    assert_mentions(&page, &line("tar", &tar));
    assert_mentions(&page, &line("with zstd 1.5.7", &packed));
}

#[test]
fn the_registry_has_the_line_and_the_log() {
    let page = page("registry.md");
    let (packed, _) = packed();
    let blocks = blocks(&page, "json");
    let size = packed.len() as u64;
    let time = "2026-08-04T12:00:00Z".to_owned();
    let line = IndexLine::new(&document(), Digest::of(&packed), size, time);
    assert_eq!(format!("{}\n", line.to_json()), blocks[1]);
    assert_mentions(&page, &format!("the archive, {size} bytes."));
    let mut log = blocks[2].lines();
    let (publish, yank) = (log.next().expect("a line"), log.next().expect("a second"));
    for line in [publish, yank] {
        assert_mentions(line, &Digest::of(&packed).hex());
    }
    let previous = Digest::of(publish.as_bytes());
    assert_mentions(yank, &format!("\"previous\":\"{previous}\""));
    assert_mentions(&page, &format!("`{}`", Digest::of(yank.as_bytes())));
}

#[test]
fn the_lockfile_has_the_digests() {
    let text = &blocks(&page("lockfile.md"), "toml")[0];
    let lockfile = Lockfile::parse(text, "Puck.lock").expect("a lockfile");
    assert_eq!(lockfile.to_toml(), *text);
    let sha256 = |id: &str| {
        let id: PackageId = id.parse().expect("a package");
        lockfile.package(&id).and_then(|package| package.sha256)
    };
    assert_eq!(sha256("fast-sums 0.3.1"), Some(Digest::of(&packed().0)));
    assert_eq!(
        sha256("vecmath 1.0.0"),
        Some(Digest::of(b"vecmath-1.0.0.puck"))
    );
}

#[test]
fn the_environment_has_the_key() {
    let page = page("environment.md");
    let text = &blocks(&page, "json")[0];
    let document = EnvironmentDocument::parse("environment.json", text.as_bytes()).expect("one");
    assert_eq!(String::from_utf8_lossy(&document.to_json()), *text);
    let sha256 = Digest::of(&packed().0);
    assert_eq!(document.packages[0].sha256, sha256);
    let directory = format!("fast-sums-0.3.1-{}", sha256.prefix(16));
    assert_eq!(document.packages[0].directory, directory);
    assert_mentions(&page, &format!("packages/{directory}/package.json"));
    let keyless = text.replace(&document.key.hex(), &Digest::of(b"").hex());
    let key = Digest::of(format!("puck environment 1\n{keyless}").as_bytes());
    assert_eq!(document.key, key);
    // In the document, in Python, in the tree.
    assert_eq!(page.matches(&key.hex()).count(), 3);
}
