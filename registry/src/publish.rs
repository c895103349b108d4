//! Publishing and yanking.

use std::path::{Path, PathBuf};

use puck_package::{Digest, IndexLine, PackageName, format};
use semver::Version;

use crate::error::VersionExists;
use crate::log::{Action, LogEntry};
use crate::writer::Writer;
use crate::{Error, Offered, Registry, beside, compatibility, time};

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
        let offered = Offered::open(path)?;
        let archive = self.archive_path(&offered.document.name, &offered.document.version);
        let writer = Writer::lock(self)?;
        let mut lines = self.versions(&offered.document.name)?;
        let Accepted { line, new } = accept(&offered, &lines)?;
        if !new {
            if Digest::of_file(&archive).ok() != Some(line.sha256) {
                let copy = self.incoming_copy(&offered)?;
                beside::put(copy, &archive).map_err(Error::write(self.directory()))?;
            }
            return Ok(Published { line, archive, new });
        }
        let copy = self.incoming_copy(&offered)?;
        lines.push(line.clone());
        lines.sort_by(|a, b| a.version.cmp(&b.version));
        let entry = entry(Action::Publish, &line, line.time.clone());
        writer.change(entry, &lines, || beside::put(copy, &archive))?;
        Ok(Published {
            line,
            archive,
            new: true,
        })
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
        let Accepted { line, new } = accept(&offered, &lines)?;
        Ok(Published { line, archive, new })
    }

    /// Withdraws a version, or takes that back: a yanked version is chosen only by lockfiles that
    /// name it already. Returns whether that changed anything.
    ///
    /// # Errors
    /// If there is no such version; if the registry cannot be written; if a version that comes
    /// back does not fit into what its series has promised meanwhile.
    pub fn yank(&self, name: &PackageName, version: &Version, yanked: bool) -> Result<bool, Error> {
        let writer = Writer::lock(self)?;
        let mut lines = self.versions(name)?;
        let Some(place) = lines.iter().position(|line| line.version == *version) else {
            return Err(Error::UnknownVersion {
                name: name.clone(),
                version: version.clone(),
                known: lines.into_iter().map(|line| line.version).collect(),
            });
        };
        let mut line = lines.swap_remove(place);
        if line.yanked == yanked {
            return Ok(false);
        }
        if !yanked {
            compatibility::check(&line, &lines).map_err(Error::Incompatible)?;
        }
        line.yanked = yanked;
        let action = if yanked { Action::Yank } else { Action::Unyank };
        let entry = entry(action, &line, time::now());
        lines.push(line);
        lines.sort_by(|a, b| a.version.cmp(&b.version));
        writer.change(entry, &lines, || Ok(()))?;
        Ok(true)
    }

    /// A copy of the archive in the registry, not in its place yet.
    fn incoming_copy(&self, offered: &Offered) -> Result<tempfile::NamedTempFile, Error> {
        let mut source = fs_err::File::open(&offered.path)?;
        let (copy, sha256, _) =
            beside::copy(&self.incoming(), &mut source).map_err(Error::write(self.directory()))?;
        if sha256 == offered.sha256 {
            Ok(copy)
        } else {
            Err(Error::Changed {
                path: offered.path.clone(),
            })
        }
    }
}

/// The index line of what may be published, and whether it is not published yet.
struct Accepted {
    line: IndexLine,
    new: bool,
}

/// Whether `offered` may join the published `lines` of its package, or is among them.
fn accept(offered: &Offered, lines: &[IndexLine]) -> Result<Accepted, Error> {
    let version = &offered.document.version;
    // Versions that differ in build metadata alone are one version to whoever requires it.
    let same = |line: &&IndexLine| line.version.cmp_precedence(version).is_eq();
    match lines.iter().find(same) {
        Some(line) if line.sha256 == offered.sha256 => Ok(Accepted {
            line: line.clone(),
            new: false,
        }),
        Some(line) => Err(Error::VersionExists(Box::new(VersionExists {
            name: line.name.clone(),
            version: line.version.clone(),
            published: line.sha256,
            offered: offered.sha256,
        }))),
        None => {
            let line = offered.line();
            compatibility::check(&line, lines).map_err(Error::Incompatible)?;
            Ok(Accepted { line, new: true })
        }
    }
}

fn entry(action: Action, line: &IndexLine, time: String) -> LogEntry {
    LogEntry {
        format: format::REGISTRY,
        number: 0,
        previous: None,
        action,
        name: line.name.clone(),
        version: line.version.clone(),
        sha256: line.sha256,
        time,
    }
}

#[cfg(test)]
mod tests;
