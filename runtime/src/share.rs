//! Files of packages that are no libraries: their descriptions, their IR, and what they bring in
//! `share/<package>.<series>/` of an environment.

use std::io;
use std::path::PathBuf;

use puck_package::document::InvalidDocument;
use puck_package::{HostSection, PackageDocument, archive};

use crate::{Environment, Error};

impl Environment {
    /// The description of a package (`linalg`, `linalg.v2`) as it is written: `package.json`.
    ///
    /// # Errors
    /// If there is no such package, or its description cannot be read.
    pub fn document_json(&self, package: &str) -> Result<Vec<u8>, Error> {
        Ok(self.read_document(self.named(package)?)?.1)
    }

    /// The description of a package, read on the first call.
    pub(crate) fn description(&self, package: usize) -> Result<&PackageDocument, Error> {
        let state = self.entry(package).1;
        if let Some(description) = state.description.get() {
            return Ok(description);
        }
        let description = self.parsed(package, PackageDocument::parse)?;
        Ok(state.description.get_or_init(|| Box::new(description)))
    }

    /// What the description says of host imports, without reading of functions, which may be many.
    pub(crate) fn host_section(&self, package: usize) -> Result<HostSection, Error> {
        self.parsed(package, HostSection::parse)
    }

    fn parsed<T>(
        &self,
        package: usize,
        parse: fn(&[u8]) -> Result<T, InvalidDocument>,
    ) -> Result<T, Error> {
        let (path, bytes) = self.read_document(package)?;
        parse(&bytes).map_err(|source| Error::PackageDocument {
            path,
            source: Box::new(source),
        })
    }

    fn read_document(&self, package: usize) -> Result<(PathBuf, Vec<u8>), Error> {
        let path = self.path().join(self.entry(package).0.document_path());
        match fs_err::read(&path) {
            Ok(bytes) => Ok((path, bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Error::MissingFile { path })
            }
            Err(error) => Err(Error::Io(error)),
        }
    }

    /// The file of a package's IR (`linalg`, `linalg.v2`), in the store.
    ///
    /// `None` if there is no such package, and in an environment that was exported: it leads to no
    /// store.
    #[must_use]
    pub fn ir_path(&self, package: &str) -> Option<PathBuf> {
        let index = self.named(package).ok()?;
        // The description is a link into the package's folder.
        let link = self.path().join(self.listed()[index].document_path());
        let described = fs_err::read_link(&link).ok()?;
        let folder = link.parent()?.join(described.parent()?);
        let path = folder.join(self.description(index).ok()?.ir_path());
        path.is_file().then_some(path)
    }

    /// The content of a file in the `share/` of a package's archive (`linalg`, `linalg.v2`); `None` if
    /// it has no such file.
    ///
    /// # Errors
    /// If there is no such package, or the file cannot be read.
    pub fn share(&self, package: &str, file: &str) -> Result<Option<Vec<u8>>, Error> {
        self.shared(self.named(package)?, file)
    }

    pub(crate) fn shared(&self, package: usize, file: &str) -> Result<Option<Vec<u8>>, Error> {
        // No archive can have others, and none of those leads out of the folder.
        if archive::check_path(&format!("share/{file}")).is_err() {
            return Ok(None);
        }
        match fs_err::read(self.shared_path(package, file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Io(error)),
        }
    }

    pub(crate) fn shared_path(&self, package: usize, file: &str) -> PathBuf {
        let folder = self.entry(package).0.share_directory();
        self.path().join(folder).join(file)
    }
}
