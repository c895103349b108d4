//! The API: who may do what, and what is said when something cannot be done.

use std::time::Duration;

use puck_package::Digest;
use puck_registry_server::access::{NewToken, Pattern, Scope};
use puck_registry_server::http::block_on;
use serde_json::json;

use crate::raw::{Connection, ask, get, head, send};
use crate::running::{Running, archive};

const DOT: &str = "dot(n: u64) -> f64";
const PUBLISH: &str = "/api/v1/publish";

#[test]
fn a_package_from_its_first_version_to_its_last() {
    let running = Running::start(|_| ());
    let at = running.address;
    let (alice, bob) = (running.all("alice"), running.all("bob"));
    let first = archive("linalg", "1.0.0", &[DOT]);

    let checked = send(at, "POST", "/api/v1/publish?dry-run=true", &alice, &first);
    assert_eq!(
        (checked.status, &checked.json()["new"]),
        (200, &json!(true))
    );
    assert_eq!(get(at, "/index/li/na/linalg").status, 404);

    let published = send(at, "POST", PUBLISH, &alice, &first);
    assert_eq!(published.status, 201, "{published:?}");
    assert_eq!(published.json()["new"], json!(true));
    assert_eq!(
        published.json()["line"]["sha256"],
        json!(Digest::of(&first).to_string())
    );
    assert_eq!(get(at, "/archives/linalg/linalg-1.0.0.puck").body, first);
    let line = serde_json::to_string(&published.json()["line"]).unwrap();
    let index: serde_json::Value =
        serde_json::from_str(get(at, "/index/li/na/linalg").text().trim()).unwrap();
    assert_eq!(serde_json::to_string(&index).unwrap(), line);

    // Whose answer was lost sends it again.
    let again = send(at, "POST", PUBLISH, &alice, &first);
    assert_eq!((again.status, &again.json()["new"]), (200, &json!(false)));

    let other = archive("linalg", "1.0.0", &["nrm(n: u64) -> f64"]);
    let refused = send(at, "POST", PUBLISH, &alice, &other);
    assert_eq!((refused.status, &*refused.code()), (409, "version-exists"));
    let breaking = archive("linalg", "1.1.0", &["nrm(n: u64) -> f64"]);
    let refused = send(at, "POST", PUBLISH, &alice, &breaking);
    assert_eq!((refused.status, &*refused.code()), (409, "incompatible"));

    // Bob has no part in it until Alice says so.
    let second = archive("linalg", "1.1.0", &[DOT]);
    let refused = send(at, "POST", PUBLISH, &bob, &second);
    assert_eq!((refused.status, &*refused.code()), (403, "forbidden"));
    let owners = "/api/v1/packages/linalg/owners";
    assert_eq!(get(at, owners).json(), json!({ "owners": ["alice"] }));
    let refused = send(at, "PUT", &format!("{owners}/bob"), &bob, b"");
    assert_eq!(refused.status, 403);
    let refused = send(at, "DELETE", &format!("{owners}/alice"), &alice, b"");
    assert_eq!((refused.status, &*refused.code()), (409, "conflict"));
    let owned = send(at, "PUT", &format!("{owners}/bob"), &alice, b"");
    assert_eq!(owned.json(), json!({ "owners": ["alice", "bob"] }));
    assert_eq!(send(at, "POST", PUBLISH, &bob, &second).status, 201);
    let owned = send(at, "DELETE", &format!("{owners}/alice"), &bob, b"");
    assert_eq!(owned.json(), json!({ "owners": ["bob"] }));

    let yank = "/api/v1/packages/linalg/1.0.0/yank";
    let reason = json!({ "reason": "wrong for n = 0" }).to_string();
    let yanked = send(at, "PUT", yank, &bob, reason.as_bytes());
    assert_eq!(yanked.json(), json!({ "changed": true }));
    assert!(
        get(at, "/index/li/na/linalg")
            .text()
            .contains("wrong for n = 0")
    );
    let yanked = send(at, "PUT", yank, &bob, reason.as_bytes());
    assert_eq!(yanked.json(), json!({ "changed": false }));
    assert_eq!(
        send(at, "DELETE", yank, &bob, b"").json(),
        json!({ "changed": true })
    );
    assert_eq!(send(at, "PUT", yank, &alice, b"").status, 403);
    assert_eq!(send(at, "PUT", yank, &bob, b"{").code(), "bad-request");
    let unknown = send(at, "PUT", "/api/v1/packages/linalg/9.0.0/yank", &bob, b"");
    assert_eq!((unknown.status, &*unknown.code()), (404, "not-found"));

    let registry = puck_registry::Registry::open(&running.directory()).unwrap();
    registry.verify_log().unwrap();
}

#[test]
fn lookups() {
    let running = Running::start(|_| ());
    let at = running.address;
    running.put("linalg", "1.0.0", &[DOT]);
    running.put("signal", "1.0.0", &["fft(n: u64, x: *mut f64)"]);
    assert_eq!(
        get(at, "/api/v1/names").json(),
        json!({ "names": ["linalg", "signal"] })
    );
    for (query, expected) in [
        ("", &["linalg", "signal"][..]),
        ("?q=lin", &["linalg"]),
        ("?q=fft", &["signal"]),
        ("?q=nothing", &[]),
        ("?limit=1", &["linalg"]),
        ("?limit=0", &[]),
        ("?signature=fn(n:%20u64)%20-%3E%20f64", &["linalg"]),
    ] {
        let reply = get(at, &format!("/api/v1/search{query}"));
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let json = reply.json();
        let hits = json["hits"].as_array().unwrap();
        let names: Vec<&str> = hits
            .iter()
            .map(|hit| hit["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{query}");
    }
    let long = format!("?q={}", "x".repeat(2000));
    for query in ["?signature=oops", "?limit=x", "?limit=-1", &long] {
        let reply = get(at, &format!("/api/v1/search{query}"));
        assert_eq!(
            (reply.status, &*reply.code()),
            (400, "bad-request"),
            "{query}"
        );
    }
    let description = get(at, "/api/v1/openapi.json");
    assert!(
        description.json()["openapi"]
            .as_str()
            .unwrap()
            .starts_with("3.")
    );
    let registry = get(at, "/registry.json").json();
    assert_eq!(registry["api"], json!("api/v1"));
    assert_eq!(get(at, "/api/v1/packages/nothing/owners").status, 404);
    assert_eq!(get(at, "/api/v1/packages/NOTHING/owners").status, 400);
}

#[test]
fn tokens_allow_what_they_say() {
    let running = Running::start(|_| ());
    let at = running.address;
    let new = running.token("alice", &[Scope::PublishNew], &["lin*"]);
    let update = running.token("alice", &[Scope::PublishUpdate], &["*"]);
    let read = running.token("alice", &[Scope::Read], &["*"]);
    let linalg = archive("linalg", "1.0.0", &[DOT]);
    let signal = archive("signal", "1.0.0", &[DOT]);
    for (token, bytes, expected) in [
        (&update, &linalg, 403),
        (&read, &linalg, 403),
        (&new, &signal, 403),
        (&new, &linalg, 201),
    ] {
        assert_eq!(send(at, "POST", PUBLISH, token, bytes).status, expected);
    }
    let next = archive("linalg", "1.1.0", &[DOT]);
    assert_eq!(send(at, "POST", PUBLISH, &new, &next).status, 403);
    assert_eq!(send(at, "POST", PUBLISH, &update, &next).status, 201);
    for (method, path) in [
        ("PUT", "/api/v1/packages/linalg/1.0.0/yank"),
        ("DELETE", "/api/v1/packages/linalg/1.0.0/yank"),
        ("PUT", "/api/v1/packages/linalg/owners/bob"),
        ("DELETE", "/api/v1/packages/linalg/owners/bob"),
    ] {
        assert_eq!(
            send(at, method, path, &update, b"").code(),
            "forbidden",
            "{method} {path}"
        );
    }
    let me = send(at, "GET", "/api/v1/me", &new, b"").json();
    assert_eq!(me["user"], json!("alice"));
    assert_eq!(me["scopes"], json!(["publish-new"]));
    assert_eq!(me["packages"], json!(["lin*"]));
    assert_eq!(me["expires"], json!(null));
}

#[test]
fn tokens_that_are_not_good() {
    let running = Running::start(|_| ());
    let at = running.address;
    let good = running.all("alice");
    let expiring = NewToken {
        user: "alice".parse().unwrap(),
        scopes: Scope::ALL.into(),
        packages: vec![Pattern::all()],
        expires: Some(jiff::Timestamp::now() + Duration::from_secs(2)),
    };
    let service = running.service();
    let (_, expiring) = block_on(service.create_token(expiring)).unwrap().unwrap();
    let (revoked, secret) = {
        let new = NewToken {
            user: "alice".parse().unwrap(),
            scopes: Scope::ALL.into(),
            packages: vec![Pattern::all()],
            expires: None,
        };
        block_on(service.create_token(new)).unwrap().unwrap()
    };
    assert_eq!(
        send(at, "GET", "/api/v1/me", secret.text(), b"").status,
        200
    );
    block_on(service.revoke_token(&revoked.id))
        .unwrap()
        .unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    let mut changed = good.clone().into_bytes();
    changed[10] = if changed[10] == b'a' { b'b' } else { b'a' };
    let changed = String::from_utf8(changed).unwrap();
    for value in [
        format!("Bearer {}", secret.text()),
        format!("Bearer {}", expiring.text()),
        format!("Bearer {changed}"),
        format!("Bearer {}", &good[..40]),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {good}"),
        good.clone(),
    ] {
        let reply = ask(at, "GET", "/api/v1/me", &[("Authorization", &value)]);
        assert_eq!(
            (reply.status, &*reply.code()),
            (401, "unauthorized"),
            "{value}"
        );
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"puck\"");
        for secret in [&good, secret.text(), expiring.text(), &changed] {
            assert!(!reply.text().contains(&secret[5..]));
        }
    }
    assert_eq!(get(at, "/api/v1/me").status, 401);
    let value = format!("bearer {good}");
    assert_eq!(
        ask(at, "GET", "/api/v1/me", &[("Authorization", &value)]).status,
        200
    );
}

#[test]
fn a_private_registry_is_read_by_whom_it_is_for() {
    let running = Running::start(|options| options.private = true);
    let at = running.address;
    let path = running.put("linalg", "1.0.0", &[DOT]);
    let reader = running.token("alice", &[Scope::Read], &["*"]);
    let writer = running.token("alice", &[Scope::PublishNew], &["*"]);
    for path in [
        &path,
        "/index/li/na/linalg",
        "/log.jsonl",
        "/registry.json",
        "/api/v1/names",
        "/api/v1/search?q=lin",
        "/api/v1/packages/linalg/owners",
        "/metrics",
        "/nothing",
    ] {
        let refused = get(at, path);
        assert_eq!(
            (refused.status, &*refused.code()),
            (401, "unauthorized"),
            "{path}"
        );
        assert_eq!(
            send(at, "GET", path, &writer, b"").code(),
            "forbidden",
            "{path}"
        );
        let status = send(at, "GET", path, &reader, b"").status;
        assert_eq!(status, if path == "/nothing" { 404 } else { 200 }, "{path}");
    }
    assert_eq!(get(at, "/health").status, 200);
    // Caches between server and client are not to keep it.
    let cache = send(at, "GET", &path, &reader, b"");
    assert_eq!(
        cache.header("cache-control"),
        "private, max-age=31536000, immutable"
    );
    let cache = send(at, "GET", "/log.jsonl", &reader, b"");
    assert_eq!(cache.header("cache-control"), "private, no-cache");
}

#[test]
fn a_token_for_some_packages_reads_these() {
    let running = Running::start(|options| options.private = true);
    let at = running.address;
    let linear = running.put("linalg", "1.0.0", &[DOT]);
    let other = running.put("signal", "1.0.0", &[DOT]);
    let reader = running.token("alice", &[Scope::Read], &["lin*"]);
    for (path, expected) in [
        ("/registry.json", 200),
        ("/log.jsonl", 200),
        ("/index/li/na/linalg", 200),
        (&linear, 200),
        ("/api/v1/packages/linalg/owners", 200),
        ("/index/si/gn/signal", 403),
        ("/%69ndex/si/gn/signal", 403),
        ("/index/no/th/nothing", 403),
        (&other, 403),
        ("/api/v1/packages/signal/owners", 403),
    ] {
        // Twice: the second may come from memory.
        for _ in 0..2 {
            assert_eq!(
                send(at, "GET", path, &reader, b"").status,
                expected,
                "{path}"
            );
        }
    }
    let names = send(at, "GET", "/api/v1/names", &reader, b"").json();
    assert_eq!(names, json!({ "names": ["linalg"] }));
    for query in ["", "?q=dot", "?q=signal"] {
        let path = format!("/api/v1/search{query}");
        let found = send(at, "GET", &path, &reader, b"");
        assert_eq!(found.status, 200);
        assert!(!found.text().contains("signal"), "{found:?}");
    }
}

#[test]
fn a_token_that_cannot_publish_need_not_send_anything() {
    let running = Running::start(|_| ());
    let token = running.token("alice", &[Scope::Yank, Scope::Read], &["*"]);
    let bearer = format!("Bearer {token}");
    let mut connection = Connection::to(running.address);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Expect", "100-continue"),
    ];
    connection.send(head("POST", PUBLISH, &headers, Some(100_000)));
    let reply = connection.reply();
    assert_eq!((reply.status, &*reply.code()), (403, "forbidden"));
}

#[test]
fn what_cannot_be_published() {
    let running = Running::start(|_| ());
    let at = running.address;
    let token = running.all("alice");
    let good = archive("linalg", "1.0.0", &[DOT]);
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    for bytes in [&b""[..], b"oops", &good[..good.len() / 2], &damaged] {
        let reply = send(at, "POST", PUBLISH, &token, bytes);
        assert_eq!(
            (reply.status, &*reply.code()),
            (422, "bad-archive"),
            "{} bytes",
            bytes.len()
        );
    }
    // What arrives must be what was sent.
    let bearer = format!("Bearer {token}");
    let other = Digest::of(b"").to_string();
    for (sha256, expected) in [(other.as_str(), 400), ("oops", 400)] {
        let mut connection = Connection::to(at);
        let headers = [("Authorization", bearer.as_str()), ("Puck-Sha256", sha256)];
        connection.send(head("POST", PUBLISH, &headers, Some(good.len())));
        connection.send(&good);
        let reply = connection.reply();
        assert_eq!((reply.status, &*reply.code()), (expected, "bad-request"));
    }
    assert_eq!(get(at, "/log.jsonl").status, 404);
    let sha256 = Digest::of(&good).to_string();
    let mut connection = Connection::to(at);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Puck-Sha256", &sha256),
        ("Transfer-Encoding", "chunked"),
    ];
    connection.send(head("POST", PUBLISH, &headers, None));
    for chunk in good.chunks(100) {
        connection.send(format!("{:x}\r\n", chunk.len()));
        connection.send(chunk);
        connection.send("\r\n");
    }
    connection.send("0\r\n\r\n");
    assert_eq!(connection.reply().status, 201);
    // Nothing is left of what was refused.
    let spool = running.directory().join("private/spool");
    assert_eq!(fs_err::read_dir(spool).unwrap().count(), 0);
}
