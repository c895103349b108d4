//! `puck vendor`: a registry of exactly the locked packages, in a folder of the project.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use puck_package::lockfile::PackageSource;
use puck_package::{Digest, IndexLine, LockedPackage, PackageName, RegistryLocation, index};
use puck_registry::log::{LogEntry, LogState};
use puck_registry::{Action, Description, index_file};
use puck_resolver::Update;

use crate::fetch::fetch_locked;
use crate::local::{LocalPackages, normalized, relative};
use crate::lock::plan;
use crate::{Error, Machine, Mode, Place, Progress, Project, Registries, files};

/// The file by which a folder is known as the work of this verb.
const MARKER: &str = "PUCK-VENDOR";
const MARKER_TEXT: &str = "\
Written by `puck vendor`, which replaces this folder as a whole: change nothing here.
";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendored {
    /// The folder.
    pub directory: PathBuf,
    /// The registries in it: the name that the lockfile has for each, and its folder.
    pub registries: Vec<(String, PathBuf)>,
    /// How many packages they hold together.
    pub packages: usize,
    /// The lines for the manifest that make it take its packages from there.
    pub settings: String,
}

/// What a vendored registry consists of.
type Packages = BTreeMap<PackageName, Vec<(IndexLine, Digest)>>;

/// Writes the packages that `project` is locked to as registries into `directory`: one registry into
/// the folder itself, several into folders of their names. The same lockfile gives the same bytes.
/// Packages that are built from folders are no part of it.
///
/// # Errors
/// [`Error::NotVendored`] if something else is in the folder; as [`fetch`](crate::fetch()).
pub fn vendor(
    machine: &Machine,
    project: &Project,
    directory: &Path,
    mode: &Mode,
    jobs: usize,
    progress: &dyn Progress,
) -> Result<Vendored, Error> {
    let directory = normalized(&std::path::absolute(directory)?);
    expect_ours(&directory)?;
    let (project, _hold) = project.hold()?;
    let local = LocalPackages::of(&project)?;
    let locked = plan(machine, &project, &local, mode, Update::Nothing)?;
    let _keep = machine.store().keep()?;
    fetch_locked(machine, &project, &locked, mode, jobs, progress)?;
    let registries = machine.registries(Some(&project))?.within(mode);

    let mut by_registry: BTreeMap<&str, Packages> = BTreeMap::new();
    let mut count = 0;
    for package in &locked.lockfile.packages {
        if let (PackageSource::Registry(registry), Some(sha256)) = (&package.source, package.sha256)
        {
            let line = line(&registries, registry, package, &sha256)?;
            let packages = by_registry.entry(registry).or_default();
            let lines = packages.entry(package.name.clone()).or_default();
            lines.push((line, sha256));
            count += 1;
        }
    }
    let place = |name: &str| match by_registry.len() {
        1 => directory.clone(),
        _ => directory.join(name),
    };
    let names: Vec<_> = by_registry.keys().map(|name| (*name).to_owned()).collect();
    let registries: Vec<_> = names.into_iter().map(|n| (n.clone(), place(&n))).collect();

    let parent = directory.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent)?;
    let made = tempfile::Builder::new()
        .prefix(".puck-vendor-")
        .tempdir_in(parent)?;
    let new = made.path().join("new");
    fs::create_dir(&new)?;
    for ((name, place), packages) in registries.iter().zip(by_registry.values()) {
        let below = place.strip_prefix(&directory).unwrap_or(Path::new(""));
        write_registry(machine, &new.join(below), name, packages)?;
    }
    write(&new.join(MARKER), MARKER_TEXT.as_bytes())?;
    locked.write(&project)?;
    exchange(&new, &directory, &made.path().join("old"))?;
    Ok(Vendored {
        settings: settings(&project, &registries),
        directory,
        registries,
        packages: count,
    })
}

/// What the registry says of a locked version.
fn line(
    registries: &Registries<'_>,
    registry: &str,
    package: &LockedPackage,
    sha256: &Digest,
) -> Result<IndexLine, Error> {
    let id = Box::new(package.id());
    let Some(handle) = registries.get(registry)? else {
        let registry = registries.place(registry)?.registry.location.to_string();
        return Err(Error::Unavailable { id, registry });
    };
    let mut lines = handle.versions(&package.name)?.into_iter();
    match lines.find(|line| line.version == package.version) {
        None => Err(Error::Unavailable {
            id,
            registry: handle.location(),
        }),
        Some(line) if line.sha256 != *sha256 => Err(Error::ChangedArchive {
            id,
            locked: *sha256,
            found: line.sha256,
        }),
        Some(line) => Ok(line),
    }
}

/// Writes a registry of these packages into `directory`.
fn write_registry(
    machine: &Machine,
    directory: &Path,
    name: &str,
    packages: &Packages,
) -> Result<(), Error> {
    let mut lines: Vec<&IndexLine> = Vec::new();
    for (package, versions) in packages {
        let mut text = String::new();
        for (line, sha256) in versions {
            text += &(line.to_json() + "\n");
            let archive = machine.store().archive(sha256)?;
            let archive = archive.ok_or_else(|| {
                Error::Vanished(puck_package::PackageId {
                    name: package.clone(),
                    version: line.version.clone(),
                })
            })?;
            let place = directory.join(index::archive_path(package, &line.version));
            make_parent(&place)?;
            // A copy of its own: a link to the store's file would be read-only and shared.
            fs::copy(archive, &place)?;
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
            fs::set_permissions(&place, mode)?;
            fs::File::open(&place)?.sync_all()?;
            lines.push(line);
        }
        write(&directory.join(index::path(package)), text.as_bytes())?;
        debug_assert!(index_file::parse("index", text.as_bytes(), package).is_ok());
    }
    write(
        &directory.join("registry.json"),
        &Description::new(name).to_json(),
    )?;
    write(&directory.join("log.jsonl"), log(lines).as_bytes())
}

/// The log of a registry into which these versions were published in the order of their times. Of
/// what was yanked it is only known that it was.
fn log(mut lines: Vec<&IndexLine>) -> String {
    lines.sort_by_key(|line| (&line.time, &line.name, &line.version));
    let published = lines.iter().map(|line| {
        let published = LogEntry::new(Action::Publish, line, line.time.clone());
        LogEntry {
            reason: None,
            ..published
        }
    });
    let yanked = lines.iter().filter(|line| line.yanked);
    let yanked = yanked.map(|line| LogEntry::new(Action::Yank, line, line.time.clone()));
    let mut state = LogState::default();
    let mut text = String::new();
    for entry in published.chain(yanked) {
        let line = entry.after(&state).to_json();
        state = state.and(line.as_bytes());
        text += &(line + "\n");
    }
    text
}

fn make_parent(path: &Path) -> Result<(), Error> {
    Ok(path.parent().map_or(Ok(()), fs::create_dir_all)?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    make_parent(path)?;
    Ok(files::replace(path, bytes)?)
}

/// Refuses to change a registry in a folder that is replaced as a whole, be it alone there or one of
/// several: what is added would be gone with the next `puck vendor`.
pub(crate) fn expect_lasting(place: &Place) -> Result<(), Error> {
    let RegistryLocation::Directory(path) = &place.registry.location else {
        return Ok(());
    };
    let path = normalized(path);
    let mut folders = path.ancestors().take(2);
    if folders.any(|folder| folder.join(MARKER).is_file()) {
        return Err(Error::Vendored(path));
    }
    Ok(())
}

/// Refuses a folder with anything in it that this verb did not write.
fn expect_ours(directory: &Path) -> Result<(), Error> {
    let mut entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(Error::NotVendored(directory.to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    if entries.next().is_none() || directory.join(MARKER).is_file() {
        return Ok(());
    }
    Err(Error::NotVendored(directory.to_owned()))
}

/// Puts the folder `new` in the place of `directory`, in one step where there was one before and the
/// system can do that.
fn exchange(new: &Path, directory: &Path, old: &Path) -> Result<(), Error> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    // Whoever fills the folder meanwhile keeps what is his.
    expect_ours(directory)?;
    if directory.exists() && renameat_with(CWD, new, CWD, directory, RenameFlags::EXCHANGE).is_err()
    {
        fs::rename(directory, old)?;
    }
    if new.exists() && !directory.exists() {
        fs::rename(new, directory)?;
    }
    let parent = directory.parent().unwrap_or(Path::new("/"));
    Ok(fs::File::open(parent)?.sync_all()?)
}

/// The lines for the manifest.
fn settings(project: &Project, registries: &[(String, PathBuf)]) -> String {
    let mut text = "[registries]\n".to_owned();
    for (name, place) in registries {
        let path = toml_edit::Value::from(relative(project.directory(), place));
        let key = toml_edit::Key::new(name);
        text += &format!("{key} = {{ path = {} }}\n", path.to_string().trim());
    }
    text
}

#[cfg(test)]
mod tests {
    use puck_registry::log::follow;

    use super::*;

    fn line(name: &str, version: &str, time: &str, yanked: bool) -> IndexLine {
        let text = format!(
            "{{\"format\":1,\"name\":\"{name}\",\"version\":\"{version}\",\"sha256\":\"{}\",\
             \"size\":1,\"exports\":[],\"targets\":[],\"yanked\":{yanked},\"time\":\"{time}\"}}",
            Digest::of(name.as_bytes())
        );
        IndexLine::parse("a test", &text).unwrap()
    }

    #[test]
    fn logs_are_those_of_a_registry_that_grew_so() {
        let lines = [
            line("bees", "1.0.0", "2026-02-01T00:00:00Z", true),
            line("ants", "1.0.0", "2026-03-01T00:00:00Z", false),
            line("ants", "0.9.0", "2026-01-01T00:00:00Z", false),
        ];
        let text = log(lines.iter().collect());
        let (state, entries) = follow("the log", text.as_bytes(), LogState::default()).unwrap();
        assert_eq!(state.length, text.len() as u64);
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.action, entry.name.as_str(), entry.version.minor))
            .collect();
        assert_eq!(
            told,
            [
                (Action::Publish, "ants", 9),
                (Action::Publish, "bees", 0),
                (Action::Publish, "ants", 0),
                (Action::Yank, "bees", 0),
            ]
        );
        let reversed = log(lines.iter().rev().collect());
        assert_eq!(
            reversed, text,
            "the order in which they are found is of no importance"
        );
    }

    #[test]
    fn only_its_own_folders_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("empty")).unwrap();
        for (name, file) in [("ours", MARKER), ("other", "notes")] {
            fs::create_dir(at(name)).unwrap();
            fs::write(at(name).join(file), "x").unwrap();
        }
        for (name, good) in [
            ("missing", true),
            ("empty", true),
            ("ours", true),
            ("other", false),
            ("other/notes", false),
        ] {
            assert_eq!(expect_ours(&at(name)).is_ok(), good, "{name}");
        }
        for name in ["missing", "ours"] {
            fs::create_dir(at("new")).unwrap();
            fs::write(at("new").join("mark"), name).unwrap();
            exchange(&at("new"), &at(name), &at("old")).unwrap();
            assert_eq!(fs::read_to_string(at(name).join("mark")).unwrap(), name);
            files::remove_all(&at("new")).unwrap();
        }
    }
}
