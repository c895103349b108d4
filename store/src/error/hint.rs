//! What can be done about errors.

use super::Error;

impl Error {
    /// What the user could do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoSpace(_) => "free some space, or set PUCK_HOME to a place that has more".into(),
            Self::NoHome => "set PUCK_HOME to a directory that can be written to".into(),
            Self::WrongArchive { .. } => {
                "the registry or a proxy handed out something else; try again, and if it stays so, \
                 tell the registry's owner"
                    .into()
            }
            Self::Damaged { .. } => "run the same command again; it is fetched anew".into(),
            Self::DamagedPackage { .. } => "run `puck verify --fix`".into(),
            Self::Newer { .. } => {
                "use the newer puck, or set PUCK_HOME to a place of this one's own".into()
            }
            Self::MissingArchive { .. } => "run `puck install` without `--offline`".into(),
            Self::SystemImports { .. } => {
                "build the package on a machine with an older glibc, or run it on a newer system"
                    .into()
            }
            Self::MissingPackage { .. } | Self::MissingFunction { .. } => {
                "run `puck update`, or build the caller again with the versions that are installed"
                    .into()
            }
            Self::UnreadableProject { record, .. } => format!(
                "run it as the project's owner or as root; if the project is gone for good, remove {}",
                record.display()
            ),
            Self::Shared { .. } => "run it as root".into(),
            Self::NotALink(path) => format!("move {} away and try again", path.display()),
            Self::NotEmpty(_) => "name a directory that does not exist yet".into(),
            Self::LinkTogether { .. } | Self::NoCode { .. } => {
                "use `link = \"dynamic\"` and no `target-cpu`, where each package keeps the library \
                 that it was installed with"
                    .into()
            }
            Self::NoCompiler { .. } => {
                "use `link = \"dynamic\"` or `\"image\"` and no `target-cpu`, or a puck with a compiler"
                    .into()
            }
            Self::Compile { .. } => {
                "use `link = \"image\"` and no `target-cpu`, which takes the code in the archives as it is"
                    .into()
            }
            Self::CodeImports { .. } => "update the system's glibc, or use another machine".into(),
            Self::Io(_) | Self::Archive { .. } | Self::Link { .. } | Self::SameSeries { .. } => {
                return None;
            }
        };
        Some(hint)
    }
}
