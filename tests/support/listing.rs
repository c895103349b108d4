//! All that is below a folder, so that what a command changed can be seen.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use puck_package::Digest;

/// The store and its folders, which are made on first use.
const PLACES: [&str; 5] = [
    "home",
    "home/archives",
    "home/environments",
    "home/packages",
    "home/staging",
];

/// Paths, each with what is there.
#[derive(PartialEq, Eq)]
pub(crate) struct Listing(BTreeMap<String, String>);

impl Listing {
    /// Everything below `root` that is in no folder with one of the names in `without`.
    pub(crate) fn of(root: &Path, without: &[&str]) -> Self {
        let mut entries = BTreeMap::new();
        list(root, root, without, &mut entries);
        Self(entries)
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Fails with the differences unless nothing changed.
    #[track_caller]
    pub(crate) fn expect_same(&self, after: &Self) {
        let mut changes = String::new();
        for (path, what) in &self.0 {
            match after.0.get(path) {
                None => changes += &format!("removed {path}: {what}\n"),
                Some(now) if now != what => {
                    changes += &format!("changed {path}: {what} -> {now}\n");
                }
                Some(_) => {}
            }
        }
        for (path, what) in after
            .0
            .iter()
            .filter(|(path, _)| !self.0.contains_key(*path))
        {
            changes += &format!("new {path}: {what}\n");
        }
        assert!(
            changes.is_empty(),
            "nothing should have changed, but:\n{changes}"
        );
    }
}

fn list(root: &Path, folder: &Path, without: &[&str], entries: &mut BTreeMap<String, String>) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .is_some_and(|name| without.iter().any(|w| name == *w))
        {
            continue;
        }
        let shown = path.strip_prefix(root).unwrap().display().to_string();
        let facts = fs_err::symlink_metadata(&path).unwrap();
        let mode = facts.permissions().mode() & 0o777;
        let what = if facts.is_symlink() {
            format!("link to {}", fs_err::read_link(&path).unwrap().display())
        } else if facts.is_dir() {
            list(root, &path, without, entries);
            format!("folder {mode:o}")
        } else {
            format!("file {mode:o} {}", Digest::of_file(&path).unwrap())
        };
        // A place for things is no change, what is in it is.
        if !PLACES.contains(&shown.as_str()) {
            entries.insert(shown, what);
        }
    }
}

/// Lets everything below `root` be removed.
pub(super) fn make_writable(root: &Path) {
    let Ok(entries) = fs_err::read_dir(root) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.is_symlink() {
            // A failure shows itself as a folder left behind in the temporary folder.
            _ = fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755));
            make_writable(&path);
        }
    }
}
