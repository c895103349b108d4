//! Which registry each package's name belongs to, and who says so.
//!
//! A name belongs to the registry that the manifest names for it, or that the lockfile has it from,
//! or the default one; for a dependency of a published package it is the registry that the package
//! names, or else the package's own. Were one name looked for in two registries, whoever publishes
//! under it in the wrong one could slip his package in; so two claims are an error.

use std::collections::BTreeMap;
use std::fmt;

use puck_package::{PackageId, PackageName};

use crate::Error;
use crate::error::TwoRegistries;

/// Who says which registry a name belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claimant {
    /// The project, or a package from a folder: as it is called in sentences.
    Manifest(String),
    /// A published version.
    Version(PackageId),
}

impl fmt::Display for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest(who) => f.write_str(who),
            Self::Version(id) => write!(f, "{id}"),
        }
    }
}

/// The registries that names belong to.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    /// In the order in which they were made; the first one holds.
    claims: BTreeMap<PackageName, Vec<(String, Claimant)>>,
}

impl Bindings {
    /// Notes that `claimant` takes `name` from `registry`.
    pub(crate) fn claim(&mut self, name: &PackageName, registry: &str, claimant: Claimant) {
        let claims = self.claims.entry(name.clone()).or_default();
        let claim = (registry.to_owned(), claimant);
        // Many versions say the same; what counts is that each registry has a claimant of its own
        // among those that are chosen.
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }

    /// The registry that `name` belongs to.
    pub(crate) fn registry(&self, name: &PackageName) -> Option<&str> {
        let (registry, _) = self.claims.get(name)?.first()?;
        Some(registry)
    }

    /// All names, each with the registry that it belongs to.
    pub(crate) fn all(&self) -> Vec<(PackageName, String)> {
        let held = |(name, claims): (&PackageName, &Vec<(String, Claimant)>)| {
            Some((name.clone(), claims.first()?.0.clone()))
        };
        self.claims.iter().filter_map(held).collect()
    }

    /// Whether all claims to `name` that count agree with the one that holds. Those of versions count
    /// that were chosen.
    ///
    /// # Errors
    /// [`Error::TwoRegistries`].
    pub(crate) fn check(
        &self,
        name: &PackageName,
        chosen: impl Fn(&PackageId) -> bool,
    ) -> Result<(), Error> {
        let Some(((held, holder), others)) = self
            .claims
            .get(name)
            .and_then(|claims| claims.split_first())
        else {
            return Ok(());
        };
        let counts = |claimant: &Claimant| match claimant {
            Claimant::Manifest(_) => true,
            Claimant::Version(id) => chosen(id),
        };
        let other = others
            .iter()
            .find(|(registry, claimant)| registry != held && counts(claimant));
        match other {
            None => Ok(()),
            Some((registry, claimant)) => Err(Error::TwoRegistries(Box::new(TwoRegistries {
                name: name.clone(),
                first: held.clone(),
                first_by: holder.to_string(),
                second: registry.clone(),
                second_by: claimant.to_string(),
                // What is published cannot be changed, manifests can.
                agreed: match (holder, claimant) {
                    (Claimant::Manifest(_), Claimant::Version(_)) => Some(registry.clone()),
                    (_, Claimant::Manifest(_)) => Some(held.clone()),
                    (Claimant::Version(_), Claimant::Version(_)) => None,
                },
            }))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Claimant {
        Claimant::Version(text.parse().unwrap())
    }

    #[test]
    fn the_first_claim_holds_and_others_must_agree() {
        let name: PackageName = "vecmath".parse().unwrap();
        let mut bindings = Bindings::default();
        assert_eq!(bindings.registry(&name), None);
        bindings.check(&name, |_| true).unwrap();
        bindings.claim(&name, "team", Claimant::Manifest("your project".to_owned()));
        bindings.claim(&name, "team", version("linalg 1.2.0"));
        bindings.claim(&name, "local", version("linalg 1.1.0"));
        assert_eq!(bindings.registry(&name), Some("team"));
        // What was not chosen says nothing.
        let newest = |id: &PackageId| id.version.minor == 2;
        bindings.check(&name, newest).unwrap();
        let error = bindings.check(&name, |_| true).unwrap_err().to_string();
        for part in [
            "`vecmath`",
            "`team`",
            "your project",
            "`local`",
            "linalg 1.1.0",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}
