//! A loaded caller: its functions, by name and type.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

use puck_compiler::Shape;
use puck_package::{Digest, LinkName, Signature};
use puck_runtime::FunctionType;

use crate::Error;
use crate::folder::Folder;
use crate::library::Loaded;

/// A caller that is compiled, loaded and bound to the functions that it calls.
///
/// A clone is the same module. It stays loaded for the rest of the process, also when all handles
/// are gone.
#[derive(Clone)]
pub struct JitModule {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) key: Digest,
    pub(crate) path: PathBuf,
    pub(crate) library: Loaded,
    pub(crate) definitions: BTreeMap<String, Shape>,
    pub(crate) imports: Vec<LinkName>,
    pub(crate) inlined: Vec<LinkName>,
    pub(crate) origin: Origin,
    /// Keeps the file as long as somebody may want to read it.
    pub(crate) folder: Option<Arc<Folder>>,
}

/// Where a module came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was in the cache.
    Cached,
    /// It was compiled, and is in the cache now, if there is one.
    Compiled,
    /// It was compiled, and could not be put into the cache, for this reason.
    NotKept(String),
}

impl JitModule {
    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The function of that name and type. It may be called as long as the process runs.
    ///
    /// LLVM's types say less than Rust's: pointers point to anything, integers have no sign. What
    /// they say must agree. An `extern "C" fn` type without `unsafe` states that every call is sound,
    /// which nothing checks: prefer `unsafe extern "C" fn`.
    ///
    /// # Errors
    /// If the caller defines no such function, or with another type; both are shown.
    pub fn function<F: FunctionType>(&self, name: &str) -> Result<F, Error> {
        let address = self.address(name, &F::signature())?;
        // SAFETY: a function of this name is there, which has the type as far as it is known; the
        // library is never unloaded.
        Ok(unsafe { F::from_address(address) })
    }

    /// The address of the function of that name and signature; what [`function`](Self::function) is
    /// made of, for types that are known at run time.
    ///
    /// # Errors
    /// As for [`function`](Self::function).
    pub fn address(&self, name: &str, signature: &Signature) -> Result<NonNull<c_void>, Error> {
        let shape = self.shape(name)?;
        shape
            .describes(signature)
            .map_err(|reason| Error::WrongType {
                caller: self.inner.name.clone(),
                function: name.to_owned(),
                asked: Box::new(signature.clone()),
                defined: shape.to_string(),
                reason,
            })?;
        self.symbol(name)
    }

    /// The address of the function of that name, of whatever type: one that no signature describes,
    /// such as one that takes a struct by value.
    ///
    /// # Errors
    /// If the caller defines no such function.
    pub fn symbol(&self, name: &str) -> Result<NonNull<c_void>, Error> {
        self.shape(name)?;
        self.inner.library.symbol(name).ok_or_else(|| Error::Load {
            path: self.inner.path.clone(),
            message: format!("it lacks `{name}`, which it should define"),
        })
    }

    /// The functions that the caller defines, each with its type as LLVM knows it.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.inner
            .definitions
            .iter()
            .map(|(name, shape)| (name.as_str(), shape))
    }

    /// The installed functions that the caller calls.
    #[must_use]
    pub fn callees(&self) -> &[LinkName] {
        &self.inner.imports
    }

    /// The installed functions whose bodies the caller was compiled with.
    #[must_use]
    pub fn inlined(&self) -> &[LinkName] {
        &self.inner.inlined
    }

    /// What the caller is cached under.
    #[must_use]
    pub fn key(&self) -> Digest {
        self.inner.key
    }

    /// Where it came from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// The library. Outside of a cache the file is removed with the last handle of the module and of
    /// the [`Jit`](crate::Jit) that made it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    fn shape(&self, name: &str) -> Result<&Shape, Error> {
        let definitions = &self.inner.definitions;
        definitions.get(name).ok_or_else(|| {
            let present: Vec<String> = definitions.keys().cloned().collect();
            let nearest = puck_package::nearest(name, present.iter().map(String::as_str));
            Error::UnknownFunction {
                caller: self.inner.name.clone(),
                function: name.to_owned(),
                nearest: nearest.map(str::to_owned),
                present,
            }
        })
    }
}

impl fmt::Debug for JitModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            name,
            path,
            origin,
            folder,
            ..
        } = &*self.inner;
        f.debug_struct("JitModule")
            .field("name", name)
            .field("path", path)
            .field("origin", origin)
            .field("temporary", &folder.is_some())
            .finish_non_exhaustive()
    }
}
