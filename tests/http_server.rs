//! The server before clients that are not `puck`.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::Value;

use crate::support::Machine;
use crate::support::run::Run;
use crate::support::server::{ask, expect_sound};

/// What curl prints: the head of the answer, then its body.
fn curl(machine: &Machine, line: &str, url: &str) -> Run {
    let line = format!("--silent --show-error --include --max-time 60 {line}");
    machine.program("curl", "", &line).arg(url).run()
}

/// A header of what curl prints.
fn header<'r>(run: &'r Run, name: &str) -> &'r str {
    let lines = run.stdout.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    found.next().unwrap_or_else(|| panic!("no {name}: {run}")).1
}

#[test]
fn curl_with_and_without_etags() {
    let machine = Machine::new();
    let directory = machine.make_registry("team", &[("first", 1)]);
    let served = machine.serve(&directory, "");
    for path in ["registry.json", "log.jsonl", "index/fi/rs/first"] {
        let url = format!("{}{path}", served.url());
        let text = fs_err::read_to_string(directory.join(path)).unwrap();
        let run = curl(&machine, "", &url);
        assert!(run.stdout.starts_with("HTTP/1.1 200"), "{path}: {run}");
        assert!(
            run.stdout.ends_with(&format!("\r\n\r\n{text}")),
            "{path}: {run}"
        );
        let etag = header(&run, "etag").to_owned();
        assert!(etag.starts_with('"'), "a strong one: {etag}");
        for (known, status) in [
            (etag.as_str(), 304),
            ("\"other\"", 200),
            (&format!("\"other\", {etag}"), 304),
            (&format!("W/{etag}"), 304),
            ("*", 304),
        ] {
            let line = format!("--header 'If-None-Match: {known}'");
            let run = curl(&machine, &line, &url);
            let expected = format!("HTTP/1.1 {status}");
            assert!(run.stdout.starts_with(&expected), "{path} {known}: {run}");
            assert_eq!(header(&run, "etag"), etag, "{path} {known}: {run}");
            assert_eq!(run.stdout.ends_with(&text), status == 200, "{path}: {run}");
        }
        let run = curl(&machine, "--compressed", &url);
        assert!(run.stdout.ends_with(&text), "{path}: {run}");
        let run = curl(&machine, "--head", &url);
        assert_eq!(
            header(&run, "content-length"),
            text.len().to_string(),
            "{path}"
        );
        let run = curl(&machine, "--range 0-9", &url);
        assert!(run.stdout.starts_with("HTTP/1.1 206"), "{path}: {run}");
        assert!(
            run.stdout.ends_with(&format!("\r\n\r\n{}", &text[..10])),
            "{path}: {run}"
        );
        // Changed, it has another ETag: whoever asks with the old one gets the new text.
        let changes = path != "registry.json";
        if changes {
            machine.ir_package("first", &format!("1.{}.0", text.len()), 1, &[]);
            machine.publish_into(&directory, "first");
            let run = curl(&machine, &format!("--header 'If-None-Match: {etag}'"), &url);
            assert!(run.stdout.starts_with("HTTP/1.1 200"), "{path}: {run}");
        }
    }
    let archive = format!("{}archives/first/first-1.0.0.puck", served.url());
    let run = curl(&machine, "--head", &archive);
    assert!(header(&run, "cache-control").contains("immutable"), "{run}");
    for path in [
        "nothing",
        "index/no/th/nothing",
        "private/tokens",
        "registry.lock",
        ".incoming",
    ] {
        let run = curl(&machine, "", &format!("{}{path}", served.url()));
        assert!(run.stdout.starts_with("HTTP/1.1 404"), "{path}: {run}");
        let (_, body) = run.stdout.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"]["code"], "not-found", "{path}");
    }
}

/// What is wrong is refused in JSON, whatever it is, and the server goes on.
#[test]
fn bodies_and_heads_that_are_wrong() {
    let machine = Machine::new();
    let directory = machine.make_registry("team", &[("first", 1)]);
    let served = machine.serve(&directory, "--max-archive-size 64KiB");
    let token = machine.token(&directory, "alice");
    let good = fs_err::read(directory.join("archives/first/first-1.0.0.puck")).unwrap();
    let large = vec![b'x'; 100 << 10];
    let bearer = |token: &str| vec![("Authorization", format!("Bearer {token}"))];
    let mut lied = bearer(&token);
    lied.push(("Puck-Sha256", "0".repeat(64)));
    let path = "/api/v1/publish";
    for (what, method, path, headers, body, expected) in [
        (
            "no token",
            "POST",
            path,
            vec![],
            &good[..],
            (401, "unauthorized"),
        ),
        (
            "another token",
            "POST",
            path,
            bearer("puck_x"),
            &good,
            (401, "unauthorized"),
        ),
        (
            "nothing",
            "POST",
            path,
            bearer(&token),
            b"",
            (422, "bad-archive"),
        ),
        (
            "no archive",
            "POST",
            path,
            bearer(&token),
            b"oops",
            (422, "bad-archive"),
        ),
        (
            "half",
            "POST",
            path,
            bearer(&token),
            &good[..100],
            (422, "bad-archive"),
        ),
        (
            "too large",
            "POST",
            path,
            bearer(&token),
            &large,
            (413, "too-large"),
        ),
        (
            "other bytes",
            "POST",
            path,
            lied,
            &good,
            (400, "bad-request"),
        ),
        (
            "no JSON",
            "PUT",
            "/api/v1/packages/first/1.0.0/yank",
            bearer(&token),
            b"{",
            (400, "bad-request"),
        ),
        (
            "no name",
            "PUT",
            "/api/v1/packages/F!/1.0.0/yank",
            bearer(&token),
            b"{}",
            (400, "bad-request"),
        ),
        (
            "no owner",
            "PUT",
            "/api/v1/packages/first/1.0.0/yank",
            bearer(&token),
            b"{}",
            (403, "forbidden"),
        ),
        (
            "a file",
            "POST",
            "/registry.json",
            bearer(&token),
            b"{}",
            (405, "method-not-allowed"),
        ),
        (
            "up",
            "GET",
            "/../../etc/passwd",
            vec![],
            b"",
            (404, "not-found"),
        ),
        (
            "up in code",
            "GET",
            "/index/%2e%2e/private/tokens",
            vec![],
            b"",
            (404, "not-found"),
        ),
    ] {
        let reply = ask(served.address(), method, path, &headers, body).unwrap();
        let error = &reply.json()["error"];
        let found = (reply.status, error["code"].as_str().unwrap_or_default());
        assert_eq!(found, expected, "{what}: {}", reply.text());
        assert!(!reply.text().contains(&token), "{what}");
    }
    // No HTTP at all.
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET\r\n\r\n",
        &[b'A'; 100_000],
    ] {
        let mut stream = TcpStream::connect(served.address()).unwrap();
        _ = stream.write_all(bytes);
    }
    assert_eq!(served.get("/health").status, 200);
    assert_eq!(expect_sound(&directory), ["first 1.0.0"]);
}
