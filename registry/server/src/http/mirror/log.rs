//! What a mirror does before it shows a newer log.
//!
//! Clients believe that index files are as new as the log that they read before. So whatever the
//! new lines are about is fetched again before the log is put in place: should the upstream stop
//! answering at any moment, the copy is one that it was once.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use puck_package::{Digest, PackageName, index};
use serde::Deserialize;

use super::failure::Failure;
use super::fetch::{Answer, Fetched};
use super::{Asked, Mirror, SPOOL, note};
use crate::http::readable::Kind;

/// How many index files are fetched at once before a log.
const AT_ONCE: usize = 8;

impl Mirror {
    /// As [`Mirror::refresh`], for the log: index files that are here are never older than it.
    pub(super) async fn refresh_log(self: &Arc<Self>, path: &str) -> Asked {
        let fetched = self.log(path).await;
        self.count(fetched)
    }

    async fn log(self: &Arc<Self>, path: &str) -> Result<Fetched, Failure> {
        let place = self.directory.join(path);
        let note = note(&self.directory, path);
        let answer = self.upstream.ask(path, &Kind::Log, &place, &note).await?;
        let document = match answer {
            Answer::Unchanged => return Ok(Fetched::Unchanged),
            Answer::Absent => return Ok(Fetched::Absent),
            Answer::Document(document) => document,
        };
        let kept = match fs_err::read(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            kept => kept.map_err(|error| error.to_string())?,
        };
        let renewed = stream::iter(changed(&kept, &document.bytes)?)
            .map(|name| {
                let mirror = Arc::clone(self);
                async move { mirror.renew(name).await }
            })
            .buffer_unordered(AT_ONCE);
        renewed.try_collect::<()>().await?;
        Ok(document.keep(&self.directory.join(SPOOL), &place, &note)?)
    }

    /// Fetches the index file of a package again, if it is here.
    async fn renew(self: &Arc<Self>, name: PackageName) -> Result<(), Failure> {
        let path = index::path(&name);
        // One that is being fetched may have been sent before the log.
        let flight = self.flights().get(&path).cloned();
        if let Some(flight) = flight {
            flight.await;
        }
        if !self.directory.join(&path).is_file() {
            return Ok(());
        }
        let (mirror, file, kind) = (Arc::clone(self), path.clone(), Kind::Index(name));
        let asked = self
            .once(&path, async move { mirror.refresh(&file, &kind).await })
            .await;
        match asked {
            Asked::Current => Ok(()),
            Asked::Absent => Err(Failure::from(format!("{path} is missing, but in its log"))),
            Asked::Failed(reason) => Err(Failure::from(reason)),
        }
    }
}

/// What is needed of a line, whatever its format.
#[derive(Deserialize)]
struct About {
    name: PackageName,
}

/// The packages that the lines are about which `new` has and `kept` has not.
///
/// # Errors
/// If `new` does not begin with the lines of `kept`: then its past was rewritten.
fn changed(kept: &[u8], new: &[u8]) -> Result<BTreeSet<PackageName>, Failure> {
    let (kept, new) = (complete(kept), complete(new));
    let Some(added) = new.strip_prefix(kept) else {
        return Err(Failure::from(format!(
            "the past of its log was rewritten: what is kept ends with line {}, its own with line \
             {}, and does not follow",
            head(kept),
            head(new)
        )));
    };
    added
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line)
                .map(|About { name }| name)
                .map_err(|error| Failure::from(format!("its log names no package: {error}")))
        })
        .collect()
}

/// A log without a line whose writer was killed.
fn complete(log: &[u8]) -> &[u8] {
    let end = log.iter().rposition(|byte| *byte == b'\n');
    &log[..end.map_or(0, |end| end + 1)]
}

/// The hash of the last line, which stands for all of them.
fn head(log: &[u8]) -> String {
    let last = log.trim_ascii_end().rsplit(|byte| *byte == b'\n').next();
    Digest::of(last.unwrap_or_default()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_lines_are_those_after_the_ones_that_are_kept() {
        let (a, b) = (
            "{\"name\":\"linalg\"}\n",
            "{\"name\":\"signal\",\"format\":9}\n",
        );
        for (kept, new, expected) in [
            ("", String::new(), Some("")),
            ("", format!("{a}{b}{a}"), Some("linalg signal")),
            (a, a.to_owned(), Some("")),
            (a, format!("{a}{b}"), Some("signal")),
            // Lines of writers that were killed.
            ("{\"name", a.to_owned(), Some("linalg")),
            (a, format!("{a}{{\"na"), Some("")),
            (a, b.to_owned(), None),
            (a, String::new(), None),
            (a, format!("{a}<html>\n"), None),
        ] {
            let names = changed(kept.as_bytes(), new.as_bytes()).ok().map(|names| {
                let names: Vec<_> = names.iter().map(ToString::to_string).collect();
                names.join(" ")
            });
            assert_eq!(names.as_deref(), expected, "{kept:?} {new:?}");
        }
    }
}
