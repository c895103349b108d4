//! Writing an archive: the same contents always give the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::paths::Paths;
use super::{BLOCK, DOCUMENT, Limits};
use crate::document::InvalidDocument;
use crate::{Digest, PackageDocument};

/// The compression level: archives are written once and read often.
const LEVEL: i32 = 19;

/// What cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum NotPackable {
    /// Writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file has a name that no archive may hold.
    #[error("`{path}` cannot be packed: its path {reason}")]
    Path {
        /// The file.
        path: String,
        /// What is wrong with its path.
        reason: &'static str,
    },
    /// The description contradicts itself.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// It is larger than what is read.
    #[error("the package cannot be packed: {0}")]
    TooLarge(String),
    /// The files are not those that the description lists.
    #[error("`{0}` is not what package.json lists")]
    NotListed(String),
}

/// Writes the archive of `files` (content by path) as `document` describes them.
///
/// Whatever [`read`](super::read()) would refuse of it by its [default limits](Limits) is refused
/// before anything is written, but for the ratio of compression.
///
/// # Errors
/// If writing fails, `document` contradicts itself, a path is not allowed, `document.files` lists
/// other files, or a limit is exceeded.
pub fn write(
    document: &PackageDocument,
    files: &BTreeMap<String, Vec<u8>>,
    out: impl Write,
) -> Result<(), NotPackable> {
    document.check()?;
    if let Some(path) = document
        .files
        .keys()
        .find(|path| !files.contains_key(*path))
    {
        return Err(NotPackable::NotListed(path.clone()));
    }
    let mut paths = Paths::default();
    for (path, content) in files {
        paths.add(path).map_err(|reason| NotPackable::Path {
            path: path.clone(),
            reason,
        })?;
        let listed = document.files.get(path).is_some_and(|facts| {
            facts.size == content.len() as u64 && facts.sha256 == Digest::of(content)
        });
        if !listed {
            return Err(NotPackable::NotListed(path.clone()));
        }
    }

    let json = document.to_json();
    let all: Vec<(&str, &[u8])> = std::iter::once((DOCUMENT, &json[..]))
        .chain(
            files
                .iter()
                .map(|(path, content)| (path.as_str(), &content[..])),
        )
        .collect();
    let size = tar_size(all.iter().map(|(_, content)| content.len() as u64));
    check_limits(&Limits::default(), files.len(), json.len() as u64, size)
        .map_err(NotPackable::TooLarge)?;
    let mut compressor = zstd::Encoder::new(out, LEVEL)?;
    compressor.include_checksum(true)?;
    // Known beforehand, the size lets the compressor take no more memory than that.
    compressor.set_pledged_src_size(Some(size))?;
    let mut tar = tar::Builder::new(compressor);
    let top = format!("{}-{}", document.name, document.version);
    for (path, content) in all {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, format!("{top}/{path}"), content)?;
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

/// Refuses what no reader would take.
fn check_limits(limits: &Limits, files: usize, document: u64, size: u64) -> Result<(), String> {
    if files > limits.entries {
        Err(format!(
            "it has {files} files; at most {} are read",
            limits.entries
        ))
    } else if document > limits.document {
        let most = limits.document;
        Err(format!(
            "its {DOCUMENT} has {document} bytes; at most {most} are read"
        ))
    } else if size > limits.unpacked {
        let most = limits.unpacked;
        Err(format!(
            "it has {size} bytes unpacked; at most {most} are read"
        ))
    } else {
        Ok(())
    }
}

/// The size of a tar of files of these sizes: a block of header each, padded, two blocks of end.
fn tar_size(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes
        .map(|size| BLOCK + size.next_multiple_of(BLOCK))
        .sum::<u64>()
        + 2 * BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_reading() {
        let limits = Limits::default();
        let (entries, document, unpacked) = (limits.entries, limits.document, limits.unpacked);
        check_limits(&limits, entries, document, unpacked).unwrap();
        for (found, expected) in [
            (
                check_limits(&limits, entries + 1, 0, 0),
                "it has 4097 files",
            ),
            (
                check_limits(&limits, 0, document + 1, 0),
                "its package.json has 67108865 bytes",
            ),
            (
                check_limits(&limits, 0, 0, unpacked + 1),
                "4294967297 bytes unpacked",
            ),
        ] {
            let reason = found.unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
