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
