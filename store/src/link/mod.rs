//! Links one relocatable object into one shared library, in this process, with `libwild`.
//!
//! Nothing is read from or written to a disk: the object comes as bytes, the library goes as bytes,
//! and what the object imports is described by stub libraries made up on the spot (see `stub`). Hence
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

mod memory;
mod stub;
mod threads;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use puck_package::{LinkName, SystemImport};

use memory::{MemoryFiles, OBJECT, OUTPUT, VERSION_SCRIPT};
use stub::{Stub, StubSymbol};

/// Where a library looks for its callees: beside itself, and, when it was found in
/// `lib/glibc-hwcaps/<level>/`, in `lib/`. A library without callees has none: the dynamic linker
/// would look for libm and libc there first, in dozens of folders.
const RUNPATH: &str = "$ORIGIN:$ORIGIN/../..";

/// What a package says about its objects.
#[derive(Debug, Clone, Copy)]
pub struct LinkRequest<'a> {
    /// The SONAME of the library, `linalg.v1.so`.
    pub soname: &'a str,
    /// The symbols it exports; all others become local.
    pub exports: &'a [&'a LinkName],
    /// The functions of other packages that it may call.
    pub imports: &'a [&'a LinkName],
    /// The symbols of system libraries that it may use.
    pub system_imports: &'a [SystemImport],
    /// Keep debug information and local symbols.
    pub debug: bool,
}

/// Why an object could not be linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The linker's own words.
    #[error("{0}")]
    Linker(String),
    /// The object does not define what its package exports.
    #[error("the object does not define {0}, which the package exports")]
    MissingExport(String),
    /// What the linker wrote is no shared library.
    #[error("the linker wrote no valid library: {0}")]
    Output(#[from] object::Error),
}

/// Links the objects of one package, which differ in their code alone.
pub struct Linker<'a> {
    exports: &'a [&'a LinkName],
    arguments: libwild::Args,
    /// All inputs but the object.
    files: BTreeMap<String, Arc<[u8]>>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl<'a> Linker<'a> {
    /// A linker for the objects that `request` describes.
    ///
    /// # Errors
    /// [`LinkError::Linker`], if the linker does not understand its arguments.
    pub fn new(request: &LinkRequest<'a>) -> Result<Self, LinkError> {
        let script = version_script(request.exports).into();
        let mut files = BTreeMap::from([(VERSION_SCRIPT.to_owned(), script)]);
        let mut stubs = Vec::new();
        for stub in stub_libraries(request) {
            let path = format!("/stub/{}", stub.soname);
            files.insert(path.clone(), stub.to_elf().into());
            stubs.push(path);
        }
        let arguments = arguments(request, stubs);
        let warnings = Arc::new(Mutex::new(Vec::new()));
        Ok(Self {
            exports: request.exports,
            arguments: parse(&arguments, &warnings)?,
            files,
            warnings,
        })
    }

    /// The shared library made of the relocatable object `object`.
    ///
    /// # Errors
    /// When it is not a relocatable object of this machine's kind, uses a symbol that is neither
    /// defined in it nor declared in the request, or does not define an export.
    pub fn link(&self, object: &[u8]) -> Result<Vec<u8>, LinkError> {
        let mut files = self.files.clone();
        files.insert(OBJECT.to_owned(), object.into());
        let library = self.run(MemoryFiles::new(files), object.len())?;
        check_exports(&library, self.exports)?;
        Ok(library)
    }

    /// Runs the linker over `files` and hands back what it wrote.
    fn run(&self, files: MemoryFiles, object_size: usize) -> Result<Vec<u8>, LinkError> {
        // Objects come from strangers, and the linker was written for those of compilers: an index
        // out of bounds in it must not take the process down. What it was at is dropped with it.
        let linked = panic::catch_unwind(AssertUnwindSafe(|| {
            threads::fitting(object_size, || {
                let linker = libwild::Linker::with_file_system(files.clone());
                linker.run(&self.arguments).map(drop)
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

/// The linker's command line.
fn arguments(request: &LinkRequest<'_>, stubs: Vec<String>) -> Vec<String> {
    let mut arguments = vec![
        "ld".to_owned(),
        "-m".to_owned(),
        "elf_x86_64".to_owned(),
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
    if !request.imports.is_empty() {
        arguments.push(format!("--rpath={RUNPATH}"));
    }
    for option in ["now", "relro", "defs", "noexecstack"] {
        arguments.extend(["-z".to_owned(), option.to_owned()]);
    }
    if !request.debug {
        arguments.push("--strip-all".to_owned());
    }
    arguments.push(OBJECT.to_owned());
    arguments.push("--as-needed".to_owned());
    arguments.extend(stubs);
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
fn version_script(exports: &[&LinkName]) -> Vec<u8> {
    let mut text = String::from("{\n");
    if !exports.is_empty() {
        text.push_str("  global:\n");
    }
    for export in exports {
        text.push_str(&format!("    {export};\n"));
    }
    text.push_str("  local: *;\n};\n");
    text.into_bytes()
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
fn check_exports(library: &[u8], exports: &[&LinkName]) -> Result<(), LinkError> {
    use object::{Object as _, ObjectSymbol as _};

    let file = object::File::parse(library)?;
    let defined: BTreeSet<&[u8]> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition())
        .filter_map(|symbol| symbol.name_bytes().ok())
        .collect();
    for export in exports {
        let name = export.to_string();
        if !defined.contains(name.as_bytes()) {
            return Err(LinkError::MissingExport(name));
        }
    }
    Ok(())
}
