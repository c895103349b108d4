//! What can go wrong in a build.

use std::path::PathBuf;

use puck_package::{LinkName, PackageDocument, PackageName};
use semver::Version;

use crate::caller::CallerError;
use crate::codegen::CodegenError;
use crate::module::{ExportError, ImportError, ModuleError};
use crate::source::SourceError;
use crate::system::SystemError;

/// Why a package could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest only consumes packages.
    #[error("{}: nothing to build: there is no [package] section", manifest.display())]
    NoPackage {
        /// The manifest.
        manifest: PathBuf,
    },
    /// A dependency that the caller did not provide.
    #[error("the dependency `{package}` is not installed")]
    NotInstalled {
        /// The dependency.
        package: PackageName,
    },
    /// A source file, or the compiler of its language.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The LLVM modules of the sources.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// What the package offers.
    #[error(transparent)]
    Export(#[from] Box<ExportError>),
    /// What the package calls of others.
    #[error(transparent)]
    Import(#[from] Box<ImportError>),
    /// Compiling the merged module.
    #[error(transparent)]
    Codegen(#[from] CodegenError),
    /// What the package needs of the system.
    #[error(transparent)]
    System(#[from] SystemError),
    /// A file that the manifest names.
    #[error("{}: `{key} = \"{value}\"`: {reason}", manifest.display())]
    File {
        /// The manifest.
        manifest: PathBuf,
        /// The key that names it.
        key: &'static str,
        /// The file as written.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A package whose IR was compiled again.
    #[error("{package} {version}: {source}")]
    Package {
        /// Its name.
        package: PackageName,
        /// Its version.
        version: Version,
        /// What is wrong.
        source: Box<Error>,
    },
    /// A program should export what none of its packages has.
    #[error("no package of the program has the function `{link_name}`")]
    NoExport {
        /// The function.
        link_name: LinkName,
    },
    /// A caller that is compiled for a running program.
    #[error(transparent)]
    Caller(#[from] Box<CallerError>),
    /// A package calls a function that is not part of the program.
    #[error("calls `{link_name}`, which no package of the program has")]
    NoCallee {
        /// The function.
        link_name: LinkName,
    },
    /// LLVM gave up.
    #[error("LLVM cannot go on: {0}")]
    Llvm(String),
    /// A file operation; the error names the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// The same, saying which package it is about.
    pub(crate) fn of(self, document: &PackageDocument) -> Self {
        Self::Package {
            package: document.name.clone(),
            version: document.version.clone(),
            source: Box::new(self),
        }
    }

    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPackage { .. } => {
                Some("`puck new NAME` makes a package; `puck install` installs dependencies".into())
            }
            Self::Source(error) => error.hint(),
            Self::Export(error) => error.hint(),
            Self::Import(error) => error.hint(),
            Self::Codegen(error) => error.hint(),
            Self::System(error) => error.hint(),
            Self::Caller(error) => error.hint(),
            Self::NotInstalled { .. } => Some("`puck install` installs it".to_owned()),
            Self::Package { source, .. } => source.hint(),
            Self::NoExport { .. }
            | Self::NoCallee { .. }
            | Self::Module(_)
            | Self::File { .. }
            | Self::Llvm(_)
            | Self::Io(_) => None,
        }
    }
}
