//! Single entries of a long `environment.json`, without reading all of it.
//!
//! It is written with fixed indentation and its packages are sorted by name. So an entry is found
//! by looking at a few places. Whatever does not look like what Puck writes is left to the readers
//! of whole documents.

use std::io;

use puck_package::{EnvironmentDocument, EnvironmentPackage};

use super::{Text, quickly};

/// What stands before the first package.
const LIST: &[u8] = b"\n  \"packages\": [\n";
/// What stands before each package's name.
const ENTRY: &[u8] = b"    {\n      \"name\": \"";
/// What stands after each package but the last.
const BETWEEN: &[u8] = b"\n    },\n";
/// What stands after the last package.
const END: &[u8] = b"\n    }\n  ]\n}\n";
/// More than two entries with some callees have.
const WINDOW: usize = 2048;
/// When to look at one entry after the other: some of them.
const NEAR: u64 = 1024;

/// Reads from an offset: as much as fits, or less where the file ends.
pub(crate) trait ReadAt {
    fn read_at<'a>(&self, bytes: &'a mut [u8], offset: u64) -> io::Result<&'a [u8]>;
}

impl ReadAt for crate::file::File {
    fn read_at<'a>(&self, bytes: &'a mut [u8], offset: u64) -> io::Result<&'a [u8]> {
        Self::read_at(self, bytes, offset)
    }
}

/// Where the packages stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    start: u64,
    end: u64,
}

/// The document without its packages, and where those stand; given its first bytes and its size.
pub(crate) fn head(
    start: &[u8],
    size: u64,
    file: &impl ReadAt,
) -> Option<(EnvironmentDocument, List)> {
    let at = start.windows(LIST.len()).position(|text| text == LIST)?;
    let after = at + LIST.len();
    let mut bytes = [0; END.len()];
    let end = size.checked_sub(END.len() as u64)?;
    let is_whole = file.read_at(&mut bytes, end).ok()? == END;
    let whole = [start.get(..at)?, b"\"packages\":[]}"].concat();
    let list = List {
        start: after as u64,
        end,
    };
    (is_whole && list.start < end).then_some(())?;
    Some((quickly(&whole)?, list))
}

impl List {
    /// All packages of that name; `None` if there are none, or something is unusual.
    #[inline(never)]
    pub(crate) fn find(&self, name: &str, file: &impl ReadAt) -> Option<Vec<EnvironmentPackage>> {
        let mut bytes = [0; WINDOW];
        let is_less = |found: &[u8]| found < name.as_bytes();
        // The first entry whose name is not less is the first one that begins at or after `from`,
        // or one of the next few: all that begin before `from` are less, and the first one at or
        // after `to` is not.
        let (mut from, mut to) = (self.start, self.end);
        while to - from > NEAR {
            let middle = from + (to - from) / 2;
            match self.next(middle, &mut bytes, file)? {
                Some((at, text)) if is_less(name_of(text)?) => from = at + 1,
                _ => to = middle,
            }
        }
        let mut found = Vec::new();
        while let Some((at, text)) = self.next(from, &mut bytes, file)? {
            from = at + 1;
            let this = name_of(text)?;
            if is_less(this) {
                continue;
            }
            if this != name.as_bytes() {
                break;
            }
            let mut entry = Text {
                rest: valid_start(text),
            };
            found.push(entry.package()?);
            let follows = |text: &&[u8]| entry.rest.as_bytes().starts_with(text);
            [&b",\n    {\n"[..], b"\n  ]\n}\n"]
                .iter()
                .find(|text| follows(text))?;
        }
        (!found.is_empty()).then_some(found)
    }

    /// The first entry that begins at or after `offset`: where, and the text from there on.
    ///
    /// Inside `None`: there is none. Outside: something is unusual.
    fn next<'a>(
        &self,
        offset: u64,
        bytes: &'a mut [u8],
        file: &impl ReadAt,
    ) -> Option<Option<(u64, &'a [u8])>> {
        let before = BETWEEN.len() as u64;
        let text = file.read_at(bytes, offset.checked_sub(before)?).ok()?;
        if offset == self.start {
            return Some(Some((offset, text.get(BETWEEN.len()..)?)));
        }
        let is = |text: &[u8]| text == BETWEEN;
        match text.windows(BETWEEN.len()).position(is) {
            Some(at) => Some(Some((offset + at as u64, text.get(at + BETWEEN.len()..)?))),
            // Whole entries are shorter than what is looked at.
            None => text.ends_with(END).then_some(None),
        }
    }
}

/// The name in an entry; `None` if it does not begin like one, or not enough of it was read.
fn name_of(entry: &[u8]) -> Option<&[u8]> {
    let rest = entry.strip_prefix(ENTRY)?;
    rest.get(..rest.iter().position(|byte| *byte == b'"')?)
}

/// The text up to what is no UTF-8, such as a character that was cut.
fn valid_start(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => bytes
            .get(..error.valid_up_to())
            .and_then(|valid| std::str::from_utf8(valid).ok())
            .unwrap_or_default(),
    }
}
