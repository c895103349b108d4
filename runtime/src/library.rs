//! Which library serves a package, and loading it: the package's own, or the one of all packages.
//!
//! With a library for each package, callees are loaded together with their caller, or before it: the
//! dynamic linker takes a loaded library of the right SONAME before it searches, so that it binds
//! to the variants that are chosen here. An image needs no other package's library. In its environment
//! `lib/linalg.v1.so` is a filter: a library without code, whose symbols the dynamic linker finds
//! in the image. Functions are looked up in the image itself; filters are loaded only for other
//! libraries that name `linalg.v1.so` as one that they need.

use std::path::PathBuf;

use puck_package::environment::FILE;
use puck_package::{Image, LinkMode, Target};

use crate::host::Resolved;
use crate::linker::Handle;
use crate::process::{self, Owner};
use crate::variant;
use crate::{Environment, Error};

impl Environment {
    /// Loads what a library binds to that names `soname` (`linalg.v1.so`) as needed: a library
    /// that is loaded afterwards calls the functions that [`function`](Self::function) finds. The
    /// path is that of the loaded file.
    ///
    /// # Errors
    /// If no package has that SONAME, if its library, or one that it needs, cannot be loaded, and if
    /// some of their functions use what nothing provides ([`load_for`](Self::load_for) asks for less).
    pub fn load(&self, soname: &str) -> Result<PathBuf, Error> {
        let path = self.load_partly(soname)?;
        if let Some(package) = self.with_soname(soname) {
            self.check_complete(package)?;
        }
        Ok(path)
    }

    /// The same for who knows which functions can be called.
    pub(crate) fn load_partly(&self, soname: &str) -> Result<PathBuf, Error> {
        self.packages()?;
        let Some(package) = self.with_soname(soname) else {
            return Err(Error::UnknownLibrary {
                soname: soname.to_owned(),
                environment: self.path().to_owned(),
            });
        };
        if self.whole_image()?.is_some() {
            let facts = self.entry(package).0;
            // After the image itself, which is found by its SONAME then.
            self.library(package)?;
            let path = self.path().join(facts.library_path(Target::X86_64.base()));
            process::load(soname, self.owner(Some(package)), &path, false)?;
            Ok(path)
        } else {
            self.load_own(package)?;
            self.own_path(package)
        }
    }

    /// The library that has the functions of a package, loaded on the first call.
    pub(crate) fn library(&self, package: usize) -> Result<Handle, Error> {
        let (_, state) = self.entry(package);
        if let Some(library) = state.library.get() {
            return Ok(*library);
        }
        let library = match self.whole_image()? {
            Some(image) if image.host_tables => {
                // The whole of the program is loaded, but no more than this is called.
                let hosts = self.resolve_hosts(&self.closure(package)?)?;
                let library = self.load_image(image)?;
                hosts.fill(self, library)?;
                library
            }
            Some(image) => self.load_image(image)?,
            None => self.load_own(package)?,
        };
        Ok(*state.library.get_or_init(|| library))
    }

    /// The image that the link mode asks for.
    pub(crate) fn whole_image(&self) -> Result<Option<&Image>, Error> {
        let lacks = match (self.link(), self.image(), self.processor()) {
            (LinkMode::Dynamic, ..) => return Ok(None),
            (LinkMode::Image, image @ Some(_), _) => return Ok(image),
            (LinkMode::Lto, image @ Some(_), Some(_)) => return Ok(image),
            (_, None, _) => "image",
            (_, _, None) => "processor",
        };
        Err(Error::Damaged {
            path: self.path().join(FILE),
            reason: format!("its link mode is {}, but it names no {lacks}", self.link()),
        })
    }

    pub(crate) fn load_image(&self, image: &Image) -> Result<Handle, Error> {
        if let Some(library) = self.image_state().get() {
            return Ok(*library);
        }
        let path = self.path().join(self.image_path(image)?);
        let library = process::load(&image.soname, self.owner(None), &path, false)?;
        Ok(*self.image_state().get_or_init(|| library))
    }

    fn image_path(&self, image: &Image) -> Result<String, Error> {
        let processor = self.processor();
        // An lto image is one library, for one processor; it stands where every dynamic linker
        // looks.
        let is_one = self.link() == LinkMode::Lto;
        let targets = if is_one {
            Vec::new()
        } else {
            image.known_targets()
        };
        let target = variant::choose(targets.into_iter(), processor, self.ceiling());
        let target = target.map_err(|refused| {
            let what = format!("the environment {}", self.path().display());
            let names = match processor {
                Some(processor) if is_one => vec![processor.target.to_string()],
                _ => image.libraries.keys().cloned().collect(),
            };
            Error::refused(refused, what, names, processor)
        })?;
        Ok(image.library_path(if is_one { target.base() } else { target }))
    }

    /// The best target of a package's own library.
    pub(crate) fn own_target(&self, package: usize) -> Result<Target, Error> {
        let facts = self.entry(package).0;
        let processor = self.processor().filter(|_| facts.specialised.is_some());
        let target = variant::choose(facts.known_targets(), processor, self.ceiling());
        target.map_err(|refused| {
            let what = format!("{} {}", facts.name, facts.version);
            Error::refused(refused, what, facts.targets.clone(), processor)
        })
    }

    /// The path of a package's own library.
    fn own_path(&self, package: usize) -> Result<PathBuf, Error> {
        let target = self.own_target(package)?;
        Ok(self.path().join(self.entry(package).0.library_path(target)))
    }

    /// Loads a package's own library, with those that it needs.
    fn load_own(&self, package: usize) -> Result<Handle, Error> {
        let (facts, state) = self.entry(package);
        if let Some(library) = state.library.get() {
            return Ok(*library);
        }
        let (library, hosts) = match (state.is_present(), facts.needs.is_empty()) {
            (true, _) => (None, Resolved::default()),
            (false, true) => (None, self.resolve_hosts(&[package])?),
            (false, false) => {
                let closure = self.closure(package)?;
                let hosts = self.resolve_hosts(&closure)?;
                (self.load_together(&closure, &hosts)?, hosts)
            }
        };
        match library {
            Some(library) => Ok(*state.library.get_or_init(|| library)),
            None => self.load_after_callees(package, &hosts, &mut Vec::new()),
        }
    }

    /// Loads a package's own library, after those that it needs.
    fn load_after_callees(
        &self,
        package: usize,
        hosts: &Resolved,
        callers: &mut Vec<usize>,
    ) -> Result<Handle, Error> {
        let (facts, state) = self.entry(package);
        if let Some(library) = state.library.get() {
            return Ok(*library);
        }
        if !state.is_present() {
            callers.push(package);
            for needed in &facts.needs {
                let callee = self.callee(facts, needed)?;
                // Packages cannot depend on each other in a circle; a damaged document could say
                // so.
                if !callers.contains(&callee) {
                    self.load_after_callees(callee, hosts, callers)?;
                }
            }
            callers.pop();
        }
        let path = self.own_path(package)?;
        let has_callees = !facts.needs.is_empty();
        let library = process::load(&facts.soname, self.owner(Some(package)), &path, has_callees)?;
        hosts.fill_one(self, package, library)?;
        Ok(*state.library.get_or_init(|| library))
    }

    pub(crate) fn owner(&self, package: Option<usize>) -> Owner {
        Owner {
            environment: self.clone(),
            package,
        }
    }
}
