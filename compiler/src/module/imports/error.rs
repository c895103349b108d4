//! Why a declared callee could not be found.

use puck_package::{LinkName, PackageName, Series};

/// Why a declared callee could not be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Of a package that the manifest does not list.
    #[error("{path} calls `{symbol}`, but the manifest has no dependency `{package}`")]
    UnknownPackage {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
        /// The package that is missing.
        package: String,
        /// The dependency with the most similar name.
        nearest: Option<String>,
        /// Whether it is the package that is being built.
        own: bool,
    },
    /// Of a series other than the installed one.
    #[error(
        "{path} calls `{symbol}`, but the dependency `{package}` is {version}, which is series {found}"
    )]
    WrongSeries {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
        /// The dependency.
        package: PackageName,
        /// Its installed version.
        version: semver::Version,
        /// The series of that version.
        found: Series,
    },
    /// Not exported by the dependency.
    #[error("{path} calls `{symbol}`, but {package} {version} has no function `{function}`")]
    UnknownFunction {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
        /// The dependency.
        package: PackageName,
        /// Its installed version.
        version: semver::Version,
        /// The function that is missing.
        function: String,
        /// The exported function with the most similar name.
        nearest: Option<String>,
    },
    /// Declared with another type than it is exported with.
    #[error(
        "{path} declares `{symbol}` as\n    {declared}\nbut {package} {version} exports\n    {}{}",
        offered.join("\n    "),
        reason.as_ref().map(|reason| format!("\n({reason})")).unwrap_or_default()
    )]
    WrongType {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
        /// The type in the source.
        declared: String,
        /// The dependency.
        package: PackageName,
        /// Its installed version.
        version: semver::Version,
        /// The signatures that it exports under that name.
        offered: Vec<String>,
        /// The first difference, where there is one signature only.
        reason: Option<String>,
    },
    /// Overloads that LLVM's types cannot tell apart.
    #[error("{path} calls `{symbol}`, which could be any of\n    {}", candidates.join("\n    "))]
    Ambiguous {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
        /// Link names and signatures.
        candidates: Vec<String>,
    },
    /// A link name that the dependency does not have (any more).
    #[error("{path} calls `{link_name}`, but {package} {version} exports `{function}` as\n    {}", offered.join("\n    "))]
    StaleLinkName {
        /// The source file.
        path: String,
        /// As declared.
        link_name: LinkName,
        /// The dependency.
        package: PackageName,
        /// Its installed version.
        version: semver::Version,
        /// The function's name.
        function: String,
        /// Link names and signatures that it has under that name.
        offered: Vec<String>,
    },
    /// Called with other types than it is declared with in the same source.
    #[error("{path} calls `{symbol}` with other types than it declares")]
    CalledOtherwise {
        /// The source file.
        path: String,
        /// As declared.
        symbol: String,
    },
}

impl ImportError {
    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownPackage {
                own: true, symbol, ..
            } => {
                let function = symbol.rsplit("::").next().unwrap_or(symbol);
                Some(format!(
                    "a package calls its own functions by their plain name: `{function}`"
                ))
            }
            Self::UnknownPackage {
                nearest: Some(name),
                ..
            } => Some(format!("did you mean `{name}`?")),
            Self::UnknownPackage { package, .. } => Some(format!(
                "add it with `puck add {}`",
                package.replace('_', "-")
            )),
            Self::UnknownFunction {
                nearest: Some(name),
                ..
            } => Some(format!("did you mean `{name}`?")),
            Self::UnknownFunction { package, .. } => {
                Some(format!("`puck info {package}` lists its functions"))
            }
            Self::Ambiguous { .. } => {
                Some("write the link name of the one that is meant in place of the name".to_owned())
            }
            Self::StaleLinkName { package, .. } => Some(format!(
                "the declaration stems from another release: include the `{package}.h` of the installed one"
            )),
            Self::WrongSeries { package, found, .. } => Some(format!(
                "call `{package}.{found}::...`, or require another version"
            )),
            Self::WrongType { .. } | Self::CalledOtherwise { .. } => None,
        }
    }
}
