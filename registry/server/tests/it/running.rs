//! A server in this process, on a port of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use puck_registry_server::access::{NewToken, Pattern, Scope};
use puck_registry_server::http::{Options, Server, block_on};
use puck_registry_server::{Service, StorageLocation};
use tokio_util::sync::CancellationToken;

use crate::sample;

/// A server, and its registry.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) folder: tempfile::TempDir,
    end: CancellationToken,
    thread: Option<JoinHandle<bool>>,
}

impl Running {
    /// Serves an empty registry.
    pub(crate) fn start(edit: impl FnOnce(&mut Options)) -> Self {
        Self::over(tempfile::tempdir().unwrap(), edit)
    }

    /// Serves the registry in `folder/registry`.
    pub(crate) fn over(folder: tempfile::TempDir, edit: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::at("127.0.0.1:0".parse().unwrap());
        edit(&mut options);
        let registry = folder.path().join("registry");
        fs_err::create_dir_all(&registry).unwrap();
        let location = StorageLocation::Directory(registry);
        let end = CancellationToken::new();
        let (told, listening) = std::sync::mpsc::channel();
        let until = end.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let server = Server::bind(&location, &options).await.unwrap();
                told.send((server.address(), server.url())).unwrap();
                server.run(until).await.unwrap()
            })
        });
        let (address, url) = listening.recv().unwrap();
        Self {
            address,
            url,
            folder,
            end,
            thread: Some(thread),
        }
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.folder.path().join("registry")
    }

    pub(crate) fn service(&self) -> Service {
        block_on(Service::open(&StorageLocation::Directory(self.directory())))
            .unwrap()
            .unwrap()
    }

    /// A token of `user`.
    pub(crate) fn token(&self, user: &str, scopes: &[Scope], packages: &[&str]) -> String {
        let packages: Vec<Pattern> = packages.iter().map(|text| text.parse().unwrap()).collect();
        let new = NewToken {
            user: user.parse().unwrap(),
            scopes: scopes.iter().copied().collect(),
            packages,
            expires: None,
        };
        let (_, secret) = block_on(self.service().create_token(new)).unwrap().unwrap();
        secret.text().to_owned()
    }

    /// A token for everything.
    pub(crate) fn all(&self, user: &str) -> String {
        self.token(user, &Scope::ALL, &["*"])
    }

    /// Publishes a package straight into the folder; its archive's path in the registry.
    pub(crate) fn put(&self, name: &str, version: &str, exports: &[&str]) -> String {
        let outside = tempfile::tempdir().unwrap();
        let archive = sample::pack(outside.path(), name, version, exports);
        let registry = puck_registry::Registry::open(&self.directory()).unwrap();
        registry.publish(&archive).unwrap();
        format!("/archives/{name}/{name}-{version}.puck")
    }

    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        fs_err::read(self.directory().join(path.trim_start_matches('/'))).unwrap()
    }

    /// Tells it to end, as a signal would.
    pub(crate) fn tell_to_end(&self) {
        self.end.cancel();
    }

    /// Whether it finished what it worked on.
    pub(crate) fn end(mut self) -> bool {
        self.end.cancel();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end.cancel();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// The bytes of an archive.
pub(crate) fn archive(name: &str, version: &str, exports: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs_err::read(sample::pack(folder.path(), name, version, exports)).unwrap()
}

/// Makes a file of the registry, with its folders.
pub(crate) fn write(directory: &Path, path: &str, bytes: &[u8]) {
    let place = directory.join(path);
    fs_err::create_dir_all(place.parent().unwrap()).unwrap();
    fs_err::write(place, bytes).unwrap();
}
