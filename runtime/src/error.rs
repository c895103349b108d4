//! Why an environment could not be opened, or a function not be had.

mod hint;

use std::io;
use std::path::{Path, PathBuf};

use puck_package::document::InvalidDocument;
use puck_package::format::DocumentError;
use puck_package::{
    HostImport, LinkMode, PackageName, Processor, Series, Signature, Target, TargetError,
};
use semver::Version;

use crate::host;
use crate::process::{Claim, Release};
use crate::variant::Refused;

/// Why an environment could not be opened, or a function not be had.
///
/// The message says what was found and where; [`hint`](Error::hint) what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no environment at the path.
    #[error("no environment in {}: neither `.puck` nor `environment.json` is there", path.display())]
    NoEnvironment {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// `.puck` leads nowhere.
    #[error("{} leads to {}, which does not exist", link.display(), target.display())]
    Dangling {
        /// The symbolic link.
        link: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// There is no home directory to look for the user's environment in.
    #[error(
        "cannot tell where the user's environment is: none of PUCK_HOME, XDG_DATA_HOME and HOME is set"
    )]
    NoHome,
    /// A document of the environment is newer than this program, or not valid.
    #[error("cannot use {}", path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// A description of a package is newer than this program, or not valid.
    #[error("cannot use {}", path.display())]
    PackageDocument {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<InvalidDocument>,
    },
    /// A file of the environment is not there.
    #[error("{} is missing", path.display())]
    MissingFile {
        /// The file.
        path: PathBuf,
    },
    /// A file of the environment is not what was installed.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// The operating system refused; the message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// `PUCK_TARGET` names no target.
    #[error("PUCK_TARGET: {0}")]
    UnknownTarget(TargetError),
    /// `PUCK_TARGET` names a target that this processor lacks.
    #[error("PUCK_TARGET is {target}, but this processor lacks {}", missing.join(", "))]
    MissingFeatures {
        /// What was asked for.
        target: Target,
        /// The features that the processor lacks.
        missing: Vec<&'static str>,
        /// The best target that it has.
        best: Option<Target>,
    },
    /// The packages are linked in a way that this program does not know.
    #[error(
        "{} has the link mode `{mode}`; this program knows {}",
        path.display(), listed(&LinkMode::ALL)
    )]
    UnknownLinkMode {
        /// The environment's document.
        path: PathBuf,
        /// What it says.
        mode: String,
    },
    /// A library is not compiled for this processor.
    #[error(
        "{what} is compiled for {}, but this process may use {}",
        listed(targets),
        best.map_or_else(
            || "none of that: the processor is of another architecture".to_owned(),
            |best| format!("no more than {best}"),
        )
    )]
    NoVariant {
        /// The package with its version, or the environment.
        what: String,
        /// What it is compiled for, by name; not every name is known here.
        targets: Vec<String>,
        /// The best target that may be used.
        best: Option<Target>,
    },
    /// A library was compiled for another machine's processor, and there is none for its level.
    #[error("{what} was compiled for {processor}; this processor lacks {}", lacking.join(", "))]
    OtherProcessor {
        /// The package with its version, or the environment.
        what: String,
        /// What it was compiled for.
        processor: Box<Processor>,
        /// The features that this processor lacks.
        lacking: Vec<String>,
    },
    /// The name of a function has not the form of one.
    #[error(
        "`{name}` names no function: expected `package::function` or `package.v1::function`, {reason}"
    )]
    InvalidName {
        /// What was asked for.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// The environment has no such package.
    #[error("no package `{package}` in {}", environment.display())]
    UnknownPackage {
        /// What was asked for.
        package: String,
        /// The environment.
        environment: PathBuf,
        /// The package whose name is nearest.
        nearest: Option<String>,
        /// The names of all packages.
        present: Vec<String>,
    },
    /// The environment has the package in other series only.
    #[error("no series {series} of `{package}` in {}, but {}", environment.display(), listed(present))]
    UnknownSeries {
        /// The package.
        package: PackageName,
        /// What was asked for.
        series: Series,
        /// The environment.
        environment: PathBuf,
        /// The series that are there.
        present: Vec<Series>,
    },
    /// The package exports no function of that name.
    #[error("{package} {version} has no function `{function}`")]
    UnknownFunction {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// What was asked for.
        function: String,
        /// What may have been meant: a function of a near name, or the same of another series.
        meant: Option<String>,
    },
    /// The package exports the function, but the environment was compiled without it.
    #[error(
        "`{package}::{function}` of {package} {version} was left out of this environment: its link \
         mode is lto, and the project does not depend on {package} itself"
    )]
    LeftOut {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The function.
        function: String,
    },
    /// No package of the environment has a library of that SONAME.
    #[error("no package in {} has the library {soname}", environment.display())]
    UnknownLibrary {
        /// What was asked for.
        soname: String,
        /// The environment.
        environment: PathBuf,
    },
    /// The package exports the function with other types only.
    #[error(
        "`{package}::{function}` has another type\n  asked for: {asked}\n  {package} {version} has: {}",
        existing.iter().map(Signature::to_string).collect::<Vec<_>>().join("\n                      or: ")
    )]
    WrongType {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The function.
        function: String,
        /// What was asked for.
        asked: Box<Signature>,
        /// What there is: one, or several overloads.
        existing: Vec<Signature>,
    },
    /// A function is called in a way that this runtime does not know.
    #[error(
        "`{package}::{function}` of {package} {version} has the calling convention \"{abi}\"; only \
         \"c\" can be called from here"
    )]
    OtherConvention {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The function.
        function: String,
        /// Its calling convention.
        abi: String,
    },
    /// Another environment of this process has other content under the same SONAME.
    #[error(
        "this process already uses {loaded} as {soname}, and cannot use {wanted} beside it",
        loaded = described(loaded, wanted), wanted = described(wanted, loaded)
    )]
    Conflict {
        /// The name that both go by.
        soname: String,
        /// What the process has.
        loaded: Box<Claim>,
        /// What was to be loaded.
        wanted: Box<Claim>,
    },
    /// Something else has loaded another library of the same SONAME.
    #[error(
        "this process has already loaded another {soname}, {}, and cannot use {} beside it ({})",
        loaded.display(),
        version.as_ref().map_or_else(|| "the environment's".to_owned(), Version::to_string),
        wanted.display()
    )]
    ForeignLibrary {
        /// The name that both go by.
        soname: String,
        /// What the process has.
        loaded: PathBuf,
        /// What was to be loaded.
        wanted: PathBuf,
        /// The package's version in the environment; `None` for a library of all packages.
        version: Option<Version>,
    },
    /// A package, or a function of it, uses what nothing in this process provides.
    #[error(
        "{} uses what nothing in this process provides:{}",
        host::subject(package, version, function.as_deref()), host::grouped(missing)
    )]
    NotProvided {
        /// The package.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The function, if others of the package can be called.
        function: Option<Box<str>>,
        /// What is missing.
        missing: Box<[HostImport]>,
        /// The installed packages that should have it but do not, with their versions.
        asked: Box<[String]>,
    },
    /// A function has raised an exception that cannot be named.
    #[error("a function of `{package}` has raised an exception that is not described: {reason}")]
    UnknownException {
        /// The package, as it was asked for.
        package: String,
        /// Why not.
        reason: String,
    },
    /// The dynamic linker refused a library.
    #[error("cannot load {}: {message}", path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// What the dynamic linker says.
        message: String,
    },
}

impl Error {
    /// The error of reading a file that an environment should have.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            Self::MissingFile {
                path: path.to_owned(),
            }
        } else {
            let message = format!("cannot read {}: {error}", path.display());
            Self::Io(io::Error::new(error.kind(), message))
        }
    }

    /// The error of having no library for this processor.
    pub(crate) fn refused(
        refused: Refused,
        what: String,
        targets: Vec<String>,
        processor: Option<&Processor>,
    ) -> Self {
        match (refused, processor) {
            (Refused::Features(lacking), Some(processor)) => Self::OtherProcessor {
                what,
                processor: Box::new(processor.clone()),
                lacking,
            },
            (Refused::Level(best), _) => Self::NoVariant {
                what,
                targets,
                best,
            },
            // Nothing is lacking of no processor.
            (Refused::Features(_), None) => Self::NoVariant {
                what,
                targets,
                best: None,
            },
        }
    }
}

/// `a`, `b` and `c`.
fn listed(items: &[impl ToString]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(ToString::to_string).collect();
            format!("{} and {}", first.join(", "), last.to_string())
        }
    }
}

/// Version and environment; with the digest, or the image, where the version alone would not tell
/// two apart.
fn described(claim: &Claim, other: &Claim) -> String {
    let environment = claim.environment.display();
    let Some(Release { version, sha256 }) = &claim.release else {
        return format!("the library of {environment}");
    };
    let same_version = other
        .release
        .as_ref()
        .is_some_and(|other| other.version == *version);
    let detail = match &claim.image {
        _ if !same_version => String::new(),
        Some(image) => format!(" (in {image})"),
        None => format!(" (archive {})", sha256.prefix(16)),
    };
    format!("{version}{detail} of {environment}")
}
