//! What nobody needs is removed, and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use fs_err as fs;
use puck_store::{Collected, Environment, Error, GcOptions, InstalledPackage, Kind, Store};

use crate::support::{Archive, Home, library, linalg, set_mode, tree, vecmath};

/// Set in children: the folder of the store.
const CHILD: &str = "PUCK_STORE_TEST_GC";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn options(days: u32) -> GcOptions {
    GcOptions {
        max_age: days * DAY,
        max_size: None,
        dry_run: false,
        registries: BTreeSet::new(),
    }
}

fn gc(store: &Store, days: u32) -> Collected {
    store.gc(&options(days), &mut || {}).expect("removes")
}

/// How many of each kind were removed: environments, packages, archives.
fn counts(collected: &Collected) -> (usize, usize, usize) {
    let count = |kind| collected.removed.iter().filter(|r| r.kind == kind).count();
    (
        count(Kind::Environment),
        count(Kind::Package),
        count(Kind::Archive),
    )
}

/// Makes it look as if the thing was used last so many days ago.
fn age(path: &Path, days: u32) {
    let file = fs::File::open(path).expect("opens");
    file.file()
        .set_modified(SystemTime::now() - days * DAY)
        .expect("sets the time");
}

fn age_all(home: &Home, days: u32) {
    for area in ["archives", "packages", "environments"] {
        for entry in fs::read_dir(home.path().join(area)).expect("reads") {
            age(&entry.expect("an entry").path(), days);
        }
    }
}

/// A project with an environment of these packages.
fn activate(home: &Home, name: &str, packages: &[&InstalledPackage]) -> (PathBuf, Environment) {
    let project = home.directory(name);
    let environment = home.environment(packages);
    home.store
        .activate(&project, &environment)
        .expect("activates");
    (project, environment)
}

fn expect_whole(home: &Home) {
    assert_eq!(home.store.verify().expect("reads").problems, []);
    let left = tree(&home.path().join("staging"));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_projects_use_stays_however_old() {
    let home = Home::new();
    let (vecmath, linalg) = (vecmath().pack(), linalg().pack());
    let (first, second) = (home.install(&vecmath), home.install(&linalg));
    let (project, environment) = activate(&home, "project", &[&first, &second]);
    let (other, _) = activate(&home, "other", &[&first]);
    age_all(&home, 100);
    assert_eq!(counts(&gc(&home.store, 0)), (0, 0, 0));

    // Gone with its folder; what it shares with another stays.
    fs::remove_dir_all(&project).expect("removes");
    let dry = home.store.gc(
        &GcOptions {
            dry_run: true,
            ..options(30)
        },
        &mut || {},
    );
    let dry = dry.expect("looks");
    assert!(environment.path.exists(), "nothing was removed");
    let collected = gc(&home.store, 30);
    assert_eq!(counts(&collected), (1, 1, 1));
    assert_eq!(collected, dry);
    assert_eq!(collected.forgotten, [project]);
    assert_eq!(collected.kept, 3);
    assert!(!environment.path.exists() && !second.path.exists() && first.path.exists());
    expect_whole(&home);

    // Its `.puck` gone, but with a lockfile: the package stays, the environment goes.
    fs::remove_file(other.join(".puck")).expect("removes");
    fs::write(
        other.join("Puck.lock"),
        format!("sha256 = \"{}\"\n", vecmath.sha256),
    )
    .expect("writes");
    assert_eq!(counts(&gc(&home.store, 0)), (1, 0, 0));
    fs::remove_file(other.join("Puck.lock")).expect("removes");
    let collected = gc(&home.store, 0);
    assert_eq!(counts(&collected), (0, 1, 1));
    assert_eq!(collected.kept, 0);
    assert!(gc(&home.store, 0).forgotten.is_empty(), "only once");
}

#[test]
fn what_was_used_lately_stays() {
    let home = Home::new();
    let archive = vecmath().pack();
    let package = home.install(&archive);
    let environment = home.environment(&[&package]);
    assert_eq!(counts(&gc(&home.store, 1)), (0, 0, 0));
    age_all(&home, 40);
    // Using the environment again is using the package again, and so its archive.
    home.environment(&[&package]);
    let collected = gc(&home.store, 30);
    assert_eq!(counts(&collected), (0, 0, 0), "{collected:?}");
    age(&environment.path, 40);
    assert_eq!(counts(&gc(&home.store, 30)), (1, 0, 0));
    age_all(&home, 40);
    // So is finding the archive when it is fetched again.
    home.add(&archive);
    assert_eq!(counts(&gc(&home.store, 30)), (0, 1, 0));
}

#[test]
fn no_more_than_asked_for_the_oldest_first() {
    let home = Home::new();
    let (old, young) = (
        home.install(&vecmath().pack()),
        home.install(&linalg().pack()),
    );
    let size = |path: &Path| -> u64 {
        let files = tree(path).into_iter().filter(|path| path.is_file());
        files
            .map(|path| fs::metadata(path).expect("is there").len())
            .sum()
    };
    age(&old.path, 2);
    age(&young.path, 1);
    let (archives, packages) = (home.path().join("archives"), home.path().join("packages"));
    let all = size(&archives) + size(&packages);
    let collect = |max_size: u64| {
        let options = GcOptions {
            max_size: Some(max_size),
            ..options(30)
        };
        home.store.gc(&options, &mut || {}).expect("removes")
    };
    let collected = collect(all);
    assert_eq!((collected.removed.len(), collected.kept_size), (0, all));
    let collected = collect(all - 1);
    assert_eq!(collected.removed.len(), 1);
    assert_eq!(collected.removed[0].path, old.path);
    assert_eq!(collected.kept_size, size(&archives) + size(&packages));
    assert_eq!(collect(0).kept, 0);
    expect_whole(&home);
}

/// A program that loads a library of the package in `home` and waits.
fn with_library_loaded<T>(library: &Path, work: impl FnOnce() -> T) -> T {
    // What it is linked with matters to nobody: the mapping is what is looked for.
    let mut child = Command::new("python3")
        .arg("-c")
        .arg("import ctypes,sys; ctypes.CDLL(sys.argv[1]); print('ready', flush=True); sys.stdin.read()")
        .arg(library)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(child.stdout.take().expect("a pipe")),
        &mut line,
    )
    .expect("it says something");
    assert_eq!(line, "ready\n");
    let result = work();
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    result
}

#[test]
fn what_a_process_has_loaded_stays() {
    let home = Home::new();
    let (first, second) = (
        home.install(&vecmath().pack()),
        home.install(&linalg().pack()),
    );
    let (project, environment) = activate(&home, "project", &[&first, &second]);
    fs::remove_dir_all(project).expect("removes");
    let of_environment = environment.path.join("lib/vecmath.v1.so");
    let collected = with_library_loaded(&of_environment, || gc(&home.store, 0));
    // The process may load the rest of the environment any time.
    assert_eq!(counts(&collected), (0, 0, 0), "{collected:?}");
    let other = home.environment(&[&second, &first]);
    assert_eq!(other.path, environment.path);
    assert_eq!(counts(&gc(&home.store, 0)), (1, 2, 2));

    // Without an environment, the package alone.
    let first = home.install(&vecmath().pack());
    home.install(&linalg().pack());
    let collected = with_library_loaded(&library(&first), || gc(&home.store, 0));
    assert_eq!(counts(&collected), (0, 1, 1));
    assert!(first.path.exists());
}

#[test]
fn cached_indices_of_unknown_registries() {
    let home = Home::new();
    let index = |name: &str| {
        let path = home.path().join("index").join(name);
        fs::create_dir_all(&path).expect("a folder");
        fs::write(path.join("log"), "x").expect("writes");
        path
    };
    let [locked, named, unknown] = ["team-00000000", "work-11111111", "gone-22222222"].map(index);
    let project = home.directory("project");
    fs::write(project.join("Puck.lock"), "source = \"registry+team\"").expect("writes");
    home.store.remember(&project).expect("remembers");
    let options = GcOptions {
        registries: ["work".to_owned()].into(),
        ..options(0)
    };
    let collected = home.store.gc(&options, &mut || {}).expect("removes");
    assert_eq!(collected.removed.len(), 1);
    assert!(locked.exists() && named.exists() && !unknown.exists());
}

#[test]
fn a_project_that_cannot_be_looked_at_stops_everything() {
    // SAFETY: it takes nothing and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        return;
    }
    let home = Home::new();
    let package = home.install(&vecmath().pack());
    let (project, _) = activate(&home, "project", &[&package]);
    set_mode(&project, 0o000);
    let before = tree(home.path());
    let error = home
        .store
        .gc(&options(0), &mut || {})
        .expect_err("it is hidden");
    set_mode(&project, 0o755);
    assert!(matches!(&error, Error::UnreadableProject { project: named, .. } if *named == project));
    assert!(
        error.hint().is_some_and(|hint| hint.contains("projects/")),
        "{error}"
    );
    assert_eq!(tree(home.path()), before);
}

/// Installs and activates again and again while everything unneeded is removed again and again.
#[test]
fn while_others_install() {
    let home = Home::new();
    let archives = [vecmath().pack(), linalg().pack()];
    let done = AtomicBool::new(false);
    let (mut runs, mut removed) = (0, 0);
    std::thread::scope(|scope| {
        let (done, archives, home) = (&done, &archives, &home);
        let installers: Vec<_> = (0..3)
            .map(|number| {
                scope.spawn(move || {
                    let store = Store::open(home.path()).expect("opens");
                    let project = home.directory(&format!("project-{number}"));
                    for round in 0..15 {
                        install(&store, &project, &archives[..=(round + number) % 2]);
                        if round % 3 == 2 {
                            fs::remove_file(project.join(".puck")).expect("removes");
                        }
                    }
                })
            })
            .collect();
        let collector = scope.spawn(move || {
            let store = Store::open(home.path()).expect("opens");
            let mut count = (0, 0);
            while !done.load(Ordering::SeqCst) {
                count.0 += 1;
                count.1 += gc(&store, 0).removed.len();
            }
            count
        });
        let results: Vec<_> = installers.into_iter().map(|i| i.join()).collect();
        done.store(true, Ordering::SeqCst);
        (runs, removed) = collector.join().expect("nothing failed");
        for result in results {
            result.expect("nothing that was in use has gone");
        }
    });
    assert!(
        runs > 1 && removed > 0,
        "{runs} runs removed {removed} things"
    );
    expect_whole(&home);
}

/// What a project does: install, activate, and use what `.puck` leads to.
fn install(store: &Store, project: &Path, archives: &[Archive]) {
    let keep = store.keep().expect("the lock");
    let packages: Vec<_> = archives
        .iter()
        .map(|archive| {
            let mut bytes = archive.bytes.as_slice();
            store
                .add_archive(&mut bytes, &archive.sha256, archive.bytes.len() as u64)
                .expect("the archive is taken");
            store
                .install_package(&archive.sha256, &archive.name, &archive.version)
                .expect("the package installs")
        })
        .collect();
    let packages = packages
        .iter()
        .map(|installed| puck_store::EnvironmentPackage {
            installed,
            direct: true,
        })
        .collect();
    let environment = store
        .environment(&puck_store::EnvironmentRequest {
            packages,
            link: puck_store::Link::default(),
        })
        .expect("an environment");
    store.activate(project, &environment).expect("activates");
    drop(keep);
    let library = project.join(".puck/lib/vecmath.v1.so");
    assert!(fs::metadata(library).is_ok_and(|file| file.len() > 1000));
}

#[test]
#[ignore = "run by the next test, in a process of its own"]
fn in_a_child() {
    if let Some(home) = std::env::var_os(CHILD) {
        gc(&Store::open(Path::new(&home)).expect("opens"), 0);
    }
}

#[test]
fn killed_at_any_moment() {
    let home = Home::new();
    let archives = [vecmath().pack(), linalg().pack()];
    let project = home.directory("project");
    let child = || {
        Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "gc::in_a_child", "--ignored"])
            .env(CHILD, home.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts")
    };
    let fill = || {
        install(&home.store, &project, &archives);
        install(&home.store, &home.directory("gone"), &archives[..1]);
        fs::remove_dir_all(home.directory("gone")).expect("removes");
        fs::remove_file(project.join(".puck")).expect("removes");
    };
    fill();
    let started = Instant::now();
    assert!(child().wait().expect("it ends").success());
    let whole = started.elapsed();
    let (mut half_done, rounds) = (0, 40);
    for round in 0..rounds {
        fill();
        let mut child = child();
        std::thread::sleep(whole * round / rounds);
        child.kill().expect("it dies");
        child.wait().expect("it is gone");
        let staging = home.path().join("staging");
        half_done += u32::from(!tree(&staging).is_empty());
        // Whatever is left is whole, and environments have their packages.
        assert_eq!(
            home.store.verify().expect("reads").problems,
            [],
            "round {round}"
        );
    }
    assert!(
        half_done > 0,
        "none was killed at work; the test proves nothing"
    );
    fill();
    let store = Store::open(home.path()).expect("opens");
    gc(&store, 0);
    expect_whole(&home);
    assert!(tree(&home.path().join("packages")).is_empty());
}
