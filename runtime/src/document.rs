//! `environment.json`, read quickly.
//!
//! A general JSON reader is some ten thousand instructions that nothing else in the process has
//! used: fetching them takes longer than all other work of opening an environment. What Puck
//! writes needs little of JSON, and is read here. Anything else (escapes, keys of later programs,
//! errors) is left to the general reader, whose answer counts. For the same reason little of it is
//! inlined.

pub(crate) mod lazy;

use std::collections::BTreeMap;
use std::str::FromStr;

use puck_package::environment::FILE;
use puck_package::format::{self, DocumentError};
use puck_package::{EnvironmentDocument, EnvironmentPackage, Image, LinkMode, Processor, Series};
use semver::Version;

/// Reads a document.
///
/// # Errors
/// If it is not JSON or of a newer format.
pub(crate) fn parse(bytes: &[u8]) -> Result<EnvironmentDocument, DocumentError> {
    match quickly(bytes) {
        Some(document) => Ok(document),
        None => EnvironmentDocument::parse(FILE, bytes),
    }
}

/// The link mode of a document that could not be read, if that is what is new in it.
pub(crate) fn unknown_mode(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Link {
        format: u32,
        link: String,
    }
    let Link { format, link } = serde_json::from_slice(bytes).ok()?;
    let is_known = link.parse::<LinkMode>().is_ok();
    (format <= format::ENVIRONMENT && !is_known).then_some(link)
}

/// A document as Puck writes it; `None` of any other, good or bad.
fn quickly(bytes: &[u8]) -> Option<EnvironmentDocument> {
    let mut text = Text {
        rest: std::str::from_utf8(bytes).ok()?,
    };
    let document = text.document()?;
    text.skip_space();
    (text.rest.is_empty() && document.format == format::ENVIRONMENT).then_some(document)
}

/// What is left to read. Every method leaves `None` to mean: ask the general reader.
struct Text<'a> {
    rest: &'a str,
}

impl<'a> Text<'a> {
    fn document(&mut self) -> Option<EnvironmentDocument> {
        let (mut format, mut key, mut link) = (None, None, None);
        let (mut processor, mut compiler, mut keep) = (None, None, None);
        let (mut image, mut packages) = (None, None);
        self.object(|name, text| match name {
            "format" => set(&mut format, text.number()),
            "key" => set(&mut key, text.parsed()),
            "link" => set(&mut link, text.mode()),
            "processor" => set(&mut processor, text.processor()),
            "compiler" => set(&mut compiler, text.owned()),
            "keep" => set(&mut keep, text.list(Self::owned)),
            "image" => set(&mut image, text.image()),
            "packages" => set(&mut packages, text.list(Self::package)),
            _ => None,
        })?;
        Some(EnvironmentDocument {
            format: format?,
            key: key?,
            link: link.unwrap_or_default(),
            processor,
            compiler,
            keep: keep.unwrap_or_default(),
            image,
            packages: packages?,
        })
    }

    fn mode(&mut self) -> Option<LinkMode> {
        let text = self.string()?;
        LinkMode::ALL.into_iter().find(|mode| mode.name() == text)
    }

    #[inline(never)]
    fn processor(&mut self) -> Option<Processor> {
        let (mut target, mut features, mut tuning) = (None, None, None);
        self.object(|name, text| match name {
            "target" => set(&mut target, text.parsed()),
            "features" => set(&mut features, text.list(Self::owned)),
            "tuning" => set(&mut tuning, text.owned()),
            _ => None,
        })?;
        Some(Processor {
            target: target?,
            features: features.unwrap_or_default(),
            tuning: tuning?,
        })
    }

    #[inline(never)]
    fn image(&mut self) -> Option<Image> {
        let (mut soname, mut libraries, mut host_tables) = (None, None, None);
        self.object(|name, text| match name {
            "soname" => set(&mut soname, text.owned()),
            "host-tables" => set(&mut host_tables, text.boolean()),
            "libraries" => {
                let mut map = BTreeMap::new();
                text.object(|name, text| {
                    map.insert(name.to_owned(), text.parsed()?);
                    Some(())
                })?;
                set(&mut libraries, Some(map))
            }
            _ => None,
        })?;
        Some(Image {
            soname: soname?,
            libraries: libraries?,
            host_tables: host_tables.unwrap_or_default(),
        })
    }

    #[inline(never)]
    fn package(&mut self) -> Option<EnvironmentPackage> {
        let (mut name, mut version, mut series) = (None, None, None);
        let (mut soname, mut sha256, mut directory) = (None, None, None);
        let (mut targets, mut needs, mut direct) = (None, None, None);
        let (mut specialised, mut host_table) = (None, None);
        self.object(|key, text| match key {
            "name" => set(&mut name, text.parsed()),
            "version" => set(&mut version, text.version()),
            "series" => set(&mut series, text.string()),
            "soname" => set(&mut soname, text.owned()),
            "sha256" => set(&mut sha256, text.parsed()),
            "directory" => set(&mut directory, text.owned()),
            "targets" => set(&mut targets, text.list(Self::owned)),
            "needs" => set(&mut needs, text.list(Self::owned)),
            "direct" => set(&mut direct, text.boolean()),
            "specialised" => set(&mut specialised, text.parsed()),
            "host-table" => set(&mut host_table, text.parsed()),
            _ => None,
        })?;
        let version = version?;
        Some(EnvironmentPackage {
            name: name?,
            series: series_of(&version, series?)?,
            version,
            soname: soname?,
            sha256: sha256?,
            directory: directory?,
            targets: targets?,
            needs: needs.unwrap_or_default(),
            direct: direct?,
            specialised,
            host_table,
        })
    }

    /// `{"key": value, …}`; the value is for `member` to read.
    fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.sequence('{', '}', |text| {
            let key = text.string()?;
            text.mark(':').then_some(())?;
            member(key, text)
        })
    }

    /// `[item, …]`
    #[inline(never)]
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::with_capacity(4);
        self.sequence('[', ']', |text| {
            items.push(item(text)?);
            Some(())
        })?;
        Some(items)
    }

    fn sequence(
        &mut self,
        first: char,
        last: char,
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.mark(first).then_some(())?;
        if self.mark(last) {
            return Some(());
        }
        loop {
            item(self)?;
            if self.mark(last) {
                return Some(());
            }
            self.mark(',').then_some(())?;
        }
    }

    /// Takes a mark, if it is next.
    #[inline(never)]
    fn mark(&mut self, mark: char) -> bool {
        self.skip_space();
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let length = self.rest.bytes().take_while(is_space).count();
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// A string without escapes.
    #[inline(never)]
    fn string(&mut self) -> Option<&'a str> {
        self.mark('"').then_some(())?;
        let end = plain_length(self.rest.as_bytes());
        let text = self.rest.get(..end)?;
        self.rest = self.rest.get(end..)?.strip_prefix('"')?;
        Some(text)
    }

    #[inline(never)]
    fn owned(&mut self) -> Option<String> {
        self.string().map(str::to_owned)
    }

    /// A string that means something.
    #[inline(never)]
    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.string()?.parse().ok()
    }

    /// A version without pre-release and build metadata.
    #[inline(never)]
    fn version(&mut self) -> Option<Version> {
        let mut rest = self.string()?;
        let major = digits(&mut rest)?;
        rest = rest.strip_prefix('.')?;
        let minor = digits(&mut rest)?;
        rest = rest.strip_prefix('.')?;
        let patch = digits(&mut rest)?;
        rest.is_empty().then_some(Version::new(major, minor, patch))
    }

    #[inline(never)]
    fn number(&mut self) -> Option<u32> {
        self.skip_space();
        digits(&mut self.rest)?.try_into().ok()
    }

    fn boolean(&mut self) -> Option<bool> {
        self.skip_space();
        let (value, rest) = match self.rest.strip_prefix("true") {
            Some(rest) => (true, rest),
            None => (false, self.rest.strip_prefix("false")?),
        };
        self.rest = rest;
        Some(value)
    }
}

/// How many bytes there are before a quotation mark, a backslash or a control character.
///
/// Most of a document is looked at here, and therefore eight bytes at a time.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The highest bit of each byte that is less than `limit`, exact up to the first of them.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let special = is(word, b'"') | is(word, b'\\') | below(word, 0x20);
        if special != 0 {
            return index * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

/// Takes a number of few digits, without leading zeros.
fn digits(text: &mut &str) -> Option<u64> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let length = text.bytes().take_while(is_digit).count();
    let (number, rest) = text.split_at_checked(length)?;
    if number.is_empty() || number.len() > 9 || (number.starts_with('0') && number != "0") {
        return None;
    }
    *text = rest;
    let add = |sum, digit| sum * 10 + u64::from(digit - b'0');
    Some(number.bytes().fold(0, add))
}

/// The series of a version, if `text` is how it is written.
fn series_of(version: &Version, text: &str) -> Option<Series> {
    let mut rest = text.strip_prefix('v')?;
    let mut next = || {
        let number = digits(&mut rest)?;
        rest = rest.strip_prefix('_').unwrap_or(rest);
        Some(number)
    };
    let same = match (version.major, version.minor) {
        (0, 0) => next()? == 0 && next()? == 0 && next()? == version.patch,
        (0, minor) => next()? == 0 && next()? == minor,
        (major, _) => next()? == major,
    };
    (same && rest.is_empty() && !text.ends_with('_')).then(|| Series::of(version))
}

/// Sets a member that was not there before.
fn set<T>(place: &mut Option<T>, value: Option<T>) -> Option<()> {
    let value = value?;
    place.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests;
