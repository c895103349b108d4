//! Packages of Python sources, by a front end that stands in for Numba's: what the command hands to it,
//! and what it makes of the answer. (Numba itself is tested in `python/tests`.)

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::Machine;

/// Exports `scale` with three entry points, as Numba's front end does.
const SCALE: &str = r#"
import hashlib
native = "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"
entry = "fn(closure: *mut c_void, args: *mut c_void, kwargs: *mut c_void) -> *mut c_void"
types = "fn(*mut f64,*mut *mut c_void,f64)->i32"
view = f"{prefix}.scale.{hashlib.sha256(types.encode()).hexdigest()[:8]}"
link_names = [f"{prefix}.scale.00000001", view, f"{prefix}.scale.00000002"]
answer["functions"] = [
    {"name": "scale", "abi": abi, "signature": signature, "link-name": link_name,
     "declared": "(x: float64) -> float64", "doc": "Three times x."}
    for abi, signature, link_name in
    zip(["numba-cpu-1", "c", "cpython-1"], [native, native, entry], link_names)]
body = "(ptr %r, ptr %e, double %x) { %y = fmul double %x, 3.0 store double %y, ptr %r ret i32 0 }"
module = f"""
define i32 @{link_names[0]}{body}
define i32 @{link_names[1]}{body}
define ptr @{link_names[2]}(ptr %c, ptr %a, ptr %k) {{ ret ptr null }}
"""
"#;

/// Calls `scale` of the package `kernels`, and looks at the environment as Numba would load it.
const TRIPLE: &str = r#"
import ctypes, json, os
environment = request["environment"]
packages = json.load(open(environment + "/environment.json"))["packages"]
assert [package["name"] for package in packages] == ["kernels"], packages
ctypes.CDLL(environment + "/lib/kernels.v1.so")
assert os.path.isfile(environment + "/share/kernels.v1/numba.json")
assert request["dependencies"] == [{"name": "kernels", "series": "v1"}]
answer["imports"] = [{"package": "kernels", "link-name": "kernels.v1.scale.00000001"}]
module = f"""
declare i32 @kernels.v1.scale.00000001(ptr, ptr, double)
define i32 @{prefix}.f.00000001(ptr %r, ptr %e, double %x) {{
  %s = call i32 @kernels.v1.scale.00000001(ptr %r, ptr %e, double %x)
  ret i32 %s }}
"""
"#;

/// What stands in for the front end: the source says what its functions are.
const FRONT_END: &str = include_str!("../compiler/tests/it/fixtures/front_end.py");

fn package(machine: &Machine, name: &str, source: &str, rest: &str) {
    machine.write(
        Path::new(name).join("Puck.toml"),
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n\
             [build]\nsources = [\"*.py\"]\ntargets = [\"x86-64\"]\npython = \"../python\"\n{rest}"
        ),
    );
    machine.write(Path::new(name).join("kernels.py"), source);
}

#[test]
fn a_function_with_several_entry_points_is_listed_once() {
    let machine = Machine::new();
    machine.front_end(FRONT_END);
    package(&machine, "kernels", SCALE, "");
    assert_snapshot!(machine.puck("kernels", "build"), @"
    exit 0
    --- stderr
           Built kernels 1.0.0 (1 object compiled)
                 target/puck/kernels-1.0.0
    ");
    assert_snapshot!(machine.puck("kernels", "build"), @"
    exit 0
    --- stderr
           Built kernels 1.0.0 (nothing to compile)
                 target/puck/kernels-1.0.0
    ");
    machine.ok("kernels", "publish");
    assert_snapshot!(machine.ok("kernels", "info kernels"), @"
    kernels 1.0.0
    published  [TIME]
    size       [SIZE]
    sha256     [SHA256]
    targets    x86-64
    versions   1.0.0
        scale: (x: float64) -> float64
    ");
    machine.ok("kernels", "install");
    assert_snapshot!(machine.ok("kernels", "list --functions"), @"
    kernels 1.0.0
        scale: (x: float64) -> float64
    ");
    assert_snapshot!(machine.ok("kernels", "list --functions --format json"), @r#"
    [
      {
        "direct": true,
        "functions": [
          {
            "abi": "cpython-1",
            "declared": "(x: float64) -> float64",
            "link-name": "kernels.v1.scale.00000002",
            "name": "scale",
            "signature": "fn(closure: *mut c_void, args: *mut c_void, kwargs: *mut c_void) -> *mut c_void"
          },
          {
            "abi": "numba-cpu-1",
            "declared": "(x: float64) -> float64",
            "link-name": "kernels.v1.scale.00000001",
            "name": "scale",
            "signature": "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"
          },
          {
            "declared": "(x: float64) -> float64",
            "name": "scale",
            "signature": "fn(result: *mut f64, exception: *mut *mut c_void, x: f64) -> i32"
          }
        ],
        "name": "kernels",
        "series": "v1",
        "sha256": "[SHA256]",
        "soname": "kernels.v1.so",
        "targets": [
          "x86-64"
        ],
        "version": "1.0.0"
      }
    ]
    "#);
    let inspected = machine.ok("kernels", "inspect kernels");
    assert_eq!(
        inspected.matches("(x: float64) -> float64").count(),
        1,
        "{inspected}"
    );
}

#[test]
fn the_front_end_finds_dependencies_installed() {
    let machine = Machine::new();
    machine.front_end(FRONT_END);
    package(&machine, "kernels", SCALE, "");
    let needs = "[dependencies]\nkernels = { path = \"../kernels\", version = \"1\" }\n";
    package(&machine, "triple", TRIPLE, needs);
    // By itself, installed with itself, and as a dependency that is built for another project.
    machine.ok("triple", "build");
    machine.ok("triple", "install");
    let project = "[dependencies]\ntriple = { path = \"../triple\" }\n";
    machine.write("project/Puck.toml", project);
    machine.ok("project", "install");
    let listed = machine.ok("project", "list");
    assert_eq!(listed, "kernels 1.0.0 (indirect)\ntriple 1.0.0\n");
}

#[test]
fn mistakes_in_python_sources() {
    let machine = Machine::new();
    machine.front_end(FRONT_END);
    let fault = "import json, sys\n\
        (output / 'error.json').write_text(json.dumps({'message': '`f` takes a str', \
        'hint': 'give it bytes', 'file': 'kernels.py', 'line': 3}))\nsys.exit(2)\n";
    package(&machine, "kernels", fault, "");
    assert_snapshot!(machine.refused("kernels", "build"), @"
    exit 1
    --- stderr
    error: kernels.py:3: `f` takes a str

    hint: give it bytes
    ");
    machine.edit(
        "kernels/Puck.toml",
        "python = \"../python\"",
        "python = \"../no\"",
    );
    assert_snapshot!(machine.refused("kernels", "build"), @r#"
    exit 1
    --- stderr
    error: no Python found to read Python sources with: `python` in [build] names `../no`, which does not exist

    hint: install Python 3.11 or newer, or name one with PUCK_PYTHON=/path/to/python or `python = "..."` in [build]
    "#);
    fs_err::remove_dir_all(machine.path("packages/numba")).unwrap();
    let call = machine
        .call("kernels", "build")
        .env("PUCK_PYTHON", machine.path("python"));
    let found = machine.refuse(call).to_string();
    let python = machine.path("python").display().to_string();
    for part in [
        ") lacks what Python sources are compiled with: numba",
        &format!("hint: `{python} -m pip install puck numba` installs them"),
    ] {
        assert!(found.contains(part), "{found}");
    }
}

/// A build that is killed takes its front end along, and the next one removes what it left.
#[test]
fn a_killed_build_leaves_no_front_end() {
    let machine = Machine::new();
    machine.front_end(FRONT_END);
    let slow = "import os, pathlib, time\n\
        pathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(300)\n";
    package(&machine, "kernels", slow, "");
    let mut command = machine.call("kernels", "build").command();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = wait_for(|| {
        fs_err::read_to_string(machine.path("kernels/pid"))
            .ok()
            .filter(|t| !t.is_empty())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // Gone, or dead and not yet waited for by whoever inherits it.
    wait_for(|| {
        let status = fs_err::read_to_string(format!("/proc/{pid}/stat"));
        status
            .map_or(true, |text| text.contains(") Z "))
            .then_some(())
    });
    machine.write("kernels/kernels.py", SCALE);
    machine.ok("kernels", "build");
    let left = fs_err::read_dir(machine.path("kernels/target/puck/cache/temporary"));
    assert_eq!(left.unwrap().count(), 0);
}

fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Some(found) => return found,
            None => assert!(
                start.elapsed() < Duration::from_secs(60),
                "nothing happened"
            ),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
