//! The look at the log: what changed since the last one, in one request.
//!
//! The log is asked for from the start of the last line that is remembered. That line must come
//! first, and each further one must follow from the one before by its hash; so nobody can take back
//! or exchange what was seen once. Whatever does not fit, an old copy on the way or a server that
//! cannot count, is settled by asking past all caches for the whole log.

use puck_package::Digest;
use puck_registry::log::{self, LogEntry, LogState};
use reqwest::header;
use url::Url;

use crate::cache::{Change, Position};
use crate::error::Rewritten;
use crate::settings::shown;
use crate::transport::{Answer, Request, Transport};
use crate::{Error, Result, failure};

/// The path of the log in a registry.
const PATH: &str = "log.jsonl";

/// The longest log that is read, in bytes.
const MAX: u64 = 1 << 30;

/// How much of the end is asked for at the first look: some lines.
const END: u64 = 4096;

/// Of how many packages it is remembered that they changed, before all are asked about again.
const MAX_CHANGED: usize = 4096;

/// What of a log was sent.
struct Part {
    /// Where it starts in the log.
    from: u64,
    bytes: Vec<u8>,
}

/// Why an answer is not what it should be; whether it was sent in error, time will tell.
struct Misfit;

/// How far the log goes now, given how far it went when it was looked at before.
pub(crate) fn look(transport: &Transport, before: Option<Position>) -> Result<Position> {
    let url = url(transport)?;
    let (after, misfit) = match before {
        None => {
            let range = format!("bytes=-{END}");
            let part = part(transport, &url, &range)?;
            (part.and_then(|part| first(transport, &url, &part)), None)
        }
        Some(before) => {
            let range = format!("bytes={}-", before.start);
            let part = part(transport, &url, &range)?;
            let after = part.and_then(|part| further(&url, &before, &part));
            (after, Some(before))
        }
    };
    match (after, misfit) {
        (Ok(position), _) => Ok(position),
        (Err(Misfit), before) => settled(transport, &url, before),
    }
}

/// The whole log, checked from its beginning.
pub(crate) fn whole(transport: &Transport) -> Result<Vec<LogEntry>> {
    let url = url(transport)?;
    let bytes = all(transport, &url, false)?;
    let followed = log::follow(&shown(&url), &bytes, LogState::default());
    followed
        .map(|(_, entries)| entries)
        .map_err(|error| damaged(&url, error))
}

fn url(transport: &Transport) -> Result<Url> {
    super::client::join(&transport.settings().url, PATH)
}

fn part(transport: &Transport, url: &Url, range: &str) -> Result<Result<Part, Misfit>> {
    let request = Request::get(url.clone())
        .with(header::RANGE, range)
        .with(header::ACCEPT_ENCODING, "identity");
    let answer = transport.fetch(&request, MAX)?;
    if answer.is_page() {
        return Ok(Err(Misfit));
    }
    let nothing = Part {
        from: 0,
        bytes: Vec::new(),
    };
    Ok(match answer.status.as_u16() {
        200 => Ok(Part {
            from: 0,
            bytes: answer.body,
        }),
        206 => match content_range(&answer) {
            Some((from, Some(to))) if to - from == answer.body.len() as u64 => Ok(Part {
                from,
                bytes: answer.body,
            }),
            _ => Err(Misfit),
        },
        // A log of no bytes has no range to give; of one that has some, more was asked for.
        416 => match content_range(&answer) {
            Some((0, None)) => Ok(nothing),
            _ => Err(Misfit),
        },
        404 | 410 => Ok(nothing),
        _ => return Err(transport.refusal(&answer)),
    })
}

/// Start and end of what was sent; or the length of all, and no end, if nothing was.
fn content_range(answer: &Answer) -> Option<(u64, Option<u64>)> {
    let (range, all) = answer
        .header(header::CONTENT_RANGE)?
        .trim()
        .strip_prefix("bytes ")?
        .split_once('/')?;
    if range == "*" {
        return Some((all.parse().ok()?, None));
    }
    let (from, last) = range.split_once('-')?;
    let (from, last): (u64, u64) = (from.parse().ok()?, last.parse().ok()?);
    (from <= last).then_some((from, Some(last.checked_add(1)?)))
}

/// The position at the end of `part`, of which only the last line counts, unless all is there.
fn first(transport: &Transport, url: &Url, part: &Part) -> Result<Position, Misfit> {
    let mut position = Position::new(transport.settings().url.to_string());
    if part.from == 0 {
        advance(&mut position, url, &part.bytes).map_err(|_| Misfit)?;
        position.changed.clear();
        return Ok(position);
    }
    let feed = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n');
    let end = feed(&part.bytes).ok_or(Misfit)?;
    let complete = part.bytes.get(..end).unwrap_or_default();
    let before = feed(complete).ok_or(Misfit)?;
    let line = complete.get(before + 1..).unwrap_or_default();
    let entry = LogEntry::parse(&shown(url), line).map_err(|_| Misfit)?;
    position.start = part.from + before as u64 + 1;
    position.length = part.from + end as u64 + 1;
    position.number = entry.number;
    position.head = Some(Digest::of(line));
    Ok(position)
}

/// The position at the end of `part`, which must hold the last line known `before`, and may hold more.
fn further(url: &Url, before: &Position, part: &Part) -> Result<Position, Misfit> {
    let start = before.start.checked_sub(part.from).ok_or(Misfit)?;
    let known = before.length - part.from;
    let (start, known) = (usize::try_from(start), usize::try_from(known));
    let (Ok(start), Ok(known)) = (start, known) else {
        return Err(Misfit);
    };
    let line = part.bytes.get(start..known).ok_or(Misfit)?;
    if !remembered(before, line) {
        return Err(Misfit);
    }
    let mut position = before.clone();
    let new = part.bytes.get(known..).unwrap_or_default();
    advance(&mut position, url, new).map_err(|_| Misfit)?;
    Ok(position)
}

/// Whether `line`, with its line feed, is the last one known `before`; nothing, if none is.
fn remembered(before: &Position, line: &[u8]) -> bool {
    match before.head {
        Some(head) => line
            .strip_suffix(b"\n")
            .is_some_and(|line| Digest::of(line) == head),
        None => line.is_empty(),
    }
}

/// Moves `position` past the complete lines in `new`.
fn advance(position: &mut Position, url: &Url, new: &[u8]) -> Result<()> {
    let state = LogState {
        entries: position.number,
        head: position.head,
        length: position.length,
    };
    let followed = log::follow(&shown(url), new, state);
    let (state, entries) = followed.map_err(|error| damaged(url, error))?;
    if entries.is_empty() {
        return Ok(());
    }
    let end = usize::try_from(state.length - position.length).unwrap_or(new.len());
    let last = new.get(..end.saturating_sub(1)).unwrap_or_default();
    let start = last
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |feed| feed + 1);
    position.start = position.length + start as u64;
    position.length = state.length;
    position.number = state.entries;
    position.head = state.head;
    for entry in entries {
        let change = Change {
            length: state.length,
            action: entry.action,
            version: entry.version,
            sha256: entry.sha256,
        };
        position.changed.insert(entry.name, change);
    }
    if position.changed.len() > MAX_CHANGED {
        position.begin_epoch();
    }
    Ok(())
}

/// The truth, from the whole log, past all caches.
fn settled(transport: &Transport, url: &Url, before: Option<Position>) -> Result<Position> {
    let bytes = all(transport, url, true)?;
    let address = transport.settings().url.to_string();
    let Some(before) = before else {
        let mut position = Position::new(address);
        advance(&mut position, url, &bytes)?;
        position.changed.clear();
        return Ok(position);
    };
    let span = usize::try_from(before.start)
        .ok()
        .zip(usize::try_from(before.length).ok());
    let line = span.and_then(|(start, known)| bytes.get(start..known));
    if let (Some(head), false) = (
        before.head,
        line.is_some_and(|line| remembered(&before, line)),
    ) {
        let last = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .rfind(|line| line.ends_with(b"\n"));
        let last = last.and_then(|line| line.strip_suffix(b"\n"));
        let found = match last.map(|line| (line, LogEntry::parse(&shown(url), line))) {
            None => None,
            Some((line, Ok(entry))) => Some((entry.number, Digest::of(line))),
            Some((_, Err(error))) => return Err(Error::document(shown(url), LINES, &error)),
        };
        return Err(Error::Rewritten(Box::new(Rewritten {
            url: shown(&transport.settings().url),
            number: before.number,
            remembered: head,
            found,
            broken: broken(url, &bytes),
            cache: transport.settings().cache.clone(),
        })));
    }
    let mut position = before;
    let known = usize::try_from(position.length).unwrap_or(bytes.len());
    advance(&mut position, url, bytes.get(known..).unwrap_or_default())?;
    Ok(position)
}

/// The number of the first line of a whole log that does not follow from the one before it.
fn broken(url: &Url, log: &[u8]) -> Option<u64> {
    let mut state = LogState::default();
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        match log::follow(&shown(url), line, state) {
            Ok((next, _)) => state = next,
            Err(_) => return Some(state.entries + 1),
        }
    }
    None
}

fn all(transport: &Transport, url: &Url, fresh: bool) -> Result<Vec<u8>> {
    let answer = transport.fetch(&Request::get(url.clone()).fresh(fresh), MAX)?;
    match answer.status.as_u16() {
        _ if answer.is_page() && answer.status.is_success() => Err(Error::NotRegistry {
            url: shown(&answer.url),
            reason: format!("expected {LINES}, found a web page"),
        }),
        200 => Ok(answer.body),
        404 | 410 => Ok(Vec::new()),
        _ => Err(transport.refusal(&answer)),
    }
}

/// What a log is made of.
const LINES: &str = "lines of the log, each with the hash of the one before";

fn damaged(url: &Url, error: puck_registry::Error) -> Error {
    match error {
        puck_registry::Error::Document(error) => Error::document(shown(url), LINES, &error),
        other => Error::Content {
            url: shown(url),
            expected: LINES.to_owned(),
            found: failure::reason(&other),
        },
    }
}

#[cfg(test)]
mod tests;
