//! Removing from the store what nobody needs, and nothing else.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Machine;
use crate::support::kill::{Stopper, time};
use crate::support::package::VECMATH;
use crate::support::sound::names;

/// A machine with two packages and two projects that have them installed.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.publish_constant("extra", "1.0.0", 7, "");
    machine.project(&[("vecmath", "1")]);
    machine.write(
        "other/Puck.toml",
        "[dependencies]\nvecmath = \"1\"\nextra = \"1\"\n",
    );
    for project in ["project", "other"] {
        machine.ok(project, "install");
    }
    machine
}

impl Machine {
    /// What is in a folder of the store.
    fn stored(&self, area: &str) -> Vec<String> {
        names(&self.home().join(area))
    }

    /// How many archives, packages and environments there are.
    fn counts(&self) -> (usize, usize, usize) {
        let count = |area| self.stored(area).len();
        (count("archives"), count("packages"), count("environments"))
    }

    fn gc(&self, options: &str) -> Value {
        let output = self.ok("", &format!("gc --format json {options}"));
        serde_json::from_str(&output).unwrap()
    }
}

#[test]
fn projects_keep_what_they_use() {
    let machine = machine();
    assert_eq!(machine.counts(), (2, 2, 2));
    let found = machine.gc("--max-age 0s");
    assert_eq!(found["removed"], Value::Array(Vec::new()));
    assert_eq!(found["kept"], 6);

    // The one project is removed; its packages stay for a while.
    fs_err::remove_dir_all(machine.path("other")).unwrap();
    assert_snapshot!(machine.puck("", "gc"), @"
    exit 0
    --- stderr
                 [WORK]/other is gone
       Unchanged nothing to remove, [SIZE]  left
    ");
    assert_eq!(machine.counts(), (2, 2, 2));
    let before = machine.listing();
    let dry = machine.gc("--max-age 0s --dry-run");
    before.expect_same(&machine.listing());
    let found = machine.gc("--max-age 0s");
    assert_eq!(found["removed"], dry["removed"]);
    let kinds: Vec<_> = found["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|removed| removed["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["environment", "package", "archive"]);
    assert_eq!(machine.counts(), (1, 1, 1));
    machine.expect_tidy();
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");

    // What a lockfile names stays, also where nothing is installed.
    fs_err::remove_file(machine.path("project/.puck")).unwrap();
    let found = machine.gc("--max-age 0s");
    assert_eq!(found["removed"][0]["kind"], "environment");
    assert_eq!(machine.counts(), (1, 1, 0));
    machine.ok("project", "install --offline");
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");

    // What the user installed for himself is needed, too.
    machine.ok("", "install extra");
    fs_err::remove_dir_all(machine.path("project")).unwrap();
    machine.gc("--max-age 0s");
    assert_eq!(machine.counts(), (1, 1, 1));
    assert_eq!(machine.ok("", "run extra::extra"), "7\n");
    machine.expect_tidy();
}

#[test]
fn as_it_is_shown() {
    let machine = machine();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b[0-9a-f]{16}\b", "[HASH]");
    let _filters = settings.bind_to_scope();
    fs_err::remove_dir_all(machine.path("other")).unwrap();
    assert_snapshot!(machine.puck("", "gc --max-age 0s --dry-run"), @"
    exit 0
    --- stdout
    environment  [HASH]  [SIZE]  used today
    package      extra-1.0.0       [SIZE]  used today
    archive      [HASH]  [SIZE]  used today

    --- stderr
                 [WORK]/other is gone
    Would remove [SIZE], [SIZE]  left
    ");
    assert_snapshot!(machine.puck("", "gc --max-size 1kB"), @"
    exit 0
    --- stdout
    environment  [HASH]  [SIZE]  used today
    package      extra-1.0.0       [SIZE]  used today
    archive      [HASH]  [SIZE]  used today

    --- stderr
    warning: the store still holds [SIZE]: all of that is needed
                 [WORK]/other is gone
         Removed [SIZE], [SIZE]  left
    ");
    assert_snapshot!(machine.puck("", "gc --max-age 0s"), @"
    exit 0
    --- stderr
       Unchanged nothing to remove, [SIZE]  left
    ");
    assert_snapshot!(machine.puck("", "gc --max-age soon"), @"
    exit 2
    --- stderr
    error: invalid value 'soon' for '--max-age <AGE>': `soon` is not an age: expected a whole number and a unit, such as `30d`, `12h` or `2w`

    For more information, try '--help'.
    ");
}

#[test]
fn where_there_is_nothing_to_remove() {
    let machine = Machine::new();
    for options in ["--dry-run", "", "--max-size 0"] {
        assert_eq!(machine.gc(options)["kept"], 0, "{options}");
    }
}

/// Sleeps with a library of the environment mapped, as a service would.
fn sleeper(machine: &Machine, library: PathBuf) -> Child {
    machine.write(
        "sleeper.c",
        "#include <dlfcn.h>\n#include <stdio.h>\n\
         int main(int n, char **words) {\n\
             if (n < 2 || !dlopen(words[1], RTLD_NOW)) { puts(dlerror()); return 1; }\n\
             puts(\"ready\"); fflush(stdout); return getchar() == EOF ? 0 : 2; }\n",
    );
    machine.shell("", "cc -o sleeper sleeper.c -ldl").ok();
    let mut child = machine
        .program(machine.path("sleeper"), "", "")
        .arg(library)
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

#[test]
fn a_living_process_keeps_what_it_has_loaded() {
    let machine = machine();
    let library = machine.path("other/.puck/lib/extra.v1.so");
    let mut sleeper = sleeper(&machine, library);
    fs_err::remove_dir_all(machine.path("other")).unwrap();
    let found = machine.gc("--max-age 0s");
    assert_eq!(found["removed"], Value::Array(Vec::new()), "{found}");
    drop(sleeper.stdin.take());
    assert!(sleeper.wait().unwrap().success());
    machine.gc("--max-age 0s");
    assert_eq!(machine.counts(), (1, 1, 1));
}

/// Three projects come and go while what nobody needs is removed without a pause.
#[test]
fn while_others_install() {
    let machine = Machine::new();
    for (name, result) in [("one", 1), ("two", 2), ("three", 3)] {
        machine.publish_ir(name, "1.0.0", result, &[]);
        machine.write(
            format!("p-{name}/Puck.toml"),
            format!("[dependencies]\n{name} = \"1\"\n"),
        );
    }
    let done = AtomicBool::new(false);
    let removed = std::thread::scope(|scope| {
        let (machine, done) = (&machine, &done);
        let projects = [("one", 1), ("two", 2), ("three", 3)].map(|(name, result)| {
            let install = machine.call(&format!("p-{name}"), "install").command();
            let run = machine
                .call(&format!("p-{name}"), &format!("run {name}::sum"))
                .command();
            let link = machine.path(format!("p-{name}/.puck"));
            let lock = machine.path(format!("p-{name}/Puck.lock"));
            let mut commands = [install, run];
            scope.spawn(move || {
                for _ in 0..6 {
                    for (command, expected) in commands.iter_mut().zip([None, Some(result)]) {
                        let output = command.output().unwrap();
                        let error = String::from_utf8_lossy(&output.stderr);
                        assert!(output.status.success(), "{error}");
                        if let Some(expected) = expected {
                            let printed = String::from_utf8_lossy(&output.stdout);
                            assert_eq!(printed, format!("{expected}\n"));
                        }
                    }
                    fs_err::remove_file(&link).unwrap();
                    fs_err::remove_file(&lock).unwrap();
                }
            })
        });
        let mut gc = machine.call("", "gc --max-age 0s --format json").command();
        let collector = scope.spawn(move || {
            let mut removed = 0;
            while !done.load(Ordering::SeqCst) {
                let output = gc.output().unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{error}");
                let found: Value = serde_json::from_slice(&output.stdout).unwrap();
                removed += found["removed"].as_array().unwrap().len();
            }
            removed
        });
        let results: Vec<_> = projects.into_iter().map(|project| project.join()).collect();
        done.store(true, Ordering::SeqCst);
        let removed = collector.join().unwrap();
        for result in results {
            result.unwrap();
        }
        removed
    });
    assert!(removed > 0, "nothing was removed; the test proves nothing");
    machine.expect_tidy();
}

#[test]
fn killed_at_any_moment() {
    let machine = machine();
    let fill = || {
        machine.ok("project", "install");
        machine.ok("other", "install");
        fs_err::remove_file(machine.path("other/.puck")).unwrap();
        fs_err::remove_file(machine.path("other/Puck.lock")).unwrap();
    };
    fill();
    let usual = time(|| drop(machine.gc("--max-age 0s")));
    let mut stopper = Stopper::new(12, 12);
    while stopper.goes_on() {
        fill();
        stopper.stop(machine.call("", "gc --max-age 0s"), usual);
        machine.expect_whole();
        assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");
    }
    fill();
    machine.gc("--max-age 0s");
    assert_eq!(machine.counts(), (1, 1, 1));
    machine.expect_tidy();
}
