//! The quick reader against the general one.

use proptest::prelude::*;
use puck_package::{Digest, LinkMode, Processor, Target};

use super::*;

fn sample(link: LinkMode) -> EnvironmentDocument {
    let package = |name: &str, version: &str, series: &str| EnvironmentPackage {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        series: series.parse().unwrap(),
        soname: format!("{}.{series}.so", name.replace('-', "_")),
        sha256: Digest::of(name.as_bytes()),
        directory: format!("{name}-{version}-0123456789abcdef"),
        targets: ["x86-64", "aarch64", "x86-64-v3"]
            .map(str::to_owned)
            .to_vec(),
        needs: vec!["base.v0_3.so".to_owned()],
        direct: name == "demo",
        specialised: Some(Digest::of(version.as_bytes())),
        host_table: Some("demo.v1.host_imports.0123abcd".parse().unwrap()),
    };
    let mut processor = Processor::of(Target::X86_64V3);
    processor.features = vec!["aes".to_owned(), "avx512vnni".to_owned()];
    EnvironmentDocument {
        format: format::ENVIRONMENT,
        key: Digest::of(b""),
        link,
        processor: Some(processor),
        compiler: Some("LLVM 23.1.2".to_owned()),
        keep: vec!["base::sum".to_owned()],
        image: Some(Image {
            soname: "puck.0123456789abcdef.so".to_owned(),
            libraries: [("x86-64".to_owned(), Digest::of(b"image"))].into(),
            host_tables: true,
        }),
        packages: vec![
            package("base", "0.3.10", "v0_3"),
            package("demo", "1.2.3", "v1"),
        ],
    }
}

#[test]
fn what_puck_writes_is_read_quickly() {
    for mode in LinkMode::ALL {
        let full = sample(mode);
        assert_eq!(quickly(&full.to_json()), Some(full.clone()));
        let mut less = full;
        less.processor = None;
        less.compiler = None;
        less.keep.clear();
        less.image = None;
        less.packages[0].specialised = None;
        less.packages[0].host_table = None;
        less.packages[0].needs.clear();
        assert_eq!(quickly(&less.to_json()), Some(less.clone()));
        less.packages.clear();
        assert_eq!(quickly(&less.to_json()), Some(less));
    }
    let compact = serde_json::to_vec(&sample(LinkMode::Lto)).unwrap();
    assert_eq!(quickly(&compact), Some(sample(LinkMode::Lto)));
}

#[test]
fn series_are_those_of_their_versions() {
    for version in ["1.2.3", "0.3.0", "0.0.7", "0.0.0", "12.0.0", "0.120.5"] {
        let version: Version = version.parse().unwrap();
        let series = Series::of(&version);
        let text = series.to_string();
        assert_eq!(series_of(&version, &text), Some(series), "{version}");
        for other in [
            "", "v", "v1_", "v2", "v0", "v0_3_", "v0_3_0", "v0_0_", "v01", "1",
        ] {
            assert_eq!(series_of(&version, other), None, "{version} {other}");
        }
    }
}

#[test]
fn plain_bytes_are_counted() {
    for length in 0..40 {
        for special in [b'"', b'\\', 0, b'\n', 0x1f] {
            let mut bytes = vec![b'\xc3'; length];
            bytes.push(special);
            assert_eq!(plain_length(&bytes), length, "{special}");
            bytes.extend(b"\"text after it");
            assert_eq!(plain_length(&bytes), length, "{special}");
        }
        for plain in [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
            assert_eq!(plain_length(&vec![plain; length]), length, "{plain}");
        }
    }
}

#[test]
fn all_else_is_left_to_the_general_reader() {
    let whole = String::from_utf8(sample(LinkMode::Image).to_json()).unwrap();
    let with = |from: &str, to: &str| {
        let text = whole.replacen(from, to, 1);
        assert_ne!(text, whole);
        quickly(text.as_bytes()).is_some()
    };
    for (from, to) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"format\": 1", "\"format\": 01"),
        ("\"format\": 1", "\"format\": 1, \"format\": 1"),
        ("\"format\": 1", "\"new\": {}, \"format\": 1"),
        ("base::sum", "base\\u003a:sum"),
        ("base::sum", "base\n::sum"),
        ("\"image\": {", "\"image\": null, \"other\": {"),
        ("\"image\"", "\"thin\""),
        ("1.2.3", "1.2"),
        ("1.2.3", "1.2.3-rc.1"),
        ("\"v1\"", "\"v2\""),
        ("\"direct\": true", "\"direct\": tru"),
        ("\"needs\": [", "\"needs\": [,"),
    ] {
        assert!(!with(from, to), "{to}");
    }
    for text in ["", "{", "[]", "{}", "\u{feff}{}", &format!("{whole}}}")] {
        assert!(quickly(text.as_bytes()).is_none(), "{text}");
    }
    let error = parse(b"{").unwrap_err().to_string();
    assert!(error.contains("environment.json is not valid"), "{error}");
}

proptest! {
    /// Cut or spoilt at any place: what the quick reader takes, the general one reads alike.
    #[test]
    fn both_readers_agree(
        at in 0usize..2400,
        length in 0usize..40,
        text in "[a-z\\[\\]:\"{}0-9.,\\\\ \n\x0c-]{0,3}",
        compact: bool,
    ) {
        let document = sample(LinkMode::Image);
        let json = if compact { serde_json::to_vec(&document).unwrap() } else { document.to_json() };
        let json = String::from_utf8(json).unwrap();
        let (at, end) = (at.min(json.len()), (at + length).min(json.len()));
        let spoilt = format!("{}{text}{}", &json[..at], &json[end..]);
        if let Some(quick) = quickly(spoilt.as_bytes()) {
            let read = EnvironmentDocument::parse(FILE, spoilt.as_bytes());
            prop_assert_eq!(quick, read.unwrap());
        }
    }
}

/// Bytes in memory, read as a file is.
struct Bytes<'a>(&'a [u8]);

impl lazy::ReadAt for Bytes<'_> {
    fn read_at<'a>(&self, bytes: &'a mut [u8], offset: u64) -> std::io::Result<&'a [u8]> {
        let rest = self
            .0
            .get(usize::try_from(offset).unwrap()..)
            .unwrap_or_default();
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        Ok(&bytes[..length])
    }
}

/// The packages of a name as found alone; outside `None`: left to the readers of all.
fn alone(json: &[u8], name: &str) -> Option<Vec<EnvironmentPackage>> {
    let start = &json[..json.len().min(2048)];
    let (_, list) = lazy::head(start, json.len() as u64, &Bytes(json))?;
    list.find(name, &Bytes(json))
}

/// A document with a package for each number, and several series of some.
fn long(numbers: &[u8]) -> EnvironmentDocument {
    let mut document = sample(LinkMode::Image);
    let template = document.packages[1].clone();
    document.packages.clear();
    for number in std::collections::BTreeSet::from_iter(numbers) {
        for major in 1..=1 + u64::from(number % 3) {
            let mut package = template.clone();
            package.name = format!(
                "p{}",
                "x".repeat(usize::from(number % 16)) + &number.to_string()
            )
            .parse()
            .unwrap();
            package.version = Version::new(major, 2, 3);
            package.series = Series::of(&package.version);
            package.needs.truncate(usize::from(number % 2));
            document.packages.push(package);
        }
    }
    let key = |package: &EnvironmentPackage| (package.name.clone(), package.version.clone());
    document.packages.sort_by_key(key);
    document
}

#[test]
fn every_package_is_found_alone_and_no_other() {
    for count in [0, 1, 2, 5, 100, 200] {
        let numbers: Vec<u8> = (0..count).collect();
        let document = long(&numbers);
        let json = document.to_json();
        for package in &document.packages {
            let all = document.packages.iter().filter(|p| p.name == package.name);
            let all: Vec<_> = all.cloned().collect();
            assert_eq!(alone(&json, package.name.as_str()), Some(all));
        }
        for name in ["", "a", "p", "px", "zzz", "\""] {
            assert_eq!(alone(&json, name), None, "{name}");
        }
        if count > 0 {
            let start = &json[..json.len().min(2048)];
            let (head, _) = lazy::head(start, json.len() as u64, &Bytes(&json)).unwrap();
            assert_eq!(
                EnvironmentDocument {
                    packages: document.packages,
                    ..head
                },
                long(&numbers)
            );
        }
    }
}

proptest! {
    /// What is found alone in a spoilt document is what the general reader finds there, as far as
    /// that can read it; and always an entry that the document has.
    #[test]
    fn lazy_and_full_reading_agree(
        numbers in prop::collection::vec(any::<u8>(), 1..40),
        asked in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        text in "[a-z\\[\\]:\"{}0-9.,\\\\ \n\x0c-]{0,3}",
        cut: bool,
    ) {
        let document = long(&numbers);
        let name = asked.get(&document.packages).name.to_string();
        let json = String::from_utf8(document.to_json()).unwrap();
        let at = at.index(json.len());
        let end = (at + length).min(json.len());
        let rest = if cut { "" } else { &json[end..] };
        let spoilt = format!("{}{text}{rest}", &json[..at]);
        prop_assert!(!cut || alone(spoilt.as_bytes(), &name).is_none() || spoilt == json);
        if let Some(found) = alone(spoilt.as_bytes(), &name) {
            match EnvironmentDocument::parse(FILE, spoilt.as_bytes()) {
                Ok(full) => {
                    let all = full.packages.into_iter().filter(|p| p.name.as_str() == name);
                    prop_assert_eq!(found, all.collect::<Vec<_>>());
                }
                Err(_) => for package in found {
                    // Spoilt elsewhere, or in a way that leaves an entry as good as another.
                    prop_assert_eq!(package.name.as_str(), name.as_str());
                },
            }
        }
    }
}
