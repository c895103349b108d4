//! Loading a library and all that it needs by one call of the dynamic linker.
//!
//! Each `dlopen` walks the whole closure of what it opens, and compares names with all that is
//! loaded: one for each library takes time with the square of their number. By itself the dynamic
//! linker looks for callees beside their caller first. So it takes the variants that are chosen
//! here if it begins in the folder of the highest one: that folder has each package in the best
//! variant for its level. What it took is checked afterwards. Wherever anything is unusual, libraries
//! are loaded one after the other.

use std::path::PathBuf;

use puck_package::environment::FILE;
use puck_package::{EnvironmentPackage, Target};

use crate::environment::State;
use crate::host::Resolved;
use crate::linker::Handle;
use crate::process::{self, Member};
use crate::{Environment, Error, cpu};

impl Environment {
    /// Loads the libraries of packages together: the last of them, which needs the others.
    ///
    /// `None`, with nothing loaded, if that is not possible, or failed: one after the other, it is
    /// possible, or says what is wrong with which library.
    ///
    /// # Errors
    /// [`Error::Conflict`] before anything is loaded, and [`Error::ForeignLibrary`].
    pub(crate) fn load_together(
        &self,
        closure: &[usize],
        hosts: &Resolved,
    ) -> Result<Option<Handle>, Error> {
        if cfg!(not(target_env = "gnu")) {
            return Ok(None);
        }
        let Some(folder) = self.common_folder(closure) else {
            return Ok(None);
        };
        let members = closure.iter().map(|at| {
            let facts = self.entry(*at).0;
            Member {
                soname: &facts.soname,
                owner: self.owner(Some(*at)).into(),
                path: folder.join(&facts.soname),
            }
        });
        let library = process::load_together(&members.collect::<Vec<_>>())?;
        if let Some(library) = library {
            hosts.fill(self, library)?;
            for at in closure {
                // Somebody else may have said so before.
                let _ = self.entry(*at).1.present.set(library);
            }
        }
        Ok(library)
    }

    /// The packages that are to be loaded for one: callees before their callers, itself last.
    pub(crate) fn closure(&self, package: usize) -> Result<Vec<usize>, Error> {
        self.needed(package, |state| !state.is_present())
    }

    /// A package and all that it needs: callees before their callers, itself last.
    pub(crate) fn whole_closure(&self, package: usize) -> Result<Vec<usize>, Error> {
        self.needed(package, |_| true)
    }

    fn needed(&self, package: usize, enter: impl Fn(&State) -> bool) -> Result<Vec<usize>, Error> {
        let mut reached = vec![false; self.listed().len()];
        let mut closure = Vec::new();
        // Each with the callees that remain to be looked at. Not recursive: a damaged document
        // may name a long chain.
        let mut path = vec![(package, self.entry(package).0.needs.iter())];
        if let Some(reached) = reached.get_mut(package) {
            *reached = true;
        }
        while let Some((at, needs)) = path.last_mut() {
            let Some(needed) = needs.next() else {
                closure.push(*at);
                path.pop();
                continue;
            };
            let callee = self.callee(self.entry(*at).0, needed)?;
            let (facts, state) = self.entry(callee);
            let first = reached
                .get_mut(callee)
                .is_some_and(|reached| !std::mem::replace(reached, true));
            if first && enter(state) {
                path.push((callee, facts.needs.iter()));
            }
        }
        Ok(closure)
    }

    /// The position of a package that another one needs.
    pub(crate) fn callee(&self, caller: &EnvironmentPackage, soname: &str) -> Result<usize, Error> {
        self.with_soname(soname).ok_or_else(|| Error::Damaged {
            path: self.path().join(FILE),
            reason: format!("{} needs {soname}, which is not listed", caller.soname),
        })
    }

    /// The folder in which all of a closure have the variants that are chosen for them, and where
    /// the dynamic linker finds them.
    fn common_folder(&self, closure: &[usize]) -> Option<PathBuf> {
        // What cannot be loaded is told when it is loaded alone.
        let chosen = |at: &usize| Some((self.entry(*at).0, self.own_target(*at).ok()?));
        let mut chosen_here = closure.iter().map(chosen).collect::<Option<Vec<_>>>()?;
        let highest = chosen_here.iter().map(|(_, target)| *target).max()?;
        if let Some(processor) = self.processor() {
            // What was compiled here stands in the folder of one level only.
            chosen_here.retain(|(facts, _)| facts.specialised.is_some());
            let special = processor.target;
            let elsewhere = |(_, target): &(_, Target)| *target == special && *target != highest;
            if !cpu::lacking(processor).is_empty() || chosen_here.iter().any(elsewhere) {
                return None;
            }
        }
        // In the folders of levels nothing is looked for elsewhere. Next to the lowest one are the
        // others, of which the dynamic linker takes the best.
        let is_lowest = highest == highest.base();
        if is_lowest && (self.ceiling().is_some() || self.processor().is_some()) {
            return None;
        }
        Some(self.path().join(highest.library_directory()))
    }
}
