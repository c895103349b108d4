//! A mirror: filled by use, true to its upstream, and of use without it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use puck_registry_server::StorageLocation;
use puck_registry_server::http::{Options, ServeError, Server, block_on};

use crate::raw::{self, ask, get, send};
use crate::running::{Running, archive};

const DOT: &str = "dot(n: u64) -> f64";
const INDEX: &str = "/index/li/na/linalg";
const ARCHIVE: &str = "/archives/linalg/linalg-1.0.0.puck";

fn mirror_of(url: &str) -> Running {
    Running::start(|options| options.upstream = Some(url.parse().unwrap()))
}

#[test]
fn it_serves_what_its_upstream_has() {
    let upstream = Running::start(|_| ());
    upstream.put("linalg", "1.0.0", &[DOT]);
    let mirror = mirror_of(&upstream.url);
    for path in ["/registry.json", "/log.jsonl", INDEX, ARCHIVE] {
        for _ in 0..2 {
            let reply = get(mirror.address, path);
            assert_eq!(reply.status, 200, "{path}: {reply:?}");
            assert_eq!(reply.body, upstream.file(path), "{path}");
            let headers = [("If-None-Match", reply.header("etag"))];
            assert_eq!(ask(mirror.address, "GET", path, &headers).status, 304);
        }
        assert_eq!(mirror.file(path), upstream.file(path));
    }
    for path in [
        "/index/no/th/nothing",
        "/archives/linalg/linalg-9.0.0.puck",
        "/private/x",
    ] {
        assert_eq!(get(mirror.address, path).code(), "not-found", "{path}");
    }
    // What is new upstream is new here.
    upstream.put("linalg", "1.1.0", &[DOT]);
    assert_eq!(get(mirror.address, INDEX).body, upstream.file(INDEX));
    assert_eq!(
        get(mirror.address, "/log.jsonl").body,
        upstream.file("/log.jsonl")
    );
    let fresh = "/archives/linalg/linalg-1.1.0.puck";
    assert_eq!(get(mirror.address, fresh).body, upstream.file(fresh));
    let metrics = get(mirror.address, "/metrics");
    assert!(
        metrics
            .text()
            .contains("puck_upstream_requests_total{outcome=\"unchanged\"}")
    );
}

#[test]
fn lookups_are_passed_on_and_changes_are_not() {
    let upstream = Running::start(|_| ());
    let token = upstream.all("alice");
    upstream.put("linalg", "1.0.0", &[DOT]);
    let mirror = mirror_of(&upstream.url);
    let names = get(mirror.address, "/api/v1/names");
    assert_eq!(names.json()["names"][0], "linalg");
    let hits = get(mirror.address, "/api/v1/search?q=lin");
    assert_eq!(hits.json()["hits"][0]["name"], "linalg");
    let bytes = archive("linalg", "1.1.0", &[DOT]);
    for (method, path) in [
        ("POST", "/api/v1/publish"),
        ("PUT", "/api/v1/packages/linalg/1.0.0/yank"),
        ("DELETE", "/api/v1/packages/linalg/1.0.0/yank"),
        ("PUT", "/api/v1/packages/linalg/owners/bob"),
    ] {
        let reply = send(mirror.address, method, path, &token, &bytes);
        assert_eq!(
            (reply.status, &*reply.code()),
            (405, "read-only"),
            "{method} {path}"
        );
        assert!(reply.text().contains(&upstream.url), "{}", reply.text());
        assert!(!reply.header("allow").is_empty());
    }
    assert_eq!(
        upstream.file(INDEX).iter().filter(|b| **b == b'\n').count(),
        1
    );
}

#[test]
fn what_was_fetched_is_served_while_the_upstream_is_down() {
    let upstream = Running::start(|_| ());
    upstream.put("linalg", "1.0.0", &[DOT]);
    upstream.put("signal", "1.0.0", &[DOT]);
    let mirror = mirror_of(&upstream.url);
    let (index, archive) = (upstream.file(INDEX), upstream.file(ARCHIVE));
    assert_eq!(get(mirror.address, INDEX).status, 200);
    assert_eq!(get(mirror.address, ARCHIVE).status, 200);
    let url = upstream.url.clone();
    drop(upstream);
    for _ in 0..2 {
        let stale = get(mirror.address, INDEX);
        assert_eq!((stale.status, &stale.body), (200, &index));
        assert_eq!(stale.header("warning"), "110 - \"Response is Stale\"");
        // An archive never changes.
        let kept = get(mirror.address, ARCHIVE);
        assert_eq!((kept.status, kept.header("warning")), (200, ""));
        assert_eq!(kept.body, archive);
        let missing = get(mirror.address, "/index/si/gn/signal");
        assert_eq!((missing.status, &*missing.code()), (502, "upstream"));
        assert!(missing.text().contains(&url));
    }
    // It starts again without it, too.
    let folder = tempfile::tempdir().unwrap();
    copy(&mirror.directory(), &folder.path().join("registry"));
    drop(mirror);
    let again = Running::over(folder, |options| {
        options.upstream = Some(url.parse().unwrap());
    });
    assert_eq!(get(again.address, INDEX).body, index);
    assert_eq!(get(again.address, ARCHIVE).body, archive);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs_err::copy(entry.path(), place).unwrap();
        }
    }
}

/// Why there is no server over `directory`.
fn refused(directory: &std::path::Path, upstream: Option<&str>) -> ServeError {
    let mut options = Options::at("127.0.0.1:0".parse().unwrap());
    options.upstream = upstream.map(|url| url.parse().unwrap());
    let location = StorageLocation::Directory(directory.to_owned());
    let bound = block_on(Server::bind(&location, &options)).unwrap();
    bound.err().expect("it should not have started")
}

#[test]
fn a_registry_does_not_become_a_mirror_nor_a_mirror_a_registry() {
    let upstream = Running::start(|_| ());
    upstream.put("linalg", "1.0.0", &[DOT]);
    let own = Running::start(|_| ());
    own.put("linalg", "1.0.0", &["mine(n: u64) -> f64"]);
    let before = ["/registry.json", "/log.jsonl", INDEX, ARCHIVE].map(|path| own.file(path));
    let error = refused(&own.directory(), Some(&upstream.url));
    assert!(matches!(error, ServeError::NotMirror { .. }), "{error}");
    assert!(error.hint().is_some());
    let after = ["/registry.json", "/log.jsonl", INDEX, ARCHIVE].map(|path| own.file(path));
    assert_eq!(before, after);

    let mirror = mirror_of(&upstream.url);
    let error = refused(&mirror.directory(), Some(&own.url));
    assert!(matches!(error, ServeError::OtherUpstream { .. }), "{error}");
    let error = refused(&mirror.directory(), None);
    assert!(matches!(error, ServeError::IsMirror { .. }), "{error}");
    assert!(error.hint().unwrap().contains(&upstream.url));
    assert_eq!(
        mirror.file("/registry.json"),
        upstream.file("/registry.json")
    );

    // An address that was mistyped is not remembered.
    let empty = tempfile::tempdir().unwrap();
    let error = refused(empty.path(), Some("http://127.0.0.1:1/"));
    assert!(matches!(error, ServeError::Upstream { .. }), "{error}");
    let folder = tempfile::tempdir().unwrap();
    copy(empty.path(), &folder.path().join("registry"));
    Running::over(folder, |options| {
        options.upstream = Some(upstream.url.parse().unwrap());
    });
}

/// A server that answers as it is told: the path to the body.
struct Faulty {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

type Answers = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

impl Faulty {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (answers, count) = (Arc::clone(&answers), Arc::clone(&count));
                std::thread::spawn(move || {
                    let mut stream = BufReader::new(stream.unwrap());
                    let mut lines = Vec::new();
                    let mut line = String::new();
                    while stream.read_line(&mut line).unwrap_or(0) > 2 {
                        lines.push(std::mem::take(&mut line));
                    }
                    let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else {
                        return;
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                    let (status, body) = match answers(path) {
                        Some(body) => ("200 OK", body),
                        None => ("404 Not Found", Vec::new()),
                    };
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                    );
                    _ = stream.get_mut().write_all(head.as_bytes());
                    _ = stream.get_mut().write_all(&body);
                });
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

#[test]
fn wrong_bytes_are_not_passed_on() {
    let truth = Running::start(|_| ());
    truth.put("linalg", "1.0.0", &[DOT]);
    let directory = truth.directory();
    let wrong = Arc::new(Mutex::new("".to_owned()));
    let lie = Arc::clone(&wrong);
    let faulty = Faulty::start(Arc::new(move |path| {
        let mut bytes = fs_err::read(directory.join(path.trim_start_matches('/'))).ok()?;
        match lie.lock().unwrap().as_str() {
            "flip" if path == ARCHIVE => bytes[100] ^= 1,
            "long" if path == ARCHIVE => bytes.push(0),
            "short" if path == ARCHIVE => bytes.truncate(100),
            "page" if path == INDEX => bytes = b"<html>please log in</html>".to_vec(),
            _ => {}
        }
        Some(bytes)
    }));
    let mirror = mirror_of(&faulty.url());
    for (lie, path) in [
        ("flip", ARCHIVE),
        ("long", ARCHIVE),
        ("short", ARCHIVE),
        ("page", INDEX),
    ] {
        *wrong.lock().unwrap() = lie.to_owned();
        // Without a copy an error; with one, the copy.
        let reply = get(mirror.address, path);
        if path == ARCHIVE {
            assert_eq!((reply.status, &*reply.code()), (502, "upstream"), "{lie}");
            assert!(!mirror.directory().join(&path[1..]).exists(), "{lie}");
        } else {
            assert_eq!(reply.body, truth.file(path), "{lie}");
        }
    }
    *wrong.lock().unwrap() = String::new();
    assert_eq!(get(mirror.address, ARCHIVE).body, truth.file(ARCHIVE));
    // A plain web server without entity tags will do, too.
    assert_eq!(get(mirror.address, INDEX).body, truth.file(INDEX));
    let spool = mirror.directory().join("private/spool");
    assert_eq!(fs_err::read_dir(spool).unwrap().count(), 0);
}

#[test]
fn one_bad_file_does_not_make_the_others_stale() {
    let truth = Running::start(|_| ());
    truth.put("linalg", "1.0.0", &[DOT]);
    truth.put("signal", "1.0.0", &[DOT]);
    let directory = truth.directory();
    let faulty = Faulty::start(Arc::new(move |path| {
        let mut bytes = fs_err::read(directory.join(path.trim_start_matches('/'))).ok()?;
        match path {
            ARCHIVE => bytes[100] ^= 1,
            "/index/si/gn/signal" => bytes = b"<html>please log in</html>".to_vec(),
            _ => {}
        }
        Some(bytes)
    }));
    let mirror = mirror_of(&faulty.url());
    assert_eq!(get(mirror.address, INDEX).status, 200);
    for bad in [ARCHIVE, "/index/si/gn/signal"] {
        assert_eq!(get(mirror.address, bad).code(), "upstream");
        let version = if bad == ARCHIVE { "1.1.0" } else { "1.2.0" };
        truth.put("linalg", version, &[DOT]);
        let reply = get(mirror.address, INDEX);
        assert_eq!((reply.status, reply.header("warning")), (200, ""), "{bad}");
        assert_eq!(reply.body, truth.file(INDEX), "{bad}");
    }
}

#[test]
fn no_log_is_served_that_is_newer_than_an_index_file() {
    const OTHER: &str = "/index/ve/cm/vecmath";
    let upstream = Running::start(|_| ());
    upstream.put("linalg", "1.0.0", &[DOT]);
    upstream.put("vecmath", "1.0.0", &[DOT]);
    let mirror = mirror_of(&upstream.url);
    for path in ["/log.jsonl", OTHER] {
        assert_eq!(get(mirror.address, path).status, 200);
    }
    let registry = puck_registry::Registry::open(&upstream.directory()).unwrap();
    let (name, version) = ("vecmath".parse().unwrap(), "1.0.0".parse().unwrap());
    registry.yank(&name, &version, true, None).unwrap();
    let (log, index) = (upstream.file("/log.jsonl"), upstream.file(OTHER));
    for path in ["/log.jsonl", INDEX] {
        assert_eq!(get(mirror.address, path).status, 200);
    }
    drop(upstream);
    assert_eq!(get(mirror.address, "/log.jsonl").body, log);
    assert_eq!(get(mirror.address, OTHER).body, index);
}

#[test]
fn a_log_stays_as_it_was_until_what_it_is_about_can_be_fetched() {
    let truth = Running::start(|_| ());
    truth.put("linalg", "1.0.0", &[DOT]);
    let directory = truth.directory();
    let (state, rewritten) = (Arc::new(Mutex::new("")), Arc::new(Mutex::new(Vec::new())));
    let (told, other) = (Arc::clone(&state), Arc::clone(&rewritten));
    let faulty = Faulty::start(Arc::new(move |path| {
        match (*told.lock().unwrap(), path) {
            ("page", INDEX) => return Some(b"<html>please log in</html>".to_vec()),
            ("rewritten", "/log.jsonl") => return Some(other.lock().unwrap().clone()),
            _ => {}
        }
        fs_err::read(directory.join(path.trim_start_matches('/'))).ok()
    }));
    let mirror = mirror_of(&faulty.url());
    assert_eq!(get(mirror.address, INDEX).status, 200);
    let before = get(mirror.address, "/log.jsonl").body;
    truth.put("linalg", "1.1.0", &[DOT]);
    let mut other = truth.file("/log.jsonl");
    let quote = other.iter().rposition(|byte| *byte == b'Z').unwrap();
    other[quote - 1] ^= 1;
    for now in ["page", "rewritten"] {
        if now == "rewritten" {
            *state.lock().unwrap() = "";
            assert_eq!(
                get(mirror.address, "/log.jsonl").body,
                truth.file("/log.jsonl")
            );
            *rewritten.lock().unwrap() = other.clone();
        }
        *state.lock().unwrap() = now;
        let kept = get(mirror.address, "/log.jsonl");
        assert_eq!(
            kept.header("warning"),
            "110 - \"Response is Stale\"",
            "{now}"
        );
        let expected = match now {
            "page" => before.clone(),
            _ => truth.file("/log.jsonl"),
        };
        assert_eq!(kept.body, expected, "{now}");
    }
}

#[test]
fn clients_at_once_are_one_request_upstream() {
    let truth = Running::start(|_| ());
    truth.put("linalg", "1.0.0", &[DOT]);
    let directory = truth.directory();
    let faulty = Faulty::start(Arc::new(move |path| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        fs_err::read(directory.join(path.trim_start_matches('/'))).ok()
    }));
    let mirror = mirror_of(&faulty.url());
    let before = faulty.asked.load(Ordering::Relaxed);
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let at = mirror.address;
            std::thread::spawn(move || raw::get(at, ARCHIVE).body)
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), truth.file(ARCHIVE));
    }
    // The index and the archive, each once; on a slow machine a late client asks anew.
    let asked = faulty.asked.load(Ordering::Relaxed) - before;
    assert!((2..=8).contains(&asked), "{asked}");
}
