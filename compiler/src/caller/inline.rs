//! Bringing the bodies of small callees along.
//!
//! A body comes as `available_externally`: LLVM may inline it or use what it says about the
//! function, and drops it in the end. The limits are LLVM's own for importing across modules: 100
//! instructions for what the caller calls itself, and 0.7 of the limit for each step from there.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use inkwell::module::Module;
use puck_package::{Import, LinkName, PackageDocument};

use super::{CallerError, CallerRequest, Inlined};
use crate::bodies::{Bodies, Body};
use crate::error::Error;
use crate::llvm::{Session, globals, reconcile_flags};
use crate::module::Dependencies;

/// How many instructions the body of a direct callee may have.
const LARGEST: usize = 100;
/// What remains of the limit a call further.
const DECAY: (usize, usize) = (7, 10);
/// How many instructions all bodies may have: compiling takes time in proportion.
const TOTAL: usize = 2000;

/// A body that is brought along.
struct Chosen {
    name: LinkName,
    import: Import,
    body: Arc<Body>,
}

/// Links the bodies of small callees into the caller, and says which they are.
pub(super) fn bring<'c>(
    session: &'c Session,
    module: &Module<'c>,
    request: &CallerRequest<'_>,
    dependencies: Dependencies<'_>,
    bodies: &Bodies,
) -> Result<Vec<Inlined>, Error> {
    let mut refused = BTreeSet::new();
    let chosen = loop {
        let chosen = choose(module, dependencies, bodies, &refused)?;
        match bound_to_its_library(&chosen, request.left_out) {
            Some(name) => refused.insert(name),
            None => break chosen,
        };
    };
    // What a body was compiled with is no reason against it.
    reconcile_flags(module);
    let mut inlined = Vec::new();
    for Chosen { name, import, body } in chosen {
        let linked = session.parse(&body.bitcode, "body").and_then(|body| {
            reconcile_flags(&body);
            share_declarations(module, &body);
            session.link(module, body)
        });
        linked.map_err(|message| {
            Box::new(CallerError::Body {
                caller: request.name.to_owned(),
                function: name.to_string(),
                message,
            })
        })?;
        let body = body.digest;
        inlined.push(Inlined { import, body });
    }
    Ok(inlined)
}

/// Has the caller promise nothing of the functions that a body calls, too: the joined module has one
/// declaration for both, and what the caller's says need not hold for the body's calls.
fn share_declarations(module: &Module<'_>, body: &Module<'_>) {
    let theirs = globals(body);
    let declared: BTreeSet<_> = theirs
        .iter()
        .filter(|global| global.is_declaration())
        .map(|global| global.name())
        .collect();
    for global in globals(module) {
        if declared.contains(&global.name()) {
            global.forget_promises();
        }
    }
}

/// The bodies that are small enough, for how far they are from the caller; callers before callees,
/// as LLVM links only what is declared already.
fn choose(
    module: &Module<'_>,
    dependencies: Dependencies<'_>,
    bodies: &Bodies,
    refused: &BTreeSet<LinkName>,
) -> Result<Vec<Chosen>, Error> {
    let mut queue: VecDeque<(LinkName, usize)> = globals(module)
        .into_iter()
        .filter(|global| global.is_declaration() && global.is_used())
        .filter_map(|global| Some((global.name().parse().ok()?, LARGEST)))
        .collect();
    // Breadth first: a function is met by its shortest path, with its largest limit.
    let mut seen = refused.clone();
    let mut chosen = Vec::new();
    let mut total = 0;
    while let Some((name, limit)) = queue.pop_front() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let Some((document, import)) = owner(dependencies, &name) else {
            continue;
        };
        let Some(body) = bodies.body(document, &name)? else {
            continue;
        };
        if body.instructions > limit || total + body.instructions > TOTAL {
            continue;
        }
        total += body.instructions;
        let further = limit * DECAY.0 / DECAY.1;
        queue.extend(body.callees.iter().map(|callee| (callee.clone(), further)));
        chosen.push(Chosen { name, import, body });
    }
    Ok(chosen)
}

/// A body that calls what only its own library can call, and what does not come along either.
fn bound_to_its_library(chosen: &[Chosen], left_out: &BTreeSet<LinkName>) -> Option<LinkName> {
    let comes = |name: &LinkName| chosen.iter().any(|chosen| chosen.name == *name);
    let is_lost = |name: &LinkName| left_out.contains(name) && !comes(name);
    let mut bodies = chosen.iter();
    let bound = bodies.find(|chosen| chosen.body.callees.iter().any(is_lost));
    bound.map(|chosen| chosen.name.clone())
}

/// The package that exports a function.
fn owner<'a>(
    dependencies: Dependencies<'a>,
    name: &LinkName,
) -> Option<(&'a PackageDocument, Import)> {
    let document = dependencies.documents.iter().find(|document| {
        document
            .functions
            .iter()
            .any(|function| function.link_name == *name)
    })?;
    Some((document, dependencies.find(name)?))
}
