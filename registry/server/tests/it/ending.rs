//! The end of a server: what it works on is finished.

use std::net::TcpStream;
use std::time::Duration;

use puck_registry_server::StorageLocation;
use puck_registry_server::http::{Options, ServeError, serve};

use crate::raw::{Connection, get, head};
use crate::running::{Running, archive};

const DOT: &str = "dot(n: u64) -> f64";

#[test]
fn a_publish_that_has_begun_is_finished() {
    let running = Running::start(|_| ());
    let bytes = archive("linalg", "1.0.0", &[DOT]);
    let bearer = format!("Bearer {}", running.all("alice"));
    let headers = [("Authorization", bearer.as_str())];
    let mut idle = Connection::to(running.address);
    assert_eq!(idle.ask("GET", "/health", &[]).status, 200);
    let mut upload = Connection::to(running.address);
    upload.send(head("POST", "/api/v1/publish", &headers, Some(bytes.len())));
    upload.send(&bytes[..100]);
    let spool = running.directory().join("private/spool");
    while spool.read_dir().map_or(0, Iterator::count) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    running.tell_to_end();
    // Who does nothing is not waited for.
    assert!(idle.rest().is_empty());
    upload.send(&bytes[100..]);
    assert_eq!(upload.reply().status, 201);
    assert!(upload.rest().is_empty());
    assert!(TcpStream::connect(running.address).is_err());
    assert!(running.end());
}

#[test]
fn a_hangup_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let location = StorageLocation::Directory(folder.path().to_owned());
    let options = Options::at("127.0.0.1:0".parse().unwrap());
    let (told, listening) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        serve(&location, &options, |server| {
            told.send(server.address()).unwrap();
            Ok::<_, ServeError>(())
        })
    });
    let address = listening.recv().unwrap();
    let signal = |name: &str| {
        let process = std::process::id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", name, &process])
            .status();
        assert!(sent.unwrap().success());
    };
    signal("HUP");
    assert_eq!(get(address, "/health").status, 200);
    signal("TERM");
    thread.join().unwrap().unwrap();
}

#[test]
fn who_has_not_asked_yet_is_not_waited_for() {
    let running = Running::start(|_| ());
    let mut halves: Vec<Connection> = ["", "GET /health HTTP/1.1\r\nHost: a\r\n"]
        .iter()
        .map(|start| {
            let mut connection = Connection::to(running.address);
            connection.send(start);
            connection
        })
        .collect();
    // So that the server has accepted them.
    assert_eq!(get(running.address, "/health").status, 200);
    std::thread::sleep(Duration::from_millis(200));
    let begun = std::time::Instant::now();
    running.tell_to_end();
    for half in &mut halves {
        half.rest();
    }
    assert!(running.end());
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn who_does_not_finish_is_not_waited_for_forever() {
    let running = Running::start(|options| {
        options.limits.shutdown_time = Duration::from_millis(500);
    });
    let bearer = format!("Bearer {}", running.all("alice"));
    let headers = [("Authorization", bearer.as_str())];
    let mut upload = Connection::to(running.address);
    upload.send(head("POST", "/api/v1/publish", &headers, Some(1000)));
    let spool = running.directory().join("private/spool");
    while spool.read_dir().map_or(0, Iterator::count) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!running.end());
}
