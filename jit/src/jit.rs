//! Compiling: from a source to a loaded module, by way of the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use puck_compiler::{Bodies, CALLER_FORMAT, CallerRequest};
use puck_package::{Digest, LinkMode, LinkName, PackageDocument, Processor};
use puck_runtime::Environment;

use crate::cache::{Cache, Record};
use crate::folder::Folder;
use crate::library::{self, Loaded};
use crate::module::{Inner as ModuleInner, JitModule, Origin};
use crate::{Error, JitBuilder, Source};

/// Compiles callers of an environment's functions.
///
/// May be used by several threads at once; a clone is the same `Jit`. It keeps what it reads of
/// packages, and the modules it made: the same source gives the same module.
#[derive(Clone)]
pub struct Jit {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    packages: OnceLock<Vec<PackageDocument>>,
    left_out: OnceLock<BTreeSet<LinkName>>,
    modules: Mutex<BTreeMap<Digest, JitModule>>,
    folder: Mutex<Option<Arc<Folder>>>,
}

pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) bodies: Option<Bodies>,
    pub(crate) cache: Option<Cache>,
    pub(crate) processor: Processor,
    pub(crate) opt_level: u8,
    pub(crate) debug: bool,
}

impl Jit {
    /// The settings of a `Jit` for callers of the functions of `environment`.
    #[expect(clippy::new_ret_no_self, reason = "every Jit begins with its settings")]
    pub fn new(environment: &Environment) -> JitBuilder {
        JitBuilder::new(environment)
    }

    pub(crate) fn of(settings: Settings) -> Self {
        Self {
            inner: Arc::new(Inner {
                settings,
                packages: OnceLock::new(),
                left_out: OnceLock::new(),
                modules: Mutex::default(),
                folder: Mutex::default(),
            }),
        }
    }

    /// The caller that is made of `source`: compiled, or from the cache if it is there and still
    /// valid; loaded, and bound to the functions that it calls. Its constructors run now, if it has
    /// any, as those of a library do.
    ///
    /// # Errors
    /// If the source is no valid IR, declares a function that is not installed or has another type,
    /// or needs a symbol that nobody provides; if a callee's library cannot be loaded.
    pub fn compile<'s>(&self, source: impl Into<Source<'s>>) -> Result<JitModule, Error> {
        let source = source.into();
        let content = source.content.map_err(|message| Error::Invalid {
            caller: source.name.clone().into_owned(),
            message,
        })?;
        let key = self.key_of(&content);
        match self.find(&key, &source.name) {
            Ok(Some(module)) => return Ok(module),
            // What it calls is not there. Compiled for this environment it may do without, and if
            // not, that says why.
            Ok(None) | Err(Error::Environment(_)) => {}
            Err(error) => return Err(error),
        }
        let settings = &self.inner.settings;
        let caller = puck_compiler::caller(&CallerRequest {
            ir: &content,
            name: &source.name,
            packages: self.packages()?,
            bodies: settings.bodies.as_ref(),
            left_out: self.left_out()?,
            processor: &settings.processor,
            opt_level: settings.opt_level,
        })?;
        let linked = library::link(&caller, &key, settings.debug);
        let linked = linked.map_err(|source_error| Error::Link {
            caller: source.name.clone().into_owned(),
            source: source_error,
        })?;
        let record = Record::new(&caller, &settings.environment, &linked);
        let place = self.place(&key, &record, &linked)?;
        let module = match self.open(&key, &source.name, record.clone(), place) {
            // The cache was cleaned meanwhile.
            Err(Error::Load { path, .. }) if !path.exists() => {
                let reason = format!("{} was removed", path.display());
                let place = self.temporary(&linked, Origin::NotKept(reason))?;
                self.open(&key, &source.name, record, place)?
            }
            opened => opened?,
        };
        Ok(self.remember(key, module))
    }

    /// The caller of that key, if the cache has it and it is still valid. Nothing is compiled.
    ///
    /// # Errors
    /// If a callee's library cannot be loaded.
    pub fn load(&self, key: &Digest) -> Result<Option<JitModule>, Error> {
        self.find(key, "the caller")
    }

    /// What a source is cached under: a digest of it, and of all settings that decide what is made
    /// of it. Of the environment nothing has a part in it.
    ///
    /// # Errors
    /// If the source is a module that is not valid.
    pub fn key<'s>(&self, source: impl Into<Source<'s>>) -> Result<Digest, Error> {
        let source = source.into();
        let content = source.content.map_err(|message| Error::Invalid {
            caller: source.name.clone().into_owned(),
            message,
        })?;
        Ok(self.key_of(&content))
    }

    /// Removes from the cache what was not used for so long, and what nothing uses. Other processes
    /// may use the cache meanwhile. Gives the number of callers that were removed.
    ///
    /// # Errors
    /// If the folder cannot be read or a file not removed.
    pub fn clean(&self, unused_for: std::time::Duration) -> io::Result<usize> {
        match &self.inner.settings.cache {
            Some(cache) => cache.clean(unused_for),
            None => Ok(0),
        }
    }

    /// What callers are compiled for.
    #[must_use]
    pub fn processor(&self) -> &Processor {
        &self.inner.settings.processor
    }

    fn key_of(&self, content: &[u8]) -> Digest {
        let Settings {
            bodies,
            processor,
            opt_level,
            debug,
            ..
        } = &self.inner.settings;
        let text = format!(
            "caller {CALLER_FORMAT} {} {} {processor:?} O{opt_level} inline {} debug {debug}",
            puck_compiler::identity(),
            Digest::of(content),
            bodies.is_some(),
        );
        Digest::of(text.as_bytes())
    }

    /// The module, if this process has it or the cache does.
    fn find(&self, key: &Digest, name: &str) -> Result<Option<JitModule>, Error> {
        if let Some(module) = self.modules().get(key) {
            return Ok(Some(module.clone()));
        }
        let Settings {
            environment,
            bodies,
            cache: Some(cache),
            ..
        } = &self.inner.settings
        else {
            return Ok(None);
        };
        let Some((mut record, path)) = cache.find(key) else {
            return Ok(None);
        };
        if !record.is_of(environment) {
            let packages = || self.packages().ok();
            if !record.still_holds(environment, packages, bodies.as_ref()) {
                return Ok(None);
            }
            record.now_of(environment);
            cache.renew(key, &record);
        }
        let place = Place {
            path,
            folder: None,
            origin: Origin::Cached,
        };
        match self.open(key, name, record, place) {
            Ok(module) => Ok(Some(self.remember(*key, module))),
            // A cache that came from another machine, say; compiled here, it will do.
            Err(Error::Load { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn open(
        &self,
        key: &Digest,
        name: &str,
        record: Record,
        place: Place,
    ) -> Result<JitModule, Error> {
        let Place {
            path,
            folder,
            origin,
        } = place;
        let environment = &self.inner.settings.environment;
        let library = Loaded::open(environment, &record.imports, &path)?;
        Ok(JitModule::new(ModuleInner {
            name: name.to_owned(),
            key: *key,
            path,
            library,
            inlined: record.inlined.into_keys().collect(),
            imports: record.imports,
            definitions: record.definitions,
            origin,
            folder,
        }))
    }

    /// Puts a library where the dynamic linker can load it from.
    fn place(&self, key: &Digest, record: &Record, library: &[u8]) -> io::Result<Place> {
        let Some(cache) = &self.inner.settings.cache else {
            return self.temporary(library, Origin::Compiled);
        };
        match cache.keep(key, record, library) {
            Ok(path) => Ok(Place {
                path,
                folder: None,
                origin: Origin::Compiled,
            }),
            Err(error) => self.temporary(library, Origin::NotKept(error.to_string())),
        }
    }

    /// Puts a library into the temporary folder; into a new one, if somebody tidied that away.
    fn temporary(&self, library: &[u8], origin: Origin) -> io::Result<Place> {
        let folder = self.inner.folder.lock();
        let mut folder = folder.unwrap_or_else(PoisonError::into_inner);
        let known = folder.take().filter(|folder| folder.is_there());
        let used = match known {
            Some(known) => known,
            None => Arc::new(Folder::new()?),
        };
        let path = used.write(library)?;
        *folder = Some(Arc::clone(&used));
        Ok(Place {
            path,
            folder: Some(used),
            origin,
        })
    }

    /// The module of this key; the first one, if two threads made it at the same time.
    fn remember(&self, key: Digest, module: JitModule) -> JitModule {
        self.modules().entry(key).or_insert(module).clone()
    }

    fn modules(&self) -> MutexGuard<'_, BTreeMap<Digest, JitModule>> {
        self.inner
            .modules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The descriptions of all packages, the one that a plain name means first.
    fn packages(&self) -> Result<&[PackageDocument], Error> {
        if let Some(packages) = self.inner.packages.get() {
            return Ok(packages);
        }
        let environment = &self.inner.settings.environment;
        let mut listed: Vec<_> = environment.packages()?.iter().collect();
        listed.sort_by_key(|package| std::cmp::Reverse((package.direct, package.series)));
        let documents = listed.into_iter().map(|package| {
            let name = format!("{}.{}", package.name, package.series);
            environment.document(&name).cloned()
        });
        let documents = documents.collect::<Result<Vec<_>, _>>()?;
        Ok(self.inner.packages.get_or_init(|| documents))
    }

    /// The functions that an environment's program was compiled without: inlining has to know.
    fn left_out(&self) -> Result<&BTreeSet<LinkName>, Error> {
        if let Some(left_out) = self.inner.left_out.get() {
            return Ok(left_out);
        }
        let Settings {
            environment,
            bodies,
            ..
        } = &self.inner.settings;
        let is_program = bodies.is_some() && environment.link() == LinkMode::Lto;
        let packages = if is_program { self.packages()? } else { &[] };
        let functions = packages.iter().flat_map(|package| &package.functions);
        let names = functions.map(|function| &function.link_name);
        let is_left_out = |name: &&LinkName| {
            let found = environment.symbol(name);
            matches!(found, Err(puck_runtime::Error::LeftOut { .. }))
        };
        let left_out = names.filter(is_left_out).cloned().collect();
        Ok(self.inner.left_out.get_or_init(|| left_out))
    }
}

/// Where a library lies, and why there.
struct Place {
    path: PathBuf,
    folder: Option<Arc<Folder>>,
    origin: Origin,
}

impl fmt::Debug for Jit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings {
            environment,
            bodies,
            cache,
            processor,
            opt_level,
            debug,
        } = &self.inner.settings;
        f.debug_struct("Jit")
            .field("environment", environment)
            .field("inline", &bodies.is_some())
            .field(
                "cache",
                &cache.as_ref().map(Cache::folder as fn(&Cache) -> &Path),
            )
            .field("processor", processor)
            .field("opt_level", opt_level)
            .field("debug", debug)
            .finish()
    }
}
