//! A Rust crate that is a function package: `[package.metadata.puck]` in its `Cargo.toml`.

use super::read::Source;
use super::{BuildSection, Manifest, ManifestError, PackageSection, sections};

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
    table.expect_keys(&["build", "function", "dependencies"])?;
    let mut build = match table.get("build") {
        Some(value) => {
            let table = value.table("[package.metadata.puck.build]")?;
            // Sources and flags are Cargo's business.
            table.expect_keys(&["targets", "opt-level", "debug"])?;
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
        functions: table.or_default("function", sections::functions)?,
        dependencies: table.or_default("dependencies", sections::dependencies)?,
    }))
}
