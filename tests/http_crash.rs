//! Clients of a registry, and its server, killed at random points: nothing that was acknowledged is
//! lost, nothing is half there, and the same command, run again, succeeds.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use puck_registry::Registry;

use crate::support::Machine;
use crate::support::kill::{KILLS, Random, Stopper, in_threads, time};
use crate::support::run::{Call, Run};
use crate::support::sample;
use crate::support::server::{expect_sound, post};

/// A machine on which `fourth` is to be installed; if `warm`, the store has all packages.
fn before_install(url: &str, warm: bool) -> Machine {
    let machine = Machine::new();
    if warm {
        machine.write("other/Puck.toml", "[dependencies]\nthird = \"1\"\n");
        machine.from(url, "other", "install").ok();
    }
    machine.project(&[("fourth", "1"), ("second", "1")]);
    machine
}

fn killed_install(seed: u64, warm: bool) {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let url = &served.url();
    let install = |machine: &Machine| machine.from(url, "project", "install");
    let undisturbed = before_install(url, warm);
    let usual = time(|| drop(install(&undisturbed).ok()));
    let (lockfile, listing) = (
        &undisturbed.read("project/Puck.lock"),
        &undisturbed.store_listing(),
    );
    let environment = &undisturbed.environment_key("project");
    in_threads(seed, KILLS, |stopper: &mut Stopper| {
        while stopper.goes_on() {
            let machine = before_install(url, warm);
            for _ in 0..=stopper.random().below(3) {
                stopper.stop(install(&machine), usual);
                machine.expect_whole();
                let written = machine.path("project/Puck.lock");
                assert!(!written.exists() || machine.read(written) == *lockfile);
                let key = machine.environment_key("project");
                assert!(key.is_none() || key == *environment);
            }
            install(&machine).ok();
            assert_eq!(machine.read("project/Puck.lock"), *lockfile);
            assert_eq!(machine.environment_key("project"), *environment);
            assert_eq!(machine.ok("project", "run fourth::sum"), "10\n");
            machine.ok("project", "verify");
            machine.expect_tidy();
            machine.expect_tidy_project("project");
            listing.expect_same(&machine.store_listing());
        }
    });
    expect_sound(&origin.team());
}

#[test]
fn killed_install_with_nothing_there() {
    killed_install(110, false);
}

#[test]
fn killed_install_with_packages_there() {
    killed_install(120, true);
}

#[test]
fn killed_publish() {
    in_threads(130, KILLS, |stopper| {
        let origin = Machine::with_team();
        let served = origin.serve(&origin.team(), "");
        let (url, token) = (served.url(), origin.token(&origin.team(), "alice"));
        let machine = Machine::new();
        let mut usual = None;
        let mut expected = Vec::new();
        while stopper.goes_on() {
            let version = format!("1.{}.0", expected.len());
            machine.ir_package("next", &version, 7, &[]);
            // So that it is publishing that is stopped, and not the compiler.
            machine.ok("next", "pack");
            let call = || machine.publish_with(&url, &token, "next");
            match usual {
                None => usual = Some(time(|| drop(call().ok()))),
                Some(usual) => {
                    for _ in 0..=stopper.random().below(2) {
                        stopper.stop(call(), usual);
                    }
                    call().ok();
                }
            }
            expected.push(format!("next {version}"));
            assert_eq!(expect_sound(&origin.team()), expected);
            machine.expect_tidy_project("next");
        }
    });
}

/// Somebody who publishes version after version, over HTTP.
struct Publisher {
    name: String,
    archives: PathBuf,
    next: u64,
}

impl Publisher {
    fn archive(&self) -> Vec<u8> {
        let version = format!("1.{}.0", self.next);
        let path = sample::pack(&self.archives, &self.name, &version, &["f(n: u64) -> f64"]);
        let bytes = fs_err::read(&path).unwrap();
        fs_err::remove_file(path).unwrap();
        bytes
    }

    /// Sends the next version once; whether there was an answer. What is answered is noted.
    fn send(&mut self, server: SocketAddr, token: &str, done: &Mutex<BTreeSet<String>>) -> bool {
        let reply = match post(server, token, &self.archive()) {
            Err(_) => return false,
            Ok(reply) => reply,
        };
        match reply.status {
            200 | 201 => {
                let id = format!("{} 1.{}.0", self.name, self.next);
                assert!(done.lock().unwrap().insert(id));
                self.next += 1;
            }
            429 | 503 => thread::sleep(Duration::from_millis(20)),
            status => panic!("status {status}: {}", reply.text()),
        }
        true
    }
}

/// Puts version after version into the registry's folder until `over`.
fn publish_directly(
    directory: &Path,
    archives: &Path,
    round: usize,
    over: &AtomicBool,
) -> Vec<String> {
    let registry = Registry::open(directory).unwrap();
    let mut done = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let version = format!("1.{round}.{}", done.len());
        let path = sample::pack(archives, "direct", &version, &["f(n: u64) -> f64"]);
        registry.publish(&path).unwrap();
        done.push(format!("direct {version}"));
    }
    done
}

#[test]
fn killed_server() {
    let origin = Machine::with_team();
    let directory = origin.team();
    let mut served = origin.serve(&directory, "");
    let token = &origin.token(&directory, "alice");
    let server = served.address();
    let done = &Mutex::new(BTreeSet::new());
    let mut random = Random::new(140);
    let archives = origin.root();
    let mut publishers: Vec<_> = (0..4)
        .map(|i| Publisher {
            name: format!("package{i}"),
            archives: archives.join("temporary"),
            next: 0,
        })
        .collect();
    let (mut unanswered, mut found_done) = (0, 0);
    for round in 0..KILLS {
        let over = &AtomicBool::new(false);
        thread::scope(|scope| {
            for publisher in &mut publishers {
                scope.spawn(move || while publisher.send(server, token, done) {});
            }
            let direct = || publish_directly(&directory, archives, round, over);
            let direct = scope.spawn(direct);
            thread::sleep(Duration::from_millis(120).mul_f64(random.fraction()));
            served.kill();
            over.store(true, Ordering::Relaxed);
            let direct = direct.join().unwrap();
            done.lock().unwrap().extend(direct);
        });
        served.restart();
        // Before anything else is written: what was answered is there, and what is there is whole.
        let found: BTreeSet<_> = expect_sound(&directory).into_iter().collect();
        let lost: Vec<_> = done.lock().unwrap().difference(&found).cloned().collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        for publisher in &mut publishers {
            let version = publisher.next;
            while publisher.next == version {
                assert!(
                    publisher.send(server, token, done),
                    "no answer when sent again"
                );
            }
            unanswered += 1;
            found_done += usize::from(found.contains(&format!("{} 1.{version}.0", publisher.name)));
        }
        let found: BTreeSet<_> = expect_sound(&directory).into_iter().collect();
        assert_eq!(found, *done.lock().unwrap(), "round {round}");
    }
    // Otherwise the kills missed what they were meant for.
    assert!(found_done < unanswered, "{found_done} of {unanswered}");
    assert!(done.lock().unwrap().len() > 2 * KILLS);
}

/// Starts a call, does something meanwhile, and waits for it.
fn meanwhile(call: Call, work: impl FnOnce()) -> Run {
    let mut command = call.env("PUCK_HTTP_RETRIES", "20").command();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    work();
    Run::from(child.wait_with_output().unwrap())
}

/// A server that goes away and comes back is waited for.
#[test]
fn a_restart_goes_unnoticed() {
    let origin = Machine::with_packages();
    let directory = origin.team();
    let mut served = origin.serve(&directory, "");
    let (url, token) = (served.url(), origin.token(&directory, "alice"));
    let machine = Machine::new();
    let mut random = Random::new(150);
    for round in 0..6 {
        machine.ir_package("next", &format!("1.{round}.0"), 7, &[]);
        machine.ok("next", "pack");
        let client = before_install(&url, false);
        for call in [
            machine.publish_with(&url, &token, "next"),
            client.from(&url, "project", "install"),
        ] {
            let run = meanwhile(call, || {
                thread::sleep(Duration::from_millis(100).mul_f64(random.fraction()));
                served.kill();
                served.restart();
            });
            assert_eq!(run.code, Some(0), "{run}");
        }
        assert_eq!(client.ok("project", "run fourth::sum"), "10\n");
        client.expect_tidy();
        let published = expect_sound(&directory);
        assert!(
            published.contains(&format!("next 1.{round}.0")),
            "{published:?}"
        );
    }
}
