//! What is refused: rewritten logs, old copies, other registries, pages for people.

use puck_registry_client::Error;

use crate::faulty::Fault;
use crate::scene::{Scene, versions};

fn log_path(scene: &Scene) -> std::path::PathBuf {
    scene.registry.directory().join("log.jsonl")
}

/// Line `number` of the log, counted from 1, as its SHA-256.
fn head(scene: &Scene, number: usize) -> String {
    let log = fs_err::read_to_string(log_path(scene)).unwrap();
    puck_package::Digest::of(log.lines().nth(number - 1).unwrap().as_bytes()).hex()
}

#[test]
fn a_rewritten_log_is_refused() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    let remembered = head(&scene, 3);
    let log = fs_err::read_to_string(log_path(&scene)).unwrap();

    // Another registry with a past of its own, longer, as long, and shorter; and none.
    let other = Scene::new();
    let mut others = vec![(String::new(), None)];
    for version in ["1.0.0", "1.0.1", "1.1.0", "1.2.0"] {
        other.publish("linalg", version);
        let text = fs_err::read_to_string(log_path(&other)).unwrap();
        let last = puck_package::Digest::of(text.lines().last().unwrap().as_bytes());
        others.push((text, Some(last.hex())));
    }
    let two: String = log
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    others.push((two, Some(head(&scene, 2))));
    for fault in [None, Some(Fault::NoRange), Some(Fault::Plain)] {
        for (text, found) in &others {
            fs_err::write(log_path(&scene), text).unwrap();
            if let Some(fault) = &fault {
                scene.server.always("/log.jsonl", fault.clone());
            }
            let error = versions(&scene.client(), "linalg").unwrap_err();
            assert!(
                matches!(&error, Error::Rewritten(log) if log.number == 3),
                "{error:?}"
            );
            let message = error.to_string();
            assert!(message.contains(&remembered), "{message}");
            let found = found.as_deref().unwrap_or("now ends with nothing");
            assert!(message.contains(found), "{message}");
            assert!(error.hint().unwrap().contains("cache"), "{error:?}");
        }
    }
    // A change in the middle leaves the last line, and with it the head, as it was.
    let lines: Vec<_> = log.lines().collect();
    let second = lines[1].replace("\"name\":\"", "\"name\":\"x");
    let middle = [lines[0], &second, lines[2], ""].join("\n");
    fs_err::write(log_path(&scene), middle).unwrap();
    let message = versions(&scene.client(), "linalg").unwrap_err().to_string();
    assert!(
        message.ends_with("was rewritten: line 3 does not follow from line 2"),
        "{message}"
    );

    scene.server.heal();
    fs_err::remove_file(log_path(&scene)).unwrap();
    let error = versions(&scene.client(), "linalg").unwrap_err();
    assert!(
        matches!(&error, Error::Rewritten(log) if log.found.is_none()),
        "{error:?}"
    );

    // Nothing was forgotten meanwhile.
    fs_err::write(log_path(&scene), &log).unwrap();
    assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
}

#[test]
fn old_copies_of_the_log_are_passed_by() {
    let scene = Scene::usual();
    let log = fs_err::read(log_path(&scene)).unwrap();
    scene.publish("linalg", "1.2.0");
    versions(&scene.client(), "linalg").unwrap();
    scene.publish("linalg", "1.3.0");
    scene.server.seen();
    scene
        .server
        .fault("/log.jsonl", 1, Fault::Answer(200, Vec::new(), log));
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0, 1.3.0"
    );
    let seen = scene.server.seen();
    assert_eq!(seen[1].header("cache-control"), Some("no-cache"));
}

#[test]
fn a_torn_last_line_is_not_there_yet() {
    let scene = Scene::usual();
    let log = fs_err::read(log_path(&scene)).unwrap();
    for fault in [None, Some(Fault::NoRange)] {
        if let Some(fault) = fault {
            scene.server.always("/log.jsonl", fault);
        }
        for cut in [1, 100, log.len() / 3 * 2] {
            let _ = fs_err::remove_dir_all(scene.cache());
            for torn in [&log[..log.len() - cut], &log[..]] {
                fs_err::write(log_path(&scene), torn).unwrap();
                assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
            }
        }
    }
}

#[test]
fn garbage_is_refused() {
    let scene = Scene::usual();
    let garbage = |text: &str| Fault::Answer(200, Vec::new(), text.as_bytes().to_vec());
    let newer = r#"{"format": 99}"#;
    let cases = [
        ("/registry.json", garbage("oops"), "is not a Puck registry"),
        ("/registry.json", garbage(newer), "has format 99"),
        (
            "/registry.json",
            Fault::status(404),
            "it holds no registry.json",
        ),
        ("/registry.json", Fault::page(), "found a web page"),
        ("/log.jsonl", garbage("oops\n"), "lines of the log"),
        (
            "/log.jsonl",
            garbage(&format!("{newer}\n")),
            "has format 99",
        ),
        ("/log.jsonl", Fault::page(), "found a web page"),
        ("/log.jsonl", Fault::status(403), "status 403"),
        ("/index", garbage("oops\n"), "expected index lines"),
        ("/index", garbage(&format!("{newer}\n")), "has format 99"),
        ("/index", Fault::page(), "found a web page"),
        ("/index", Fault::status(403), "status 403"),
        ("/index", Fault::Hang, "cannot reach"),
        ("/index", Fault::status(500), "status 500"),
    ];
    for (path, fault, expected) in cases {
        let _ = fs_err::remove_dir_all(scene.cache());
        scene.server.always(path, fault.clone());
        let error = versions(&scene.client(), "linalg").unwrap_err();
        assert!(
            error.to_string().contains(expected),
            "{path} {fault:?}: {error}"
        );
        scene.server.heal();
        // Nothing wrong was kept.
        assert_eq!(versions(&scene.client(), "linalg").unwrap(), "1.0.0, 1.1.0");
    }
}

#[test]
fn what_goes_by_is_sat_out() {
    let scene = Scene::usual();
    let garbage = Fault::Answer(200, Vec::new(), b"oops\n".to_vec());
    let faults = [
        Fault::Hang,
        Fault::Reset(10),
        Fault::Cut(10),
        Fault::status(500),
        Fault::status(429),
        Fault::Answer(503, vec![("Retry-After", "1".to_owned())], Vec::new()),
        Fault::Gzip,
        Fault::NoRange,
        Fault::Plain,
        Fault::Length(3),
        Fault::NoLength(0),
        Fault::NoLength(3),
        Fault::NoLength(-3),
        garbage,
    ];
    for path in ["/log.jsonl", "/index"] {
        for fault in &faults {
            for first in [true, false] {
                if first {
                    let _ = fs_err::remove_dir_all(scene.cache());
                }
                scene.server.fault(path, 1, fault.clone());
                let found = versions(&scene.client(), "linalg");
                assert_eq!(found.unwrap(), "1.0.0, 1.1.0", "{path} {fault:?} {first}");
                scene.server.heal();
            }
        }
    }
}

#[test]
fn old_copies_of_index_files_are_passed_by() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    let path = scene.registry.directory().join("index/li/na/linalg");
    let old = fs_err::read(&path).unwrap();
    scene.publish("linalg", "1.2.0");
    scene.server.seen();
    let stale = Fault::Answer(200, Vec::new(), old);
    scene.server.fault("/index", 1, stale.clone());
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0"
    );
    let seen = scene.server.seen();
    assert_eq!(seen[2].header("cache-control"), Some("no-cache"));

    scene.publish("linalg", "1.3.0");
    scene.server.always("/index", stale);
    for _ in 0..2 {
        let error = versions(&scene.client(), "linalg").unwrap_err();
        assert!(matches!(error, Error::Stale { .. }), "{error:?}");
        assert!(error.to_string().contains("linalg 1.3.0"), "{error}");
    }
    scene.server.heal();
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0, 1.3.0"
    );
}

#[test]
fn an_index_that_contradicts_the_log_is_refused() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    scene.publish("linalg", "1.2.0");
    let path = scene.registry.directory().join("index/li/na/linalg");
    let text = fs_err::read_to_string(&path).unwrap();
    let lines = scene
        .registry
        .versions(&crate::scene::name("linalg"))
        .unwrap();
    let other = puck_package::Digest::of(b"another archive").hex();
    let exchanged = text.replace(&lines[2].sha256.hex(), &other);
    assert_ne!(exchanged, text);
    fs_err::write(&path, exchanged).unwrap();
    let error = versions(&scene.client(), "linalg").unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error:?}");
    fs_err::write(&path, text).unwrap();
    assert_eq!(
        versions(&scene.client(), "linalg").unwrap(),
        "1.0.0, 1.1.0, 1.2.0"
    );
}

#[test]
fn another_name_is_another_registry() {
    let scene = Scene::usual();
    versions(&scene.client(), "linalg").unwrap();
    let path = scene.registry.directory().join("registry.json");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("team", "mallory")).unwrap();
    let error = scene.client().has_api().unwrap_err();
    assert!(matches!(error, Error::Renamed { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("`mallory`, and was `team` before"),
        "{error}"
    );
}

#[test]
fn addresses_that_are_none() {
    for (address, expected) in [
        ("ftp://a.example/", "https:// or http://"),
        ("file:///tmp/registry", "https:// or http://"),
        ("https://me:s3cret@a.example/", "user's name or password"),
        ("https://a.example/?x=1", "after `?`"),
    ] {
        let settings = puck_registry_client::Settings::new(address.parse().unwrap());
        let error = puck_registry_client::Client::new(settings).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
