//! An archive that somebody wants to publish: opened, and not trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use object::{Object, ObjectSymbol};
use puck_package::archive::{self, ArchiveError, Limits, Sink};
use puck_package::{Digest, Hasher, IndexLine, PackageDocument};

use crate::{Error, time};

/// An archive that was checked completely.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Where it is.
    pub path: PathBuf,
    /// Its description.
    pub document: PackageDocument,
    /// Of the whole archive.
    pub sha256: Digest,
    /// In bytes.
    pub size: u64,
}

impl Offered {
    /// Opens and checks the archive at `path`: its form, the digest of every file, that its
    /// description agrees with itself, and that its objects define what it says it exports.
    ///
    /// # Errors
    /// If it cannot be read, or is not sound.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let refused = |source| Error::Archive {
            path: path.to_owned(),
            source,
        };
        let mut file = Hashed {
            file: fs_err::File::open(path)?,
            hasher: Digest::hasher(),
        };
        let mut objects = Objects::default();
        let document =
            archive::read(&mut file, None, &Limits::default(), &mut objects).map_err(refused)?;
        // The last bytes may not have been needed; they are part of the archive all the same.
        io::copy(&mut file, &mut io::sink())?;
        let (sha256, size) = file.hasher.finish();
        objects.define_exports_of(&document).map_err(refused)?;
        Ok(Self {
            path: path.to_owned(),
            document,
            sha256,
            size,
        })
    }

    /// The index line that it would get now.
    #[must_use]
    pub fn line(&self) -> IndexLine {
        IndexLine::new(&self.document, self.sha256, self.size, time::now())
    }
}

/// Hashes what is read: the digest is of the very bytes that were checked.
struct Hashed {
    file: fs_err::File,
    hasher: Hasher,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher
            .write_all(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }
}

/// Keeps the symbols that each object defines, by its path, or why it cannot be read.
#[derive(Default)]
struct Objects(BTreeMap<String, Result<BTreeSet<String>, String>>);

impl Sink for Objects {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()> {
        if !path.starts_with("obj/") {
            return io::copy(content, &mut io::sink()).map(drop);
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.0.insert(path.to_owned(), definitions(&bytes));
        Ok(())
    }
}

fn definitions(bytes: &[u8]) -> Result<BTreeSet<String>, String> {
    let object = object::File::parse(bytes).map_err(|error| error.to_string())?;
    if object.kind() != object::ObjectKind::Relocatable {
        return Err("it is not a relocatable object".to_owned());
    }
    let defined = object
        .symbols()
        .filter(|symbol| symbol.is_global() && symbol.is_definition());
    Ok(defined
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .collect())
}

impl Objects {
    fn define_exports_of(&self, document: &PackageDocument) -> Result<(), ArchiveError> {
        for (target, object) in &document.targets {
            let path = &object.object;
            let mismatch = |reason: String| ArchiveError::Mismatch {
                path: path.clone(),
                reason,
            };
            let defined = match self.0.get(path) {
                Some(Ok(defined)) => defined,
                Some(Err(reason)) => return Err(mismatch(reason.clone())),
                None => return Err(mismatch("it is missing".to_owned())),
            };
            for link_name in document.exported_symbols() {
                if !defined.contains(&link_name.to_string()) {
                    return Err(mismatch(format!(
                        "it is the object of {target}, but does not define `{link_name}`"
                    )));
                }
            }
        }
        Ok(())
    }
}
