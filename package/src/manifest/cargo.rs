//! A Rust crate that is a function package: `[package.metadata.puck]` in its `Cargo.toml`.

use super::{
    BuildSection, Manifest, ManifestError, PackageSection, environment, functions, sections,
    sources,
};
use crate::positioned::Source;
use crate::version;

pub(super) fn manifest(
    source: &Source<'_>,
    package: PackageSection,
) -> Result<Option<Manifest>, ManifestError> {
    let root = source.root()?;
    let mut table = source.table(&root);
    for key in ["package", "metadata", "puck"] {
        match table.get(key) {
            Some(value) => table = value.table("[package.metadata.puck]")?,
            None => return Ok(None),
        }
    }
    sections::check_format(&table)?;
    table.expect_keys(&[
        "format",
        "build",
        "function",
        "dependencies",
        "registries",
        "patch",
        "policy",
        "environment",
    ])?;
    version::check(&package.version).map_err(|error| table.error(error.to_string()))?;
    let mut build = match table.get("build") {
        Some(value) => {
            let table = value.table("[package.metadata.puck.build]")?;
            // What is compiled is Cargo's business.
            table.expect_keys(&["targets", "opt-level", "flags", "debug"])?;
            sections::build_section(&table)?
        }
        None => BuildSection::default(),
    };
    build.cargo = source
        .path()
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(Some(Manifest {
        path: source.path().to_owned(),
        package: Some(package),
        build,
        functions: table.or_default("function", |value| functions::functions(value, true))?,
        dependencies: table.or_default("dependencies", sections::dependencies)?,
        registries: table.or_default("registries", sources::registries)?,
        patches: table.or_default("patch", sources::patches)?,
        // A workspace of crates is Cargo's; a workspace of packages has a manifest of its own.
        workspace: None,
        policy: table.or_default("policy", sections::policy)?,
        environment: table.or_default("environment", |value| {
            environment::environment(value).map(Some)
        })?,
    }))
}
