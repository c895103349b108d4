//! How an environment is linked: what a command asks for, what the manifest says, what is there.

mod error;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use puck_package::config::Placed;
use puck_package::environment::FILE;
use puck_package::{
    EnvironmentDocument, FunctionPath, LinkMode, LinkName, PackageDocument, PackageName, Processor,
    Target, TargetCpu, nearest,
};
use puck_runtime::cpu;
use puck_store::{Link, Store, WantedLink};

pub use error::LinkingError;

use crate::compile::Compiler;
use crate::{Error, Origin, Progress, Project, compile};

/// What a command asks for; where it asks for nothing, the manifest says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// How the packages are linked.
    pub link: Option<LinkMode>,
    /// What their IR is compiled for.
    pub target_cpu: Option<TargetCpu>,
    /// Whether, where the manifest says nothing either, the environment stays linked as it is.
    pub as_it_is: bool,
}

/// How the environment of a project is to be linked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Linking {
    pub(crate) mode: LinkMode,
    /// What the packages' IR is compiled for; always there with [`LinkMode::Lto`].
    pub(crate) processor: Option<Processor>,
    /// What the manifest lists; empty unless it is [`LinkMode::Lto`].
    keep: Vec<Placed<FunctionPath>>,
    manifest: PathBuf,
}

impl Linking {
    /// How the environment of `project`, a whole, is to be linked.
    ///
    /// # Errors
    /// If code would be compiled that this machine's processor cannot run, or that nothing here can
    /// compile.
    pub(crate) fn of(
        store: &Store,
        project: &Project,
        options: &LinkOptions,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let manifest = project.manifest();
        let section = manifest.environment.as_ref();
        let said = options.link.or(section.and_then(|section| section.link));
        let said_cpu = section.and_then(|section| section.target_cpu);
        let target_cpu = options.target_cpu.or(said_cpu);
        let installed = || installed(store, project.directory());
        let as_it_is = options.as_it_is && said.is_none() && target_cpu.is_none();
        let (mode, processor) = match installed().filter(|_| as_it_is) {
            Some(document) if runs_here(document.processor.as_ref()) => {
                (document.link, document.processor)
            }
            _ => {
                let mode = said.unwrap_or_default();
                let of_mode = (mode == LinkMode::Lto).then_some(TargetCpu::Native);
                let processor = match target_cpu.or(of_mode) {
                    None => None,
                    Some(TargetCpu::Native) => Some(native(mode, installed)?),
                    Some(TargetCpu::Level(target)) => {
                        let by = match (options.target_cpu, section) {
                            (None, Some(section)) => Origin::File {
                                path: manifest.path.clone(),
                                line: section.line,
                            },
                            _ => Origin::Flag("--target-cpu"),
                        };
                        Some(level(mode, target, by, progress)?)
                    }
                };
                (mode, processor)
            }
        };
        let keep = match section {
            Some(section) if mode == LinkMode::Lto => section.keep.clone(),
            // Of no consequence, which is what a flag may want; a manifest hardly does.
            Some(section) if options.link.is_none() => {
                if let Some(entry) = section.keep.first() {
                    let (path, line) = (manifest.path.display(), entry.line);
                    progress.warning(&format!(
                        "{path}:{line}: `keep` matters only with `link = \"lto\"`; this is {mode}"
                    ));
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        Ok(Self {
            mode,
            processor,
            keep,
            manifest: manifest.path.clone(),
        })
    }

    /// The same, as far as it can be seen from an environment.
    pub(crate) fn wanted(&self) -> WantedLink {
        WantedLink {
            mode: self.mode,
            processor: self.processor.clone(),
            compiler: compile::identity(),
            keep: self.keep.iter().map(|k| k.value.to_string()).collect(),
        }
    }

    /// The same for packages that are installed. Of what is made in the project, some may be left
    /// out; what `keep` says of that is for another time.
    ///
    /// # Errors
    /// [`LinkingError::Keep`] if an entry of `keep` names nothing.
    pub(crate) fn link<'c>(
        &self,
        packages: &[&PackageDocument],
        left_out: &BTreeSet<&PackageName>,
        compiler: &'c Compiler<'_>,
    ) -> Result<Link<'c>, LinkingError> {
        let entries = self.keep.iter().map(|entry| {
            let names = match named(&entry.value, packages) {
                Ok(names) => names,
                Err(_) if left_out.contains(&entry.value.package) => BTreeSet::new(),
                Err(nothing) => {
                    return Err(LinkingError::Keep {
                        manifest: self.manifest.clone(),
                        line: entry.line,
                        entry: Box::new(entry.value.clone()),
                        reason: nothing.reason,
                        near: nothing.near,
                    });
                }
            };
            Ok((entry.value.to_string(), names))
        });
        Ok(Link {
            mode: self.mode,
            processor: self.processor.clone(),
            keep: entries.collect::<Result<_, _>>()?,
            compiler: compiler.get(),
        })
    }
}

/// How an environment was linked that was made of these packages, so that it can be made again.
pub(crate) fn as_before<'c>(
    document: &EnvironmentDocument,
    packages: &[&PackageDocument],
    compiler: &'c Compiler<'_>,
) -> Link<'c> {
    // What is not there was left out when the environment was made, too.
    let keep = document.keep.iter().filter_map(|text| {
        let names = named(&text.parse().ok()?, packages).unwrap_or_default();
        Some((text.clone(), names))
    });
    Link {
        mode: document.link,
        processor: document.processor.clone(),
        keep: keep.collect(),
        compiler: compiler.get(),
    }
}

/// Why an entry of `keep` names nothing.
struct NamesNothing {
    /// What is not there.
    reason: String,
    /// What there is that may have been meant.
    near: Option<String>,
}

/// The functions that `path` names.
fn named(
    path: &FunctionPath,
    packages: &[&PackageDocument],
) -> Result<BTreeSet<LinkName>, NamesNothing> {
    let FunctionPath {
        package,
        series,
        function,
    } = path;
    let mut found: Vec<_> = packages.iter().filter(|p| p.name == *package).collect();
    if found.is_empty() {
        let names = packages.iter().map(|package| package.name.as_str());
        let near = nearest(package.as_str(), names).map(str::to_owned);
        let reason = format!("no package `{package}` is installed");
        return Err(NamesNothing { reason, near });
    }
    if let Some(series) = series {
        let installed: Vec<_> = found.iter().map(|p| p.series().to_string()).collect();
        found.retain(|package| package.series() == *series);
        if found.is_empty() {
            let installed = installed.join(" and ");
            let reason = format!("of `{package}` {installed} is installed, and not {series}");
            return Err(NamesNothing { reason, near: None });
        }
    }
    let functions = found.iter().flat_map(|package| &package.functions);
    let Some(function) = function else {
        return Ok(functions.map(|f| f.link_name.clone()).collect());
    };
    let names: BTreeSet<_> = functions
        .clone()
        .filter(|f| f.name == *function)
        .map(|f| f.link_name.clone())
        .collect();
    if names.is_empty() {
        let near = nearest(function.as_str(), functions.map(|f| f.name.as_str()));
        let near = near.map(|near| format!("{package}::{near}"));
        let reason = format!("`{package}` has no function `{function}`");
        return Err(NamesNothing { reason, near });
    }
    Ok(names)
}

/// What the environment says of itself that `.puck` leads to; `None` if it cannot be read.
fn installed(store: &Store, project: &Path) -> Option<EnvironmentDocument> {
    let path = store.active(project).ok()??.join(FILE);
    EnvironmentDocument::parse(FILE, &fs_err::read(path).ok()?).ok()
}

fn runs_here(processor: Option<&Processor>) -> bool {
    processor.is_none_or(|processor| cpu::lacking(processor).is_empty())
}

/// This machine's processor. A puck without a compiler does not know how it is called, and takes
/// what it is called by what is installed.
fn native(
    mode: LinkMode,
    installed: impl FnOnce() -> Option<EnvironmentDocument>,
) -> Result<Processor, Error> {
    match compile::host_tuning() {
        Some(tuning) => {
            cpu::processor(&tuning).ok_or(LinkingError::NoTarget(cpu::ARCHITECTURE).into())
        }
        None => installed()
            .filter(|document| document.link == mode && runs_here(document.processor.as_ref()))
            .and_then(|document| document.processor)
            .ok_or_else(|| compile::missing("this machine's processor")),
    }
}

/// Every processor of a level, asked for by `by`.
fn level(
    mode: LinkMode,
    target: Target,
    by: Origin,
    progress: &dyn Progress,
) -> Result<Processor, Error> {
    let processor = Processor::of(target);
    let lacking = cpu::lacking(&processor);
    if lacking.is_empty() {
        return Ok(processor);
    }
    let error = LinkingError::OtherProcessor {
        target,
        lacking,
        by,
    };
    if mode == LinkMode::Lto {
        return Err(error.into());
    }
    progress.warning(&format!("{error}; here the code of lower levels is used"));
    Ok(processor)
}

#[cfg(test)]
mod tests;
