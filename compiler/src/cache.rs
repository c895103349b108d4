//! What was compiled before: contents by key, in one folder.
//!
//! An entry is a file named by the SHA-256 of its key. It starts with the SHA-256 of its content,
//! which is checked again at every use: a damaged entry counts as none. Entries are written beside
//! their place and renamed into it, so that several builds may share the folder; the folder may be
//! removed at any time.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use puck_package::Digest;

use crate::temporary;

/// The folder.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
    directory: PathBuf,
}

/// The length of a digest in bytes, and so of what precedes an entry's content.
const DIGEST: usize = 32;

impl Cache {
    /// The cache in a folder below `root`, made when something is put there.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            directory: root.join("objects"),
        }
    }

    /// The content that was put under `key`, if it is there and whole.
    pub(crate) fn get(&self, key: &str) -> std::io::Result<Option<Vec<u8>>> {
        let path = self.path(key);
        let mut bytes = match fs_err::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match bytes.split_at_checked(DIGEST) {
            Some((digest, content)) if Digest::of(content).bytes() == digest => {
                bytes.drain(..DIGEST);
                mark_used(&path);
                Ok(Some(bytes))
            }
            _ => Ok(None),
        }
    }

    /// Keeps `content` under `key`.
    pub(crate) fn put(&self, key: &str, content: &[u8]) -> std::io::Result<()> {
        let entry = [&Digest::of(content).bytes()[..], content].concat();
        temporary::write(&self.root, &self.path(key), &entry)
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(Digest::of(key.as_bytes()).hex())
    }
}

/// Notes in the time of its last change that an entry is in use, to the hour: what is not goes when
/// the folder is tidied up. Nobody is the worse if it cannot be noted.
fn mark_used(path: &Path) {
    const HOUR: Duration = Duration::from_secs(3600);
    let now = SystemTime::now();
    if let Ok(file) = fs_err::File::open(path)
        && let Ok(changed) = file.metadata().and_then(|found| found.modified())
        && now.duration_since(changed).is_ok_and(|age| age > HOUR)
    {
        let _marked = file.file().set_modified(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        assert_eq!(cache.get("a").unwrap(), None);
        for content in [&b"first"[..], b"", b"second"] {
            cache.put("a", content).unwrap();
            assert_eq!(cache.get("a").unwrap().as_deref(), Some(content));
        }
        assert_eq!(cache.get("b").unwrap(), None);
    }

    #[test]
    fn what_is_in_use_is_not_old() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.put("a", b"content").unwrap();
        let file = fs_err::File::open(cache.path("a")).unwrap();
        let old = SystemTime::now() - Duration::from_secs(7200);
        file.file().set_modified(old).unwrap();
        cache.get("a").unwrap().unwrap();
        assert!(file.metadata().unwrap().modified().unwrap() > old);
    }

    #[test]
    fn damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.put("a", b"content").unwrap();
        let path = cache.path("a");
        let whole = fs_err::read(&path).unwrap();
        for length in 0..whole.len() {
            fs_err::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.get("a").unwrap(), None, "cut at {length}");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 0x20;
            fs_err::write(&path, &changed).unwrap();
            assert_eq!(cache.get("a").unwrap(), None, "changed at {place}");
        }
        fs_err::write(&path, &whole).unwrap();
        assert_eq!(cache.get("a").unwrap().as_deref(), Some(&b"content"[..]));
    }
}
