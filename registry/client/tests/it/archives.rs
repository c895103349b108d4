//! Archives: whole, or an error that says what is wrong; and what breaks is taken up again.

use std::io::Read;
use std::time::Duration;

use puck_registry_client::{Client, Error};

use crate::faulty::{Fault, Server};
use crate::scene::{Scene, read};

const PATH: &str = "/archives/linalg/linalg-1.0.0.puck";

#[test]
fn broken_off_and_taken_up() {
    let scene = Scene::usual();
    let (line, bytes) = (scene.line(), scene.archive_bytes());
    let half = bytes.len() / 2;
    // What happens, in turn, before all goes well.
    let cases: &[&[Fault]] = &[
        &[],
        &[Fault::Reset(half)],
        &[Fault::Reset(0), Fault::Reset(1)],
        &[Fault::Cut(half)],
        &[Fault::Cut(0)],
        &[
            Fault::Cut(1),
            Fault::Cut(1),
            Fault::Cut(1),
            Fault::Cut(1),
            Fault::Cut(1),
            Fault::Cut(1),
        ],
        &[Fault::Hang, Fault::Hang],
        &[Fault::Cut(half), Fault::NoRange],
        &[Fault::Cut(half), Fault::Plain],
        &[Fault::Plain, Fault::Plain],
        &[
            Fault::Cut(half),
            Fault::status(503),
            Fault::status(500),
            Fault::status(429),
        ],
        &[Fault::Answer(
            503,
            vec![("Retry-After", "0".to_owned())],
            Vec::new(),
        )],
        &[Fault::Cut(half), Fault::Gzip],
        &[Fault::Gzip],
        &[Fault::NoLength(0)],
        &[Fault::NoLength(-3)],
        &[Fault::Slow(Duration::from_micros(10))],
    ];
    for faults in cases {
        for fault in *faults {
            scene.server.fault(PATH, 1, fault.clone());
        }
        assert!(
            read(&scene.client(), &line).as_ref() == Ok(&bytes),
            "{faults:?}"
        );
        scene.server.heal();
    }
}

#[test]
fn only_what_is_missing_is_asked_for() {
    let scene = Scene::usual();
    let (line, bytes) = (scene.line(), scene.archive_bytes());
    scene.server.fault(PATH, 1, Fault::Cut(100));
    assert_eq!(read(&scene.client(), &line).unwrap(), bytes);
    let seen = scene.server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("range"), None);
    assert_eq!(seen[1].header("range"), Some("bytes=100-"));
    assert!(seen[1].header("if-range").is_some());
    let notices = scene.notices.lock().unwrap();
    assert!(notices[0].contains("retrying in"), "{notices:?}");
}

#[test]
fn a_stalled_connection_is_given_up() {
    let scene = Scene::usual();
    let mut settings = scene.settings();
    settings.stall_timeout = Duration::from_millis(300);
    let client = Client::new(settings).unwrap();
    scene.server.fault(PATH, 1, Fault::Stall(100));
    assert_eq!(read(&client, &scene.line()).unwrap(), scene.archive_bytes());
}

#[test]
fn what_stays_wrong_is_said() {
    let scene = Scene::usual();
    let size = scene.line().size;
    let html = vec![("Content-Type", "text/html".to_owned())];
    let cases = [
        (Fault::status(404), "answered with status 404".to_owned()),
        (Fault::status(500), "answered with status 500".to_owned()),
        (Fault::status(429), "asks to be left alone".to_owned()),
        (
            Fault::Answer(429, vec![("Retry-After", "3600".to_owned())], Vec::new()),
            "asks to be left alone for 3600 s".to_owned(),
        ),
        (
            Fault::Length(1),
            format!(
                "expected {size} bytes, as the index says, found {}",
                size + 1
            ),
        ),
        (
            Fault::Length(-1),
            format!(
                "expected {size} bytes, as the index says, found {}",
                size - 1
            ),
        ),
        (
            Fault::NoLength(1),
            format!("expected {size} bytes, as the index says, found more"),
        ),
        (
            Fault::NoLength(-1),
            format!("it ended after {} of {size} bytes", size - 1),
        ),
        (Fault::Hang, "cannot reach".to_owned()),
        (Fault::Cut(0), "the connection broke".to_owned()),
        (Fault::page(), "found a web page".to_owned()),
        (
            Fault::Answer(500, html, b"<html>".to_vec()),
            "status 500".to_owned(),
        ),
    ];
    for (fault, expected) in cases {
        scene.server.always(PATH, fault.clone());
        let read = read(&scene.client(), &scene.line()).map(|bytes| bytes.len());
        let error = read.expect_err(&format!("{fault:?}"));
        assert!(error.contains(&expected), "{fault:?}: {error}");
        assert!(error.contains(&scene.server.url()), "{fault:?}: {error}");
        scene.server.heal();
    }
}

#[test]
fn patience_ends() {
    let scene = Scene::usual();
    for count in [0, 2] {
        let mut settings = scene.settings();
        settings.retry.count = count;
        let client = Client::new(settings).unwrap();
        scene.server.seen();
        scene.server.always(PATH, Fault::status(503));
        read(&client, &scene.line()).unwrap_err();
        assert_eq!(scene.server.seen().len(), count as usize + 1);
        scene.server.heal();
    }
}

#[test]
fn nobody_waits_twice_for_a_registry_that_is_gone() {
    let scene = Scene::usual();
    let client = scene.client();
    scene.server.always("/", Fault::Hang);
    for requests in [5, 1, 1] {
        client.name().unwrap_err();
        assert_eq!(scene.server.seen().len(), requests);
    }
    scene.server.heal();
    client.name().unwrap();
    scene.server.fault("/log.jsonl", 2, Fault::Hang);
    client.names().unwrap();
}

#[test]
fn nobody_there() {
    let scene = Scene::usual();
    let mut settings = scene.settings();
    // A port that was free a moment ago.
    settings.url = Server::new(scene.directory.path()).url().parse().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    settings.cache = None;
    let error = Client::new(settings).unwrap().name().unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[test]
fn other_bytes_are_for_the_reader_to_find() {
    let scene = Scene::usual();
    scene.server.fault(PATH, 1, Fault::Flip(50));
    let wrong = read(&scene.client(), &scene.line()).unwrap();
    assert_ne!(wrong, scene.archive_bytes());
    scene.server.seen();
    let mut right = Vec::new();
    let client = scene.client();
    client
        .archive_fresh(&scene.line())
        .unwrap()
        .read_to_end(&mut right)
        .unwrap();
    assert_eq!(right, scene.archive_bytes());
    assert_eq!(
        scene.server.seen()[0].header("cache-control"),
        Some("no-cache")
    );
}
