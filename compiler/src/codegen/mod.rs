//! Objects: the merged module, optimised and compiled once a target.
//!
//! Each target is compiled in a thread of its own, from the same bitcode, in a context of its own.
//! An object is determined by the bitcode, the target, the optimisation level and LLVM's version.
//!
//! Functions share one `.text`. Sections of their own would let a linker drop some, but nothing is
//! left to drop: what no export needs was removed before, and every export is kept.

mod object;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use inkwell::OptimizationLevel;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{
    CodeModel, FileType, RelocMode, Target as LlvmTarget, TargetMachine, TargetTriple,
};
use puck_package::{Digest, Target};

pub(crate) use object::{Facts, Undefined};

use crate::Progress;
use crate::cache::Cache;
use crate::llvm::{Kind, Session, globals, guarded, lower_constructors};

/// Changes when the same bitcode would give other objects for a reason that the cache's key does
/// not show: other passes, other options.
const FORMAT: u32 = 1;

/// Why code could not be generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodegenError {
    /// LLVM could not compile the module for a target.
    #[error("cannot compile for {target}: {message}")]
    Llvm {
        /// The target.
        target: Target,
        /// LLVM's message.
        message: String,
        /// Whether LLVM gave up: it has no instructions for what the module asks.
        fatal: bool,
    },
    /// An object that LLVM made cannot be read, or holds what no object may.
    #[error("the object for {target} {reason}")]
    Object {
        /// The target.
        target: Target,
        /// What is wrong.
        reason: String,
    },
}

impl CodegenError {
    /// LLVM's message; `fatal` if it gave up.
    pub(crate) fn llvm(target: Target, mut message: String, fatal: bool) -> Self {
        message.truncate(message.trim_end().len());
        Self::Llvm {
            target,
            message,
            fatal,
        }
    }

    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Llvm {
                target,
                fatal: true,
                ..
            } => Some(format!(
                "the code uses instructions that {target} does not have: {}, or mark only the \
                 functions that need them and choose at run time",
                match *target == target.base() {
                    true => "remove flags such as `-mavx2`",
                    false => "drop the target from `targets`",
                }
            )),
            _ => None,
        }
    }
}

/// What [`compile`] is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) bitcode: &'a [u8],
    pub(crate) targets: &'a [Target],
    pub(crate) opt_level: u8,
    pub(crate) jobs: usize,
}

/// A target's object.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) target: Target,
    pub(crate) object: Vec<u8>,
    /// Whether it came from the cache.
    pub(crate) cached: bool,
    /// What the cache has it under.
    pub(crate) key: String,
}

/// Compiles for all targets, in their order.
pub(crate) fn compile(
    work: Work<'_>,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Vec<Compiled>, crate::Error> {
    let bitcode = Digest::of(work.bitcode);
    let next = AtomicUsize::new(0);
    // The newest target takes longest: it comes first, so that no thread is left alone with it.
    let order: Vec<Target> = work.targets.iter().rev().copied().collect();
    let done = Mutex::new(Vec::new());
    let (failed, failures) = mpsc::channel::<crate::Error>();
    std::thread::scope(|scope| {
        for _ in 0..work.jobs.clamp(1, order.len().max(1)) {
            let failed = failed.clone();
            let (next, order, done, bitcode) = (&next, &order, &done, &bitcode);
            scope.spawn(move || {
                while let Some(&target) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match one(work, target, bitcode, cache, progress) {
                        Ok(compiled) => {
                            done.lock()
                                .unwrap_or_else(|poisoned| poisoned.into_inner())
                                .push(compiled);
                        }
                        Err(error) => {
                            // The receiver lives until the scope ends.
                            let _ = failed.send(error);
                        }
                    }
                }
            });
        }
    });
    if let Ok(error) = failures.try_recv() {
        return Err(error);
    }
    let mut compiled = done
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    compiled.sort_by_key(|compiled| compiled.target);
    Ok(compiled)
}

fn one(
    work: Work<'_>,
    target: Target,
    bitcode: &Digest,
    cache: &Cache,
    progress: &dyn Progress,
) -> Result<Compiled, crate::Error> {
    let (opt_level, llvm) = (work.opt_level, llvm_version());
    let key = format!("object {FORMAT} {bitcode} {target} O{opt_level} LLVM {llvm}");
    if let Some(object) = cache.get(&key)? {
        return Ok(Compiled {
            target,
            object,
            cached: true,
            key,
        });
    }
    progress.step(&format!("Compiling for {target}"));
    let failed = |fatal| move |message| CodegenError::llvm(target, message, fatal);
    let object = guarded(|| emit(work.bitcode, target, opt_level))
        .map_err(failed(true))?
        .map_err(failed(false))?;
    cache.put(&key, &object)?;
    Ok(Compiled {
        target,
        object,
        cached: false,
        key,
    })
}

/// Optimises the module and compiles it.
fn emit(bitcode: &[u8], target: Target, opt_level: u8) -> Result<Vec<u8>, String> {
    let session = Session::new();
    let module = session.parse(bitcode, "merged")?;
    for global in globals(&module) {
        if global.kind() == Kind::Function && !global.is_declaration() {
            global.set_string_attribute("target-cpu", Some(target.cpu()));
        }
    }
    let machine = machine(target, opt_level)?;
    optimise(&module, &machine, opt_level)?;
    object(&session, &module, &machine)
}

/// Runs LLVM's passes for a level of optimisation.
pub(crate) fn optimise(
    module: &Module<'_>,
    machine: &TargetMachine,
    opt_level: u8,
) -> Result<(), String> {
    pipeline(module, machine, "default", opt_level)
}

/// Runs one of the pipelines that LLVM has for each level: `default`, `thinlto`.
pub(crate) fn pipeline(
    module: &Module<'_>,
    machine: &TargetMachine,
    name: &str,
    opt_level: u8,
) -> Result<(), String> {
    passes(module, machine, &format!("{name}<O{opt_level}>"), opt_level)
}

/// Runs passes by their names.
pub(crate) fn passes(
    module: &Module<'_>,
    machine: &TargetMachine,
    names: &str,
    opt_level: u8,
) -> Result<(), String> {
    let options = PassBuilderOptions::create();
    // What clang chooses at these levels.
    options.set_loop_vectorization(opt_level > 1);
    options.set_loop_slp_vectorization(opt_level > 1);
    options.set_loop_interleaving(opt_level > 1);
    options.set_loop_unrolling(opt_level > 1);
    module
        .run_passes(names, machine, options)
        .map_err(|message| message.to_string())
}

/// The relocatable object of an optimised module.
pub(crate) fn object(
    session: &Session,
    module: &Module<'_>,
    machine: &TargetMachine,
) -> Result<Vec<u8>, String> {
    lower_constructors(module);
    let object = machine
        .write_to_memory_buffer(module, FileType::Object)
        .map_err(|message| message.to_string())?;
    match session.errors() {
        Some(message) => Err(message),
        None => Ok(object.as_slice().to_vec()),
    }
}

/// LLVM's code generator for a target.
pub(crate) fn machine(target: Target, opt_level: u8) -> Result<TargetMachine, String> {
    let triple = TargetTriple::create(target.triple());
    let level = match opt_level {
        0 => OptimizationLevel::None,
        1 => OptimizationLevel::Less,
        2 => OptimizationLevel::Default,
        _ => OptimizationLevel::Aggressive,
    };
    let found = LlvmTarget::from_triple(&triple).map_err(|message| message.to_string())?;
    found
        .create_target_machine(
            &triple,
            target.cpu(),
            "",
            level,
            RelocMode::PIC,
            CodeModel::Default,
        )
        .ok_or_else(|| format!("this LLVM has no code generator for {target}"))
}

/// The version of the LLVM that is linked in.
#[must_use]
pub fn llvm_version() -> String {
    let (major, minor, patch) = inkwell::support::get_llvm_version();
    format!("{major}.{minor}.{patch}")
}
