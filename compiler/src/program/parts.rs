//! Which definitions are compiled together.
//!
//! A program up to [`SMALL`] is one part. A larger one is cut into parts, so that they are compiled
//! in parallel, and so that a change of one function leaves most parts as they were. Where it is cut
//! depends on names, and on sizes only roughly: a function that grows moves no boundary but its own.

use std::collections::BTreeMap;

use puck_package::Digest;

use super::graph::Graph;
use super::summary::Use;

/// Up to this many instructions a program is optimised as one.
const SMALL: usize = 10_000;
/// A part of a larger program has about this many instructions.
const PART: usize = 4_000;

/// Definitions that are compiled together, by number.
pub(super) struct Part {
    pub(super) nodes: Vec<usize>,
    /// Whether it is a package with assembly, which nothing may be added to.
    pub(super) whole: bool,
}

/// Cuts a program; `small` in place of [`SMALL`].
pub(super) fn parts(graph: &Graph<'_>, limits: Limits) -> Vec<Part> {
    let groups = Groups::new(graph, limits);
    let mut parts = Vec::new();
    let mut split = Vec::new();
    let mut total = 0;
    for group in groups.in_order(graph) {
        if graph.nodes[group[0]].whole {
            parts.push(Part {
                nodes: group,
                whole: true,
            });
        } else {
            total += size(graph, &group);
            split.push(group);
        }
    }
    let mut part = Vec::new();
    let mut filled = 0;
    for group in split {
        let own = size(graph, &group);
        if total > limits.small && !part.is_empty() && filled + own > 2 * limits.part {
            parts.push(Part {
                nodes: std::mem::take(&mut part),
                whole: false,
            });
            filled = 0;
        }
        let ends = ends_here(graph, &group, own, limits);
        part.extend(group);
        filled += own;
        if total > limits.small && filled >= limits.part / 2 && ends {
            parts.push(Part {
                nodes: std::mem::take(&mut part),
                whole: false,
            });
            filled = 0;
        }
    }
    if !part.is_empty() {
        parts.push(Part {
            nodes: part,
            whole: false,
        });
    }
    for part in &mut parts {
        part.nodes.sort_unstable();
    }
    parts
}

/// When a program is cut, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Up to this many instructions it is not.
    pub(super) small: usize,
    /// About how many a part has.
    pub(super) part: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            small: SMALL,
            part: PART,
        }
    }
}

/// Whether a part that is long enough may end with this group: by chance, which the name decides.
fn ends_here(graph: &Graph<'_>, group: &[usize], size: usize, limits: Limits) -> bool {
    let node = &graph.nodes[group[0]];
    let digest = Digest::of(node.name().as_bytes());
    let chance = digest.bytes()[..4]
        .iter()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    // In powers of two, so that little changes of the size change nothing.
    let size = size.next_power_of_two() as u64;
    chance * (limits.part as u64 / 2).max(1) < size << 32
}

fn size(graph: &Graph<'_>, group: &[usize]) -> usize {
    group
        .iter()
        .map(|&node| graph.nodes[node].definition.size + 1)
        .sum()
}

/// Definitions that must not, or should not, be compiled apart.
struct Groups {
    /// The group of each node, by the number of one of its nodes; lists of sets that are joined.
    parent: Vec<usize>,
}

impl Groups {
    fn new(graph: &Graph<'_>, limits: Limits) -> Self {
        let mut groups = Self {
            parent: (0..graph.nodes.len()).collect(),
        };
        let mut constructors = None;
        let mut whole: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, node) in live(graph) {
            for &tie in &node.ties {
                groups.join(number, tie);
            }
            if node.whole {
                groups.join(number, *whole.entry(node.package).or_insert(number));
            } else if node.is_order() {
                // In one object, their order is that of the packages.
                groups.join(number, *constructors.get_or_insert(number));
            }
        }
        groups.join_only_callers(graph, limits);
        groups
    }

    /// A function that one other uses is inlined there, however large it is.
    fn join_only_callers(&mut self, graph: &Graph<'_>, limits: Limits) {
        let mut users: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for (number, node) in live(graph) {
            *sizes.entry(self.find(number)).or_default() += node.definition.size;
            for &callee in &node.references {
                users
                    .entry(callee)
                    .and_modify(|user| *user = None)
                    .or_insert(Some(number));
            }
        }
        for (callee, user) in users {
            let Some(user) = user else { continue };
            let (node, caller) = (&graph.nodes[callee], &graph.nodes[user]);
            let is_inlined = node.use_of() == Use::Inline
                && !node.exported
                && !caller.whole
                && matches!(
                    caller.use_of(),
                    Use::Inline | Use::AlwaysInline | Use::Refer
                );
            let (one, other) = (self.find(callee), self.find(user));
            let both = sizes.get(&one).unwrap_or(&0) + sizes.get(&other).unwrap_or(&0);
            if is_inlined && one != other && both <= limits.part {
                self.join(callee, user);
                sizes.insert(self.find(user), both);
            }
        }
    }

    fn find(&mut self, mut node: usize) -> usize {
        while self.parent[node] != node {
            self.parent[node] = self.parent[self.parent[node]];
            node = self.parent[node];
        }
        node
    }

    /// The lower number stands for both.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.parent[one.max(other)] = one.min(other);
    }

    /// The groups' nodes, callers before callees and near them: depth first from the exports.
    fn in_order(mut self, graph: &Graph<'_>) -> Vec<Vec<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, node) in live(graph) {
            if node.use_of() != Use::Copy {
                members.entry(self.find(number)).or_default().push(number);
            }
        }
        let exported = live(graph).filter(|(_, node)| node.exported);
        let mut roots: Vec<(&str, usize)> = exported
            .map(|(number, node)| (node.name(), number))
            .collect();
        roots.sort_unstable();
        let mut order = Vec::new();
        let rest = live(graph).map(|(number, _)| number);
        for root in roots.into_iter().map(|(_, number)| number).chain(rest) {
            let mut next = vec![root];
            while let Some(number) = next.pop() {
                let Some(group) = members.remove(&self.find(number)) else {
                    continue;
                };
                let reached = group.iter().flat_map(|&node| graph.reached(node).1);
                let mut reached: Vec<usize> = reached.collect();
                reached.sort_unstable();
                next.extend(reached.into_iter().rev());
                order.push(group);
            }
        }
        order
    }
}

fn live<'g>(graph: &'g Graph<'_>) -> impl Iterator<Item = (usize, &'g super::graph::Node<'g>)> {
    graph.nodes.iter().enumerate().filter(|(_, node)| node.live)
}
