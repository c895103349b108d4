//! Writing an archive: the same contents always give the same bytes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{BLOCK, DOCUMENT, check_path};
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
    /// The files are not those that the description lists.
    #[error("`{0}` is not what package.json lists")]
    NotListed(String),
}

/// Writes the archive of `files` (content by path) as `document` describes them.
///
/// # Errors
/// If writing fails, a path is not allowed, or `document.files` lists other files.
pub fn write(
    document: &PackageDocument,
    files: &BTreeMap<String, Vec<u8>>,
    out: impl Write,
) -> Result<(), NotPackable> {
    if let Some(path) = document
        .files
        .keys()
        .find(|path| !files.contains_key(*path))
    {
        return Err(NotPackable::NotListed(path.clone()));
    }
    for (path, content) in files {
        check_path(path).map_err(|reason| NotPackable::Path {
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
    let mut compressor = zstd::Encoder::new(out, LEVEL)?;
    compressor.include_checksum(true)?;
    // Known beforehand, the size lets the compressor take no more memory than that.
    compressor.set_pledged_src_size(Some(tar_size(all.iter().map(|(_, c)| c.len() as u64))))?;
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

/// The size of a tar of files of these sizes: a block of header each, padded, two blocks of end.
fn tar_size(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes
        .map(|size| BLOCK + size.next_multiple_of(BLOCK))
        .sum::<u64>()
        + 2 * BLOCK
}
