//! The definitions of all packages, which refer to which, and what of it is needed.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::LinkName;

use super::prepare::Prepared;
use super::summary::{Definition, Use};
use crate::error::Error;

/// Definitions by number: by package, then in the module's order.
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

/// A definition in its place.
pub(super) struct Node<'a> {
    /// The number of its package.
    pub(super) package: usize,
    pub(super) definition: &'a Definition,
    pub(super) references: Vec<usize>,
    pub(super) ties: Vec<usize>,
    /// Link names that it refers to and no package has.
    missing: Vec<&'a str>,
    /// Whether it is one of the program's exports.
    pub(super) exported: bool,
    /// Whether its package must stay whole.
    pub(super) whole: bool,
    /// Whether the program needs it.
    pub(super) live: bool,
}

impl Node<'_> {
    /// What another object may do with it.
    pub(super) fn use_of(&self) -> Use {
        match self.definition.use_of {
            Use::List => Use::List,
            _ if self.whole => Use::Refer,
            other => other,
        }
    }

    /// Whether it is a list of constructors or destructors.
    pub(super) fn is_order(&self) -> bool {
        ["llvm.global_ctors", "llvm.global_dtors"].contains(&self.name())
    }

    pub(super) fn name(&self) -> &str {
        &self.definition.name
    }
}

impl<'a> Graph<'a> {
    /// Joins the packages, and finds what `exports` and lists of constructors need.
    ///
    /// # Errors
    /// If an export, or a function that something calls, is in no package.
    pub(super) fn new(
        packages: &'a [Prepared<'_>],
        exports: &BTreeSet<LinkName>,
    ) -> Result<Self, Error> {
        let mut global: BTreeMap<&str, usize> = BTreeMap::new();
        let mut local: Vec<BTreeMap<&str, usize>> = Vec::new();
        let mut count = 0;
        for package in packages {
            let mut names = BTreeMap::new();
            for definition in &package.summary.definitions {
                names.insert(definition.name.as_str(), count);
                if !definition.local && definition.use_of != Use::List {
                    global.entry(&definition.name).or_insert(count);
                }
                count += 1;
            }
            local.push(names);
        }
        let mut nodes = Vec::with_capacity(count);
        for (number, (package, own)) in packages.iter().zip(&local).enumerate() {
            for definition in &package.summary.definitions {
                let find =
                    |name: &String| own.get(name.as_str()).or_else(|| global.get(name.as_str()));
                let references = definition.references.iter();
                nodes.push(Node {
                    package: number,
                    definition,
                    references: references.clone().filter_map(find).copied().collect(),
                    ties: definition.ties.iter().filter_map(find).copied().collect(),
                    missing: references
                        .filter(|name| find(name).is_none() && name.parse::<LinkName>().is_ok())
                        .map(String::as_str)
                        .collect(),
                    exported: false,
                    whole: package.summary.whole,
                    live: false,
                });
            }
        }
        let mut graph = Self { nodes };
        for link_name in exports {
            let Some(&node) = global.get(link_name.to_string().as_str()) else {
                let link_name = link_name.clone();
                return Err(Error::NoExport { link_name });
            };
            graph.nodes[node].exported = true;
        }
        graph.mark_live();
        graph.check(packages)?;
        Ok(graph)
    }

    /// Whether objects that stay apart have constructors or destructors.
    pub(super) fn constructors_are_apart(&self) -> bool {
        let lists = || {
            self.nodes
                .iter()
                .filter(|node| node.live && node.is_order())
        };
        let packages: BTreeSet<usize> = lists().map(|node| node.package).collect();
        packages.len() > 1 && lists().any(|node| node.whole)
    }

    fn mark_live(&mut self) {
        let is_root = |node: &Node<'_>| node.exported || node.use_of() == Use::List;
        let mut next: Vec<usize> = (0..self.nodes.len())
            .filter(|&node| is_root(&self.nodes[node]))
            .collect();
        let mut whole = BTreeSet::new();
        while let Some(number) = next.pop() {
            let node = &mut self.nodes[number];
            if std::mem::replace(&mut node.live, true) {
                continue;
            }
            next.extend(node.references.iter().chain(&node.ties));
            let package = node.package;
            // Assembly may need any of it.
            if node.whole && whole.insert(package) {
                next.extend((0..self.nodes.len()).filter(|&n| self.nodes[n].package == package));
            }
        }
    }

    fn check(&self, packages: &[Prepared<'_>]) -> Result<(), Error> {
        for node in self.nodes.iter().filter(|node| node.live) {
            let Some(missing) = node.missing.first() else {
                continue;
            };
            if let Ok(link_name) = missing.parse() {
                let error = Error::NoCallee { link_name };
                return Err(error.of(packages[node.package].package.document));
            }
        }
        Ok(())
    }

    /// What a node refers to, looking through constants that are copied: those constants, and the
    /// rest.
    pub(super) fn reached(&self, node: usize) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut copies, mut rest) = (BTreeSet::new(), BTreeSet::new());
        let mut next = self.nodes[node].references.clone();
        while let Some(number) = next.pop() {
            if self.nodes[number].use_of() != Use::Copy {
                rest.insert(number);
            } else if copies.insert(number) {
                next.extend(&self.nodes[number].references);
            }
        }
        rest.remove(&node);
        (copies, rest)
    }
}
