//! Many clients of one server at once, and some that take their time.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use puck_registry::Registry;

use crate::support::Machine;
use crate::support::sample::{self, Sample};
use crate::support::server::{Reply, Served, ask, expect_sound, post};

/// The most memory that a server takes, whatever the crowd: its cache of 64 MiB, twice that for
/// the requests that it works on.
const MEMORY: u64 = 192 << 20;

/// A machine with a registry of small packages, and a large one: several megabytes.
fn origin(packages: usize) -> Machine {
    let machine = Machine::new();
    let registry = Registry::create(&machine.team(), "team").unwrap();
    let temporary = machine.root().join("temporary");
    for i in 0..packages {
        let archive = sample::pack(&temporary, &format!("small{i}"), "1.0.0", &["f(n: u64)"]);
        registry.publish(&archive).unwrap();
    }
    registry.publish(&large(&temporary)).unwrap();
    machine
}

const LARGE: &str = "/archives/large/large-1.0.0.puck";

/// An archive whose contents cannot be made smaller.
fn large(directory: &Path) -> PathBuf {
    let mut sample = Sample::new("large", "1.0.0", &["f(n: u64)"]);
    let mut state = 1_u64;
    let mut noise = Vec::new();
    while noise.len() < 4 << 20 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        noise.extend_from_slice(&(state >> 32).to_le_bytes()[..4]);
    }
    let ir = sample.document.ir_path();
    sample.files.get_mut(&ir).unwrap().extend(noise);
    sample.pack(directory)
}

/// The files of a registry that are served, by path.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![directory.join("index"), directory.join("archives")];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let shown = path.strip_prefix(directory).unwrap().display().to_string();
                files.insert(format!("/{shown}"), fs_err::read(path).unwrap());
            }
        }
    }
    for name in ["registry.json", "log.jsonl"] {
        files.insert(
            format!("/{name}"),
            fs_err::read(directory.join(name)).unwrap(),
        );
    }
    files
}

/// Asks until there is room; whoever is sent away must be told when to come again.
fn patiently(mut request: impl FnMut() -> std::io::Result<Reply>) -> Reply {
    loop {
        let reply = request().unwrap();
        if ![429, 503].contains(&reply.status) {
            return reply;
        }
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!(wait <= 10, "{wait}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn sixty_four_readers_at_once() {
    let origin = origin(12);
    let served = origin.serve(&origin.team(), "");
    let address = served.address();
    let files = &files(&origin.team());
    let start = &Barrier::new(64);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(move || {
                start.wait();
                for (path, expected) in files {
                    let reply = patiently(|| ask(address, "GET", path, &[], &[]));
                    assert_eq!(reply.status, 200, "{path}");
                    assert!(reply.body == *expected, "{path}: other bytes");
                }
            });
        }
    });
    let memory = served.peak_memory();
    assert!(memory < MEMORY, "{memory} bytes");
}

/// Sixteen installations into as many homes, all of them real.
#[test]
fn sixteen_installations_at_once() {
    let origin = Machine::with_team();
    origin.ir_package("first", "1.0.0", 1, &[]);
    origin.ir_package("second", "1.0.0", 2, &["first"]);
    for name in ["first", "second"] {
        let publish = origin.call(name, "publish");
        publish.env("PUCK_REGISTRY", origin.team()).ok();
    }
    let served = origin.serve(&origin.team(), "");
    let url = &served.url();
    let start = &Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || {
                let machine = Machine::new();
                machine.project(&[("second", "1")]);
                start.wait();
                machine.from(url, "project", "install").ok();
                assert_eq!(machine.ok("project", "run second::sum"), "3\n");
                machine.expect_tidy();
            });
        }
    });
}

#[test]
fn two_hundred_publishes_at_once() {
    let origin = Machine::with_team();
    let served = origin.serve(&origin.team(), "");
    let address = served.address();
    let token = &origin.token(&origin.team(), "alice");
    // Each version is sent twice, so that for each one is the first.
    let archives: Vec<_> = (0..100)
        .map(|i| (format!("package{}", i % 25), format!("1.{}.0", i / 25)))
        .map(|(name, version)| {
            let temporary = origin.root().join("temporary");
            let path = sample::pack(&temporary, &name, &version, &["f(n: u64)"]);
            (format!("{name} {version}"), fs_err::read(path).unwrap())
        })
        .collect();
    let start = &Barrier::new(2 * archives.len());
    let statuses: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = archives
            .iter()
            .chain(&archives)
            .map(|(id, bytes)| {
                scope.spawn(move || {
                    start.wait();
                    let reply = patiently(|| post(address, token, bytes));
                    assert!([200, 201].contains(&reply.status), "{id}: {}", reply.text());
                    assert_eq!(reply.json()["new"], reply.status == 201, "{id}");
                    (id.clone(), reply.status)
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let mut found = expect_sound(&origin.team());
    found.sort();
    let mut expected: Vec<_> = archives.iter().map(|(id, _)| id.clone()).collect();
    expected.sort();
    assert_eq!(found, expected);
    for id in expected {
        let firsts = statuses
            .iter()
            .filter(|(of, status)| *of == id && *status == 201);
        assert_eq!(firsts.count(), 1, "{id}");
    }
    let memory = served.peak_memory();
    assert!(memory < MEMORY, "{memory} bytes");
}

/// A connection on which a request was sent, and no answer read.
fn unread(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[test]
fn who_takes_his_time_holds_nobody_up() {
    let origin = origin(2);
    // So long that nobody is given up meanwhile.
    let patient = "--stall-timeout 600 --header-timeout 600 --request-timeout 600";
    let served = origin.serve(&origin.team(), patient);
    let (address, token) = (served.address(), &origin.token(&origin.team(), "alice"));
    let get = format!("GET {LARGE} HTTP/1.1\r\nHost: x\r\n\r\n");
    let post_head = format!(
        "POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 1000000\r\n\r\nhalf"
    );
    let mut slow: Vec<_> = (0..100).map(|_| unread(address, &get)).collect();
    let silent: Vec<_> = (0..50)
        .map(|_| unread(address, "GET /registry.js"))
        .collect();
    let uploads: Vec<_> = (0..30).map(|_| unread(address, &post_head)).collect();
    let temporary = origin.root().join("temporary");
    for i in 0..20 {
        let path = sample::pack(&temporary, "quick", &format!("1.{i}.0"), &["f(n: u64)"]);
        let reply = served.post(token, &fs_err::read(path).unwrap()).unwrap();
        assert_eq!(reply.status, 201, "{}", reply.text());
        assert_eq!(
            served.get("/index/qu/ic/quick").text().lines().count(),
            i + 1
        );
        assert_eq!(served.get(LARGE).status, 200);
    }
    let memory = served.peak_memory();
    assert!(memory < MEMORY, "{memory} bytes");
    // Who reads late gets everything yet.
    let expected = fs_err::read(origin.team().join(&LARGE[1..])).unwrap();
    let late = &mut slow[0];
    let mut answer = vec![0; expected.len()];
    late.read_exact(&mut answer).unwrap();
    let body = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(answer[body..] == expected[..expected.len() - body]);
    drop((slow, silent, uploads));
    expect_sound(&origin.team());
}

/// Publishes versions of `name` until the server is gone; those that were acknowledged.
fn publish_on(address: SocketAddr, token: &str, directory: &Path, name: &str) -> Vec<String> {
    let mut done = Vec::new();
    loop {
        let version = format!("1.{}.0", done.len());
        let path = sample::pack(directory, name, &version, &["f(n: u64)"]);
        match post(address, token, &fs_err::read(path).unwrap()) {
            Ok(reply) if reply.status == 201 => done.push(format!("{name} {version}")),
            Ok(reply) => assert_eq!(reply.status, 503, "{}", reply.text()),
            Err(_) => return done,
        }
    }
}

#[test]
fn a_server_that_is_told_to_end_finishes_what_it_does() {
    let origin = origin(1);
    let mut served = origin.serve(&origin.team(), "");
    let (address, token) = (served.address(), &origin.token(&origin.team(), "alice"));
    let temporary = &origin.root().join("temporary");
    let expected = fs_err::read(origin.team().join(&LARGE[1..])).unwrap();
    let mut download = unread(address, &format!("GET {LARGE} HTTP/1.0\r\nHost: x\r\n\r\n"));
    let mut received = vec![0; 1000];
    download.read_exact(&mut received).unwrap();
    let acknowledged: Vec<_> = thread::scope(|scope| {
        let names: Vec<_> = (0..16).map(|i| format!("package{i}")).collect();
        let threads: Vec<_> = names
            .into_iter()
            .map(|name| scope.spawn(move || publish_on(address, token, temporary, &name)))
            .collect();
        thread::sleep(Duration::from_millis(500));
        served.terminate();
        // What was begun is finished.
        download.read_to_end(&mut received).unwrap();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });
    assert!(received.ends_with(&expected), "{} bytes", received.len());
    assert!(served.wait().success());
    let found = expect_sound(&origin.team());
    assert!(!acknowledged.is_empty());
    for id in &acknowledged {
        assert!(found.contains(id), "{id} is lost");
    }
    let left = origin.team().join("private/spool");
    assert_eq!(crate::support::sound::names(&left), Vec::<String>::new());
    drop::<Served<'_>>(served);
}
