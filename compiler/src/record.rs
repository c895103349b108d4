//! Whole builds, remembered: where no input changed, nothing is read but the result.

use std::collections::BTreeMap;

use puck_package::{Digest, PackageDocument};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::codegen::llvm_version;
use crate::{BuildRequest, Built, Error};

/// Changes when a build of the same inputs would give something else for a reason that the key does
/// not show.
const FORMAT: u32 = 5;

/// A build's result; contents are entries of their own.
#[derive(Serialize, Deserialize)]
struct Record {
    document: PackageDocument,
    /// Path in the archive to the cache's key of the content.
    files: BTreeMap<String, String>,
}

/// What a build depends on.
pub(crate) fn key(
    request: &BuildRequest<'_>,
    sources: &Digest,
    texts: &BTreeMap<String, Vec<u8>>,
) -> String {
    let mut key = format!(
        "build {FORMAT} puck {} LLVM {}\nsources {sources}\n{:?}\n",
        env!("CARGO_PKG_VERSION"),
        llvm_version(),
        request.manifest
    );
    for document in request.dependencies {
        key.push_str(&format!("dependency {}\n", Digest::of(&document.to_json())));
    }
    for (path, content) in texts {
        key.push_str(&format!("{path} {}\n", Digest::of(content)));
    }
    key
}

/// The earlier result, if all of it is still there.
pub(crate) fn load(cache: &Cache, key: &str) -> Result<Option<Built>, Error> {
    let Some(bytes) = cache.get(key)? else {
        return Ok(None);
    };
    let Ok(record) = serde_json::from_slice::<Record>(&bytes) else {
        return Ok(None);
    };
    let mut files = BTreeMap::new();
    for (path, key) in record.files {
        let Some(content) = cache.get(&key)? else {
            return Ok(None);
        };
        files.insert(path, content);
    }
    Ok(Some(Built {
        document: record.document,
        files,
        compiled: 0,
    }))
}

/// Remembers a result. `objects` are the keys of contents that the cache has already.
pub(crate) fn store(
    cache: &Cache,
    key: &str,
    built: &Built,
    objects: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let mut files = BTreeMap::new();
    for (path, content) in &built.files {
        let content_key = match objects.get(path) {
            Some(key) => key.clone(),
            None => {
                let key = format!("content {}", Digest::of(content));
                cache.put(&key, content)?;
                key
            }
        };
        files.insert(path.clone(), content_key);
    }
    let record = Record {
        document: built.document.clone(),
        files,
    };
    if let Ok(bytes) = serde_json::to_vec(&record) {
        cache.put(key, &bytes)?;
    }
    Ok(())
}
