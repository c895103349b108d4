//! The same sources give the same bytes, wherever, whenever and however they are built.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::Machine;
use crate::support::listing::Listing;

/// What must make no difference.
struct Circumstances {
    folder: &'static str,
    umask: &'static str,
    jobs: &'static str,
    /// When the sources were changed last, in days after 1970.
    days: u64,
}

const CIRCUMSTANCES: [Circumstances; 2] = [
    Circumstances {
        folder: "a",
        umask: "022",
        jobs: "1",
        days: 100,
    },
    Circumstances {
        folder: "another-folder/deeper down/with-a-rather-long-name/b",
        umask: "077",
        jobs: "4",
        days: 20_000,
    },
];

/// What came of the same sources: the archive's bytes, and all that installing it put into the
/// store.
fn built(circumstances: &Circumstances, write: &dyn Fn(&Machine, &str)) -> (Vec<u8>, Vec<Listing>) {
    let Circumstances {
        folder,
        umask,
        jobs,
        days,
    } = circumstances;
    let machine = Machine::new();
    write(&machine, folder);
    set_times(
        &machine.path(folder),
        SystemTime::UNIX_EPOCH + Duration::from_hours(days * 24),
    );
    let script = format!("umask {umask}; \"$0\" pack -q -j {jobs} && \"$0\" install -q -j {jobs}");
    let shell = machine.program("/bin/sh", folder, "-c");
    shell.arg(script).arg(crate::support::PUCK).ok();

    let archives = crate::support::sound::names(&machine.path(folder).join("target/puck"));
    let archives: Vec<_> = archives
        .iter()
        .filter(|name| name.ends_with(".puck"))
        .collect();
    let [name] = archives[..] else {
        panic!("one archive expected: {archives:?}")
    };
    let archive = fs_err::read(machine.path(folder).join("target/puck").join(name)).unwrap();
    machine.expect_tidy();
    // The folders themselves are as the umask has them, what is in them is not.
    let folders = ["archives", "packages", "environments"];
    let store = folders.map(|folder| Listing::of(&machine.home().join(folder), &[]));
    (archive, store.into())
}

/// Fails unless what `write` writes into a folder gives the same under all circumstances.
#[track_caller]
fn expect_same(write: &dyn Fn(&Machine, &str)) {
    let [first, second] = CIRCUMSTANCES.map(|circumstances| built(&circumstances, write));
    assert!(first.0 == second.0, "different archives");
    for (first, second) in first.1.iter().zip(&second.1) {
        assert!(first.paths().count() > 0, "nothing was installed");
        first.expect_same(second);
    }
}

fn set_times(folder: &Path, time: SystemTime) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_times(&path, time);
        } else {
            fs_err::File::open(&path)
                .unwrap()
                .file()
                .set_modified(time)
                .unwrap();
        }
    }
}

fn new(language: &str) {
    expect_same(&|machine, folder| {
        let call = machine.call("", &format!("new sample --lang {language} --path"));
        call.arg(folder).ok();
    });
}

#[test]
fn reproducible_c() {
    new("c");
}

#[test]
fn reproducible_cpp() {
    new("cpp");
}

#[test]
fn reproducible_rust() {
    new("rust");
}

#[test]
fn reproducible_ir() {
    new("ir");
}

/// Sources that ask where and when they are compiled, and debug information, which tells.
#[test]
fn reproducible_c_with_paths_and_times() {
    expect_same(&|machine, folder| {
        machine.write(
            format!("{folder}/Puck.toml"),
            "[package]\nname = \"sample\"\nversion = \"1.0.0\"\n\n\
             [build]\nsources = [\"src/*.c\"]\ndebug = true\n\n\
             [[function]]\nname = \"where\"\n[[function]]\nname = \"when\"\n",
        );
        machine.write(
            format!("{folder}/src/sample.c"),
            "#include \"sample.h\"\n\
             const char *where(void) { return HERE \" in \" __FILE__; }\n\
             const char *when(void) { return __DATE__ \" \" __TIME__ \" \" __TIMESTAMP__; }\n",
        );
        machine.write(format!("{folder}/src/sample.h"), "#define HERE __FILE__\n");
    });
}

/// A crate with the standard library and a dependency: panics tell where they were written, and
/// symbols have hashes of what cargo knows of a crate.
#[test]
fn reproducible_rust_with_paths() {
    expect_same(&|machine, folder| {
        machine.write(
            format!("{folder}/Cargo.toml"),
            "[package]\nname = \"sample\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\n\n[workspace]\n\n\
             [dependencies]\nhelper = { path = \"helper\" }\n\n\
             [package.metadata.puck.build]\ntargets = [\"x86-64\"]\nopt-level = 1\n\n\
             [[package.metadata.puck.function]]\nname = \"pick\"\n",
        );
        machine.write(
            format!("{folder}/src/lib.rs"),
            "#[unsafe(no_mangle)]\npub extern \"C\" fn pick(i: u64) -> u64 {\n\
             \x20   let all: Vec<u64> = (0..i).map(helper::square).collect();\n\
             \x20   if i > 10 { panic!(\"{} is too much in {}\", i, file!()) }\n\
             \x20   all[i as usize / 2]\n}\n",
        );
        machine.write(
            format!("{folder}/helper/Cargo.toml"),
            "[package]\nname = \"helper\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
        );
        machine.write(
            format!("{folder}/helper/src/lib.rs"),
            "#[inline(never)]\npub fn square(i: u64) -> u64 { i.checked_mul(i).unwrap() }\n",
        );
    });
}
