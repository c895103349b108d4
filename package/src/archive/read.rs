//! Reading an archive that is not trusted.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::paths::Paths;
use super::stream::{Bounded, Counted, Hashed};
use super::{ArchiveError, BLOCK, DOCUMENT, Expected, Limits};
use crate::{Digest, FileFacts, PackageDocument};

/// zstd windows larger than this are refused; level 19 uses 8 MiB.
const WINDOW_LOG: u32 = 27;

/// Takes the files of an archive as they are read.
///
/// A file's digest is known only at its end: what a sink keeps may be used only once [`read`] has
/// returned without an error.
pub trait Sink {
    /// Takes one file; `content` gives exactly the size that the archive announced, or an error.
    ///
    /// # Errors
    /// Whatever keeping it gives.
    fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()>;
}

/// Keeps nothing: for checking an archive.
pub struct Discard;

/// Keeps everything in memory, by path.
#[derive(Default)]
pub struct Contents(pub BTreeMap<String, Vec<u8>>);

/// Writes everything below a folder.
pub struct Unpack(PathBuf);

impl Sink for Discard {
    fn file(&mut self, _: &str, content: &mut dyn Read) -> io::Result<()> {
        io::copy(content, &mut io::sink()).map(drop)
    }
}

impl Sink for Contents {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.0.insert(path.to_owned(), bytes);
        Ok(())
    }
}

impl Sink for Unpack {
    fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()> {
        let path = self.0.join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        let mut file = fs_err::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)?;
        io::copy(content, &mut file)?;
        file.flush()
    }
}

/// Checks the archive at `path` completely and returns its description.
///
/// # Errors
/// As [`read`].
pub fn inspect(
    path: &Path,
    expected: Option<Expected<'_>>,
) -> Result<PackageDocument, ArchiveError> {
    let file = fs_err::File::open(path)?;
    read(file, expected, &Limits::default(), &mut Discard)
}

/// Unpacks the archive at `path` into the existing folder `into`, and `package.json` with it, as it
/// stands in the archive: what this program does not understand of it is kept for one that does.
///
/// Nothing is overwritten, and nothing is flushed to the disk. After an error the folder holds
/// files that must not be used.
///
/// # Errors
/// As [`read`].
pub fn unpack(
    path: &Path,
    into: &Path,
    expected: Option<Expected<'_>>,
    limits: &Limits,
) -> Result<PackageDocument, ArchiveError> {
    let mut sink = Unpack(into.to_owned());
    let Opened { document, json } = open(fs_err::File::open(path)?, expected, limits, &mut sink)?;
    sink.file(DOCUMENT, &mut &json[..])?;
    Ok(document)
}

/// Reads an archive, handing every file to `sink`, and returns its description.
///
/// # Errors
/// If reading or the sink fails; if the archive is damaged, larger than `limits`, or holds
/// anything but the files that its description lists, with the content it lists; if it holds
/// another package than `expected`.
pub fn read(
    archive: impl Read,
    expected: Option<Expected<'_>>,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<PackageDocument, ArchiveError> {
    Ok(open(archive, expected, limits, sink)?.document)
}

/// An archive's description, and the text it was read from.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The description.
    pub document: PackageDocument,
    /// The text: what this program does not understand of it is for one that does.
    pub json: Vec<u8>,
}

/// As [`read`], with the description's text.
///
/// # Errors
/// As [`read`].
pub fn open(
    archive: impl Read,
    expected: Option<Expected<'_>>,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Opened, ArchiveError> {
    let mut decoder = zstd::Decoder::with_buffer(BufReader::new(Counted::new(archive)))
        .map_err(|error| damaged(&error))?;
    decoder.window_log_max(WINDOW_LOG)?;
    let mut reader = Bounded {
        decoder,
        limits,
        unpacked: 0,
        exceeded: None,
    };
    let result = read_tar(&mut reader, expected, limits, sink);
    // A limit shows as a failed read somewhere inside; say what it really was.
    match (result, reader.exceeded) {
        (Err(_), Some(reason)) => Err(ArchiveError::Refused(reason)),
        (result, _) => result,
    }
}

fn read_tar(
    reader: &mut impl Read,
    expected: Option<Expected<'_>>,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Opened, ArchiveError> {
    let Some(first) = Header::read(reader)? else {
        return Err(ArchiveError::Refused("it is empty".to_owned()));
    };
    let top = match first.path.split_once('/') {
        Some((top, DOCUMENT)) => format!("{top}/"),
        _ => {
            let path = &first.path;
            let message = format!("it begins with `{path}`, not with `NAME-VERSION/{DOCUMENT}`");
            return Err(ArchiveError::Refused(message));
        }
    };
    if first.size > limits.document {
        let message = format!("its {DOCUMENT} is larger than {} bytes", limits.document);
        return Err(ArchiveError::Refused(message));
    }
    let mut json = Vec::new();
    first.content(&mut *reader).read_to_end(&mut json)?;
    first.skip_padding(reader, json.len() as u64)?;
    let document = PackageDocument::parse(&json)?;
    check_identity(&document, &top, expected)?;

    let mut paths = Paths::default();
    while let Some(header) = Header::read(reader)? {
        let path = header.path.strip_prefix(&top).ok_or_else(|| {
            ArchiveError::Refused(format!("`{}` is not below `{top}`", header.path))
        })?;
        paths
            .add(path)
            .map_err(|reason| ArchiveError::Refused(format!("the path `{path}` {reason}")))?;
        if paths.count() > limits.entries {
            let message = format!("it holds more than {} files", limits.entries);
            return Err(ArchiveError::Refused(message));
        }
        let Some(facts) = document.files.get(path) else {
            return Err(mismatch(path, "it is not listed".to_owned()));
        };
        read_file(reader, &header, path, facts, sink)?;
    }
    if let Some(missing) = document.files.keys().find(|path| !paths.contains(path)) {
        return Err(mismatch(missing, "it is missing".to_owned()));
    }
    expect_end(reader)?;
    Ok(Opened { document, json })
}

fn check_identity(
    document: &PackageDocument,
    top: &str,
    expected: Option<Expected<'_>>,
) -> Result<(), ArchiveError> {
    let found = format!("{} {}", document.name, document.version);
    if top != format!("{}-{}/", document.name, document.version) {
        let message = format!("its folder is `{top}`, but its {DOCUMENT} is of {found}");
        return Err(ArchiveError::Refused(message));
    }
    match expected {
        Some(Expected { name, version })
            if *name != document.name || *version != document.version =>
        {
            Err(ArchiveError::OtherPackage {
                expected: format!("{name} {version}"),
                found,
            })
        }
        _ => Ok(()),
    }
}

fn read_file(
    reader: &mut impl Read,
    header: &Header,
    path: &str,
    facts: &FileFacts,
    sink: &mut dyn Sink,
) -> Result<(), ArchiveError> {
    if header.size != facts.size {
        let reason = format!("expected {} bytes, found {}", facts.size, header.size);
        return Err(mismatch(path, reason));
    }
    let mut content = Hashed {
        reader: header.content(&mut *reader),
        hasher: Digest::hasher(),
    };
    sink.file(path, &mut content)?;
    let (digest, size) = content.hasher.finish();
    if size != header.size {
        return Err(ArchiveError::Damaged(format!("`{path}` ends early")));
    }
    if digest != facts.sha256 {
        let reason = format!("expected SHA-256 {}, found {digest}", facts.sha256);
        return Err(mismatch(path, reason));
    }
    header.skip_padding(reader, size)
}

/// Requires that nothing but zeros follows: there is no room for what is not described.
fn expect_end(reader: &mut impl Read) -> Result<(), ArchiveError> {
    let mut buffer = [0; 4096];
    loop {
        let n = reader.read(&mut buffer).map_err(|error| damaged(&error))?;
        if n == 0 {
            return Ok(());
        }
        if buffer.iter().take(n).any(|byte| *byte != 0) {
            return Err(ArchiveError::Refused(
                "something follows its end".to_owned(),
            ));
        }
    }
}

fn mismatch(path: &str, reason: String) -> ArchiveError {
    ArchiveError::Mismatch {
        path: path.to_owned(),
        reason,
    }
}

fn damaged(error: &io::Error) -> ArchiveError {
    ArchiveError::Damaged(error.to_string())
}

/// What is needed of a tar header.
struct Header {
    path: String,
    size: u64,
}

impl Header {
    /// The next header; `None` at the end of the archive.
    fn read(reader: &mut impl Read) -> Result<Option<Self>, ArchiveError> {
        let mut header = tar::Header::new_old();
        reader
            .read_exact(header.as_mut_bytes())
            .map_err(|error| damaged(&error))?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let invalid = |error: io::Error| ArchiveError::Damaged(format!("bad tar header: {error}"));
        let sum = header.cksum().map_err(invalid)?;
        let mut blank = header.clone();
        blank.set_cksum();
        if blank.cksum().map_err(invalid)? != sum {
            return Err(ArchiveError::Damaged(
                "bad tar header: wrong checksum".to_owned(),
            ));
        }
        let path = String::from_utf8(header.path_bytes().into_owned())
            .map_err(|_| ArchiveError::Refused("a path in it is not UTF-8".to_owned()))?;
        if header.as_ustar().is_none() {
            return Err(ArchiveError::Refused(format!(
                "`{path}` has no ustar header"
            )));
        }
        if header.entry_type() != tar::EntryType::Regular {
            let kind = match header.entry_type() {
                tar::EntryType::Link | tar::EntryType::Symlink => "a link",
                tar::EntryType::Directory => "a folder",
                tar::EntryType::Char | tar::EntryType::Block | tar::EntryType::Fifo => "a device",
                _ => "an extended entry",
            };
            let message = format!("`{path}` is {kind}; only regular files are allowed");
            return Err(ArchiveError::Refused(message));
        }
        Ok(Some(Self {
            path,
            size: header.entry_size().map_err(invalid)?,
        }))
    }

    fn content<R: Read>(&self, reader: R) -> io::Take<R> {
        reader.take(self.size)
    }

    /// Reads over what fills the last block; `read` is how much of the content was read.
    fn skip_padding(&self, reader: &mut impl Read, read: u64) -> Result<(), ArchiveError> {
        if read != self.size {
            return Err(ArchiveError::Damaged(format!("`{}` ends early", self.path)));
        }
        let padding = self.size.next_multiple_of(BLOCK) - self.size;
        let skipped = io::copy(&mut reader.take(padding), &mut io::sink())
            .map_err(|error| damaged(&error))?;
        if skipped == padding {
            Ok(())
        } else {
            Err(ArchiveError::Damaged(format!(
                "it ends after `{}`",
                self.path
            )))
        }
    }
}
