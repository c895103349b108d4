//! `puck environment`: C programs that use packages without knowing of Puck.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

const MAIN: &str = "\
#include <linalg.h>
#include <stdio.h>
int main(void)
{
    double x[] = {3, 4};
    printf(\"%g\\n\", linalg_norm2(2, x));
}
";

/// A machine with a project that uses `linalg`, which calls `vecmath`, and a C program.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.project(&[("linalg", "1")]);
    machine.write("project/main.c", MAIN);
    machine
}

#[test]
fn what_it_shows() {
    let machine = machine();
    assert_snapshot!(machine.refused("project", "environment"), @"
    exit 1
    --- stderr
    error: there is no environment yet

    hint: run `puck install`
    ");
    machine.ok("project", "install");
    assert_snapshot!(machine.puck("project", "environment"), @"
    exit 0
    --- stdout
    [WORK]/project/.puck
      linalg   1.0.0  linalg.v1.so   x86-64
      vecmath  1.0.0  vecmath.v1.so  x86-64

    with pkg-config  PKG_CONFIG_PATH=[WORK]/project/.puck/lib/pkgconfig
    with cc alone    -I[WORK]/project/.puck/include -L[WORK]/project/.puck/lib -l:linalg.v1.so -Wl,-rpath,[WORK]/project/.puck/lib
    ");
    let json = machine.ok("project", "environment --format json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["packages"][0]["name"], "linalg");
    assert!(
        json["flags"]
            .as_array()
            .unwrap()
            .iter()
            .any(|flag| flag == "-l:linalg.v1.so")
    );
    assert_snapshot!(machine.refused("project", "environment --user"), @"
    exit 1
    --- stderr
    error: there is no environment yet

    hint: run `puck install`
    ");
}

#[test]
fn a_program_with_cc() {
    let machine = machine();
    machine.ok("project", "install");
    let script = "cc main.c $($puck environment --flags) -o main && ./main";
    assert_eq!(machine.shell("project", script).ok(), "25\n");
    // It stays right when a newer version is installed, without being compiled again.
    machine.publish("vecmath", "1.1.0", &VECMATH.replace("+=", "-="), "");
    machine.ok("project", "update");
    machine.ok("project", "install");
    assert_eq!(machine.shell("project", "./main").ok(), "-25\n");
}

#[test]
fn a_program_with_pkg_config() {
    let machine = machine();
    machine.ok("project", "install");
    let script = "cc main.c $(pkg-config --cflags --libs linalg) -o main && ./main";
    let call = machine.shell("project", script);
    let call = call.env(
        "PKG_CONFIG_PATH",
        machine.path("project/.puck/lib/pkgconfig"),
    );
    assert_eq!(call.ok(), "25\n");
    assert_snapshot!(machine.read("project/.puck/lib/pkgconfig/linalg.pc"), @"
    prefix=${pcfiledir}/../..
    libdir=${prefix}/lib
    includedir=${prefix}/include

    Name: linalg
    Description: Functions of linalg
    Version: 1.0.0
    Requires: vecmath
    Cflags: -I${includedir}
    Libs: -L${libdir} -Wl,-rpath,${libdir} -l:linalg.v1.so
    ");
}

#[test]
fn a_copy_that_needs_nothing() {
    let machine = machine();
    machine.ok("project", "install");
    assert_snapshot!(machine.puck("project", "environment --export ../exported"), @"
    exit 0
    --- stderr
        Exported ../exported
    ");
    assert_snapshot!(machine.refused("project", "environment --export ../exported"), @"
    exit 1
    --- stderr
    error: [WORK]/project/../exported exists and is not an empty directory

    hint: name a directory that does not exist yet
    ");
    assert_eq!(
        machine.shell("", "find exported -type l -lname '/*'").ok(),
        ""
    );

    let moved = machine.root().join("moved");
    fs_err::rename(machine.path("exported"), &moved).unwrap();
    machine
        .shell("", "chmod -R u+w ../home; rm -r ../home project/.puck")
        .ok();
    let script = "cc main.c -I../../moved/include -L../../moved/lib -l:linalg.v1.so \
                  -Wl,-rpath,$PWD/../../moved/lib -o main && ./main";
    assert_eq!(machine.shell("project", script).ok(), "25\n");
    let call = machine.call("", "run linalg::norm2 2 [3,4] --environment ../moved");
    assert_eq!(call.ok(), "25\n");
    assert!(!machine.home().exists(), "nothing of Puck was needed");
}

#[test]
fn newer_formats_are_refused() {
    let machine = machine();
    machine.ok("project", "install");
    machine.ok("project", "environment --export ../exported");
    machine.shell("", "chmod -R u+w exported").ok();
    machine.edit(
        "exported/environment.json",
        "\"format\": 1",
        "\"format\": 2",
    );
    let call = "run linalg::norm2 2 [3,4] --environment exported";
    assert_snapshot!(machine.refused("", call), @"
    exit 1
    --- stderr
    error: cannot use [WORK]/exported/environment.json
      caused by: environment.json has format 2, but this puck knows formats up to 1; a newer puck is needed to read it

    hint: build this program with a newer puck-runtime, or use a newer libpuck
    ");
    machine.write("exported/environment.json", "{");
    assert_snapshot!(machine.refused("", call), @"
    exit 1
    --- stderr
    error: cannot use [WORK]/exported/environment.json
      caused by: environment.json is not valid: EOF while parsing an object at line [N] column [N]

    hint: `puck install` writes it again
    ");
    assert_snapshot!(machine.refused("", "run a::b --environment nowhere"), @"
    exit 1
    --- stderr
    error: no environment in [WORK]/nowhere: neither `.puck` nor `environment.json` is there

    hint: `puck install` in a project makes its `.puck`
    ");
}
