//! Compiling with the clang of this machine, and not compiling again.

use puck_package::variables;

use crate::source::testing::Project;
use crate::source::{Language, SourceError, sources};

const MANIFEST: &str = "[build]\nsources = [\"src/*\"]\n";
const SIGNED: &str = "[build]\nsources = [\"src/*\"]\nflags = [\"-DSCALE=3\", \"-Iinclude\"]\n\
    [[function]]\nname = \"f\"\nsignature = \"fn(f64) -> f64\"\n";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn each_source_becomes_a_module() {
    let project = Project::new(&[
        ("Puck.toml", MANIFEST),
        (
            "src/b.cpp",
            "template <class T> T twice(T x) { return x + x; }\nextern \"C\" int b(int x) { return twice(x); }\n",
        ),
        (
            "src/a.c",
            "#include <math.h>\ndouble a(double x) { return sin(x); }\n",
        ),
        ("src/c.ll", "define i32 @c() {\n  ret i32 1\n}\n"),
    ]);
    let (sources, told) = project.sources().expect("compiles");
    let found: Vec<_> = sources
        .modules
        .iter()
        .map(|m| (m.path.as_str(), m.language))
        .collect();
    let expected = [
        ("src/a.c", Language::C),
        ("src/b.cpp", Language::Cpp),
        ("src/c.ll", Language::Ir),
    ];
    assert_eq!(found, expected);
    for module in &sources.modules[..2] {
        assert_eq!(module.bitcode[..4], *b"BC\xc0\xde", "{}", module.path);
    }
    assert!(
        sources.modules[2].bitcode.starts_with(b"define"),
        "IR stays as it is"
    );
    assert_eq!(told.steps(), ["Compiling src/a.c", "Compiling src/b.cpp"]);
    let [tool] = sources.tools.as_slice() else {
        panic!("one tool, found {:?}", sources.tools)
    };
    assert!(tool.starts_with("clang "), "{tool}");
}

#[test]
fn ir_alone_needs_no_compiler() {
    let project = Project::new(&[("Puck.toml", MANIFEST), ("src/c.ll", "; nothing\n")]);
    let (sources, told) = project.sources().expect("read");
    assert!(sources.tools.is_empty());
    assert!(told.steps().is_empty());
    assert_eq!(project.fingerprint(), sources.fingerprint);
    assert!(sources.fingerprint.is_some());
}

#[test]
fn there_is_debug_information_to_compare_given_signatures_with() {
    let source = ("src/a.c", "double f(double x) { return x; }\n");
    for manifest in [SIGNED, MANIFEST] {
        let project = Project::new(&[("Puck.toml", manifest), source]);
        let (sources, _) = project.sources().expect("compiles");
        assert!(holds(&sources.modules[0].bitcode, "Debug Info Version"));
    }
}

#[test]
fn what_did_not_change_is_not_compiled_again() {
    let project = Project::new(&[
        ("Puck.toml", SIGNED),
        ("include/scale.h", "#define FACTOR 2\n"),
        (
            "src/a.c",
            "#include <scale.h>\ndouble f(double x) { return x * SCALE * FACTOR; }\n",
        ),
        ("src/b.c", "double g(double x) { return x; }\n"),
    ]);
    let all = ["Compiling src/a.c", "Compiling src/b.c"];
    let none: [&str; 0] = [];
    assert_eq!(project.compiled(), all, "a first time");
    assert_eq!(project.compiled(), none, "nothing changed");

    project.write("src/b.c", "double g(double x) { return -x; }\n");
    assert_eq!(
        project.compiled(),
        ["Compiling src/b.c"],
        "a source changed"
    );

    project.write("include/scale.h", "#define FACTOR 4\n");
    assert_eq!(
        project.compiled(),
        ["Compiling src/a.c"],
        "a header changed"
    );
    project.write("include/scale.h", "#define FACTOR 2\n");
    assert_eq!(project.compiled(), none, "a header changed back");

    project.write("src/scale.h", "#define FACTOR 8\n");
    fs_err::rename(project.path("src/scale.h"), project.path("scale.h")).expect("moved");
    assert_eq!(
        project.compiled(),
        none,
        "a header where it is not looked for"
    );

    project.write("Puck.toml", &SIGNED.replace("SCALE=3", "SCALE=4"));
    assert_eq!(project.compiled(), all, "a flag changed");
    project.write("Puck.toml", SIGNED);
    assert_eq!(project.compiled(), none, "a flag changed back");

    fs_err::remove_file(project.path("include/scale.h")).expect("removed");
    assert!(
        matches!(project.sources(), Err(SourceError::Compile { .. })),
        "a header is gone"
    );
}

#[test]
fn a_header_that_comes_before_another_counts() {
    let project = Project::new(&[
        ("Puck.toml", &SIGNED.replace("src/*", "src/*.c")),
        ("include/scale.h", "#define FACTOR 2\n"),
        (
            "src/a.c",
            "#include \"scale.h\"\ndouble f(double x) { return x * FACTOR; }\n",
        ),
    ]);
    assert_eq!(project.compiled().len(), 1);
    let before = project.fingerprint();
    project.write("src/scale.h", "#define FACTOR 3\n");
    assert_ne!(project.fingerprint(), before);
    assert_eq!(project.compiled().len(), 1);
}

#[test]
fn damage_in_the_cache_is_noticed() {
    let project = Project::new(&[
        ("Puck.toml", SIGNED),
        ("src/a.c", "double f(double x) { return x; }\n"),
    ]);
    let (first, _) = project.sources().expect("compiles");
    for entry in fs_err::read_dir(project.path("target/puck/cache/clang")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mut bytes = fs_err::read(&path).expect("readable");
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        fs_err::write(&path, bytes).expect("writable");
    }
    let (second, told) = project.sources().expect("compiles");
    assert_eq!(told.steps(), ["Compiling src/a.c"]);
    assert_eq!(first.modules[0].bitcode, second.modules[0].bitcode);
}

#[test]
fn the_fingerprint_follows_every_input() {
    let project = Project::new(&[
        ("Puck.toml", SIGNED),
        ("include/scale.h", "#define FACTOR 2\n"),
        (
            "src/a.c",
            "#include <scale.h>\ndouble f(double x) { return x * FACTOR; }\n",
        ),
    ]);
    assert_eq!(project.fingerprint(), None, "nothing was built yet");
    let (sources, _) = project.sources().expect("compiles");
    let first = sources.fingerprint;
    assert!(first.is_some());
    assert_eq!(project.fingerprint(), first);
    let changes = [
        (
            "src/a.c",
            "#include <scale.h>\ndouble f(double x) { return x + FACTOR; }\n",
        ),
        ("include/scale.h", "#define FACTOR 3\n"),
        ("src/new.c", "double g(double x) { return x; }\n"),
        ("Puck.toml", &SIGNED.replace("SCALE=3", "SCALE=4")),
    ];
    for (path, text) in changes {
        let before = fs_err::read_to_string(project.path(path)).ok();
        project.write(path, text);
        assert_ne!(project.fingerprint(), first, "{path} changed");
        match before {
            Some(before) => project.write(path, &before),
            None => fs_err::remove_file(project.path(path)).expect("removed"),
        }
        assert_eq!(project.fingerprint(), first, "{path} is as before");
    }
    fs_err::remove_file(project.path("include/scale.h")).expect("removed");
    assert_eq!(project.fingerprint(), None, "a header is gone");
}

#[test]
fn errors_are_the_compilers_own() {
    let project = Project::new(&[
        ("Puck.toml", MANIFEST),
        ("src/a.c", "int f(void) {\n  return undeclared;\n}\n"),
        ("src/b.c", "int g(void) { return 1; }\n"),
        ("src/c.c", "int h(void { return 1; }\n"),
    ]);
    let error = project.sources().expect_err("does not compile");
    let SourceError::Compile { files, message, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(files, &["src/a.c", "src/c.c"]);
    assert!(message.contains("src/a.c:2:10: error:"), "{message}");
    assert!(message.contains("src/c.c:1:"), "{message}");
    assert!(message.find("src/a.c") < message.find("src/c.c"));
    assert!(
        error
            .to_string()
            .starts_with("src/a.c and 1 more do not compile (clang "),
        "{error}"
    );
    assert!(!message.contains('\u{1b}'), "no colours");
}

#[test]
fn warnings_are_told_every_time() {
    let project = Project::new(&[
        ("Puck.toml", MANIFEST),
        (
            "src/a.c",
            "#warning \"mind the gap\"\nint f(void) { return 1; }\n",
        ),
    ]);
    for _ in 0..2 {
        let (_, told) = project.sources().expect("compiles");
        assert!(
            told.warnings().contains("mind the gap"),
            "{}",
            told.warnings()
        );
    }
}

#[test]
fn the_folder_leaves_no_trace() {
    let files = [
        (
            "Puck.toml",
            "[build]\nsources = [\"src/*.c\"]\nflags = [\"-Iinclude\"]\n",
        ),
        (
            "include/scale.h",
            "static inline const char *where(void) { return __FILE__; }\n",
        ),
        (
            "src/a.c",
            "#include <scale.h>\n#include <assert.h>\nconst char *f(int x) { assert(x); return x ? where() : __DATE__; }\n",
        ),
    ];
    let one = Project::at("one", &files);
    let other = Project::at("some/other folder/deep", &files);
    let [one, other] = [one, other].map(|project| {
        let module = project.sources().expect("compiles").0.modules.remove(0);
        assert!(!holds(
            &module.bitcode,
            &project.outside().to_string_lossy()
        ));
        module.bitcode
    });
    assert!(one == other, "two folders, two modules");
}

#[test]
fn optimisation_is_left_to_the_back_end() {
    let text = "static int in_line(int x) { return x; }\nint f(int x) { return in_line(x); }\n";
    for level in 0..=3 {
        let manifest = format!("{MANIFEST}opt-level = {level}\n");
        let project = Project::new(&[("Puck.toml", &manifest), ("src/a.c", text)]);
        let (sources, _) = project.sources().expect("compiles");
        let bitcode = &sources.modules[0].bitcode;
        assert!(
            holds(bitcode, "in_line"),
            "inlined and removed at level {level}"
        );
    }
}

#[test]
fn nothing_to_build_is_an_error_with_a_way_out() {
    let project = Project::new(&[("Puck.toml", MANIFEST)]);
    let mut manifest = project.manifest();
    manifest.build.sources.clear();
    let error = project.with(|request| {
        let request = crate::BuildRequest {
            manifest: &manifest,
            ..*request
        };
        sources(&request, &()).expect_err("nothing")
    });
    assert!(matches!(error, SourceError::NoSources { .. }), "{error}");
    assert!(error.hint().expect("a hint").contains("src/*.c"));
}

#[test]
fn many_small_sources_are_compiled_once() {
    let project = Project::new(&[("Puck.toml", MANIFEST)]);
    for i in 0..60 {
        project.write(
            &format!("src/f{i}.c"),
            &format!("int f{i}(int x) {{ return x + {i}; }}\n"),
        );
    }
    assert_eq!(project.compiled().len(), 60);
    let (sources, told) = project.sources().expect("compiles");
    assert!(told.steps().is_empty());
    let paths: Vec<_> = sources
        .modules
        .iter()
        .map(|module| module.path.as_str())
        .collect();
    assert!(paths.is_sorted() && paths.len() == 60);
    assert!(sources.fingerprint.is_some() && sources.fingerprint == project.fingerprint());
}

#[test]
fn the_compiler_of_the_tests_is_the_one_of_builds() {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let clang = super::find(cache.path()).expect("a clang on this machine");
    assert!(variables::get(variables::PUCK_CLANG).is_some() || clang.path().is_absolute());
}
