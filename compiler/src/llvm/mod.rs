//! What inkwell lacks of LLVM's C interface, with its `unsafe` fenced in here.
//!
//! * [`Session`]: a context whose diagnostics are collected. LLVM's own handler prints and ends the
//!   process; inkwell's is left behind dangling after a link.
//! * [`guarded`]: a thread in which LLVM's fatal errors end the work, not the process.
//! * [`Global`]: functions, variables and aliases alike, which inkwell has as unrelated types.

mod body;
mod contents;
mod fatal;
mod flags;
mod global;
mod rewrite;
mod shape;

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr;
use std::sync::Once;

use inkwell::context::Context;
use inkwell::llvm_sys::core::{
    LLVMCloneModule, LLVMContextSetDiagnosticHandler, LLVMDisposeMessage,
    LLVMGetDiagInfoDescription, LLVMGetDiagInfoSeverity,
};
use inkwell::llvm_sys::ir_reader::LLVMParseIRInContext2;
use inkwell::llvm_sys::linker::LLVMLinkModules2;
use inkwell::llvm_sys::prelude::{LLVMDiagnosticInfoRef, LLVMModuleRef, LLVMValueRef};
use inkwell::llvm_sys::{LLVMDiagnosticSeverity, core};
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::targets::{InitializationConfig, Target};

pub(crate) use body::declare_untyped;
pub(crate) use contents::{Contents, Reference, module_assembly};
pub(crate) use fatal::guarded;
pub(crate) use flags::reconcile_flags;
pub(crate) use global::{Global, Kind};
pub(crate) use rewrite::{
    DEFAULT_PRIORITY, append_destructor, lower_constructors, order_constructors, stub_bodies,
};

/// A context and what LLVM said in it.
pub(crate) struct Session {
    // Dropped before the diagnostics that its handler points to.
    context: Context,
    diagnostics: Box<RefCell<Diagnostics>>,
}

#[derive(Default)]
struct Diagnostics {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Session {
    pub(crate) fn new() -> Self {
        initialize();
        let context = Context::create();
        let diagnostics = Box::<RefCell<Diagnostics>>::default();
        let data = ptr::from_ref(&*diagnostics).cast_mut().cast::<c_void>();
        // SAFETY: the context is alive; the boxed cell outlives it and is used by this thread only
        // (a `Session` is not `Send`), never while it is borrowed: LLVM runs between the borrows.
        unsafe { LLVMContextSetDiagnosticHandler(context.raw(), Some(collect), data) };
        Self {
            context,
            diagnostics,
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Reads bitcode or IR as text.
    ///
    /// # Errors
    /// LLVM's message, which has the line for text. The module is not verified.
    pub(crate) fn parse(&self, content: &[u8], name: &str) -> Result<Module<'_>, String> {
        let buffer = MemoryBuffer::create_from_memory_range_copy(content, name);
        let mut module = ptr::null_mut();
        let mut message = ptr::null_mut();
        // SAFETY: context and buffer are alive; both results are written only as documented.
        let failed = unsafe {
            LLVMParseIRInContext2(
                self.context.raw(),
                buffer.as_mut_ptr(),
                &mut module,
                &mut message,
            )
        } != 0;
        let message = (!message.is_null()).then(|| take(message));
        if failed || module.is_null() {
            let collected = self.errors();
            return Err(message
                .or(collected)
                .unwrap_or_else(|| "no message".to_owned()));
        }
        // SAFETY: a module that was just created and that nobody else owns.
        Ok(unsafe { Module::new(module) })
    }

    /// Moves everything of `source` into `destination`.
    ///
    /// # Errors
    /// LLVM's message, such as that a symbol is defined twice.
    pub(crate) fn link<'c>(
        &'c self,
        destination: &Module<'c>,
        source: Module<'c>,
    ) -> Result<(), String> {
        let source = std::mem::ManuallyDrop::new(source);
        // SAFETY: both modules live in this session's context; the source is consumed, and
        // forgotten above.
        let failed =
            unsafe { LLVMLinkModules2(destination.as_mut_ptr(), source.as_mut_ptr()) } != 0;
        match self.errors() {
            Some(message) => Err(message),
            None if failed => Err("no message".to_owned()),
            None => Ok(()),
        }
    }

    /// A copy of a module. (Inkwell's `clone` verifies it first, and panics.)
    pub(crate) fn copy<'c>(&'c self, module: &Module<'c>) -> Module<'c> {
        // SAFETY: a module of this context; the copy is a new one that nobody else owns.
        unsafe { Module::new(LLVMCloneModule(module.as_mut_ptr())) }
    }

    /// What LLVM called errors since this was last asked.
    pub(crate) fn errors(&self) -> Option<String> {
        let errors = std::mem::take(&mut self.diagnostics.borrow_mut().errors);
        (!errors.is_empty()).then(|| errors.join("\n"))
    }

    /// What LLVM warned of since this was last asked.
    pub(crate) fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.diagnostics.borrow_mut().warnings)
    }
}

extern "C" fn collect(info: LLVMDiagnosticInfoRef, data: *mut c_void) {
    // SAFETY: called by LLVM with a live description; `data` is what `Session::new` registered.
    let (severity, text, diagnostics) = unsafe {
        let diagnostics = &*data.cast::<RefCell<Diagnostics>>();
        (
            LLVMGetDiagInfoSeverity(info),
            take(LLVMGetDiagInfoDescription(info)),
            diagnostics,
        )
    };
    match severity {
        LLVMDiagnosticSeverity::LLVMDSError => diagnostics.borrow_mut().errors.push(text),
        LLVMDiagnosticSeverity::LLVMDSWarning => diagnostics.borrow_mut().warnings.push(text),
        // Remarks and notes are for those who tune a compiler.
        LLVMDiagnosticSeverity::LLVMDSRemark | LLVMDiagnosticSeverity::LLVMDSNote => {}
    }
}

/// Takes over a message that LLVM allocated.
fn take(message: *mut c_char) -> String {
    // SAFETY: LLVM gives a NUL-terminated string that is freed with LLVMDisposeMessage, once.
    unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeMessage(message);
        text
    }
}

fn initialize() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Target::initialize_x86(&InitializationConfig::default());
        fatal::install();
    });
}

/// The functions, variables, aliases and ifuncs of a module, in the module's order.
pub(crate) fn globals<'m>(module: &'m Module<'_>) -> Vec<Global<'m>> {
    type First = unsafe extern "C" fn(LLVMModuleRef) -> LLVMValueRef;
    type Next = unsafe extern "C" fn(LLVMValueRef) -> LLVMValueRef;
    let lists: [(Kind, First, Next); 4] = [
        (
            Kind::Function,
            core::LLVMGetFirstFunction,
            core::LLVMGetNextFunction,
        ),
        (
            Kind::Variable,
            core::LLVMGetFirstGlobal,
            core::LLVMGetNextGlobal,
        ),
        (
            Kind::Alias,
            core::LLVMGetFirstGlobalAlias,
            core::LLVMGetNextGlobalAlias,
        ),
        (
            Kind::Ifunc,
            core::LLVMGetFirstGlobalIFunc,
            core::LLVMGetNextGlobalIFunc,
        ),
    ];
    let mut found = Vec::new();
    for (kind, first, next) in lists {
        // SAFETY: the module is alive; each value belongs to the list that `next` walks.
        let mut value = unsafe { first(module.as_mut_ptr()) };
        while !value.is_null() {
            found.push(Global {
                value,
                kind,
                module: PhantomData,
            });
            // SAFETY: as above.
            value = unsafe { next(value) };
        }
    }
    found
}
