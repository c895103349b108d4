//! Compiling for exactly one processor: a level, what it has beyond, and what to tune for.

use inkwell::module::Module;
use inkwell::targets::TargetMachine;
use puck_package::Processor;

use crate::codegen::llvm_version;
use crate::llvm::{Kind, globals};

/// Changes when the same IR and processor would give other objects for a reason that neither shows:
/// other passes, other options, other partitions.
const FORMAT: u32 = 2;

/// What, beside IR and processor, decides on the code that [`specialize`](crate::specialize) and
/// [`program`](crate::program) give: LLVM's version and the number of the pipeline.
#[must_use]
pub fn identity() -> String {
    format!("LLVM {}, pipeline {FORMAT}", llvm_version())
}

/// LLVM's name of this machine's processor, for [`Processor::tuning`].
#[must_use]
pub fn host_tuning() -> String {
    let name = TargetMachine::get_host_cpu_name();
    name.to_string_lossy().into_owned()
}

/// Has every function with a body compiled for the processor. What a function asks for beyond that
/// by itself (`__attribute__((target("avx2")))`) it keeps.
pub(crate) fn assign(module: &Module<'_>, processor: &Processor) {
    let features: Vec<String> = processor
        .features
        .iter()
        .map(|feature| format!("+{feature}"))
        .collect();
    for function in globals(module) {
        if function.kind() != Kind::Function || function.is_declaration() {
            continue;
        }
        function.set_string_attribute("target-cpu", Some(processor.target.cpu()));
        function.set_string_attribute("tune-cpu", Some(&processor.tuning));
        let mut all = features.clone();
        all.extend(function.string_attribute("target-features"));
        if !all.is_empty() {
            function.set_string_attribute("target-features", Some(&all.join(",")));
        }
    }
}

/// The processor as part of a cache's key.
pub(crate) fn key(processor: &Processor) -> String {
    format!(
        "{} +{:?} tuned for {}",
        processor.target, processor.features, processor.tuning
    )
}
