//! Whether packages fit together: every import has its export, before anything is loaded.

use std::collections::BTreeMap;

use puck_package::{Import, PackageDocument, nearest};

use super::EnvironmentPackage;
use crate::error::PackageVersion;
use crate::{Error, Result};

/// Checks that there is one version of a series, and that each import of each package is exported,
/// under the same link name, by the package of that name and series.
pub(super) fn fit(packages: &[EnvironmentPackage<'_>]) -> Result<()> {
    let mut by_soname: BTreeMap<String, &PackageDocument> = BTreeMap::new();
    for package in packages {
        let document = &package.installed.document;
        if let Some(first) = by_soname.insert(document.soname(), document)
            && first.version != document.version
        {
            return Err(Error::SameSeries {
                series: document.series(),
                first: PackageVersion::of(first),
                second: PackageVersion::of(document),
            });
        }
    }
    for package in packages {
        let caller = &package.installed.document;
        for import in &caller.imports {
            match by_soname.get(&import.link_name.soname()) {
                Some(callee) => check_function(caller, import, callee)?,
                None => return Err(missing_package(caller, import, packages)),
            }
        }
    }
    Ok(())
}

fn check_function(
    caller: &PackageDocument,
    import: &Import,
    callee: &PackageDocument,
) -> Result<()> {
    if callee
        .functions
        .iter()
        .any(|function| function.link_name == import.link_name)
    {
        return Ok(());
    }
    let wanted = import.function.as_str();
    let name = if callee.overloads(wanted).next().is_some() {
        Some(wanted)
    } else {
        nearest(
            wanted,
            callee
                .functions
                .iter()
                .map(|function| function.name.as_str()),
        )
    };
    let found = name.into_iter().flat_map(|name| callee.overloads(name));
    Err(Error::MissingFunction {
        caller: PackageVersion::of(caller),
        wanted: format!("{}::{wanted}, {}", import.package, import.signature),
        import: Box::new(import.link_name.clone()),
        callee: PackageVersion::of(callee),
        found: found
            .map(|function| format!("{}, {}", function.name, function.signature))
            .collect(),
    })
}

fn missing_package(
    caller: &PackageDocument,
    import: &Import,
    packages: &[EnvironmentPackage<'_>],
) -> Error {
    let documents = packages.iter().map(|package| &package.installed.document);
    Error::MissingPackage {
        caller: PackageVersion::of(caller),
        import: Box::new(import.link_name.clone()),
        package: import.package.clone(),
        series: *import.link_name.series(),
        found: documents
            .filter(|document| document.name == import.package)
            .map(|document| document.version.clone())
            .collect(),
    }
}
