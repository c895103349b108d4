//! What linking has to know of a kind of machine.

/// A kind of machine.
pub(super) struct Machine {
    /// What the linker calls it.
    pub(super) emulation: &'static str,
    /// Its number in the header of an ELF file.
    pub(super) number: u16,
    /// The largest size of a page, in bytes.
    pub(super) page: u64,
}

/// The machine that objects of all targets are for.
pub(super) const X86_64: Machine = Machine {
    emulation: "elf_x86_64",
    number: 62,
    page: 4096,
};
