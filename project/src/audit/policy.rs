//! `[policy]` of a manifest: what no package of the project may touch.

use std::collections::BTreeSet;

use puck_package::{Capability, PackageDocument, PackageId};

use super::{Uses, uses};
use crate::{Error, Project};

/// A package that touches what it must not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{package} calls {} and so reaches {}; {manifest} denies {denied}",
    symbols.iter().map(|symbol| format!("`{symbol}`")).collect::<Vec<_>>().join(", "),
    reached(*capability)
)]
pub struct Denied {
    /// The package.
    pub package: PackageId,
    /// The functions that it calls.
    pub symbols: BTreeSet<String>,
    /// What they reach.
    pub capability: Capability,
    /// What the policy denies, in words.
    pub denied: String,
    /// The manifest with the policy.
    pub manifest: String,
}

/// Those of `uses` that `deny` denies. What reaches everything is denied with anything.
pub(super) fn denied<'a>(
    uses: &'a Uses,
    deny: &'a BTreeSet<Capability>,
) -> impl Iterator<Item = Capability> + 'a {
    let is_denied = |capability: &Capability| {
        deny.contains(capability) || (*capability == Capability::Anything && !deny.is_empty())
    };
    uses.keys().copied().filter(is_denied)
}

/// What the policy of `project` denies: that of its workspace, and its own.
pub(crate) fn denied_by(project: &Project) -> BTreeSet<Capability> {
    let of_workspace = &project.root_manifest().policy.deny;
    of_workspace | &project.manifest().policy.deny
}

/// Refuses packages that touch what the policy of `project` denies.
///
/// # Errors
/// [`Error::Denied`], of the first such package.
pub(crate) fn expect_allowed<'a>(
    project: &Project,
    documents: impl IntoIterator<Item = &'a PackageDocument>,
) -> Result<(), Error> {
    let deny = &denied_by(project);
    if deny.is_empty() {
        return Ok(());
    }
    for document in documents {
        let uses = uses(document);
        let Some(capability) = denied(&uses, deny).next() else {
            continue;
        };
        let words: Vec<_> = deny.iter().map(|denied| format!("`{denied}`")).collect();
        return Err(Error::Denied(Box::new(Denied {
            package: PackageId {
                name: document.name.clone(),
                version: document.version.clone(),
            },
            symbols: uses.get(&capability).cloned().unwrap_or_default(),
            capability,
            denied: words.join(", "),
            manifest: project.root_manifest().path.display().to_string(),
        })));
    }
    Ok(())
}

fn reached(capability: Capability) -> String {
    match capability {
        Capability::Anything => "everything".to_owned(),
        Capability::Host => "into the program that loads it (`host`)".to_owned(),
        Capability::Other => "what is not known (`other`)".to_owned(),
        other => format!("`{other}`"),
    }
}

impl Denied {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        format!(
            "`puck audit {}` shows all that it calls; take other packages, or change [policy] in {}",
            self.package.name, self.manifest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_everything_is_denied_with_anything() {
        use Capability::{Anything, Files, Memory, Network, Other};
        let uses: Uses = [Memory, Files, Anything, Other]
            .map(|capability| (capability, BTreeSet::from(["f".to_owned()])))
            .into();
        for (deny, expected) in [
            (vec![], vec![]),
            (vec![Network], vec![Anything]),
            (vec![Files, Network], vec![Files, Anything]),
            (vec![Other], vec![Anything, Other]),
        ] {
            let deny = BTreeSet::from_iter(deny);
            let found: Vec<_> = denied(&uses, &deny).collect();
            assert_eq!(found, expected, "{deny:?}");
        }
    }
}
