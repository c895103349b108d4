//! Relocatable objects that were made at run time, as a shared library.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSymbol as _};
use puck_package::{LinkName, SystemImport};
use puck_store::link::{LinkRequest, Linker};
use puck_store::system;
use pyo3::prelude::*;

use crate::error::{Failure, whole_message};

/// Links relocatable objects into a shared library, without a linker on the machine.
///
/// `exports` are the symbols that others see, `imports` the link names of the packages' functions that
/// the objects call; what else they leave undefined must be in libc, libm or libgcc_s. The library
/// appears at `output` whole or not at all.
#[pyfunction]
pub(crate) fn link(
    py: Python<'_>,
    objects: Vec<Vec<u8>>,
    soname: String,
    exports: Vec<String>,
    imports: Vec<String>,
    output: PathBuf,
) -> PyResult<()> {
    py.detach(|| linked(&objects, &soname, &exports, &imports, &output))
        .map_err(|failure| failure.into_py(py))
}

fn linked(
    objects: &[Vec<u8>],
    soname: &str,
    exports: &[String],
    imports: &[String],
    output: &Path,
) -> Result<(), Failure> {
    let imports = imports.iter().map(|name| name.parse::<LinkName>());
    let imports = imports.collect::<Result<Vec<_>, _>>()?;
    let system_imports = system_imports(objects, &imports)?;
    let request = LinkRequest {
        soname,
        exports: &exports.iter().map(String::as_str).collect::<Vec<_>>(),
        imports: &imports.iter().collect::<Vec<_>>(),
        system_imports: &system_imports,
        // Callees are loaded before it.
        runpath: None,
        debug: false,
    };
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    let library = Linker::new(&request)
        .and_then(|linker| linker.link_all(&objects))
        .map_err(|error| {
            Failure::new(format!("cannot link {soname}: {}", whole_message(&error)))
        })?;
    write(output, &library)
}

/// What the objects leave undefined, with the system's libraries that have it.
///
/// Without versions: the library is for this machine, where the dynamic linker takes the newest.
fn system_imports(objects: &[Vec<u8>], imports: &[LinkName]) -> Result<Vec<SystemImport>, Failure> {
    let imports: BTreeSet<String> = imports.iter().map(LinkName::to_string).collect();
    let mut defined = BTreeSet::new();
    let mut undefined = BTreeSet::new();
    for object in objects {
        let file = object::File::parse(object.as_slice())
            .map_err(|error| Failure::new(format!("not a relocatable object: {error}")))?;
        for symbol in file.symbols().filter(|symbol| symbol.is_global()) {
            let name = symbol
                .name()
                .map_err(|error| Failure::new(error.to_string()))?;
            let set = if symbol.is_undefined() {
                &mut undefined
            } else {
                &mut defined
            };
            set.insert(name.to_owned());
        }
    }
    // The linker makes it up.
    defined.insert("_GLOBAL_OFFSET_TABLE_".to_owned());
    let wanted = undefined
        .into_iter()
        .filter(|name| !name.is_empty() && !defined.contains(name) && !imports.contains(name));
    let mut found = Vec::new();
    let mut lacking = Vec::new();
    for symbol in wanted {
        let provider = system::LIBRARIES.iter().find_map(|library| {
            let import = SystemImport {
                symbol: symbol.clone(),
                library: (*library).to_owned(),
                version: None,
            };
            let is_missing = !system::missing(std::slice::from_ref(&import)).is_empty();
            (!is_missing).then_some(import)
        });
        match provider {
            Some(import) => found.push(import),
            None => lacking.push(symbol),
        }
    }
    if lacking.is_empty() {
        return Ok(found);
    }
    Err(Failure {
        message: format!(
            "the objects use {}, which none of them, no callee that was named, and none of the \
             system's libraries defines",
            lacking.join(", ")
        ),
        hint: None,
    })
}

/// Writes beside the file and renames, so that no other process sees a part.
///
/// Who may read it is for the umask to say, as of any file that is written.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs_err::create_dir_all(folder)?;
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let mut file = tempfile::Builder::new()
        .prefix(".link-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
