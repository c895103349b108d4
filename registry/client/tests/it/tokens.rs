//! Where a token goes, and where it does not.

use puck_registry_client::{Client, Error, Settings, Token};

use crate::faulty::{Fault, Server};
use crate::scene::{Scene, read, versions};

const SECRET: &str = "puck_s3cret";

fn settings(scene: &Scene) -> Settings {
    let mut settings = scene.settings();
    settings.token = Some(Token::new(SECRET).unwrap());
    settings
}

#[test]
fn to_the_registry_and_nowhere_else() {
    let scene = Scene::usual();
    let client = Client::new(settings(&scene)).unwrap();
    let elsewhere = Server::new(scene.registry.directory());
    let path = "archives/linalg/linalg-1.0.0.puck";
    let here = format!("{}moved/../{path}", scene.server.url());
    let there = format!("{}{path}", elsewhere.url());
    for (status, to, elsewhere_asked) in [
        (302, here.as_str(), false),
        (301, &format!("/{path}?x=1"), false),
        (307, &there, true),
        (302, there.trim_start_matches("http:"), true),
    ] {
        scene.server.seen();
        scene
            .server
            .fault("/archives", 1, Fault::redirect(status, to));
        assert_eq!(read(&client, &scene.line()).unwrap(), scene.archive_bytes());
        for seen in scene.server.seen() {
            assert_eq!(seen.header("authorization"), Some("Bearer puck_s3cret"));
        }
        let seen = elsewhere.seen();
        assert_eq!(seen.len(), usize::from(elsewhere_asked), "{to}");
        for seen in seen {
            assert_eq!(seen.header("authorization"), None);
            assert_eq!(seen.header("referer"), None);
        }
    }
    // Taken up again after a break, it begins at the registry.
    elsewhere.fault("/archives", 1, Fault::Cut(10));
    scene
        .server
        .fault("/archives", 2, Fault::redirect(302, there.as_str()));
    assert_eq!(read(&client, &scene.line()).unwrap(), scene.archive_bytes());
    let seen = elsewhere.seen();
    assert_eq!(seen[1].header("range"), Some("bytes=10-"));
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization").is_none())
    );
}

#[test]
fn redirects_that_are_not_followed() {
    let scene = Scene::usual();
    let elsewhere = Server::new(scene.registry.directory());
    let client = Client::new(settings(&scene)).unwrap();
    for (to, expected) in [
        ("/archives/round", "more than 5 redirects"),
        ("file:///etc/passwd", "not an address of HTTP"),
        ("http://[x", "names no address"),
    ] {
        scene.server.always("/archives", Fault::redirect(302, to));
        let error = read(&client, &scene.line()).unwrap_err();
        assert!(error.contains(expected), "{error}");
        scene.server.heal();
    }
    scene.server.always("/archives", Fault::status(302));
    assert!(
        read(&client, &scene.line())
            .unwrap_err()
            .contains("names no address")
    );

    // What changes something goes to no other place at all.
    let description = r#"{"format": 1, "name": "team", "api": "api/v1"}"#;
    scene
        .server
        .always("/registry.json", Fault::json(200, description));
    let to = format!("{}api/v1/publish", elsewhere.url());
    scene.server.always("/api", Fault::redirect(307, to));
    let error = client
        .publish(&scene.pack("linalg", "9.0.0"), false)
        .unwrap_err();
    assert!(matches!(error, Error::Redirect { .. }), "{error:?}");
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn an_api_elsewhere_gets_no_token() {
    let scene = Scene::usual();
    let elsewhere = Server::new(scene.registry.directory());
    let description = format!(
        r#"{{"format": 1, "name": "team", "api": "{}api/"}}"#,
        elsewhere.url()
    );
    scene
        .server
        .always("/registry.json", Fault::json(200, &description));
    let error = Client::new(settings(&scene)).unwrap().me().unwrap_err();
    assert!(matches!(error, Error::OtherHost { .. }), "{error:?}");
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn plain_http_to_other_machines_takes_leave() {
    let scene = Scene::usual();
    let mut settings = settings(&scene);
    settings.cache = None;
    settings.retry.count = 0;
    settings.url = "http://registry.invalid/".parse().unwrap();
    let error = Client::new(settings.clone()).unwrap().name().unwrap_err();
    assert!(matches!(error, Error::PlainToken { .. }), "{error:?}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("registries.NAME.plain-http-token"), "{hint}");
    settings.plain_http_token = true;
    let error = Client::new(settings).unwrap().name().unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[test]
fn no_error_shows_it() {
    let scene = Scene::usual();
    let client = Client::new(settings(&scene)).unwrap();
    assert!(!format!("{client:?}").contains("s3cret"));
    for fault in [
        Fault::status(401),
        Fault::status(403),
        Fault::status(500),
        Fault::Hang,
        Fault::page(),
    ] {
        scene.server.always("/", fault);
        let error = versions(&client, "linalg").unwrap_err();
        let all = format!("{error} {error:?} {:?}", error.hint());
        assert!(!all.contains("s3cret"), "{all}");
        scene.server.heal();
    }
    assert!(!scene.notices.lock().unwrap().concat().contains("s3cret"));
}

#[test]
fn whether_one_was_sent_makes_the_hint() {
    let scene = Scene::usual();
    scene.server.always("/", Fault::status(401));
    let hint = versions(&scene.client(), "linalg")
        .unwrap_err()
        .hint()
        .unwrap();
    assert!(hint.starts_with("`puck login NAME`"), "{hint}");
    let client = Client::new(settings(&scene)).unwrap();
    let hint = versions(&client, "linalg").unwrap_err().hint().unwrap();
    assert!(hint.contains("revoked or expired"), "{hint}");
}
