//! What the code of each link mode is like: who calls whom, and what is there at all.

use std::collections::BTreeSet;
use std::path::PathBuf;

use insta::assert_snapshot;
use object::{Object as _, ObjectSymbol as _};

use crate::link_modes::machine;
use crate::support::Machine;

impl Machine {
    /// The one library of the project's environment.
    fn image(&self) -> PathBuf {
        let environment = self.environment("project");
        let soname = environment["image"]["soname"].as_str().unwrap();
        self.path("project/.puck/lib").join(soname)
    }

    /// What a shell command prints of a library.
    fn of_library(&self, library: &std::path::Path, command: &str) -> String {
        let script = format!("{command} {}", library.display());
        self.shell("", &script).ok()
    }
}

/// The functions of packages that a library has in its dynamic symbol table, without fingerprints:
/// those that it defines, and those that it needs.
fn functions(library: &std::path::Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let bytes = fs_err::read(library).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let (mut defined, mut undefined) = (BTreeSet::new(), BTreeSet::new());
    for symbol in file.dynamic_symbols() {
        let name = symbol.name().unwrap();
        if name.parse::<puck_package::LinkName>().is_ok() {
            let name = name.rsplit_once('.').unwrap().0.to_owned();
            let set = if symbol.is_undefined() {
                &mut undefined
            } else {
                &mut defined
            };
            set.insert(name);
        }
    }
    (defined, undefined)
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// In an image a package calls another one as it calls itself.
#[test]
fn calls_within_an_image_are_direct() {
    let machine = machine();
    machine.ok("project", "install");
    let alone = machine.path("project/.puck/lib/linalg.v1.so");
    assert_eq!(functions(&alone).1, set(&["vecmath.v1.dot"]));

    machine.ok("project", "install --link image");
    let image = machine.image();
    let (defined, undefined) = functions(&image);
    assert_eq!(undefined, set(&[]));
    let all = [
        "doubled.v1.norm2",
        "linalg.v1.norm2",
        "vecmath.v1.dot",
        "vecmath.v1.scale",
        "vecmath.v2.dot",
        "vecmath.v2.scale",
    ];
    assert_eq!(defined, set(&all));
    let relocations = machine.of_library(&image, "readelf -rW");
    assert!(!relocations.contains("vecmath"), "{relocations}");

    let code = machine.of_library(&image, "objdump -d --no-show-raw-insn");
    let calls = |caller: &str| -> Vec<String> {
        let mut lines = code
            .lines()
            .skip_while(|line| !line.contains(&format!("<{caller}.")));
        assert!(lines.next().is_some(), "no {caller} in\n{code}");
        let body = lines.take_while(|line| !line.is_empty());
        body.filter(|line| line.contains("call") || line.contains("jmp"))
            .map(|line| {
                line.split_whitespace()
                    .skip(1)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    };
    for (caller, callee) in [
        ("linalg.v1.norm2", "vecmath.v1.dot"),
        ("doubled.v1.norm2", "vecmath.v2.dot"),
    ] {
        let calls = calls(caller);
        let direct = |call: &String| call.contains(&format!("<{callee}.")) && !call.contains('*');
        assert!(
            calls.len() == 1 && calls.iter().all(direct),
            "{caller}: {calls:?}"
        );
    }
}

/// What is inlined into all that call it is dropped, unless it is kept.
#[test]
fn what_lto_keeps() {
    let machine = machine();
    machine.ok("project", "install --link lto");
    let of_direct = ["doubled.v1.norm2", "linalg.v1.norm2"];
    assert_eq!(functions(&machine.image()), (set(&of_direct), set(&[])));
    let code = machine.of_library(&machine.image(), "objdump -d --no-show-raw-insn");
    assert!(!code.contains("vecmath"), "not inlined:\n{code}");
    let call = "run vecmath.v1::dot 2 [1,2] [3,4]";
    assert_snapshot!(machine.puck("project", call), @r#"
    exit 1
    --- stderr
    error: `vecmath::dot` of vecmath 1.0.0 was left out of this environment: its link mode is lto, and the project does not depend on vecmath itself

    hint: add `keep = ["vecmath::dot"]` to `[environment]` in Puck.toml and run `puck install`
    "#);

    let manifest = machine.read("project/Puck.toml");
    for (keep, kept) in [
        ("\"vecmath.v1::dot\"", &["vecmath.v1.dot"][..]),
        ("\"vecmath::dot\"", &["vecmath.v1.dot", "vecmath.v2.dot"]),
        ("\"vecmath.v2\"", &["vecmath.v2.dot", "vecmath.v2.scale"]),
    ] {
        let section = format!("\n[environment]\nlink = \"lto\"\nkeep = [{keep}]\n");
        machine.write("project/Puck.toml", manifest.clone() + &section);
        machine.ok("project", "install");
        let expected = [&of_direct[..], kept].concat();
        assert_eq!(functions(&machine.image()).0, set(&expected), "{keep}");
        // Unchanged, it is found to be what is wanted.
        let again = machine.puck("project", "install");
        assert!(again.stderr.contains("Unchanged"), "{again}");
    }
    let section = "\n[environment]\nlink = \"lto\"\nkeep = [\"vecmath.v1::dot\"]\n";
    machine.write("project/Puck.toml", manifest + section);
    assert_eq!(machine.ok("project", call), "11\n");
}

/// With a level, what is compiled is for every processor of it.
#[test]
fn code_for_a_level() {
    let machine = Machine::new();
    machine.publish_ir("base", "1.0.0", 1, &[]);
    machine.project(&[("base", "1")]);
    let code = |level: &str| {
        machine.ok(
            "project",
            &format!("install --link lto --target-cpu {level}"),
        );
        machine.of_library(&machine.image(), "objdump -d --no-show-raw-insn")
    };
    assert!(!code("x86-64").contains("%ymm"));
    if machine.environment("project")["processor"]["target"] == "x86-64" {
        let run = machine.puck("project", "install --link lto --target-cpu x86-64-v3");
        if run.code == Some(0) {
            assert!(code("x86-64-v3").contains("%ymm"));
        }
    }
}
