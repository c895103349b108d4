//! The index: what is asked for, and how often.

use semver::Version;

use crate::faulty::Fault;
use crate::scene::{Scene, name, versions};

#[test]
fn what_is_known_is_not_asked_for_again() {
    let scene = Scene::usual();
    let client = scene.client();
    assert_eq!(scene.asked().len(), 0, "making a client asks nothing");
    assert_eq!(versions(&client, "linalg").unwrap(), "1.0.0, 1.1.0");
    assert_eq!(versions(&client, "stats").unwrap(), "1.0.0");
    assert_eq!(versions(&client, "linalg").unwrap(), "1.0.0, 1.1.0");
    assert_eq!(client.name().unwrap(), "team");
    assert_eq!(
        scene.asked(),
        [
            "/registry.json",
            "/log.jsonl",
            "/index/li/na/linalg",
            "/index/st/at/stats"
        ]
    );

    // The next process looks at the log.
    let client = scene.client();
    client.prefetch(&[name("linalg"), name("stats")]).unwrap();
    assert_eq!(versions(&client, "linalg").unwrap(), "1.0.0, 1.1.0");
    assert_eq!(client.name().unwrap(), "team");
    assert_eq!(scene.asked(), ["/log.jsonl"]);

    // What changed is asked for, and nothing else.
    scene.publish("linalg", "1.2.0");
    let client = scene.client();
    client.prefetch(&[name("linalg"), name("stats")]).unwrap();
    assert_eq!(versions(&client, "linalg").unwrap(), "1.0.0, 1.1.0, 1.2.0");
    assert_eq!(scene.asked(), ["/log.jsonl", "/index/li/na/linalg"]);
    let requests = {
        scene.client().prefetch(&[name("linalg")]).unwrap();
        scene.asked()
    };
    assert_eq!(requests, ["/log.jsonl"]);
}

#[test]
fn only_the_end_of_the_log_is_sent() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    scene.server.seen();
    versions(&scene.client(), "linalg").unwrap();
    let seen = scene.server.seen();
    let log = fs_err::read_to_string(scene.registry.directory().join("log.jsonl")).unwrap();
    let last = log.trim_end().rfind('\n').unwrap() + 1;
    assert_eq!(
        seen[0].header("range"),
        Some(format!("bytes={last}-").as_str())
    );
    assert!(seen[0].header("user-agent").unwrap().starts_with("puck/"));
}

#[test]
fn yanks_are_seen() {
    let scene = Scene::usual();
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
    let version = Version::new(1, 0, 0);
    let set = |yanked| {
        let path = scene.registry.directory();
        let registry = puck_registry::Registry::open(path).unwrap();
        registry
            .yank(&name("linalg"), &version, yanked, None)
            .unwrap();
    };
    set(true);
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0 yanked, 1.1.0"
    );
    set(false);
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
}

#[test]
fn a_registry_that_begins_empty() {
    let scene = Scene::new();
    for _ in 0..2 {
        assert_eq!(versions(&scene.client(), "linalg").unwrap(), "");
    }
    // That there is no such package is not remembered: it may have been said by mistake.
    assert_eq!(
        scene.asked(),
        [
            "/registry.json",
            "/log.jsonl",
            "/index/li/na/linalg",
            "/log.jsonl",
            "/index/li/na/linalg",
        ]
    );
    scene.publish("linalg", "1.0.0");
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0");
    scene.publish("linalg", "1.0.1");
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.0.1");
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    fs_err::remove_file(scene.cache().join("position.json")).unwrap();
    scene.server.seen();
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
    let seen = scene.server.seen();
    assert!(seen[1].header("if-none-match").is_some(), "{seen:?}");
    // And is current now.
    versions(&scene.client(), "linalg").unwrap();
    assert_eq!(scene.asked(), ["/log.jsonl"]);
}

#[test]
fn a_damaged_cache_is_filled_again() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    let files = ["position.json", "registry.json", "index/li/na/linalg"];
    for file in files.map(|file| scene.cache().join(file)) {
        let whole = fs_err::read(&file).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 4;
        for damage in [&b""[..], b"\0\0\0\0", &whole[..whole.len() / 2], &flipped] {
            fs_err::write(&file, damage).unwrap();
            let client = scene.client();
            assert_eq!(
                versions(&client, "linalg").unwrap(),
                "1.0.0, 1.1.0",
                "{file:?}"
            );
            assert_eq!(client.name().unwrap(), "team");
        }
    }
    // Not even a cache that is something else stands in the way.
    fs_err::remove_dir_all(scene.cache()).unwrap();
    fs_err::write(scene.cache(), "").unwrap();
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
    assert!(scene.notices.lock().unwrap()[0].starts_with("the index is not kept"));
}

#[test]
fn offline_nothing_is_asked() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    scene.publish("linalg", "1.2.0");
    scene.server.seen();
    let mut settings = scene.settings();
    settings.offline = true;
    let client = puck_registry_client::Client::new(settings).unwrap();
    assert_eq!(versions(&client, "linalg").unwrap(), "1.0.0, 1.1.0");
    assert_eq!(client.name().unwrap(), "team");
    for error in [
        versions(&client, "stats").unwrap_err(),
        client.names().unwrap_err(),
        client.archive(&scene.line()).map(drop).unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("nothing may be asked"),
            "{error}"
        );
    }
    assert_eq!(scene.asked().len(), 0);
}

#[test]
fn names_and_search_without_an_api() {
    let scene = Scene::usual();
    let client = scene.client();
    assert_eq!(client.names().unwrap(), [name("linalg"), name("stats")]);
    let query = puck_registry::Query {
        text: "stats".to_owned(),
        ..Default::default()
    };
    let hits = client.search(&query).unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].name, name("stats"));
}

#[test]
fn many_at_once() {
    let scene = Scene::new();
    let names: Vec<_> = (0..60).map(|i| format!("package{i}")).collect();
    scene.publish("package0", "1.0.0");
    for name in &names {
        // Unknown ones are asked for just the same.
        scene
            .server
            .fault(&format!("/index/pa/ck/{name}"), 1, Fault::status(503));
    }
    let names: Vec<_> = names.iter().map(|text| name(text)).collect();
    let client = scene.client();
    client.prefetch(&names).unwrap();
    scene.server.seen();
    assert_eq!(versions(&client, "package0").unwrap(), "1.0.0");
    assert_eq!(versions(&client, "package59").unwrap(), "");
    assert_eq!(scene.asked().len(), 0);
}
