//! Who takes too much, too fast or too slowly is sent away, and harms nobody else.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::raw::{Connection, ask, get, head, send};
use crate::running::{Running, archive, write};

const DOT: &str = "dot(n: u64) -> f64";
const PUBLISH: &str = "/api/v1/publish";

#[test]
fn archives_that_are_too_large() {
    let running = Running::start(|options| options.limits.archive_size = 1000);
    let token = running.all("alice");
    let bearer = format!("Bearer {token}");
    // What is announced is not even read.
    let mut connection = Connection::to(running.address);
    let headers = [("Authorization", bearer.as_str())];
    connection.send(head("POST", PUBLISH, &headers, Some(1 << 40)));
    let reply = connection.reply();
    assert_eq!((reply.status, &*reply.code()), (413, "too-large"));
    // What is not announced is read as far as it may go.
    let mut connection = Connection::to(running.address);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Transfer-Encoding", "chunked"),
    ];
    connection.send(head("POST", PUBLISH, &headers, None));
    for _ in 0..11 {
        connection.send(format!("64\r\n{}\r\n", "x".repeat(100)));
    }
    let reply = connection.reply();
    assert_eq!((reply.status, &*reply.code()), (413, "too-large"));
    assert!(connection.rest().is_empty());
}

#[test]
fn documents_that_are_too_large() {
    let running = Running::start(|_| ());
    let token = running.all("alice");
    let reason = format!("{{\"reason\": \"{}\"}}", "x".repeat(100_000));
    let path = "/api/v1/packages/linalg/1.0.0/yank";
    let reply = send(running.address, "PUT", path, &token, reason.as_bytes());
    assert_eq!(reply.status, 413);
}

#[test]
fn heads_that_are_none() {
    let running = Running::start(|_| ());
    let long = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "X: y\r\n".repeat(1000)
    );
    for (request, expected) in [
        ("oops\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA B: c\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\0\0", 400),
        (&long, 431),
        (&many, 431),
    ] {
        let mut connection = Connection::to(running.address);
        connection.send(request);
        let reply = String::from_utf8_lossy(&connection.rest()).into_owned();
        let start: String = request.chars().take(40).collect();
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {expected}")),
            "{start:?}: {reply}"
        );
    }
    assert_eq!(get(running.address, "/health").status, 200);
}

#[test]
fn heads_that_do_not_end() {
    let running = Running::start(|options| {
        options.limits.header_time = Duration::from_secs(1);
    });
    let begun = Instant::now();
    let mut connections: Vec<Connection> = ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\n"]
        .iter()
        .map(|start| {
            let mut connection = Connection::to(running.address);
            connection.send(start);
            connection
        })
        .collect();
    assert_eq!(get(running.address, "/health").status, 200);
    for connection in &mut connections {
        let rest = connection.rest();
        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"),
            "{rest:?}"
        );
    }
    assert!(begun.elapsed() >= Duration::from_millis(900));
}

#[test]
fn uploads_that_do_not_go_on() {
    let running = Running::start(|options| {
        options.limits.stall_time = Duration::from_secs(2);
        options.limits.upload_speed = 1000;
    });
    let token = running.all("alice");
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let mut stalled = Connection::to(running.address);
    stalled.send(head("POST", PUBLISH, &headers, Some(1000)));
    stalled.send("x");
    let mut trickling = Connection::to(running.address);
    trickling.send(head("POST", PUBLISH, &headers, Some(100_000)));
    let reply = stalled.reply();
    assert_eq!((reply.status, &*reply.code()), (408, "timeout"));
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(100));
        if std::io::Write::write_all(trickling.stream.get_mut(), b"x").is_err() {
            break;
        }
        if running
            .directory()
            .join("private/spool")
            .read_dir()
            .unwrap()
            .count()
            == 0
        {
            break;
        }
    }
    let reply = trickling.reply();
    assert_eq!((reply.status, &*reply.code()), (408, "timeout"));
    // One that is fast enough is not hurried.
    let bytes = archive("linalg", "1.0.0", &[DOT]);
    assert_eq!(
        send(running.address, "POST", PUBLISH, &token, &bytes).status,
        201
    );
}

#[test]
fn readers_that_do_not_read() {
    let running = Running::start(|options| {
        options.limits.stall_time = Duration::from_secs(3);
    });
    let large = vec![7; 40 << 20];
    write(
        &running.directory(),
        "archives/large/large-1.0.0.puck",
        &large,
    );
    let mut stalled = Connection::to(running.address);
    stalled.send(head("GET", "/archives/large/large-1.0.0.puck", &[], None));
    std::thread::sleep(Duration::from_secs(7));
    let rest = stalled.rest();
    assert!(
        rest.starts_with(b"HTTP/1.1 200") && rest.len() < large.len(),
        "{}",
        rest.len()
    );
    // One that reads slowly gets everything.
    let mut slow = Connection::to(running.address);
    slow.send(head("GET", "/archives/large/large-1.0.0.puck", &[], None));
    let mut got = 0;
    for _ in 0..5 {
        let mut piece = vec![0; 4 << 20];
        std::io::Read::read_exact(&mut slow.stream, &mut piece).unwrap();
        got += piece.len();
        std::thread::sleep(Duration::from_millis(300));
    }
    while got < large.len() {
        let mut piece = vec![0; 1 << 20];
        let read = std::io::Read::read(&mut slow.stream, &mut piece).unwrap();
        assert_ne!(read, 0, "after {got}");
        got += read;
    }
}

#[test]
fn addresses_and_tokens_that_ask_too_often() {
    let running = Running::start(|options| {
        options.limits.rate = NonZeroU32::new(1);
        options.trust_proxy = true;
    });
    let from = |client: &str| {
        let headers = [("X-Forwarded-For", client)];
        ask(running.address, "GET", "/registry.json", &headers)
    };
    let replies: Vec<_> = (0..20).map(|_| from("203.0.113.1")).collect();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert!((1..=10).contains(&refused), "{refused}");
    let last = replies.iter().rfind(|reply| reply.status == 429).unwrap();
    assert_eq!(last.code(), "rate-limited");
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    // What a client claims about hops before it does not help; others are not concerned.
    assert!((0..20).any(|_| from("198.51.100.1, 203.0.113.1").status == 429));
    assert_eq!(from("203.0.113.2").status, 200);
    assert_eq!(get(running.address, "/health").status, 200);
    // A token counts wherever it is used from.
    let bearer = format!("Bearer {}", running.all("alice"));
    let refused = (0..20)
        .filter(|i| {
            let client = format!("192.0.2.{i}");
            let headers = [
                ("X-Forwarded-For", client.as_str()),
                ("Authorization", &bearer),
            ];
            ask(running.address, "GET", "/api/v1/me", &headers).status == 429
        })
        .count();
    assert!((1..=10).contains(&refused), "{refused}");
}

#[test]
fn a_request_counts_once() {
    let running = Running::start(|options| {
        options.limits.rate = NonZeroU32::new(1);
        options.private = true;
    });
    let bearer = format!("Bearer {}", running.all("alice"));
    for i in 0..10 {
        let headers = [("Authorization", bearer.as_str())];
        let reply = ask(running.address, "GET", "/api/v1/me", &headers);
        assert_eq!(reply.status, 200, "{i}");
    }
}

#[test]
fn more_requests_than_there_is_room_for() {
    let running = Running::start(|options| options.limits.requests = 1);
    let bytes = archive("linalg", "1.0.0", &[DOT]);
    let bearer = format!("Bearer {}", running.all("alice"));
    let headers = [("Authorization", bearer.as_str())];
    let mut upload = Connection::to(running.address);
    upload.send(head("POST", PUBLISH, &headers, Some(bytes.len())));
    upload.send(&bytes[..100]);
    let spool = running.directory().join("private/spool");
    while spool.read_dir().map_or(0, Iterator::count) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let reply = get(running.address, "/registry.json");
    assert_eq!((reply.status, &*reply.code()), (503, "overloaded"));
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(get(running.address, "/health").status, 200);
    let metrics = get(running.address, "/metrics");
    assert!(
        metrics
            .text()
            .contains("puck_http_rejected_total{reason=\"overload\"} 1")
    );
    upload.send(&bytes[100..]);
    assert_eq!(upload.reply().status, 201);
    assert_eq!(get(running.address, "/registry.json").status, 200);
}

#[test]
fn more_publishes_than_there_is_room_for() {
    let running = Running::start(|options| options.limits.publishes = 1);
    let bytes = archive("linalg", "1.0.0", &[DOT]);
    let token = running.all("alice");
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let mut upload = Connection::to(running.address);
    upload.send(head("POST", PUBLISH, &headers, Some(bytes.len())));
    upload.send(&bytes[..100]);
    let spool = running.directory().join("private/spool");
    while spool.read_dir().map_or(0, Iterator::count) == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let reply = send(running.address, "POST", PUBLISH, &token, &bytes);
    assert_eq!((reply.status, &*reply.code()), (503, "overloaded"));
    assert_eq!(get(running.address, "/registry.json").status, 200);
    upload.send(&bytes[100..]);
    assert_eq!(upload.reply().status, 201);
    assert_eq!(
        send(running.address, "POST", PUBLISH, &token, &bytes).status,
        200
    );
}

#[test]
fn more_connections_than_there_is_room_for() {
    let running = Running::start(|options| options.limits.connections = 2);
    let mut first = Connection::to(running.address);
    let mut second = Connection::to(running.address);
    assert_eq!(first.ask("GET", "/health", &[]).status, 200);
    assert_eq!(second.ask("GET", "/health", &[]).status, 200);
    let mut third = Connection::to(running.address);
    let reply = third.reply();
    assert_eq!((reply.status, &*reply.code()), (503, "overloaded"));
    assert_eq!(reply.header("retry-after"), "1");
    assert!(third.rest().is_empty());
    drop(second);
    // The server may take a moment to see that there is room again.
    let again = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let mut connection = Connection::to(running.address);
        connection.ask("GET", "/health", &[]).status == 200
    });
    assert!(again);
    assert_eq!(first.ask("GET", "/health", &[]).status, 200);
}

#[test]
fn who_is_refused_sees_why_though_he_is_still_sending() {
    let running = Running::start(|options| options.private = true);
    let bytes = vec![7; 6 << 20];
    let unknown = format!("puck_{}", "a".repeat(43));
    for _ in 0..5 {
        let reply = send(running.address, "POST", PUBLISH, &unknown, &bytes);
        assert_eq!((reply.status, &*reply.code()), (401, "unauthorized"));
    }
    // Who asks first need not send anything.
    let bearer = format!("Bearer {unknown}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Expect", "100-continue"),
    ];
    let mut connection = Connection::to(running.address);
    connection.send(head("POST", PUBLISH, &headers, Some(bytes.len())));
    assert_eq!(connection.reply().status, 401);
}
