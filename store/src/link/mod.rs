//! Links relocatable objects into one shared library, in this process, with `libwild`.
//!
//! Nothing is read from or written to a disk: objects come as bytes, the library goes as bytes,
//! and what the objects import is described by stub libraries made up on the spot (see `stub`). Hence
//!
//! - a library depends on its package alone: not on the glibc of this machine, not on which version
//!   of a callee happens to be installed. The same package gives the same bytes everywhere;
//! - no compiler, no linker and no development files are needed;
//! - a full disk cannot hit the linker half-way: the caller writes the bytes, with its own errors.
//!
//! Every reference must be found in a stub (`-z defs`), so an object that uses what its package
//! does not declare is refused by name. In a real `libm` many definitions are weak and references
//! to them would come out weak too, null when absent; stubs define everything strongly.
//!
//! `libwild` keeps its state in the values handed to it, so several links may run at once. It divides
//! its work among the threads of rayon's pool; where that pays and where not, see `threads`.

mod forward;
mod machine;
mod memory;
mod stub;
mod symbols;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use puck_package::{LinkName, SystemImport};

pub use forward::Forward;
pub(crate) use forward::has_its_size;
use memory::{MemoryFiles, OUTPUT, VERSION_SCRIPT};
use stub::{Stub, StubSymbol};

/// What links, with its version.
pub const NAME: &str = "libwild 0.10.0";

/// Where a library in an environment looks for its callees: beside itself, and, when it was found in
/// `lib/glibc-hwcaps/<level>/`, in `lib/`.
pub const RUNPATH: &str = "$ORIGIN:$ORIGIN/../..";

/// What is known about the objects of a library.
#[derive(Debug, Clone, Copy)]
pub struct LinkRequest<'a> {
    /// The SONAME of the library, `linalg.v1.so`.
    pub soname: &'a str,
    /// The symbols it exports; all others become local.
    pub exports: &'a [&'a str],
    /// The functions of other packages that it may call.
    pub imports: &'a [&'a LinkName],
    /// The symbols of system libraries that it may use.
    pub system_imports: &'a [SystemImport],
    /// Where it looks for the libraries of these packages, if they are not loaded before it. It also
    /// looks there for libm and libc, in dozens of folders, and so should have none without need.
    pub runpath: Option<&'a str>,
    /// Keep debug information.
    pub debug: bool,
}

/// Why an object could not be linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The linker's own words.
    #[error("{0}")]
    Linker(String),
    /// The object does not define what it should export.
    #[error("the object does not define {0}, which the package exports")]
    MissingExport(String),
    /// An export has a name that cannot be told to the linker.
    #[error("no library can export `{}`: expected a name without `;`, `\"` and control characters", .0.escape_debug())]
    Name(String),
    /// What the linker wrote is no shared library.
    #[error("the linker wrote no valid library: {0}")]
    Output(#[from] object::Error),
}

impl LinkError {
    /// The error with names for the objects that were linked together, in place of numbers.
    pub(crate) fn naming(self, names: &[String]) -> Self {
        match self {
            Self::Linker(text) => {
                let named = names.iter().enumerate();
                Self::Linker(named.fold(text, |text, (index, name)| {
                    text.replace(&memory::object(index), name)
                }))
            }
            other => other,
        }
    }
}

/// Links objects that `request` describes: those of one package, say, which differ in their code
/// alone.
pub struct Linker<'a> {
    request: LinkRequest<'a>,
    /// The linker's arguments for one object.
    arguments: libwild::Args,
    /// All inputs but the objects.
    files: BTreeMap<String, Arc<[u8]>>,
    /// The paths of the stubs among them, in order.
    stubs: Vec<String>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl<'a> Linker<'a> {
    /// A linker for the objects that `request` describes.
    ///
    /// # Errors
    /// [`LinkError::Name`]; [`LinkError::Linker`], if the linker does not understand its arguments.
    pub fn new(request: &LinkRequest<'a>) -> Result<Self, LinkError> {
        let script = version_script(request.exports)?.into();
        let mut files = BTreeMap::from([(VERSION_SCRIPT.to_owned(), script)]);
        let mut stubs = Vec::new();
        for stub in stub_libraries(request) {
            let path = format!("/stub/{}", stub.soname);
            files.insert(path.clone(), stub.to_elf().into());
            stubs.push(path);
        }
        let warnings = Arc::new(Mutex::new(Vec::new()));
        Ok(Self {
            request: *request,
            arguments: parse(&arguments(request, 1, &stubs), &warnings)?,
            files,
            stubs,
            warnings,
        })
    }

    /// The shared library made of the relocatable object `object`.
    ///
    /// # Errors
    /// When it is not a relocatable object of this machine's kind, uses a symbol that is neither
    /// defined in it nor declared in the request, or does not define an export.
    pub fn link(&self, object: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.link_all(&[object])
    }

    /// The shared library made of several relocatable objects, which may call each other directly.
    ///
    /// # Errors
    /// As for [`Linker::link`], and when two of them define the same global symbol.
    pub fn link_all(&self, objects: &[&[u8]]) -> Result<Vec<u8>, LinkError> {
        let mut files = self.files.clone();
        for (index, object) in objects.iter().enumerate() {
            files.insert(memory::object(index), Arc::from(*object));
        }
        let several;
        let arguments = if objects.len() == 1 {
            &self.arguments
        } else {
            several = parse(
                &arguments(&self.request, objects.len(), &self.stubs),
                &self.warnings,
            )?;
            &several
        };
        let size = objects.iter().map(|object| object.len()).sum();
        let library = self.run(arguments, MemoryFiles::new(files), size)?;
        check_exports(&library, self.request.exports)?;
        Ok(if self.request.debug {
            library
        } else {
            symbols::keep_functions(library)
        })
    }

    /// Runs the linker over `files` and hands back what it wrote.
    fn run(
        &self,
        arguments: &libwild::Args,
        files: MemoryFiles,
        size: usize,
    ) -> Result<Vec<u8>, LinkError> {
        // Objects come from strangers, and the linker was written for those of compilers: an index
        // out of bounds in it must not take the process down. What it was at is dropped with it.
        let linked = panic::catch_unwind(AssertUnwindSafe(|| {
            threads::fitting(size, || {
                let linker = libwild::Linker::with_file_system(files.clone());
                linker.run(arguments).map(drop)
            })
        }));
        match linked {
            Ok(result) => result.map_err(|error| words(&error))?,
            Err(_) => return Err(LinkError::Linker("the object is malformed".to_owned())),
        }
        files.into_output().ok_or_else(|| {
            let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            LinkError::Linker(format!("no library was written: {}", warnings.join("; ")))
        })
    }
}

/// The linker's command line, for a number of objects.
fn arguments(request: &LinkRequest<'_>, objects: usize, stubs: &[String]) -> Vec<String> {
    let mut arguments = vec![
        "ld".to_owned(),
        "-m".to_owned(),
        machine::X86_64.emulation.to_owned(),
        "-shared".to_owned(),
        "-o".to_owned(),
        OUTPUT.to_owned(),
        format!("--soname={}", request.soname),
        "--enable-new-dtags".to_owned(),
        format!("--version-script={VERSION_SCRIPT}"),
        "-Bsymbolic".to_owned(),
        "--gc-sections".to_owned(),
        "--hash-style=gnu".to_owned(),
        "--build-id=none".to_owned(),
        "--eh-frame-hdr".to_owned(),
        "--no-identity-comment".to_owned(),
    ];
    if let Some(runpath) = request.runpath {
        arguments.push(format!("--rpath={runpath}"));
    }
    for option in ["now", "relro", "defs", "noexecstack"] {
        arguments.extend(["-z".to_owned(), option.to_owned()]);
    }
    if !request.debug {
        arguments.push("--strip-debug".to_owned());
    }
    arguments.extend((0..objects).map(memory::object));
    arguments.push("--as-needed".to_owned());
    arguments.extend(stubs.iter().cloned());
    arguments
}

/// The arguments as the linker takes them; what it warns of is added to `warnings`.
fn parse(
    arguments: &[String],
    warnings: &Arc<Mutex<Vec<String>>>,
) -> Result<libwild::Args, LinkError> {
    let input = || arguments.iter().map(String::as_str);
    let mut parsed = libwild::Args::new(input).map_err(|error| words(&error))?;
    parsed.on_warning(Box::new({
        let warnings = Arc::clone(warnings);
        move |warning| {
            let mut warnings = warnings.lock().unwrap_or_else(PoisonError::into_inner);
            warnings.push(warning.warning().to_owned());
        }
    }));
    parsed.parse(input).map_err(|error| words(&error))?;
    Ok(parsed)
}

fn words(error: &libwild::error::Error) -> LinkError {
    LinkError::Linker(one_line(&error.to_string()))
}

/// The linker's message, which has its causes on lines of their own, as one line.
fn one_line(message: &str) -> String {
    message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A version script without a version: `exports` are global, everything else local.
fn version_script(exports: &[&str]) -> Result<Vec<u8>, LinkError> {
    let mut text = String::from("{\n");
    if !exports.is_empty() {
        text.push_str("  global:\n");
    }
    for export in exports {
        // Between quotes all other characters stand for themselves.
        if export.contains(|c: char| c.is_control() || matches!(c, ';' | '"')) {
            return Err(LinkError::Name((*export).to_owned()));
        }
        text.push_str(&format!("    \"{export}\";\n"));
    }
    text.push_str("  local: *;\n};\n");
    Ok(text.into_bytes())
}

/// A stub for each library that the request names, in a fixed order: packages, then the system.
fn stub_libraries(request: &LinkRequest<'_>) -> Vec<Stub> {
    let mut packages: BTreeMap<String, BTreeSet<StubSymbol>> = BTreeMap::new();
    for import in request.imports {
        let symbol = StubSymbol {
            name: import.to_string(),
            version: None,
        };
        packages.entry(import.soname()).or_default().insert(symbol);
    }
    let mut system: BTreeMap<String, BTreeSet<StubSymbol>> = BTreeMap::new();
    for import in request.system_imports {
        let symbol = StubSymbol {
            name: import.symbol.clone(),
            version: import.version.clone(),
        };
        system
            .entry(import.library.clone())
            .or_default()
            .insert(symbol);
    }
    let stub = |(soname, symbols): (String, BTreeSet<StubSymbol>)| Stub {
        soname,
        symbols: symbols.into_iter().collect(),
    };
    packages
        .into_iter()
        .map(stub)
        .chain(system.into_iter().map(stub))
        .collect()
}

/// A version script passes over names that nothing defines, so look for each of them.
fn check_exports(library: &[u8], exports: &[&str]) -> Result<(), LinkError> {
    use object::{Object as _, ObjectSymbol as _};

    let file = object::File::parse(library)?;
    let defined: BTreeSet<&[u8]> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .filter_map(|symbol| symbol.name_bytes().ok())
        .collect();
    for export in exports {
        if !defined.contains(export.as_bytes()) {
            return Err(LinkError::MissingExport((*export).to_owned()));
        }
    }
    Ok(())
}
