//! Which functions need what is missing.
//!
//! A package that was made of Numba's functions says in its `share/numba.json` which host imports, and
//! which functions of other packages, each of its functions reaches. Of any other package, every
//! function may reach all that the package imports.

use std::collections::BTreeSet;
use std::sync::Arc;

use puck_package::{HostImport, LinkName};

use super::Environment;
use crate::Error;
use crate::linker::{self, Handle};
use crate::numba::Description;

impl Environment {
    /// What a package says of its functions, if it does so in a way that is known here.
    pub(super) fn reach(&self, package: usize) -> Result<Option<Arc<Description>>, Error> {
        match self.numba_description(package) {
            // Of a later format: it is as if it said nothing.
            Err(Error::Document { .. }) => Ok(None),
            other => other,
        }
    }

    /// The empty slots that a function reaches, in its own package and in others.
    pub(super) fn missing_of(
        &self,
        package: usize,
        link_name: &str,
    ) -> Result<Vec<HostImport>, Error> {
        let incomplete = self.hosts().incomplete().clone();
        let mut missing: Vec<HostImport> = Vec::new();
        let mut known = BTreeSet::from([link_name.to_owned()]);
        let mut next = vec![(package, link_name.to_owned())];
        while let Some((package, name)) = next.pop() {
            let reach = self.reach(package)?;
            let needs = reach.as_ref().and_then(|reach| reach.needs(&name));
            if let Some(state) = incomplete.get(&package) {
                let may_reach =
                    |import: &&HostImport| needs.is_none_or(|needs| needs.may_reach(import));
                missing.extend(state.missing.iter().filter(may_reach).cloned());
            }
            let calls: Vec<String> = match needs {
                Some(needs) => needs.calls.clone(),
                None => {
                    let imports = self.description(package)?.imports.iter();
                    imports.map(|import| import.link_name.to_string()).collect()
                }
            };
            for name in calls {
                if known.insert(name.clone())
                    && let Ok(callee) = name.parse::<LinkName>()
                    && let Some(package) = self.with_soname(&callee.soname())
                {
                    next.push((package, name));
                }
            }
        }
        missing.sort_by(|a, b| (&a.provider, &a.symbol).cmp(&(&b.provider, &b.symbol)));
        missing.dedup();
        Ok(missing)
    }

    /// The library that has the code of a package, if the process has loaded it.
    pub(super) fn loaded_library(&self, package: usize) -> Option<Handle> {
        let soname = match self.image() {
            Some(image) => &image.soname,
            None => &self.entry(package).0.soname,
        };
        linker::open_loaded(&linker::loaded(soname)?)
    }
}
