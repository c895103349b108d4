//! Changes to a whole module that the C interface offers only piece by piece.

use std::ffi::{CStr, CString};
use std::ptr;

use inkwell::llvm_sys::core::{
    LLVMAddFunction, LLVMAddGlobal, LLVMAppendBasicBlockInContext, LLVMArrayType2, LLVMBuildCall2,
    LLVMBuildRet, LLVMBuildRetVoid, LLVMConstArray2, LLVMConstInt, LLVMConstIntGetZExtValue,
    LLVMConstNull, LLVMConstStructInContext, LLVMCreateBuilderInContext, LLVMDeleteGlobal,
    LLVMDisposeBuilder, LLVMFunctionType, LLVMGetFirstBasicBlock, LLVMGetInitializer,
    LLVMGetModuleContext, LLVMGetNamedFunction, LLVMGetNamedGlobal, LLVMGetNumOperands,
    LLVMGetOperand, LLVMGetPoison, LLVMGetReturnType, LLVMGetTypeKind, LLVMGlobalGetValueType,
    LLVMInt32TypeInContext, LLVMIsAConstantStruct, LLVMIsNull, LLVMPointerTypeInContext,
    LLVMPositionBuilderAtEnd, LLVMReplaceAllUsesWith, LLVMSetAlignment, LLVMSetInitializer,
    LLVMSetLinkage, LLVMSetSection, LLVMTypeOf, LLVMVoidTypeInContext,
};
use inkwell::llvm_sys::debuginfo::{
    LLVMDIBuilderCreateDebugLocation, LLVMDISubprogramGetLine, LLVMInstructionSetDebugLoc,
    LLVMSetSubprogram,
};
use inkwell::llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};
use inkwell::llvm_sys::{LLVMLinkage, LLVMTypeKind};
use inkwell::module::Module;

use super::{Global, Kind, globals};

/// The priority of constructors that have none.
pub(crate) const DEFAULT_PRIORITY: u64 = 65535;
const CONSTRUCTORS: &CStr = c"llvm.global_ctors";
const DESTRUCTORS: &CStr = c"llvm.global_dtors";

/// Replaces the body of every function by one that returns at once, keeping what debug information
/// says about the function. `remove_bodies` must turn `available_externally` definitions into
/// declarations.
pub(crate) fn stub_bodies(module: &Module<'_>, remove_bodies: impl FnOnce()) {
    let functions: Vec<_> = globals(module)
        .into_iter()
        .filter(|global| global.kind == Kind::Function && !global.is_declaration())
        .map(|function| (function, function.subprogram()))
        .collect();
    for (function, _) in &functions {
        function.leave_comdat();
        // The C interface has no way to remove a body, but a pass does it to these.
        function.set_linkage(LLVMLinkage::LLVMAvailableExternallyLinkage);
    }
    remove_bodies();
    for (function, subprogram) in functions {
        // SAFETY: the module is alive and the functions with it: the pass removes bodies only, as
        // the caller promises. Metadata belongs to the context.
        unsafe {
            let context = LLVMGetModuleContext(module.as_mut_ptr());
            if LLVMGetFirstBasicBlock(function.value).is_null() {
                let block = LLVMAppendBasicBlockInContext(context, function.value, c"".as_ptr());
                let builder = LLVMCreateBuilderInContext(context);
                LLVMPositionBuilderAtEnd(builder, block);
                let result = LLVMGetReturnType(LLVMGlobalGetValueType(function.value));
                let last = match LLVMGetTypeKind(result) {
                    LLVMTypeKind::LLVMVoidTypeKind => LLVMBuildRetVoid(builder),
                    _ => LLVMBuildRet(builder, LLVMGetPoison(result)),
                };
                LLVMDisposeBuilder(builder);
                if !subprogram.is_null() {
                    LLVMSetSubprogram(function.value, subprogram);
                    let line = LLVMDISubprogramGetLine(subprogram);
                    let location = LLVMDIBuilderCreateDebugLocation(
                        context,
                        line,
                        0,
                        subprogram,
                        ptr::null_mut(),
                    );
                    LLVMInstructionSetDebugLoc(last, location);
                }
            }
        }
    }
}

/// Defines `__dso_handle`, the variable by whose address C++ registers destructors, and a function
/// that runs them when the library is unloaded (what `crtbegin.o` does where a C compiler links).
pub(crate) fn append_destructor(module: &Module<'_>, handle: Global<'_>) {
    let raw = module.as_mut_ptr();
    // SAFETY: everything is made in and belongs to the live module and its context; the types agree
    // with LLVM's documentation of `llvm.global_dtors`, and the module is verified afterwards.
    unsafe {
        let context = LLVMGetModuleContext(raw);
        let pointer = LLVMPointerTypeInContext(context, 0);
        let void = LLVMVoidTypeInContext(context);
        let own = LLVMAddGlobal(raw, pointer, c"puck.dso_handle".as_ptr());
        LLVMSetInitializer(own, LLVMConstNull(pointer));
        LLVMSetLinkage(own, LLVMLinkage::LLVMInternalLinkage);
        LLVMReplaceAllUsesWith(handle.value, own);
        handle.delete();

        let mut argument = pointer;
        let finalize_type = LLVMFunctionType(void, &mut argument, 1, 0);
        let name = c"__cxa_finalize";
        let mut finalize = LLVMGetNamedFunction(raw, name.as_ptr());
        if finalize.is_null() {
            finalize = LLVMAddFunction(raw, name.as_ptr(), finalize_type);
        }
        let nothing = LLVMFunctionType(void, ptr::null_mut(), 0, 0);
        let destructor = LLVMAddFunction(raw, c"puck.finalize".as_ptr(), nothing);
        LLVMSetLinkage(destructor, LLVMLinkage::LLVMInternalLinkage);
        let block = LLVMAppendBasicBlockInContext(context, destructor, c"".as_ptr());
        let builder = LLVMCreateBuilderInContext(context);
        LLVMPositionBuilderAtEnd(builder, block);
        let mut own = own;
        LLVMBuildCall2(builder, finalize_type, finalize, &mut own, 1, c"".as_ptr());
        LLVMBuildRetVoid(builder);
        LLVMDisposeBuilder(builder);

        let mut entries = entries(LLVMGetNamedGlobal(raw, DESTRUCTORS.as_ptr()));
        let priority = LLVMConstInt(LLVMInt32TypeInContext(context), DEFAULT_PRIORITY, 0);
        let mut fields = [priority, destructor, LLVMConstNull(pointer)];
        let entry = LLVMConstStructInContext(context, fields.as_mut_ptr(), 3, 0);
        entries.push(entry);
        set_entries(raw, DESTRUCTORS, &mut entries);
    }
}

/// Puts constructors and destructors in the order of their priorities, which are all `priority` then:
/// joined with others, they stay together.
pub(crate) fn order_constructors(module: &Module<'_>, priority: u64) {
    let raw = module.as_mut_ptr();
    for name in [CONSTRUCTORS, DESTRUCTORS] {
        // SAFETY: the lists are of LLVM's documented form, `{ i32, ptr, ptr }`, which the verifier
        // checked; what is made belongs to the same module and its context.
        unsafe {
            let mut entries = entries(LLVMGetNamedGlobal(raw, name.as_ptr()));
            if entries.is_empty()
                || entries
                    .iter()
                    .any(|entry| LLVMIsAConstantStruct(*entry).is_null())
            {
                continue;
            }
            entries.sort_by_key(|entry| LLVMConstIntGetZExtValue(LLVMGetOperand(*entry, 0)));
            let context = LLVMGetModuleContext(raw);
            let priority = LLVMConstInt(LLVMInt32TypeInContext(context), priority, 0);
            for entry in &mut entries {
                let mut fields = [
                    priority,
                    LLVMGetOperand(*entry, 1),
                    LLVMGetOperand(*entry, 2),
                ];
                *entry = LLVMConstStructInContext(context, fields.as_mut_ptr(), 3, 0);
            }
            set_entries(raw, name, &mut entries);
        }
    }
}

/// Makes a list of constructors, in place of the one that is there.
///
/// # Safety
/// `module` is alive, and `entries`, of which there is at least one, belong to its context.
unsafe fn set_entries(module: LLVMModuleRef, name: &CStr, entries: &mut [LLVMValueRef]) {
    // SAFETY: as the caller promises.
    unsafe {
        let existing = LLVMGetNamedGlobal(module, name.as_ptr());
        if !existing.is_null() {
            LLVMDeleteGlobal(existing);
        }
        let entry_type = LLVMTypeOf(entries[0]);
        let list = LLVMConstArray2(entry_type, entries.as_mut_ptr(), entries.len() as u64);
        let list_type = LLVMArrayType2(entry_type, entries.len() as u64);
        let variable = LLVMAddGlobal(module, list_type, name.as_ptr());
        LLVMSetInitializer(variable, list);
        LLVMSetLinkage(variable, LLVMLinkage::LLVMAppendingLinkage);
    }
}

/// The elements of `llvm.global_ctors` or `llvm.global_dtors`.
///
/// # Safety
/// `list` is null or such a variable of a live module.
unsafe fn entries(list: LLVMValueRef) -> Vec<LLVMValueRef> {
    // SAFETY: as the caller promises; operands are asked for below their number.
    unsafe {
        let initializer = match list.is_null() {
            true => return Vec::new(),
            false => LLVMGetInitializer(list),
        };
        if initializer.is_null() {
            return Vec::new();
        }
        let count = LLVMGetNumOperands(initializer).unsigned_abs();
        (0..count)
            .map(|index| LLVMGetOperand(initializer, index))
            .collect()
    }
}

/// Puts constructors and destructors where ELF has them, into `.init_array` and `.fini_array`.
///
/// LLVM does so itself only if an option says so that the C interface does not have; else it fills
/// `.ctors`, which nothing runs. To be called after optimisation, which knows LLVM's own form.
pub(crate) fn lower_constructors(module: &Module<'_>) {
    for (name, section) in [(CONSTRUCTORS, ".init_array"), (DESTRUCTORS, ".fini_array")] {
        // SAFETY: the lists are of LLVM's documented form, `{ i32, ptr, ptr }`, which the verifier
        // checked; what is made belongs to the same module.
        unsafe { lower(module.as_mut_ptr(), name, section) };
    }
}

/// # Safety
/// `module` is alive, and the list verified.
unsafe fn lower(module: LLVMModuleRef, name: &CStr, section: &str) {
    // SAFETY: as the caller promises.
    unsafe {
        let list = LLVMGetNamedGlobal(module, name.as_ptr());
        let mut lowered: Vec<(u64, LLVMValueRef)> = entries(list)
            .into_iter()
            .filter(|entry| !LLVMIsAConstantStruct(*entry).is_null())
            .map(|entry| {
                (
                    LLVMConstIntGetZExtValue(LLVMGetOperand(entry, 0)),
                    LLVMGetOperand(entry, 1),
                )
            })
            .filter(|(_, function)| LLVMIsNull(*function) == 0)
            .collect();
        if list.is_null() {
            return;
        }
        lowered.sort_by_key(|(priority, _)| *priority);
        LLVMDeleteGlobal(list);
        for (priority, function) in lowered {
            let section = match priority {
                DEFAULT_PRIORITY => section.to_owned(),
                // A linker sorts them by name.
                priority => format!("{section}.{priority:05}"),
            };
            let Ok(section) = CString::new(section) else {
                continue;
            };
            let pointer = LLVMTypeOf(function);
            let variable = LLVMAddGlobal(module, pointer, c"".as_ptr());
            LLVMSetInitializer(variable, function);
            LLVMSetLinkage(variable, LLVMLinkage::LLVMInternalLinkage);
            LLVMSetAlignment(variable, 8);
            LLVMSetSection(variable, section.as_ptr());
        }
    }
}
