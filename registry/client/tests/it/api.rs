//! What a registry with an API is asked, and what of its answers is said.

use puck_package::Digest;
use puck_registry::Query;
use puck_registry_client::{Client, Error, Token};
use semver::Version;

use crate::faulty::Fault;
use crate::scene::{Scene, name};

/// A registry with an API, at a client that has a token.
fn scene() -> (Scene, Client) {
    let scene = Scene::usual();
    let description = r#"{"format": 1, "name": "team", "api": "api/v1"}"#;
    scene
        .server
        .always("/registry.json", Fault::json(200, description));
    let mut settings = scene.settings();
    settings.token = Some(Token::new("puck_x").unwrap());
    let client = Client::new(settings).unwrap();
    (scene, client)
}

#[test]
fn publishing() {
    let (scene, client) = scene();
    let path = scene.pack("linalg", "2.0.0");
    let bytes = fs_err::read(&path).unwrap();
    let answer = serde_json::json!({ "line": scene.line(), "new": true }).to_string();
    // The first answers do not come; publishing is repeated, for it may be.
    scene.server.fault("/api", 1, Fault::Hang);
    scene.server.fault("/api", 1, Fault::status(503));
    scene.server.always("/api", Fault::json(201, &answer));
    let published = client.publish(&path, false).unwrap();
    assert_eq!((published.line, published.new), (scene.line(), true));
    client.publish(&path, true).unwrap();
    let seen = scene.server.seen();
    let paths: Vec<_> = seen
        .iter()
        .map(|seen| (&*seen.method, &*seen.path))
        .collect();
    assert_eq!(
        paths,
        [
            ("GET", "/registry.json"),
            ("POST", "/api/v1/publish"),
            ("POST", "/api/v1/publish"),
            ("POST", "/api/v1/publish"),
            ("POST", "/api/v1/publish?dry-run=true"),
        ]
    );
    for seen in &seen[1..] {
        assert_eq!(seen.body, bytes);
        assert_eq!(
            seen.header("puck-sha256"),
            Some(Digest::of(&bytes).hex().as_str())
        );
        assert_eq!(
            seen.header("content-length"),
            Some(bytes.len().to_string().as_str())
        );
        assert_eq!(seen.header("authorization"), Some("Bearer puck_x"));
    }
}

#[test]
fn large_archives_are_sent_piece_by_piece() {
    let (scene, client) = scene();
    let path = scene.directory.path().join("large.puck");
    let bytes: Vec<u8> = (0..17u32 << 20).map(|i| (i % 251) as u8).collect();
    fs_err::write(&path, &bytes).unwrap();
    let answer = serde_json::json!({ "line": scene.line(), "new": true }).to_string();
    scene.server.fault("/api", 1, Fault::status(503));
    scene.server.always("/api", Fault::json(201, &answer));
    client.publish(&path, false).unwrap();
    let seen = scene.server.seen();
    for seen in &seen[1..] {
        assert!(seen.body == bytes);
        let length = bytes.len().to_string();
        assert_eq!(seen.header("content-length"), Some(length.as_str()));
        assert_eq!(seen.header("transfer-encoding"), None);
    }
    assert_eq!(seen.len(), 3);
}

#[test]
fn refusals_are_passed_on() {
    let (scene, client) = scene();
    let path = scene.pack("linalg", "2.0.0");
    for (status, code) in [
        (409, "version-exists"),
        (409, "incompatible"),
        (403, "forbidden"),
        (422, "bad-archive"),
        (413, "too-large"),
        (500, "internal"),
        (503, "overloaded"),
    ] {
        let json = format!(r#"{{"error":{{"code":"{code}","message":"No.","hint":"Do not."}}}}"#);
        scene.server.fault("/api", 5, Fault::json(status, &json));
        let error = client.publish(&path, false).unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(
            (error.to_string(), error.hint()),
            ("No.".to_owned(), Some("Do not.".to_owned()))
        );
        scene.server.seen();
        // Without those that were for further attempts.
        while scene.server.faults_left("/api") {
            let _ = client.me();
        }
    }
    let json = r#"{"error":{"code":"unauthorized","message":"Who are you?"}}"#;
    scene.server.always("/api", Fault::json(401, json));
    let error = client.me().unwrap_err();
    assert!(
        matches!(&error, Error::Unauthorized { sent: true, message, .. } if message == "Who are you?")
    );
    assert!(error.hint().unwrap().contains("puck login"));
}

#[test]
fn the_other_calls() {
    let (scene, client) = scene();
    let linalg = name("linalg");
    let version: Version = "1.0.0-rc.1+b.1".parse().unwrap();
    let mut calls = Vec::new();
    let mut answer = |json: &str, call: &dyn Fn() -> String| {
        scene.server.fault("/api", 1, Fault::json(200, json));
        calls.push(call());
    };
    answer(r#"{"changed":true}"#, &|| {
        format!(
            "{:?}",
            client.yank(&linalg, &version, true, Some("slow")).unwrap()
        )
    });
    answer(r#"{"changed":false}"#, &|| {
        format!("{:?}", client.yank(&linalg, &version, false, None).unwrap())
    });
    answer(r#"{"owners":["alice"]}"#, &|| {
        client.owners(&linalg).unwrap().join(",")
    });
    answer(r#"{"owners":["alice","bob/x"]}"#, &|| {
        client.add_owner(&linalg, "bob/x").unwrap().join(",")
    });
    answer(r#"{"owners":["alice"]}"#, &|| {
        client.remove_owner(&linalg, "bob/x").unwrap().join(",")
    });
    answer(r#"{"names":["stats","linalg"]}"#, &|| {
        format!("{:?}", client.names().unwrap().len())
    });
    answer(
        r#"{"hits":[{"name":"linalg","version":"1.0.0","description":"","keywords":[],"exports":[]}]}"#,
        &|| {
            let signature = Some("fn(n: u64) -> f64".parse().unwrap());
            let query = Query {
                text: "dot & more".to_owned(),
                signature,
            };
            client.search(&query).unwrap()[0].name.to_string()
        },
    );
    answer(
        r#"{"user":"alice","scopes":["yank"],"packages":["lin*"],"expires":null}"#,
        &|| client.me().unwrap().user,
    );
    assert_eq!(
        calls,
        [
            "true",
            "false",
            "alice",
            "alice,bob/x",
            "alice",
            "2",
            "linalg",
            "alice"
        ]
    );
    let seen = scene.server.seen();
    let asked: Vec<_> = seen[1..]
        .iter()
        .map(|seen| format!("{} {}", seen.method, seen.path))
        .collect();
    assert_eq!(
        asked,
        [
            "PUT /api/v1/packages/linalg/1.0.0-rc.1+b.1/yank",
            "DELETE /api/v1/packages/linalg/1.0.0-rc.1+b.1/yank",
            "GET /api/v1/packages/linalg/owners",
            "PUT /api/v1/packages/linalg/owners/bob%2Fx",
            "DELETE /api/v1/packages/linalg/owners/bob%2Fx",
            "GET /api/v1/names",
            "GET /api/v1/search?q=dot+%26+more&signature=fn%28n%3A+u64%29+-%3E+f64",
            "GET /api/v1/me",
        ]
    );
    assert_eq!(seen[1].body, br#"{"reason":"slow"}"#);
}

#[test]
fn a_registry_that_can_only_be_read() {
    let scene = Scene::usual();
    let client = scene.client();
    let path = scene.pack("linalg", "2.0.0");
    let error = client.publish(&path, false).unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("ask whoever runs it"));
    assert!(client.owners(&name("linalg")).is_err());
    assert!(!client.has_api().unwrap());
}
