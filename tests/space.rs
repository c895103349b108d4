//! No space left: nothing is half done, and the same command succeeds when there is room.

use insta::assert_snapshot;

use crate::support::Machine;
use crate::support::package::VECMATH;
use crate::support::run::Run;

/// A machine with a published package and a project that needs it.
fn machine() -> Machine {
    let machine = Machine::new();
    machine.publish("vecmath", "1.0.0", VECMATH, "");
    machine.project(&[("vecmath", "1")]);
    machine
}

/// Has the names that things in the making have replaced in snapshots.
fn without_batches() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(
        r"staging/batch-[^/]+/archive-\d+",
        "staging/[BATCH]/archive",
    );
    settings.bind_to_scope()
}

/// Runs with files of at most `blocks` times 512 bytes, which fails like a full disk.
fn with_small_files(machine: &Machine, folder: &str, blocks: u32, line: &str) -> Run {
    // The signal that goes with it would end the process; ignored, the write fails instead.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec $puck {line}");
    machine.refuse(machine.shell(folder, &script))
}

#[test]
fn files_that_may_not_grow() {
    let machine = machine();
    let _filter = without_batches();
    assert_snapshot!(with_small_files(&machine, "project", 0, "install"), @"
    exit 1
    --- stderr
    error: cannot fetch vecmath 1.0.0 from [HOME]/registry/archives/vecmath/vecmath-1.0.0.puck
      caused by: no space left: failed to write to file `[HOME]/staging/[BATCH]/archive`: File too large (os error 27)

    hint: free some space, or set PUCK_HOME to a place that has more
    ");
    for blocks in [1, 2, 4] {
        let run = with_small_files(&machine, "project", blocks, "install");
        assert!(run.stderr.contains("no space left"), "{blocks}: {run}");
    }
    machine.ok("project", "install");
    assert_eq!(machine.ok("project", "run vecmath::dot 1 [2] [3]"), "6\n");

    machine.c_package("vecmath", "1.1.0", VECMATH, "");
    machine.ok("vecmath", "pack");
    let run = with_small_files(&machine, "vecmath", 2, "publish");
    assert!(
        run.stderr.contains("no space is left for the registry"),
        "{run}"
    );
    machine.ok("vecmath", "publish");
    machine.ok("project", "update");

    machine.write("vecmath/src/more.c", "int more(void) { return 1; }\n");
    with_small_files(&machine, "vecmath", 0, "build");
    machine.ok("vecmath", "build");
}

/// A device of its own, if this process may make one.
#[test]
fn a_device_that_is_full() {
    let machine = machine();
    let _filter = without_batches();
    let shared = machine.root().join("shared");
    fs_err::rename(machine.registry(), &shared).unwrap();
    let script = "\
        home=$PUCK_HOME
        mount -t tmpfs -o size=1m none $home
        head -c 2m /dev/zero 2> /dev/null > $home/ballast || true
        if $puck install --registry ../../shared; then echo installed; else echo exit $?; fi
        find $home -type f ! -name ballast
        ls -A
        rm $home/ballast
        $puck install --registry ../../shared
        $puck run vecmath::dot 1 [2] [3]";
    let allowed = |user: &str| {
        machine
            .program("unshare", "", &format!("{user} -m true"))
            .run()
            .code
            == Some(0)
    };
    let Some(user) = ["", "-r"].into_iter().find(|user| allowed(user)) else {
        #[expect(
            clippy::disallowed_macros,
            reason = "a test that does nothing must say so"
        )]
        {
            eprintln!("skipped: this process may not mount anything");
        }
        return;
    };
    let call = machine.program("unshare", "project", &format!("{user} -m sh -ec"));
    let run = call.arg(script).env("puck", crate::support::PUCK).run();
    assert_snapshot!(run, @"
    exit 0
    --- stdout
    exit 1
    Puck.toml
    6

    --- stderr
    error: cannot fetch vecmath 1.0.0 from [WORK]/project/../../shared/archives/vecmath/vecmath-1.0.0.puck
      caused by: no space left: failed to write to file `[HOME]/staging/[BATCH]/archive`: No space left on device (os error 28)

    hint: free some space, or set PUCK_HOME to a place that has more
          Locked 1 package
                 + vecmath 1.0.0
       Installed 1 package
    ");
}
