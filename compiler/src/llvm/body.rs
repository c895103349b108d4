//! Bodies of functions: read when they are needed, taken from their names, looked through.

use std::ffi::c_uint;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr;

use inkwell::llvm_sys::LLVMOpcode;
use inkwell::llvm_sys::LLVMUnnamedAddr;
use inkwell::llvm_sys::bit_reader::LLVMGetBitcodeModuleInContext2;
use inkwell::llvm_sys::core::{
    LLVMAddFunction, LLVMFunctionType, LLVMGetCalledValue, LLVMGetEnumAttributeAtIndex,
    LLVMGetFirstBasicBlock, LLVMGetFirstInstruction, LLVMGetGlobalParent, LLVMGetInstructionOpcode,
    LLVMGetMDKindIDInContext, LLVMGetModuleContext, LLVMGetNextBasicBlock, LLVMGetNextInstruction,
    LLVMGetNumOperands, LLVMGetOperand, LLVMGetSection, LLVMGetUnnamedAddress,
    LLVMGlobalEraseMetadata, LLVMIsABlockAddress, LLVMIsACallInst, LLVMIsAInlineAsm,
    LLVMIsGlobalConstant, LLVMIsThreadLocal, LLVMVoidTypeInContext,
};
use inkwell::llvm_sys::prelude::LLVMValueRef;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;

use super::global::{FUNCTION, attribute_kind};
use super::{Global, Kind, Session};

impl Session {
    /// Reads bitcode, but the functions' bodies only when something is linked that needs them.
    ///
    /// # Errors
    /// LLVM's message.
    pub(crate) fn parse_lazily(&self, bitcode: &[u8], name: &str) -> Result<Module<'_>, String> {
        let buffer = MemoryBuffer::create_from_memory_range_copy(bitcode, name);
        let mut module = ptr::null_mut();
        // SAFETY: context and buffer are alive; the result is written as documented.
        let failed = unsafe {
            LLVMGetBitcodeModuleInContext2(self.context.raw(), buffer.as_mut_ptr(), &mut module)
        } != 0;
        if failed || module.is_null() {
            return Err(self.errors().unwrap_or_else(|| "no message".to_owned()));
        }
        // The module has taken the buffer over.
        let _buffer = ManuallyDrop::new(buffer);
        // SAFETY: a module that was just created and that nobody else owns.
        Ok(unsafe { Module::new(module) })
    }
}

/// Declares a function of which nothing but the name is known, to be replaced by its definition.
pub(crate) fn declare_untyped<'m>(module: &'m Module<'_>, name: &str) -> Global<'m> {
    let name = format!("{name}\0");
    // SAFETY: everything is made in and belongs to the live module and its context.
    let value = unsafe {
        let context = LLVMGetModuleContext(module.as_mut_ptr());
        let ty = LLVMFunctionType(LLVMVoidTypeInContext(context), ptr::null_mut(), 0, 0);
        LLVMAddFunction(module.as_mut_ptr(), name.as_ptr().cast(), ty)
    };
    Global {
        value,
        kind: Kind::Function,
        module: PhantomData,
    }
}

/// Why code must not be copied out of its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// It reads or writes what may change, and there is one of.
    State,
    /// Its address, which may be compared, would become another.
    Identity,
    /// It says so itself: `noinline`, `optnone`.
    Attribute,
    /// It is written for a processor, or in assembly.
    Processor,
    /// It takes addresses of places in its code.
    Labels,
}

// Every `unsafe` of this block relies on the same: `value` is a live global of the kind that is
// recorded beside it, and only the functions that LLVM offers for that kind are called.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "one justification above for all of them"
)]
impl Global<'_> {
    /// Removes what says for which processor a function was meant.
    pub(crate) fn forget_processor(self) {
        if self.kind == Kind::Function {
            for attribute in ["target-cpu", "tune-cpu", "target-features"] {
                self.set_string_attribute(attribute, None);
            }
        }
    }

    /// Removes the number that LLVM's passes for importing give to every definition. Where others do
    /// not see the definition, it is made of a name that says nothing.
    pub(crate) fn forget_number(self) {
        let kind = "guid";
        unsafe {
            let context = LLVMGetModuleContext(LLVMGetGlobalParent(self.value));
            let length = kind.len() as c_uint;
            let kind = LLVMGetMDKindIDInContext(context, kind.as_ptr().cast(), length);
            LLVMGlobalEraseMetadata(self.value, kind);
        }
    }

    pub(crate) fn has_attribute(self, name: &str) -> bool {
        let kind = attribute_kind(name);
        unsafe { !LLVMGetEnumAttributeAtIndex(self.value, FUNCTION, kind).is_null() }
    }

    /// Whether the address of the definition means nothing to anybody.
    pub(crate) fn has_no_identity(self) -> bool {
        unsafe { LLVMGetUnnamedAddress(self.value) == LLVMUnnamedAddr::LLVMGlobalUnnamedAddr }
    }

    /// What keeps a definition that is local to its library from being copied; `None` if nothing.
    pub(crate) fn local_bound(self) -> Option<Bound> {
        let is_variable = self.kind == Kind::Variable;
        let is_state = is_variable
            && unsafe {
                LLVMIsGlobalConstant(self.value) == 0
                    || LLVMIsThreadLocal(self.value) != 0
                    || !LLVMGetSection(self.value).is_null()
            };
        if is_state {
            return Some(Bound::State);
        }
        let copies = matches!(self.kind, Kind::Function | Kind::Variable) && self.has_no_identity();
        (!copies).then_some(Bound::Identity)
    }

    /// How many instructions a function has, or what keeps its code from being copied.
    pub(crate) fn instructions(self) -> Result<usize, Bound> {
        let chooses = |key| self.string_attribute(key).is_some();
        if chooses("target-features") || self.has_attribute("naked") {
            return Err(Bound::Processor);
        }
        if self.has_attribute("noinline") || self.has_attribute("optnone") {
            return Err(Bound::Attribute);
        }
        let mut count = 0;
        unsafe {
            let mut block = LLVMGetFirstBasicBlock(self.value);
            while !block.is_null() {
                let mut instruction = LLVMGetFirstInstruction(block);
                while !instruction.is_null() {
                    count += 1;
                    if let Some(bound) = bound_of(instruction) {
                        return Err(bound);
                    }
                    instruction = LLVMGetNextInstruction(instruction);
                }
                block = LLVMGetNextBasicBlock(block);
            }
        }
        Ok(count)
    }
}

/// # Safety
/// `instruction` is an instruction of a live module.
unsafe fn bound_of(instruction: LLVMValueRef) -> Option<Bound> {
    // SAFETY: as the caller promises; operands are asked for below their number.
    unsafe {
        match LLVMGetInstructionOpcode(instruction) {
            LLVMOpcode::LLVMIndirectBr => return Some(Bound::Labels),
            LLVMOpcode::LLVMCallBr => return Some(Bound::Processor),
            _ => {}
        }
        let is_call = !LLVMIsACallInst(instruction).is_null();
        if is_call && !LLVMIsAInlineAsm(LLVMGetCalledValue(instruction)).is_null() {
            return Some(Bound::Processor);
        }
        let operands = 0..LLVMGetNumOperands(instruction).unsigned_abs();
        let is_label = |index| !LLVMIsABlockAddress(LLVMGetOperand(instruction, index)).is_null();
        operands.into_iter().any(is_label).then_some(Bound::Labels)
    }
}
