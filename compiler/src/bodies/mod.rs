//! Bodies of installed functions, out of their packages' IR, for callers that inline them.
//!
//! A package's IR is read and simplified once (`prepare`); from what comes out, the body of one
//! function after another is taken as it is asked for (`extract`): a small module that defines the
//! function as `available_externally`, with private copies of the constants and helpers that it uses.
//! Everything else in it is declared, other exports of the same package too.
//!
//! Only what means the same at another place is taken: nothing that may change (variables that are
//! not constant, thread-local ones, what the process provides), nothing whose address may be compared, nothing written for one
//! processor or in assembly, nothing that asks not to be inlined.

mod extract;
mod prepare;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use puck_package::{Digest, LinkName, PackageDocument, PackageName};
use semver::Version;

use crate::cache::Cache;
use crate::codegen::llvm_version;
use crate::error::Error;
use crate::llvm::guarded;
use crate::module::ModuleError;

/// Gives a package's IR; `None` where it is not there, so that nothing of the package is inlined.
pub type IrSource = dyn Fn(&PackageDocument) -> io::Result<Option<Vec<u8>>> + Send + Sync;

/// The bodies of the functions of some packages, one version of a series of each.
///
/// May be used by several threads at once; what was read stays in memory.
pub struct Bodies {
    source: Box<IrSource>,
    /// What was prepared before.
    cache: Option<Cache>,
    packages: Mutex<BTreeMap<(PackageName, Version), Arc<Package>>>,
}

#[derive(Default)]
struct Package {
    /// `None` without IR; the error as text.
    prepared: OnceLock<Result<Option<Vec<u8>>, String>>,
    bodies: Mutex<BTreeMap<LinkName, Option<Arc<Body>>>>,
}

/// A function's body, and all that is copied with it.
#[derive(Debug)]
pub(crate) struct Body {
    /// A module that defines the function under its link name.
    pub(crate) bitcode: Vec<u8>,
    /// Of the bitcode: it changes when the body does, or anything that is copied with it.
    pub(crate) digest: Digest,
    /// How many instructions it has, with its helpers.
    pub(crate) instructions: usize,
    /// The installed functions that it calls.
    pub(crate) callees: Vec<LinkName>,
}

impl Bodies {
    /// Bodies from the IR that `source` gives. A package's is asked for when it is first needed.
    pub fn new(
        source: impl Fn(&PackageDocument) -> io::Result<Option<Vec<u8>>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            source: Box::new(source),
            cache: None,
            packages: Mutex::default(),
        }
    }

    /// Keeps simplified IR in a folder for later processes, which may share it. It is made when
    /// something is put there, is safe to remove, and done without where it cannot be used.
    #[must_use]
    pub fn cached_in(mut self, folder: &Path) -> Self {
        self.cache = Some(Cache::new(folder));
        self
    }

    /// The digest of a function's body and of all that is copied with it; `None` if the function is
    /// none that can be inlined.
    ///
    /// # Errors
    /// If the package's IR cannot be read, or is invalid.
    pub fn digest(
        &self,
        package: &PackageDocument,
        function: &LinkName,
    ) -> Result<Option<Digest>, Error> {
        let body = self.body(package, function)?;
        Ok(body.map(|body| body.digest))
    }

    /// A function's body; `None` if it cannot be copied.
    pub(crate) fn body(
        &self,
        document: &PackageDocument,
        function: &LinkName,
    ) -> Result<Option<Arc<Body>>, Error> {
        let package = self.package(document);
        let known = package.lock().get(function).cloned();
        if let Some(body) = known {
            return Ok(body);
        }
        let prepared = match package.prepared.get() {
            Some(prepared) => prepared,
            None => {
                let ir = (self.source)(document)?;
                package.prepared.get_or_init(|| match ir {
                    Some(ir) => self.prepared(&ir).map(Some),
                    None => Ok(None),
                })
            }
        };
        let invalid = |message: &str| {
            let (path, message) = (document.ir_path(), message.trim_end().to_owned());
            Error::from(ModuleError::Invalid { path, message }).of(document)
        };
        let body = match prepared {
            Err(message) => return Err(invalid(message)),
            Ok(None) => None,
            Ok(Some(prepared)) => guarded(|| extract::extract(prepared, function))
                .and_then(|it| it)
                .map_err(|message| invalid(&message))?
                .map(Arc::new),
        };
        package.lock().insert(function.clone(), body.clone());
        Ok(body)
    }

    /// A package's IR, simplified now or before.
    fn prepared(&self, ir: &[u8]) -> Result<Vec<u8>, String> {
        let prepare = || guarded(|| prepare::prepare(ir)).and_then(|it| it);
        let Some(cache) = &self.cache else {
            return prepare();
        };
        let key = format!(
            "bodies {} LLVM {} {}",
            prepare::FORMAT,
            llvm_version(),
            Digest::of(ir)
        );
        if let Ok(Some(known)) = cache.get(&key) {
            return Ok(known);
        }
        let prepared = prepare()?;
        // On a full disk, it is made again the next time.
        let _kept = cache.put(&key, &prepared);
        Ok(prepared)
    }

    fn package(&self, document: &PackageDocument) -> Arc<Package> {
        let key = (document.name.clone(), document.version.clone());
        let mut packages = self.packages.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(packages.entry(key).or_default())
    }
}

impl Package {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<LinkName, Option<Arc<Body>>>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Bodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bodies").finish_non_exhaustive()
    }
}
