//! The machine code of one function, as text for people.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt::Write;
use std::ptr;

use inkwell::llvm_sys::disassembler::{
    LLVMCreateDisasmCPU, LLVMDisasmContextRef, LLVMDisasmDispose, LLVMDisasmInstruction,
    LLVMDisassembler_Option_AsmPrinterVariant, LLVMDisassembler_Option_PrintImmHex,
    LLVMDisassembler_ReferenceType_In_Branch, LLVMDisassembler_ReferenceType_InOut_None,
    LLVMSetDisasmOptions, Struct_LLVMOpInfo1,
};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};
use puck_package::Target;

use crate::error::Error;
use crate::llvm::{Session, guarded};

/// The longest text that LLVM is let write for an instruction, in bytes.
const TEXT: usize = 512;

/// A function's machine code in Intel's syntax: labels, addresses from the function's start,
/// instructions with the names of what they refer to. `None` if the object does not define
/// `symbol`.
///
/// # Errors
/// If `object` is no relocatable object of this architecture.
pub fn disassemble(object: &[u8], symbol: &str) -> Result<Option<String>, Error> {
    let Some(code) = Code::read(object, symbol).map_err(|error| Error::Llvm(error.to_string()))?
    else {
        return Ok(None);
    };
    guarded(move || code.text(symbol))
        .and_then(|text| text)
        .map(Some)
        .map_err(Error::Llvm)
}

/// LLVM IR as text.
///
/// # Errors
/// If `bitcode` is no LLVM IR.
pub fn ir_text(bitcode: &[u8]) -> Result<String, Error> {
    let text = || {
        let session = Session::new();
        let module = session.parse(bitcode, "bitcode")?;
        Ok(module.print_to_string().to_string())
    };
    guarded(text).and_then(|text| text).map_err(Error::Llvm)
}

/// A function's bytes and what they refer to.
struct Code {
    bytes: Vec<u8>,
    /// The symbols that the linker puts in, by offset from the function's start.
    references: BTreeMap<u64, CString>,
    /// Where branches lead, by offset; filled while the instructions are read for the first time.
    labels: RefCell<BTreeMap<u64, CString>>,
}

impl Code {
    fn read(object: &[u8], symbol: &str) -> object::Result<Option<Self>> {
        let file = ElfFile64::<object::Endianness>::parse(object)?;
        let found = file
            .symbols()
            .find(|candidate| candidate.is_definition() && candidate.name() == Ok(symbol));
        let Some(found) = found else { return Ok(None) };
        let Some(section) = found.section_index() else {
            return Ok(None);
        };
        let section = file.section_by_index(section)?;
        let (start, size) = (found.address(), found.size());
        let bytes = section
            .data_range(start, size)?
            .unwrap_or_default()
            .to_vec();
        let mut references = BTreeMap::new();
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(target) = relocation.target() else {
                continue;
            };
            let target = file.symbol_by_index(target)?;
            let name = match target.name()? {
                "" => match target.section_index() {
                    Some(index) => file.section_by_index(index)?.name()?.to_owned(),
                    None => continue,
                },
                name => name.to_owned(),
            };
            if let (Some(offset), Ok(name)) = (offset.checked_sub(start), CString::new(name)) {
                references.insert(offset, name);
            }
        }
        Ok(Some(Self {
            bytes,
            references,
            labels: RefCell::default(),
        }))
    }

    fn text(&self, symbol: &str) -> Result<String, String> {
        let disassembler = Disassembler::new(self)?;
        // Once for the labels, once for the text.
        let _ = disassembler.instructions(&self.bytes);
        let mut text = format!("{symbol}:\n");
        for (address, instruction) in disassembler.instructions(&self.bytes) {
            if let Some(label) = self.labels.borrow().get(&address) {
                let _ = writeln!(text, "{}:", label.to_string_lossy());
            }
            let _ = writeln!(text, "{address:6x}  {instruction}");
        }
        Ok(text)
    }
}

struct Disassembler<'a> {
    context: LLVMDisasmContextRef,
    /// What the context's callbacks point to.
    _code: &'a Code,
}

impl<'a> Disassembler<'a> {
    fn new(code: &'a Code) -> Result<Self, String> {
        // Makes the targets known.
        drop(Session::new());
        let newest = Target::ALL.last().copied().unwrap_or(Target::X86_64);
        let triple = CString::new(newest.triple()).map_err(|error| error.to_string())?;
        let cpu = CString::new(newest.cpu()).map_err(|error| error.to_string())?;
        let data = ptr::from_ref(code).cast_mut().cast::<c_void>();
        // SAFETY: the strings are terminated; `data` outlives the context, as the lifetime says.
        let context = unsafe {
            LLVMCreateDisasmCPU(
                triple.as_ptr(),
                cpu.as_ptr(),
                data,
                1,
                Some(operand),
                Some(branch_target),
            )
        };
        if context.is_null() {
            return Err(format!("this LLVM has no disassembler for {newest}"));
        }
        let options =
            LLVMDisassembler_Option_AsmPrinterVariant | LLVMDisassembler_Option_PrintImmHex;
        // SAFETY: a live context.
        unsafe { LLVMSetDisasmOptions(context, options) };
        Ok(Self {
            context,
            _code: code,
        })
    }

    /// Each instruction with its address. A byte that is none is shown as data.
    fn instructions(&self, bytes: &[u8]) -> Vec<(u64, String)> {
        let mut bytes = bytes.to_vec();
        let mut found = Vec::new();
        let mut place = 0;
        while let Some(rest) = bytes.get_mut(place..).filter(|rest| !rest.is_empty()) {
            let mut text = [0 as c_char; TEXT];
            // SAFETY: the context is alive; both buffers are passed with their lengths.
            let read = unsafe {
                LLVMDisasmInstruction(
                    self.context,
                    rest.as_mut_ptr(),
                    rest.len() as u64,
                    place as u64,
                    text.as_mut_ptr(),
                    TEXT,
                )
            };
            let instruction = match (read, rest.first()) {
                (0, Some(byte)) => format!(".byte {byte:#04x}"),
                // SAFETY: LLVM terminates what it writes within the buffer.
                _ => unsafe { CStr::from_ptr(text.as_ptr()) }
                    .to_string_lossy()
                    .into_owned(),
            };
            found.push((place as u64, instruction.trim().replace('\t', " ")));
            place += read.max(1);
        }
        found
    }
}

impl Drop for Disassembler<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `new`, disposed of once.
        unsafe { LLVMDisasmDispose(self.context) };
    }
}

/// Tells LLVM which symbol an operand at `pc + offset` stands for, if the linker fills it in.
extern "C" fn operand(
    data: *mut c_void,
    pc: u64,
    offset: u64,
    _operand_size: u64,
    _instruction_size: u64,
    tag: c_int,
    buffer: *mut c_void,
) -> c_int {
    if tag != 1 {
        return 0;
    }
    // SAFETY: `data` is the `Code` that the context was made with; for tag 1 the buffer is of this
    // type and zeroed.
    let (code, information) = unsafe {
        (
            &*data.cast::<Code>(),
            &mut *buffer.cast::<Struct_LLVMOpInfo1>(),
        )
    };
    let Some(name) = code.references.get(&(pc + offset)) else {
        return 0;
    };
    information.AddSymbol.Present = 1;
    information.AddSymbol.Name = name.as_ptr();
    information.Value = 0;
    1
}

/// Gives branches inside the function a label.
extern "C" fn branch_target(
    data: *mut c_void,
    value: u64,
    kind: *mut u64,
    _pc: u64,
    name: *mut *const c_char,
) -> *const c_char {
    // SAFETY: `data` is the `Code` that the context was made with; the others are LLVM's to be
    // written.
    unsafe {
        let code = &*data.cast::<Code>();
        *name = ptr::null();
        let is_branch = *kind == LLVMDisassembler_ReferenceType_In_Branch;
        *kind = LLVMDisassembler_ReferenceType_InOut_None;
        if !is_branch || value >= code.bytes.len() as u64 {
            return ptr::null();
        }
        let mut labels = code.labels.borrow_mut();
        let label = labels
            .entry(value)
            .or_insert_with(|| CString::new(format!(".L{value:x}")).unwrap_or_default());
        // The string stays where it is when the map moves its owner.
        label.as_ptr()
    }
}
