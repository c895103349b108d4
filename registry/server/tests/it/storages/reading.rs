//! Searching and reading: whole files and parts of them, and none but those that are public.

use puck_package::PackageName;
use puck_registry::Query;
use puck_registry_server::access::Identity;
use puck_registry_server::storage::Body;
use puck_registry_server::{ErrorKind, Service};
use semver::Version;
use tempfile::TempDir;

use super::{in_directory, in_memory, publish, refused};
use crate::sample::{Sample, pack};

pub(super) async fn searching(service: &Service) {
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

pub(super) async fn reading(service: &Service) {
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
