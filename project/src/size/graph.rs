//! A call graph, and what each of its functions reaches.
//!
//! Functions that call each other in a circle reach the same, so the graph is first condensed to its
//! strongly connected components (Tarjan's algorithm, which finds callees before callers). The
//! components that a component reaches are then a set of bits: the union of its callees' sets. The
//! sets of a large graph would not fit into memory, so they are made for [`BLOCK`] components at a
//! time: the time is that of all unions, `edges × components / 64` words, the memory is
//! `components × BLOCK / 8` bytes.

/// How many components' bits are computed at a time.
const BLOCK: usize = 4096;
const WORD: usize = 64;

/// What a node reaches, itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// The sum of the weights.
    pub(super) weight: u64,
    /// How many nodes of a weight there are.
    pub(super) count: usize,
}

/// A directed graph of weighted nodes.
#[derive(Debug)]
pub(super) struct Graph {
    weights: Vec<u64>,
    /// Where the edges of each node begin; one more than there are nodes.
    starts: Vec<usize>,
    edges: Vec<usize>,
}

impl Graph {
    /// A graph of nodes with these weights, each with the nodes that it leads to. Edges to nodes that
    /// do not exist are left out.
    pub(super) fn new<'a>(weights: Vec<u64>, callees: impl Iterator<Item = &'a [usize]>) -> Self {
        let count = weights.len();
        let mut starts = Vec::with_capacity(count + 1);
        let mut edges = Vec::new();
        for callees in callees.take(count) {
            starts.push(edges.len());
            edges.extend(callees.iter().copied().filter(|callee| *callee < count));
        }
        starts.resize(count + 1, edges.len());
        Self {
            weights,
            starts,
            edges,
        }
    }

    fn callees(&self, node: usize) -> &[usize] {
        &self.edges[self.starts[node]..self.starts[node + 1]]
    }

    /// The component of each node, and how many there are. A component's number is above those of
    /// all that it leads to.
    pub(super) fn components(&self) -> (Vec<usize>, usize) {
        const NONE: usize = usize::MAX;
        let count = self.weights.len();
        let mut component = vec![NONE; count];
        let mut order = vec![NONE; count];
        let mut lowest = vec![NONE; count];
        let (mut found, mut components) = (0, 0);
        // Nodes that were found and have no component yet.
        let mut open = Vec::new();
        // The path to the node that is looked at: each node with how many of its edges were.
        let mut path: Vec<(usize, usize)> = Vec::new();
        for root in 0..count {
            if order[root] != NONE {
                continue;
            }
            path.push((root, 0));
            while let Some((node, edge)) = path.last_mut() {
                let node = *node;
                if *edge == 0 {
                    order[node] = found;
                    lowest[node] = found;
                    found += 1;
                    open.push(node);
                }
                let next = self.callees(node).get(*edge).copied();
                *edge += 1;
                match next {
                    Some(callee) if order[callee] == NONE => path.push((callee, 0)),
                    Some(callee) if component[callee] == NONE => {
                        lowest[node] = lowest[node].min(order[callee]);
                    }
                    Some(_) => {}
                    None => {
                        if lowest[node] == order[node] {
                            while let Some(member) = open.pop() {
                                component[member] = components;
                                if member == node {
                                    break;
                                }
                            }
                            components += 1;
                        }
                        path.pop();
                        if let Some((caller, _)) = path.last() {
                            lowest[*caller] = lowest[*caller].min(lowest[node]);
                        }
                    }
                }
            }
        }
        (component, components)
    }

    /// What each node reaches.
    pub(super) fn reach(&self) -> Vec<Reach> {
        let (component, components) = self.components();
        let mut own = vec![Reach::default(); components];
        let mut callees = vec![Vec::new(); components];
        for (node, component_of) in component.iter().enumerate() {
            let weight = self.weights[node];
            own[*component_of].weight += weight;
            own[*component_of].count += usize::from(weight > 0);
            let led = self.callees(node).iter().map(|callee| component[*callee]);
            callees[*component_of].extend(led.filter(|callee| callee != component_of));
        }
        for callees in &mut callees {
            callees.sort_unstable();
            callees.dedup();
        }
        // Only what has a weight needs a bit.
        let weighty: Vec<usize> = (0..components).filter(|c| own[*c].count > 0).collect();
        let mut total = vec![Reach::default(); components];
        for block in weighty.chunks(BLOCK) {
            add_block(block, &own, &callees, &mut total);
        }
        component.into_iter().map(|c| total[c]).collect()
    }
}

/// Adds to `total` what each component reaches of the components in `block`, which are sorted.
fn add_block(block: &[usize], own: &[Reach], callees: &[Vec<usize>], total: &mut [Reach]) {
    let words = block.len().div_ceil(WORD);
    // What comes before the block's first component cannot reach any of it.
    let first = block.first().copied().unwrap_or(0);
    let mut sets = vec![0u64; (callees.len() - first) * words];
    let mut members = block.iter().copied().enumerate().peekable();
    for component in first..callees.len() {
        let (before, rest) = sets.split_at_mut((component - first) * words);
        let set = &mut rest[..words];
        if let Some((bit, _)) = members.next_if(|(_, member)| *member == component) {
            set[bit / WORD] |= 1 << (bit % WORD);
        }
        for callee in callees[component].iter().filter(|callee| **callee >= first) {
            let start = (callee - first) * words;
            for (word, added) in set.iter_mut().zip(&before[start..start + words]) {
                *word |= added;
            }
        }
        for (position, word) in set.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let member = block[position * WORD + left.trailing_zeros() as usize];
                total[component].weight += own[member].weight;
                total[component].count += own[member].count;
                left &= left - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn graph(weights: &[u64], edges: &[(usize, usize)]) -> Graph {
        let mut callees = vec![Vec::new(); weights.len()];
        for (from, to) in edges {
            callees[*from].push(*to);
        }
        Graph::new(weights.to_vec(), callees.iter().map(Vec::as_slice))
    }

    fn weights(graph: &Graph) -> Vec<u64> {
        graph.reach().iter().map(|reach| reach.weight).collect()
    }

    #[test]
    fn what_is_reached_twice_counts_once() {
        let diamond = graph(&[1, 10, 100, 1000], &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        assert_eq!(weights(&diamond), [1111, 1010, 1100, 1000]);
        assert_eq!(diamond.reach()[0].count, 4);
    }

    #[test]
    fn circles() {
        let graph = graph(
            &[1, 10, 100, 1000],
            &[(0, 1), (1, 2), (2, 1), (2, 3), (3, 3)],
        );
        assert_eq!(weights(&graph), [1111, 1110, 1110, 1000]);
        let (component, count) = graph.components();
        assert_eq!(count, 3);
        assert_eq!(component[1], component[2]);
        assert!(component[0] > component[1] && component[1] > component[3]);
    }

    #[test]
    fn nodes_without_weight_pass_on_what_they_reach() {
        let graph = graph(&[1, 0, 100], &[(0, 1), (1, 2), (2, 7)]);
        assert_eq!(weights(&graph), [101, 100, 100]);
        assert_eq!(graph.reach()[0].count, 2);
        assert!(
            Graph::new(Vec::new(), std::iter::empty())
                .reach()
                .is_empty()
        );
    }

    #[test]
    fn a_long_chain_needs_several_blocks_and_no_deep_stack() {
        let count = 3 * BLOCK + 7;
        let edges: Vec<_> = (1..count).map(|i| (i, i - 1)).collect();
        let graph = graph(&vec![1; count], &edges);
        let expected: Vec<u64> = (1..=count as u64).collect();
        assert_eq!(weights(&graph), expected);
    }

    proptest! {
        #[test]
        fn as_by_looking_at_every_path(
            weights in prop::collection::vec(0u64..5, 1..40),
            edges in prop::collection::vec((0usize..40, 0usize..40), 0..120),
        ) {
            let count = weights.len();
            let edges: Vec<_> = edges.into_iter().map(|(a, b)| (a % count, b % count)).collect();
            let reach = graph(&weights, &edges).reach();
            for (node, reach) in reach.iter().enumerate() {
                let mut seen = BTreeSet::from([node]);
                let mut todo = vec![node];
                while let Some(node) = todo.pop() {
                    for (_, to) in edges.iter().filter(|(from, _)| *from == node) {
                        if seen.insert(*to) {
                            todo.push(*to);
                        }
                    }
                }
                prop_assert_eq!(reach.weight, seen.iter().map(|n| weights[*n]).sum::<u64>());
                prop_assert_eq!(reach.count, seen.iter().filter(|n| weights[**n] > 0).count());
            }
        }
    }
}
