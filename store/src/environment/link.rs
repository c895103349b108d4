//! How an environment's packages are to be linked, and what compiles their IR if need be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use puck_package::{LinkMode, LinkName, Processor, SystemImport, Target};

use crate::InstalledPackage;

/// How the packages of an environment are linked.
#[derive(Clone, Default)]
pub struct Link<'a> {
    /// A library for each package, or one of all.
    pub mode: LinkMode,
    /// What to compile the packages' IR for on this machine. Without one, [`LinkMode::Lto`] compiles
    /// for every processor of the kind.
    pub processor: Option<Processor>,
    /// What [`LinkMode::Lto`] keeps of packages that the project does not depend on itself: as it was
    /// written, and what it means.
    pub keep: BTreeMap<String, BTreeSet<LinkName>>,
    /// What compiles; needed where there is a processor.
    pub compiler: Option<&'a dyn Compile>,
}

/// How the packages of an environment should be linked, as far as it can be seen from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedLink {
    /// As [`Link::mode`].
    pub mode: LinkMode,
    /// As [`Link::processor`].
    pub processor: Option<Processor>,
    /// [`Compile::identity`] of what compiles; `None` if there is none here: any will do then.
    pub compiler: Option<String>,
    /// The keys of [`Link::keep`].
    pub keep: BTreeSet<String>,
}

/// What turns packages' IR into objects on this machine. The store itself knows no compiler.
pub trait Compile: Sync {
    /// What compiles, with its version and whatever else decides what comes out: `LLVM 23.1.2, 1`.
    fn identity(&self) -> String;

    /// The code of each of `packages` for itself, in their order.
    ///
    /// # Errors
    /// If the IR cannot be read or compiled.
    fn packages(
        &self,
        packages: &[&InstalledPackage],
        processor: &Processor,
    ) -> Result<Vec<Code>, CompileError>;

    /// The code of all of `packages` together, of which nothing but `exports` is called from outside.
    ///
    /// # Errors
    /// If the IR cannot be read, merged or compiled.
    fn program(
        &self,
        packages: &[&InstalledPackage],
        exports: &BTreeSet<LinkName>,
        processor: &Processor,
    ) -> Result<Code, CompileError>;
}

/// Why something could not be compiled, in the compiler's own words.
pub type CompileError = Box<dyn std::error::Error + Send + Sync>;

/// What was compiled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code {
    /// Relocatable objects, which may call each other.
    pub objects: Vec<Vec<u8>>,
    /// What they use of the system's libraries.
    pub system_imports: Vec<SystemImport>,
    /// Whether they carry debug information.
    pub debug: bool,
}

impl Link<'_> {
    /// The same, with the processor that is meant where none is named.
    pub(super) fn complete(&self) -> Self {
        let mut link = self.clone();
        if link.mode == LinkMode::Lto {
            let every = || Processor::of(Target::X86_64.base());
            link.processor.get_or_insert_with(every);
        }
        link
    }
}

impl fmt::Debug for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("mode", &self.mode)
            .field("processor", &self.processor)
            .field("keep", &self.keep)
            .field("compiler", &self.compiler.map(Compile::identity))
            .finish()
    }
}
