//! Where the store is and what is where in it.

use std::path::{Path, PathBuf};
use std::sync::Once;

use puck_package::{Digest, PackageName, variables};
use semver::Version;

use crate::{Error, Result};

/// The store of one `PUCK_HOME`. Any number of values, threads and processes may use the same one.
#[derive(Debug)]
pub struct Store {
    home: PathBuf,
    pub(crate) swept: Once,
}

impl Store {
    /// The store in `home`, which need not exist: folders are made when something is put in them.
    ///
    /// # Errors
    /// If `home` is relative and there is no current directory.
    pub fn open(home: &Path) -> Result<Self> {
        let home = std::path::absolute(home)?;
        Ok(Self {
            home,
            swept: Once::new(),
        })
    }

    /// Where the store is unless the user says otherwise: `$PUCK_HOME`, else `puck/` in
    /// `$XDG_DATA_HOME`, else `~/.local/share/puck`.
    ///
    /// # Errors
    /// [`Error::NoHome`] if none of the variables is set.
    pub fn default_home() -> Result<PathBuf> {
        let path = |name| variables::get(name).map(PathBuf::from);
        default_home(
            path(variables::PUCK_HOME),
            path(variables::XDG_DATA_HOME),
            path(variables::HOME),
        )
        .ok_or(Error::NoHome)
    }

    /// The folder of the store, as an absolute path.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The folder of the default registry.
    #[must_use]
    pub fn registry_directory(&self) -> PathBuf {
        self.home.join("registry")
    }

    /// The folder of the user's own project.
    #[must_use]
    pub fn user_directory(&self) -> PathBuf {
        self.home.join("user")
    }

    pub(crate) fn archives_directory(&self) -> PathBuf {
        self.home.join("archives")
    }

    pub(crate) fn packages_directory(&self) -> PathBuf {
        self.home.join("packages")
    }

    pub(crate) fn environments_directory(&self) -> PathBuf {
        self.home.join("environments")
    }

    pub(crate) fn libraries_directory(&self) -> PathBuf {
        self.home.join("libraries")
    }

    /// The folder of compiled code that compilers keep for themselves.
    #[must_use]
    pub fn cache_directory(&self) -> PathBuf {
        self.home.join("cache")
    }

    pub(crate) fn projects_directory(&self) -> PathBuf {
        self.home.join("projects")
    }

    pub(crate) fn index_directory(&self) -> PathBuf {
        self.home.join("index")
    }

    pub(crate) fn staging_directory(&self) -> PathBuf {
        self.home.join("staging")
    }

    pub(crate) fn archive_path(&self, sha256: &Digest) -> PathBuf {
        self.archives_directory().join(format!("{sha256}.puck"))
    }

    pub(crate) fn environment_path(&self, key: &Digest) -> PathBuf {
        self.environments_directory().join(key.hex())
    }
}

/// The name of a package's folder in `packages/`.
pub(crate) fn directory_name(name: &PackageName, version: &Version, sha256: &Digest) -> String {
    format!("{name}-{version}-{}", sha256.prefix(16))
}

/// As the XDG specification has it, a relative `XDG_DATA_HOME` does not count.
fn default_home(
    puck: Option<PathBuf>,
    data: Option<PathBuf>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    puck.or_else(|| Some(data.filter(|path| path.is_absolute())?.join("puck")))
        .or_else(|| Some(home?.join(".local/share/puck")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_by_variables() {
        let path = |text: &str| (!text.is_empty()).then(|| PathBuf::from(text));
        let cases = [
            ("/p", "/x", "/h", "/p"),
            ("relative", "/x", "/h", "relative"),
            ("", "/x", "/h", "/x/puck"),
            ("", "relative", "/h", "/h/.local/share/puck"),
            ("", "", "/h", "/h/.local/share/puck"),
            ("", "", "", ""),
        ];
        for (puck, data, home, expected) in cases {
            let found = default_home(path(puck), path(data), path(home));
            assert_eq!(found, path(expected), "{puck} {data} {home}");
        }
    }

    #[test]
    fn opening_makes_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("not/there");
        let store = Store::open(&home).expect("opens");
        assert!(!home.exists());
        assert_eq!(store.user_directory(), home.join("user"));
        assert!(
            Store::open(Path::new("here"))
                .expect("opens")
                .home()
                .is_absolute()
        );
    }
}
