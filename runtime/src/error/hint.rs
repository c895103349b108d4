//! What to do about each error.

use puck_package::document::InvalidDocument;
use puck_package::format::DocumentError;

use super::{Error, listed};
use crate::difference::difference;
use crate::host;

impl Error {
    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEnvironment { .. } => {
                Some("`puck install` in a project makes its `.puck`".to_owned())
            }
            Self::Dangling { .. } | Self::MissingFile { .. } | Self::Damaged { .. } => {
                Some("`puck install` puts it in place again".to_owned())
            }
            Self::Document { source, .. } => Some(document_hint(source)),
            Self::PackageDocument { source, .. } => Some(match &**source {
                InvalidDocument::Read(source) => document_hint(source),
                InvalidDocument::Contradiction { .. } => reinstall(),
            }),
            Self::UnknownLinkMode { .. } => Some(newer()),
            Self::OtherProcessor { .. } => Some(
                "`puck install` on this machine compiles for its processor; `puck install \
                 --target-cpu LEVEL` compiles for every processor of a level"
                    .to_owned(),
            ),
            Self::LeftOut {
                package, function, ..
            } => Some(format!(
                "add `keep = [\"{package}::{function}\"]` to `[environment]` in Puck.toml and run \
                 `puck install`"
            )),
            Self::MissingFeatures {
                best: Some(best), ..
            } => Some(format!("the best this processor has is {best}")),
            Self::UnknownPackage {
                nearest, present, ..
            } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None if present.is_empty() => {
                    "the environment is empty: `puck add NAME`, then `puck install`, adds a package"
                        .to_owned()
                }
                None => format!(
                    "there is {}; `puck add NAME`, then `puck install`, adds a package",
                    listed(present)
                ),
            }),
            Self::UnknownSeries {
                package, present, ..
            } => {
                let series = present.last()?;
                Some(format!(
                    "`{package}.{series}::…` names the functions of {series}"
                ))
            }
            Self::UnknownFunction { package, meant, .. } => Some(match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("`puck info {package}` lists its functions"),
            }),
            Self::WrongType {
                asked, existing, ..
            } => match existing.as_slice() {
                [existing] => difference(asked, existing),
                _ => None,
            },
            Self::Conflict { .. } => Some(
                "the dynamic linker knows one library of a name per process: let both projects \
                 lock the same version, or use two processes"
                    .to_owned(),
            ),
            Self::ForeignLibrary { .. } => Some(
                "open the environment before anything else loads the library, or use two processes"
                    .to_owned(),
            ),
            Self::NotProvided { missing, asked, .. } => Some(host::hint(missing, asked)),
            Self::Load { message, .. } if message.contains("undefined symbol") => Some(
                "an installed package lacks what this one imports: `puck install` resolves and \
                 links them again"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

fn reinstall() -> String {
    "`puck install` writes it again".to_owned()
}

fn document_hint(error: &DocumentError) -> String {
    match error {
        DocumentError::Newer(_) => newer(),
        _ => reinstall(),
    }
}

fn newer() -> String {
    "build this program with a newer puck-runtime, or use a newer libpuck".to_owned()
}
