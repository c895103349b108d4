//! What is read from storage.

use std::io;
use std::ops::Range;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// What is known of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// In bytes.
    pub size: u64,
    /// A strong entity tag, in quotes: another one whenever the bytes are others.
    pub etag: String,
    /// When it was written.
    pub modified: SystemTime,
}

/// Bytes of a file, and the facts of the very file that they are of.
#[derive(Debug)]
pub struct Content {
    /// Of the whole file.
    pub facts: Facts,
    /// Which bytes these are.
    pub range: Range<u64>,
    /// The bytes.
    pub body: Body,
}

/// Bytes that are there, or come one piece after the other.
pub enum Body {
    /// All of them.
    Bytes(Bytes),
    /// Pieces; an error in place of one ends them.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl Body {
    /// All bytes.
    ///
    /// # Errors
    /// If a piece does not come.
    pub async fn bytes(self) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Stream(mut pieces) => {
                let mut all = BytesMut::new();
                while let Some(piece) = pieces.next().await {
                    all.extend_from_slice(&piece?);
                }
                Ok(all.freeze())
            }
        }
    }

    /// The bytes piece by piece, whichever way they are here.
    #[must_use]
    pub fn stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::Bytes(bytes) => futures_util::stream::iter([Ok(bytes)]).boxed(),
            Self::Stream(pieces) => pieces,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Stream(_) => f.write_str("a stream"),
        }
    }
}

/// `range` as far as a file of `size` bytes has it; all of the file if there is none.
pub(crate) fn within(range: Option<Range<u64>>, size: u64) -> Range<u64> {
    let range = range.unwrap_or(0..size);
    let end = range.end.min(size);
    range.start.min(end)..end
}
