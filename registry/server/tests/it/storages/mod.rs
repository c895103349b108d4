//! What a service does is the same wherever its registry is kept.

mod publishing;
mod reading;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;

use object_store::memory::InMemory;
use puck_registry::log::{LogEntry, LogState};
use puck_registry::{Registry, log};
use puck_registry_server::access::{Identity, NewToken, Scope};
use puck_registry_server::storage::Bucket;
use puck_registry_server::{Error, ErrorKind, Published, Service, StorageLocation};
use tempfile::TempDir;

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
    publishing::publishing_and_owning(service).await;
    publishing::yanking(service).await;
    reading::searching(service).await;
    reading::reading(service).await;
    tokens::tokens(service).await;
}
