//! Unpacking, checking and linking one package.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use fs_err as fs;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use puck_package::Digest;
use puck_store::Error;
use puck_store::link::{LinkRequest, Linker};

use crate::support::{Archive, DOT, Home, Recipe, damage, library, linalg, many, tree, vecmath};

type Dot = unsafe extern "C" fn(u64, *const f64, *const f64) -> f64;

#[test]
fn an_installed_function_runs() {
    let home = Home::new();
    let recipe = vecmath();
    let package = home.install(&recipe.pack());
    let (x, y) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
    // SAFETY: the library was just made of `dot` above, and has no initialisers.
    let result = unsafe {
        let library = libloading::Library::new(library(&package)).expect("it loads");
        let name = recipe.link_name("dot").to_string();
        let dot = library.get::<Dot>(name.as_bytes()).expect("it is exported");
        dot(3, x.as_ptr(), y.as_ptr())
    };
    assert_eq!(result, 32.0);
}

#[test]
fn everything_is_read_only_and_nothing_is_left_over() {
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    home.environment(&[&package]);
    for area in ["packages", "archives", "environments"] {
        for path in tree(&home.path().join(area)) {
            let file = fs::symlink_metadata(&path).expect("is there");
            let mode = file.permissions().mode() & 0o777;
            let expected = match (file.is_dir(), file.is_symlink()) {
                (true, _) => 0o555,
                (_, true) => continue,
                _ => 0o444,
            };
            assert_eq!(mode, expected, "{}", path.display());
        }
    }
    assert!(tree(&home.path().join("staging")).is_empty());
}

#[test]
fn installing_again_changes_nothing() {
    let home = Home::new();
    let archive = vecmath().pack();
    let first = home.install(&archive);
    let made = fs::metadata(library(&first))
        .expect("is there")
        .modified()
        .expect("a time");
    let second = home.install(&archive);
    assert_eq!(first.path, second.path);
    assert_eq!(first.document, second.document);
    assert_eq!(first.record, second.record);
    let now = fs::metadata(library(&second))
        .expect("is there")
        .modified()
        .expect("a time");
    assert_eq!(made, now);
}

#[test]
fn libraries_are_the_same_bytes_everywhere() {
    let archive = many(50).pack();
    let libraries: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            let home = Home::new();
            fs::read(library(&home.install(&archive))).expect("reads")
        })
        .collect();
    assert!(libraries.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_library_says_what_it_is_and_needs() {
    let home = Home::new();
    let package = home.install(&linalg().pack());
    let bytes = fs::read(library(&package)).expect("reads");
    let file = object::File::parse(&*bytes).expect("a library");
    let readelf = readelf(&bytes);

    assert!(readelf.soname("linalg.v1.so"), "{readelf:?}");
    assert_eq!(readelf.needed, ["vecmath.v1.so", "libm.so.6"]);
    assert_eq!(readelf.runpath, "$ORIGIN:$ORIGIN/../..");
    let leaf = home.install(&vecmath().pack());
    let leaf = fs::read(library(&leaf)).expect("reads");
    assert_eq!(self::readelf(&leaf).runpath, "");
    assert!(readelf.now);
    let exported: Vec<_> = file
        .dynamic_symbols()
        .filter(object::ObjectSymbol::is_definition)
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .collect();
    assert_eq!(exported, [linalg().link_name("norm").to_string()]);
    let weak: Vec<_> = file
        .dynamic_symbols()
        .filter(object::ObjectSymbol::is_weak)
        .map(|s| s.index())
        .collect();
    assert!(
        weak.is_empty(),
        "an absent function would be null instead of an error"
    );
    let mut named = file.symbols();
    assert!(named.all(|symbol| symbol.kind() == object::SymbolKind::Text));
    for absent in [".note.gnu.build-id", ".hash"] {
        assert!(file.section_by_name(absent).is_none(), "{absent}");
    }
    for present in [".gnu.hash", ".eh_frame_hdr"] {
        assert!(
            file.section_by_name(present).is_some_and(|s| s.size() > 0),
            "{present}"
        );
    }
}

/// What the dynamic section says.
#[derive(Debug, Default)]
struct Dynamic {
    soname: String,
    needed: Vec<String>,
    runpath: String,
    now: bool,
}

impl Dynamic {
    fn soname(&self, name: &str) -> bool {
        self.soname == name
    }
}

fn readelf(bytes: &[u8]) -> Dynamic {
    use object::read::elf::{Dyn as _, FileHeader as _};

    let header = object::elf::FileHeader64::<object::Endianness>::parse(bytes).expect("ELF");
    let endian = header.endian().expect("an order of bytes");
    let sections = header.sections(endian, bytes).expect("sections");
    let (entries, strings) = sections
        .dynamic(endian, bytes)
        .expect("reads")
        .expect("a dynamic section");
    let strings = sections.strings(endian, bytes, strings).expect("strings");
    let mut found = Dynamic::default();
    for entry in entries {
        let value = entry.d_val(endian);
        let text = || {
            let text = strings
                .get(u32::try_from(value).expect("small"))
                .expect("a string");
            String::from_utf8(text.to_vec()).expect("text")
        };
        match entry.d_tag(endian).0 {
            1 => found.needed.push(text()),
            14 => found.soname = text(),
            29 => found.runpath = text(),
            30 => found.now = value & 8 != 0,
            _ => {}
        }
    }
    found
}

#[test]
fn a_library_is_no_larger_than_what_cc_makes() {
    let home = Home::new();
    let recipe = many(200);
    let package = home.install(&recipe.pack());
    let ours = fs::metadata(library(&package)).expect("is there").len();

    let folder = home.directory("plain");
    let (source, plain) = (folder.join("plain.c"), folder.join("plain.so"));
    // Plain names: what the link names cost counts against us.
    let c = recipe
        .c
        .lines()
        .filter(|line| !line.contains(" $"))
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(&source, c).expect("writes");
    let mut cc = Command::new("cc");
    cc.args(["-O2", "-fPIC", "-shared", "-s", "-w"])
        .arg(&source)
        .arg("-o")
        .arg(&plain)
        .arg("-lm");
    assert!(cc.status().expect("cc runs").success());
    let plain = fs::metadata(&plain).expect("is there").len();
    assert!(ours * 100 <= plain * 110, "{ours} bytes against {plain}");
}

#[test]
fn debug_information_is_kept_when_the_package_has_it() {
    let home = Home::new();
    let archive = Recipe {
        debug: true,
        targets: vec![("x86-64", "-g")],
        ..vecmath()
    }
    .pack();
    let bytes = fs::read(library(&home.install(&archive))).expect("reads");
    let file = object::File::parse(&*bytes).expect("a library");
    assert!(file.section_by_name(".debug_info").is_some());
}

#[test]
fn what_the_machine_lacks_is_named() {
    let home = Home::new();
    let archive = Recipe {
        system: vec![("exp", "libm.so.6", Some("GLIBC_2.99"))],
        ..vecmath()
    }
    .pack();
    let error = home
        .try_install(&archive)
        .expect_err("too new for any machine");
    let text = error.to_string();
    for part in [
        "vecmath 1.0.0",
        "exp@GLIBC_2.99 of libm.so.6",
        "this machine has glibc 2.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        !home.path().join("packages").exists(),
        "nothing was installed"
    );
}

#[test]
fn objects_must_be_what_their_package_says() {
    let undeclared = Recipe {
        c: vecmath().c.replace("s += ", "s += puts_undeclared() + "),
        ..vecmath()
    };
    let not_exported = Recipe {
        functions: vec![("dot".to_owned(), DOT), ("absent".to_owned(), DOT)],
        ..vecmath()
    };
    let cases = [
        ("an undeclared symbol", undeclared, "puts_undeclared"),
        (
            "an export that is not there",
            not_exported,
            "vecmath.v1.absent.",
        ),
    ];
    for (name, recipe, part) in cases {
        let error = Home::new().try_install(&recipe.pack()).expect_err(name);
        assert!(matches!(error, Error::Link { .. }), "{name}: {error}");
        let text = error.to_string();
        assert!(
            text.contains(part) && text.contains("of vecmath 1.0.0"),
            "{name}: {text}"
        );
    }
}

#[test]
fn refused_archives_leave_nothing_behind() {
    let good = vecmath().pack();
    let with_bytes = |bytes: Vec<u8>| Archive {
        sha256: Digest::of(&bytes),
        bytes,
        ..good.clone()
    };
    let cases = [
        ("no archive at all", with_bytes(b"hello".to_vec())),
        (
            "cut off",
            with_bytes(good.bytes[..good.bytes.len() / 2].to_vec()),
        ),
        (
            "another name",
            Archive {
                name: "linalg".parse().expect("a name"),
                ..good.clone()
            },
        ),
        (
            "another version",
            Archive {
                version: semver::Version::new(1, 0, 1),
                ..good.clone()
            },
        ),
    ];
    for (name, archive) in cases {
        let home = Home::new();
        let error = home.try_install(&archive).expect_err(name);
        assert!(matches!(error, Error::Archive { .. }), "{name}: {error}");
        assert!(!home.path().join("packages").exists(), "{name}");
        assert!(tree(&home.path().join("staging")).is_empty(), "{name}");
    }
}

#[test]
fn an_object_that_is_none_is_refused() {
    let home = Home::new();
    for bytes in [
        &b""[..],
        b"not an object",
        &[0x7f; 4096],
        b"\x7fELF\x02\x01\x01\0",
    ] {
        let archive = crate::support::with_object(&vecmath(), bytes);
        let error = home.try_install(&archive).expect_err("no object");
        assert!(matches!(error, Error::Link { .. }), "{error}");
    }
}

#[test]
fn malformed_objects_are_refused_or_linked_but_harm_nothing() {
    let home = Home::new();
    let recipe = vecmath();
    let good = home.install(&recipe.pack());
    let object = fs::read(good.path.join(&good.document.targets["x86-64"].object)).expect("reads");
    let export = recipe.link_name("dot");
    let export = export.to_string();
    let exports = [export.as_str()];
    let linker = |debug| {
        Linker::new(&LinkRequest {
            soname: "vecmath.v1.so",
            exports: &exports,
            imports: &[],
            system_imports: &[],
            runpath: None,
            debug,
        })
        .expect("arguments are understood")
    };
    let linkers = [linker(false), linker(true)];
    for step in 0..300_usize {
        let mut object = object.clone();
        // A fixed walk over the file, so that a failure can be run again.
        let place = step * 7919 % object.len();
        object[place] ^= 1 << (step % 8);
        object[place / 2] = 0xff;
        let _result = linkers[step % 2].link(&object);
    }
    // Nor do they leave anything behind in the linker.
    let [used, new] = [&linkers[0], &linker(false)].map(|linker| linker.link(&object));
    assert_eq!(used.expect("links"), new.expect("links"));
}

#[test]
fn without_the_archive_it_is_asked_for() {
    let home = Home::new();
    let Archive {
        name,
        version,
        sha256,
        ..
    } = vecmath().pack();
    let error = home
        .store
        .install_package(&sha256, &name, &version)
        .expect_err("not there");
    assert!(matches!(error, Error::MissingArchive { .. }), "{error}");
}

#[test]
fn a_damaged_archive_is_not_unpacked() {
    let home = Home::new();
    let archive = vecmath().pack();
    home.add(&archive);
    let path = home
        .path()
        .join(format!("archives/{}.puck", archive.sha256));
    damage(&path, &vec![0; archive.bytes.len()]);
    let error = home
        .store
        .install_package(&archive.sha256, &archive.name, &archive.version)
        .expect_err("damaged");
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    home.install(&archive);
}

#[test]
fn installed_versions_are_listed() {
    let home = Home::new();
    let versions = |name: &str| -> Vec<String> {
        let found = home
            .store
            .installed_packages(&name.parse().expect("a name"))
            .expect("reads");
        let mut versions: Vec<_> = found
            .into_iter()
            .map(|package| package.document.version.to_string())
            .collect();
        versions.sort();
        versions
    };
    assert_eq!(versions("vecmath"), [""; 0]);
    home.install(&vecmath().pack());
    home.install(
        &Recipe {
            version: "2.1.0",
            ..vecmath()
        }
        .pack(),
    );
    home.install(
        &Recipe {
            name: "vecmath-extra",
            ..vecmath()
        }
        .pack(),
    );
    assert_eq!(versions("vecmath"), ["1.0.0", "2.1.0"]);
    assert_eq!(versions("vecmath-extra"), ["1.0.0"]);
    assert_eq!(versions("vec"), [""; 0]);
}
