//! Removing what nobody needs.
//!
//! # What stays
//!
//! - What a known project's `.puck` leads to: the environment, its libraries and packages, their
//!   archives.
//! - What a known project's `Puck.lock` names: those packages and archives. Any SHA-256 in the file
//!   counts, so that a lockfile of a newer format, or one in the middle of a merge, protects as well.
//! - What a living process has open: the packages and libraries that are mapped, and every environment
//!   that one of them is in, with all of its packages and libraries.
//! - The cached indices of registries that a known project or the user's configuration names.
//!
//! Of the rest goes what was not used for a time, and, where the store shall not be larger than
//! that, what was used longest ago until it is not.
//!
//! # When something was used
//!
//! is the time of its last change, which installing sets anew, to the hour. Opening an environment
//! writes nothing: a program that is started every day and installed once a year has its project's
//! `.puck` to protect it.
//!
//! # Safety
//!
//! Sizes are measured without a lock. Then, while nobody [keeps](crate::Keep) anything, all that
//! decides is looked at again, and what goes is renamed into `staging/`, which takes milliseconds:
//! environments before their libraries and packages, so that none ever lacks one. What was renamed is
//! removed when the lock is given up, or by the next sweep if the process is killed.

mod inventory;
mod live;
mod plan;
mod roots;

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fs_err as fs;

use crate::{Result, Store, files};
use inventory::Inventory;

/// What to remove.
#[derive(Debug, Clone)]
pub struct GcOptions {
    /// What was used more recently stays.
    pub max_age: Duration,
    /// What the store may hold, in bytes, if what is needed allows it.
    pub max_size: Option<u64>,
    /// Only say what would be removed.
    pub dry_run: bool,
    /// The registries, by name, whose cached indices stay.
    pub registries: BTreeSet<String>,
}

/// What something in the store is. The order is the one in which things are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A cached index.
    Index,
    /// Code that a compiler keeps for later.
    Cache,
    /// An environment.
    Environment,
    /// A library that was made for environments.
    Library,
    /// An installed package.
    Package,
    /// A packed package.
    Archive,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 6] = [
        Self::Index,
        Self::Cache,
        Self::Environment,
        Self::Library,
        Self::Package,
        Self::Archive,
    ];

    /// `package`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Cache => "cache",
            Self::Environment => "environment",
            Self::Library => "library",
            Self::Package => "package",
            Self::Archive => "archive",
        }
    }
}

/// Something that was removed, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// What it was.
    pub kind: Kind,
    /// Where it was.
    pub path: PathBuf,
    /// Its files' sizes, in bytes.
    pub size: u64,
    /// When it was used last.
    pub used: SystemTime,
}

/// What was removed, and what is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// What was removed, or would be, in order.
    pub removed: Vec<Removed>,
    /// The projects that no longer are, and were forgotten.
    pub forgotten: Vec<PathBuf>,
    /// How many things are left.
    pub kept: usize,
    /// Their files' sizes, in bytes.
    pub kept_size: u64,
    /// How many processes of others could not be looked at.
    pub unseen_processes: usize,
}

impl Store {
    /// Removes what nobody needs; see the module's documentation, which is in `docs/store.md` too.
    /// Any number of processes may install at the same time; `waiting` is called if they have to be
    /// waited for.
    ///
    /// # Errors
    /// [`Error::UnreadableProject`](crate::Error::UnreadableProject) and
    /// [`Error::Shared`](crate::Error::Shared) if it cannot be told what is needed; if something
    /// cannot be removed.
    pub fn gc(&self, options: &GcOptions, waiting: &mut dyn FnMut()) -> Result<Collected> {
        let sizes = Inventory::take(self, None)?.sizes();
        if options.dry_run {
            return self.collect(options, &Inventory::take(self, Some(&sizes))?, &mut |_| {
                Ok(())
            });
        }
        // Also one at a time: whoever comes second measures what is left.
        let staging = self.stage("gc")?;
        fs::create_dir(&staging.path)?;
        let alone = self.alone(waiting)?;
        let inventory = Inventory::take(self, Some(&sizes))?;
        let mut count = 0;
        let collected = self.collect(options, &inventory, &mut |removed| {
            count += 1;
            let aside = staging.path.join(count.to_string());
            match removed.kind {
                Kind::Archive | Kind::Cache => files::withdraw_file(&removed.path, &aside)?,
                _ => files::withdraw_directory(&removed.path, &aside)?,
            }
            Ok(())
        })?;
        drop(alone);
        files::remove(&staging.path)?;
        Ok(collected)
    }

    fn collect(
        &self,
        options: &GcOptions,
        inventory: &Inventory,
        remove: &mut dyn FnMut(&Removed) -> Result<()>,
    ) -> Result<Collected> {
        let mut roots = roots::Roots::of_projects(self, !options.dry_run)?;
        roots.registries.extend(options.registries.iter().cloned());
        let live = live::look(self.home())?;
        self.check_seen(live.unseen, inventory)?;
        roots.add_live(&live, inventory);

        let plan = plan::plan(inventory, &roots, options, SystemTime::now());
        let mut collected = Collected {
            forgotten: roots.forgotten,
            kept: plan.kept,
            kept_size: plan.kept_size,
            unseen_processes: live.unseen,
            removed: Vec::new(),
        };
        for removed in plan.removed {
            remove(&removed)?;
            collected.removed.push(removed);
        }
        Ok(collected)
    }

    /// Processes of others matter only where others use the store.
    fn check_seen(&self, unseen: usize, inventory: &Inventory) -> Result<()> {
        if unseen == 0 {
            return Ok(());
        }
        let home = fs::metadata(self.home())?;
        if is_shared(home.mode(), home.uid(), inventory) {
            return Err(crate::Error::Shared {
                home: self.home().to_owned(),
                processes: unseen,
            });
        }
        Ok(())
    }
}

/// Whether a store is used by several users: anybody may write to it, or things in it belong to
/// others than its folder. That a group may write to it says nothing: many systems give each user a
/// group of his own, which may write to what he makes.
fn is_shared(mode: u32, owner: u32, inventory: &Inventory) -> bool {
    mode & 0o002 != 0 || inventory.0.iter().any(|item| item.owner != owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_store_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(folder.path()).expect("opens");
        fs::create_dir_all(store.packages_directory().join("x")).expect("folders");
        let inventory = Inventory::take(&store, None).expect("looks");
        let owner = inventory.0.first().expect("an item").owner;
        for (mode, owner, shared) in [
            (0o40700, owner, false),
            (0o40755, owner, false),
            (0o40775, owner, false),
            (0o40777, owner, true),
            (0o41777, owner, true),
            (0o40700, owner + 1, true),
        ] {
            assert_eq!(is_shared(mode, owner, &inventory), shared, "{mode:o}");
        }
    }
}
