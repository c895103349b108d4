//! `puck size`: how large the code is that is installed, and how large it would be if every function
//! carried a copy of all that it calls.
//!
//! # What is measured
//!
//! The objects of the packages as they lie in the store, for one target: so the figures are the same in
//! every link mode, and say what the packages' authors compiled. The size of the one library of an
//! `image` or `lto` environment is told beside them. Only code is counted. The **closure** of a
//! function is its own code and that of every function that it reaches, in its package and in others,
//! each once: what a program would hold that embeds it. A package's **embedded** size is the sum of the
//! closures of its exports, its **saving** what that is more than the code that is really stored.
//!
//! # How the calls are found
//!
//! In the objects' machine code and relocations. The IR would say it, too, but needs LLVM, which a
//! puck that only installs has not; and it says what was written, not what was left after inlining.
//! Relocations alone would not do: the assembler completes calls within a section itself. So the
//! instructions are decoded, which takes milliseconds for thousands of functions.
//!
//! | module | what |
//! |---|---|
//! | `instructions` | machine code to where it leads; the only part that knows processors |
//! | `code` | an object to functions and data, and what each leads to |
//! | `graph` | what each function reaches |
//! | `names` | symbols as people read them |
//! | `load` | the objects of an environment |
//! | `measure` | all objects to one graph, and that to figures |
//! | `html` | the figures as a page |

mod code;
mod error;
mod graph;
mod html;
mod instructions;
mod load;
mod measure;
mod names;

use std::path::Path;

use puck_package::{LinkMode, PackageName, Series, Target};
use puck_store::Store;
use semver::Version;
use serde::Serialize;

use crate::{PackageSpec, files};

pub use error::SizeError;

/// The sizes of an environment's code.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sizes {
    /// How the environment is linked.
    pub link: LinkMode,
    /// The target that was asked for: of each package the newest code that runs on it was measured.
    pub target: Target,
    /// The one library of all packages, if the environment has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageSize>,
    /// All packages together.
    pub total: Amounts,
    /// By name, then series.
    pub packages: Vec<PackageSize>,
    /// By package, then address.
    pub functions: Vec<FunctionSize>,
}

/// The one library of all packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImageSize {
    /// Its name.
    pub soname: String,
    /// The target that it was made for.
    pub target: Target,
    /// Of the file.
    pub bytes: u64,
}

/// Stored and embedded code, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Amounts {
    /// What is stored, alignment and all.
    pub code: u64,
    /// The sum of the closures of all exports.
    pub embedded: u64,
    /// How much less is stored than would be embedded.
    pub saving: i64,
    /// How many times as much would be embedded as is stored; 0 if there is no code.
    pub factor: f64,
}

/// The code of a package.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageSize {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// The version's compatibility series.
    pub series: Series,
    /// What its functions are shown under: its name, with the series where there are several.
    pub label: String,
    /// Whether the project itself depends on it.
    pub direct: bool,
    /// The target whose code was measured.
    pub target: Target,
    /// How many functions it has.
    pub functions: usize,
    /// How many of them others may call.
    pub exported: usize,
    /// What of its code belongs to no function: alignment, mostly.
    pub other: u64,
    /// Its code, and what its exports would be embedded.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// The code of a function.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FunctionSize {
    /// Its package, as an index of [`Sizes::packages`].
    pub package: usize,
    /// Its name; of one that is not exported as the source language writes it.
    pub name: String,
    /// Its symbol: the link name of an exported one.
    pub symbol: String,
    /// Other names of the same code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Under how many names others may call it; 0 if they may not.
    pub exports: usize,
    /// The types of an exported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// What its package says that it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Its own code, in bytes.
    pub own: u64,
    /// Its closure, in bytes.
    pub closure: u64,
    /// How many functions that is.
    pub reached: usize,
    /// The functions that it calls or whose addresses it takes, as indexes of [`Sizes::functions`];
    /// itself, and more than a few thousand, left out.
    pub calls: Vec<usize>,
    /// The functions of the system and of its host that it calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<String>,
}

/// What to measure.
#[derive(Clone, Copy, Debug)]
pub struct SizeRequest<'a> {
    /// The environment's folder, or a link to it.
    pub environment: &'a Path,
    /// Only these packages, and what they call; all, if none is named.
    pub packages: &'a [PackageSpec],
    /// The target whose code to measure.
    pub target: Target,
}

impl Sizes {
    /// The name of a function with its package's: `linalg::dot`.
    #[must_use]
    pub fn full_name(&self, function: &FunctionSize) -> String {
        let package = self.packages.get(function.package);
        format!(
            "{}::{}",
            package.map_or("?", |package| &package.label),
            function.name
        )
    }

    /// The sizes as a page for a browser, which needs nothing but itself.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::page(self)
    }

    /// Writes [`to_html`](Self::to_html) to `path`, in place of what is there.
    ///
    /// # Errors
    /// If that fails; what was there is then as it was.
    pub fn write_html(&self, path: &Path) -> Result<(), SizeError> {
        Ok(files::replace(path, self.to_html().as_bytes())?)
    }
}

impl Amounts {
    fn new(code: u64, embedded: u64) -> Self {
        let (signed_code, signed) = (code.cast_signed(), embedded.cast_signed());
        #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
        let factor = match code {
            0 => 0.0,
            _ => embedded as f64 / code as f64,
        };
        Self {
            code,
            embedded,
            saving: signed.saturating_sub(signed_code),
            factor,
        }
    }
}

/// The sizes of what is installed in an environment.
///
/// # Errors
/// If the environment or its packages cannot be read, a package that was asked for is not in it, or
/// one has no code for the target.
pub fn size(store: &Store, request: &SizeRequest<'_>) -> Result<Sizes, SizeError> {
    let loaded = load::load(store, request)?;
    Ok(measure::measure(loaded, request.target))
}
