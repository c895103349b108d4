//! The call graph: layers of ten functions, each of which calls three of the layer below.
//!
//! Which ones is chosen by a fixed sequence of pseudo-random numbers, so that a graph is the same in
//! every run. A smaller graph is the lower part of a larger one.

use std::collections::BTreeSet;

use crate::random::random;

/// Functions in a layer.
pub(super) const LAYER: usize = 10;
/// Callees of each function above the lowest layer.
const CALLEES: usize = 3;

/// Functions by number, each with those that it calls.
pub(super) struct Graph {
    /// Sorted, and all of the layer below.
    pub(super) callees: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph with that many functions.
    pub(super) fn new(functions: usize) -> Graph {
        let mut state = 7;
        let callees = (0..functions)
            .map(|function| {
                let layer = function / LAYER;
                let mut chosen = BTreeSet::new();
                while layer > 0 && chosen.len() < CALLEES {
                    chosen.insert((layer - 1) * LAYER + random(&mut state) % LAYER);
                }
                chosen.into_iter().collect()
            })
            .collect();
        Graph { callees }
    }

    pub(super) fn functions(&self) -> usize {
        self.callees.len()
    }

    /// The functions of the highest layer, which nothing calls.
    pub(super) fn tops(&self) -> std::ops::Range<usize> {
        let last = self.functions() - 1;
        last / LAYER * LAYER..self.functions()
    }

    /// A function, and all that it calls, directly or not.
    pub(super) fn closure(&self, function: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open = vec![function];
        while let Some(function) = open.pop() {
            if reached.insert(function) {
                open.extend(&self.callees[function]);
            }
        }
        reached
    }

    /// A function of the lowest layer that the last one of the highest needs.
    pub(super) fn leaf(&self) -> usize {
        let closure = self.closure(self.functions() - 1);
        closure.first().copied().unwrap_or(0)
    }
}

/// The name of a function.
pub(super) fn name(function: usize) -> String {
    format!("f{function:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_above_the_lowest_layer_calls_three_of_the_layer_below() {
        let graph = Graph::new(120);
        assert_eq!(graph.functions(), 120);
        for (function, callees) in graph.callees.iter().enumerate() {
            assert_eq!(callees.len(), if function < LAYER { 0 } else { 3 });
            for callee in callees {
                assert_eq!(callee / LAYER + 1, function / LAYER);
            }
            assert!(callees.is_sorted());
        }
    }

    #[test]
    fn graphs_are_the_same_every_time_and_parts_of_each_other() {
        assert_eq!(Graph::new(1000).callees, Graph::new(1000).callees);
        assert_eq!(Graph::new(1000).callees[..60], Graph::new(60).callees);
    }

    #[test]
    fn the_leaf_is_needed_by_the_top() {
        for functions in [1, 10, 60, 1000] {
            let graph = Graph::new(functions);
            let last = graph.functions() - 1;
            assert!(graph.closure(last).contains(&graph.leaf()));
            assert!(graph.leaf() < LAYER && graph.tops().contains(&last));
        }
        assert_eq!(Graph::new(60).tops(), 50..60);
        assert_eq!(Graph::new(65).tops(), 60..65);
    }
}
