//! What can go wrong in the store.

mod hint;

use std::fmt;
use std::io;
use std::path::PathBuf;

use puck_package::format::NewerFormat;
use puck_package::{
    Digest, LinkMode, LinkName, PackageDocument, PackageName, Processor, Series, SystemImport,
};
use semver::Version;

use crate::environment::CompileError;
use crate::link::LinkError;
use crate::system;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A package's name and version, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVersion {
    /// The package's name.
    pub name: PackageName,
    /// The package's version.
    pub version: Version,
}

impl PackageVersion {
    pub(crate) fn of(document: &PackageDocument) -> Box<Self> {
        Self::new(&document.name, &document.version)
    }

    pub(crate) fn new(name: &PackageName, version: &Version) -> Box<Self> {
        Box::new(Self {
            name: name.clone(),
            version: version.clone(),
        })
    }
}

impl fmt::Display for PackageVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// Why the store could not do what it was asked for. In every case nothing was changed, except that
/// what was damaged is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed; the message names the path.
    #[error(transparent)]
    Io(io::Error),

    /// The device, the quota or the file size limit is exhausted.
    #[error("no space left: {0}")]
    NoSpace(io::Error),

    /// There is no place for a store.
    #[error("no place for the store: none of PUCK_HOME, XDG_DATA_HOME and HOME is set")]
    NoHome,

    /// What was handed over as an archive is something else.
    #[error(
        "the archive is not the one that was asked for: expected {expected_size} bytes with \
         SHA-256 {expected}, found {found_size} bytes{} with {found}",
        if found_size > expected_size { " or more" } else { "" }
    )]
    WrongArchive {
        /// The digest it should have.
        expected: Digest,
        /// The size it should have.
        expected_size: u64,
        /// The digest of what was read.
        found: Digest,
        /// How much was read; reading stops soon after the expected size.
        found_size: u64,
    },

    /// A file in the store is not what its name says. It has been removed.
    #[error("{path} in the store was damaged ({reason}) and has been removed", path = path.display())]
    Damaged {
        /// What was damaged.
        path: PathBuf,
        /// How that was seen.
        reason: String,
    },

    /// A file of an installed package is not what was installed.
    #[error("{path} of {package} in the store has changed", path = path.display())]
    DamagedPackage {
        /// The package.
        package: Box<PackageVersion>,
        /// The file.
        path: PathBuf,
    },

    /// A newer puck has installed something here that this one cannot read. It is left alone.
    #[error("{path} is the work of a newer puck: {source}", path = path.display())]
    Newer {
        /// The package's folder.
        path: PathBuf,
        /// What is newer.
        source: NewerFormat,
    },

    /// The archive of a package is needed and is not in the store.
    #[error("the archive of {package} (SHA-256 {sha256}) is not in the store")]
    MissingArchive {
        /// The package.
        package: Box<PackageVersion>,
        /// The archive's digest.
        sha256: Digest,
    },

    /// An archive could not be unpacked.
    #[error("the archive of {package} cannot be unpacked: {source}")]
    Archive {
        /// The package.
        package: Box<PackageVersion>,
        /// What is wrong with it.
        source: Box<puck_package::archive::ArchiveError>,
    },

    /// The system's libraries lack what a package uses.
    #[error(
        "{package} cannot run on this machine: it needs {}, and this machine has glibc {glibc}",
        list_symbols(missing)
    )]
    SystemImports {
        /// The package.
        package: Box<PackageVersion>,
        /// What is not there.
        missing: Vec<SystemImport>,
        /// The version of this machine's glibc.
        glibc: String,
    },

    /// An object could not be linked.
    #[error("{object} of {package} cannot be linked: {source}")]
    Link {
        /// The package.
        package: Box<PackageVersion>,
        /// The path of the object in the package.
        object: String,
        /// What the linker said.
        source: LinkError,
    },

    /// Objects could not be linked into one library.
    #[error("{what} cannot be linked: {source}")]
    LinkTogether {
        /// What should have been linked.
        what: String,
        /// What the linker said.
        source: LinkError,
    },

    /// A package has no object that could be linked with those of others.
    #[error(
        "{package} has no code for this kind of machine, so it cannot be linked with other packages"
    )]
    NoCode {
        /// The package.
        package: Box<PackageVersion>,
    },

    /// Code has to be compiled here, and there is no compiler.
    #[error(
        "{} needs a compiler, and this puck is built without one",
        what_is_compiled(*link, processor.as_deref())
    )]
    NoCompiler {
        /// How the packages shall be linked.
        link: LinkMode,
        /// What they shall be compiled for.
        processor: Option<Box<Processor>>,
    },

    /// The compiler refused.
    #[error(
        "{} cannot be compiled for {processor}: {source}",
        match packages {
            1 => "the package".to_owned(),
            count => format!("the {count} packages"),
        }
    )]
    Compile {
        /// How many packages the environment has.
        packages: usize,
        /// What they should have been compiled for.
        processor: Box<Processor>,
        /// What the compiler said.
        source: CompileError,
    },

    /// The system's libraries lack what code uses that was compiled or linked here.
    #[error(
        "the code needs {}, which this machine does not have: it has glibc {glibc}",
        list_symbols(missing)
    )]
    CodeImports {
        /// What is not there.
        missing: Vec<SystemImport>,
        /// The version of this machine's glibc.
        glibc: String,
    },

    /// An environment would hold two versions of one series.
    #[error(
        "an environment holds one version of {} {series}, but {first} and {second} were asked for",
        first.name
    )]
    SameSeries {
        /// The series that both versions belong to.
        series: Series,
        /// One of them.
        first: Box<PackageVersion>,
        /// The other.
        second: Box<PackageVersion>,
    },

    /// A package calls another that the environment does not hold.
    #[error(
        "{caller} calls {import}, but no {package} {series} is in the environment{}",
        others(package, found)
    )]
    MissingPackage {
        /// The calling package.
        caller: Box<PackageVersion>,
        /// What it calls.
        import: Box<LinkName>,
        /// The package that should have it.
        package: PackageName,
        /// The series that should have it.
        series: Series,
        /// The versions of the package that are there.
        found: Vec<Version>,
    },

    /// A package calls a function that its callee does not export.
    #[error(
        "{caller} calls {wanted} ({import}), which {callee} does not export; {}",
        exports(callee, found)
    )]
    MissingFunction {
        /// The calling package.
        caller: Box<PackageVersion>,
        /// What it calls: `fn(n: u64) -> f64` of `linalg::dot`.
        wanted: String,
        /// The symbol that it looks for.
        import: Box<LinkName>,
        /// The package in the environment that should export it.
        callee: Box<PackageVersion>,
        /// Functions of that name with other signatures, else those with the nearest name.
        found: Vec<String>,
    },

    /// Something that is no link of ours is where `.puck` should be.
    #[error(
        "{path} is not a link to an environment and is left as it is",
        path = .0.display()
    )]
    NotALink(PathBuf),

    /// It cannot be told what a project needs, so nothing can be removed.
    #[error("cannot tell what the project {project} needs of the store: {source}", project = .project.display())]
    UnreadableProject {
        /// The project's folder.
        project: PathBuf,
        /// What in the store remembers it.
        record: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// Others use the store, and it cannot be told what their processes need.
    #[error(
        "others use the store {home}, too, and {processes} of their processes cannot be looked at, \
         so nothing is removed",
        home = .home.display()
    )]
    Shared {
        /// The store's folder.
        home: PathBuf,
        /// How many processes.
        processes: usize,
    },

    /// An export would overwrite something.
    #[error("{path} exists and is not an empty directory", path = .0.display())]
    NotEmpty(PathBuf),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoSpace(error),
            _ => Self::Io(error),
        }
    }
}

fn list_symbols(missing: &[SystemImport]) -> String {
    /// More than these are counted.
    const SHOWN: usize = 5;
    let mut words: Vec<String> = missing
        .iter()
        .take(SHOWN)
        .map(|import| format!("{} of {}", system::versioned(import), import.library))
        .collect();
    if missing.len() > SHOWN {
        words.push(format!("{} more", missing.len() - SHOWN));
    }
    words.join(", ")
}

fn what_is_compiled(link: LinkMode, processor: Option<&Processor>) -> String {
    match (link, processor) {
        (_, Some(processor)) => format!("link mode {link} for {processor}"),
        (_, None) => format!("link mode {link}"),
    }
}

fn others(package: &PackageName, found: &[Version]) -> String {
    if found.is_empty() {
        return String::new();
    }
    let versions: Vec<String> = found.iter().map(Version::to_string).collect();
    format!(" ({package} {} is)", versions.join(", "))
}

fn exports(callee: &PackageVersion, found: &[String]) -> String {
    if found.is_empty() {
        return format!("{} exports nothing of a similar name", callee.name);
    }
    format!("it exports {}", found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_device_is_told_from_other_errors() {
        for code in [libc::ENOSPC, libc::EDQUOT, libc::EFBIG] {
            let error = Error::from(io::Error::from_raw_os_error(code));
            assert!(matches!(error, Error::NoSpace(_)), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("PUCK_HOME")));
        }
        let error = Error::from(io::Error::from_raw_os_error(libc::EACCES));
        assert!(matches!(error, Error::Io(_)), "{error}");
    }

    #[test]
    fn long_lists_of_symbols_are_cut() {
        let import = |symbol: usize| SystemImport {
            symbol: format!("f{symbol}"),
            library: "libm.so.6".to_owned(),
            version: Some("GLIBC_2.99".to_owned()),
        };
        let missing: Vec<_> = (0..7).map(import).collect();
        let text = list_symbols(&missing);
        assert!(text.starts_with("f0@GLIBC_2.99 of libm.so.6, "), "{text}");
        assert!(
            text.ends_with("f4@GLIBC_2.99 of libm.so.6, 2 more"),
            "{text}"
        );
    }
}
