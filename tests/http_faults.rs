//! Installing and publishing through a proxy that does harm: what passes is sat out, what stays is
//! said and leaves nothing half done, and the same command succeeds once all is well.

use std::time::Duration;

use crate::support::Machine;
use crate::support::clients::Clients;
use crate::support::proxy::{Fault, Proxy};
use crate::support::server::expect_sound;

/// The files that an installation reads, by the beginnings of their paths.
const READ: [&str; 4] = ["/registry.json", "/log.jsonl", "/index", "/archives"];

fn waits(status: u16) -> Fault {
    Fault::Answer(status, vec![("Retry-After", "1".to_owned())], Vec::new())
}

#[test]
fn what_passes_is_sat_out() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients::of(&origin, &proxy);
    for (times, fault) in [
        (2, Fault::Hang),
        (1, Fault::Reset(0)),
        (2, Fault::Reset(40)),
        (1, Fault::Cut(0)),
        (2, Fault::Cut(40)),
        (2, Fault::status(500)),
        (1, waits(503)),
        (1, waits(429)),
        (1, Fault::NoLength(0)),
        (usize::MAX, Fault::Slow(Duration::from_micros(20))),
        (usize::MAX, Fault::NoRange),
        (usize::MAX, Fault::Plain),
    ] {
        for path in READ {
            proxy.fault(path, times, fault.clone());
        }
        let machine = Machine::new();
        machine.project(&[("third", "1")]);
        let run = clients.install(&machine).run();
        assert_eq!(run.code, Some(0), "{fault:?}: {run}");
        for path in READ {
            assert!(
                times == usize::MAX || !proxy.faults_left(path),
                "{fault:?} {path}"
            );
        }
        proxy.heal();
        clients.expect_installed(&machine);
    }
}

#[test]
fn what_stays_is_said() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients::of(&origin, &proxy);
    let garbage = || Fault::Answer(200, Vec::new(), b"oops\n".to_vec());
    let archive = "/archives/third/third-1.0.0.puck";
    for (path, fault, expected) in [
        (
            "/registry.json",
            Fault::status(404),
            "holds no registry.json",
        ),
        ("/registry.json", Fault::page(), "found a web page"),
        ("/registry.json", Fault::Hang, "cannot reach"),
        (
            "/registry.json",
            Fault::Length(-3),
            "is not a Puck registry",
        ),
        ("/log.jsonl", garbage(), "lines of the log"),
        ("/log.jsonl", Fault::status(403), "status 403"),
        ("/index", garbage(), "expected index lines"),
        ("/index", Fault::status(500), "status 500"),
        (
            "/index/th",
            Fault::status(404),
            "a package that does not exist",
        ),
        (archive, Fault::status(404), "status 404"),
        (archive, Fault::status(500), "status 500"),
        (archive, waits(429), "left alone"),
        (
            archive,
            Fault::Answer(503, vec![("Retry-After", "7200".to_owned())], vec![]),
            "status 503",
        ),
        (archive, Fault::page(), "found a web page"),
        (archive, Fault::Hang, "cannot reach"),
        (archive, Fault::Cut(40), "third 1.0.0"),
        (archive, Fault::Length(1), "as the index says, found"),
        (archive, Fault::Length(-1), "as the index says, found"),
        (archive, Fault::NoLength(1), "found more"),
        (archive, Fault::Flip(100), "SHA-256"),
    ] {
        // Before, there was something else: it stays.
        let machine = Machine::new();
        if path == archive {
            machine.project(&[("first", "1")]);
            clients.install(&machine).ok();
        }
        machine.project(&[("third", "1")]);
        proxy.always(path, fault.clone());
        let call = clients.install(&machine).env("PUCK_HTTP_RETRIES", "0");
        let run = clients.refused(&machine, call, expected);
        let named = expected.contains("not exist") || run.stderr.contains(&proxy.url());
        assert!(named, "{path} {fault:?}: {run}");
        if path == archive {
            assert!(
                run.stderr.contains("third 1.0.0"),
                "{path} {fault:?}: {run}"
            );
        }
        proxy.heal();
        clients.install(&machine).ok();
        assert_eq!(
            machine.read("project/Puck.lock"),
            clients.lockfile,
            "{path} {fault:?}"
        );
        assert_eq!(machine.ok("project", "run third::sum"), "6\n");
        machine.expect_tidy();
        if path != archive {
            clients.expect_installed(&machine);
        }
    }
}

#[test]
fn a_server_that_is_down() {
    let origin = Machine::with_packages();
    let mut served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients {
        url: served.url(),
        ..Clients::of(&origin, &proxy)
    };
    let machine = Machine::new();
    machine.project(&[("third", "1")]);
    served.kill();
    let call = clients.install(&machine).env("PUCK_HTTP_RETRIES", "1");
    let run = clients.refused(&machine, call, "cannot reach");
    assert!(run.stderr.contains("Connection refused"), "{run}");
    assert!(run.stderr.contains("hint: "), "{run}");
    served.restart();
    clients.install(&machine).ok();
    clients.expect_installed(&machine);
    // What is here needs nobody.
    served.kill();
    clients.install(&machine).ok();
    machine
        .from(&clients.url, "project", "install --locked")
        .ok();
    machine
        .from(&clients.url, "project", "install --offline")
        .ok();
    clients.expect_installed(&machine);
}

#[test]
fn wrong_bytes_that_pass_are_fetched_again() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let clients = Clients::of(&origin, &proxy);
    for line in ["install", "install --locked"] {
        let machine = Machine::new();
        machine.project(&[("third", "1")]);
        machine.write("project/Puck.lock", &clients.lockfile);
        proxy.fault("/archives/second", 1, Fault::Flip(200));
        let run = machine.from(&clients.url, "project", line).run();
        assert_eq!(run.code, Some(0), "{run}");
        assert!(
            run.stderr.contains("second 1.0.0") && run.stderr.contains("once more"),
            "{run}"
        );
        clients.expect_installed(&machine);
    }
}

const PUBLISH: &str = "/api/v1/publish";

#[test]
fn a_publish_that_is_disturbed_is_done_once() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let (machine, token) = (Machine::new(), origin.token(&origin.team(), "alice"));
    let mut expected = expect_sound(&origin.team()).len();
    for (number, fault) in [
        // The answer is lost, and so the client cannot know that it is done.
        Fault::Hang,
        Fault::Cut(0),
        Fault::Cut(20),
        Fault::Reset(0),
        Fault::Reset(20),
        Fault::NoLength(0),
        Fault::status(500),
        waits(503),
        waits(429),
    ]
    .into_iter()
    .enumerate()
    {
        machine.ir_package("next", &format!("1.{number}.0"), 7, &[]);
        proxy.fault(PUBLISH, 1, fault.clone());
        let run = machine.publish_with(&proxy.url(), &token, "next").run();
        assert_eq!(run.code, Some(0), "{fault:?}: {run}");
        assert!(!proxy.faults_left(PUBLISH), "{fault:?}");
        expected += 1;
        assert_eq!(expect_sound(&origin.team()).len(), expected, "{fault:?}");
        machine.expect_tidy_project("next");
    }
}

#[test]
fn a_publish_that_fails_can_be_repeated() {
    let origin = Machine::with_packages();
    let served = origin.serve(&origin.team(), "");
    let proxy = Proxy::before(&served);
    let (machine, token) = (Machine::new(), origin.token(&origin.team(), "alice"));
    for (number, (fault, expected, done)) in [
        (Fault::status(500), "status 500", false),
        (waits(429), "left alone", false),
        (Fault::page(), "publish", false),
        (
            Fault::json(409, r#"{"error":{"code":"no","message":"not today"}}"#),
            "not today",
            false,
        ),
        (Fault::Hang, "cannot reach", true),
        (Fault::Cut(20), PUBLISH, true),
    ]
    .into_iter()
    .enumerate()
    {
        let version = format!("1.{number}.0");
        machine.ir_package("next", &version, 7, &[]);
        proxy.always(PUBLISH, fault.clone());
        let call = machine
            .publish_with(&proxy.url(), &token, "next")
            .env("PUCK_HTTP_RETRIES", "1");
        let run = call.run();
        assert_eq!(run.code, Some(1), "{fault:?}: {run}");
        assert!(run.stderr.contains(expected), "{fault:?}: {run}");
        assert!(!run.stderr.contains(&token), "{run}");
        let id = format!("next {version}");
        assert_eq!(
            expect_sound(&origin.team()).contains(&id),
            done,
            "{fault:?}"
        );
        proxy.heal();
        let run = machine.publish_with(&proxy.url(), &token, "next").run();
        assert_eq!(run.code, Some(0), "{fault:?}: {run}");
        assert_eq!(run.stderr.contains("Unchanged"), done, "{fault:?}: {run}");
        assert!(expect_sound(&origin.team()).contains(&id), "{fault:?}");
    }
}
