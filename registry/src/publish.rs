//! Publishing and yanking.

use std::path::{Path, PathBuf};

use puck_package::{Digest, IndexLine, PackageName};
use semver::Version;

use crate::rules::{self, Accepted};
use crate::{Action, Error, Offered, Registry, Writer};

/// In a mirror's directory: of what it is the copy.
const UPSTREAM: &str = "private/upstream.json";

/// A version that is published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// What the index says of it.
    pub line: IndexLine,
    /// Where its archive is now.
    pub archive: PathBuf,
    /// Whether this publish put it there; if not, the very same archive was published before.
    pub new: bool,
}

impl Registry {
    /// Publishes the archive at `path`.
    ///
    /// An archive that is published already, byte for byte, is no error: a publish that was
    /// killed before it could tell of its success may be run again.
    ///
    /// # Errors
    /// If the archive is not sound; if its version is published with other content; if it breaks a
    /// promise of its compatibility series; if the registry cannot be written. Then nothing is
    /// published.
    pub fn publish(&self, path: &Path) -> Result<Published, Error> {
        self.refuse_mirror()?;
        let offered = Offered::open(path)?;
        let name = &offered.document.name;
        let archive = self.archive_path(name, &offered.document.version);
        let writer = Writer::lock(self)?;
        let lines = self.versions(name)?;
        let Accepted { line, new } = rules::accept(&offered, &lines)?;
        if new {
            if lines.is_empty() {
                // Left by a first publish that named its owner and came no further.
                writer.forget_owners(name)?;
            }
            writer.change(Action::Publish, &line, Some(&offered))?;
        } else if Digest::of_file(&archive).ok() != Some(line.sha256) {
            writer.restore(&offered)?;
        }
        Ok(Published { line, archive, new })
    }

    /// Checks all that [`Registry::publish`] would check of the archive at `path`, and writes
    /// nothing. Returns the index line that it would get, or has.
    ///
    /// # Errors
    /// As [`Registry::publish`], but for the writing.
    pub fn check(&self, path: &Path) -> Result<Published, Error> {
        let offered = Offered::open(path)?;
        let archive = self.archive_path(&offered.document.name, &offered.document.version);
        let lines = self.versions(&offered.document.name)?;
        let Accepted { line, new } = rules::accept(&offered, &lines)?;
        Ok(Published { line, archive, new })
    }

    /// Withdraws a version, for `reason`, or takes that back: a yanked version is chosen only by
    /// lockfiles that name it already. Returns whether that changed anything.
    ///
    /// # Errors
    /// If there is no such version; if the registry cannot be written; if a version that comes
    /// back does not fit into what its series has promised meanwhile; if the reason is more than a
    /// line.
    pub fn yank(
        &self,
        name: &PackageName,
        version: &Version,
        yanked: bool,
        reason: Option<&str>,
    ) -> Result<bool, Error> {
        self.refuse_mirror()?;
        let writer = Writer::lock(self)?;
        let lines = self.versions(name)?;
        let Some(line) = rules::yank(&lines, name, version, yanked, reason)? else {
            return Ok(false);
        };
        let action = if yanked { Action::Yank } else { Action::Unyank };
        writer.change(action, &line, None)?;
        Ok(true)
    }

    /// What is changed in a copy is lost when it is brought up to date.
    fn refuse_mirror(&self) -> Result<(), Error> {
        if self.directory().join(UPSTREAM).exists() {
            return Err(Error::Mirror {
                directory: self.directory().to_owned(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
