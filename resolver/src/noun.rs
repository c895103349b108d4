//! What a set of versions is called in a sentence.

use pubgrub::VersionSet;

use crate::node::Node;
use crate::phrase::{Noun, list};
use crate::positions::Positions;
use crate::sentences::Sentences;

/// The most versions that a noun lists.
const MOST: usize = 4;

impl Sentences<'_, '_> {
    /// The versions of `node` in `set`.
    pub(crate) fn noun(&self, node: &Node, set: &Positions, conjunction: &str) -> Noun {
        let Some(package) = self.package(node) else {
            return Noun::one(self.request.subject.clone());
        };
        let name = &package.name;
        match node {
            Node::Root => Noun::one(self.request.subject.clone()),
            Node::Choice(_, requirement) => {
                let series = (0u32..)
                    .zip(&package.series)
                    .filter(|(i, _)| set.contains(i));
                let series = list(series.map(|(_, series)| series), conjunction);
                Noun::one(format!("`{name} {requirement}` in series {series}"))
            }
            Node::Series(_, series) => {
                let all: Vec<u32> = package
                    .positions()
                    .filter(|(_, candidate)| {
                        series.contains(&candidate.version)
                            && package.allowed(self.request, candidate)
                    })
                    .map(|(position, _)| position)
                    .collect();
                let within: Vec<u32> = all.iter().copied().filter(|i| set.contains(i)).collect();
                let version = |position: u32| &package.candidate(position).version;
                match within[..] {
                    [] => Noun::one(format!("no version of {name}")),
                    [one] => Noun::one(format!("{name} {}", version(one))),
                    _ if within == all && package.series.len() == 1 => {
                        Noun::one(format!("every version of {name}"))
                    }
                    _ if within == all => {
                        Noun::one(format!("every version of {name} in series {series}"))
                    }
                    [first, ..] if within.len() > MOST && all.ends_with(&within) => Noun {
                        text: format!("{name} {} and newer", version(first)),
                        plural: true,
                    },
                    [.., last] if within.len() > MOST && all.starts_with(&within) => Noun {
                        text: format!("{name} {} and older", version(last)),
                        plural: true,
                    },
                    [first, .., last] if within.len() > MOST => Noun {
                        text: format!(
                            "{} versions of {name} from {} to {}",
                            within.len(),
                            version(first),
                            version(last)
                        ),
                        plural: true,
                    },
                    _ => Noun {
                        text: format!(
                            "{name} {}",
                            list(within.iter().map(|i| version(*i)), conjunction)
                        ),
                        plural: true,
                    },
                }
            }
        }
    }
}
