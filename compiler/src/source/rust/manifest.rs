//! A `Cargo.toml` as a manifest: name, version and the like are the crate's, the rest is under
//! `[package.metadata.puck]`.

use std::path::Path;

use puck_package::{Manifest, PackageName, PackageSection};

use super::cargo::Crate;
use crate::source::SourceError;

/// Reads the manifest of the function package in the crate whose `Cargo.toml` is at `path`.
/// Underscores in the crate's name become hyphens.
///
/// # Errors
/// If cargo is not there or refuses the file, if there is no `[package.metadata.puck]`, or it is no
/// valid manifest.
pub fn cargo_manifest(path: &Path) -> Result<Manifest, SourceError> {
    let absolute = std::path::absolute(path)?;
    let krate = Crate::read(&absolute)?;
    let text = fs_err::read_to_string(path)?;
    let fault = |reason: String| SourceError::Crate {
        path: path.to_path_buf(),
        reason,
    };
    let package = section(&krate).map_err(fault)?;
    Manifest::parse_cargo(&text, path, package)?.ok_or_else(|| {
        fault(
            "no [package.metadata.puck], which says that the crate is a function package (it may \
             be empty)"
                .to_owned(),
        )
    })
}

fn section(krate: &Crate) -> Result<PackageSection, String> {
    let package = &krate.package;
    let name = krate.name.replace('_', "-").to_lowercase();
    let name = name
        .parse::<PackageName>()
        .map_err(|error| error.to_string())?;
    if !package.version.build.is_empty() {
        return Err(format!(
            "version {}: expected no build metadata (`+{}`)",
            package.version, package.version.build
        ));
    }
    let text = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .unwrap_or_default()
            .to_owned()
    };
    Ok(PackageSection {
        name,
        version: package.version.clone(),
        // One line for listings; Cargo's may have several.
        description: text(&package.description)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        license: text(&package.license),
        authors: package.authors.clone(),
        repository: text(&package.repository),
        readme: package.readme.as_ref().map(ToString::to_string),
        keywords: package.keywords.clone(),
    })
}
