//! Packages' IR compiled on this machine, for the store, which knows no compiler.

use crate::Error;

#[cfg(feature = "compiler")]
pub(crate) use with_llvm::{Compiler, Steps};
#[cfg(not(feature = "compiler"))]
pub(crate) use without::Compiler;

/// What compiles, with its version; `None` if nothing here does.
pub(crate) fn identity() -> Option<String> {
    #[cfg(feature = "compiler")]
    return Some(puck_compiler::identity());
    #[cfg(not(feature = "compiler"))]
    return None;
}

/// What LLVM calls this machine's processor; `None` without it.
pub(crate) fn host_tuning() -> Option<String> {
    #[cfg(feature = "compiler")]
    return Some(puck_compiler::host_tuning());
    #[cfg(not(feature = "compiler"))]
    return None;
}

#[cfg(not(feature = "compiler"))]
mod without {
    use std::marker::PhantomData;

    use puck_store::{Compile, Store};

    use crate::Progress;

    /// No compiler.
    pub(crate) struct Compiler<'a>(PhantomData<&'a dyn Progress>);

    impl<'a> Compiler<'a> {
        pub(crate) fn new(_: &Store, _: usize, _: &'a dyn Progress) -> Self {
            Self(PhantomData)
        }

        pub(crate) fn get(&self) -> Option<&dyn Compile> {
            None
        }

        pub(crate) fn compiled(&self) -> usize {
            0
        }
    }
}

/// The error of a puck without a compiler that would have to compile for `processor`.
pub(crate) fn missing(processor: &str) -> Error {
    Error::NoCompiler(format!("compiling packages for {processor}"))
}

#[cfg(feature = "compiler")]
mod with_llvm {
    use std::collections::BTreeSet;
    use std::io;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use puck_compiler::{CodeOptions, Ir};
    use puck_package::{LinkName, Processor};
    use puck_store::{Code, Compile, CompileError, InstalledPackage, Store};

    use crate::Progress;

    /// LLVM, with what it keeps for later in the store's `cache/`.
    pub(crate) struct Compiler<'a> {
        jobs: usize,
        cache: PathBuf,
        progress: &'a dyn Progress,
        compiled: AtomicUsize,
    }

    impl<'a> Compiler<'a> {
        pub(crate) fn new(store: &Store, jobs: usize, progress: &'a dyn Progress) -> Self {
            Self {
                jobs: jobs.max(1),
                cache: store.cache_directory(),
                progress,
                compiled: AtomicUsize::new(0),
            }
        }

        /// What compiles, for the store.
        pub(crate) fn get(&self) -> Option<&dyn Compile> {
            Some(self)
        }

        /// How many packages it was given to compile.
        pub(crate) fn compiled(&self) -> usize {
            self.compiled.load(Ordering::Relaxed)
        }

        fn options(&self) -> CodeOptions<'_> {
            CodeOptions {
                jobs: self.jobs,
                cache: &self.cache,
            }
        }

        fn begin(&self, packages: usize, processor: &Processor) {
            self.compiled.fetch_add(packages, Ordering::Relaxed);
            let words = if packages == 1 { "package" } else { "packages" };
            let step = format!("Compiling {packages} {words} for {}", processor.tuning);
            self.progress.step(&step);
        }
    }

    impl Compile for Compiler<'_> {
        fn identity(&self) -> String {
            puck_compiler::identity()
        }

        fn packages(
            &self,
            packages: &[&InstalledPackage],
            processor: &Processor,
        ) -> Result<Vec<Code>, CompileError> {
            self.begin(packages.len(), processor);
            let bitcode = bitcode(packages)?;
            let ir = ir(packages, &bitcode);
            let steps = Steps(self.progress);
            let code = puck_compiler::specialize(&ir, processor, &self.options(), &steps)?;
            let debug = packages.iter().map(|package| package.document.debug);
            Ok(code.into_iter().zip(debug).map(of_compiler).collect())
        }

        fn program(
            &self,
            packages: &[&InstalledPackage],
            exports: &BTreeSet<LinkName>,
            processor: &Processor,
        ) -> Result<Code, CompileError> {
            self.begin(packages.len(), processor);
            let bitcode = bitcode(packages)?;
            let ir = ir(packages, &bitcode);
            let (options, steps) = (self.options(), Steps(self.progress));
            let code = puck_compiler::program(&ir, exports, processor, &options, &steps)?;
            let debug = packages.iter().any(|package| package.document.debug);
            Ok(of_compiler((code, debug)))
        }
    }

    fn of_compiler((code, debug): (puck_compiler::Code, bool)) -> Code {
        let puck_compiler::Code {
            objects,
            system_imports,
        } = code;
        Code {
            objects,
            system_imports,
            debug,
        }
    }

    fn ir<'p>(packages: &[&'p InstalledPackage], bitcode: &'p [Vec<u8>]) -> Vec<Ir<'p>> {
        let pairs = packages.iter().zip(bitcode);
        pairs
            .map(|(package, bitcode)| Ir {
                document: &package.document,
                bitcode,
            })
            .collect()
    }

    /// The packages' IR, which the store has compared with what the archives had.
    fn bitcode(packages: &[&InstalledPackage]) -> io::Result<Vec<Vec<u8>>> {
        let path = |package: &InstalledPackage| package.path.join(package.document.ir_path());
        packages.iter().map(|p| fs_err::read(path(p))).collect()
    }

    /// What the compiler says, said to whoever installs.
    pub(crate) struct Steps<'a>(pub(crate) &'a dyn Progress);

    impl puck_compiler::Progress for Steps<'_> {
        fn step(&self, what: &str) {
            self.0.step(what);
        }

        fn warning(&self, message: &str) {
            self.0.warning(message);
        }
    }
}
