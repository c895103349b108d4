//! What a definition is made of: how much code, and which other symbols it refers to.

use std::collections::{BTreeMap, HashSet};
use std::ffi::c_uint;
use std::marker::PhantomData;

use inkwell::llvm_sys::core::{
    LLVMAddFunction, LLVMAddGlobal, LLVMAliasGetAliasee, LLVMGetBlockAddressFunction,
    LLVMGetDataLayoutStr, LLVMGetFirstBasicBlock, LLVMGetFirstInstruction, LLVMGetFunctionCallConv,
    LLVMGetGlobalIFuncResolver, LLVMGetGlobalParent, LLVMGetInitializer, LLVMGetInlineAsmAsmString,
    LLVMGetInstructionOpcode, LLVMGetModuleInlineAsm, LLVMGetNextBasicBlock,
    LLVMGetNextInstruction, LLVMGetNumOperands, LLVMGetOperand, LLVMGetSection,
    LLVMGetThreadLocalMode, LLVMGetTypeKind, LLVMGlobalGetValueType, LLVMIsABlockAddress,
    LLVMIsAConstant, LLVMIsAGlobalValue, LLVMIsAGlobalVariable, LLVMIsAInlineAsm,
    LLVMIsFunctionVarArg, LLVMIsGlobalConstant, LLVMIsThreadLocal, LLVMSetFunctionCallConv,
    LLVMSetThreadLocalMode, LLVMSetVisibility,
};
use inkwell::llvm_sys::prelude::LLVMValueRef;
use inkwell::llvm_sys::target::{LLVMABISizeOfType, LLVMCreateTargetData, LLVMDisposeTargetData};
use inkwell::llvm_sys::{LLVMLinkage, LLVMOpcode, LLVMTypeKind, LLVMVisibility};
use inkwell::module::Module;

use super::global::{FUNCTION, RESULT};
use super::{Global, Kind};

/// What a definition is made of.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// How many instructions it has.
    pub(crate) instructions: usize,
    /// The symbols that it refers to, by name, and whether any is thread-local.
    pub(crate) references: BTreeMap<String, Reference>,
    /// Functions, places in which it takes the address of.
    pub(crate) labels: Vec<String>,
    /// Assembly, as written.
    pub(crate) assembly: Vec<String>,
    /// Jumps to places whose address was taken.
    pub(crate) jumps: bool,
}

/// What a function does not do.
const PROMISES: [&str; 11] = [
    "memory",
    "mustprogress",
    "nocallback",
    "nofree",
    "norecurse",
    "noreturn",
    "nosync",
    "nounwind",
    "speculatable",
    "willreturn",
    "allocsize",
];
/// What its result and parameters are not, and what does not happen through them.
const PROMISES_OF_VALUES: [&str; 15] = [
    "align",
    "captures",
    "dereferenceable",
    "dereferenceable_or_null",
    "initializes",
    "noalias",
    "nofpclass",
    "nofree",
    "nonnull",
    "noundef",
    "range",
    "readnone",
    "readonly",
    "returned",
    "writeonly",
];

/// A symbol that is referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    ThreadLocal,
    Other,
}

// Every `unsafe` of this block relies on the same: `value` is a live global of the kind that is
// recorded beside it, only the functions that LLVM offers for that kind are called, and operands
// are asked for below their number.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "one justification above for all of them"
)]
impl<'m> Global<'m> {
    /// Looks through a definition.
    pub(crate) fn contents(self) -> Contents {
        let mut walk = Walk::default();
        match self.kind {
            Kind::Variable => walk.value(unsafe { LLVMGetInitializer(self.value) }),
            Kind::Alias => walk.value(unsafe { LLVMAliasGetAliasee(self.value) }),
            Kind::Ifunc => walk.value(unsafe { LLVMGetGlobalIFuncResolver(self.value) }),
            Kind::Function => unsafe {
                walk.operands(self.value);
                let mut block = LLVMGetFirstBasicBlock(self.value);
                while !block.is_null() {
                    let mut instruction = LLVMGetFirstInstruction(block);
                    while !instruction.is_null() {
                        walk.contents.instructions += 1;
                        walk.contents.jumps |= matches!(
                            LLVMGetInstructionOpcode(instruction),
                            LLVMOpcode::LLVMIndirectBr | LLVMOpcode::LLVMCallBr
                        );
                        walk.operands(instruction);
                        instruction = LLVMGetNextInstruction(instruction);
                    }
                    block = LLVMGetNextBasicBlock(block);
                }
            },
        }
        walk.contents
    }

    pub(crate) fn is_local(self) -> bool {
        matches!(
            self.linkage(),
            LLVMLinkage::LLVMInternalLinkage | LLVMLinkage::LLVMPrivateLinkage
        )
    }

    pub(crate) fn is_constant(self) -> bool {
        self.kind == Kind::Variable && unsafe { LLVMIsGlobalConstant(self.value) != 0 }
    }

    pub(crate) fn is_thread_local(self) -> bool {
        self.kind == Kind::Variable && unsafe { LLVMIsThreadLocal(self.value) != 0 }
    }

    pub(crate) fn has_section(self) -> bool {
        matches!(self.kind, Kind::Function | Kind::Variable)
            && unsafe { !LLVMGetSection(self.value).is_null() }
    }

    /// Whether it is a function that takes any number of arguments.
    pub(crate) fn is_variadic(self) -> bool {
        self.kind == Kind::Function
            && unsafe { LLVMIsFunctionVarArg(LLVMGlobalGetValueType(self.value)) != 0 }
    }

    /// Removes what a declaration of a function promises of it, and leaves how it is called.
    ///
    /// A module has one declaration for all who call a function. What one package's header or flags
    /// say (`const`, no NaN with `-ffast-math`) must not be used on the others' calls; its own calls
    /// say it again.
    pub(crate) fn forget_promises(self) {
        if self.kind != Kind::Function || !self.is_declaration() || self.is_llvms_own() {
            return;
        }
        let parameters = self.shape().map_or(0, |shape| shape.parameters.len());
        for name in PROMISES {
            self.remove_attribute_at(FUNCTION, name);
        }
        for index in std::iter::once(RESULT).chain(1..=parameters as c_uint) {
            for name in PROMISES_OF_VALUES {
                self.remove_attribute_at(index, name);
            }
        }
    }

    /// The size of a variable in bytes.
    pub(crate) fn size(self) -> u64 {
        unsafe {
            let layout = LLVMGetDataLayoutStr(LLVMGetGlobalParent(self.value));
            let layout = LLVMCreateTargetData(layout);
            let size = LLVMABISizeOfType(layout, LLVMGlobalGetValueType(self.value));
            LLVMDisposeTargetData(layout);
            size
        }
    }

    /// Makes the symbol one for its own library only.
    pub(crate) fn hide(self) {
        unsafe { LLVMSetVisibility(self.value, LLVMVisibility::LLVMHiddenVisibility) }
    }

    /// Puts a declaration in the place of a definition, for all that use it; the definition loses its
    /// name and becomes local, so that linking leaves it behind.
    pub(crate) fn leave_behind(self) {
        match self.kind {
            Kind::Function | Kind::Variable => {
                self.detach("")
                    .set_linkage(LLVMLinkage::LLVMExternalLinkage);
                self.internalise();
            }
            Kind::Alias | Kind::Ifunc => {
                let name = format!("{}\0", self.name());
                self.rename("");
                self.set_linkage(LLVMLinkage::LLVMInternalLinkage);
                let (value, kind) = unsafe {
                    let module = LLVMGetGlobalParent(self.value);
                    let ty = LLVMGlobalGetValueType(self.value);
                    if LLVMGetTypeKind(ty) == LLVMTypeKind::LLVMFunctionTypeKind {
                        let fresh = LLVMAddFunction(module, name.as_ptr().cast(), ty);
                        if let Some(function) = self.function() {
                            let convention = LLVMGetFunctionCallConv(function.value);
                            LLVMSetFunctionCallConv(fresh, convention);
                        }
                        (fresh, Kind::Function)
                    } else {
                        let fresh = LLVMAddGlobal(module, ty, name.as_ptr().cast());
                        LLVMSetThreadLocalMode(fresh, LLVMGetThreadLocalMode(self.value));
                        (fresh, Kind::Variable)
                    }
                };
                self.replace_with(Global {
                    value,
                    kind,
                    module: PhantomData,
                });
            }
        }
    }
}

/// The assembly of a whole module, as written.
pub(crate) fn module_assembly(module: &Module<'_>) -> String {
    let mut length = 0;
    // SAFETY: the module is alive; the text is as long as LLVM says.
    unsafe {
        let start = LLVMGetModuleInlineAsm(module.as_mut_ptr(), &mut length);
        if start.is_null() || length == 0 {
            return String::new();
        }
        let text = std::slice::from_raw_parts(start.cast::<u8>(), length);
        String::from_utf8_lossy(text).into_owned()
    }
}

#[derive(Default)]
struct Walk {
    contents: Contents,
    seen: HashSet<LLVMValueRef>,
}

impl Walk {
    /// # Safety
    /// `user` is an instruction, a function or a constant of a live module.
    unsafe fn operands(&mut self, user: LLVMValueRef) {
        // SAFETY: as the caller promises; operands are asked for below their number.
        unsafe {
            for index in 0..LLVMGetNumOperands(user).unsigned_abs() {
                self.value(LLVMGetOperand(user, index));
            }
        }
    }

    /// Looks through an operand: null, or a value of a live module. (Chains of constants are as
    /// deep as a source nests its initialisers; the thread's stack is large.)
    fn value(&mut self, value: LLVMValueRef) {
        // SAFETY: as said above; each function is called for the kind of value that it is for.
        unsafe {
            if value.is_null() {
                return;
            }
            if !LLVMIsAInlineAsm(value).is_null() {
                let mut length = 0;
                let start = LLVMGetInlineAsmAsmString(value, &mut length);
                if !start.is_null() && length > 0 {
                    let text = std::slice::from_raw_parts(start.cast::<u8>(), length);
                    let text = String::from_utf8_lossy(text).into_owned();
                    self.contents.assembly.push(text);
                }
                return;
            }
            if LLVMIsAConstant(value).is_null() || !self.seen.insert(value) {
                return;
            }
            if !LLVMIsABlockAddress(value).is_null() {
                let function = LLVMGetBlockAddressFunction(value);
                self.contents.labels.push(named(function).name());
                return;
            }
            if LLVMIsAGlobalValue(value).is_null() {
                return self.operands(value);
            }
            let is_variable = !LLVMIsAGlobalVariable(value).is_null();
            let kind = match is_variable && LLVMIsThreadLocal(value) != 0 {
                true => Reference::ThreadLocal,
                false => Reference::Other,
            };
            self.contents.references.insert(named(value).name(), kind);
        }
    }
}

/// A handle that is good for its name.
fn named<'m>(value: LLVMValueRef) -> Global<'m> {
    Global {
        value,
        kind: Kind::Alias,
        module: PhantomData,
    }
}
