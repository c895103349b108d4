//! All packages of an environment as one program: inlined across packages, for one processor, with
//! nothing in it that nobody needs.
//!
//! LLVM's own distributed link-time optimisation, ThinLTO, cannot be reached through its C
//! interface; this does the same with what can be:
//!
//! | step | |
//! |---|---|
//! | `prepare` | each package by itself, in parallel: simplified, and a `summary` of it written |
//! | `graph` | summaries joined: what is needed, who refers to whom |
//! | `parts` | what is compiled together: a small program is one part, a large one is cut |
//! | `roles` | what each part compiles, what it has copies of to inline, what is elsewhere |
//! | `part` | each part, in parallel: put together, optimised, compiled |
//!
//! What is kept between runs: prepared packages, and parts by what they are made from. After a
//! change, the packages that changed are prepared again, and the parts compiled that hold or inline
//! something of them.
//!
//! Where parts are cut depends on the packages only, so the result does not depend on how many
//! threads there are. A package whose assembly names symbols is a part by itself, and is not inlined
//! elsewhere. A package with `opt-level` 0 stays as it is written.

mod graph;
mod part;
mod parts;
mod prepare;
mod roles;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{LinkName, Processor, SystemImport};

use crate::cache::Cache;
use crate::code::{Code, CodeOptions, Ir};
use crate::codegen::Facts;
use crate::error::Error;
use crate::system::System;
use crate::{Progress, parallel};
use graph::Graph;
use part::Common;
use parts::Limits;
use prepare::Prepared;

/// Compiles packages as one program, in which nothing but `exports` is visible, and the tables through
/// which packages reach what the process provides: who fills them finds all of them. Neither the order of
/// the packages nor the number of threads changes the result.
///
/// # Errors
/// If the packages do not fit together, LLVM cannot compile them, or they need what the system does
/// not have.
pub fn program(
    packages: &[Ir<'_>],
    exports: &BTreeSet<LinkName>,
    processor: &Processor,
    options: &CodeOptions<'_>,
    progress: &dyn Progress,
) -> Result<Code, Error> {
    limited(
        packages,
        exports,
        processor,
        options,
        progress,
        Limits::default(),
    )
}

fn limited(
    packages: &[Ir<'_>],
    exports: &BTreeSet<LinkName>,
    processor: &Processor,
    options: &CodeOptions<'_>,
    progress: &dyn Progress,
    limits: Limits,
) -> Result<Code, Error> {
    let tables = packages.iter().filter_map(|p| p.document.host_table());
    let exports: BTreeSet<LinkName> = exports.iter().cloned().chain(tables).collect();
    let cache = Cache::new(options.cache);
    let packages = callees_first(packages);
    let prepared = parallel::map(options.jobs, &packages, |_, package| {
        Prepared::new(*package, processor, &cache, progress)
            .map_err(|error| error.of(package.document))
    })?;
    let graph = Graph::new(&prepared, &exports)?;
    let parts = parts::parts(&graph, limits);
    let roles = roles::roles(&graph, &parts);
    let exports: BTreeSet<String> = exports.iter().map(ToString::to_string).collect();
    let levels = packages.iter().map(|package| package.document.opt_level);
    let common = Common {
        packages: &prepared,
        processor,
        opt_level: levels.max().unwrap_or_default(),
        cache: &cache,
        order: graph.constructors_are_apart(),
    };
    let objects = parallel::map(options.jobs, &roles, |number, roles| {
        common.object(roles, || match parts.len() {
            1 => progress.step("Compiling the program"),
            count => progress.step(&format!("Compiling part {} of {count}", number + 1)),
        })
    })?;
    let system_imports = system_imports(&graph, &objects, &exports, processor)?;
    Ok(Code {
        objects,
        system_imports,
    })
}

/// The packages such that each comes after those that it calls: the order in which the loader would
/// run their constructors. By name and series where that leaves a choice.
fn callees_first<'a>(packages: &[Ir<'a>]) -> Vec<Ir<'a>> {
    let mut waiting: BTreeMap<(String, String), Ir<'a>> = packages
        .iter()
        .map(|package| {
            let document = package.document;
            (
                (document.name.symbol(), document.series().to_string()),
                *package,
            )
        })
        .collect();
    let mut ordered = Vec::with_capacity(packages.len());
    let mut path = Vec::new();
    let mut entered = BTreeSet::new();
    while let Some(next) = waiting.keys().next().cloned() {
        path.push(next);
        while let Some(key) = path.last().cloned() {
            let Some(package) = waiting.get(&key).filter(|_| entered.insert(key.clone())) else {
                path.pop();
                ordered.extend(waiting.remove(&key));
                continue;
            };
            let callees: BTreeSet<_> = package
                .document
                .imports
                .iter()
                .map(|import| &import.link_name)
                .map(|name| (name.package_symbol().to_owned(), name.series().to_string()))
                .collect();
            let is_new = |callee: &(String, String)| !entered.contains(callee);
            path.extend(callees.into_iter().rev().filter(is_new));
        }
    }
    ordered
}

/// What the objects need and do not have from each other.
fn system_imports(
    graph: &Graph<'_>,
    objects: &[Vec<u8>],
    exports: &BTreeSet<String>,
    processor: &Processor,
) -> Result<Vec<SystemImport>, Error> {
    let provided: BTreeSet<&str> = graph
        .nodes
        .iter()
        // Names that assembly knows are a package's own, whatever the system calls so.
        .filter(|node| node.live && !(node.whole && node.definition.local))
        .map(|node| node.name())
        .collect();
    let mut undefined = Vec::new();
    for object in objects {
        undefined.extend(Facts::read(processor.target, object, exports)?.undefined);
    }
    undefined.retain(|undefined| !provided.contains(undefined.symbol.as_str()));
    let user = |symbol: &str| {
        symbol
            .parse::<LinkName>()
            .map_or(symbol.to_owned(), |name| {
                format!("{}::{}", name.package_symbol(), name.function())
            })
    };
    Ok(System::default().imports(&undefined, user, &[])?)
}
