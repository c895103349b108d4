//! Libraries that were made on this machine for environments, of several packages or for one
//! processor: `libraries/<key>/`.
//!
//! The key is the digest of the recipe, which is everything that decides what comes out. So an
//! environment that needs the same library finds it, and none is ever changed.

mod imports;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::format::{self, DocumentError, Numbered};
use puck_package::{Digest, FileFacts, LinkMode, LinkName, Processor};
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, Made, Thing};
use crate::folder::Folder;
use crate::{Error, Result, Store, files};

pub(crate) use imports::newest;

/// The name of the library in its folder.
pub(crate) const LIBRARY: &str = "library.so";
/// The name of the record of what it is.
pub(crate) const RECORD: &str = "library.json";
/// The format of [`LibraryRecord`].
const RECORD_FORMAT: u32 = 1;
/// Counted up whenever the same recipe would give another library.
const LAYOUT: u32 = 1;

/// Everything that decides what a library is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Recipe {
    /// Its own name.
    pub(crate) soname: String,
    /// Whose code is in it: [`LinkMode::Dynamic`] of one package.
    pub(crate) link: LinkMode,
    /// What links it.
    pub(crate) linker: String,
    /// What its code was compiled for on this machine; `None` if it is made of packed objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) processor: Option<Processor>,
    /// What compiled it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) compiler: Option<String>,
    /// The packages, in order.
    pub(crate) packages: Vec<Part>,
    /// What it exports, if that is not everything that the packages do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exports: Option<Vec<LinkName>>,
}

/// A recipe with its key, which takes a while to work out for many packages.
#[derive(Debug, Clone)]
pub(crate) struct Keyed {
    /// [`Recipe::key`].
    pub(crate) key: Digest,
    pub(crate) recipe: Recipe,
}

impl From<Recipe> for Keyed {
    fn from(recipe: Recipe) -> Self {
        Self {
            key: recipe.key(),
            recipe,
        }
    }
}

/// What a package gives to a library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Part {
    /// The digest of its archive.
    pub(crate) sha256: Digest,
    /// The path of its object; `None` if it gives its IR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
}

/// `library.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct LibraryRecord {
    /// [`RECORD_FORMAT`].
    pub(crate) format: u32,
    /// Of the recipe; the folder's name.
    pub(crate) key: Digest,
    /// Of `library.so`.
    pub(crate) library: FileFacts,
    /// What it was made of.
    pub(crate) recipe: Recipe,
}

impl Numbered for LibraryRecord {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Recipe {
    /// The name of the library's folder.
    pub(crate) fn key(&self) -> Digest {
        let mut bytes = format!("puck library {LAYOUT}\n").into_bytes();
        bytes.extend(serde_json::to_vec(self).expect("all keys are strings"));
        Digest::of(&bytes)
    }

    /// What it exports, if that is not everything that the packages do.
    pub(crate) fn kept(&self) -> Option<BTreeSet<LinkName>> {
        Some(self.exports.as_ref()?.iter().cloned().collect())
    }
}

/// Where `library.so` is, relative to the store.
pub(crate) fn path_in_store(key: &Digest) -> String {
    format!("libraries/{key}/{LIBRARY}")
}

impl Store {
    pub(crate) fn library_path(&self, key: &Digest) -> PathBuf {
        self.libraries_directory().join(key.hex())
    }

    /// What is said of the library of that key, if it is there with its size.
    pub(crate) fn library(&self, key: &Digest) -> Result<Option<LibraryRecord>> {
        Ok(self.library_state(key)?.ok())
    }

    /// The record of a library, or what is wrong with it.
    fn library_state(&self, key: &Digest) -> Result<Result<LibraryRecord, String>> {
        let path = self.library_path(key);
        let Some(folder) = Folder::open(&path)? else {
            return Ok(Err("it is missing".to_owned()));
        };
        let Some(bytes) = folder.read(RECORD)? else {
            return Ok(Err(format!("{RECORD} is missing")));
        };
        let record: LibraryRecord = match format::read_json(RECORD, &bytes, RECORD_FORMAT) {
            Ok(record) => record,
            Err(DocumentError::Newer(source)) => return Err(Error::Newer { path, source }),
            Err(error) => return Ok(Err(error.to_string())),
        };
        if record.key != *key || record.recipe.key() != *key {
            return Ok(Err(format!("{RECORD} has changed")));
        }
        Ok(match folder.size(LIBRARY)? {
            Some(size) if size == record.library.size => Ok(record),
            Some(_) => Err(format!("{LIBRARY} has another size")),
            None => Err(format!("{LIBRARY} is missing")),
        })
    }

    /// What is wrong with the library in the folder at `path`, which is read.
    pub(crate) fn library_problems(&self, path: &Path) -> Result<Vec<String>> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(key) = name.and_then(|name| name.parse().ok()) else {
            return Ok(vec!["its name is no library's".to_owned()]);
        };
        let record = match self.library_state(&key) {
            Ok(Ok(record)) => record,
            Ok(Err(reason)) => return Ok(vec![reason]),
            // The work of a newer puck cannot be judged here, and must not be removed.
            Err(Error::Newer { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut problems = Vec::new();
        if Digest::of_file(&path.join(LIBRARY))? != record.library.sha256 {
            problems.push(format!("{LIBRARY} has changed"));
        }
        for found in files::entries(path)? {
            let name = found.file_name().unwrap_or_default();
            if name != LIBRARY && name != RECORD {
                let name = name.to_string_lossy();
                problems.push(format!("{name} does not belong there"));
            }
        }
        Ok(problems)
    }

    /// What compiled the libraries in the store, the newest first by name.
    pub(crate) fn library_compilers(&self) -> Result<Vec<String>> {
        let mut found = BTreeSet::new();
        for path in files::entries(&self.libraries_directory())? {
            let bytes = match fs::read(path.join(RECORD)) {
                Ok(bytes) => bytes,
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let record: Result<LibraryRecord, _> = format::read_json(RECORD, &bytes, RECORD_FORMAT);
            found.extend(record.ok().and_then(|record| record.recipe.compiler));
        }
        Ok(found.into_iter().rev().collect())
    }
}

impl Batch<'_> {
    /// Takes a library that was made by a recipe.
    pub(crate) fn add_library(&self, keyed: &Keyed, library: &[u8]) -> Result<()> {
        let Keyed { key, recipe } = keyed;
        let made = self.place("library")?;
        fs::create_dir(&made)?;
        files::write_sealed(&made.join(LIBRARY), library)?;
        let record = LibraryRecord {
            format: RECORD_FORMAT,
            key: *key,
            library: FileFacts {
                sha256: Digest::of(library),
                size: library.len() as u64,
            },
            recipe: recipe.clone(),
        };
        let mut json = serde_json::to_vec_pretty(&record).map_err(std::io::Error::from)?;
        json.push(b'\n');
        files::write_sealed(&made.join(RECORD), &json)?;
        self.ready(Thing {
            made: Made::Library,
            from: made,
            to: self.store.library_path(key),
        })
    }
}
