//! The three link modes: whatever is asked of an environment, its mode makes no difference to it.

use std::collections::BTreeMap;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::package::{NORM, VECMATH};

pub(crate) const MODES: [&str; 3] = ["dynamic", "image", "lto"];

const MAIN: &str = "\
#include <doubled.h>
#include <linalg.h>
#include <stdio.h>
int main(void)
{
    double x[] = {3, 4};
    printf(\"%g %g\\n\", linalg_norm2(2, x), doubled_norm2(2, x));
}
";

/// A machine with a project that uses `linalg` and `doubled`, which call different series of
/// `vecmath`, and with a program in C that uses them.
pub(crate) fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    let doubling = VECMATH.replace("sum += x[i]", "sum += 2 * x[i]");
    machine.publish("vecmath", "2.0.0", &doubling, "");
    machine.publish("linalg", "1.0.0", NORM, "vecmath = \"1\"\n");
    machine.publish("doubled", "1.0.0", NORM, "vecmath = \"2\"\n");
    machine.project(&[("linalg", "1"), ("doubled", "1")]);
    machine.write("project/main.c", MAIN);
    machine
}

impl Machine {
    /// What `puck environment` says of a project's environment.
    pub(crate) fn environment(&self, project: &str) -> Value {
        let json = self.ok(project, "environment --format json");
        serde_json::from_str(&json).unwrap()
    }

    /// How a project's environment is linked.
    pub(crate) fn mode(&self, project: &str) -> String {
        let mode = &self.environment(project)["link"];
        mode.as_str().unwrap().to_owned()
    }
}

/// The contents of the files that programs are compiled with, by path.
fn for_compilers(environment: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for folder in ["include", "lib/pkgconfig"] {
        let mut open = vec![environment.join(folder)];
        while let Some(folder) = open.pop() {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(environment).unwrap();
                    let content = fs_err::read(&path).unwrap();
                    files.insert(name.display().to_string(), content);
                }
            }
        }
    }
    files
}

/// Programs that were linked in one mode run in every other, and all that they are compiled with is
/// the same.
#[test]
fn what_is_linked_in_one_mode_runs_in_all() {
    let machine = machine();
    let environment = machine.path("project/.puck");
    let mut files = None;
    for mode in MODES {
        machine.ok("project", &format!("install --link {mode}"));
        let found = for_compilers(&environment);
        assert!(
            found.contains_key("include/linalg.h") && found.contains_key("lib/pkgconfig/linalg.pc")
        );
        assert_eq!(*files.get_or_insert_with(|| found.clone()), found, "{mode}");
        let script = format!("cc main.c $(pkg-config --cflags --libs linalg doubled) -o {mode}");
        let call = machine.shell("project", &script);
        call.env("PKG_CONFIG_PATH", environment.join("lib/pkgconfig"))
            .ok();
        assert_eq!(machine.ok("project", "run linalg::norm2 2 [3,4]"), "25\n");
        assert_eq!(machine.ok("project", "run doubled::norm2 2 [3,4]"), "50\n");
        assert_eq!(
            machine.mode("project"),
            mode,
            "`puck run` leaves it as it is"
        );
    }
    // To and fro, whichever was the last.
    for mode in MODES.iter().chain(MODES.iter().rev()) {
        machine.ok("project", &format!("install --link {mode}"));
        for program in MODES {
            let output = machine.shell("project", &format!("./{program}")).ok();
            assert_eq!(output, "25 50\n", "linked in {program}, run in {mode}");
        }
    }
    machine.expect_tidy();
}

#[test]
fn what_is_said() {
    let machine = machine();
    assert_snapshot!(machine.puck("project", "install --link image"), @"
    exit 0
    --- stderr
          Locked 4 packages
                 + doubled 1.0.0
                 + linalg 1.0.0
                 + vecmath 1.0.0
                 + vecmath 2.0.0
       Installed 4 packages (image)
    ");
    assert_snapshot!(machine.puck("project", "install --link image"), @"
    exit 0
    --- stderr
       Unchanged 4 packages (image) installed
    ");
    assert_snapshot!(machine.puck("project", "install --link lto --target-cpu x86-64"), @"
    exit 0
    --- stderr
        Compiled 4 packages for x86-64
       Installed 4 packages (lto)
    ");
    assert_snapshot!(machine.puck("project", "environment"), @"
    exit 0
    --- stdout
    [WORK]/project/.puck
      doubled  1.0.0  doubled.v1.so
      linalg   1.0.0  linalg.v1.so
      vecmath  1.0.0  vecmath.v1.so
      vecmath  2.0.0  vecmath.v2.so

    linked as        lto, puck.[HASH].so
    compiled for     x86-64
    with pkg-config  PKG_CONFIG_PATH=[WORK]/project/.puck/lib/pkgconfig
    with cc alone    -I[WORK]/project/.puck/include -L[WORK]/project/.puck/lib -l:doubled.v1.so -l:linalg.v1.so -Wl,-rpath,[WORK]/project/.puck/lib
    ");
    let environment = machine.environment("project");
    assert_eq!(environment["processor"]["target"], "x86-64");
    let compiler = environment["compiler"].as_str().unwrap();
    assert!(compiler.starts_with("LLVM "), "{compiler}");
    assert_eq!(environment["keep"], serde_json::json!([]));
    assert_eq!(environment["packages"][0]["soname"], "doubled.v1.so");
    assert_snapshot!(machine.puck("project", "install"), @"
    exit 0
    --- stderr
       Installed 4 packages
    ");
    let environment = machine.environment("project");
    assert_eq!(environment["link"], "dynamic");
    assert_eq!(environment["processor"], Value::Null);
    assert_eq!(environment["image"], Value::Null);
}

/// A library that was made for one project serves every other one that needs the same.
#[test]
fn made_once_for_the_machine() {
    let machine = machine();
    for options in ["--link image", "--link lto", "--target-cpu native"] {
        let install = format!("install {options}");
        machine.ok("project", &install);
        let folder = format!("other{}", options.replace(' ', ""));
        machine.write(
            format!("{folder}/Puck.toml"),
            machine.read("project/Puck.toml"),
        );
        let second = machine.puck(&folder, &install);
        assert!(!second.stderr.contains("Compiled"), "{second}");
        assert_eq!(machine.ok(&folder, "run doubled::norm2 2 [3,4]"), "50\n");
        let path = |project| machine.environment(project)["store-path"].clone();
        assert_eq!(path("project"), path(&folder));
    }
    // Nothing else is asked, where all is on the machine.
    for mode in MODES {
        machine.ok("project", &format!("install --frozen --link {mode}"));
        assert_eq!(machine.mode("project"), mode);
    }
}

/// The code of exactly this processor is one more variant of the same library.
#[test]
fn for_this_processor_in_dynamic_mode() {
    let machine = Machine::new();
    machine.publish_ir("base", "1.0.0", 1, &[]);
    machine.publish_ir("top", "1.0.0", 2, &["base"]);
    machine.project(&[("top", "1")]);
    machine.ok("project", "install");
    let packed = machine.environment("project");
    let installed = machine.puck("project", "install --target-cpu native");
    assert!(
        installed.stderr.contains("Compiled 2 packages for "),
        "{installed}"
    );
    let native = machine.environment("project");
    let level = native["processor"]["target"].as_str().unwrap();
    for (packed, native) in [0, 1].map(|i| (&packed["packages"][i], &native["packages"][i])) {
        assert_eq!(packed["specialised"], Value::Null);
        assert!(native["specialised"].is_string());
        let targets = native["targets"].as_array().unwrap();
        assert!(targets.contains(&level.into()) && targets.contains(&"x86-64".into()));
    }
    for target in ["", "x86-64", level] {
        let call = machine.call("project", "run top::sum");
        let call = if target.is_empty() {
            call
        } else {
            call.env("PUCK_TARGET", target)
        };
        assert_eq!(call.ok(), "3\n", "{target}");
    }
    // Changed, only what changed is compiled.
    machine.publish_ir("top", "1.1.0", 4, &["base"]);
    machine.ok("project", "update");
    let again = machine.puck("project", "install --target-cpu native");
    assert!(again.stderr.contains("Compiled 1 package for "), "{again}");
    assert_eq!(machine.ok("project", "run top::sum"), "5\n");
}

/// `PUCK_TARGET` limits what is loaded in every mode; one library for one processor cannot be
/// limited.
#[test]
fn puck_target() {
    let machine = Machine::new();
    machine.publish_ir("base", "1.0.0", 1, &[]);
    machine.publish_ir("top", "1.0.0", 2, &["base"]);
    machine.project(&[("top", "1")]);
    let run = || {
        machine
            .call("project", "run top::sum")
            .env("PUCK_TARGET", "x86-64")
    };
    for mode in MODES {
        machine.ok(
            "project",
            &format!("install --link {mode} --target-cpu x86-64"),
        );
        assert_eq!(run().ok(), "3\n", "{mode}");
    }
    for options in ["--link image", "--link image --target-cpu native"] {
        machine.ok("project", &format!("install {options}"));
        assert_eq!(run().ok(), "3\n", "{options}");
    }
    machine.ok("project", "install --link lto");
    if machine.environment("project")["processor"]["target"] != "x86-64" {
        let run = run().run();
        let said = "but this process may use no more than x86-64";
        assert!(run.code == Some(1) && run.stderr.contains(said), "{run}");
    }
}

/// Your own environment, outside of projects.
#[test]
fn for_yourself() {
    let machine = machine();
    for mode in ["image", "lto"] {
        machine.ok("", &format!("install --link {mode} linalg"));
        assert_eq!(machine.ok("", "run linalg::norm2 2 [3,4]"), "25\n");
        assert_eq!(machine.mode(""), mode);
    }
    machine.ok("", "install --link image linalg doubled");
    machine.ok("", "uninstall --link image doubled");
    assert_eq!(machine.mode(""), "image");
    let manifest = machine.home().join("user/Puck.toml");
    let text = fs_err::read_to_string(&manifest).unwrap();
    fs_err::write(&manifest, text + "\n[environment]\nlink = \"lto\"\n").unwrap();
    machine.ok("", "install doubled");
    assert_eq!(machine.mode(""), "lto");
    assert_eq!(machine.ok("", "run doubled::norm2 2 [3,4]"), "50\n");
}

/// A copy says where it runs, and runs here.
#[test]
fn exported() {
    let machine = machine();
    machine.ok("project", "install --link image");
    assert_snapshot!(machine.puck("project", "environment --export ../image"), @"
    exit 0
    --- stderr
        Exported ../image
    ");
    machine.ok("project", "install --link lto");
    let run = machine.puck("project", "environment --export ../lto");
    let warning = "warning: the copy runs only on processors that have all of x86-64";
    assert!(run.stderr.contains(warning), "{run}");
    machine.ok("project", "install --link lto --target-cpu x86-64");
    let run = machine.puck("project", "environment --export ../all");
    assert!(!run.stderr.contains("warning"), "{run}");
    machine
        .shell("", "chmod -R u+w ../home; rm -r ../home project/.puck")
        .ok();
    for folder in ["image", "lto", "all"] {
        let found = machine.shell("", &format!("find {folder} -type l -lname '/*'"));
        assert_eq!(found.ok(), "");
        let call = format!("run doubled::norm2 2 [3,4] --environment {folder}");
        assert_eq!(machine.ok("", &call), "50\n");
        let script = format!(
            "cc main.c -I../{folder}/include -L../{folder}/lib -l:linalg.v1.so -l:doubled.v1.so \
             -Wl,-rpath,$PWD/../{folder}/lib -o main && ./main"
        );
        assert_eq!(machine.shell("project", &script).ok(), "25 50\n");
    }
}
