//! Which libraries an environment has that are not those of its packages, and what they are made of.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::environment::Image;
use puck_package::{Digest, LinkMode, LinkName, PackageDocument, Processor, Target};

use super::{EnvironmentPackage, Link};
use crate::error::PackageVersion;
use crate::library::{Keyed, Part, Recipe};
use crate::{Error, Result, link};

/// The libraries that are made for an environment. [`LinkMode::Dynamic`] without a processor has none,
/// and neither has an environment without packages.
#[derive(Debug, Clone, Default)]
pub(super) struct Libraries {
    /// One for each package, in order, or none at all.
    pub(super) specialised: Vec<Keyed>,
    /// The one library of all packages for each level.
    pub(super) image: Option<Together>,
}

/// One library of all packages.
#[derive(Debug, Clone)]
pub(super) struct Together {
    pub(super) soname: String,
    /// For each level of processors; levels may have the same.
    pub(super) levels: BTreeMap<Target, Keyed>,
}

impl Libraries {
    /// Those of an environment of `packages`, in order, with what was compiled being compiled by
    /// `compiler`.
    ///
    /// # Errors
    /// [`Error::NoCode`] if a package has no object that could be linked with the others.
    pub(super) fn of(
        packages: &[EnvironmentPackage<'_>],
        link: &Link<'_>,
        compiler: Option<&str>,
    ) -> Result<Self> {
        let recipe = |link, processor: Option<&Processor>, packages, exports| Recipe {
            soname: String::new(),
            link,
            linker: link::NAME.to_owned(),
            processor: processor.cloned(),
            compiler: processor.and(compiler).map(str::to_owned),
            packages,
            exports,
        };
        if packages.is_empty() {
            return Ok(Self::default());
        }
        let processor = link.processor.as_ref();
        let from_ir = || packages.iter().map(ir).collect::<Vec<_>>();
        let levels = match link.mode {
            LinkMode::Dynamic => {
                let specialised = |package: &EnvironmentPackage<'_>| {
                    Keyed::from(Recipe {
                        soname: package.installed.document.soname(),
                        ..recipe(link.mode, processor, vec![ir(package)], None)
                    })
                };
                return Ok(Self {
                    specialised: processor
                        .map(|_| packages.iter().map(specialised).collect())
                        .unwrap_or_default(),
                    image: None,
                });
            }
            LinkMode::Lto => {
                let kept = kept(packages, link).into_iter().collect();
                let target = processor.map_or(Target::X86_64.base(), |p| p.target);
                BTreeMap::from([(target, recipe(link.mode, processor, from_ir(), Some(kept)))])
            }
            LinkMode::Image => {
                let mut levels = BTreeMap::new();
                for (level, parts) in complete_levels(packages)? {
                    levels.insert(level, recipe(link.mode, None, parts, None));
                }
                if let Some(processor) = processor {
                    levels.insert(
                        processor.target,
                        recipe(link.mode, Some(processor), from_ir(), None),
                    );
                }
                levels
            }
        };
        Ok(Self {
            specialised: Vec::new(),
            image: Some(Together::named(levels)),
        })
    }

    /// All of them, each once.
    pub(super) fn recipes(&self) -> BTreeMap<Digest, &Recipe> {
        let image = self.image.iter().flat_map(|image| image.levels.values());
        let all = self.specialised.iter().chain(image);
        all.map(|Keyed { key, recipe }| (*key, recipe)).collect()
    }

    /// What can be called of all packages; `None` if everything can.
    pub(super) fn kept(&self) -> Option<BTreeSet<LinkName>> {
        let mut recipes = self.image.iter().flat_map(|image| image.levels.values());
        recipes.find_map(|keyed| keyed.recipe.kept())
    }

    /// What `environment.json` says of the one library.
    pub(super) fn image_document(&self, host_tables: bool) -> Option<Image> {
        let image = self.image.as_ref()?;
        let libraries = image.levels.iter();
        Some(Image {
            host_tables,
            soname: image.soname.clone(),
            libraries: libraries
                .map(|(level, keyed)| (level.name().to_owned(), keyed.key))
                .collect(),
        })
    }
}

impl Together {
    /// Gives the library of all `levels` the name that follows from what they are.
    fn named(levels: BTreeMap<Target, Recipe>) -> Self {
        let text: String = levels
            .iter()
            .map(|(level, recipe)| format!("{level} {}\n", recipe.key()))
            .collect();
        let soname = format!("puck.{}.so", Digest::of(text.as_bytes()).prefix(16));
        let keyed = |mut recipe: Recipe| {
            recipe.soname.clone_from(&soname);
            Keyed::from(recipe)
        };
        Self {
            levels: levels
                .into_iter()
                .map(|(level, recipe)| (level, keyed(recipe)))
                .collect(),
            soname,
        }
    }
}

/// What is used from outside when everything is compiled together: what the packages export that the
/// project depends on itself, what else shall be kept, and what loaders look for: the tables of host
/// imports, and the functions that are written into them.
fn kept(packages: &[EnvironmentPackage<'_>], link: &Link<'_>) -> BTreeSet<LinkName> {
    let documents = || packages.iter().map(|package| &package.installed.document);
    let provided = documents().flat_map(|document| &document.host_imports);
    let provided = provided.flat_map(|import| {
        let providers = documents().filter(|document| document.name.as_str() == import.provider);
        providers.flat_map(|provider| provider.overloads(&import.symbol))
    });
    let direct = packages.iter().filter(|package| package.direct);
    direct
        .flat_map(|package| &package.installed.document.functions)
        .chain(provided)
        .map(|function| &function.link_name)
        .chain(link.keep.values().flatten())
        .cloned()
        .chain(documents().filter_map(PackageDocument::host_table))
        .collect()
}

fn ir(package: &EnvironmentPackage<'_>) -> Part {
    Part {
        sha256: *package.installed.sha256(),
        object: None,
    }
}

/// The levels at which each package has an object, with the best that each has for them.
fn complete_levels(packages: &[EnvironmentPackage<'_>]) -> Result<BTreeMap<Target, Vec<Part>>> {
    let mut objects = Vec::new();
    let mut levels = BTreeSet::new();
    let mut lowest = Target::X86_64.base();
    for package in packages {
        let document = &package.installed.document;
        let known: BTreeMap<Target, &str> = document
            .known_targets()
            .into_iter()
            .map(|(target, code)| (target, code.object.as_str()))
            .collect();
        let Some(least) = known.keys().next() else {
            return Err(Error::NoCode {
                package: PackageVersion::of(document),
            });
        };
        lowest = lowest.max(*least);
        levels.extend(known.keys().copied());
        objects.push((package.installed.sha256(), known));
    }
    let complete = levels.into_iter().filter(|level| *level >= lowest);
    let parts = |level| {
        let best = |known: &BTreeMap<Target, &str>| {
            let (_, object) = known.range(..=level).next_back()?;
            Some((*object).to_owned())
        };
        let part = |(sha256, known): &(&Digest, _)| Part {
            sha256: **sha256,
            object: best(known),
        };
        objects.iter().map(part).collect()
    };
    Ok(complete.map(|level| (level, parts(level))).collect())
}
