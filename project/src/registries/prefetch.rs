//! The index along the dependency graph, fetched before it is needed one by one.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{IndexLine, PackageName};

use super::Registries;
use crate::Error;

/// More rounds than the deepest graph that is worth it.
const ROUNDS: usize = 64;

impl Registries<'_> {
    /// Fetches the index of `wanted`, each name with its registry, then of what the newest versions of
    /// that need, and so on: each time all at once, so that the resolver does not wait for every
    /// package in turn.
    ///
    /// # Errors
    /// If what is wanted cannot be had. What goes wrong further on ends this, and is found again if it
    /// is needed.
    pub(crate) fn prefetch(&self, wanted: Vec<(PackageName, String)>) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        let mut wanted = self.fetch(wanted, &mut seen)?;
        for _ in 0..ROUNDS {
            match self.fetch(wanted, &mut seen) {
                Ok(next) if !next.is_empty() => wanted = next,
                _ => break,
            }
        }
        Ok(())
    }

    /// Fetches the index of `wanted`, but for what was `seen`; what the newest versions of that need.
    fn fetch(
        &self,
        wanted: Vec<(PackageName, String)>,
        seen: &mut BTreeSet<PackageName>,
    ) -> Result<Vec<(PackageName, String)>, Error> {
        let mut by_registry: BTreeMap<String, Vec<PackageName>> = BTreeMap::new();
        for (name, registry) in wanted {
            if self.is_remote(&registry) && seen.insert(name.clone()) {
                by_registry.entry(registry).or_default().push(name);
            }
        }
        let mut next = Vec::new();
        for (registry, names) in by_registry {
            let Some(handle) = self.get(&registry)? else {
                continue;
            };
            match handle.prefetch(&names) {
                // What is remembered is all there is.
                Err(Error::Offline { .. }) => {}
                fetched => fetched?,
            }
            for name in &names {
                let newest = handle.versions(name).ok().and_then(newest);
                let needed = newest.into_iter().flat_map(|line| line.dependencies);
                next.extend(needed.map(|dependency| {
                    let from = dependency.registry.unwrap_or_else(|| registry.clone());
                    (dependency.name, from)
                }));
            }
        }
        Ok(next)
    }
}

fn newest(lines: Vec<IndexLine>) -> Option<IndexLine> {
    lines
        .into_iter()
        .filter(|line| !line.yanked)
        .max_by(|a, b| a.version.cmp(&b.version))
}
