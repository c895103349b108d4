//! The graph of packages: layers, in which each package depends on some of the layers below.
//!
//! 200 packages in 10 layers of 20. Those of the lowest layer depend on nothing; every other one
//! depends on one package of the layer just below it, so that all layers count, and on packages
//! anywhere below: three in all, and the first 46 four. That makes 586 edges. Which ones is chosen by a
//! fixed sequence of pseudo-random numbers: the graph is the same in every run and on every machine.

use std::collections::BTreeSet;

use crate::random::random;

/// How many packages there are.
pub(super) const PACKAGES: usize = 200;
/// How many dependencies they have, all together.
pub(super) const EDGES: usize = 586;

const LAYER: usize = 20;
/// How many packages above the lowest layer have a fourth dependency.
const WITH_FOUR: usize = EDGES - 3 * (PACKAGES - LAYER);

/// The packages, by number, each with the numbers of those it depends on.
pub(super) struct Graph {
    /// Sorted, and all smaller than the package's own number.
    pub(super) dependencies: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph; there is only this one.
    pub(super) fn new() -> Self {
        let mut state = 1;
        let dependencies = (0..PACKAGES)
            .map(|package| {
                let below = package / LAYER * LAYER;
                let count = match package.checked_sub(LAYER) {
                    None => 0,
                    Some(place) if place < WITH_FOUR => 4,
                    Some(_) => 3,
                };
                let mut chosen = BTreeSet::new();
                while chosen.len() < count {
                    let from = if chosen.is_empty() { below - LAYER } else { 0 };
                    chosen.insert(from + random(&mut state) % (below - from));
                }
                chosen.into_iter().collect()
            })
            .collect();
        Self { dependencies }
    }

    /// The packages that no other one depends on: what a project has to name to get all of them.
    pub(super) fn roots(&self) -> Vec<usize> {
        let needed: BTreeSet<usize> = self.dependencies.iter().flatten().copied().collect();
        (0..PACKAGES)
            .filter(|number| !needed.contains(number))
            .collect()
    }
}

/// The name of a package, for all three tools.
pub(super) fn name(number: usize) -> String {
    format!("p{number:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_depth() {
        let graph = Graph::new();
        assert_eq!(graph.dependencies.len(), PACKAGES);
        assert_eq!(
            graph.dependencies.iter().map(Vec::len).sum::<usize>(),
            EDGES
        );
        let mut depth = vec![0; PACKAGES];
        for (package, dependencies) in graph.dependencies.iter().enumerate() {
            for &dependency in dependencies {
                assert!(dependency < package);
                depth[package] = depth[package].max(depth[dependency] + 1);
            }
        }
        assert_eq!(depth.iter().max(), Some(&(PACKAGES / LAYER - 1)));
    }

    #[test]
    fn the_roots_reach_everything() {
        let graph = Graph::new();
        let mut open = graph.roots();
        let mut reached = BTreeSet::new();
        while let Some(package) = open.pop() {
            if reached.insert(package) {
                open.extend(&graph.dependencies[package]);
            }
        }
        assert_eq!(reached.len(), PACKAGES);
    }
}
