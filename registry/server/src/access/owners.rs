//! The file that says who owns a package.

use puck_package::format::{self, DocumentError, Numbered};
use serde::{Deserialize, Serialize};

use super::User;

/// Who may publish more versions of a package, yank them, and change this.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owners {
    format: u32,
    /// Grows with every change, so that no two states have the same bytes.
    pub revision: u64,
    /// Sorted.
    pub owners: Vec<User>,
}

impl Numbered for Owners {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Owners {
    /// These owners, in the state that follows this one.
    #[must_use]
    pub fn followed_by(&self, mut owners: Vec<User>) -> Self {
        owners.sort();
        owners.dedup();
        Self {
            format: format::REGISTRY,
            revision: self.revision + 1,
            owners,
        }
    }

    /// Reads the file; `what` names it in errors.
    ///
    /// # Errors
    /// If it is no such file, or one of a newer format.
    pub(crate) fn parse(what: &str, bytes: &[u8]) -> Result<Self, DocumentError> {
        format::read_json(what, bytes, format::REGISTRY)
    }

    /// The file's bytes.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).expect("all keys are strings");
        json.push(b'\n');
        json
    }
}
