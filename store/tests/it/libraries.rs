//! The library that a package becomes: it runs, is the same everywhere, and holds what it should and
//! no more.

use std::process::Command;

use fs_err as fs;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use crate::support::{Home, Recipe, library, linalg, many, vecmath};

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
