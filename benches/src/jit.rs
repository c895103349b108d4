//! Compiles JIT callers for the benchmarks: `puck-benches-jit PROJECT IR CACHE calls|inline`.
//!
//! A program of its own, so that what is measured in fresh processes has no LLVM in it. Prints the path
//! of the caller's library in the cache, and below it the functions that it calls.
#![expect(
    clippy::disallowed_macros,
    reason = "a program that is called by the benchmarks"
)]

use anyhow::{Context as _, Result, bail};
use puck_jit::{Jit, Source};
use puck_runtime::Environment;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project, ir, cache, inline] = &arguments[..] else {
        bail!("expected PROJECT IR CACHE calls|inline, found {arguments:?}");
    };
    let environment = Environment::open(project)?;
    let jit = Jit::new(&environment)
        .inline(inline == "inline")
        .cache(cache)
        .build()?;
    let module = jit
        .compile(Source::new(fs_err::read(ir)?))
        .with_context(|| format!("cannot compile {ir}"))?;
    println!("{}", module.path().display());
    for callee in module.callees() {
        println!("{callee}");
    }
    Ok(())
}
