//! How callers are compiled, and where they are kept.

use std::path::PathBuf;

use puck_compiler::{Bodies, host_tuning};
use puck_package::{PackageDocument, Processor, variables};
use puck_runtime::{Environment, cpu};

use crate::cache::Cache;
use crate::jit::{Jit, Settings};
use crate::{Error, Source};

/// Settings of a [`Jit`] in the making.
#[derive(Clone, Debug)]
#[must_use = "`build` makes the `Jit`"]
pub struct JitBuilder {
    environment: Environment,
    inline: bool,
    cache: Option<PathBuf>,
    processor: Option<Processor>,
    opt_level: u8,
    debug: bool,
}

impl JitBuilder {
    pub(crate) fn new(environment: &Environment) -> Self {
        Self {
            environment: environment.clone(),
            inline: false,
            cache: None,
            processor: None,
            opt_level: 3,
            debug: false,
        }
    }

    /// Whether the bodies of small callees are brought along, so that hot small calls vanish. What
    /// was compiled so depends on these bodies. Off without this.
    pub fn inline(mut self, inline: bool) -> Self {
        self.inline = inline;
        self
    }

    /// Keeps compiled callers in a folder, for later runs; it is made if need be, and any number of
    /// processes may share it. Off without this.
    ///
    /// What is in the folder is run: nobody else should be able to write there.
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Compiles for another processor than exactly this machine's, such as every one of a level. This
    /// machine's must have what it has.
    pub fn processor(mut self, processor: Processor) -> Self {
        self.processor = Some(processor);
        self
    }

    /// How much is optimised: 0 to 3, 3 without this. Nothing is inlined at 0.
    pub fn opt_level(mut self, level: u8) -> Self {
        self.opt_level = level.min(3);
        self
    }

    /// Whether the debug information that callers come with is kept, so that a debugger shows their
    /// lines and variables. (Functions have their names without it.) Off without this.
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// A `Jit` of these settings. Nothing is read or written yet.
    ///
    /// # Errors
    /// If this machine's processor cannot run what would be compiled, or is of no known kind.
    pub fn build(self) -> Result<Jit, Error> {
        let Self {
            environment,
            inline,
            cache,
            processor,
            opt_level,
            debug,
        } = self;
        let processor = match processor.map_or_else(this_machines, Ok)? {
            processor if cpu::lacking(&processor).is_empty() => processor,
            processor => {
                return Err(Error::Processor {
                    lacking: cpu::lacking(&processor),
                    processor: Box::new(processor),
                });
            }
        };
        let source = environment.clone();
        let bodies = inline.then(|| {
            Bodies::new(move |package: &PackageDocument| {
                let name = format!("{}.{}", package.name, package.series());
                source.ir_path(&name).map(fs_err::read).transpose()
            })
        });
        let cache = cache.map(Cache::new);
        let bodies = match &cache {
            Some(cache) => bodies.map(|bodies| bodies.cached_in(&cache.packages())),
            None => bodies,
        };
        Ok(Jit::of(Settings {
            environment,
            bodies,
            cache,
            processor,
            opt_level,
            debug,
        }))
    }

    /// Builds the `Jit` and compiles one caller with it.
    ///
    /// # Errors
    /// As for [`build`](Self::build) and [`Jit::compile`].
    pub fn compile<'s>(self, source: impl Into<Source<'s>>) -> Result<crate::JitModule, Error> {
        self.build()?.compile(source)
    }
}

/// This machine's processor, or the level that `PUCK_TARGET` holds it down to.
fn this_machines() -> Result<Processor, Error> {
    let asked = variables::get(variables::PUCK_TARGET);
    let level = asked.and_then(|text| text.to_string_lossy().parse().ok());
    level
        .map(Processor::of)
        .or_else(|| cpu::processor(&host_tuning()))
        .ok_or(Error::Machine)
}
