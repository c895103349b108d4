//! How the functions of a graph are divided into packages, or into libraries linked by hand.

use std::collections::BTreeSet;

use super::graph::{Graph, LAYER};

/// One for all, one for each layer, or one for each function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Division {
    One,
    Layer,
    Function,
}

/// A package, or a library.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) functions: Vec<usize>,
    /// The names of the parts that its functions call.
    pub(super) needs: BTreeSet<String>,
}

impl Division {
    pub(super) const ALL: [Division; 3] = [Division::One, Division::Layer, Division::Function];

    /// As it stands in tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Division::One => "one package",
            Division::Layer => "a package a layer",
            Division::Function => "a package a function",
        }
    }

    /// The name of the part that a function is in.
    pub(super) fn part_of(self, function: usize) -> String {
        match self {
            Division::One => "graph".to_owned(),
            Division::Layer => format!("layer{:02}", function / LAYER),
            Division::Function => format!("part{function:04}"),
        }
    }

    /// All parts, callees before callers.
    pub(super) fn parts(self, graph: &Graph) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        for (function, callees) in graph.callees.iter().enumerate() {
            let name = self.part_of(function);
            if parts.last().is_none_or(|part| part.name != name) {
                parts.push(Part {
                    name: name.clone(),
                    functions: Vec::new(),
                    needs: BTreeSet::new(),
                });
            }
            if let Some(part) = parts.last_mut() {
                part.functions.push(function);
                let needs = callees.iter().map(|&callee| self.part_of(callee));
                part.needs.extend(needs.filter(|needed| *needed != name));
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_in_one_part_and_needs_stand_before() {
        let graph = Graph::new(60);
        for (division, count) in Division::ALL.into_iter().zip([1, 6, 60]) {
            let parts = division.parts(&graph);
            assert_eq!(parts.len(), count);
            let all: Vec<usize> = parts
                .iter()
                .flat_map(|part| part.functions.clone())
                .collect();
            assert_eq!(all, (0..60).collect::<Vec<_>>());
            for (place, part) in parts.iter().enumerate() {
                for needed in &part.needs {
                    let stands = parts[..place].iter().any(|before| before.name == *needed);
                    assert!(stands, "{} needs {needed}", part.name);
                }
            }
        }
    }
}
