//! Why a request cannot be met: the sentences, the candidates, the way out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pubgrub::{DefaultStringReporter, DerivationTree, External, Reporter, VersionSet};
use puck_package::PackageName;

use crate::advice;
use crate::ask::Ask;
use crate::catalog::Catalog;
use crate::node::Node;
use crate::phrase::{capitalised, newest};
use crate::positions::Positions;
use crate::provider::Tree;
use crate::refusal::Refusal;
use crate::sentences::Sentences;
use crate::{Candidate, Error, Request};

/// The most versions of a package that are listed.
const MOST: usize = 8;

/// A request that cannot be met, explained.
///
/// Displays as a headline, the explanation in sentences, and the versions that there were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Who asked: the subject of the request.
    pub subject: String,
    /// Why it cannot be met, a sentence a line.
    pub explanation: String,
    /// The versions that there are of the packages in dispute, newest first, as a list in words.
    pub candidates: BTreeMap<PackageName, String>,
    /// What to do about it, a sentence each.
    pub hints: Vec<String>,
}

impl Conflict {
    /// The hints, one a line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        (!self.hints.is_empty()).then(|| self.hints.join("\n"))
    }

    pub(crate) fn explain(
        tree: &Tree,
        request: &Request,
        catalog: &Catalog<'_>,
    ) -> Result<Self, Error> {
        let sentences = Sentences { request, catalog };
        let report = DefaultStringReporter::report_with_formatter(tree, &sentences);
        let explanation = match tree {
            DerivationTree::External(_) => format!("{}.", capitalised(&report)),
            DerivationTree::Derived(_) => report,
        };

        let mut edges = Vec::new();
        edges_of(tree, &mut edges);
        let mut dead = Vec::new();
        let mut disputed = BTreeSet::new();
        for (node, set, on, on_set) in &edges {
            let Some(name) = on.name() else { continue };
            disputed.insert((**name).clone());
            if on_set.is_empty() {
                dead.extend(Ask::all(request, catalog, (node, set), (on, on_set))?);
            }
        }

        let mut candidates = BTreeMap::new();
        for (_, _, on, on_set) in &edges {
            let Some(name) = on.name() else { continue };
            let package = catalog.package(name)?;
            // Where every version would do, which there are explains nothing.
            let choices = match on {
                Node::Choice(..) => package.series.len(),
                Node::Root | Node::Series(..) => package.candidates.len(),
            };
            if package.candidates.is_empty() || (0u32..).take(choices).all(|i| on_set.contains(&i))
            {
                continue;
            }
            let versions: Vec<String> = package
                .candidates
                .iter()
                .rev()
                .map(|candidate| listed(request, name, candidate))
                .collect();
            candidates.insert((**name).clone(), newest(&versions, MOST));
        }
        let hints = advice::hints(request, catalog, &dead, &disputed)?;
        Ok(Self {
            subject: request.subject.clone(),
            explanation,
            candidates,
            hints,
        })
    }
}

/// "1.2.0 (yanked)": a version as it is listed.
fn listed(request: &Request, name: &PackageName, candidate: &Candidate) -> String {
    let refusal = Refusal::of(request, name, candidate).map(|refusal| refusal.remark());
    let yanked = candidate.yanked.then(|| Refusal::Yanked.remark());
    let remarks: Vec<String> = [refusal.or(yanked), candidate.note.clone()]
        .into_iter()
        .flatten()
        .filter(|remark| !remark.is_empty())
        .collect();
    if remarks.is_empty() {
        candidate.version.to_string()
    } else {
        format!("{} ({})", candidate.version, remarks.join(", "))
    }
}

type Edge<'a> = (&'a Node, &'a Positions, &'a Node, &'a Positions);

/// The dependencies that the proof rests on, none twice.
fn edges_of<'a>(tree: &'a Tree, edges: &mut Vec<Edge<'a>>) {
    match tree {
        DerivationTree::External(External::FromDependencyOf(node, set, on, on_set)) => {
            let edge = (node, set, on, on_set);
            if !edges.contains(&edge) {
                edges.push(edge);
            }
        }
        DerivationTree::External(_) => {}
        DerivationTree::Derived(derived) => {
            edges_of(&derived.cause1, edges);
            edges_of(&derived.cause2, edges);
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no choice of versions meets all requirements of {}\n\n",
            self.subject
        )?;
        f.write_str(&self.explanation)?;
        if !self.candidates.is_empty() {
            f.write_str("\n")?;
        }
        for (name, versions) in &self.candidates {
            write!(f, "\nVersions of {name}: {versions}")?;
        }
        Ok(())
    }
}
