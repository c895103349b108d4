//! Functions, variables, aliases and ifuncs of a module: names, linkage, attributes, uses.

use std::ffi::c_uint;
use std::marker::PhantomData;
use std::ptr;

use inkwell::llvm_sys::comdat::{LLVMGetComdat, LLVMSetComdat};
use inkwell::llvm_sys::core::{
    LLVMAddAlias2, LLVMAddAttributeAtIndex, LLVMAddFunction, LLVMAddGlobal, LLVMAliasGetAliasee,
    LLVMCreateEnumAttribute, LLVMCreateStringAttribute, LLVMDeleteFunction, LLVMDeleteGlobal,
    LLVMGetAlignment, LLVMGetAttributeCountAtIndex, LLVMGetAttributesAtIndex,
    LLVMGetCalledFunctionType, LLVMGetCalledValue, LLVMGetEnumAttributeKindForName,
    LLVMGetFirstUse, LLVMGetFunctionCallConv, LLVMGetGlobalParent, LLVMGetLinkage,
    LLVMGetModuleContext, LLVMGetNextUse, LLVMGetStringAttributeAtIndex,
    LLVMGetStringAttributeValue, LLVMGetThreadLocalMode, LLVMGetUser, LLVMGetValueName2,
    LLVMGetVisibility, LLVMGlobalGetValueType, LLVMIsACallInst, LLVMIsAFunction, LLVMIsAInvokeInst,
    LLVMIsDeclaration, LLVMIsGlobalConstant, LLVMRemoveEnumAttributeAtIndex,
    LLVMRemoveStringAttributeAtIndex, LLVMReplaceAllUsesWith, LLVMSetAlignment,
    LLVMSetFunctionCallConv, LLVMSetGlobalConstant, LLVMSetLinkage, LLVMSetThreadLocalMode,
    LLVMSetValueName2, LLVMSetVisibility,
};
use inkwell::llvm_sys::debuginfo::{LLVMGetSubprogram, LLVMSetSubprogram};
use inkwell::llvm_sys::prelude::{LLVMMetadataRef, LLVMValueRef};
use inkwell::llvm_sys::{
    LLVMAttributeFunctionIndex, LLVMAttributeReturnIndex, LLVMLinkage, LLVMVisibility,
};

use super::shape;
use crate::module::{Extension, Shape};

/// The attribute index of a function itself.
pub(super) const FUNCTION: c_uint = LLVMAttributeFunctionIndex as c_uint;
/// The attribute index of the result; parameters follow, from 1.
pub(super) const RESULT: c_uint = LLVMAttributeReturnIndex as c_uint;

/// What a [`Global`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Variable,
    Alias,
    Ifunc,
}

/// Something with a symbol, in a module that is alive as long as this handle.
#[derive(Clone, Copy)]
pub(crate) struct Global<'m> {
    pub(super) value: LLVMValueRef,
    pub(super) kind: Kind,
    pub(super) module: PhantomData<&'m ()>,
}

// Every `unsafe` of this block relies on the same: `value` is a live global of the kind that is
// recorded beside it, and only the functions that LLVM offers for that kind are called.
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "one justification above for all of them"
)]
impl<'m> Global<'m> {
    pub(crate) fn kind(self) -> Kind {
        self.kind
    }

    pub(crate) fn name(self) -> String {
        let mut length = 0;
        let bytes = unsafe {
            let start = LLVMGetValueName2(self.value, &mut length);
            std::slice::from_raw_parts(start.cast::<u8>(), length)
        };
        String::from_utf8_lossy(bytes).into_owned()
    }

    pub(crate) fn rename(self, name: &str) {
        unsafe { LLVMSetValueName2(self.value, name.as_ptr().cast(), name.len()) }
    }

    /// An intrinsic function, or a variable that means something to LLVM, such as
    /// `llvm.global_ctors`.
    pub(crate) fn is_llvms_own(self) -> bool {
        self.name().starts_with("llvm.")
    }

    pub(crate) fn is_declaration(self) -> bool {
        unsafe { LLVMIsDeclaration(self.value) != 0 }
    }

    pub(crate) fn linkage(self) -> LLVMLinkage {
        unsafe { LLVMGetLinkage(self.value) }
    }

    pub(crate) fn set_linkage(self, linkage: LLVMLinkage) {
        unsafe { LLVMSetLinkage(self.value, linkage) }
    }

    /// Defined here for good: not weak, not inline, not local.
    pub(crate) fn is_strong_definition(self) -> bool {
        !self.is_declaration()
            && matches!(
                self.linkage(),
                LLVMLinkage::LLVMExternalLinkage
                    | LLVMLinkage::LLVMCommonLinkage
                    | LLVMLinkage::LLVMDLLExportLinkage
            )
    }

    /// Makes the symbol local to the object, and its own master (no comdat).
    pub(crate) fn internalise(self) {
        self.leave_comdat();
        self.set_linkage(LLVMLinkage::LLVMInternalLinkage);
    }

    /// Makes the symbol one that others may link to, though not replace: `dso_local`, so that calls
    /// inside the module are direct.
    pub(crate) fn export(self) {
        self.leave_comdat();
        self.set_linkage(LLVMLinkage::LLVMExternalLinkage);
        unsafe {
            // The C interface cannot set `dso_local`; hiding sets it, and it stays.
            LLVMSetVisibility(self.value, LLVMVisibility::LLVMHiddenVisibility);
            LLVMSetVisibility(self.value, LLVMVisibility::LLVMDefaultVisibility);
        }
    }

    /// Whether the source says that the symbol is for its own library only.
    pub(crate) fn is_hidden(self) -> bool {
        unsafe { LLVMGetVisibility(self.value) == LLVMVisibility::LLVMHiddenVisibility }
    }

    pub(crate) fn leave_comdat(self) {
        if matches!(self.kind, Kind::Function | Kind::Variable) {
            unsafe {
                if !LLVMGetComdat(self.value).is_null() {
                    LLVMSetComdat(self.value, ptr::null_mut());
                }
            }
        }
    }

    /// The function that this is or is an alias of.
    pub(crate) fn function(self) -> Option<Global<'m>> {
        let mut value = self.value;
        if self.kind == Kind::Alias {
            value = unsafe { LLVMAliasGetAliasee(value) };
        }
        let value = unsafe { LLVMIsAFunction(value) };
        (!value.is_null()).then_some(Global {
            value,
            kind: Kind::Function,
            module: PhantomData,
        })
    }

    /// A second symbol for the same function.
    pub(crate) fn add_alias(self, name: &str) -> Global<'m> {
        let name = format!("{name}\0");
        let value = unsafe {
            let module = LLVMGetGlobalParent(self.value);
            let ty = LLVMGlobalGetValueType(self.value);
            LLVMAddAlias2(module, ty, 0, self.value, name.as_ptr().cast())
        };
        Global {
            value,
            kind: Kind::Alias,
            module: PhantomData,
        }
    }

    /// How the function is called. For an alias that of the function behind it.
    pub(crate) fn shape(self) -> Option<Shape> {
        self.function()
            .map(|function| shape::of_function(function.value, PhantomData))
    }

    /// Whether a call of this function, somewhere in the module, has another type than it.
    pub(crate) fn is_called_otherwise(self) -> bool {
        unsafe {
            let own = LLVMGlobalGetValueType(self.value);
            let mut used = LLVMGetFirstUse(self.value);
            while !used.is_null() {
                let user = LLVMGetUser(used);
                let is_call =
                    !LLVMIsACallInst(user).is_null() || !LLVMIsAInvokeInst(user).is_null();
                if is_call
                    && LLVMGetCalledValue(user) == self.value
                    && LLVMGetCalledFunctionType(user) != own
                {
                    return true;
                }
                used = LLVMGetNextUse(used);
            }
            false
        }
    }

    pub(crate) fn is_used(self) -> bool {
        unsafe { !LLVMGetFirstUse(self.value).is_null() }
    }

    pub(crate) fn replace_with(self, other: Global<'m>) {
        unsafe { LLVMReplaceAllUsesWith(self.value, other.value) }
    }

    /// Removes the function or variable, which nothing uses any more.
    pub(crate) fn delete(self) {
        match self.kind {
            Kind::Function => unsafe { LLVMDeleteFunction(self.value) },
            Kind::Variable => unsafe { LLVMDeleteGlobal(self.value) },
            Kind::Alias | Kind::Ifunc => {}
        }
    }

    /// A string attribute of the function: `target-features`.
    pub(crate) fn string_attribute(self, key: &str) -> Option<String> {
        let length = key.len() as c_uint;
        unsafe {
            let found =
                LLVMGetStringAttributeAtIndex(self.value, FUNCTION, key.as_ptr().cast(), length);
            if found.is_null() {
                return None;
            }
            let mut length = 0;
            let start = LLVMGetStringAttributeValue(found, &mut length);
            let bytes = std::slice::from_raw_parts(start.cast::<u8>(), length as usize);
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    }

    pub(crate) fn set_string_attribute(self, key: &str, value: Option<&str>) {
        let (start, length) = (key.as_ptr().cast(), key.len() as c_uint);
        unsafe {
            LLVMRemoveStringAttributeAtIndex(self.value, FUNCTION, start, length);
            if let Some(value) = value {
                let context = LLVMGetModuleContext(LLVMGetGlobalParent(self.value));
                let (text, size) = (value.as_ptr().cast(), value.len() as c_uint);
                let attribute = LLVMCreateStringAttribute(context, start, length, text, size);
                LLVMAddAttributeAtIndex(self.value, FUNCTION, attribute);
            }
        }
    }

    /// An attribute without a value at the function: `nonlazybind`.
    pub(crate) fn add_attribute(self, name: &str) {
        self.add_attribute_at(FUNCTION, name);
    }

    pub(crate) fn remove_attribute(self, name: &str) {
        self.remove_attribute_at(FUNCTION, name);
    }

    pub(super) fn remove_attribute_at(self, index: c_uint, name: &str) {
        unsafe { LLVMRemoveEnumAttributeAtIndex(self.value, index, attribute_kind(name)) }
    }

    /// How the result (`None`) or a parameter is widened to a register.
    pub(crate) fn set_extension(self, parameter: Option<usize>, extension: Extension) {
        let index = parameter.map_or(RESULT, |index| index as c_uint + 1);
        match extension {
            Extension::None => {}
            Extension::Sign => self.add_attribute_at(index, "signext"),
            Extension::Zero => self.add_attribute_at(index, "zeroext"),
        }
    }

    fn add_attribute_at(self, index: c_uint, name: &str) {
        unsafe {
            let context = LLVMGetModuleContext(LLVMGetGlobalParent(self.value));
            let attribute = LLVMCreateEnumAttribute(context, attribute_kind(name), 0);
            LLVMAddAttributeAtIndex(self.value, index, attribute);
        }
    }

    /// A new declaration in place of this one: default visibility and not `dso_local`, which the C
    /// interface cannot take away.
    pub(crate) fn redeclare(self) -> Global<'m> {
        let fresh = self.detach("");
        fresh.set_linkage(self.linkage());
        self.delete();
        fresh
    }

    /// Renames this to `own` and puts a declaration in its place, for all who use it.
    pub(crate) fn detach(self, own: &str) -> Global<'m> {
        let name = self.name();
        self.rename(own);
        let terminated = format!("{name}\0");
        let fresh = unsafe {
            let module = LLVMGetGlobalParent(self.value);
            let ty = LLVMGlobalGetValueType(self.value);
            match self.kind {
                Kind::Variable => {
                    let fresh = LLVMAddGlobal(module, ty, terminated.as_ptr().cast());
                    LLVMSetGlobalConstant(fresh, LLVMIsGlobalConstant(self.value));
                    LLVMSetThreadLocalMode(fresh, LLVMGetThreadLocalMode(self.value));
                    LLVMSetAlignment(fresh, LLVMGetAlignment(self.value));
                    fresh
                }
                _ => {
                    let fresh = LLVMAddFunction(module, terminated.as_ptr().cast(), ty);
                    LLVMSetFunctionCallConv(fresh, LLVMGetFunctionCallConv(self.value));
                    LLVMSetSubprogram(fresh, LLVMGetSubprogram(self.value));
                    self.copy_attributes(fresh);
                    fresh
                }
            }
        };
        let fresh = Global {
            value: fresh,
            kind: self.kind,
            module: PhantomData,
        };
        self.replace_with(fresh);
        fresh
    }

    unsafe fn copy_attributes(self, other: LLVMValueRef) {
        let parameters = self.shape().map_or(0, |shape| shape.parameters.len());
        let indices = [FUNCTION, RESULT]
            .into_iter()
            .chain(1..=parameters as c_uint);
        for index in indices {
            unsafe {
                let count = LLVMGetAttributeCountAtIndex(self.value, index) as usize;
                let mut attributes = vec![ptr::null_mut(); count];
                LLVMGetAttributesAtIndex(self.value, index, attributes.as_mut_ptr());
                for attribute in attributes {
                    LLVMAddAttributeAtIndex(other, index, attribute);
                }
            }
        }
    }

    pub(crate) fn has_debug_information(self) -> bool {
        self.kind == Kind::Function && unsafe { !LLVMGetSubprogram(self.value).is_null() }
    }

    pub(super) fn subprogram(self) -> LLVMMetadataRef {
        unsafe { LLVMGetSubprogram(self.value) }
    }
}

/// The number that stands for an attribute in this LLVM.
pub(super) fn attribute_kind(name: &str) -> c_uint {
    // SAFETY: the name is passed with its length.
    unsafe { LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) }
}
