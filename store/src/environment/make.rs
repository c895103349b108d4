//! Makes the libraries of an environment that are not in the store yet.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::iter;

use fs_err as fs;
use puck_package::{Digest, LinkMode, LinkName, Processor, SystemImport};

use super::libraries::Libraries;
use super::{Code, Compile, CompileError, EnvironmentPackage, Link};
use crate::batch::Batch;
use crate::error::PackageVersion;
use crate::library::{self, Keyed, Recipe};
use crate::link::{self, LinkRequest, Linker};
use crate::{Error, InstalledPackage, Result, files, system};

impl Batch<'_> {
    /// The libraries of an environment, all of which are in the store or in this batch afterwards.
    pub(super) fn libraries(
        &self,
        packages: &[EnvironmentPackage<'_>],
        link: &Link<'_>,
    ) -> Result<Libraries> {
        let needs_compiler = link.processor.is_some();
        if needs_compiler && link.compiler.is_none() {
            return self.compiled_before(packages, link);
        }
        let identity = link.compiler.filter(|_| needs_compiler);
        let identity = identity.map(Compile::identity);
        let libraries = Libraries::of(packages, link, identity.as_deref())?;
        let missing = self.missing(&libraries)?;
        if !missing.is_empty() {
            // They may be what takes longest, and are made of what is in packages.
            self.flush()?;
            Maker {
                batch: self,
                packages,
                link,
            }
            .make(&libraries, &missing)?;
        }
        Ok(libraries)
    }

    /// The libraries that somebody else has compiled; for those who cannot compile.
    fn compiled_before(
        &self,
        packages: &[EnvironmentPackage<'_>],
        link: &Link<'_>,
    ) -> Result<Libraries> {
        for compiler in self.store.library_compilers()? {
            let libraries = Libraries::of(packages, link, Some(&compiler))?;
            if self.missing(&libraries)?.is_empty() {
                return Ok(libraries);
            }
        }
        Err(Error::NoCompiler {
            link: link.mode,
            processor: link.processor.clone().map(Box::new),
        })
    }

    /// Those that are not in the store, or not whole. Those that are there are in use.
    fn missing(&self, libraries: &Libraries) -> Result<BTreeSet<Digest>> {
        let mut missing = BTreeSet::new();
        for key in libraries.recipes().into_keys() {
            if self.store.library(&key)?.is_none() {
                missing.insert(key);
            } else {
                files::seal_directory(&self.store.library_path(&key))?;
                files::mark_used(&self.store.library_path(&key))?;
            }
        }
        Ok(missing)
    }
}

/// What is needed to make libraries.
struct Maker<'a> {
    batch: &'a Batch<'a>,
    packages: &'a [EnvironmentPackage<'a>],
    link: &'a Link<'a>,
}

impl Maker<'_> {
    fn make(&self, libraries: &Libraries, missing: &BTreeSet<Digest>) -> Result<()> {
        self.specialise(libraries, missing)?;
        let Some(image) = &libraries.image else {
            return Ok(());
        };
        let mut made = BTreeSet::new();
        for (level, keyed) in &image.levels {
            let Keyed { key, recipe } = keyed;
            if !missing.contains(key) || !made.insert(key) {
                continue;
            }
            let code = self.code(recipe)?;
            let count = self.packages.len();
            let what = match recipe.link {
                LinkMode::Lto => format!("the program of all packages ({count})"),
                _ => format!("the image of all packages ({count}) for {level}"),
            };
            let library = self.together(recipe, &code, what)?;
            self.batch.add_library(keyed, &library)?;
        }
        Ok(())
    }

    /// Compiles those packages whose libraries for the processor are missing.
    fn specialise(&self, libraries: &Libraries, missing: &BTreeSet<Digest>) -> Result<()> {
        let wanted: Vec<_> = self
            .packages
            .iter()
            .zip(&libraries.specialised)
            .filter(|(_, keyed)| missing.contains(&keyed.key))
            .map(|(package, keyed)| (package.installed, keyed))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let packages: Vec<_> = wanted.iter().map(|(package, _)| *package).collect();
        let codes = self.compile_each(&packages)?;
        for ((package, keyed), code) in wanted.into_iter().zip(codes) {
            let library = alone(package, &code)?;
            self.batch.add_library(keyed, &library)?;
        }
        Ok(())
    }

    /// The objects of a library of all packages.
    fn code(&self, recipe: &Recipe) -> Result<Code> {
        let installed: Vec<_> = self.packages.iter().map(|p| p.installed).collect();
        match (&recipe.processor, recipe.link) {
            (None, LinkMode::Image) => packed(&installed, recipe),
            (None, LinkMode::Dynamic | LinkMode::Lto) => Err(self.no_compiler()),
            (Some(processor), LinkMode::Lto) => {
                let exports = recipe.exports.iter().flatten().cloned().collect();
                let compiler = self.compiler()?;
                installed.iter().try_for_each(|package| check_ir(package))?;
                compiler
                    .program(&installed, &exports, processor)
                    .map_err(|source| self.failed(processor, source))
            }
            (Some(_), LinkMode::Image | LinkMode::Dynamic) => {
                Ok(joined(self.compile_each(&installed)?))
            }
        }
    }

    fn compile_each(&self, packages: &[&InstalledPackage]) -> Result<Vec<Code>> {
        let processor = self.link.processor.as_ref();
        let processor = processor.ok_or_else(|| self.no_compiler())?;
        packages.iter().try_for_each(|package| check_ir(package))?;
        let codes = self
            .compiler()?
            .packages(packages, processor)
            .map_err(|source| self.failed(processor, source))?;
        if codes.len() == packages.len() {
            return Ok(codes);
        }
        let message = format!(
            "it gave the code of {} packages where that of {} was expected",
            codes.len(),
            packages.len()
        );
        Err(self.failed(processor, message.into()))
    }

    fn compiler(&self) -> Result<&dyn Compile> {
        self.link.compiler.ok_or_else(|| self.no_compiler())
    }

    fn no_compiler(&self) -> Error {
        Error::NoCompiler {
            link: self.link.mode,
            processor: self.link.processor.clone().map(Box::new),
        }
    }

    fn failed(&self, processor: &Processor, source: CompileError) -> Error {
        if let Some(kind) = want_of_space(&*source) {
            return io::Error::new(kind, source.to_string()).into();
        }
        Error::Compile {
            packages: self.packages.len(),
            processor: Box::new(processor.clone()),
            source,
        }
    }

    /// Links the code of all packages into one library.
    fn together(&self, recipe: &Recipe, code: &Code, what: String) -> Result<Vec<u8>> {
        let system_imports = library::newest(&code.system_imports);
        check_system(&system_imports)?;
        let everything = || {
            let packages = self.packages.iter();
            packages.flat_map(|package| package.installed.document.exported_symbols())
        };
        let exports: Vec<String> = match &recipe.exports {
            Some(exports) => exports.iter().map(LinkName::to_string).collect(),
            None => everything().map(|symbol| symbol.to_string()).collect(),
        };
        let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
        let objects: Vec<&[u8]> = code.objects.iter().map(Vec::as_slice).collect();
        let are_packages = recipe.link == LinkMode::Image && objects.len() == self.packages.len();
        let names: Vec<String> = if are_packages {
            let packages = self.packages.iter();
            packages
                .map(|package| PackageVersion::of(&package.installed.document).to_string())
                .collect()
        } else {
            (1..=objects.len())
                .map(|part| format!("part {part}"))
                .collect()
        };
        let request = LinkRequest {
            soname: &recipe.soname,
            exports: &exports,
            imports: &[],
            system_imports: &system_imports,
            runpath: None,
            debug: code.debug,
        };
        let linked = Linker::new(&request).and_then(|linker| linker.link_all(&objects));
        linked.map_err(|source| Error::LinkTogether {
            what,
            source: source.naming(&names),
        })
    }
}

/// Whether what a compiler says comes of a full device: of what it keeps for later, say.
fn want_of_space(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    let causes = iter::successors(Some(error), |error| error.source());
    let mut kinds = causes.filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.find(|kind| matches!(Error::from(io::Error::from(*kind)), Error::NoSpace(_)))
}

/// The library of one package, of code that was compiled here.
fn alone(package: &InstalledPackage, code: &Code) -> Result<Vec<u8>> {
    let document = &package.document;
    let system_imports = document.system_imports.iter().chain(&code.system_imports);
    let system_imports = library::newest(system_imports);
    check_system(&code.system_imports)?;
    let exports = document.exported_symbols();
    let exports: Vec<String> = exports.iter().map(LinkName::to_string).collect();
    let exports: Vec<&str> = exports.iter().map(String::as_str).collect();
    let imports: Vec<&LinkName> = document.imports.iter().map(|i| &i.link_name).collect();
    let request = LinkRequest {
        soname: &document.soname(),
        exports: &exports,
        imports: &imports,
        system_imports: &system_imports,
        runpath: (!imports.is_empty()).then_some(link::RUNPATH),
        debug: code.debug,
    };
    let objects: Vec<&[u8]> = code.objects.iter().map(Vec::as_slice).collect();
    let linked = Linker::new(&request).and_then(|linker| linker.link_all(&objects));
    linked.map_err(|source| Error::LinkTogether {
        what: format!(
            "{}, compiled for this machine,",
            PackageVersion::of(document)
        ),
        source,
    })
}

/// Refuses IR that is not what was installed. What is made of it is given a name that says so.
fn check_ir(package: &InstalledPackage) -> Result<()> {
    let path = package.document.ir_path();
    let found = Digest::of_file(&package.path.join(&path))?;
    check(package, &path, found)
}

fn check(package: &InstalledPackage, path: &str, found: Digest) -> Result<()> {
    match package.document.files.get(path) {
        Some(facts) if facts.sha256 != found => Err(Error::DamagedPackage {
            package: PackageVersion::of(&package.document),
            path: package.path.join(path),
        }),
        _ => Ok(()),
    }
}

/// The packages' objects as they were packed.
fn packed(packages: &[&InstalledPackage], recipe: &Recipe) -> Result<Code> {
    let mut code = Code::default();
    for (package, part) in packages.iter().zip(&recipe.packages) {
        let object = part.object.as_deref().unwrap_or_default();
        let bytes = fs::read(package.path.join(object))?;
        check(package, object, Digest::of(&bytes))?;
        code.objects.push(bytes);
        code.debug |= package.document.debug;
        let imports = package.document.system_imports.iter();
        code.system_imports.extend(imports.cloned());
    }
    Ok(code)
}

fn joined(codes: Vec<Code>) -> Code {
    let mut all = Code::default();
    for code in codes {
        all.objects.extend(code.objects);
        all.system_imports.extend(code.system_imports);
        all.debug |= code.debug;
    }
    all
}

/// Refuses code that uses what this machine's libraries do not have.
fn check_system(imports: &[SystemImport]) -> Result<()> {
    let missing = system::missing(imports);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::CodeImports {
        missing,
        glibc: system::glibc_version(),
    })
}
