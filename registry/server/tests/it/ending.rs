//! The end of a server: what it works on is finished.

use std::net::TcpStream;
use std::time::Duration;

use crate::raw::{Connection, head};
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
