//! `log.jsonl`: every change of a registry, in the order in which it happened.
//!
//! Each line holds the hash of the line before, so that whoever remembers the last line he saw can
//! tell whether the past was rewritten. Lines are only ever appended. What follows the last line
//! feed is a line whose writer was killed: readers ignore it, the next writer cuts it off.
//!
//! [`follow`] checks lines that were read from wherever a log is kept.

use puck_package::format::{self, DocumentError, Numbered};
use puck_package::{Digest, IndexLine, PackageName};
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::Error;

pub(crate) mod file;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A version was published.
    Publish,
    /// A version was withdrawn.
    Yank,
    /// The withdrawal was taken back.
    Unyank,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogEntry {
    /// The format of the registry.
    pub format: u32,
    /// 1 for the first line, then counting.
    pub number: u64,
    /// The SHA-256 of the line before, without its line feed; none before the first.
    pub previous: Option<Digest>,
    /// What was done.
    pub action: Action,
    /// To which package.
    pub name: PackageName,
    /// To which version of it.
    pub version: Version,
    /// The version's archive.
    pub sha256: Digest,
    /// Why, if a yank has a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When, RFC 3339 in UTC.
    pub time: String,
}

/// How far a log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogState {
    /// How many lines it has.
    pub entries: u64,
    /// The SHA-256 of the last line, which stands for all of them.
    pub head: Option<Digest>,
    /// The length of all complete lines, in bytes.
    pub length: u64,
}

impl Numbered for LogEntry {
    fn format(&self) -> u32 {
        self.format
    }
}

impl LogEntry {
    /// What is to be logged when `line` has come to say what `action` did, at `time`. It follows
    /// nothing yet.
    #[must_use]
    pub fn new(action: Action, line: &IndexLine, time: String) -> Self {
        Self {
            format: format::REGISTRY,
            number: 0,
            previous: None,
            action,
            name: line.name.clone(),
            version: line.version.clone(),
            sha256: line.sha256,
            reason: line.yank_reason.clone(),
            time,
        }
    }

    /// Reads one line, without its line feed; `what` names it in errors.
    ///
    /// # Errors
    /// If it is no log line, or one of a newer format.
    pub fn parse(what: &str, line: &[u8]) -> Result<Self, DocumentError> {
        format::read_json(what, line, format::REGISTRY)
    }

    /// The line, without a line feed.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("all keys are strings")
    }

    /// The same change as a line that follows `state`.
    #[must_use]
    pub fn after(self, state: &LogState) -> Self {
        Self {
            number: state.entries + 1,
            previous: state.head,
            ..self
        }
    }

    /// Whether `other` is the same change, wherever it stands.
    #[must_use]
    pub fn same_change(&self, other: &Self) -> bool {
        let place = |entry: &Self| Self {
            number: 0,
            previous: None,
            ..entry.clone()
        };
        place(self) == place(other)
    }
}

impl LogState {
    /// The state after one line more, given without its line feed.
    #[must_use]
    pub fn and(&self, line: &[u8]) -> Self {
        Self {
            entries: self.entries + 1,
            head: Some(Digest::of(line)),
            length: self.length + line.len() as u64 + 1,
        }
    }
}

/// Reads the log lines in `bytes`, which must follow `state` one by one; `what` names the log in
/// errors. Returns how far the log goes then. An unfinished last line is passed over.
///
/// # Errors
/// If a line is no log line; if it does not follow from the one before.
pub fn follow(
    what: &str,
    bytes: &[u8],
    mut state: LogState,
) -> Result<(LogState, Vec<LogEntry>), Error> {
    let mut entries = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = line.strip_suffix(b"\n") else {
            break;
        };
        let what = format!("{what}:{}", state.entries + 1);
        let entry = LogEntry::parse(&what, line)?;
        let expected = entry.clone().after(&state);
        if entry != expected {
            let reason = format!(
                "the log was rewritten: line {} should follow a line with SHA-256 {}, \
                 but follows one with {}",
                entry.number,
                shown(entry.previous),
                shown(state.head),
            );
            return Err(Error::Contradiction { what, reason });
        }
        state = state.and(line);
        entries.push(entry);
    }
    Ok((state, entries))
}

fn shown(digest: Option<Digest>) -> String {
    digest.map_or_else(|| "none".to_owned(), |digest| digest.hex())
}
