//! The document by which a change is decided; see the module above.

use puck_package::format::{self, DocumentError, Numbered};
use puck_package::{IndexLine, PackageName};
use puck_registry::change_after;
use puck_registry::log::{LogEntry, LogState};
use serde::{Deserialize, Serialize};

use crate::access::Owners;
use crate::storage::{Change, Package};

/// Where it is.
pub(super) const JOURNAL: &str = "private/journal.json";

/// How far the registry is, and what is being done to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Journal {
    format: u32,
    /// Grows with every write, so that no two states have the same bytes.
    pub(super) sequence: u64,
    /// The log without what is being done.
    pub(super) log: LogState,
    /// What is being done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Pending>,
}

/// A change that was decided on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pending {
    /// By which its author knows it again.
    pub(super) id: String,
    /// The package.
    pub(super) name: PackageName,
    /// What the index will say, and the log of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<(IndexLine, LogEntry)>,
    /// Who will own the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) owners: Option<Owners>,
    /// Where the archive is until it is in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) incoming: Option<String>,
}

impl Numbered for Journal {
    fn format(&self) -> u32 {
        self.format
    }
}

impl Journal {
    /// That nothing is being done.
    pub(super) fn free(log: LogState) -> Self {
        Self {
            format: format::REGISTRY,
            sequence: 0,
            log,
            change: None,
        }
    }

    /// That `change` is to be made next.
    pub(super) fn with(&self, change: Pending) -> Self {
        Self {
            format: format::REGISTRY,
            sequence: self.sequence + 1,
            log: self.log,
            change: Some(change),
        }
    }

    /// That the change was made, and `log` has come of it.
    pub(super) fn done(&self, log: LogState) -> Self {
        Self {
            format: format::REGISTRY,
            sequence: self.sequence + 1,
            log,
            change: None,
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        format::read_json(JOURNAL, bytes, format::REGISTRY)
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec(self).expect("all keys are strings");
        json.push(b'\n');
        json
    }
}

impl Pending {
    /// `change` to `package`, called `name`, when the log is in the state `log`.
    pub(super) fn new(
        id: &str,
        name: &PackageName,
        change: &Change,
        package: &Package,
        incoming: Option<&str>,
        log: &LogState,
    ) -> Self {
        let line = change.line.as_ref();
        let owners = match &change.owners {
            Some(owners) => Some(package.owners.followed_by(owners.clone())),
            // Left by who never came to publish: this publish, by who runs the registry, has none.
            None if package.lines.is_empty() && package.owners.revision > 0 => {
                Some(package.owners.followed_by(Vec::new()))
            }
            None => None,
        };
        Self {
            id: id.to_owned(),
            name: name.clone(),
            line: line.map(|(action, line)| change_after(log, *action, line)),
            owners,
            incoming: incoming.map(str::to_owned),
        }
    }
}
