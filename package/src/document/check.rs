//! Whether a description agrees with itself.

use std::collections::BTreeSet;

use super::convention::expect_form;
use super::host::check_host_imports;
use super::{Function, Import, PackageDependency, PackageDocument, TargetObject, abi_c, is_abi_c};
use crate::{LinkName, version};

/// # Errors
/// What does not fit, as a sentence.
pub(super) fn check(document: &PackageDocument) -> Result<(), String> {
    version::check(&document.version).map_err(|error| error.to_string())?;
    functions(document)?;
    imports(document)?;
    host_imports(document)?;
    let mut dependencies = BTreeSet::new();
    for PackageDependency { name, .. } in &document.dependencies {
        if !dependencies.insert(name) {
            return Err(format!("depends on `{name}` twice"));
        }
    }
    files(document)
}

fn functions(document: &PackageDocument) -> Result<(), String> {
    let series = document.series();
    let mut names = BTreeSet::new();
    for function in &document.functions {
        let Function {
            name,
            abi,
            signature,
            link_name,
            ..
        } = function;
        let of_c = LinkName::new(&document.name, &series, name, signature);
        let what = format!("function `{name}`");
        link_name_of(&what, abi, link_name, &of_c)?;
        expect_form(abi, signature).map_err(|reason| format!("{what} {reason}"))?;
        if !names.insert(link_name) {
            return Err(format!(
                "function `{name}` is exported twice as `{link_name}`, `{signature}`"
            ));
        }
    }
    Ok(())
}

fn imports(document: &PackageDocument) -> Result<(), String> {
    for import in &document.imports {
        let Import {
            package,
            function,
            abi,
            signature,
            link_name,
        } = import;
        let mut dependencies = document.dependencies.iter();
        let Some(dependency) = dependencies.find(|d| d.name == *package) else {
            return Err(format!(
                "imports `{package}::{function}` but does not depend on it"
            ));
        };
        let of_c = LinkName::new(package, &dependency.series, function, signature);
        let what = format!("import `{package}::{function}`");
        link_name_of(&what, abi, link_name, &of_c)?;
    }
    Ok(())
}

/// Checks a link name; `of_c` is the one that the function would have with C's convention.
///
/// Of another convention no more is known than whose function it is, and that it must not pass
/// for one of C's, which would then be called wrongly.
fn link_name_of(what: &str, abi: &str, found: &LinkName, of_c: &LinkName) -> Result<(), String> {
    if is_abi_c(abi) {
        if found != of_c {
            return Err(format!(
                "{what} has the link name `{found}`, but its signature gives `{of_c}`"
            ));
        }
    } else if found == of_c {
        return Err(format!(
            "{what} has the calling convention `{abi}`, but the link name `{found}` of `{}`",
            abi_c()
        ));
    } else if found.soname() != of_c.soname() {
        return Err(format!(
            "{what} has the link name `{found}`, which is not of {}",
            of_c.soname()
        ));
    } else if found.function() != of_c.function() {
        return Err(format!(
            "{what} has the link name `{found}`, which is not of `{}`",
            of_c.function()
        ));
    }
    Ok(())
}

/// The table of host imports, whose symbol nothing else may have.
fn host_imports(document: &PackageDocument) -> Result<(), String> {
    check_host_imports(&document.host_imports)?;
    let Some(table) = document.host_table() else {
        return Ok(());
    };
    match document.functions.iter().find(|f| f.link_name == table) {
        Some(function) => Err(format!(
            "function `{}` has the link name of the table of host imports, `{table}`",
            function.name
        )),
        None => Ok(()),
    }
}

fn files(document: &PackageDocument) -> Result<(), String> {
    if document.targets.is_empty() {
        return Err("no targets".to_owned());
    }
    for (target, TargetObject { object }) in &document.targets {
        // Its library will be `lib/<name>.so`: two objects in different folders would share one.
        let name = object
            .strip_prefix("obj/")
            .and_then(|name| name.strip_suffix(".o"));
        if name.is_none_or(|name| name.is_empty() || name.contains('/')) {
            return Err(format!(
                "the object of {target} is `{object}`; expected `obj/<name>.o`"
            ));
        }
        if !document.files.contains_key(object) {
            return Err(format!(
                "the object of {target}, `{object}`, is not listed in files"
            ));
        }
    }
    for path in [document.ir_path(), document.header_path()] {
        if !document.files.contains_key(&path) {
            return Err(format!("`{path}` is not listed in files"));
        }
    }
    Ok(())
}
