//! Several servers over one bucket, and buckets that others have written to.

mod fault;
mod hashing;
mod steps;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::{ObjectStore, ObjectStoreExt as _};
use puck_package::index::archive_path;
use puck_package::{Digest, PackageName};
use puck_registry::log::LogState;
use puck_registry::{Action, log};
use semver::Version;
use tempfile::TempDir;

pub(super) use self::fault::Fault;
use self::hashing::{Hashing, store};
use super::Bucket;
use super::journal::{JOURNAL, Journal};
use crate::access::Identity;
use crate::sample::{Sample, pack};
use crate::storage::Storage as _;
use crate::{Error, Published, Service};

/// A server of its own over `store`.
async fn bucket(store: &Arc<Hashing>) -> Bucket {
    let store: Arc<dyn ObjectStore> = Arc::<Hashing>::clone(store);
    Bucket::over(store, "a/b", "memory".to_owned(), "test")
        .await
        .unwrap()
}

async fn service(store: &Arc<Hashing>) -> Service {
    Service::over(Arc::new(bucket(store).await)).await.unwrap()
}

/// A server that ends or halts.
async fn faulty(store: &Arc<Hashing>, fault: &Fault) -> Service {
    let mut bucket = bucket(store).await;
    // Opening it is no part of what is looked at.
    let open = Service::over(Arc::new(bucket.clone())).await.unwrap();
    drop(open);
    bucket.objects.fault = fault.clone();
    Service::unrecovered(Arc::new(bucket))
}

async fn publish(service: &Service, archive: PathBuf) -> Result<Published, Error> {
    service.publish(archive, &Identity::operator(), false).await
}

/// Checks that log, index and archives say the same, and that nothing is being done. Returns the
/// versions, and how many lines the log has.
async fn verified(store: &Arc<Hashing>) -> (Vec<String>, u64) {
    let bucket = bucket(store).await;
    let journal = bucket.objects.get(JOURNAL).await.unwrap().unwrap();
    let journal = Journal::parse(&journal.bytes).unwrap();
    assert_eq!(journal.change, None);
    let log = bucket.objects.get("log.jsonl").await.unwrap();
    let bytes = log.map(|log| log.bytes).unwrap_or_default();
    let (state, entries) = log::follow("log.jsonl", &bytes, LogState::default()).unwrap();
    assert_eq!((state, state.length), (journal.log, bytes.len() as u64));
    let mut logged = BTreeMap::new();
    for entry in entries {
        let id = (entry.name.clone(), entry.version.clone());
        let before = logged.insert(id, entry.action);
        let expected = match entry.action {
            Action::Publish => before.is_none(),
            Action::Yank => matches!(before, Some(Action::Publish | Action::Unyank)),
            Action::Unyank => before == Some(Action::Yank),
        };
        assert!(expected, "{entry:?} follows {before:?}");
    }
    let mut versions = Vec::new();
    for name in bucket.names().await.unwrap() {
        for line in bucket.package(&name).await.unwrap().lines {
            let action = logged
                .remove(&(name.clone(), line.version.clone()))
                .unwrap();
            assert_eq!(line.yanked, action == Action::Yank);
            let place = archive_path(&name, &line.version);
            let archive = bucket.objects.get(&place).await.unwrap().unwrap();
            assert_eq!(Digest::of(&archive.bytes), line.sha256);
            versions.push(format!("{name} {}", line.version));
        }
    }
    assert!(logged.is_empty(), "{logged:?}");
    (versions, state.entries)
}

async fn uploads(store: &Arc<Hashing>) -> usize {
    bucket(store)
        .await
        .objects
        .list("private/incoming")
        .await
        .unwrap()
        .len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_servers_publish_at_once() {
    const SERVERS: usize = 4;
    const EACH: usize = 12;
    let files = TempDir::new().unwrap();
    let store = store();
    let mut work = Vec::new();
    for server in 0..SERVERS {
        let service = service(&store).await;
        for i in 0..EACH {
            let name = format!("pack-{}", (server * EACH + i) % 7);
            let version = format!("1.{server}.{i}");
            let archive = pack(files.path(), &name, &version, &["f()"]);
            let service = service.clone();
            work.push(tokio::spawn(
                async move { publish(&service, archive).await },
            ));
        }
    }
    let mut expected = Vec::new();
    for published in work {
        let published = published.await.unwrap().unwrap();
        assert!(published.new);
        expected.push(format!(
            "{} {}",
            published.line.name, published.line.version
        ));
    }
    let (mut versions, entries) = verified(&store).await;
    versions.sort();
    expected.sort();
    assert_eq!(versions, expected);
    assert_eq!(entries, (SERVERS * EACH) as u64);
    assert_eq!(uploads(&store).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_the_same_version_one_wins() {
    let store = store();
    let mut work = Vec::new();
    let mut folders = Vec::new();
    for i in 0..8 {
        let folder = TempDir::new().unwrap();
        let mut sample = Sample::new("linalg", "1.0.0", &["f()"]);
        sample.document.description = format!("of server {i}");
        let archive = sample.pack(folder.path());
        folders.push(folder);
        let service = service(&store).await;
        work.push(tokio::spawn(
            async move { publish(&service, archive).await },
        ));
    }
    let mut won = 0;
    for published in work {
        match published.await.unwrap() {
            Ok(published) => won += u32::from(published.new),
            Err(error) => assert!(error.to_string().contains("published already"), "{error}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(verified(&store).await.1, 1);
}

#[tokio::test]
async fn an_upload_that_was_swept_away_is_given_up() {
    let files = TempDir::new().unwrap();
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    let store = store();
    // The journal names the change, and its archive is gone before anybody copied it.
    for step in 1.. {
        let fault = Fault::halt_after(step);
        let slow = faulty(&store, &fault).await;
        let path = archive.clone();
        let slow = tokio::spawn(async move { publish(&slow, path).await });
        fault.halted.acquire().await.unwrap().forget();
        let bucket = bucket(&store).await;
        let uploaded = bucket.objects.list("private/incoming").await.unwrap();
        let Some(upload) = uploaded.first() else {
            slow.abort();
            continue;
        };
        store.delete(&upload.location).await.unwrap();
        fault.gate.as_ref().unwrap().add_permits(1);
        slow.await.unwrap().unwrap_err();
        break;
    }
    assert_eq!(verified(&store).await, (Vec::new(), 0));
    publish(&service(&store).await, archive).await.unwrap();
    assert_eq!(verified(&store).await.1, 1);
}

#[tokio::test]
async fn a_bucket_that_was_filled_from_a_directory() {
    let files = TempDir::new().unwrap();
    let directory = files.path().join("registry");
    let registry = puck_registry::Registry::create(&directory, "copied").unwrap();
    let archive = pack(files.path(), "linalg", "1.0.0", &["f()"]);
    registry.publish(&archive).unwrap();
    let store = store();
    for path in [
        "registry.json",
        "log.jsonl",
        "index/li/na/linalg",
        "archives/linalg/linalg-1.0.0.puck",
    ] {
        let bytes = fs_err::read(directory.join(path)).unwrap();
        store
            .put(&format!("a/b/{path}").as_str().into(), bytes.into())
            .await
            .unwrap();
    }
    let service = service(&store).await;
    assert_eq!(service.description().await.unwrap().name, "copied");
    assert!(!publish(&service, archive).await.unwrap().new);
    publish(&service, pack(files.path(), "linalg", "1.1.0", &["f()"]))
        .await
        .unwrap();
    assert_eq!(verified(&store).await.1, 2);
}

#[tokio::test]
async fn large_files_are_uploaded_in_parts() {
    const PART: usize = 8 << 20;
    let files = TempDir::new().unwrap();
    let objects = bucket(&store()).await.objects;
    for size in [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5] {
        let bytes: Vec<u8> = (0..251).cycle().take(size).collect();
        let path = files.path().join("file");
        fs_err::write(&path, &bytes).unwrap();
        objects
            .upload("private/incoming/file", &path)
            .await
            .unwrap();
        let object = objects.get("private/incoming/file").await.unwrap().unwrap();
        assert!(object.bytes == bytes, "{size}");
    }
}

#[tokio::test]
async fn a_journal_and_a_log_of_different_moments_are_refused() {
    let files = TempDir::new().unwrap();
    let store = store();
    publish(
        &service(&store).await,
        pack(files.path(), "linalg", "1.0.0", &["f()"]),
    )
    .await
    .unwrap();
    let log = bucket(&store)
        .await
        .objects
        .get("log.jsonl")
        .await
        .unwrap()
        .unwrap()
        .bytes;
    publish(
        &service(&store).await,
        pack(files.path(), "linalg", "1.1.0", &["f()"]),
    )
    .await
    .unwrap();
    store
        .put(&"a/b/log.jsonl".into(), log.into())
        .await
        .unwrap();
    let error = Service::over(Arc::new(bucket(&store).await))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("log.jsonl: it has"), "{error}");
}

#[tokio::test]
async fn stores_that_ignore_conditions_are_refused() {
    let mut store = store();
    Arc::get_mut(&mut store).unwrap().ignores = true;
    let opened = Bucket::over(store, "", "memory".to_owned(), "test").await;
    assert!(matches!(opened.unwrap_err(), Error::Unconditional { .. }));
}
