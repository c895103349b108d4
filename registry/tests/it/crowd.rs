//! Many at once, and some of them killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use puck_registry::Registry;

use crate::publishing::registry;
use crate::sample::pack;

/// Where a process of [`publisher`] finds its registry and its archives.
const DIRECTORY: &str = "PUCK_TEST_PUBLISHER";

#[test]
fn eight_threads_publish_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().join("registry");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (at, directory) = (&at, directory.path());
            scope.spawn(move || {
                // Each makes the registry, which only one can.
                let registry = Registry::create(at, "test").unwrap();
                let own = directory.join(thread.to_string());
                fs_err::create_dir(&own).unwrap();
                for version in 0..4 {
                    // The same package for all, then one of their own.
                    let shared = pack(&own, "shared", &format!("1.{version}.{thread}"), &["f()"]);
                    registry.publish(&shared).unwrap();
                    let name = format!("own-{thread}");
                    let own = pack(&own, &name, &format!("1.{version}.0"), &["f()"]);
                    registry.publish(&own).unwrap();
                }
            });
        }
    });
    let registry = Registry::open(&at).unwrap();
    assert_eq!(
        registry.versions(&"shared".parse().unwrap()).unwrap().len(),
        32
    );
    assert_eq!(registry.names().unwrap().len(), 9);
    assert_eq!(registry.verify_log().unwrap().entries, 64);
}

#[test]
fn of_eight_with_the_same_version_one_wins() {
    let (directory, registry) = registry();
    let won: Vec<bool> = std::thread::scope(|scope| {
        let publish = |thread: usize| {
            let own = directory.path().join(thread.to_string());
            fs_err::create_dir(&own).unwrap();
            let function = format!("f{thread}()");
            let archive = pack(&own, "linalg", "1.0.0", &[function.as_str()]);
            registry.publish(&archive).is_ok()
        };
        let threads: Vec<_> = (0..8)
            .map(|thread| scope.spawn(move || publish(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    assert_eq!(registry.verify_log().unwrap().entries, 1);
}

/// Not a test: what [`killed_at_any_moment`] starts in processes of its own.
#[test]
#[ignore = "run by another test"]
fn publisher() {
    #[expect(
        clippy::disallowed_methods,
        reason = "said by the test that started this process"
    )]
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let directory = Path::new(&directory);
    let registry = Registry::create(&directory.join("registry"), "test").unwrap();
    for version in 0..3 {
        registry
            .publish(&directory.join(format!("linalg-1.{version}.0.puck")))
            .unwrap();
    }
}

fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crowd::publisher", "--ignored"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(directory: &Path) {
    let output = start(directory).wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let registry = Registry::open(&directory.join("registry")).unwrap();
    assert_eq!(registry.verify_log().unwrap().entries, 3);
    assert!(!directory.join("registry/pending.json").exists());
}

#[test]
fn killed_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    for version in 0..3 {
        pack(
            directory.path(),
            "linalg",
            &format!("1.{version}.0"),
            &["f()"],
        );
    }
    let started = std::time::Instant::now();
    finish(directory.path());
    let whole = started.elapsed();
    for kill in 0..40u32 {
        fs_err::remove_dir_all(directory.path().join("registry")).unwrap();
        let mut child = start(directory.path());
        // Evenly over the time that it takes, and a little more.
        std::thread::sleep(whole * kill / 36 + Duration::from_micros(u64::from(kill) * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        finish(directory.path());
    }
}
