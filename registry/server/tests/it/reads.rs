//! Reading: conditions, ranges, encodings, and what is no file of the registry.

use std::io::Read as _;

use crate::raw::{Connection, ask, get};
use crate::running::{Running, write};

const DOT: &str = "dot(n: u64) -> f64";
const INDEX: &str = "/index/li/na/linalg";

fn filled() -> Running {
    let running = Running::start(|_| ());
    for minor in 0..4 {
        running.put("linalg", &format!("1.{minor}.0"), &[DOT]);
    }
    let archive = "/archives/linalg/linalg-1.2.0.puck";
    for path in ["/registry.json", "/log.jsonl", INDEX, archive] {
        age(&running, path);
    }
    running
}

/// Has a file be an hour old: the date of one that was just written says nothing.
fn age(running: &Running, path: &str) {
    let path = running.directory().join(path.trim_start_matches('/'));
    let file = std::fs::File::options().append(true).open(path).unwrap();
    let hour = std::time::Duration::from_secs(3600);
    file.set_modified(std::time::SystemTime::now() - hour)
        .unwrap();
}

#[test]
fn the_date_of_what_was_just_written_says_nothing() {
    let running = filled();
    running.put("linalg", "1.9.0", &[DOT]);
    let written = std::fs::metadata(running.directory().join(&INDEX[1..])).unwrap();
    let written = written.modified().unwrap();
    let date = httpdate::fmt_http_date(written);
    let reply = ask(
        running.address,
        "GET",
        INDEX,
        &[("If-Modified-Since", &date)],
    );
    let soon = written + std::time::Duration::from_secs(2);
    // On a machine that is slow enough it is not that new.
    if std::time::SystemTime::now() < soon {
        assert_eq!((reply.status, reply.header("last-modified")), (200, ""));
    }
}

#[test]
fn files_are_served_as_they_are() {
    let running = filled();
    for (path, content_type, cache) in [
        ("/registry.json", "application/json", "no-cache"),
        ("/log.jsonl", "application/jsonl", "no-cache"),
        (INDEX, "application/jsonl", "no-cache"),
        (
            "/archives/linalg/linalg-1.2.0.puck",
            "application/vnd.puck.package",
            "public, max-age=31536000, immutable",
        ),
    ] {
        let bytes = running.file(path);
        let reply = get(running.address, path);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.body, bytes, "{path}");
        assert_eq!(reply.header("content-type"), content_type);
        assert_eq!(reply.header("cache-control"), cache);
        assert_eq!(reply.header("accept-ranges"), "bytes");
        assert!(reply.header("etag").starts_with('"'), "{reply:?}");
        assert!(reply.header("last-modified").ends_with(" GMT"), "{reply:?}");
        let head = ask(running.address, "HEAD", path, &[]);
        for name in ["content-length", "etag", "content-type", "last-modified"] {
            assert_eq!(head.header(name), reply.header(name), "{name} of {path}");
        }
        assert_eq!(head.status, 200);
    }
}

#[test]
fn what_is_written_meanwhile_is_seen_at_once() {
    let running = filled();
    let before = get(running.address, INDEX);
    running.put("linalg", "1.9.0", &[DOT]);
    let tag = before.header("etag");
    let after = ask(running.address, "GET", INDEX, &[("If-None-Match", tag)]);
    assert_eq!(after.status, 200);
    assert_eq!(after.body, running.file(INDEX));
    assert_ne!(after.header("etag"), tag);
    assert_eq!(
        get(running.address, "/log.jsonl").body,
        running.file("/log.jsonl")
    );
}

#[test]
fn conditions() {
    let running = filled();
    let mut connection = Connection::to(running.address);
    let reply = connection.ask("GET", INDEX, &[]);
    let tag = reply.header("etag").to_owned();
    let weak = format!("W/{tag}");
    let list = format!("\"other\", {tag}");
    let date = reply.header("last-modified").to_owned();
    for (method, headers, expected) in [
        ("GET", &[("If-None-Match", tag.as_str())][..], 304),
        ("HEAD", &[("If-None-Match", tag.as_str())], 304),
        ("GET", &[("If-None-Match", weak.as_str())], 304),
        ("GET", &[("If-None-Match", list.as_str())], 304),
        ("GET", &[("If-None-Match", "*")], 304),
        ("GET", &[("If-None-Match", "\"other\"")], 200),
        ("GET", &[("If-Modified-Since", date.as_str())], 304),
        (
            "GET",
            &[
                ("If-None-Match", "\"other\""),
                ("If-Modified-Since", date.as_str()),
            ],
            200,
        ),
        ("GET", &[("If-Match", tag.as_str())], 200),
        ("GET", &[("If-Match", "\"other\"")], 412),
        // A range of what the client has already.
        (
            "GET",
            &[("If-None-Match", tag.as_str()), ("Range", "bytes=0-1")],
            304,
        ),
    ] {
        let reply = connection.ask(method, INDEX, headers);
        assert_eq!(reply.status, expected, "{method} {headers:?}");
        if expected == 304 {
            assert_eq!(reply.header("etag"), tag);
            assert_eq!(reply.header("cache-control"), "no-cache");
        }
    }
}

#[test]
fn ranges() {
    let running = filled();
    let archive = "/archives/linalg/linalg-1.0.0.puck";
    let large = "/archives/large/large-1.0.0.puck";
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    write(&running.directory(), &large[1..], &bytes);
    for path in [archive, large, INDEX, "/log.jsonl"] {
        let bytes = running.file(path);
        let size = bytes.len();
        let tag = get(running.address, path).header("etag").to_owned();
        let mut connection = Connection::to(running.address);
        for (range, expected) in [
            ("bytes=0-9".to_owned(), Some(0..10)),
            ("bytes=100-".to_owned(), Some(100..size)),
            ("bytes=-7".to_owned(), Some(size - 7..size)),
            (format!("bytes=5-{}", size * 2), Some(5..size)),
            (
                format!("bytes={}-{}", size - 1, size - 1),
                Some(size - 1..size),
            ),
            (format!("bytes={size}-"), None),
            ("bytes=-0".to_owned(), None),
        ] {
            let reply = connection.ask("GET", path, &[("Range", &range)]);
            match expected {
                Some(part) => {
                    assert_eq!(reply.status, 206, "{range} of {path}");
                    let said = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                    assert_eq!(reply.header("content-range"), said);
                    assert_eq!(reply.header("etag"), tag);
                    assert!(reply.body == bytes[part], "{range} of {path}");
                }
                None => {
                    assert_eq!(reply.status, 416, "{range} of {path}");
                    assert_eq!(reply.header("content-range"), format!("bytes */{size}"));
                    assert_eq!(reply.code(), "range-not-satisfiable");
                }
            }
        }
        for (headers, expected) in [
            ([("Range", "bytes=0-9"), ("If-Range", tag.as_str())], 206),
            ([("Range", "bytes=0-9"), ("If-Range", "\"other\"")], 200),
            // Whoever compresses on the way has other bytes; ranges are of the file's.
            ([("Range", "bytes=0-9"), ("Accept-Encoding", "gzip")], 206),
            ([("Range", "bytes=0-1,5-6"), ("Accept", "*/*")], 200),
            ([("Range", "lines=0-1"), ("Accept", "*/*")], 200),
        ] {
            let reply = connection.ask("GET", path, &headers);
            assert_eq!(reply.status, expected, "{headers:?} of {path}");
            assert_eq!(reply.header("content-encoding"), "");
        }
        let head = connection.ask("HEAD", path, &[("Range", "bytes=0-9")]);
        assert_eq!(
            (head.status, head.header("content-length")),
            (200, &*size.to_string())
        );
    }
}

#[test]
fn encodings() {
    let running = filled();
    let plain = get(running.address, INDEX);
    assert_eq!(plain.header("vary"), "accept-encoding");
    let mut connection = Connection::to(running.address);
    for (accepted, name) in [("gzip", "gzip"), ("gzip, zstd", "zstd"), ("br", "")] {
        for _ in 0..2 {
            let headers = [("Accept-Encoding", accepted)];
            let reply = connection.ask("GET", INDEX, &headers);
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("content-encoding"), name);
            assert_eq!(reply.header("vary"), "accept-encoding");
            let decoded = match name {
                "gzip" => {
                    let mut text = Vec::new();
                    let mut decoder = flate2::read::GzDecoder::new(&reply.body[..]);
                    decoder.read_to_end(&mut text).unwrap();
                    text
                }
                "zstd" => zstd::bulk::decompress(&reply.body, 1 << 20).unwrap(),
                _ => reply.body.clone(),
            };
            assert_eq!(decoded, plain.body);
            let head = connection.ask("HEAD", INDEX, &headers);
            assert_eq!(
                head.header("content-length"),
                reply.header("content-length")
            );
            assert_eq!(head.header("content-encoding"), name);
            // Each representation has a tag of its own, and is confirmed by it alone.
            let tag = reply.header("etag");
            assert_eq!(tag == plain.header("etag"), name.is_empty());
            let again = [("Accept-Encoding", accepted), ("If-None-Match", tag)];
            assert_eq!(connection.ask("GET", INDEX, &again).status, 304);
            let other = connection.ask("GET", INDEX, &[("If-None-Match", tag)]);
            assert_eq!(other.status, if name.is_empty() { 304 } else { 200 });
        }
    }
    let archive = "/archives/linalg/linalg-1.0.0.puck";
    let reply = connection.ask("GET", archive, &[("Accept-Encoding", "gzip, zstd")]);
    assert_eq!(reply.header("content-encoding"), "");
    assert_eq!(reply.header("vary"), "");
}

#[test]
fn nothing_else_is_served() {
    let running = filled();
    let token = running.all("alice");
    let secret = "nobody's business";
    for path in [
        "private/x",
        "pending.json",
        ".incoming/x",
        "registry.lock",
        "x",
    ] {
        write(&running.directory(), path, secret.as_bytes());
    }
    write(running.folder.path(), "outside", secret.as_bytes());
    let tokens = running.directory().join("private/tokens");
    let token_file = fs_err::read_dir(tokens).unwrap().next().unwrap().unwrap();
    let token_path = format!("/private/tokens/{}", token_file.file_name().display());
    let mut connection = Connection::to(running.address);
    for path in [
        "/",
        "/x",
        "/private/x",
        "/private/",
        "/private",
        "/pending.json",
        "/registry.lock",
        "/.incoming/x",
        "/index",
        "/index/",
        "/index/li",
        "/index/li/na/nothing",
        "/index/../private/x",
        "/index/li/../../private/x",
        "/index/%2e%2e/private/x",
        "/index/..%2fprivate/x",
        "/index/..%5cprivate/x",
        "/archives/../private/x",
        "/archives/linalg/..%2f..%2fprivate%2fx",
        "/archives/linalg/linalg-1.0.0.puck%00",
        "/archives/linalg/linalg-7.0.0.puck",
        "/archives/linalg/../../../outside",
        "/../outside",
        "/%2e%2e/outside",
        "//etc/passwd",
        "/etc/passwd",
        "/index//etc/passwd",
        "/log.jsonl/",
        "/registry.json/..",
        &token_path,
    ] {
        let reply = connection.ask("GET", path, &[]);
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.code(), "not-found", "{path}");
        assert!(!reply.text().contains(secret), "{path}");
        assert!(!reply.text().contains(&token), "{path}");
    }
}

#[test]
fn wrong_methods() {
    let running = filled();
    for (method, path, allow) in [
        ("POST", "/log.jsonl", "GET, HEAD"),
        ("DELETE", INDEX, "GET, HEAD"),
        ("PUT", "/archives/linalg/linalg-1.0.0.puck", "GET, HEAD"),
        ("GET", "/api/v1/publish", "POST"),
        ("POST", "/api/v1/packages/a/1.0.0/yank", "PUT, DELETE"),
        ("PATCH", "/api/v1/packages/a/owners", "GET, HEAD"),
    ] {
        let reply = ask(running.address, method, path, &[]);
        assert_eq!(reply.status, 405, "{method} {path}");
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
        assert_eq!(reply.code(), "method-not-allowed");
    }
}
