use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use puck_package::{Manifest, PackageSection};

use super::*;

fn name() -> PackageName {
    "my-kernels".parse().unwrap()
}

/// The paths in a folder, and what is in the files.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs_err::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let shown = path.strip_prefix(folder).unwrap().display().to_string();
            found.insert(shown, fs_err::read_to_string(path).unwrap());
        }
    }
    found
}

#[test]
fn each_language_has_its_files() {
    for language in Language::ALL {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("deep/my-kernels");
        let files = create(&folder, &name(), language).unwrap();
        let found = contents(&folder);
        let told: Vec<_> = files
            .iter()
            .map(|path| path.strip_prefix(&folder).unwrap().display().to_string())
            .collect();
        assert_eq!(told, found.keys().cloned().collect::<Vec<_>>());
        for (path, text) in &found {
            assert!(!text.contains("{{"), "{path}:\n{text}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            assert!(
                text.lines().all(|line| line.chars().count() <= 110),
                "{path}"
            );
        }
        assert!(found["README.md"].starts_with("# my-kernels\n"));
        assert!(found[".gitignore"].contains("/.puck\n"));
        // Nothing but the package is left, and others may read it as they may read any folder.
        assert_eq!(
            fs_err::read_dir(parent.path().join("deep"))
                .unwrap()
                .count(),
            1
        );
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&folder), mode(&parent.path().join("deep")));
    }
}

#[test]
fn manifests_are_valid() {
    for language in Language::ALL {
        let parent = tempfile::tempdir().unwrap();
        create(&parent.path().join("p"), &name(), language).unwrap();
        let path = |file| parent.path().join("p").join(file);
        let manifest = if language == Language::Rust {
            let text = fs_err::read_to_string(path("Cargo.toml")).unwrap();
            let package = PackageSection {
                name: name(),
                version: "0.1.0".parse().unwrap(),
                description: String::new(),
                license: String::new(),
                authors: Vec::new(),
                repository: String::new(),
                readme: None,
                keywords: Vec::new(),
            };
            Manifest::parse_cargo(&text, &path("Cargo.toml"), package)
                .unwrap()
                .unwrap()
        } else {
            Manifest::read(&path("Puck.toml")).unwrap()
        };
        assert_eq!(manifest.package.unwrap().name, name());
        let functions: Vec<_> = manifest
            .functions
            .iter()
            .map(|f| f.name.to_string())
            .collect();
        if language == Language::Python {
            // The decorators say so.
            assert!(functions.is_empty());
            continue;
        }
        assert_eq!(functions, ["dot", "center"]);
        assert!(manifest.functions.iter().all(|f| f.doc.is_some()));
        let given = manifest.functions.iter().all(|f| f.signature.is_some());
        assert_eq!(given, language == Language::Ir);
    }
}

#[test]
fn what_is_there_is_kept() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("p");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("thesis.tex"), "years of work").unwrap();
    let error = create(&folder, &name(), Language::C).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is not empty: it has `thesis.tex`"),
        "{error}"
    );
    assert!(error.hint().is_some());
    assert_eq!(contents(parent.path()).len(), 1);

    let file = folder.join("thesis.tex");
    let error = create(&file, &name(), Language::C).unwrap_err();
    assert!(
        matches!(error, TemplateError::NotADirectory { .. }),
        "{error}"
    );
    let error = create(&file.join("p"), &name(), Language::C).unwrap_err();
    assert!(matches!(error, TemplateError::Io(_)), "{error}");

    // A link that leads nowhere is something, too.
    let link = parent.path().join("link");
    fs_err::os::unix::fs::symlink("nowhere", &link).unwrap();
    assert!(create(&link, &name(), Language::C).is_err());
    assert_eq!(contents(&folder).len(), 1);
}

#[test]
fn an_empty_folder_or_a_fresh_repository_is_taken() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("p");
    fs_err::create_dir_all(folder.join(".git")).unwrap();
    fs_err::write(folder.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    create(&folder, &name(), Language::Ir).unwrap();
    let found = contents(&folder);
    assert_eq!(
        found.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            ".git/HEAD",
            ".gitignore",
            "Puck.toml",
            "README.md",
            "src/vector.ll"
        ]
    );
    assert_eq!(fs_err::read_dir(&folder).unwrap().count(), 5);
    // Once it is there, it is not empty any more.
    assert!(create(&folder, &name(), Language::Ir).is_err());
}

#[test]
fn languages_by_name() {
    for language in Language::ALL {
        assert_eq!(language.to_string().parse(), Ok(language));
    }
    for (text, meant) in [
        ("c++", "cpp"),
        ("rs", "rust"),
        ("LLVM", "ir"),
        ("py", "python"),
        ("rusty", "rust"),
    ] {
        let error = text.parse::<Language>().unwrap_err();
        assert_eq!(
            error.hint(),
            Some(format!("did you mean `{meant}`?")),
            "{text}"
        );
    }
    assert_eq!("fortran".parse::<Language>().unwrap_err().hint(), None);
}

/// Runs a tool; false if it is not installed.
fn run(command: &mut Command) -> bool {
    match command.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}:\n{said}");
            true
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => panic!("{command:?}: {error}"),
    }
}

type Dot = unsafe extern "C" fn(u64, *const f64, *const f64) -> f64;
type Center = unsafe extern "C" fn(u64, *mut f64) -> f64;

/// Calls what a library exports, and compares it with what the README says.
fn check(library: &Path) {
    // SAFETY: the libraries come from this file's templates: loading them runs nothing, and their
    // functions have these types.
    unsafe {
        let library = libloading::Library::new(library).unwrap();
        let dot = library.get::<Dot>(c"dot").unwrap();
        let center = library.get::<Center>(c"center").unwrap();
        assert_eq!(
            dot(3, [1.0, 2.0, 3.0].as_ptr(), [4.0, 5.0, 6.0].as_ptr()),
            32.0
        );
        assert_eq!(dot(0, std::ptr::null(), std::ptr::null()), 0.0);
        let mut x = [1.0, 2.0, 6.0];
        assert_eq!(center(3, x.as_mut_ptr()), 3.0);
        assert_eq!(x, [-2.0, -1.0, 3.0]);
        assert!(center(0, std::ptr::null_mut()).is_nan());
    }
}

#[test]
fn c_and_cpp_compile_without_a_warning() {
    for (language, tool, source) in [
        (Language::C, "cc", "src/vector.c"),
        (Language::Cpp, "c++", "src/vector.cpp"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        create(folder.path(), &name(), language).unwrap();
        let manifest = Manifest::read(&folder.path().join("Puck.toml")).unwrap();
        let library = folder.path().join("vector.so");
        let mut command = Command::new(tool);
        command
            .args(&manifest.build.flags)
            .args([
                "-Wall",
                "-Wextra",
                "-Wpedantic",
                "-Werror",
                "-O2",
                "-fPIC",
                "-shared",
                "-o",
            ])
            .arg(&library)
            .arg(folder.path().join(source));
        if run(&mut command) {
            check(&library);
        }
    }
}

#[test]
fn rust_builds_with_plain_cargo() {
    let folder = tempfile::tempdir().unwrap();
    create(folder.path(), &name(), Language::Rust).unwrap();
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command
            .current_dir(folder.path())
            .args(arguments)
            .args(["--offline", "--quiet", "--target-dir", "target"])
            // Warnings are errors; what the tests themselves are built with is not for this crate.
            .env("CARGO_ENCODED_RUSTFLAGS", "-Dwarnings")
            .env_remove("CARGO_BUILD_TARGET");
        assert!(run(&mut command), "cargo runs these tests");
    };
    cargo(&["build"]);
    cargo(&["build", "--release"]);
    // A debug build is for the compiler's messages: what it keeps of `core` wants an unwinder.
    let library = folder.path().join("target/release/libmy_kernels.so");
    check(&library);
    // No `std` came along.
    let size = fs_err::metadata(&library).unwrap().len();
    assert!(size < 32 * 1024, "{size} bytes");
}
