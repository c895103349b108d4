//! Bringing the bodies of small callees along.
//!
//! A body comes as `available_externally`: LLVM may inline it or use what it says about the
//! function, and drops it in the end. The limits are LLVM's own for importing across modules: 100
//! instructions for what the caller calls itself, and 0.7 of the limit for each step from there.

use std::collections::{BTreeMap, VecDeque};

use inkwell::module::Module;
use puck_package::{LinkName, PackageDocument};

use super::{CallerError, Inlined};
use crate::bodies::Bodies;
use crate::error::Error;
use crate::llvm::{Session, globals};
use crate::module::Dependencies;

/// How many instructions the body of a direct callee may have.
const LARGEST: usize = 100;
/// What remains of the limit a call further.
const DECAY: (usize, usize) = (7, 10);
/// How many instructions all bodies may have: compiling takes time in proportion.
const TOTAL: usize = 2000;

/// Links the bodies of small callees into the caller, and says which they are.
pub(super) fn bring<'c>(
    session: &'c Session,
    module: &Module<'c>,
    caller: &str,
    dependencies: Dependencies<'_>,
    bodies: &Bodies,
) -> Result<Vec<Inlined>, Error> {
    let mut queue: VecDeque<(LinkName, usize)> = globals(module)
        .into_iter()
        .filter(|global| global.is_declaration() && global.is_used())
        .filter_map(|global| Some((global.name().parse().ok()?, LARGEST)))
        .collect();
    // Breadth first: a function is met by its shortest path, with its largest limit.
    let mut seen: BTreeMap<LinkName, Option<Inlined>> = BTreeMap::new();
    let mut total = 0;
    while let Some((name, limit)) = queue.pop_front() {
        if seen.contains_key(&name) {
            continue;
        }
        seen.insert(name.clone(), None);
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
        let link = session
            .parse(&body.bitcode, "body")
            .and_then(|body| session.link(module, body));
        link.map_err(|message| {
            Box::new(CallerError::Body {
                caller: caller.to_owned(),
                function: name.to_string(),
                message,
            })
        })?;
        let further = limit * DECAY.0 / DECAY.1;
        queue.extend(body.callees.iter().map(|callee| (callee.clone(), further)));
        let inlined = Inlined {
            import,
            body: body.digest,
        };
        seen.insert(name, Some(inlined));
    }
    Ok(seen.into_values().flatten().collect())
}

/// The package that exports a function.
fn owner<'a>(
    dependencies: Dependencies<'a>,
    name: &LinkName,
) -> Option<(&'a PackageDocument, puck_package::Import)> {
    let document = dependencies.documents.iter().find(|document| {
        document
            .functions
            .iter()
            .any(|function| function.link_name == *name)
    })?;
    Some((document, dependencies.find(name)?))
}
