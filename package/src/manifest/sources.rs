//! `[registries]` and `[patch]`: where packages come from.

use std::collections::BTreeMap;
use std::path::Path;

use semver::VersionReq;

use super::sections::requirement;
use super::{ManifestError, Patch};
use crate::location::check_registry_name;
use crate::positioned::{Placed, Table, Value};
use crate::{PackageName, RegistryLocation};

/// `[registries]`; folders are seen from the manifest's own.
pub(super) fn registries(
    value: Value<'_, '_>,
) -> Result<BTreeMap<String, Placed<RegistryLocation>>, ManifestError> {
    let table = value.table("[registries]")?;
    let base = directory(table.source().path()).to_owned();
    let mut registries = BTreeMap::new();
    for (value, name, span) in table.entries() {
        check_registry_name(name).map_err(|e| table.source().error(&span, e.to_string()))?;
        let line = value.line();
        let location = if value.is_string() {
            location(value, &base)?
        } else {
            let name = format!("[registries.{name}]");
            let table = value.table_or(&name, "an address, a folder, or a table")?;
            table.expect_keys(&["url", "path"])?;
            location_of_table(&table, &base)?
        };
        let value = location;
        registries.insert(name.to_owned(), Placed { value, line });
    }
    Ok(registries)
}

/// An address, or a folder as seen from `base`.
pub(crate) fn location(
    value: Value<'_, '_>,
    base: &Path,
) -> Result<RegistryLocation, ManifestError> {
    value.map_string(|text| RegistryLocation::parse(text, base))
}

/// The one of `url` and `path` that a table has.
pub(crate) fn location_of_table(
    table: &Table<'_, '_>,
    base: &Path,
) -> Result<RegistryLocation, ManifestError> {
    match (table.get("url"), table.get("path")) {
        (Some(url), None) => url.map_string(RegistryLocation::parse_url),
        (None, Some(path)) => Ok(RegistryLocation::Directory(base.join(path.string()?))),
        (Some(_), Some(_)) => {
            Err(table.error("a registry has a `url` or a `path`, not both".to_owned()))
        }
        (None, None) => Err(table.error("a registry needs a `url` or a `path`".to_owned())),
    }
}

/// `[patch]`
pub(super) fn patches(value: Value<'_, '_>) -> Result<BTreeMap<PackageName, Patch>, ManifestError> {
    let table = value.table("[patch]")?;
    let mut patches = BTreeMap::new();
    for (value, name, span) in table.entries() {
        let name: PackageName = name
            .parse()
            .map_err(|error| table.source().error(&span, format!("{error}")))?;
        patches.insert(name, patch(value)?);
    }
    Ok(patches)
}

fn patch(value: Value<'_, '_>) -> Result<Patch, ManifestError> {
    let table = value.table_or("a patch", "a table with a `path`, or with a `registry`")?;
    table.expect_keys(&["path", "registry", "version"])?;
    let (path, registry, version) = (
        table.get("path"),
        table.get("registry"),
        table.get("version"),
    );
    match (path, registry, version) {
        (Some(path), None, None) => Ok(Patch::Path(path.string()?.into())),
        (Some(_), _, _) => Err(table.error(
            "a patch with a `path` takes what is there; it has neither `registry` nor `version`"
                .to_owned(),
        )),
        (None, None, None) => {
            Err(table.error("a patch needs a `path`, a `registry` or a `version`".to_owned()))
        }
        (None, registry, version) => Ok(Patch::Registry {
            registry: registry.map(Value::string).transpose()?,
            requirement: version.map_or(Ok(VersionReq::STAR), requirement)?,
        }),
    }
}

/// The folder of a file.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capability, Manifest};

    fn parse(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text, Path::new("/project/Puck.toml"))
    }

    #[test]
    fn registries_patches_members_and_policy() {
        let manifest = parse(
            "[registries]\nteam = \"https://registry.example/\"\nshared = \"../shared\"\n\
             lab = { url = \"http://lab:80\" }\nnear = { path = \"/srv/near\" }\n\
             [patch]\nvecmath = { path = \"../vecmath\" }\nstats = { registry = \"team\" }\n\
             sums = { version = \"=1.2.3\" }\n\
             [workspace]\nmembers = [\"a\", \"crates/*\"]\n\
             [policy]\ndeny = [\"process\", \"network\", \"process\"]\n",
        )
        .unwrap();
        let shown: Vec<_> = manifest
            .registries
            .iter()
            .map(|(name, location)| format!("{name} {} {}", location.value, location.line))
            .collect();
        assert_eq!(
            shown,
            [
                "lab http://lab:80 4",
                "near /srv/near 5",
                "shared /project/../shared 3",
                "team https://registry.example 2",
            ]
        );
        let patch = |name: &str| manifest.patches[&name.parse().unwrap()].clone();
        assert_eq!(patch("vecmath"), Patch::Path("../vecmath".into()));
        let taken = |registry: Option<&str>, requirement: &str| Patch::Registry {
            registry: registry.map(str::to_owned),
            requirement: requirement.parse().unwrap(),
        };
        assert_eq!(patch("stats"), taken(Some("team"), "*"));
        assert_eq!(patch("sums"), taken(None, "=1.2.3"));
        assert_eq!(manifest.workspace.unwrap().members, ["a", "crates/*"]);
        let denied: Vec<_> = manifest.policy.deny.into_iter().collect();
        assert_eq!(denied, [Capability::Network, Capability::Process]);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            (
                "[registries]\n'te.am' = \"x\"",
                ":2: `te.am` is not a registry's name",
            ),
            (
                "[registries]\nteam = \"ftp://x\"",
                ":2: `team`: `ftp://x` is not a registry",
            ),
            ("[registries]\nteam = \"https://u:p@x\"", "use `puck login`"),
            (
                "[registries]\nteam = 1",
                "`team`: expected an address, a folder, or a table",
            ),
            (
                "[registries.team]\nurl = \"https://x\"\npath = \"x\"",
                "a `url` or a `path`, not",
            ),
            ("[registries.team]", "needs a `url` or a `path`"),
            (
                "[registries.team]\ncertificates = \"x\"",
                ":2: unknown key `certificates` in [registries.team]",
            ),
            (
                "[patch]\na = \"1\"",
                "`a`: expected a table with a `path`, or with a `registry`",
            ),
            ("[patch]\nA = {}", "`A` is not a package name"),
            ("[patch]\na = {}", "a patch needs"),
            (
                "[patch]\na = { path = \"x\", version = \"1\" }",
                "neither `registry` nor `version`",
            ),
            (
                "[patch]\na = { version = \"one\" }",
                "is not a version requirement",
            ),
            ("[workspace]", "[workspace] has no `members`"),
            (
                "[workspace]\nmembers = [\"../a\"]",
                "expected a folder below this one",
            ),
            ("[policy]\nallow = []", "unknown key `allow` in [policy]"),
            (
                "[policy]\ndeny = [\"net\"]",
                "`deny`: `net` is not a capability: expected `memory`",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
