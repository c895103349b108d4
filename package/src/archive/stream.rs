//! The streams between an archive and its content: counted, bounded, hashed.

use std::io::{self, BufReader, Read, Write};

use super::Limits;

/// Counts what is read.
pub(super) struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R> Counted<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, count: 0 }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.count += n as u64;
        Ok(n)
    }
}

/// Hashes what is read.
pub(super) struct Hashed<R> {
    pub(super) reader: R,
    pub(super) hasher: crate::Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.hasher.write_all(buffer.get(..n).unwrap_or_default())?;
        Ok(n)
    }
}

/// The unpacked stream, which fails once it exceeds a limit.
pub(super) struct Bounded<'a, R: Read> {
    pub(super) decoder: zstd::Decoder<'static, BufReader<Counted<R>>>,
    pub(super) limits: &'a Limits,
    pub(super) unpacked: u64,
    pub(super) exceeded: Option<String>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.decoder.read(buffer)?;
        self.unpacked += n as u64;
        let packed = self.decoder.get_ref().get_ref().count;
        let Limits {
            unpacked: most,
            ratio,
            ratio_from,
            ..
        } = *self.limits;
        let exceeded = if self.unpacked > most {
            format!("it unpacks to more than {most} bytes")
        } else if self.unpacked > ratio_from && self.unpacked / ratio > packed {
            format!("it unpacks to more than {ratio} times its size")
        } else {
            return Ok(n);
        };
        self.exceeded = Some(exceeded.clone());
        Err(io::Error::other(exceeded))
    }
}
