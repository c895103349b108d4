//! A registry directory, opened: what can be read of it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::format::{self, DocumentError, Numbered};
use puck_package::index::{self, IndexLine};
use puck_package::{PackageName, index::archive_path};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::log::{self, Action, LogState};
use crate::{Error, Writer, beside, index_file, writer};

/// The file that makes a directory a registry.
const DESCRIPTION: &str = "registry.json";

/// `registry.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// [`format::REGISTRY`].
    pub format: u32,
    /// What the registry calls itself.
    pub name: String,
    /// Where its API is, if it has one: an address, which may be relative to the registry's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

impl Description {
    /// Of a registry called `name`, without an API.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            format: format::REGISTRY,
            name: name.to_owned(),
            api: None,
        }
    }

    /// Reads the file; `what` names it in errors.
    ///
    /// # Errors
    /// If it is no such file, or one of a newer format.
    pub fn parse(what: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        format::read_json(what, bytes, format::REGISTRY)
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).expect("all keys are strings");
        json.push(b'\n');
        json
    }
}

impl Numbered for Description {
    fn format(&self) -> u32 {
        self.format
    }
}

/// A registry directory.
///
/// Cheap to open; nothing is kept in memory, so what others write is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    directory: PathBuf,
    name: String,
}

impl Registry {
    /// Opens the registry at `directory`.
    ///
    /// # Errors
    /// If there is none, or one of a newer format.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(DESCRIPTION);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                let directory = directory.to_owned();
                return Err(if directory.is_dir() {
                    Error::NotRegistry { directory }
                } else {
                    Error::Missing { directory }
                });
            }
            Err(error) => return Err(error.into()),
        };
        let what = path.display().to_string();
        let description = Description::parse(&what, &bytes)?;
        Ok(Self {
            directory: directory.to_owned(),
            name: description.name,
        })
    }

    /// Opens the registry at `directory`; makes an empty one, called `name`, if there is none.
    ///
    /// # Errors
    /// As [`Registry::open`]; if the directory cannot be written; if it holds other things.
    pub fn create(directory: &Path, name: &str) -> Result<Self, Error> {
        match Self::open(directory) {
            Err(Error::Missing { .. }) => {}
            // Whoever makes one at this moment has made his temporary file, and nothing else.
            Err(Error::NotRegistry { .. }) if holds_nothing_else(directory)? => {}
            // What else is there may be the registry that somebody made since.
            Err(Error::NotRegistry { .. }) => return Self::open(directory),
            opened => return opened,
        }
        let json = Description::new(name).to_json();
        let write = || -> io::Result<()> {
            fs::create_dir_all(directory)?;
            let path = directory.join(DESCRIPTION);
            beside::write(&directory.join(INCOMING), &path, &json)
        };
        match (write(), Self::open(directory)) {
            // Somebody else may have made it at the same moment.
            (_, Ok(registry)) => Ok(registry),
            (Err(error), Err(_)) => Err(Error::write(directory)(error)),
            (Ok(()), Err(error)) => Err(error),
        }
    }

    /// Opens the registry at `directory` to publish there: an empty directory becomes one, called as
    /// that is.
    ///
    /// # Errors
    /// As [`Registry::create`]; if there is no such directory, which may be a slip of the pen.
    pub fn open_or_fill(directory: &Path) -> Result<Self, Error> {
        match Self::open(directory) {
            Err(Error::NotRegistry { .. }) if holds_nothing_else(directory)? => {
                let real = fs::canonicalize(directory)?;
                let name = real.file_name().unwrap_or("registry".as_ref());
                Self::create(directory, &name.to_string_lossy())
            }
            Err(Error::NotRegistry { .. }) => Self::open(directory),
            opened => opened,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What it calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the archive of a version is, if that version is published.
    #[must_use]
    pub fn archive_path(&self, name: &PackageName, version: &Version) -> PathBuf {
        self.directory.join(archive_path(name, version))
    }

    /// The versions of `name`, oldest first; none if there is no such package.
    ///
    /// # Errors
    /// If the index file cannot be read; if one of its lines is not an index line, or of a newer
    /// format: the error names the file and the line.
    pub fn versions(&self, name: &PackageName) -> Result<Vec<IndexLine>, Error> {
        let path = self.index_path(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        index_file::parse(&path.display().to_string(), &bytes, name)
    }

    /// The names of all packages, sorted.
    ///
    /// # Errors
    /// If the index cannot be listed.
    pub fn names(&self) -> Result<Vec<PackageName>, Error> {
        let mut names = Vec::new();
        let mut open = vec![self.directory.join("index")];
        while let Some(directory) = open.pop() {
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    open.push(entry.path());
                } else if let Some(name) = entry.file_name().to_str()
                    && let Ok(name) = name.parse()
                    && self.index_path(&name) == entry.path()
                {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// Finishes or undoes what a writer that was killed left half done, as whoever writes next
    /// does, too.
    ///
    /// # Errors
    /// If the registry cannot be written, or is damaged.
    pub fn recover(&self) -> Result<(), Error> {
        Writer::lock(self).map(drop)
    }

    /// Replaces `registry.json` by what `edit` makes of it, if that is another.
    ///
    /// # Errors
    /// If the registry cannot be written, or is damaged.
    pub fn describe(&self, edit: impl FnOnce(&mut Description)) -> Result<(), Error> {
        let _writer = Writer::lock(self)?;
        let path = self.directory.join(DESCRIPTION);
        let before = Description::parse(&path.display().to_string(), &fs::read(&path)?)?;
        let mut description = before.clone();
        edit(&mut description);
        if description == before {
            return Ok(());
        }
        beside::write(&self.incoming(), &path, &description.to_json())
            .map_err(Error::write(&self.directory))
    }

    /// Checks that no line of the log was changed, removed or inserted, and that the index says
    /// what the log says. Returns how far the log goes.
    ///
    /// # Errors
    /// What does not fit, with the file and the line.
    pub fn verify_log(&self) -> Result<LogState, Error> {
        let _lock = self.lock_for_reading()?;
        let path = self.log_path();
        let (state, mut entries) = log::file::read(&path)?;
        // Of a writer that was killed: the next one will log what the index says already.
        if let Some(entry) = writer::announced(self)?
            && !entries.last().is_some_and(|last| last.same_change(&entry))
        {
            let lines = self.versions(&entry.name)?;
            let mut same = lines.iter().filter(|line| line.version == entry.version);
            if same.any(|line| writer::says(line, &entry)) {
                entries.push(entry);
            }
        }
        let mut logged = BTreeMap::new();
        for (i, entry) in entries.into_iter().enumerate() {
            let what = format!("{}:{}", path.display(), i + 1);
            let id = (entry.name.clone(), entry.version.clone());
            let before = logged.insert(id, (entry.sha256, entry.action == Action::Yank));
            let expected = match entry.action {
                Action::Publish => None,
                Action::Yank => Some((entry.sha256, false)),
                Action::Unyank => Some((entry.sha256, true)),
            };
            if before != expected {
                let action = serde_json::to_string(&entry.action).unwrap_or_default();
                let reason = format!("{action} of {} {} cannot follow", entry.name, entry.version);
                return Err(Error::Contradiction { what, reason });
            }
        }
        for name in self.names()? {
            for line in self.versions(&name)? {
                let found = (line.sha256, line.yanked);
                let expected = logged.remove(&(name.clone(), line.version.clone()));
                if expected != Some(found) {
                    let what = self.index_path(&name).display().to_string();
                    let version = &line.version;
                    let reason = match expected {
                        None => format!("{version} is not in the log"),
                        Some((sha256, _)) if sha256 != line.sha256 => {
                            format!("{version} has another SHA-256 than in the log, {sha256}")
                        }
                        Some((_, yanked)) => format!("{version}: the log says yanked = {yanked}"),
                    };
                    return Err(Error::Contradiction { what, reason });
                }
            }
        }
        if let Some(((name, version), _)) = logged.into_iter().next() {
            let what = self.index_path(&name).display().to_string();
            let reason = format!("{version} is missing, but is in the log");
            return Err(Error::Contradiction { what, reason });
        }
        Ok(state)
    }

    pub(crate) fn index_path(&self, name: &PackageName) -> PathBuf {
        self.directory.join(index::path(name))
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.directory.join("log.jsonl")
    }

    pub(crate) fn lock_path(&self) -> PathBuf {
        self.directory.join("registry.lock")
    }

    pub(crate) fn pending_path(&self) -> PathBuf {
        self.directory.join("pending.json")
    }

    pub(crate) fn incoming(&self) -> PathBuf {
        self.directory.join(INCOMING)
    }

    /// What is not for others to read.
    pub(crate) fn private(&self) -> PathBuf {
        self.directory.join("private")
    }

    /// Keeps writers out, if there ever was one.
    fn lock_for_reading(&self) -> Result<Option<fs::File>, Error> {
        match fs::File::open(self.lock_path()) {
            Ok(file) => {
                file.file().lock_shared()?;
                Ok(Some(file))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Where files are written before they are moved into place.
const INCOMING: &str = ".incoming";

fn holds_nothing_else(directory: &Path) -> Result<bool, Error> {
    for entry in fs::read_dir(directory)? {
        if entry?.file_name() != INCOMING {
            return Ok(false);
        }
    }
    Ok(true)
}
