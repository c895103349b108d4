//! The project's own chores, run as `cargo xtask VERB`.
//!
//! | module | |
//! |---|---|
//! | `setup` | what the others need on the machine: the LLVM SDK (`sdk`), clang and the like (`tools`) |
//! | `test` | formatting, lints, tests |
//! | `python` | the same of the Python package, in environments of its own |
//! | `demo` | the whole path on the examples |
//! | `bench` | the measurements of `docs/performance.md` |
//! | `docs` | the reference of the command, and the API documentation |
//! | `steps`, `workspace` | saying what is being done; where things are |
//!
//! No chore needs anything that another one must have prepared: each begins with `setup`, which does
//! nothing when all is there.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "chores speak to a developer's terminal, and look at cargo's environment, not Puck's"
)]

mod bench;
mod demo;
mod docs;
mod python;
mod sdk;
mod setup;
mod steps;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Usage: cargo xtask VERB [ARGUMENT]...

Verbs:
  setup   get what is missing: the LLVM SDK (under target/), clang and other tools (apt, as root)
  test    check formatting and lints, run all tests; arguments go to the test runner of Rust, and
          leave Python's tests out
  python  the part of it that is about the Python package; arguments go to pytest
  demo    build the command and take the examples the whole way: publish, install, call
  bench   measure Puck against plain tools and write docs/performance.md and its plots; arguments
          go to the benchmarks: suites (`graphs`, `calls`, `kernels`: the default is these three;
          `packages`: package management beside uv and cargo; `numba`: jitted functions beside
          Numba and numbox), --check fails when a limit is missed, --quick measures less
  docs    write docs/commands.md and build the API documentation, with warnings denied;
          --check: only see whether docs/commands.md is current
  help    print this

setup is part of every other verb. An LLVM 23 of your own is used when LLVM_SYS_231_PREFIX names it.

Examples:
  cargo xtask test
  cargo xtask test -E 'package(puck-resolver)'
  cargo xtask bench --check
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", arguments),
    };
    if rest
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    match verb {
        "help" | "--help" | "-h" => print!("{HELP}"),
        "setup" => setup::run(rest)?,
        "test" => test::run(rest)?,
        "python" => python::run(rest)?,
        "demo" => demo::run(rest)?,
        "bench" => bench::run(rest)?,
        "docs" => docs::run(rest)?,
        _ => {
            eprint!("{HELP}");
            eprintln!("\nerror: there is no verb {verb:?}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses arguments to a verb that takes none.
fn no_arguments(verb: &str, arguments: &[String]) -> Result<()> {
    if let Some(first) = arguments.first() {
        bail!("`cargo xtask {verb}` takes no arguments, but got {first:?}");
    }
    Ok(())
}
