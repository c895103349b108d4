//! `puck add` and `puck remove`: dependencies in a manifest, its comments and order kept.

use std::collections::BTreeSet;
use std::path::PathBuf;

use puck_package::lockfile::PackageSource;
use puck_package::{Manifest, PackageName, nearest};
use puck_resolver::Update;
use semver::VersionReq;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::error::TwoRegistries;
use crate::inspect::unknown_in;
use crate::install::install_planned;
use crate::local::{LocalPackages, normalized, relative};
use crate::lock::{Locked, plan};
use crate::workspace::Whole;
use crate::{
    Error, InstallOptions, Installed, Machine, Mode, Origin, PackageSpec, Progress, Project,
    Registries, files,
};

/// A dependency to be added.
#[derive(Clone, Debug)]
pub struct Addition {
    /// What to add.
    pub spec: PackageSpec,
    /// The folder with its sources, absolute; the manifest names it as seen from its own folder.
    pub path: Option<PathBuf>,
}

/// A manifest that was changed, and the lockfile that came of it.
#[derive(Debug)]
pub struct Edited {
    /// The project as it is now.
    pub project: Project,
    /// Its lockfile.
    pub locked: Locked,
    /// What was added or removed: name, and requirement or path.
    pub dependencies: Vec<(PackageName, String)>,
}

/// Adds dependencies to the manifest of `project`, or replaces them there, and locks.
///
/// # Errors
/// If a package is not known, or no versions agree; the manifest is then as it was.
pub fn add(
    machine: &Machine,
    project: &Project,
    additions: &[Addition],
    mode: &Mode,
) -> Result<Edited, Error> {
    let values = values(machine, project, additions, mode)?;
    let change = |table: &mut dyn TableLike| Ok(add_to(table, &values));
    let (edited, ()) = edit(machine, project, mode, change, |project, _, locked| {
        locked.write(project)
    })?;
    Ok(edited)
}

/// Adds dependencies to the manifest of `project`, or replaces them there, and installs.
///
/// The manifest is written last: until then, adding them once more does all that is left to do.
///
/// # Errors
/// As [`add`] and [`install`](crate::install()); manifest, lockfile and `.puck` are then as they were.
pub fn add_and_install(
    machine: &Machine,
    project: &Project,
    additions: &[Addition],
    options: &InstallOptions,
    progress: &dyn Progress,
) -> Result<Installed, Error> {
    let values = values(machine, project, additions, &options.mode)?;
    let change = |table: &mut dyn TableLike| Ok(add_to(table, &values));
    let finish = |project: &Project, local: &LocalPackages, locked: &Locked| {
        install_planned(machine, project, local, locked.clone(), options, progress)
    };
    Ok(edit(machine, project, &options.mode, change, finish)?.1)
}

/// Dependencies as they are shown and as they are written: a requirement, or a table with a path.
type Values = Vec<(PackageName, String, Value)>;

fn values(
    machine: &Machine,
    project: &Project,
    additions: &[Addition],
    mode: &Mode,
) -> Result<Values, Error> {
    let registries = machine.registries(Some(project))?.within(mode);
    let mut dependencies = Vec::new();
    for Addition { spec, path } in additions {
        let path = path
            .as_ref()
            .map(|path| relative(project.directory(), &normalized(path)));
        let named = match path {
            None => named_by_flag(&registries, project, &spec.name)?,
            Some(_) => None,
        };
        let requirement = match (&spec.requirement, &path) {
            (Some(requirement), _) => Some(as_typed(requirement)),
            (None, Some(_)) => None,
            (None, None) => Some(newest(&registries, project, &spec.name)?),
        };
        let requirement_text = requirement.clone().unwrap_or_default();
        let value = match (&path, named) {
            (None, None) => Value::from(requirement_text),
            (None, Some(registry)) => {
                let mut table = InlineTable::new();
                table.insert("version", Value::from(requirement_text));
                table.insert("registry", Value::from(registry));
                Value::from(table)
            }
            (Some(path), _) => {
                let mut table = InlineTable::new();
                table.insert("path", Value::from(path.clone()));
                if let Some(requirement) = &requirement {
                    table.insert("version", Value::from(requirement.clone()));
                }
                Value::from(table)
            }
        };
        let shown = match path {
            Some(path) => path,
            None => requirement.unwrap_or_default(),
        };
        dependencies.push((spec.name.clone(), shown, value));
    }
    Ok(dependencies)
}

/// The registry that `--registry NAME` names for a package: written into the manifest, so that nobody
/// has to say it again, and stronger than what the name was bound to. One that is asked for by its
/// place has no name to write.
fn named_by_flag(
    registries: &Registries<'_>,
    project: &Project,
    name: &PackageName,
) -> Result<Option<String>, Error> {
    if !by_flag(registries) {
        return Ok(None);
    }
    let place = registries.default_place();
    let bound = bound_to(project, name)?;
    match (&place.name, bound) {
        (Some(asked), bound) => Ok((bound.is_some() || !place.built_in).then(|| asked.clone())),
        (None, None) => Ok(None),
        (None, Some(bound)) => {
            let asked = registries.default_name()?;
            if asked == bound {
                return Ok(None);
            }
            Err(Error::TwoRegistries(Box::new(TwoRegistries {
                name: name.clone(),
                first: bound,
                first_by: "your project".to_owned(),
                second: asked.clone(),
                second_by: "--registry".to_owned(),
                agreed: Some(asked),
            })))
        }
    }
}

fn by_flag(registries: &Registries<'_>) -> bool {
    matches!(registries.choice(), Some(Origin::Flag(_)))
}

fn add_to(table: &mut dyn TableLike, values: &Values) -> Vec<(PackageName, String)> {
    for (name, _, value) in values {
        let mut value = value.clone();
        let named = value.as_inline_table().cloned();
        let named = named.filter(|new| new.contains_key("registry"));
        match table.get_mut(name.as_str()) {
            // What else a table says of the dependency stays, its registry above all.
            Some(old) if old.is_table_like() && value.is_str() && old.get("path").is_none() => {
                old["version"] = Item::Value(value);
            }
            Some(old) if named.is_some() && old.is_table_like() && old.get("path").is_none() => {
                for (key, value) in named.into_iter().flatten() {
                    old[&*key] = Item::Value(value);
                }
            }
            Some(Item::Value(old)) => {
                value.decor_mut().clone_from(old.decor());
                *old = value;
            }
            _ => drop(table.insert(name.as_str(), Item::Value(value))),
        }
    }
    values
        .iter()
        .map(|(name, shown, _)| (name.clone(), shown.clone()))
        .collect()
}

/// Removes dependencies from the manifest of `project`, and locks.
///
/// # Errors
/// If the manifest does not have one of them; it is then as it was.
pub fn remove(
    machine: &Machine,
    project: &Project,
    names: &[PackageName],
    mode: &Mode,
) -> Result<Edited, Error> {
    let change = |table: &mut dyn TableLike| remove_from(table, project, names);
    let (edited, ()) = edit(machine, project, mode, change, |project, _, locked| {
        locked.write(project)
    })?;
    Ok(edited)
}

/// Removes dependencies from the manifest of `project`, and installs what is left.
///
/// The manifest is written last: until then, removing them once more does all that is left to do.
///
/// # Errors
/// As [`remove`] and [`install`](crate::install()); manifest, lockfile and `.puck` are then as they
/// were.
pub fn uninstall(
    machine: &Machine,
    project: &Project,
    names: &[PackageName],
    options: &InstallOptions,
    progress: &dyn Progress,
) -> Result<Installed, Error> {
    let change = |table: &mut dyn TableLike| remove_from(table, project, names);
    let finish = |project: &Project, local: &LocalPackages, locked: &Locked| {
        install_planned(machine, project, local, locked.clone(), options, progress)
    };
    Ok(edit(machine, project, &options.mode, change, finish)?.1)
}

fn remove_from(
    table: &mut dyn TableLike,
    project: &Project,
    names: &[PackageName],
) -> Result<Vec<(PackageName, String)>, Error> {
    let mut removed = Vec::new();
    // A name that is given twice is meant once.
    for name in names.iter().collect::<BTreeSet<_>>() {
        if table.remove(name.as_str()).is_none() {
            let known = project
                .manifest()
                .dependencies
                .keys()
                .map(PackageName::as_str);
            return Err(Error::NotADependency {
                name: name.clone(),
                manifest: project.manifest().path.clone(),
                near: nearest(name.as_str(), known).map(str::to_owned),
            });
        }
        removed.push((name.clone(), String::new()));
    }
    Ok(removed)
}

/// Changes the table of dependencies, plans a lockfile for the changed manifest, lets `finish` write
/// that and do what else is to be done, and only then writes the manifest.
fn edit<T>(
    machine: &Machine,
    project: &Project,
    mode: &Mode,
    change: impl FnOnce(&mut dyn TableLike) -> Result<Vec<(PackageName, String)>, Error>,
    finish: impl FnOnce(&Project, &LocalPackages, &Locked) -> Result<T, Error>,
) -> Result<(Edited, T), Error> {
    let (project, _hold) = project.hold_itself()?;
    let path = &project.manifest().path;
    let text = fs_err::read_to_string(path)?;
    let unreadable = |message: String| puck_package::ManifestError::Toml {
        path: path.display().to_string(),
        message,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| unreadable(error.to_string()))?;
    let is_crate = path.file_name().is_some_and(|name| name == "Cargo.toml");
    let keys: &[&str] = if is_crate {
        &["package", "metadata", "puck", "dependencies"]
    } else {
        &["dependencies"]
    };
    let mut item = document.as_item_mut();
    for key in keys {
        let table = item
            .as_table_like_mut()
            .ok_or_else(|| unreadable(format!("`{key}` stands in something that is no table")))?;
        item = table
            .entry(key)
            .or_insert_with(|| Item::Table(Table::new()));
    }
    let table = item
        .as_table_like_mut()
        .ok_or_else(|| unreadable("`dependencies` is no table".to_owned()))?;
    let dependencies = change(table)?;

    let text = document.to_string();
    let manifest = match &project.manifest().package {
        Some(package) if is_crate => Manifest::parse_cargo(&text, path, package.clone())?,
        _ => Some(Manifest::parse(&text, path)?),
    };
    let manifest = manifest.ok_or_else(|| unreadable("the edited manifest is empty".to_owned()))?;
    let project = project.with_manifest(manifest);
    let whole = Whole::of(&project)?;
    let local = LocalPackages::with(&whole.project, &whole.members)?;
    let locked = plan(machine, &whole.project, &local, mode, Update::Nothing)?;
    let done = finish(&whole.project, &local, &locked)?;
    files::replace(&project.manifest().path, text.as_bytes())?;
    let edited = Edited {
        project,
        locked,
        dependencies,
    };
    Ok((edited, done))
}

/// A requirement as people write it: `1.2` in place of `^1.2`, which means the same.
fn as_typed(requirement: &VersionReq) -> String {
    let text = requirement.to_string();
    match requirement.comparators.as_slice() {
        [only] if only.op == semver::Op::Caret => text.trim_start_matches('^').to_owned(),
        _ => text,
    }
}

/// The newest version of a package as a requirement, `1.2.0`, of the registry that `--registry` names,
/// or that has it already, or else of the default one.
fn newest(
    registries: &Registries<'_>,
    project: &Project,
    name: &PackageName,
) -> Result<String, Error> {
    let place = match bound_to(project, name)? {
        Some(registry) if !by_flag(registries) => registries.place(&registry)?,
        _ => registries.default_place().clone(),
    };
    let registry = registries.open(&place)?;
    if let (Some(handle), Some(origin)) = (&registry, registries.offline())
        && handle.is_remote()
    {
        return Err(Error::Offline {
            what: format!("finding the newest version of `{name}`"),
            registry: handle.location(),
            origin: origin.clone(),
        });
    }
    let lines = match &registry {
        Some(registry) => registry.versions(name)?,
        None => Vec::new(),
    };
    let versions = lines
        .into_iter()
        .filter(|line| !line.yanked)
        .map(|l| l.version);
    // A pre-release only where there is nothing else.
    match versions.max_by_key(|version| (version.pre.is_empty(), version.clone())) {
        Some(version) => Ok(version.to_string()),
        None => Err(unknown_in(registry.as_ref(), &place, name)?),
    }
}

/// The registry that the manifest or the lockfile binds a name to.
fn bound_to(project: &Project, name: &PackageName) -> Result<Option<String>, Error> {
    let dependency = project.manifest().dependencies.get(name);
    if let Some(registry) = dependency.and_then(|dependency| dependency.registry.clone()) {
        return Ok(Some(registry));
    }
    let lockfile = project.lockfile()?.unwrap_or_default();
    let locked = lockfile.packages.into_iter().find(|p| p.name == *name);
    Ok(match locked.map(|package| package.source) {
        Some(PackageSource::Registry(registry)) => Some(registry),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_as_they_are_written() {
        for (typed, written) in [
            ("1.2", "1.2"),
            ("^0.3", "0.3"),
            ("=1.2.3", "=1.2.3"),
            ("~1", "~1"),
            (">=1,<3", ">=1, <3"),
            ("^1, ^1.2", "^1, ^1.2"),
            ("*", "*"),
        ] {
            let requirement: VersionReq = typed.parse().unwrap();
            assert_eq!(as_typed(&requirement), written);
            assert_eq!(written.parse::<VersionReq>().unwrap(), requirement);
        }
    }
}
