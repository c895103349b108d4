//! The sections of a manifest.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use toml::Spanned;
use toml::de::DeTable;

use super::{
    BuildSection, Dependency, Manifest, ManifestError, PackageSection, PolicySection,
    WorkspaceSection,
};
use super::{environment, functions, sources};
use crate::positioned::{Source, Table, Value};
use crate::{PackageName, Target, format, version};

pub(super) fn manifest(
    source: &Source<'_>,
    root: &Spanned<DeTable<'_>>,
) -> Result<Manifest, ManifestError> {
    let table = source.table(root);
    check_format(&table)?;
    table.expect_keys(&[
        "format",
        "package",
        "build",
        "function",
        "dependencies",
        "registries",
        "patch",
        "workspace",
        "policy",
        "environment",
    ])?;
    let package = match table.get("package") {
        Some(value) => Some(package_section(&value.table("[package]")?)?),
        None => None,
    };
    if package.is_none() {
        for key in ["build", "function"] {
            if let Some(value) = table.get(key) {
                let message = "a project without `[package]` has nothing to build";
                return Err(source.error(&value.span(), format!("`{key}`: {message}")));
            }
        }
    }
    let build = match table.get("build") {
        Some(value) => {
            let table = value.table("[build]")?;
            table.expect_keys(&[
                "sources",
                "cargo",
                "targets",
                "opt-level",
                "flags",
                "debug",
                "python",
            ])?;
            let build = build_section(&table)?;
            if build.cargo.is_some() && !build.sources.is_empty() {
                let message = "[build] has both `sources` and `cargo`; a package is built from one";
                return Err(table.error(message.to_owned()));
            }
            if let Some(value) = table.get("python").filter(|_| build.cargo.is_some()) {
                let message = "a crate has no Python sources; list `.py` files in `sources`";
                return Err(value.error(message));
            }
            build
        }
        None => BuildSection::default(),
    };
    if package.is_some() && build.cargo.is_none() && build.sources.is_empty() {
        let message = "[build] needs `sources = [\"src/*.c\"]` or `cargo = \"Cargo.toml\"`";
        return Err(table.error(message.to_owned()));
    }
    let is_crate = build.cargo.is_some();
    Ok(Manifest {
        path: source.path().to_owned(),
        package,
        build,
        functions: table.or_default("function", |value| functions::functions(value, is_crate))?,
        dependencies: table.or_default("dependencies", dependencies)?,
        registries: table.or_default("registries", sources::registries)?,
        patches: table.or_default("patch", sources::patches)?,
        workspace: table.or_default("workspace", |value| workspace(value).map(Some))?,
        policy: table.or_default("policy", policy)?,
        environment: table.or_default("environment", |value| {
            environment::environment(value).map(Some)
        })?,
    })
}

fn workspace(value: Value<'_, '_>) -> Result<WorkspaceSection, ManifestError> {
    let table = value.table("[workspace]")?;
    table.expect_keys(&["members"])?;
    let members = table.required("members")?.array()?;
    let pattern = |text: &str| {
        let inside = !text.is_empty() && !text.starts_with('/') && !text.contains("..");
        if inside {
            Ok(text.to_owned())
        } else {
            Err("expected a folder below this one, such as \"a\" or \"crates/*\"")
        }
    };
    Ok(WorkspaceSection {
        members: members
            .into_iter()
            .map(|member| member.map_string(pattern))
            .collect::<Result<_, _>>()?,
    })
}

pub(super) fn policy(value: Value<'_, '_>) -> Result<PolicySection, ManifestError> {
    let table = value.table("[policy]")?;
    table.expect_keys(&["deny"])?;
    let deny = table.or_default("deny", Value::array)?;
    Ok(PolicySection {
        deny: deny
            .into_iter()
            .map(Value::parse)
            .collect::<Result<_, _>>()?,
    })
}

/// Refuses a manifest of a newer format; before anything else in it is looked at, so that it is
/// called that, and not full of unknown keys.
pub(super) fn check_format(table: &Table<'_, '_>) -> Result<(), ManifestError> {
    let Some(value) = table.get("format") else {
        return Ok(());
    };
    let source = value.source();
    let found = value.integer()?;
    format::check(
        &source.path().display().to_string(),
        found,
        format::MANIFEST,
    )?;
    Ok(())
}

fn package_section(table: &Table<'_, '_>) -> Result<PackageSection, ManifestError> {
    table.expect_keys(&[
        "name",
        "version",
        "description",
        "license",
        "authors",
        "repository",
        "readme",
        "keywords",
    ])?;
    let version = table.required("version")?;
    let span = version.span();
    let text = version.string()?;
    let version: Version = text.parse().map_err(|reason| {
        let message = format!("`version`: `{text}` is not a version such as `1.2.0`: {reason}");
        table.source().error(&span, message)
    })?;
    if !version.build.is_empty() {
        let message = format!(
            "`version`: `{version}` has build metadata; two versions that differ only there would \
             be one"
        );
        return Err(table.source().error(&span, message));
    }
    version::check(&version)
        .map_err(|error| table.source().error(&span, format!("`version`: {error}")))?;
    Ok(PackageSection {
        name: table.required("name")?.parse()?,
        version,
        description: table.or_default("description", Value::string)?,
        license: table.or_default("license", Value::string)?,
        authors: table.or_default("authors", Value::strings)?,
        repository: table.or_default("repository", Value::string)?,
        readme: table.or_default("readme", |value| value.string().map(Some))?,
        keywords: table.or_default("keywords", Value::strings)?,
    })
}

/// `[build]`, but for the keys that say what is built.
pub(super) fn build_section(table: &Table<'_, '_>) -> Result<BuildSection, ManifestError> {
    let defaults = BuildSection::default();
    Ok(BuildSection {
        sources: table.or_default("sources", Value::strings)?,
        cargo: table.or_default("cargo", |value| value.string().map(Some))?,
        targets: table.get("targets").map_or(Ok(defaults.targets), targets)?,
        opt_level: table
            .get("opt-level")
            .map_or(Ok(defaults.opt_level), |v| v.within(0..=3))?,
        flags: table.or_default("flags", Value::strings)?,
        debug: table.or_default("debug", Value::boolean)?,
        python: table.or_default("python", |value| value.string().map(Some))?,
    })
}

fn targets(value: Value<'_, '_>) -> Result<Vec<Target>, ManifestError> {
    let missing_base = value.error(&format!(
        "`{}` is missing: it runs on every processor, and the others are its variants",
        Target::X86_64
    ));
    let mut targets = value
        .array()?
        .into_iter()
        .map(Value::parse)
        .collect::<Result<Vec<Target>, _>>()?;
    targets.sort_unstable();
    targets.dedup();
    match targets.first() {
        Some(first) if *first == first.base() => Ok(targets),
        _ => Err(missing_base),
    }
}

pub(super) fn dependencies(
    value: Value<'_, '_>,
) -> Result<BTreeMap<PackageName, Dependency>, ManifestError> {
    let table = value.table("[dependencies]")?;
    let mut dependencies = BTreeMap::new();
    for (value, name, span) in table.entries() {
        let name: PackageName = name
            .parse()
            .map_err(|error| table.source().error(&span, format!("{error}")))?;
        dependencies.insert(name, dependency(value)?);
    }
    Ok(dependencies)
}

fn dependency(value: Value<'_, '_>) -> Result<Dependency, ManifestError> {
    if value.is_string() {
        return Ok(Dependency {
            requirement: requirement(value)?,
            registry: None,
            path: None,
        });
    }
    let table = value.table_or(
        "a dependency",
        "a version requirement such as \"1.2\", or a table",
    )?;
    table.expect_keys(&["version", "registry", "path"])?;
    let path = table.or_default("path", |value| value.string().map(|path| Some(path.into())))?;
    let registry = table.or_default("registry", |value| value.string().map(Some))?;
    if path.is_some() && registry.is_some() {
        return Err(table.error("a dependency comes from a path or a registry, not both".into()));
    }
    let requirement = match (table.get("version"), &path) {
        (Some(value), _) => requirement(value)?,
        (None, Some(_)) => VersionReq::STAR,
        (None, None) => {
            return Err(table.error("a dependency needs a `version` or a `path`".to_owned()));
        }
    };
    Ok(Dependency {
        requirement,
        registry,
        path,
    })
}

pub(super) fn requirement(value: Value<'_, '_>) -> Result<VersionReq, ManifestError> {
    let (source, span) = (value.source(), value.span());
    let text = value.string()?;
    text.parse().map_err(|reason| {
        let expected = "a version requirement such as `1.2` or `>=1.2, <3`";
        source.error(&span, format!("`{text}` is not {expected}: {reason}"))
    })
}
