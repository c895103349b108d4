//! A registry in a directory, into which others publish without asking the server.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use puck_package::PackageName;
use puck_registry::{Query, Registry};
use puck_registry_server::access::{Identity, NewToken, Scope, User};
use puck_registry_server::{ErrorKind, Service, StorageLocation};
use tempfile::TempDir;

use crate::sample::pack;
use crate::storages::{log_of, publish};

async fn open(directory: &TempDir) -> Service {
    let location = StorageLocation::Directory(directory.path().to_owned());
    Service::open(&location).await.unwrap()
}

async fn holder(service: &Service, user: &str) -> Identity {
    let new = NewToken {
        user: user.parse().unwrap(),
        scopes: Scope::ALL.into(),
        packages: vec!["*".parse().unwrap()],
        expires: None,
    };
    let (_, secret) = service.create_token(new).await.unwrap();
    service.authenticate(secret.text()).await.unwrap()
}

/// Half of what is published goes straight into the directory, by two more writers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_publish_beside_the_server() {
    const EACH: usize = 12;
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    let mut work = Vec::new();
    let mut threads = Vec::new();
    for i in 0..EACH {
        let archive = |name: &str| pack(files.path(), name, &format!("1.{i}.0"), &["f()"]);
        for name in ["served", "mixed"] {
            let archive = archive(name);
            let service = service.clone();
            work.push(tokio::spawn(
                async move { publish(&service, archive).await },
            ));
        }
        let archives = [
            archive("direct"),
            pack(files.path(), "mixed", &format!("2.{i}.0"), &["f()"]),
        ];
        let registry = Registry::open(directory.path()).unwrap();
        threads.push(std::thread::spawn(move || {
            for archive in archives {
                registry.publish(&archive).unwrap();
            }
        }));
    }
    for published in work {
        assert!(published.await.unwrap().unwrap().new);
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(log_of(&service).await.len(), 4 * EACH);
    let registry = Registry::open(directory.path()).unwrap();
    assert_eq!(registry.verify_log().unwrap().entries, 4 * EACH as u64);
    let found = service.search(&Query::default()).await.unwrap();
    let names: Vec<_> = found.hits.iter().map(|hit| hit.name.as_str()).collect();
    assert_eq!(names, ["direct", "mixed", "served"]);
}

#[tokio::test]
async fn what_is_published_directly_has_no_owner_until_one_is_added() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    let registry = Registry::open(directory.path()).unwrap();
    let alice = holder(&service, "alice").await;
    let name: PackageName = "linalg".parse().unwrap();
    // Somebody named himself owner, and was killed before he announced his publish.
    let path = directory.path().join("private/owners/linalg.json");
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(&path, r#"{"format":1,"revision":1,"owners":["mallory"]}"#).unwrap();
    registry
        .publish(&pack(files.path(), "linalg", "1.0.0", &["f()"]))
        .unwrap();
    assert_eq!(service.owners(&name).await.unwrap(), []);
    let next = pack(files.path(), "linalg", "1.1.0", &["f()"]);
    let error = service
        .publish(next.clone(), &alice, false)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.hint().unwrap().contains("puck registry owner add"));
    let user: User = "alice".parse().unwrap();
    service
        .add_owner(&name, &user, &Identity::operator())
        .await
        .unwrap();
    service.publish(next, &alice, false).await.unwrap();
}

#[tokio::test]
async fn damaged_index_files_are_passed_over() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    for name in ["alpha", "beta"] {
        publish(&service, pack(files.path(), name, "1.0.0", &["f()"]))
            .await
            .unwrap();
    }
    fs_err::write(directory.path().join("index/al/ph/alpha"), "oops\n").unwrap();
    let found = open(&directory)
        .await
        .search(&Query::default())
        .await
        .unwrap();
    assert_eq!(found.hits.len(), 1);
    assert_eq!(found.skipped.len(), 1);
    assert!(
        found.skipped[0].to_string().contains("alpha"),
        "{}",
        found.skipped[0]
    );
}

#[tokio::test]
async fn a_lost_archive_is_mended_by_who_brings_it() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    publish(&service, archive.clone()).await.unwrap();
    let place = directory.path().join("archives/linalg/linalg-1.0.0.puck");
    fs_err::remove_file(&place).unwrap();
    assert!(!publish(&service, archive.clone()).await.unwrap().new);
    assert_eq!(fs_err::read(place).unwrap(), fs_err::read(archive).unwrap());
}

#[tokio::test]
async fn private_files_are_private() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    let alice = holder(&service, "alice").await;
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    service.publish(archive, &alice, false).await.unwrap();
    let spooled = service.spool().unwrap();
    let mode =
        |path: &std::path::Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    let private = directory.path().join("private");
    assert_eq!(mode(&private), 0o700);
    assert_eq!(mode(spooled.path()), 0o600);
    assert_eq!(mode(&private.join("owners/linalg.json")), 0o600);
    for token in fs_err::read_dir(private.join("tokens")).unwrap() {
        assert_eq!(mode(&token.unwrap().path()), 0o600);
    }
}

/// Size, time and inode may be those of an earlier state, were it not for the writer's care.
#[tokio::test]
async fn entity_tags_change_with_every_change() {
    let (directory, files) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let service = open(&directory).await;
    let name: PackageName = "linalg".parse().unwrap();
    for version in ["1.0.0", "1.1.0"] {
        publish(&service, pack(files.path(), "linalg", version, &["f()"]))
            .await
            .unwrap();
    }
    let mut tags = Vec::new();
    let who = Identity::operator();
    for round in 0..10 {
        for yanked in [true, false] {
            let version = semver::Version::new(1, round % 2, 0);
            service
                .yank(&name, &version, yanked, None, &who)
                .await
                .unwrap();
            tags.push(service.facts("index/li/na/linalg").await.unwrap().etag);
        }
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 20);
}

/// As a child this publishes version after version, until it is killed.
#[tokio::test]
#[ignore = "run by the test below, to be killed"]
async fn publishes_until_killed() {
    let directory = std::env::args().next_back().unwrap();
    let files = TempDir::new().unwrap();
    let location = StorageLocation::Directory(directory.into());
    let service = Service::open(&location).await.unwrap();
    let alice = holder(&service, "alice").await;
    let done = service.read("log.jsonl", None).await;
    let start = if done.is_ok() {
        log_of(&service).await.len()
    } else {
        0
    };
    for i in start.. {
        let archive = pack(
            files.path(),
            &format!("pack-{}", i % 3),
            &format!("1.0.{i}"),
            &["f()"],
        );
        if let Ok(published) = service.publish(archive, &alice, false).await {
            let line = format!("{} {}\n", published.line.name, published.line.version);
            let mut out = std::io::stdout().lock();
            std::io::Write::write_all(&mut out, line.as_bytes()).unwrap();
        }
    }
}

#[tokio::test]
async fn acknowledged_publishes_survive_kills() {
    let directory = TempDir::new().unwrap();
    Registry::create(directory.path(), "killed").unwrap();
    let mut survived = 0;
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--nocapture",
                "--exact",
                "directory::publishes_until_killed",
            ])
            .arg(directory.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(60 + round * 37 % 200));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let service = open(&directory).await;
        let acknowledged = String::from_utf8_lossy(&output.stdout).into_owned();
        for line in acknowledged
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let Some((name, version)) = line.trim().split_once(' ') else {
                continue;
            };
            let (Ok(name), Ok(version)) = (name.parse(), version.parse::<semver::Version>()) else {
                continue;
            };
            let lines = service.versions(&name).await.unwrap();
            assert!(
                lines.iter().any(|line| line.version == version),
                "{line} is lost"
            );
            assert_eq!(service.owners(&name).await.unwrap().len(), 1);
            survived += 1;
        }
        Registry::open(directory.path())
            .unwrap()
            .verify_log()
            .unwrap();
    }
    assert!(survived > 0, "no child lived long enough to publish");
}

/// A revocation is a change like others: whoever holds the lock, for a backup, sees none meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_revoked_under_the_lock() {
    let directory = TempDir::new().unwrap();
    let service = open(&directory).await;
    let _holder = holder(&service, "alice").await;
    let id = service.tokens().await.unwrap()[0].id.clone();
    let registry = Registry::open(directory.path()).unwrap();
    let writer = puck_registry::Writer::lock(&registry).unwrap();
    let revoking = tokio::spawn({
        let service = service.clone();
        async move { service.revoke_token(&id).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(service.tokens().await.unwrap().len(), 1);
    drop(writer);
    revoking.await.unwrap().unwrap();
    assert!(service.tokens().await.unwrap().is_empty());
}
