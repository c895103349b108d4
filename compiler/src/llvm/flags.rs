//! Module flags that never keep two modules from being linked.

use std::ffi::CStr;

use inkwell::llvm_sys::core::{
    LLVMConstInt, LLVMConstIntGetZExtValue, LLVMGetMDNodeNumOperands, LLVMGetMDNodeOperands,
    LLVMGetMDString, LLVMGetModuleContext, LLVMGetNamedMetadataNumOperands,
    LLVMGetNamedMetadataOperands, LLVMInt32TypeInContext, LLVMIsAConstantInt, LLVMIsAMDString,
    LLVMReplaceMDNodeOperandWith, LLVMValueAsMetadata,
};
use inkwell::llvm_sys::prelude::LLVMValueRef;
use inkwell::module::Module;

const FLAGS: &CStr = c"llvm.module.flags";

/// How LLVM joins a flag's values (its documentation, "Module Flags Metadata").
const WARNING: u64 = 2;
const APPEND: u64 = 5;
const APPEND_UNIQUE: u64 = 6;
const MAX: u64 = 7;
const MIN: u64 = 8;

/// What code that is joined has only if all of its parts have it: protections, and being independent
/// of its position, for which LLVM, where it links modules, takes no other rule.
const LEAST: [&str; 7] = [
    "PIC Level",
    "cf-protection",
    "ibt-seal",
    "branch-target-enforcement",
    "sign-return-address",
    "guarded-control-stack",
    "kcfi",
];

/// Has flags joined by rules under which no two values contradict each other: the largest number,
/// the smallest for what all parts must have, the first text.
///
/// Libraries with different flags work in one process; so must code of theirs in one module. Flags
/// say how the code was compiled, or how debug information is written; none changes what a function
/// means.
pub(crate) fn reconcile_flags(module: &Module<'_>) {
    // SAFETY: the module is alive. Flags are nodes of three operands, which the verifier checked:
    // a number, a name and a value; anything else is passed over. Metadata belongs to the context.
    unsafe {
        let raw = module.as_mut_ptr();
        let context = LLVMGetModuleContext(raw);
        let word = LLVMInt32TypeInContext(context);
        let count = LLVMGetNamedMetadataNumOperands(raw, FLAGS.as_ptr()) as usize;
        let mut flags: Vec<LLVMValueRef> = vec![std::ptr::null_mut(); count];
        LLVMGetNamedMetadataOperands(raw, FLAGS.as_ptr(), flags.as_mut_ptr());
        for flag in flags {
            if LLVMGetMDNodeNumOperands(flag) != 3 {
                continue;
            }
            let mut operands = [std::ptr::null_mut(); 3];
            LLVMGetMDNodeOperands(flag, operands.as_mut_ptr());
            let [behaviour, name, value] = operands;
            if [behaviour, name].iter().any(|operand| operand.is_null())
                || LLVMIsAConstantInt(behaviour).is_null()
                || LLVMIsAMDString(name).is_null()
            {
                continue;
            }
            let mut length = 0;
            let text = LLVMGetMDString(name, &mut length);
            let text = std::slice::from_raw_parts(text.cast::<u8>(), length as usize);
            let is_number = !value.is_null() && !LLVMIsAConstantInt(value).is_null();
            let joined = match LLVMConstIntGetZExtValue(behaviour) {
                APPEND | APPEND_UNIQUE => continue,
                _ if !is_number => WARNING,
                _ if LEAST.iter().any(|least| text.starts_with(least.as_bytes())) => MIN,
                _ => MAX,
            };
            let joined = LLVMValueAsMetadata(LLVMConstInt(word, joined, 0));
            LLVMReplaceMDNodeOperandWith(flag, 0, joined);
        }
    }
}
