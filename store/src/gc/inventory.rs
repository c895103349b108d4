//! What there is that could be removed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;

use super::Kind;
use crate::projects::is_gone;
use crate::{Result, Store, files};

/// Sizes, by path.
pub(super) type Sizes = BTreeMap<PathBuf, u64>;

/// A thing in the store.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) kind: Kind,
    /// The name of its file or folder.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// `None` if it was made after sizes were measured.
    pub(super) size: Option<u64>,
    /// When it was used last, by its own account.
    pub(super) used: SystemTime,
    /// The number of the user that it belongs to.
    pub(super) owner: u32,
    /// Of an environment: the folders of its packages.
    pub(super) packages: BTreeSet<String>,
    /// Of an environment: the keys of its libraries.
    pub(super) libraries: BTreeSet<String>,
}

/// Everything that could be removed.
#[derive(Debug, Default)]
pub(super) struct Inventory(pub(super) Vec<Item>);

impl Inventory {
    /// Looks at the store; with `sizes`, nothing is measured again.
    pub(super) fn take(store: &Store, sizes: Option<&Sizes>) -> Result<Self> {
        let mut items = Vec::new();
        for kind in Kind::ALL {
            let paths = match kind {
                Kind::Index => files::entries(&store.index_directory())?,
                Kind::Cache => files_below(&store.cache_directory())?,
                Kind::Environment => files::entries(&store.environments_directory())?,
                Kind::Library => files::entries(&store.libraries_directory())?,
                Kind::Package => files::entries(&store.packages_directory())?,
                Kind::Archive => files::entries(&store.archives_directory())?,
            };
            for path in paths {
                // Somebody may be putting things in their places and taking them away.
                match item(kind, path, sizes) {
                    Err(crate::Error::Io(error)) if is_gone(&error) => {}
                    Ok(None) => {}
                    Ok(Some(item)) => items.push(item),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Self(items))
    }

    pub(super) fn sizes(self) -> Sizes {
        let sized = |item: Item| Some((item.path, item.size?));
        self.0.into_iter().filter_map(sized).collect()
    }
}

fn item(kind: Kind, path: PathBuf, sizes: Option<&Sizes>) -> Result<Option<Item>> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(None);
    };
    let name = name.to_owned();
    let found = fs::symlink_metadata(&path)?;
    if found.is_dir() == matches!(kind, Kind::Archive | Kind::Cache) {
        return Ok(None);
    }
    let mut used = found.modified()?;
    if kind == Kind::Index {
        for file in files::entries(&path)? {
            used = used.max(fs::symlink_metadata(file)?.modified()?);
        }
    }
    let [mut packages, mut libraries] = [BTreeSet::new(), BTreeSet::new()];
    if kind == Kind::Environment {
        add_targets(
            &path,
            &mut [("packages", &mut packages), ("libraries", &mut libraries)],
        )?;
    }
    let size = match sizes {
        None => Some(size_of(&path)?),
        Some(sizes) => sizes.get(&path).copied(),
    };
    Ok(Some(Item {
        kind,
        name,
        path,
        size,
        used,
        owner: found.uid(),
        packages,
        libraries,
    }))
}

/// What the links of an environment lead to in areas of the store. Links are looked at rather than
/// `environment.json`, so that this holds for environments of a newer puck, too.
fn add_targets(directory: &Path, areas: &mut [(&str, &mut BTreeSet<String>)]) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            add_targets(&entry.path(), areas)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path())?;
            for (area, names) in &mut *areas {
                let mut parts = target.components();
                if parts.any(|part| part.as_os_str() == *area)
                    && let Some(Component::Normal(name)) = parts.next()
                    && let Some(name) = name.to_str()
                {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    Ok(())
}

/// All files below a folder, which others may be tidying up.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in files::entries(directory)? {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => found.extend(files_below(&path)?),
            Ok(_) => found.push(path),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The sizes of all files at or below `path`, in bytes.
fn size_of(path: &Path) -> Result<u64> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Ok(if found.is_file() { found.len() } else { 0 });
    }
    let mut size = 0;
    for entry in fs::read_dir(path)? {
        size += size_of(&entry?.path())?;
    }
    Ok(size)
}
