//! A registry directory, a server before it, and clients with a cache.

use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use puck_package::{IndexLine, PackageName};
use puck_registry::Registry;
use puck_registry_client::{Client, Result, Retry, Settings};
use semver::Version;

use crate::faulty::Server;
use crate::sample;

pub(crate) struct Scene {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) registry: Registry,
    pub(crate) server: Server,
    pub(crate) notices: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    /// A registry without packages.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::create(&directory.path().join("registry"), "team").unwrap();
        let server = Server::new(registry.directory());
        Self {
            directory,
            registry,
            server,
            notices: Arc::default(),
        }
    }

    /// One with linalg 1.0.0 and 1.1.0, and stats 1.0.0.
    pub(crate) fn usual() -> Self {
        let scene = Self::new();
        scene.publish("linalg", "1.0.0");
        scene.publish("stats", "1.0.0");
        scene.publish("linalg", "1.1.0");
        scene
    }

    pub(crate) fn pack(&self, name: &str, version: &str) -> PathBuf {
        sample::pack(
            self.directory.path(),
            name,
            version,
            &["dot(n: u64) -> f64"],
        )
    }

    pub(crate) fn publish(&self, name: &str, version: &str) {
        self.registry.publish(&self.pack(name, version)).unwrap();
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.directory.path().join("cache")
    }

    /// Those of a client with the scene's cache, which does not wait long.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.server.url().parse().unwrap());
        settings.cache = Some(self.cache());
        settings.retry = Retry {
            count: 4,
            base: Duration::from_millis(1),
            longest: Duration::from_secs(1),
        };
        let notices = Arc::clone(&self.notices);
        settings.notices = Some(Arc::new(move |text| {
            notices.lock().unwrap().push(text.to_owned());
        }));
        settings
    }

    /// A client as a new process has it.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.settings()).unwrap()
    }

    /// The paths that were asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.server
            .seen()
            .into_iter()
            .map(|seen| seen.path)
            .collect()
    }

    /// What the registry's directory says of linalg 1.0.0.
    pub(crate) fn line(&self) -> IndexLine {
        self.registry.versions(&name("linalg")).unwrap().remove(0)
    }

    pub(crate) fn archive_bytes(&self) -> Vec<u8> {
        let path = self
            .registry
            .archive_path(&name("linalg"), &Version::new(1, 0, 0));
        fs_err::read(path).unwrap()
    }
}

pub(crate) fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

/// The versions of a package, as text.
pub(crate) fn versions(client: &Client, package: &str) -> Result<String> {
    let lines = client.versions(&name(package))?;
    let texts: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{}{}",
                line.version,
                if line.yanked { " yanked" } else { "" }
            )
        })
        .collect();
    Ok(texts.join(", "))
}

/// The bytes of an archive, or what kept them from coming.
pub(crate) fn read(client: &Client, line: &IndexLine) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut archive = client.archive(line).map_err(|error| error.to_string())?;
    match archive.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}
