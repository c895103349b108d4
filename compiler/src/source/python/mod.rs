//! Python: functions that Numba compiles, through a front end of their own.
//!
//! The front end is a part of the Python package `puck` (`python/puck/frontend/`). It runs in a process
//! of its own, once for all Python files of a package, imports them, has Numba compile what is asked
//! for, and leaves one LLVM module and a description of it:
//!
//! | module | |
//! |---|---|
//! | [`interpreter`] | which Python, and what is installed there |
//! | [`request`] | what the front end is asked |
//! | [`answer`] | what it says of what it made: read, and believed of it only what was checked |
//! | [`numba`] | whether it tells callers of Numba's the same |
//! | [`failure`] | what is wrong where it did not get that far |
//!
//! Unlike C's compilers it names and describes the functions: each has a symbol for each calling
//! convention, and the types of Numba's own are not in debug information. Whether the code agrees is
//! checked where modules are merged.
//!
//! The front end works in a folder that goes with the build, and is killed with it.

mod answer;
mod failure;
mod interpreter;
mod numba;
mod request;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use puck_package::environment::FILE;
use puck_package::{Digest, FunctionName, HostImport, LinkName, Signature, variables};

use super::inputs::Inputs;
use super::pattern::SourceFile;
use super::{Language, SourceError, SourceModule, process};
use crate::{BuildRequest, Progress, temporary};
use interpreter::Interpreter;

/// The module that is the front end, as `python -m` has it.
const FRONT_END: &str = "puck.frontend";

/// What the front end says of its module.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Described {
    /// The functions that it defines, under their link names.
    pub(crate) functions: Vec<DescribedFunction>,
    /// What the process must provide, by symbol; the module has a table for it.
    pub(crate) host_imports: Vec<HostImport>,
    /// Files for the archive, by their path there.
    pub(crate) share: BTreeMap<String, Vec<u8>>,
}

/// An entry point of a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DescribedFunction {
    pub(crate) name: FunctionName,
    /// The calling convention.
    pub(crate) abi: String,
    pub(crate) signature: Signature,
    pub(crate) link_name: LinkName,
    /// Its type as Python has it.
    pub(crate) declared: Option<String>,
    pub(crate) doc: Option<String>,
    /// Who must provide something to the process that calls it.
    pub(crate) needs: Option<Vec<String>>,
}

/// What came of a package's Python files.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) module: SourceModule,
    pub(super) described: Described,
    /// `python 3.11.7`, `numba 0.67.0`.
    pub(super) tools: Vec<String>,
    /// The files that were read, relative to the project or absolute.
    pub(super) inputs: Vec<String>,
}

/// What decides which Python reads the sources, and what it finds installed: the Python itself, and
/// the environment of the package's dependencies.
pub(super) fn identity(request: &BuildRequest<'_>) -> Result<String, SourceError> {
    let chosen = interpreter::choose(request)?;
    Ok(format!(
        "{}\n{:?}\n",
        chosen.identity,
        request.environment.map(environment_key)
    ))
}

/// What an environment has for a name: its document names everything in it by digest.
fn environment_key(environment: &Path) -> Option<Digest> {
    let document = fs_err::read(environment.join(FILE)).ok()?;
    Some(Digest::of(&document))
}

/// Has the front end compile `sources`.
pub(super) fn compile(
    request: &BuildRequest<'_>,
    sources: &[&SourceFile],
    progress: &dyn Progress,
    inputs: &mut Inputs,
) -> Result<Built, SourceError> {
    let python = Interpreter::query(interpreter::choose(request)?)?;
    let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    progress.step(&format!(
        "Compiling {} with {}",
        list(&paths),
        python.tool()
    ));
    let work = temporary::directory(request.cache)?;
    let output = work.path().join("out");
    fs_err::create_dir(&output)?;
    let question = work.path().join("request.json");
    fs_err::write(&question, request::json(request, &paths, &output)?)?;

    let mut command = command(&python, &question, work.path());
    command.current_dir(std::path::absolute(request.directory)?);
    let ran = process::run_bound(&mut command)?;
    if !ran.status.success() {
        return Err(failure::of(&ran, &output, &python));
    }
    let answer = answer::read(request, &output).map_err(|reason| SourceError::FrontEnd {
        tool: python.tool(),
        reason,
    })?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let warnings = answer.warnings.iter().map(String::as_str);
    for warning in warnings.chain([said.trim_end()]) {
        if !warning.is_empty() {
            progress.warning(warning);
        }
    }
    inputs.files.extend(answer.inputs.iter().cloned());
    inputs.identities.extend(python.identities.iter().cloned());
    inputs
        .variables
        .extend(variables::OF_PYTHON.map(str::to_owned));
    let link_names = answer.described.functions.iter();
    let table = answer.table.iter();
    let symbols = link_names
        .map(|function| &function.link_name)
        .chain(table)
        .map(LinkName::to_string);
    Ok(Built {
        module: SourceModule {
            path: list(&paths),
            bitcode: answer.module,
            language: Language::Python,
            exports: Some(symbols.collect()),
        },
        described: answer.described,
        tools: answer.tools,
        inputs: answer.inputs,
    })
}

/// The command that starts the front end. What it writes elsewhere than in its folder goes to `work`.
fn command(python: &Interpreter, question: &Path, work: &Path) -> Command {
    let mut command = Command::new(&python.path);
    command
        // Not the project's folder before the packages: a `types.py` there is nobody else's.
        .args(["-P", "-m", FRONT_END])
        .arg(question)
        .env("TMPDIR", work)
        // The same sources give the same module.
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1");
    command
}

/// `a.py`, or `a.py and 2 more`.
fn list(paths: &[&str]) -> String {
    match paths {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
