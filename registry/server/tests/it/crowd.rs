//! Many at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::raw::{Connection, get, send};
use crate::running::{Running, archive};

const DOT: &str = "dot(n: u64) -> f64";

#[test]
fn clients_at_once_get_what_they_ask_for() {
    let running = Running::start(|_| ());
    let paths: Vec<String> = (0..8)
        .map(|i| running.put(&format!("package{i}"), "1.0.0", &[DOT]))
        .chain((0..8).map(|i| format!("/index/pa/ck/package{i}")))
        .chain(["/log.jsonl".to_owned()])
        .collect();
    let files: Vec<Vec<u8>> = paths.iter().map(|path| running.file(path)).collect();
    std::thread::scope(|scope| {
        for client in 0..64 {
            let (paths, files, at) = (&paths, &files, running.address);
            scope.spawn(move || {
                let mut connection = Connection::to(at);
                for i in 0..50 {
                    let which = (client + i * 7) % paths.len();
                    let reply = connection.ask("GET", &paths[which], &[]);
                    assert_eq!(reply.status, 200);
                    assert!(reply.body == files[which], "{}", paths[which]);
                    let headers = [("If-None-Match", reply.header("etag"))];
                    let again = connection.ask("GET", &paths[which], &headers);
                    assert_eq!(again.status, 304);
                }
            });
        }
    });
    let metrics = get(running.address, "/metrics");
    assert!(
        metrics.text().contains("puck_http_in_flight 1\n"),
        "{}",
        metrics.text()
    );
}

#[test]
fn publishes_at_once_are_all_there_and_none_twice() {
    const PACKAGES: usize = 20;
    const VERSIONS: usize = 10;
    let running = Running::start(|_| ());
    let token = running.all("alice");
    let busy = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for package in 0..PACKAGES {
            for version in 0..VERSIONS {
                let (token, at, busy) = (&token, running.address, &busy);
                scope.spawn(move || {
                    let name = format!("package{package}");
                    let bytes = archive(&name, &format!("1.{version}.0"), &[DOT]);
                    loop {
                        let reply = send(at, "POST", "/api/v1/publish", token, &bytes);
                        match reply.status {
                            201 => break,
                            503 => {
                                busy.fetch_add(1, Ordering::Relaxed);
                                std::thread::sleep(Duration::from_millis(50));
                            }
                            _ => panic!("{reply:?}"),
                        }
                    }
                });
            }
        }
    });
    let registry = puck_registry::Registry::open(&running.directory()).unwrap();
    let state = registry.verify_log().unwrap();
    assert_eq!(state.entries, (PACKAGES * VERSIONS) as u64);
    for package in 0..PACKAGES {
        let index = get(running.address, &format!("/index/pa/ck/package{package}"));
        assert_eq!(index.text().lines().count(), VERSIONS);
    }
}
