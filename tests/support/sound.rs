//! What must hold of a machine at any moment, and what when nothing is under way.

use std::path::Path;

use puck_package::Digest;
use puck_registry::Registry;
use puck_store::Store;

use crate::support::Machine;
use crate::support::listing::Listing;

impl Machine {
    /// Fails unless all that has its place in the store and the default registry is whole. Holds
    /// at any moment, also right after a kill.
    #[track_caller]
    pub(crate) fn expect_whole(&self) {
        let store = Store::open(&self.home()).unwrap();
        let found = store.verify().unwrap();
        assert_eq!(found.problems, [], "in the store");
        if self.registry().join("registry.json").exists() {
            let registry = Registry::open(&self.registry()).unwrap();
            for name in registry.names().unwrap() {
                for line in registry.versions(&name).unwrap() {
                    let archive = registry.archive_path(&name, &line.version);
                    let found = Digest::of_file(&archive).unwrap();
                    assert_eq!(found, line.sha256, "{}", archive.display());
                }
            }
        }
    }

    /// Fails unless everything is whole, the registry's log says what its index says, and nothing
    /// is left of what was under way.
    #[track_caller]
    pub(crate) fn expect_tidy(&self) {
        self.expect_whole();
        let registry = self.registry();
        if registry.exists() {
            Registry::open(&registry).unwrap().verify_log().unwrap();
            assert!(!registry.join("pending.json").exists());
        }
        for folder in [self.home().join("staging"), registry.join(".incoming")] {
            if folder.exists() {
                let left = names(&folder);
                assert!(left.is_empty(), "left in {}: {left:?}", folder.display());
            }
        }
    }

    /// Fails if there is anything in a project's folder that its user should not find there. What
    /// is being made has a name that begins with a dot.
    #[track_caller]
    pub(crate) fn expect_tidy_project(&self, folder: &str) {
        // What cargo makes is for cargo to keep tidy.
        let all = Listing::of(&self.path(folder), &["rust", ".rustc_info.json"]);
        let left: Vec<_> = all
            .paths()
            .filter(|path| {
                path.rsplit('/')
                    .next()
                    .is_some_and(|name| name.starts_with('.'))
            })
            .filter(|path| ![".puck", "target/puck/.lock", ".gitignore"].contains(path))
            .collect();
        assert!(left.is_empty(), "left in {folder}: {left:?}");
    }

    /// The versions of a package in the default registry.
    pub(crate) fn published(&self, name: &str) -> Vec<String> {
        let registry = Registry::open(&self.registry()).unwrap();
        let lines = registry.versions(&name.parse().unwrap()).unwrap();
        lines.iter().map(|line| line.version.to_string()).collect()
    }

    /// The key of the environment that a project's `.puck` leads to, if there is one.
    pub(crate) fn environment_key(&self, folder: &str) -> Option<String> {
        let link = self.path(folder).join(".puck");
        if !link.is_symlink() {
            assert!(!link.exists(), "{} is no link", link.display());
            return None;
        }
        let target = fs_err::read_link(link).unwrap();
        Some(target.file_name().unwrap().to_str().unwrap().to_owned())
    }
}

/// The names of what is in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
