//! Numba's jitted functions: plain, through numbox's proxies, and as packages.
//!
//! The functions and what is timed inside a process are Python, in `benches/numba/`; this part writes
//! projects with those scripts, runs them, and looks at files and at memory from outside.
//!
//! | module | |
//! |---|---|
//! | [`way`] | the ways that are compared, and a project in one of them |
//! | [`scripts`] | running the scripts |
//! | [`tree`] | the peak of memory of a process and all that it starts |
//! | [`graph`] | the call graph: builds, disk, loading, memory, a change, a cached caller |
//! | [`calls`], [`forum`] | what a call costs; a small example's sizes |
//! | [`targets`] | what must hold |

mod calls;
mod forum;
mod graph;
mod scripts;
mod targets;
mod tree;
mod way;

use anyhow::{Context as _, Result};

use self::scripts::Scripts;
use crate::findings::Findings;
use crate::place::set_aside;
use crate::settings::Settings;

pub(crate) use self::scripts::versions;

const ABOUT: &str = "\
A graph of N jitted functions in layers of ten, each of which calls three of the layer below, fills two arrays, \
sums them and adds what its callees return: `float64(float64, int64)`, a module each (made by \
`benches/numba/write_graph.py`).

- *Numba*: `@njit(..., cache=True)`. Each function is compiled, and cached, with everything that it calls.
- *numbox*: its `@proxy`, which has callers declare a function's C wrapper.
- *Puck, drop-in*: `@puck.njit(...)` with `PUCK_NUMBA=declare`: each function is compiled once, into the \
project's local package, and its callers declare it.
- *Puck, package*: the functions exported as one package by `puck install`, for three levels of processors; \
callers import `puck.packages`.

A *build* is the whole command, Python's start included; its memory is the highest sum of resident sets of \
all processes that it starts. *On disk* is what stays and what a process here loads or reads: cache files; of \
the package, its library for this processor with its descriptions. *Loading* happens in a new process after \
`import numba` and ends when the functions of the highest layer can be called and one of the lowest has been. *Running* is the peak of that process, which also \
calls the functions of the highest layer; their results are the same in every bit in all four ways, which is \
checked. *After one leaf changed*: a function of the lowest layer is edited. Numba does not see that, so the \
caches of all functions that reach the leaf are removed, as a perfect `make` would; for the largest graph, \
where this is most of the graph again, it is left out.

The *cached caller* is a function of the user's own, `@njit(cache=True)`, that calls the ten functions of the \
highest layer; beside it stands a cached function that calls nothing, which is what loading any costs.";

/// Measures everything.
pub(crate) fn run(settings: &Settings) -> Result<Findings> {
    let python = settings
        .python
        .as_deref()
        .context("--python FILE is missing: a Python with numba, numbox and puck")?;
    let folder = settings.work.join("numba");
    set_aside(&folder)?;
    let scripts = Scripts::new(python, &settings.puck, &folder)?;
    let mut findings = Findings {
        about: ABOUT.to_owned(),
        ..Findings::default()
    };
    if settings.wants("graph") {
        graph::measure(settings, &scripts, &mut findings)?;
    }
    if settings.wants("calls") {
        calls::measure(settings, &scripts, &mut findings)?;
    }
    if settings.wants("forum") {
        forum::measure(settings, &scripts, &mut findings)?;
    }
    set_aside(&folder)?;
    if settings.quick {
        findings.notes.push(
            "A quick run: smaller graphs and fewer repetitions. Limits are for N = 120.".into(),
        );
    }
    Ok(findings)
}
