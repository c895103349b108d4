//! What can be wrong with how an environment shall be linked.

use std::path::PathBuf;

use puck_package::{FunctionPath, Target};

use crate::Origin;

/// Why an environment cannot be linked as it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum LinkingError {
    /// An entry of `keep` names nothing.
    #[error("{}:{line}: `keep`: `{entry}` names nothing: {reason}", manifest.display())]
    Keep {
        /// The manifest.
        manifest: PathBuf,
        /// The entry's line, from 1.
        line: usize,
        /// The entry.
        entry: Box<FunctionPath>,
        /// What is not there.
        reason: String,
        /// What there is that may have been meant.
        near: Option<String>,
    },
    /// This machine's processor is not of a level.
    #[error(
        "{by} asks for code for {target}, which this machine's processor cannot run: it lacks {}",
        lacking.join(", ")
    )]
    OtherProcessor {
        /// The level.
        target: Target,
        /// The features of the level that are not there.
        lacking: Vec<String>,
        /// Who asks for it.
        by: Origin,
    },
    /// Code is made for no processor of this kind.
    #[error("there is no target for this machine's processor, which is {0}")]
    NoTarget(&'static str),
}

impl LinkingError {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Keep { near, .. } => near.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::OtherProcessor { .. } => {
                Some("`native` is the processor of this machine".to_owned())
            }
            Self::NoTarget(_) => None,
        }
    }
}
