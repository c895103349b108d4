//! Modules by the content that they were compiled from.
//!
//! Two steps, because which headers a source includes is known only after compiling it once:
//! `<key of source, options, compiler>.headers` lists them, and
//! `<that key and the state of the headers>.bc` is the module, behind one line that tells its digest
//! and the compiler's warnings. An entry that is not whole is as good as none.

use std::path::{Path, PathBuf};

use puck_package::Digest;
use serde::{Deserialize, Serialize};

use crate::temporary;

/// A folder of compiled modules.
#[derive(Debug)]
pub(super) struct Cache {
    root: PathBuf,
    folder: PathBuf,
}

/// What a compilation gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What the source included, one path a line.
    pub(super) headers: String,
    pub(super) warnings: String,
    pub(super) bitcode: Vec<u8>,
}

/// The first line of an entry.
#[derive(Serialize, Deserialize)]
struct Head {
    sha256: Digest,
    warnings: String,
}

impl Cache {
    pub(super) fn new(cache: &Path) -> Self {
        Self {
            root: cache.to_owned(),
            folder: cache.join("clang"),
        }
    }

    /// The module for `key`, if there is one for the headers as they are; `state` tells their
    /// state.
    pub(super) fn get(
        &self,
        key: Digest,
        state: impl FnOnce(&str) -> Option<Digest>,
    ) -> Option<Entry> {
        let headers = fs_err::read_to_string(self.headers(key)).ok()?;
        let bytes = fs_err::read(self.module(key, state(&headers)?)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (head, bitcode) = bytes.split_at(end);
        let head: Head = serde_json::from_slice(head).ok()?;
        let bitcode = bitcode.get(1..)?.to_vec();
        (Digest::of(&bitcode) == head.sha256).then_some(Entry {
            headers,
            warnings: head.warnings,
            bitcode,
        })
    }

    /// Keeps `entry`.
    pub(super) fn put(&self, key: Digest, state: Digest, entry: &Entry) -> std::io::Result<()> {
        let head = Head {
            sha256: Digest::of(&entry.bitcode),
            warnings: entry.warnings.clone(),
        };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        bytes.extend(&entry.bitcode);
        temporary::write(&self.root, &self.module(key, state), &bytes)?;
        temporary::write(&self.root, &self.headers(key), entry.headers.as_bytes())
    }

    fn headers(&self, key: Digest) -> PathBuf {
        self.folder.join(format!("{}.headers", key.prefix(32)))
    }

    fn module(&self, key: Digest, state: Digest) -> PathBuf {
        let name = Digest::of(format!("{key}{state}").as_bytes());
        self.folder.join(format!("{}.bc", name.prefix(32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            headers: "a.h\nb.h".to_owned(),
            warnings: "a.c:1: careful\n".to_owned(),
            bitcode: b"BC\xc0\xde\nrest".to_vec(),
        }
    }

    #[test]
    fn an_entry_comes_back_for_its_key_and_state_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let (key, state, other) = (
            Digest::of(b"key"),
            Digest::of(b"state"),
            Digest::of(b"other"),
        );
        assert_eq!(cache.get(key, |_| Some(state)), None);
        cache.put(key, state, &entry()).expect("written");
        assert_eq!(cache.get(key, |_| Some(state)), Some(entry()));
        assert_eq!(cache.get(key, |_| Some(other)), None, "headers changed");
        assert_eq!(cache.get(key, |_| None), None, "a header is gone");
        assert_eq!(cache.get(other, |_| Some(state)), None);
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::new(folder.path());
        let (key, state) = (Digest::of(b"key"), Digest::of(b"state"));
        cache.put(key, state, &entry()).expect("written");
        let path = cache.module(key, state);
        let whole = fs_err::read(&path).expect("readable");
        for cut in 0..whole.len() {
            fs_err::write(&path, &whole[..cut]).expect("writable");
            assert_eq!(cache.get(key, |_| Some(state)), None, "cut at {cut}");
        }
        for at in (0..whole.len()).filter(|at| whole[*at] != b'\n') {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs_err::write(&path, &flipped).expect("writable");
            let found = cache.get(key, |_| Some(state));
            assert!(
                found.is_none_or(|found| found.bitcode == entry().bitcode),
                "a flipped bit at {at} went unnoticed"
            );
        }
    }
}
