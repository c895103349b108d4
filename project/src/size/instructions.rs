//! Where machine code leads, an arm for each processor.
//!
//! Only what an instruction says of itself is wanted here: its length, and the address that it calls,
//! jumps to or takes, if that is written relative to the instruction. What the linker fills in is
//! known from relocations, whatever the processor.

mod x86_64;

use std::ops::Range;

use object::Architecture;

/// An instruction, as far as it leads anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Its place: addresses in its section.
    pub(super) range: Range<u64>,
    /// The address in the same section that it calls, jumps to, reads or takes.
    pub(super) target: Option<u64>,
}

/// Decodes the machine code of a processor.
pub(super) trait Decode {
    /// Hands over each instruction of `code`, which stands at `address` in its section. Bytes that are
    /// no instruction are passed over.
    fn instructions(&self, code: &[u8], address: u64, found: &mut dyn FnMut(Instruction));
}

/// The decoder for objects of `architecture`; `None` if there is none.
pub(super) fn decoder(architecture: Architecture) -> Option<&'static dyn Decode> {
    match architecture {
        Architecture::X86_64 => Some(&x86_64::X86_64),
        _ => None,
    }
}
