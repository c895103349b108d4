//! What the tests of the front ends share: a project in a temporary folder.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use puck_package::{Manifest, PackageDocument};

use super::{SourceError, Sources, cargo_manifest, fingerprint, sources};
use crate::{BuildRequest, Progress};

/// A project in a folder of its own, removed with it.
pub(super) struct Project {
    folder: tempfile::TempDir,
    /// Below that, so that two projects can have folders of other depths.
    directory: PathBuf,
    pub(super) dependencies: Vec<PackageDocument>,
    pub(super) environment: Option<PathBuf>,
}

/// What a run told.
#[derive(Debug, Default)]
pub(super) struct Told {
    steps: Mutex<Vec<String>>,
    warnings: Mutex<Vec<String>>,
}

impl Progress for Told {
    fn step(&self, what: &str) {
        self.steps
            .lock()
            .expect("not poisoned")
            .push(what.to_owned());
    }

    fn warning(&self, message: &str) {
        self.warnings
            .lock()
            .expect("not poisoned")
            .push(message.to_owned());
    }
}

impl Told {
    /// The steps, sorted: threads take them in any order.
    pub(super) fn steps(&self) -> Vec<String> {
        let mut steps = self.steps.lock().expect("not poisoned").clone();
        steps.sort();
        steps
    }

    pub(super) fn warnings(&self) -> String {
        self.warnings.lock().expect("not poisoned").join("\n")
    }
}

impl Project {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        Self::at("project", files)
    }

    /// One whose folder is `path` below the temporary one.
    pub(super) fn at(path: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let directory = folder.path().join(path);
        let project = Self {
            folder,
            directory,
            dependencies: Vec::new(),
            environment: None,
        };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The folder around the project's.
    pub(super) fn outside(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs_err::write(&path, text).expect("written");
        // As if it were written a while ago: what changes during a run is not remembered.
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
        let file = fs_err::OpenOptions::new()
            .write(true)
            .open(path)
            .expect("opened");
        file.set_modified(past).expect("set");
    }

    /// The manifest: `Puck.toml`, of which `[package]` is given, else `Cargo.toml`.
    pub(super) fn manifest(&self) -> Manifest {
        let path = self.path("Puck.toml");
        if !path.exists() {
            return cargo_manifest(&self.path("Cargo.toml")).expect("a manifest");
        }
        let text = fs_err::read_to_string(&path).expect("readable");
        let text = format!("[package]\nname = \"p\"\nversion = \"1.0.0\"\n{text}");
        Manifest::parse(&text, &path).expect("a manifest")
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&BuildRequest<'_>) -> T) -> T {
        let manifest = self.manifest();
        let cache = self.path("target/puck/cache");
        act(&BuildRequest {
            manifest: &manifest,
            directory: &self.directory,
            dependencies: &self.dependencies,
            environment: self.environment.as_deref(),
            cache: &cache,
            jobs: 2,
        })
    }

    pub(super) fn sources(&self) -> Result<(Sources, Told), SourceError> {
        let told = Told::default();
        let sources = self.with(|request| sources(request, &told))?;
        Ok((sources, told))
    }

    /// Compiles, and what was compiled.
    pub(super) fn compiled(&self) -> Vec<String> {
        let (_, told) = self.sources().expect("compiles");
        told.steps()
    }

    pub(super) fn fingerprint(&self) -> Option<puck_package::Digest> {
        self.with(fingerprint).expect("readable")
    }
}
