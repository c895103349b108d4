//! Finishing a change that the journal names: by who wrote it there, or by anybody else.

use object_store::UpdateVersion;
use puck_package::index::archive_path;
use puck_package::{IndexLine, PackageName, index};
use puck_registry::log::{LogEntry, LogState};
use puck_registry::{Action, index_file, owners_path};

use super::Bucket;
use super::journal::{JOURNAL, Journal, Pending};
use super::objects::Object;
use crate::Error;
use crate::access::Owners;

/// The log.
pub(super) const LOG: &str = "log.jsonl";

/// A journal that was free when it was read.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) journal: Journal,
    pub(super) version: UpdateVersion,
    /// Whether the change that was asked for was the one that was finished on the way.
    pub(super) mine: bool,
}

impl Bucket {
    /// Reads the journal until it is free, finishing what is in it. `mine` is the change that the
    /// caller wants to hear of.
    pub(super) async fn settle(&self, mine: Option<&str>) -> Result<Settled, Error> {
        let mut found = false;
        loop {
            let object = self.objects.get(JOURNAL).await?.ok_or_else(|| {
                Error::damaged(
                    JOURNAL,
                    "it is missing; restore it, or start the server anew",
                )
            })?;
            let journal = Journal::parse(&object.bytes)?;
            let Some(pending) = &journal.change else {
                return Ok(Settled {
                    journal,
                    version: object.version,
                    mine: found,
                });
            };
            let made = self.finish(&journal, &object.version).await?;
            found |= made && mine == Some(pending.id.as_str());
        }
    }

    /// Finishes the change in `journal`, which was read, or written, in the state `version`. Whether
    /// it was made: where the archive is gone before any of it was seen, it is given up.
    pub(super) async fn finish(
        &self,
        journal: &Journal,
        version: &UpdateVersion,
    ) -> Result<bool, Error> {
        let Some(pending) = &journal.change else {
            return Ok(false);
        };
        let made = self.place_archive(pending).await?;
        let mut log = journal.log;
        if made {
            if let Some(owners) = &pending.owners {
                self.place_owners(&pending.name, owners).await?;
            }
            if let Some((line, entry)) = &pending.line {
                self.place_line(line, entry).await?;
                log = self.append(&journal.log, entry).await?;
            }
        }
        // If somebody else was first, it is free already.
        let free = journal.done(log).to_json();
        self.objects.put_if(JOURNAL, free, Some(version)).await?;
        if let Some(incoming) = &pending.incoming {
            self.objects.delete(incoming).await?;
        }
        Ok(made)
    }

    /// Copies the archive to its place. Whoever comes late finds nothing to copy, but the copy.
    async fn place_archive(&self, pending: &Pending) -> Result<bool, Error> {
        let (Some(incoming), Some((line, _))) = (&pending.incoming, &pending.line) else {
            return Ok(true);
        };
        let place = archive_path(&line.name, &line.version);
        Ok(
            self.objects.copy(incoming, &place).await?
                || self.objects.head(&place).await?.is_some(),
        )
    }

    async fn place_owners(&self, name: &PackageName, owners: &Owners) -> Result<(), Error> {
        let path = owners_path(name);
        loop {
            let object = self.objects.get(&path).await?;
            if let Some(object) = &object
                && Owners::parse(&path, &object.bytes)?.revision >= owners.revision
            {
                return Ok(());
            }
            if self.replace(&path, object, owners.to_json()).await? {
                return Ok(());
            }
        }
    }

    async fn place_line(&self, line: &IndexLine, entry: &LogEntry) -> Result<(), Error> {
        let path = index::path(&line.name);
        loop {
            let (lines, object) = self.index_file(&line.name).await?;
            if lines.iter().any(|known| has_seen(known, entry)) {
                return Ok(());
            }
            let text = index_file::with(&lines, line);
            if self.replace(&path, object, text.into_bytes()).await? {
                return Ok(());
            }
        }
    }

    /// The lines of an index file, and the state that it is in, if it is there.
    pub(super) async fn index_file(
        &self,
        name: &PackageName,
    ) -> Result<(Vec<IndexLine>, Option<Object>), Error> {
        let path = index::path(name);
        let object = self.objects.get(&path).await?;
        let lines = match &object {
            Some(object) => index_file::parse(&path, &object.bytes, name)?,
            None => Vec::new(),
        };
        Ok((lines, object))
    }

    /// Has the log, which was in the state `before`, go on with `entry`. Returns its state then.
    async fn append(&self, before: &LogState, entry: &LogEntry) -> Result<LogState, Error> {
        let text = entry.to_json();
        let after = before.and(text.as_bytes());
        let start = usize::try_from(before.length).unwrap_or(usize::MAX);
        loop {
            let object = self.objects.get(LOG).await?;
            let bytes = object.as_ref().map_or(&[][..], |object| &object.bytes);
            let Some((past, rest)) = bytes.split_at_checked(start) else {
                return Err(Error::damaged(LOG, "it is shorter than the journal says"));
            };
            if !rest.is_empty() {
                let follows = rest
                    .strip_prefix(text.as_bytes())
                    .is_some_and(|rest| rest.starts_with(b"\n"));
                return if follows {
                    Ok(after)
                } else {
                    Err(Error::damaged(
                        LOG,
                        "it goes on otherwise than the journal says",
                    ))
                };
            }
            let whole = [past, text.as_bytes(), b"\n"].concat();
            if self.replace(LOG, object, whole).await? {
                return Ok(after);
            }
        }
    }

    /// Replaces an object that was read, or was not there; whether nobody else did.
    async fn replace(
        &self,
        path: &str,
        object: Option<Object>,
        bytes: Vec<u8>,
    ) -> Result<bool, Error> {
        let version = object.map(|object| object.version);
        let written = self.objects.put_if(path, bytes, version.as_ref());
        Ok(written.await?.is_some())
    }
}

/// Whether `known`, a line of the index, says what `entry` says, or has seen later changes.
fn has_seen(known: &IndexLine, entry: &LogEntry) -> bool {
    known.version == entry.version
        && match entry.action {
            Action::Publish => true,
            Action::Yank | Action::Unyank => known.changed >= Some(entry.number),
        }
}
