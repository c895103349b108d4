//! The index along the dependency graph, fetched before it is needed one by one.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{IndexLine, PackageName};

use super::{Bindings, Registries};

/// More rounds than the deepest graph that is worth it.
const ROUNDS: usize = 64;

impl Registries<'_> {
    /// Fetches the index of what `bindings` name, of what the newest versions of that need, and so
    /// on: each time all at once, so that the resolver does not wait for every package in turn.
    ///
    /// Errors are of no interest here: what is missing is asked for again when it is needed.
    pub(crate) fn prefetch(&self, bindings: &Bindings) {
        let mut seen: BTreeSet<PackageName> = BTreeSet::new();
        let mut wanted: Vec<(PackageName, String)> = bindings.all();
        for _ in 0..ROUNDS {
            let mut by_registry: BTreeMap<String, Vec<PackageName>> = BTreeMap::new();
            for (name, registry) in wanted.drain(..) {
                if seen.insert(name.clone()) {
                    by_registry.entry(registry).or_default().push(name);
                }
            }
            if by_registry.is_empty() {
                return;
            }
            for (registry, names) in by_registry {
                let Ok(Some(handle)) = self.get(&registry) else {
                    continue;
                };
                if !handle.is_remote() {
                    continue;
                }
                handle.prefetch(&names);
                for name in &names {
                    let Some(line) = handle.versions(name).ok().and_then(newest) else {
                        continue;
                    };
                    wanted.extend(line.dependencies.into_iter().map(|dependency| {
                        let from = dependency.registry.unwrap_or_else(|| registry.clone());
                        (dependency.name, from)
                    }));
                }
            }
        }
    }
}

fn newest(lines: Vec<IndexLine>) -> Option<IndexLine> {
    lines
        .into_iter()
        .filter(|line| !line.yanked)
        .max_by(|a, b| a.version.cmp(&b.version))
}
