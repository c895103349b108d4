//! What each definition is in each part: its own, a copy to inline, or elsewhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::graph::Graph;
use super::parts::Part;
use super::summary::Use;

/// A part takes along copies of callees up to this many instructions. Callees of those may have less:
/// the deeper they are, the less often the whole chain can be inlined. (LLVM's ThinLTO has the same
/// figures.)
const INLINED: usize = 100;
const DEEPER: (usize, usize) = (7, 10);
/// Copies have at most this many times the instructions of the part's own functions.
const COPIES: usize = 3;
/// Small parts may have this many instructions of copies in any case.
const FEW: usize = 2_000;

/// What a definition is in a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Compiled here, visible to everybody.
    Export,
    /// Compiled here, visible to the program's other parts.
    Shared,
    /// Compiled here, for this part alone.
    Own,
    /// Compiled elsewhere, visible as said; the body is here to be inlined.
    Inlined(Seen),
    /// Compiled elsewhere, visible as said.
    Elsewhere(Seen),
}

/// Who sees what another part compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    ByAll,
    ByProgram,
}

/// Roles by package, then by name; what is not listed is not there.
pub(super) type Roles<'a> = BTreeMap<usize, BTreeMap<&'a str, Role>>;

/// The roles in each part.
pub(super) fn roles<'g>(graph: &'g Graph<'_>, parts: &[Part]) -> Vec<Roles<'g>> {
    let mut home: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, part) in parts.iter().enumerate() {
        home.extend(part.nodes.iter().map(|&node| (node, number)));
    }
    let chosen: Vec<Chosen> = parts.iter().map(|part| Chosen::new(graph, part)).collect();
    let mut shared = BTreeSet::new();
    for chosen in &chosen {
        shared.extend(chosen.inlined.iter().chain(&chosen.elsewhere).copied());
    }
    parts
        .iter()
        .zip(chosen)
        .map(|(part, chosen)| {
            let mut roles = Roles::new();
            let mut set = |node: usize, role| {
                let node = &graph.nodes[node];
                let names = roles.entry(node.package).or_default();
                names.insert(node.name(), role);
            };
            for &node in &part.nodes {
                let role = match graph.nodes[node].exported {
                    true => Role::Export,
                    false if shared.contains(&node) => Role::Shared,
                    false => Role::Own,
                };
                set(node, role);
            }
            for node in chosen.copied {
                set(node, Role::Own);
            }
            let seen = |node: usize| match graph.nodes[node].exported {
                true => Seen::ByAll,
                false => Seen::ByProgram,
            };
            for node in chosen.inlined {
                set(node, Role::Inlined(seen(node)));
            }
            for node in chosen.elsewhere {
                set(node, Role::Elsewhere(seen(node)));
            }
            roles
        })
        .collect()
}

/// What a part has of others.
#[derive(Default)]
struct Chosen {
    copied: BTreeSet<usize>,
    inlined: BTreeSet<usize>,
    elsewhere: BTreeSet<usize>,
}

impl Chosen {
    fn new(graph: &Graph<'_>, part: &Part) -> Self {
        let own: BTreeSet<usize> = part.nodes.iter().copied().collect();
        let mut chosen = Self::default();
        let own_size: usize = own
            .iter()
            .map(|&node| graph.nodes[node].definition.size)
            .sum();
        let mut left = (own_size * COPIES).max(FEW);
        // Breadth first: what is called from nearer is looked at with the larger limit.
        let mut next: VecDeque<(usize, usize)> = own.iter().map(|&node| (node, INLINED)).collect();
        while let Some((number, limit)) = next.pop_front() {
            let (copies, rest) = graph.reached(number);
            chosen.copied.extend(copies);
            for callee in rest {
                if own.contains(&callee) || chosen.inlined.contains(&callee) {
                    continue;
                }
                let size = graph.nodes[callee].definition.size;
                let fits = match graph.nodes[callee].use_of() {
                    Use::Inline => size <= limit.min(left),
                    Use::AlwaysInline => true,
                    Use::Refer | Use::Copy | Use::List => false,
                };
                if fits && !part.whole {
                    left = left.saturating_sub(size);
                    chosen.elsewhere.remove(&callee);
                    chosen.inlined.insert(callee);
                    next.push_back((callee, limit * DEEPER.0 / DEEPER.1));
                } else {
                    chosen.elsewhere.insert(callee);
                }
            }
        }
        chosen
    }
}
