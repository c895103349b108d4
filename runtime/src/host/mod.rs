//! Host imports: what packages use of the process that loads them.
//!
//! A package calls such a function, or finds such data, through a table of addresses in its library.
//! Everything is looked up before any library is loaded, and written into the tables before any
//! function is handed out:
//!
//! 1. what another environment, or another copy of this crate, has written into a loaded library's
//!    table stays;
//! 2. then those are asked whom the program has named with [`provide`](Environment::provide), the
//!    latest first;
//! 3. then the installed package of the provider's name: `numba-runtime` provides functions of C under
//!    the names that Numba's code has for them.
//!
//! What is missing then is an error that names it, and nothing is loaded. Where the package says which
//! functions need what (`reach`), it is loaded: those that need what is missing are refused one by one,
//! the others work.

mod missing;
mod providers;
mod reach;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, CString, c_void};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use puck_package::environment::FILE;
use puck_package::{HostImport, LinkName};

use crate::linker::Handle;
use crate::numba::Descriptions;
use crate::{Environment, Error};

pub(crate) use missing::{grouped, hint, subject};
use providers::Providers;
use table::Table;

/// What an environment knows of its packages' host imports.
#[derive(Default)]
pub(crate) struct Hosts {
    providers: Providers,
    incomplete: Mutex<BTreeMap<usize, Incomplete>>,
    /// Whether any package ever was incomplete: functions are looked at one by one then.
    any: AtomicBool,
    pub(crate) descriptions: Descriptions,
}

/// A package some of whose slots are empty.
#[derive(Clone)]
struct Incomplete {
    missing: Vec<HostImport>,
    /// How many providers there were when it was found to be.
    providers: usize,
}

/// What is to be written into tables when their libraries are loaded.
#[derive(Default)]
#[must_use]
pub(crate) struct Resolved {
    tables: Vec<(usize, Table)>,
}

impl Environment {
    /// Adds somebody who knows the addresses of what packages import from the process: functions of a
    /// Python interpreter, of a library of the program's own.
    ///
    /// It is asked when a package with host imports is loaded, for those that are not there yet, from
    /// whatever thread that is, and before those that were added earlier. So it should be added before
    /// the first function is asked for.
    ///
    /// # Safety
    /// The addresses are those of what the symbols are the names of, with the types that the packages
    /// take them to have, and stay so until the process ends: packages call them unchecked.
    pub unsafe fn provide(
        &self,
        provider: impl Fn(&HostImport) -> Option<NonNull<c_void>> + Send + Sync + 'static,
    ) {
        self.hosts().providers.add(Box::new(provider));
    }

    /// Loads the library of a package (`linalg`, `linalg.v2`), as asking for its first function does.
    ///
    /// # Errors
    /// If there is no such package, and if its library, or one that it needs, cannot be loaded.
    pub fn load_package(&self, package: &str) -> Result<(), Error> {
        self.library(self.named(package)?).map(drop)
    }

    /// Loads what a library binds to that calls these functions and needs no others of their packages.
    ///
    /// # Errors
    /// As for [`load`](Self::load), and if one of them uses what nothing provides.
    pub fn load_for<'a>(
        &self,
        functions: impl IntoIterator<Item = &'a LinkName> + Clone,
    ) -> Result<(), Error> {
        let sonames: BTreeSet<String> = functions
            .clone()
            .into_iter()
            .map(LinkName::soname)
            .collect();
        for soname in sonames {
            self.load_partly(&soname)?;
        }
        if self.hosts().any.load(Ordering::Acquire) {
            for name in functions {
                self.look_for_empty_slots(self.package_of(name)?, &name.to_string())?;
            }
        }
        Ok(())
    }

    /// Finds what packages, which are about to be loaded, import from the process.
    ///
    /// # Errors
    /// If something is missing, and the package does not say which functions need it.
    pub(crate) fn resolve_hosts(&self, packages: &[usize]) -> Result<Resolved, Error> {
        let mut resolved = Resolved::default();
        for package in packages {
            // Of nearly all packages, this is all that is done.
            if let Some(name) = &self.entry(*package).0.host_table {
                let table = self.resolve_table(*package, name)?;
                resolved.tables.push((*package, table));
            }
        }
        Ok(resolved)
    }

    fn resolve_table(&self, package: usize, name: &LinkName) -> Result<Table, Error> {
        let section = self.host_section(package)?;
        if section.table().as_ref() != Some(name) {
            return Err(Error::Damaged {
                path: self.path().join(FILE),
                reason: format!("{} has no table `{name}`", section.name),
            });
        }
        let providers = self.hosts().providers.count();
        let symbol = CString::new(name.to_string()).unwrap_or_default();
        let mut table = Table::new(symbol, section.host_imports.len());
        let filled = self.loaded_library(package);
        let filled = filled.map_or_else(Vec::new, |library| table.filled(library));
        let mut missing = Vec::new();
        for (index, import) in section.host_imports.iter().enumerate() {
            if filled.get(index) == Some(&true) {
                continue;
            }
            match self.host_address(import)? {
                Some(address) => table.set(index, address),
                None => missing.push(import.clone()),
            }
        }
        if !missing.is_empty() && self.reach(package)?.is_none() {
            return Err(self.not_provided(package, None, missing));
        }
        let mut incomplete = self.hosts().incomplete();
        if missing.is_empty() {
            incomplete.remove(&package);
        } else {
            let state = Incomplete { missing, providers };
            incomplete.insert(package, state);
            self.hosts().any.store(true, Ordering::Release);
        }
        Ok(table)
    }

    /// The address of a host import, from whoever knows it.
    fn host_address(&self, import: &HostImport) -> Result<Option<NonNull<c_void>>, Error> {
        if let found @ Some(_) = self.hosts().providers.ask(import) {
            return Ok(found);
        }
        let Some(package) = self.providing_package(import) else {
            return Ok(None);
        };
        let mut functions = self
            .description(package)?
            .overloads(&import.symbol)
            .filter(|function| function.is_c());
        let (Some(function), None) = (functions.next(), functions.next()) else {
            return Ok(None);
        };
        let symbol = CString::new(function.link_name.to_string()).unwrap_or_default();
        self.find(package, &symbol)
    }

    /// The installed package of a provider's name. It is loaded while others are, and so has neither
    /// host imports nor callees of its own.
    fn providing_package(&self, import: &HostImport) -> Option<usize> {
        let packages = self.listed().iter().enumerate();
        packages
            .filter(|(_, package)| package.name.as_str() == import.provider)
            .filter(|(_, package)| package.host_table.is_none() && package.needs.is_empty())
            .max_by_key(|(_, package)| (package.direct, package.series))
            .map(|(index, _)| index)
    }

    /// Refuses a function that reaches an empty slot.
    ///
    /// # Errors
    /// [`Error::NotProvided`]; if what the package says of its functions cannot be read.
    #[inline]
    pub(crate) fn check_usable(&self, package: usize, symbol: &CStr) -> Result<(), Error> {
        match self.hosts().any.load(Ordering::Acquire) {
            true => self.look_for_empty_slots(package, &symbol.to_string_lossy()),
            false => Ok(()),
        }
    }

    #[cold]
    fn look_for_empty_slots(&self, package: usize, link_name: &str) -> Result<(), Error> {
        let mut missing = self.missing_of(package, link_name)?;
        if !missing.is_empty() && self.retry()? {
            missing = self.missing_of(package, link_name)?;
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(self.not_provided(package, Some(link_name), missing))
    }

    /// Refuses a package of which something cannot be called, or which calls such a package.
    pub(crate) fn check_complete(&self, package: usize) -> Result<(), Error> {
        if !self.hosts().any.load(Ordering::Acquire) {
            return Ok(());
        }
        self.retry()?;
        let incomplete = self.hosts().incomplete().clone();
        for at in self.whole_closure(package)? {
            if let Some(state) = incomplete.get(&at) {
                return Err(self.not_provided(at, None, state.missing.clone()));
            }
        }
        Ok(())
    }

    /// Looks again for what is missing if there are more providers than last time; whether there were.
    fn retry(&self) -> Result<bool, Error> {
        let now = self.hosts().providers.count();
        let old: Vec<usize> = {
            let incomplete = self.hosts().incomplete();
            let old = incomplete.iter().filter(|(_, i)| i.providers != now);
            old.map(|(package, _)| *package).collect()
        };
        for package in &old {
            let resolved = self.resolve_hosts(&[*package])?;
            if let Some(library) = self.loaded_library(*package) {
                resolved.fill(self, library)?;
            }
        }
        Ok(!old.is_empty())
    }

    fn not_provided(
        &self,
        package: usize,
        link_name: Option<&str>,
        missing: Vec<HostImport>,
    ) -> Error {
        let facts = self.entry(package).0;
        let function = link_name.map(|name| match name.parse::<LinkName>() {
            Ok(name) => name.function().into(),
            Err(_) => name.into(),
        });
        let providing = missing
            .iter()
            .filter_map(|import| self.providing_package(import));
        let asked: BTreeSet<usize> = providing.collect();
        let named = |provider| {
            let facts = self.entry(provider).0;
            format!("{} {}", facts.name, facts.version)
        };
        Error::NotProvided {
            package: facts.name.clone(),
            version: facts.version.clone(),
            function,
            missing: missing.into(),
            asked: asked.into_iter().map(named).collect(),
        }
    }
}

impl Hosts {
    fn incomplete(&self) -> MutexGuard<'_, BTreeMap<usize, Incomplete>> {
        // Each change of the map is one call.
        self.incomplete
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolved {
    /// Fills the tables of all packages in `library`, or in libraries that it needs.
    ///
    /// # Errors
    /// If a table is not there.
    pub(crate) fn fill(&self, environment: &Environment, library: Handle) -> Result<(), Error> {
        for (package, _) in &self.tables {
            self.fill_one(environment, *package, library)?;
        }
        Ok(())
    }

    /// Fills the table of one package, if it has one.
    ///
    /// # Errors
    /// As for [`Self::fill`].
    pub(crate) fn fill_one(
        &self,
        environment: &Environment,
        package: usize,
        library: Handle,
    ) -> Result<(), Error> {
        let mut tables = self.tables.iter();
        let Some((_, table)) = tables.find(|(at, _)| *at == package) else {
            return Ok(());
        };
        table.fill(library).map_err(|reason| {
            let soname = match environment.image() {
                Some(image) => &image.soname,
                None => &environment.entry(package).0.soname,
            };
            Error::Damaged {
                path: environment.path().join("lib").join(soname),
                reason,
            }
        })
    }
}
