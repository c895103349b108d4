//! What a mirror's directory is known by, so that no registry is ever taken for a copy of another.

use std::io;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use url::Url;

use super::SPOOL;
use super::fetch::write;
use crate::http::ServeError;

/// Where it stands of what a directory is the copy.
const MARKER: &str = "private/upstream.json";

/// What only a registry has, be it a copy or not.
const CONTENTS: [&str; 4] = ["registry.json", "log.jsonl", "index", "archives"];

#[derive(Serialize, Deserialize)]
struct Marker {
    url: String,
}

/// Makes `directory` a mirror of `upstream`, unless it is one.
///
/// # Errors
/// If it is a registry of its own, or the mirror of another one.
pub(super) fn claim(directory: &Path, upstream: &Url) -> Result<(), ServeError> {
    let begun = CONTENTS.iter().any(|name| directory.join(name).exists());
    match read(directory)? {
        Some(marker) if marker.url == upstream.as_str() => return Ok(()),
        Some(marker) if begun => {
            return Err(ServeError::OtherUpstream {
                directory: directory.to_owned(),
                kept: marker.url,
                upstream: upstream.to_string(),
            });
        }
        None if begun => {
            return Err(ServeError::NotMirror {
                directory: directory.to_owned(),
                upstream: upstream.to_string(),
            });
        }
        _ => {}
    }
    let url = upstream.to_string();
    let marker = serde_json::to_vec(&Marker { url }).map_err(io::Error::from)?;
    let written = write(&directory.join(SPOOL), &directory.join(MARKER), &marker);
    written.map_err(|reason| ServeError::Io(io::Error::other(reason)))
}

/// Leaves a directory into which nothing could be copied as it was.
pub(super) fn give_up(directory: &Path) -> Result<(), ServeError> {
    Ok(fs::remove_file(directory.join(MARKER))?)
}

/// Refuses to serve a mirror's directory as a registry of its own: what is published there would
/// be lost once it is a mirror again.
///
/// # Errors
/// If it is one.
pub(crate) fn refuse(directory: &Path) -> Result<(), ServeError> {
    match read(directory)? {
        Some(marker) => Err(ServeError::IsMirror {
            directory: directory.to_owned(),
            upstream: marker.url,
        }),
        None => Ok(()),
    }
}

fn read(directory: &Path) -> Result<Option<Marker>, ServeError> {
    let bytes = match fs::read(directory.join(MARKER)) {
        Ok(bytes) => bytes,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let place = directory.join(MARKER);
        let reason = format!("{} does not name an upstream: {error}", place.display());
        ServeError::Io(io::Error::new(io::ErrorKind::InvalidData, reason))
    })
}
