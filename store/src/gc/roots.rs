//! What known projects and living processes need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::lockfile;

use super::Kind;
use super::inventory::{Inventory, Item};
use super::live::Live;
use crate::activate::LINK;
use crate::projects::{KnownProject, is_gone};
use crate::{Result, Store};

/// How much of a digest is in the name of a package's folder.
const SHORT: usize = 16;
/// What a lockfile writes before the name of a registry.
const REGISTRY: &str = "registry+";

/// What has to stay.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Environments, by key.
    pub(super) environments: BTreeSet<String>,
    /// Packages, by folder.
    pub(super) packages: BTreeSet<String>,
    /// Libraries, by key.
    pub(super) libraries: BTreeSet<String>,
    /// Packages and archives, by the first digits of the archive's digest.
    pub(super) digests: BTreeSet<String>,
    /// Registries, by name.
    pub(super) registries: BTreeSet<String>,
    /// Projects that are gone.
    pub(super) forgotten: Vec<PathBuf>,
}

impl Roots {
    /// What the known projects need. The records of those that are gone are removed if `forget`.
    pub(super) fn of_projects(store: &Store, forget: bool) -> Result<Self> {
        let mut roots = Self::default();
        for project in store.records()? {
            if project.is_there()? {
                roots.add_project(&project)?;
                continue;
            }
            if forget {
                crate::files::remove(&project.record)?;
            }
            roots.forgotten.push(project.directory);
        }
        // The user's own needs no record.
        let user = store.user_directory();
        roots.add_project(&KnownProject {
            record: user.clone(),
            directory: user,
        })?;
        Ok(roots)
    }

    fn add_project(&mut self, project: &KnownProject) -> Result<()> {
        match fs::read_link(project.directory.join(LINK)) {
            Ok(target) => {
                let key = target.file_name().and_then(|name| name.to_str());
                self.environments.extend(key.map(str::to_owned));
            }
            // Not a link: not ours.
            Err(error) if is_gone(&error) || error.kind() == std::io::ErrorKind::InvalidInput => {}
            Err(source) => return Err(project.unreadable(source)),
        }
        // A member of a workspace has its lockfile above itself.
        for directory in project.directory.ancestors() {
            match fs::read(directory.join(lockfile::FILE)) {
                Ok(bytes) => {
                    self.add_lockfile(&bytes);
                    break;
                }
                Err(error) if is_gone(&error) => {}
                Err(_) if directory != project.directory => {}
                Err(source) => return Err(project.unreadable(source)),
            }
        }
        Ok(())
    }

    fn add_lockfile(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        for word in text.split(|c: char| !c.is_ascii_hexdigit()) {
            if word.len() == 64
                && let Some(short) = word.get(..SHORT)
            {
                self.digests.insert(short.to_owned());
            }
        }
        let names = text.split(REGISTRY).skip(1).filter_map(|rest| {
            let end = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
            rest.split(end).next()
        });
        self.registries.extend(names.map(str::to_owned));
    }

    /// Adds what living processes need.
    pub(super) fn add_live(&mut self, live: &Live, inventory: &Inventory) {
        self.packages.extend(live.packages.iter().cloned());
        self.libraries.extend(live.libraries.iter().cloned());
        self.environments.extend(live.environments.iter().cloned());
        let users = inventory.0.iter().filter(|item| {
            item.kind == Kind::Environment
                && !(item.packages.is_disjoint(&live.packages)
                    && item.libraries.is_disjoint(&live.libraries))
        });
        // Which of them the process opened is not to be seen; it may load more of it any time.
        self.environments
            .extend(users.map(|item| item.name.clone()));
    }

    /// Whether `item` has to stay, for itself. What an environment needs is not looked at here.
    pub(super) fn need(&self, item: &Item) -> bool {
        let by_digest = |short: Option<&str>| short.is_some_and(|s| self.digests.contains(s));
        match item.kind {
            Kind::Environment => self.environments.contains(&item.name),
            Kind::Library => self.libraries.contains(&item.name),
            // What is removed is compiled again.
            Kind::Cache => false,
            Kind::Package => {
                self.packages.contains(&item.name) || by_digest(short_of_package(&item.name))
            }
            Kind::Archive => by_digest(item.name.get(..SHORT)),
            // `<name>-<8 digits of its address>`
            Kind::Index => {
                let name = item
                    .name
                    .rsplit_once('-')
                    .map_or(&*item.name, |(name, _)| name);
                self.registries.contains(name)
            }
        }
    }
}

/// The digest in `linalg-1.2.0-0123456789abcdef`.
pub(super) fn short_of_package(directory: &str) -> Option<&str> {
    let (_, short) = directory.rsplit_once('-')?;
    (short.len() == SHORT).then_some(short)
}

/// The part of `path` after `home/area/`, up to the next slash.
pub(super) fn name_below<'a>(path: &'a Path, home: &Path, area: &str) -> Option<&'a str> {
    let mut parts = path.strip_prefix(home).ok()?.components();
    (parts.next()?.as_os_str() == area).then_some(())?;
    parts.next()?.as_os_str().to_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lockfiles_of_any_kind() {
        let digests: Vec<String> = (0..3)
            .map(|i| format!("{i}{}", "ab12".repeat(16)))
            .collect();
        let digest = |i: usize| &digests[i][..64];
        let text = format!(
            "version = 7\n<<<<<<< ours\nsha256 = \"{}\"\n=======\nsource = \"registry+team-1\"\n\
             sha256 = \"sha256:{}\" # {}0\n",
            digest(0),
            digest(1),
            digest(2),
        );
        let mut roots = Roots::default();
        roots.add_lockfile(text.as_bytes());
        roots.add_lockfile(b"\xff\"registry+local\"");
        let expected = [&digest(0)[..16], &digest(1)[..16]].map(str::to_owned);
        assert_eq!(roots.digests, expected.into());
        let expected = ["local", "team-1"].map(str::to_owned);
        assert_eq!(roots.registries, expected.into());
    }

    #[test]
    fn names_in_paths() {
        let home = Path::new("/h");
        for (path, expected) in [
            (
                "/h/packages/a-1.0.0-0123456789abcdef/lib/x.so",
                Some("a-1.0.0-0123456789abcdef"),
            ),
            ("/h/packages", None),
            ("/h/archives/x", None),
            ("/other/packages/x", None),
        ] {
            assert_eq!(name_below(Path::new(path), home, "packages"), expected);
        }
        assert_eq!(
            short_of_package("my-lib-1.0.0-rc-1-0123456789abcdef"),
            Some("0123456789abcdef")
        );
        assert_eq!(short_of_package("other"), None);
    }
}
