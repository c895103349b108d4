use std::path::Path;

use puck_package::Manifest;

use super::{SourceFile, expand};
use crate::source::{Language, SourceError};

/// A project with these files and patterns.
fn expanded(files: &[&str], patterns: &[&str]) -> Result<Vec<SourceFile>, SourceError> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for file in files {
        let path = folder.path().join(file);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs_err::write(path, "").expect("written");
    }
    let text =
        format!("[package]\nname = \"p\"\nversion = \"1.0.0\"\n[build]\nsources = {patterns:?}\n");
    let manifest = Manifest::parse(&text, Path::new("Puck.toml")).expect("a manifest");
    expand(&manifest, folder.path())
}

fn paths(files: &[&str], patterns: &[&str]) -> Vec<String> {
    let files = expanded(files, patterns).expect("matches");
    files.into_iter().map(|file| file.path).collect()
}

#[test]
fn files_come_sorted_and_once() {
    let files = [
        "src/b.c",
        "src/a.c",
        "src/deep/c.c",
        "src/.hidden.c",
        "src/x.h",
        "top.ll",
        "[x].c",
    ];
    let cases: [(&[&str], &[&str]); 7] = [
        (&["src/*.c"], &["src/a.c", "src/b.c"]),
        (
            &["src/b.c", "src/*.c", "./src/a.c"],
            &["src/a.c", "src/b.c"],
        ),
        (&["src/**/*.c"], &["src/a.c", "src/b.c", "src/deep/c.c"]),
        (&["top.ll", "src/a.c"], &["src/a.c", "top.ll"]),
        (&["src/[ab].c"], &["src/a.c", "src/b.c"]),
        (&["[[]x].c"], &["[x].c"]),
        (&["*/*.c", "*.ll"], &["src/a.c", "src/b.c", "top.ll"]),
    ];
    for (patterns, expected) in cases {
        assert_eq!(paths(&files, patterns), expected, "{patterns:?}");
    }
}

#[test]
fn folders_with_special_characters_are_no_patterns() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let odd = folder.path().join("a [b] * c");
    fs_err::create_dir(&odd).expect("made");
    fs_err::write(odd.join("a.c"), "").expect("written");
    let text = "[package]\nname = \"p\"\nversion = \"1.0.0\"\n[build]\nsources = [\"*.c\"]\n";
    let manifest = Manifest::parse(text, Path::new("Puck.toml")).expect("a manifest");
    let files = expand(&manifest, &odd).expect("matches");
    assert_eq!(
        files,
        [SourceFile {
            path: "a.c".to_owned(),
            language: Language::C
        }]
    );
}

#[test]
fn the_extension_tells_the_language() {
    let files = ["a.c", "b.cc", "c.cpp", "d.cxx", "e.ll", "f.bc"];
    let languages: Vec<_> = expanded(&files, &["*"])
        .expect("matches")
        .into_iter()
        .map(|f| f.language)
        .collect();
    use Language::{C, Cpp, Ir};
    assert_eq!(languages, [C, Cpp, Cpp, Cpp, Ir, Ir]);
}

#[test]
fn what_cannot_be_is_refused_with_what_could() {
    let files = ["src/axpy.c", "src/dot.cpp", "README.md", "lib.rs", "x.f90"];
    let cases = [
        (
            "src/axpi.c",
            "Puck.toml: no file matches `src/axpi.c` in `sources`",
            "there are: src/axpy.c, src/dot.cpp",
        ),
        (
            "*.ll",
            "Puck.toml: no file matches `*.ll` in `sources`",
            "there are: src/axpy.c, src/dot.cpp",
        ),
        (
            "src",
            "Puck.toml: no file matches `src` in `sources`",
            "there are: src/axpy.c, src/dot.cpp",
        ),
        (
            "x.f90",
            "x.f90: not a source that can be compiled: expected .c .cc .cpp .cxx (clang), .ll .bc (LLVM IR), .py (Python)",
            "narrow the pattern in `sources` so that it leaves this file out",
        ),
        (
            "lib.rs",
            "lib.rs: not a source that can be compiled: expected .c .cc .cpp .cxx (clang), .ll .bc (LLVM IR), .py (Python)",
            "a Rust crate is built as a whole: `cargo = \"Cargo.toml\"` in place of `sources`",
        ),
    ];
    for (pattern, message, hint) in cases {
        let error = expanded(&files, &[pattern]).expect_err(pattern);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), Some(hint), "{pattern}");
    }
}

#[test]
fn patterns_stay_inside_of_the_project() {
    for pattern in ["../*.c", "/etc/*.c", "src/../../x.c", "a[.c"] {
        let text = format!(
            "[package]\nname = \"p\"\nversion = \"1.0.0\"\n[build]\nsources = [{pattern:?}]\n"
        );
        // The manifest's own reader may refuse it first.
        if Manifest::parse(&text, Path::new("Puck.toml")).is_ok() {
            let error = expanded(&["a.c"], &[pattern]).expect_err(pattern);
            assert!(
                matches!(error, SourceError::InvalidPattern { .. }),
                "{pattern}: {error}"
            );
        }
    }
}
