//! The libraries that this process has loaded through any of its environments.
//!
//! The dynamic linker binds by SONAME and process-wide: the second `linalg.v1.so` is never looked
//! for, the first serves everyone. So one series of a package has one content per process. A second
//! environment that has the same content shares the library; one that has another is refused,
//! instead of being given a version that it did not lock. The SONAME of an image is made of its
//! content, so images never meet.
//!
//! The table's lock is never held while the dynamic linker works: constructors of libraries run
//! there, and may come back here. A library is therefore *claimed* first and loaded then. Threads
//! that load the same library at the same time are given the same handle by the dynamic linker.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use puck_package::{Digest, EnvironmentPackage, LinkMode};
use semver::Version;

use crate::elf::{self, FileIdentity};
use crate::linker::{self, Handle};
use crate::{Environment, Error};

/// Which content a SONAME stands for, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The package's release; `None` for the library of a whole environment, whose SONAME says all.
    pub release: Option<Release>,
    /// The image that the library leads to, if that may lack some of the package's functions.
    pub image: Option<String>,
    /// The environment it was loaded from.
    pub environment: PathBuf,
}

/// A release of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// The digest of the archive.
    pub sha256: Digest,
}

/// Who has a library loaded: a package of an environment, or all of them together.
pub(crate) struct Owner {
    pub(crate) environment: Environment,
    pub(crate) package: Option<usize>,
}

impl Owner {
    fn facts(&self) -> Option<&EnvironmentPackage> {
        self.environment.listed().get(self.package?)
    }

    /// The image that the library leads to, if that may lack some of the package's functions.
    fn partial_image(&self) -> Option<&str> {
        self.package?;
        let image = self.environment.image()?;
        (self.environment.link() == LinkMode::Lto).then_some(&*image.soname)
    }

    /// Whether what is loaded for this one serves `other`, too.
    fn serves(&self, other: &Self) -> bool {
        let digest = |owner: &Self| owner.facts().map(|facts| facts.sha256);
        let image = self.partial_image();
        digest(self) == digest(other) && (image.is_none() || image == other.partial_image())
    }

    fn claim(&self) -> Claim {
        Claim {
            release: self.facts().map(|facts| Release {
                version: facts.version.clone(),
                sha256: facts.sha256,
            }),
            image: self.partial_image().map(str::to_owned),
            environment: self.environment.path().to_owned(),
        }
    }
}

struct Entry {
    owner: Arc<Owner>,
    state: State,
    /// How many threads are having it loaded.
    loading: usize,
}

#[derive(Clone)]
enum State {
    /// The dynamic linker works, or nothing is there any more.
    Claimed,
    /// It was loaded with a library that needs it, as this file.
    Mapped(PathBuf),
    Open(Handle),
}

/// One of several libraries that are loaded together.
pub(crate) struct Member<'a> {
    pub(crate) soname: &'a str,
    pub(crate) owner: Arc<Owner>,
    pub(crate) path: PathBuf,
}

static TABLE: Mutex<BTreeMap<String, Entry>> = Mutex::new(BTreeMap::new());

fn table() -> MutexGuard<'static, BTreeMap<String, Entry>> {
    // Nothing that can panic stands between two states of the table, so a poisoned one is whole.
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The library of that SONAME, loaded from `path` unless the process has the same content already.
///
/// # Errors
/// [`Error::Conflict`] or [`Error::ForeignLibrary`] if the process has another content under that
/// SONAME; what is wrong with the file otherwise.
pub(crate) fn load(
    soname: &str,
    owner: Owner,
    path: &Path,
    has_callees: bool,
) -> Result<Handle, Error> {
    let owner = Arc::new(owner);
    let member = Member {
        soname,
        owner: Arc::clone(&owner),
        path: path.to_owned(),
    };
    let members = [member];
    match stake(&members)?.into_iter().next() {
        Some(State::Open(handle)) => {
            settle(&members, |_| None);
            return Ok(handle);
        }
        // As long as others loaded it, it has a handle; if not, the usual way tells why.
        Some(State::Mapped(path)) if let Some(handle) = linker::open_loaded(&path) => {
            settle(&members, |_| Some(State::Open(handle)));
            return Ok(handle);
        }
        _ => {}
    }
    let loaded = map(soname, &owner, path, has_callees);
    settle(&members, |_| {
        loaded.as_ref().ok().map(|handle| State::Open(*handle))
    });
    loaded
}

/// Loads the last of `members`, and the others, which it needs, with it.
///
/// `None` if one of them cannot be loaded or was loaded by something else; then nothing is loaded
/// or claimed that was not before.
///
/// # Errors
/// [`Error::Conflict`] if the process has another content under one of the SONAMEs;
/// [`Error::ForeignLibrary`] if something else loaded one at this very moment.
pub(crate) fn load_together(members: &[Member<'_>]) -> Result<Option<Handle>, Error> {
    let states = stake(members)?;
    let loaded = map_together(members, &states);
    settle(members, |index| match &loaded {
        Ok(Some(handle)) if index + 1 == members.len() => Some(State::Open(*handle)),
        // What was open or loaded before stays so.
        Ok(Some(_)) if matches!(states.get(index), Some(State::Claimed)) => {
            Some(State::Mapped(members.get(index)?.path.clone()))
        }
        _ => None,
    });
    loaded
}

/// Claims all SONAMEs or none; gives what is loaded of them.
fn stake(members: &[Member<'_>]) -> Result<Vec<State>, Error> {
    let mut table = table();
    for Member { soname, owner, .. } in members {
        if let Some(entry) = table
            .get(*soname)
            .filter(|entry| !entry.owner.serves(owner))
        {
            return Err(Error::Conflict {
                soname: (*soname).to_owned(),
                loaded: Box::new(entry.owner.claim()),
                wanted: Box::new(owner.claim()),
            });
        }
    }
    let claimed = members.iter().map(|Member { soname, owner, .. }| {
        let entry = table.entry((*soname).to_owned()).or_insert_with(|| Entry {
            owner: Arc::clone(owner),
            state: State::Claimed,
            loading: 0,
        });
        entry.loading += 1;
        entry.state.clone()
    });
    Ok(claimed.collect())
}

/// Notes what became of claimed libraries; takes a claim back if nobody has it, or is at it.
fn settle(members: &[Member<'_>], state: impl Fn(usize) -> Option<State>) {
    let mut table = table();
    for (index, member) in members.iter().enumerate() {
        let Some(entry) = table.get_mut(member.soname) else {
            continue;
        };
        entry.loading -= 1;
        match state(index) {
            // A handle is worth more than a path.
            Some(State::Mapped(_)) if matches!(entry.state, State::Open(_)) => {}
            Some(state) => entry.state = state,
            None if entry.loading == 0 && matches!(entry.state, State::Claimed) => {
                table.remove(member.soname);
            }
            None => {}
        }
    }
}

/// Has the dynamic linker load the file, unless another one of its SONAME is there.
fn map(soname: &str, owner: &Owner, path: &Path, has_callees: bool) -> Result<Handle, Error> {
    let elf::Facts { identity, needed } = elf::check(path, has_callees)?;
    let open = |path: &Path| {
        linker::open(path).map_err(|message| Error::Load {
            path: path.to_owned(),
            message,
        })
    };
    // Somebody else may have loaded it: the program's own dependencies, ctypes, a second copy of
    // this crate.
    match linker::loaded(soname) {
        Some(other) if FileIdentity::of(&other).ok() == Some(identity) => open(path),
        Some(other) if same_content(&other, path) => open(&other),
        Some(other) => Err(Error::ForeignLibrary {
            soname: soname.to_owned(),
            loaded: other,
            wanted: path.to_owned(),
            version: owner.facts().map(|facts| facts.version.clone()),
        }),
        None => {
            // A library with callees has a RUNPATH: glibc looks for libm.so.6 in every folder of
            // it first, with some eighty system calls. By its name alone it is found at once, and what is loaded is
            // not searched for. If that fails, the library itself is refused with the reason.
            for library in needed.iter().filter(|name| !linker::was_loaded(name)) {
                let _ = linker::open_system(library);
            }
            open(path)
        }
    }
}

/// Has the dynamic linker load the last of `members` with all that it needs.
fn map_together(members: &[Member<'_>], states: &[State]) -> Result<Option<Handle>, Error> {
    let (Some(caller), Some(state)) = (members.last(), states.last()) else {
        return Ok(None);
    };
    // Whoever had it loaded has claimed and loaded all that it needs.
    match state {
        State::Open(handle) => return Ok(Some(*handle)),
        State::Mapped(path) => return Ok(linker::open_loaded(path)),
        State::Claimed => {}
    }
    let claimed = |(member, state)| matches!(state, &State::Claimed).then_some(member);
    let new: Vec<&Member<'_>> = members.iter().zip(states).filter_map(claimed).collect();
    let mut identities = Vec::with_capacity(new.len());
    let mut needed = Vec::new();
    for member in &new {
        let Ok(facts) = elf::check(&member.path, member.soname == caller.soname) else {
            return Ok(None);
        };
        identities.push(facts.identity);
        needed = facts.needed;
    }
    let sonames = || new.iter().map(|member| member.soname);
    if linker::all_loaded(sonames()).iter().any(Option::is_some) {
        return Ok(None);
    }
    let is_ours = |name: &CStr| {
        members
            .iter()
            .any(|member| member.soname.as_bytes() == name.to_bytes())
    };
    for library in &needed {
        if !linker::was_loaded(library) && !is_ours(library) {
            let _ = linker::open_system(library);
        }
    }
    let Ok(handle) = linker::open(&caller.path) else {
        return Ok(None);
    };
    let taken = linker::all_loaded(sonames());
    for ((member, identity), path) in new.iter().zip(identities).zip(taken) {
        let path = path.unwrap_or_default();
        let is_same = path == member.path
            || FileIdentity::of(&path).ok() == Some(identity)
            || same_content(&path, &member.path);
        if !is_same {
            return Err(Error::ForeignLibrary {
                soname: member.soname.to_owned(),
                loaded: path,
                wanted: member.path.clone(),
                version: member.owner.facts().map(|facts| facts.version.clone()),
            });
        }
    }
    Ok(Some(handle))
}

/// Whether both files can be read and are equal, as an exported environment's are.
fn same_content(one: &Path, other: &Path) -> bool {
    match (fs_err::read(one), fs_err::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
