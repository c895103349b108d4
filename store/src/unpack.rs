//! From an archive to files in `staging/`, read-only from the start.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::archive::{self, ArchiveError, Expected, Limits, Opened, Sink};
use puck_package::{PackageDocument, PackageName};
use semver::Version;

use crate::error::PackageVersion;
use crate::installed::DOCUMENT;
use crate::{Error, Result, files};

/// Files up to this size are read at once, and objects among them are kept for linking.
const SMALL: u64 = 16 << 20;

/// What an archive held.
pub(crate) struct Unpacked {
    pub(crate) document: PackageDocument,
    /// `package.json` as it stood in the archive.
    pub(crate) json: Vec<u8>,
    /// Objects by path; what is missing here is to be read from its file.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// The folders that were made, relative to the package's.
    pub(crate) folders: BTreeSet<PathBuf>,
}

/// Unpacks the archive at `path` into the new folder `into`.
pub(crate) fn unpack(
    path: &Path,
    into: &Path,
    name: &PackageName,
    version: &Version,
) -> Result<Unpacked> {
    fs::create_dir(into)?;
    let mut files = Files {
        root: into,
        folders: BTreeSet::new(),
        objects: BTreeMap::new(),
    };
    let expected = Some(Expected { name, version });
    let opened = archive::open(
        fs::File::open(path)?,
        expected,
        &Limits::default(),
        &mut files,
    );
    let Opened { document, json } = opened.map_err(|source| match source {
        ArchiveError::Io(error) => Error::from(error),
        source => Error::Archive {
            package: PackageVersion::new(name, version),
            source: Box::new(source),
        },
    })?;
    files::write_sealed(&into.join(DOCUMENT), &json)?;
    Ok(Unpacked {
        document,
        json,
        objects: files.objects,
        folders: files.folders,
    })
}

/// Writes files, and keeps objects.
struct Files<'a> {
    root: &'a Path,
    folders: BTreeSet<PathBuf>,
    objects: BTreeMap<String, Vec<u8>>,
}

impl Sink for Files<'_> {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()> {
        let relative = Path::new(path);
        if let Some(parent) = relative.parent() {
            files::add_folder(self.root, parent, &mut self.folders)?;
        }
        let mut bytes = Vec::new();
        content.take(SMALL).read_to_end(&mut bytes)?;
        let place = self.root.join(relative);
        if (bytes.len() as u64) < SMALL {
            files::create_sealed(&place, &mut &bytes[..])?;
            if relative.starts_with("obj") {
                self.objects.insert(path.to_owned(), bytes);
            }
            Ok(())
        } else {
            files::create_sealed(&place, &mut bytes.chain(content))
        }
    }
}
