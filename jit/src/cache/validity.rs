//! Whether a cached caller may be used in an environment other than the one it was compiled for.
//!
//! It may if each function that it declares is still there, of the same type and under the same link
//! name, and each body that was inlined is still the same. What else changed in a package does not
//! matter. Packages whose archives are the same are not looked into, and bodies are compared, which
//! takes reading a package's IR, only where a package changed out of which something was inlined.

use puck_compiler::Bodies;
use puck_package::{LinkName, PackageDocument};
use puck_runtime::Environment;

use super::record::{Declared, Record};

impl Record {
    /// Whether this is about the very environment: then nothing can have changed.
    pub(crate) fn is_of(&self, environment: &Environment) -> bool {
        self.environment == environment.key()
    }

    /// Whether the caller is valid in `environment`, whose packages' descriptions `packages` gives.
    pub(crate) fn still_holds<'p>(
        &self,
        environment: &Environment,
        packages: impl Fn() -> Option<&'p [PackageDocument]>,
        bodies: Option<&Bodies>,
    ) -> bool {
        let Ok(present) = environment.packages() else {
            return false;
        };
        let mut changed = Vec::new();
        for (soname, sha256) in &self.packages {
            let is = |package: &&puck_runtime::EnvironmentPackage| package.soname == *soname;
            match present.iter().find(is) {
                Some(package) if package.sha256 == *sha256 => {}
                Some(_) => changed.push(soname.as_str()),
                None => return false,
            }
        }
        let is_changed = |name: &LinkName| changed.contains(&name.soname().as_str());
        if !self
            .callees
            .iter()
            .all(|callee| means_same_series(callee, environment))
        {
            return false;
        }
        if changed.is_empty() {
            return true;
        }
        let Some(packages) = packages() else {
            return false;
        };
        let is_there = |name: &LinkName| has(packages, name).is_some();
        let is_same_callee = |callee: &Declared| {
            let found = puck_compiler::callee(packages, &callee.symbol, &callee.shape, "");
            found.is_ok_and(|found| found.is_some_and(|it| it.link_name == callee.link_name))
        };
        let declared = self.callees.iter();
        declared
            .filter(|callee| is_changed(&callee.link_name))
            .all(is_same_callee)
            && self.imports.iter().all(is_there)
            && self.inlined.iter().all(|(name, digest)| {
                let Some((bodies, document)) = bodies.zip(has(packages, name)) else {
                    return false;
                };
                !is_changed(name)
                    || bodies
                        .digest(document, name)
                        .is_ok_and(|now| now.as_ref() == Some(digest))
            })
    }
}

/// The package that exports a function.
fn has<'p>(packages: &'p [PackageDocument], name: &LinkName) -> Option<&'p PackageDocument> {
    packages.iter().find(|package| {
        let mut functions = package.functions.iter();
        functions.any(|function| function.link_name == *name)
    })
}

/// Whether the package of a name without a series (`linalg::dot`) is of the series that it was.
fn means_same_series(callee: &Declared, environment: &Environment) -> bool {
    let Some((package, _)) = callee.symbol.split_once("::") else {
        return true;
    };
    if package.contains('.') {
        return true;
    }
    let same_name = |name: &str| name.replace('-', "_") == package.replace('-', "_");
    let Ok(packages) = environment.packages() else {
        return false;
    };
    let chosen = packages
        .iter()
        .filter(|package| same_name(package.name.as_str()))
        .max_by_key(|package| (package.direct, package.series));
    chosen.is_some_and(|package| package.series == *callee.link_name.series())
}
