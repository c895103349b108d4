//! Files in memory: what is asked for often is neither opened nor read again.
//!
//! A file in memory is used only while its facts (see [`Facts`]) are those of the file in storage,
//! so what others write into the registry is seen at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::SystemTime;

use axum::http::HeaderValue;
use bytes::Bytes;

use super::conditional::whole_seconds;
use super::encoding::Encoding;
use super::readable::Kind;
use crate::storage::Facts;

/// Larger files are read from storage each time.
pub(crate) const KEPT: u64 = 1 << 20;
/// A file costs this much beside its bytes.
const OVERHEAD: usize = 512;
/// Locks, so that threads seldom wait for each other.
const SHARDS: usize = 16;

/// A file of the registry at one moment.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to the registry.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) facts: Facts,
    /// Its bytes, if it is small.
    pub(crate) bytes: Option<Bytes>,
    pub(crate) plain: Headers,
    gzip: OnceLock<(Headers, Bytes)>,
    zstd: OnceLock<(Headers, Bytes)>,
    used: AtomicU64,
}

/// The headers that are the same in every answer.
#[derive(Clone, Debug)]
pub(crate) struct Headers {
    /// The entity tag of this representation.
    pub(crate) tag: String,
    pub(crate) etag: HeaderValue,
    pub(crate) modified: HeaderValue,
}

impl Headers {
    fn new(facts: &Facts, encoding: Encoding) -> Self {
        let tag = encoding.etag(&facts.etag);
        let modified = httpdate::fmt_http_date(whole_seconds(facts.modified));
        Self {
            etag: value(&tag),
            modified: value(&modified),
            tag,
        }
    }
}

/// A header's value; what cannot be one is left empty.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

impl File {
    pub(crate) fn new(path: &str, kind: Kind, facts: Facts, bytes: Option<Bytes>) -> Self {
        Self {
            path: path.to_owned(),
            plain: Headers::new(&facts, Encoding::Identity),
            kind,
            facts,
            bytes,
            gzip: OnceLock::new(),
            zstd: OnceLock::new(),
            used: AtomicU64::new(0),
        }
    }

    pub(crate) fn modified(&self) -> SystemTime {
        self.facts.modified
    }

    /// The tag of the representation in `encoding`, whether it was made already or not.
    pub(crate) fn headers(&self, encoding: Encoding) -> Headers {
        match self.encoded(encoding) {
            Some((headers, _)) => headers.clone(),
            None => Headers::new(&self.facts, encoding),
        }
    }

    /// The representation in `encoding`, if it was made already.
    pub(crate) fn encoded(&self, encoding: Encoding) -> Option<&(Headers, Bytes)> {
        self.slot(encoding)?.get()
    }

    /// Keeps the representation in `encoding`.
    fn keep(&self, encoding: Encoding, bytes: Bytes) -> bool {
        let headers = Headers::new(&self.facts, encoding);
        self.slot(encoding)
            .is_some_and(|slot| slot.set((headers, bytes)).is_ok())
    }

    fn slot(&self, encoding: Encoding) -> Option<&OnceLock<(Headers, Bytes)>> {
        match encoding {
            Encoding::Identity => None,
            Encoding::Gzip => Some(&self.gzip),
            Encoding::Zstd => Some(&self.zstd),
        }
    }

    /// How much memory it takes.
    fn weight(&self) -> usize {
        let encoded = [&self.gzip, &self.zstd].map(|slot| slot.get().map_or(0, |(_, b)| b.len()));
        OVERHEAD + self.bytes.as_ref().map_or(0, Bytes::len) + encoded.iter().sum::<usize>()
    }
}

/// The files in memory, by the paths of requests.
#[derive(Debug)]
pub(crate) struct Files {
    shards: [RwLock<Shard>; SHARDS],
    /// Bytes that one shard may hold.
    budget: usize,
    clock: AtomicU64,
    total: AtomicI64,
}

#[derive(Debug, Default)]
struct Shard {
    files: HashMap<Box<str>, Arc<File>>,
    weight: usize,
}

impl Files {
    /// Room for about `budget` bytes.
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            shards: Default::default(),
            budget: budget / SHARDS,
            clock: AtomicU64::new(1),
            total: AtomicI64::new(0),
        }
    }

    /// How many bytes are in memory.
    pub(crate) fn bytes(&self) -> i64 {
        self.total.load(Ordering::Relaxed)
    }

    /// The file that is kept as `path`; whether it is still true is for the caller to find out.
    pub(crate) fn get(&self, path: &str) -> Option<Arc<File>> {
        let shard = self
            .shard(path)
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let file = shard.files.get(path)?;
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        file.used.store(now, Ordering::Relaxed);
        Some(Arc::clone(file))
    }

    /// Keeps `file` as `path`, in place of what was kept there, if it has room for it at all.
    pub(crate) fn put(&self, path: &str, file: &Arc<File>) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        file.used.store(now, Ordering::Relaxed);
        let mut shard = self
            .shard(path)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = shard.weight;
        shard.remove(path);
        let weight = file.weight();
        if weight <= self.budget {
            shard.weight += weight;
            shard.files.insert(path.into(), Arc::clone(file));
            shard.shrink(self.budget);
        }
        self.moved(before, shard.weight);
    }

    /// Keeps the representation of `file` in `encoding`.
    pub(crate) fn encoded(&self, path: &str, file: &Arc<File>, encoding: Encoding, bytes: Bytes) {
        let mut shard = self
            .shard(path)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = shard.weight;
        let length = bytes.len();
        let kept = shard
            .files
            .get(path)
            .is_some_and(|kept| Arc::ptr_eq(kept, file));
        if kept && length <= self.budget / 2 && file.keep(encoding, bytes) {
            shard.weight += length;
            shard.shrink(self.budget);
        }
        self.moved(before, shard.weight);
    }

    /// Forgets what is kept as `path`.
    pub(crate) fn forget(&self, path: &str) {
        let mut shard = self
            .shard(path)
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let before = shard.weight;
        shard.remove(path);
        self.moved(before, shard.weight);
    }

    fn moved(&self, before: usize, after: usize) {
        let change =
            i64::try_from(after).unwrap_or_default() - i64::try_from(before).unwrap_or_default();
        self.total.fetch_add(change, Ordering::Relaxed);
    }

    fn shard(&self, path: &str) -> &RwLock<Shard> {
        // FNV-1a: paths are short, and who chooses them gains nothing by crowding a shard.
        let hash = path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        // Its bits are not all alike: multiplied once more, the highest are.
        let hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let [first, ..] = &self.shards;
        usize::try_from(hash >> 28)
            .ok()
            .and_then(|hash| self.shards.get(hash % SHARDS))
            .unwrap_or(first)
    }
}

impl Shard {
    fn remove(&mut self, path: &str) {
        if let Some(old) = self.files.remove(path) {
            self.weight = self.weight.saturating_sub(old.weight());
        }
    }

    /// Drops what was not used for the longest time, until a quarter of the room is free.
    fn shrink(&mut self, budget: usize) {
        if self.weight <= budget {
            return;
        }
        let used = |file: &Arc<File>| file.used.load(Ordering::Relaxed);
        let mut oldest: Vec<(u64, Box<str>)> = self
            .files
            .iter()
            .map(|(path, file)| (used(file), path.clone()))
            .collect();
        oldest.sort_unstable();
        // The newest stays.
        oldest.pop();
        for (_, path) in oldest {
            if self.weight <= budget / 4 * 3 {
                break;
            }
            self.remove(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(size: usize) -> Arc<File> {
        let facts = Facts {
            size: size as u64,
            etag: "\"x\"".to_owned(),
            modified: SystemTime::UNIX_EPOCH,
        };
        Arc::new(File::new(
            "log.jsonl",
            Kind::Log,
            facts,
            Some(vec![0; size].into()),
        ))
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let files = Files::new(SHARDS * 100_000);
        let hot = file(1000);
        files.put("hot", &hot);
        for i in 0..10_000 {
            files.put(&format!("cold/{i}"), &file(9000));
            assert!(files.get("hot").is_some(), "after {i}");
        }
        assert!(files.bytes() <= 1_600_000, "{}", files.bytes());
        assert!(files.bytes() >= 1_000_000, "{}", files.bytes());
        files.forget("hot");
        assert!(files.get("hot").is_none());
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let files = Files::new(SHARDS * 1000);
        files.put("a", &file(100));
        files.put("a", &file(100_000));
        assert!(files.get("a").is_none());
        assert_eq!(files.bytes(), 0);
    }

    #[test]
    fn representations_count() {
        let files = Files::new(SHARDS * 100_000);
        let kept = file(100);
        files.put("a", &kept);
        let before = files.bytes();
        files.encoded("a", &kept, Encoding::Gzip, vec![0; 40].into());
        files.encoded("a", &kept, Encoding::Gzip, vec![0; 40].into());
        assert_eq!(files.bytes(), before + 40);
        assert_eq!(kept.encoded(Encoding::Gzip).unwrap().0.tag, "\"x-gzip\"");
        // Of a file that was replaced meanwhile nothing is kept.
        files.put("a", &file(100));
        files.encoded("a", &kept, Encoding::Zstd, vec![0; 40].into());
        assert_eq!(files.bytes(), before);
        files.forget("a");
        assert_eq!(files.bytes(), 0);
    }
}
