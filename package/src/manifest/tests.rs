use std::path::Path;

use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"
[package]
name = "linalg"
version = "1.2.0"
description = "Dense vector kernels"
license = "MIT OR Apache-2.0"
authors = ["A <a@example.org>"]
repository = "https://example.org/linalg"
readme = "README.md"
keywords = ["vectors"]

[build]
sources = ["src/*.c", "ir/dot.ll"]
targets = ["x86-64-v4", "x86-64", "x86-64-v4"]
opt-level = 2
flags = ["-ffast-math"]
debug = true

[[function]]
name = "axpy"
symbol = "axpy_f64"
signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
doc = "y += a * x, element by element"

[[function]]
name = "axpy"
symbol = "axpy_f32"
signature = "fn(n: u64, a: f32, x: *const f32, y: *mut f32)"

[dependencies]
vecmath = "1.0"
stats = { version = ">=0.3, <0.5", registry = "team" }
local = { path = "../local" }
"#;

fn parse(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(text, Path::new("Puck.toml"))
}

#[test]
fn a_whole_manifest() {
    let manifest = parse(WHOLE).unwrap();
    let package = manifest.package.unwrap();
    assert_eq!(
        (package.name.as_str(), package.version),
        ("linalg", Version::new(1, 2, 0))
    );
    assert_eq!(package.keywords, ["vectors"]);
    assert_eq!(manifest.build.targets, [Target::X86_64, Target::X86_64V4]);
    assert_eq!((manifest.build.opt_level, manifest.build.debug), (2, true));
    assert_eq!(manifest.functions.len(), 2);
    assert_eq!(manifest.functions[1].symbol.as_deref(), Some("axpy_f32"));
    let names: Vec<_> = manifest
        .dependencies
        .keys()
        .map(PackageName::as_str)
        .collect();
    assert_eq!(names, ["local", "stats", "vecmath"]);
    let local = &manifest.dependencies[&"local".parse().unwrap()];
    assert_eq!(local.path.as_deref(), Some(Path::new("../local")));
    assert_eq!(local.requirement, VersionReq::STAR);
}

#[test]
fn defaults() {
    let text = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[build]\nsources = [\"a.c\"]\n";
    let manifest = parse(text).unwrap();
    let expected = BuildSection {
        sources: vec!["a.c".into()],
        ..BuildSection::default()
    };
    assert_eq!(manifest.build, expected);
    assert_eq!(manifest.build.targets, Target::DEFAULTS);
    assert!(manifest.functions.is_empty() && manifest.dependencies.is_empty());
}

#[test]
fn a_consumer_has_dependencies_only() {
    let manifest = parse("[dependencies]\nlinalg = \"1\"\n").unwrap();
    assert!(manifest.package.is_none());
    assert!(parse("").unwrap().dependencies.is_empty());
}

#[test]
fn errors_name_key_file_and_line() {
    for (from, to, message, hint) in [
        (
            "opt-level",
            "opt_level",
            "Puck.toml:15: unknown key `opt_level` in [build]",
            "did you mean `opt-level`?",
        ),
        (
            "[build]",
            "[biuld]",
            "Puck.toml:12: unknown key `biuld`",
            "did you mean `build`?",
        ),
        (
            "license",
            "colour",
            "Puck.toml:6: unknown key `colour` in [package]",
            "known keys in [package]: name",
        ),
        (
            "path = \"../local\"",
            "git = \"x\"",
            "Puck.toml:33: unknown key `git` in a dependency",
            "known keys",
        ),
        (
            "doc =",
            "docs =",
            "Puck.toml:23: unknown key `docs` in [[function]]",
            "did you mean `doc`?",
        ),
        (
            "\"linalg\"",
            "\"Linalg\"",
            "Puck.toml:3: `name`: `Linalg` is not a package name",
            "",
        ),
        ("\"1.2.0\"", "\"1.2\"", "Puck.toml:4: `version`: ", ""),
        (
            "\"1.2.0\"",
            "\"1.2.0+x\"",
            "Puck.toml:4: `version`: `1.2.0+x` has build metadata",
            "",
        ),
        (
            "\"1.2.0\"",
            "\"1.2.0-a0123456789a0123456789a0123456789a0123456789a0123456789a0123456789\"",
            "Puck.toml:4: `version`: version `1.2.0-a0123456789a012345…` has 72 characters; at most 64",
            "",
        ),
        (
            "[package]",
            "format = \"1\"\n[package]",
            "Puck.toml:2: `format`: expected a whole number, found string",
            "",
        ),
        (
            "[package]",
            "format = -1\n[package]",
            "Puck.toml:2: `format`: expected a whole number, found -1",
            "",
        ),
        (
            "\"1.2.0\"",
            "12",
            "Puck.toml:4: `version`: expected a string, found integer",
            "",
        ),
        (
            "name = \"linalg\"\n",
            "",
            "Puck.toml:2: [package] has no `name`",
            "",
        ),
        (
            "opt-level = 2",
            "opt-level = 4",
            "Puck.toml:15: `opt-level`: expected a whole number from 0 to 3, found 4",
            "",
        ),
        (
            "opt-level = 2",
            "opt-level = \"2\"",
            "expected a whole number from 0 to 3, found string",
            "",
        ),
        (
            "debug = true",
            "debug = 1",
            "Puck.toml:17: `debug`: expected true or false, found integer",
            "",
        ),
        (
            "\"x86-64\",",
            "",
            "Puck.toml:14: `targets`: `x86-64` is missing",
            "",
        ),
        ("\"x86-64\",", "\"x86_64\",", "did you mean `x86-64`?", ""),
        (
            "y: *mut f64",
            "y: Matrix",
            "Puck.toml:22: `signature`: invalid signature",
            "",
        ),
        (
            "name = \"axpy\"\nsymbol = \"axpy_f64\"",
            "name = \"a.b\"",
            "Puck.toml:20: `name`: `a.b` is not a function name",
            "",
        ),
        (
            "f32, x: *const f32, y: *mut f32",
            "f64, x: *const f64, z: *mut f64",
            "Puck.toml:25: [[function]] `axpy` is listed twice",
            "",
        ),
        (
            "\"1.0\"",
            "1.0",
            "Puck.toml:31: `vecmath`: expected a version requirement such as \"1.2\", or a table, \
             found float",
            "",
        ),
        (
            "\"1.0\"",
            "\"one\"",
            "Puck.toml:31: `one` is not a version requirement",
            "",
        ),
        (
            "path = \"../local\"",
            "",
            "Puck.toml:33: a dependency needs a `version` or a `path`",
            "",
        ),
        ("path =", "registry = \"r\", path =", "not both", ""),
        (
            "vecmath",
            "Vecmath",
            "Puck.toml:31: `Vecmath` is not a package name",
            "",
        ),
        (
            "sources =",
            "cargo = \"Cargo.toml\"\nsources =",
            "both `sources` and `cargo`",
            "",
        ),
        (
            "sources = [\"src/*.c\", \"ir/dot.ll\"]",
            "",
            "[build] needs `sources",
            "",
        ),
        ("[package]", "[package", "Puck.toml is not valid TOML", ""),
    ] {
        assert!(WHOLE.contains(from), "{from}");
        let error = parse(&WHOLE.replacen(from, to, 1)).expect_err(to);
        let text = error.to_string();
        assert!(text.contains(message), "{to}: {text}");
        assert!(
            error.hint().unwrap_or_default().contains(hint),
            "{to}: {:?}",
            error.hint()
        );
    }
}

/// A newer manifest is called that, whatever else stands in it.
#[test]
fn newer_formats_are_refused_by_number() {
    let format = |number: u32, rest: &str| parse(&format!("format = {number}\n{rest}"));
    assert_eq!(format(1, WHOLE).unwrap(), parse(WHOLE).unwrap());
    for number in [0, 2, u32::MAX] {
        let error = format(number, "[gadgets]\nnew = true\n").unwrap_err();
        assert!(matches!(error, ManifestError::Newer(_)), "{error}");
        assert!(
            error.to_string().starts_with(&format!(
                "Puck.toml has format {number}, but this puck knows formats up to 1; "
            )),
            "{error}"
        );
    }
    let error = of_cargo("[package.metadata.puck]\nformat = 2\ngadgets = 1\n").unwrap_err();
    assert!(
        error.to_string().starts_with("x/Cargo.toml has format 2"),
        "{error}"
    );
    let table = "[package.metadata.puck]\nformat = 1\n";
    assert!(of_cargo(table).unwrap().is_some());
}

#[test]
fn a_crate_may_have_flags_and_no_endless_version() {
    let text = "[package.metadata.puck.build]\nflags = [\"-Ctarget-feature=+avx2\"]\n";
    let manifest = of_cargo(text).unwrap().unwrap();
    assert_eq!(manifest.build.flags, ["-Ctarget-feature=+avx2"]);
    let mut package = parse(WHOLE).unwrap().package.unwrap();
    package.version = crate::version::of_length(65);
    let error = Manifest::parse_cargo(text, Path::new("x/Cargo.toml"), package).unwrap_err();
    assert!(error.to_string().contains("has 65 characters"), "{error}");
}

/// Nested without end, a manifest is refused before the stack is exhausted.
#[test]
fn deep_nesting_is_refused() {
    for (open, times) in [("[", 100_000), ("{a=", 100_000), ("a.", 1_000)] {
        let error = parse(&format!("a = {}", open.repeat(times))).unwrap_err();
        assert!(matches!(error, ManifestError::Toml { .. }), "{open}");
    }
}

#[test]
fn nothing_to_build_without_a_package() {
    let error = parse("[build]\nsources = [\"a.c\"]\n")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Puck.toml:1: `build`: a project without `[package]`"),
        "{error}"
    );
}

fn of_cargo(text: &str) -> Result<Option<Manifest>, ManifestError> {
    let package = parse(WHOLE).unwrap().package.unwrap();
    Manifest::parse_cargo(text, Path::new("x/Cargo.toml"), package)
}

#[test]
fn metadata_of_a_crate() {
    assert_eq!(of_cargo("[package]\nname = \"x\"\n").unwrap(), None);
    let text = "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n\
        [package.metadata.puck.build]\ntargets = [\"x86-64\"]\n\
        [package.metadata.puck.dependencies]\nvecmath = \"1\"\n";
    let manifest = of_cargo(text).unwrap().unwrap();
    assert_eq!(manifest.build.cargo.as_deref(), Some("Cargo.toml"));
    assert_eq!(manifest.build.targets, [Target::X86_64]);
    assert_eq!(manifest.dependencies.len(), 1);
    let error = of_cargo("[package.metadata.puck.build]\nsources = []\n")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "x/Cargo.toml:2: unknown key `sources` in [package.metadata.puck.build]"
    );
}

proptest! {
    /// Cut or spoilt at any place, a manifest is read or refused, never a panic.
    #[test]
    fn spoilt_text_is_refused(at in 0..WHOLE.len(), len in 0usize..40, text in "[a-z\\[\\]=\"{}\n,.]{0,3}") {
        let end = (at + len).min(WHOLE.len());
        let _ = parse(&format!("{}{text}{}", &WHOLE[..at], &WHOLE[end..]));
    }
}
