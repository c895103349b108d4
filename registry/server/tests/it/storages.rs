//! What a service does is the same wherever its registry is kept.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};
use object_store::memory::InMemory;
use puck_package::PackageName;
use puck_registry::log::{LogEntry, LogState};
use puck_registry::{Query, Registry, log};
use puck_registry_server::access::{Identity, NewToken, Scope, User};
use puck_registry_server::storage::{Body, Bucket};
use puck_registry_server::{Error, ErrorKind, Published, Service, StorageLocation};
use semver::Version;
use tempfile::TempDir;

use crate::sample::{Sample, pack};

pub(crate) async fn publish(service: &Service, archive: PathBuf) -> Result<Published, Error> {
    service.publish(archive, &Identity::operator(), false).await
}

/// The whole log, every line of which follows from the one before.
pub(crate) async fn log_of(service: &Service) -> Vec<LogEntry> {
    let content = service.read("log.jsonl", None).await.unwrap();
    let bytes = content.body.bytes().await.unwrap();
    log::follow("log.jsonl", &bytes, LogState::default())
        .unwrap()
        .1
}

pub(crate) async fn in_directory(directory: &TempDir) -> Service {
    let location = StorageLocation::Directory(directory.path().to_owned());
    Service::open(&location).await.unwrap()
}

pub(crate) async fn in_memory() -> Service {
    let store = Arc::new(InMemory::new());
    let bucket = Bucket::over(store, "", "memory".to_owned(), "test").await;
    Service::over(Arc::new(bucket.unwrap())).await.unwrap()
}

/// Somebody with a token.
pub(crate) async fn holder(
    service: &Service,
    user: &str,
    scopes: &[Scope],
    packages: &[&str],
) -> Identity {
    let new = NewToken {
        user: user.parse().unwrap(),
        scopes: scopes.iter().copied().collect(),
        packages: packages.iter().map(|p| p.parse().unwrap()).collect(),
        expires: None,
    };
    let (token, secret) = service.create_token(new).await.unwrap();
    let identity = service.authenticate(secret.text()).await.unwrap();
    assert_eq!(identity.user(), Some(&token.user));
    identity
}

fn users(names: &[&str]) -> Vec<User> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The sort of an error, and what is said.
fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> (ErrorKind, String) {
    let error = result.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn directories_do_all() {
    let directory = TempDir::new().unwrap();
    let service = in_directory(&directory).await;
    does_all(&service).await;
    let registry = Registry::open(directory.path()).unwrap();
    registry.verify_log().unwrap();
}

#[tokio::test]
async fn buckets_do_all() {
    does_all(&in_memory().await).await;
}

/// All that a service does, one after the other.
pub(crate) async fn does_all(service: &Service) {
    publishing_and_owning(service).await;
    yanking(service).await;
    searching(service).await;
    reading(service).await;
    tokens(service).await;
}

async fn publishing_and_owning(service: &Service) {
    let files = TempDir::new().unwrap();
    let linalg = |version: &str| pack(files.path(), "linalg", version, &["f()"]);
    let name: PackageName = "linalg".parse().unwrap();
    let alice = holder(service, "alice", &Scope::ALL, &["*"]).await;
    let bob = holder(service, "bob", &Scope::ALL, &["lin*", "other"]).await;
    let beginner = holder(service, "alice", &[Scope::PublishNew], &["*"]).await;

    // Of what does not exist there is nothing to own.
    assert_eq!(refused(service.owners(&name).await).0, ErrorKind::NotFound);
    // A dry run says what would happen, and nothing does.
    let would = service
        .publish(linalg("1.0.0"), &alice, true)
        .await
        .unwrap();
    assert!(would.new);
    assert_eq!(service.versions(&name).await.unwrap(), []);

    let first = service
        .publish(linalg("1.0.0"), &beginner, false)
        .await
        .unwrap();
    assert!(first.new);
    assert_eq!(service.owners(&name).await.unwrap(), users(&["alice"]));
    // Sent again, it is no update.
    let again = service
        .publish(linalg("1.0.0"), &beginner, false)
        .await
        .unwrap();
    assert_eq!((again.new, again.line), (false, first.line));
    let (kind, said) = refused(service.publish(linalg("1.1.0"), &beginner, false).await);
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(said, "this token does not have the scope publish-update");
    let (kind, said) = refused(service.publish(linalg("1.1.0"), &bob, false).await);
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(said, "bob does not own linalg");
    let (kind, said) = refused(
        service
            .publish(pack(files.path(), "stats", "1.0.0", &["f()"]), &bob, false)
            .await,
    );
    assert_eq!(kind, ErrorKind::Forbidden);
    assert_eq!(
        said,
        "this token is for the packages lin*, other, not for stats"
    );

    let (a, b): (User, User) = ("alice".parse().unwrap(), "bob".parse().unwrap());
    assert_eq!(
        refused(service.add_owner(&name, &b, &bob).await).0,
        ErrorKind::Forbidden
    );
    assert_eq!(
        service.add_owner(&name, &b, &alice).await.unwrap(),
        users(&["alice", "bob"])
    );
    service.publish(linalg("1.1.0"), &bob, false).await.unwrap();
    assert_eq!(
        service.remove_owner(&name, &a, &bob).await.unwrap(),
        users(&["bob"])
    );
    assert_eq!(
        refused(service.remove_owner(&name, &b, &bob).await).0,
        ErrorKind::Conflict
    );
    assert_eq!(
        refused(service.publish(linalg("1.2.0"), &alice, false).await).0,
        ErrorKind::Forbidden
    );

    let mut changed = Sample::new("linalg", "1.1.0", &["f()"]);
    changed.document.description = "another".to_owned();
    let changed = changed.pack(TempDir::new_in(files.path()).unwrap().keep().as_path());
    assert_eq!(
        refused(service.publish(changed, &bob, false).await).0,
        ErrorKind::VersionExists
    );
    let broken = pack(files.path(), "linalg", "1.3.0", &["g()"]);
    assert_eq!(
        refused(service.publish(broken, &bob, false).await).0,
        ErrorKind::Incompatible
    );
    let nonsense = files.path().join("nonsense.puck");
    for bytes in [&b"nonsense"[..], b"", &[0; 5000]] {
        fs_err::write(&nonsense, bytes).unwrap();
        let (kind, said) = refused(service.publish(nonsense.clone(), &bob, false).await);
        assert_eq!(kind, ErrorKind::BadArchive, "{said}");
        assert!(!said.contains("nonsense.puck"), "{said}");
    }
    assert_eq!(log_of(service).await.len(), 2);
}

async fn yanking(service: &Service) {
    let name: PackageName = "linalg".parse().unwrap();
    let bob = holder(service, "bob", &[Scope::Yank], &["*"]).await;
    let stranger = holder(service, "mallory", &[Scope::Yank], &["*"]).await;
    let version = Version::new(1, 0, 0);
    let reason = Some("wrong for n = 0");
    assert_eq!(
        refused(service.yank(&name, &version, true, reason, &stranger).await).0,
        ErrorKind::Forbidden
    );
    assert!(
        service
            .yank(&name, &version, true, reason, &bob)
            .await
            .unwrap()
    );
    assert!(
        !service
            .yank(&name, &version, true, reason, &bob)
            .await
            .unwrap()
    );
    let line = service.versions(&name).await.unwrap().remove(0);
    assert_eq!((line.yanked, line.yank_reason.as_deref()), (true, reason));
    assert_eq!(
        log_of(service).await.pop().unwrap().reason.as_deref(),
        reason
    );
    assert!(
        service
            .yank(&name, &version, false, None, &bob)
            .await
            .unwrap()
    );
    let line = service.versions(&name).await.unwrap().remove(0);
    assert_eq!(
        (line.yanked, line.yank_reason, line.changed),
        (false, None, Some(4))
    );
    let unknown = Version::new(9, 0, 0);
    assert_eq!(
        refused(service.yank(&name, &unknown, true, None, &bob).await).0,
        ErrorKind::NotFound
    );
    assert_eq!(
        refused(
            service
                .yank(&name, &version, true, Some("a\nb"), &bob)
                .await
        )
        .0,
        ErrorKind::BadRequest
    );
}

async fn searching(service: &Service) {
    let files = TempDir::new().unwrap();
    let found = async |text: &str| {
        let text = text.to_owned();
        let found = service
            .search(&Query {
                text,
                signature: None,
            })
            .await
            .unwrap();
        assert!(found.skipped.is_empty());
        let hits = found.hits.into_iter();
        hits.map(|hit| format!("{} {}", hit.name, hit.version))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("linalg").await, ["linalg 1.1.0"]);
    assert_eq!(found("stats").await, [""; 0]);
    publish(service, pack(files.path(), "stats", "0.1.0", &["mean()"]))
        .await
        .unwrap();
    assert_eq!(found("mean").await, ["stats 0.1.0"]);
    publish(service, pack(files.path(), "stats", "0.1.1", &["mean()"]))
        .await
        .unwrap();
    assert_eq!(found("").await, ["linalg 1.1.0", "stats 0.1.1"]);
    let who = Identity::operator();
    let (name, version) = ("stats".parse().unwrap(), Version::new(0, 1, 1));
    service
        .yank(&name, &version, true, None, &who)
        .await
        .unwrap();
    assert_eq!(found("stats").await, ["stats 0.1.0"]);
    let names = service.names().await.unwrap();
    assert_eq!(
        names.iter().map(PackageName::as_str).collect::<Vec<_>>(),
        ["linalg", "stats"]
    );
}

async fn reading(service: &Service) {
    const LOG: &str = "log.jsonl";
    let before = service.facts(LOG).await.unwrap();
    assert_eq!(service.facts(LOG).await.unwrap(), before);
    let content = service.read(LOG, None).await.unwrap();
    assert_eq!(content.facts, before);
    let whole = content.body.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, before.size);
    for (range, expected) in [
        (0..10, 0..10),
        (5..u64::MAX, 5..before.size),
        (
            before.size - 1..before.size + 7,
            before.size - 1..before.size,
        ),
        (before.size..before.size + 1, before.size..before.size),
        (before.size + 5..before.size + 6, before.size..before.size),
    ] {
        let content = service.read(LOG, Some(range.clone())).await.unwrap();
        assert_eq!(content.range, expected, "{range:?}");
        let expected = &whole[expected.start as usize..expected.end as usize];
        assert_eq!(content.body.bytes().await.unwrap(), expected, "{range:?}");
    }
    let files = TempDir::new().unwrap();
    publish(service, pack(files.path(), "linalg", "1.4.0", &["f()"]))
        .await
        .unwrap();
    let after = service.facts(LOG).await.unwrap();
    assert_ne!(after.etag, before.etag);
    assert!(after.etag.starts_with('"') && after.etag.ends_with('"'));
    for path in [
        "index/li/na/linalg",
        "registry.json",
        "archives/linalg/linalg-1.4.0.puck",
    ] {
        let size = service.facts(path).await.unwrap().size;
        let content = service.read(path, None).await.unwrap();
        assert_eq!(
            content.body.bytes().await.unwrap().len() as u64,
            size,
            "{path}"
        );
    }
    for path in [
        "index/no/th/nothing",
        "index/li/na",
        "index/li/na/linalg/more",
        "archives/linalg/linalg-9.0.0.puck",
        "private/tokens",
        "registry.lock",
        "index/../registry.lock",
    ] {
        assert_eq!(
            refused(service.facts(path).await).0,
            ErrorKind::NotFound,
            "{path}"
        );
        assert_eq!(
            refused(service.read(path, None).await).0,
            ErrorKind::NotFound,
            "{path}"
        );
    }
    service.announce_api("api/v1").await.unwrap();
    service.announce_api("elsewhere").await.unwrap();
    assert_eq!(
        service.description().await.unwrap().api.as_deref(),
        Some("api/v1")
    );
}

async fn tokens(service: &Service) {
    let before = service.tokens().await.unwrap().len();
    let new = |scopes: &[Scope], expires| NewToken {
        user: "carol".parse().unwrap(),
        scopes: scopes.iter().copied().collect::<BTreeSet<_>>(),
        packages: vec!["*".parse().unwrap()],
        expires,
    };
    assert_eq!(
        refused(service.create_token(new(&[], None)).await).0,
        ErrorKind::BadRequest
    );
    let past = Timestamp::now() - 1.second();
    let late = service.create_token(new(&[Scope::Read], Some(past))).await;
    assert_eq!(refused(late).0, ErrorKind::BadRequest);

    let soon = Timestamp::now() + 50.milliseconds();
    let (token, secret) = service
        .create_token(new(&[Scope::Read], Some(soon)))
        .await
        .unwrap();
    assert_eq!(service.tokens().await.unwrap().len(), before + 1);
    tokio::time::sleep(std::time::Duration::from_millis(80)).await;
    let (kind, said) = refused(service.authenticate(secret.text()).await);
    assert_eq!(
        (kind, said.as_str()),
        (ErrorKind::Unauthorized, "this token has expired")
    );
    service.revoke_token(&token.id).await.unwrap();

    let (token, secret) = service
        .create_token(new(&[Scope::Read], None))
        .await
        .unwrap();
    assert!(
        service
            .authenticate(secret.text())
            .await
            .unwrap()
            .has(Scope::Read)
    );
    let mut other = secret.text().to_owned();
    let last = if other.ends_with('A') { 'B' } else { 'A' };
    other.replace_range(other.len() - 1.., &last.to_string());
    for text in ["", "puck_", "../../registry", other.as_str()] {
        let (kind, said) = refused(service.authenticate(text).await);
        assert_eq!(kind, ErrorKind::Unauthorized, "{text}");
        assert!(text.len() < 10 || !said.contains(text), "{said}");
    }
    service.revoke_token(&token.id).await.unwrap();
    assert_eq!(
        refused(service.authenticate(secret.text()).await).0,
        ErrorKind::Unauthorized
    );
    for id in [token.id.as_str(), "", "../owners/linalg", "zz"] {
        assert_eq!(
            refused(service.revoke_token(id).await).0,
            ErrorKind::NotFound,
            "{id}"
        );
    }
    assert_eq!(service.tokens().await.unwrap().len(), before);
    let stored = format!("{:?}", service.tokens().await.unwrap());
    assert!(!stored.contains(secret.text()));
}

#[tokio::test]
async fn large_files_come_in_pieces() {
    let files = TempDir::new().unwrap();
    let mut sample = Sample::new("large", "1.0.0", &["f()"]);
    // What does not compress, and is larger than what is read at once.
    let mut state = 1_u64;
    let noise = (0..1 << 20).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    });
    sample
        .files
        .insert(sample.document.ir_path(), noise.collect());
    let archive = sample.pack(files.path());
    let expected = fs_err::read(&archive).unwrap();
    let directory = TempDir::new().unwrap();
    for service in [in_directory(&directory).await, in_memory().await] {
        publish(&service, archive.clone()).await.unwrap();
        let path = "archives/large/large-1.0.0.puck";
        let content = service.read(path, None).await.unwrap();
        assert!(matches!(content.body, Body::Stream(_)));
        assert!(content.body.bytes().await.unwrap() == expected);
        let range = 300_000..900_000;
        let content = service.read(path, Some(range)).await.unwrap();
        assert!(content.body.bytes().await.unwrap() == expected[300_000..900_000]);
    }
}
