//! `puck new`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use puck_package::PackageName;
use puck_project::template::{self, Language};

use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

/// Make a package that builds, packs and runs at once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck new kernels --lang c
  puck new kernels --lang rust --path work/kernels")]
pub(crate) struct NewArguments {
    /// The package's name: lower-case letters, digits and `-`
    name: PackageName,
    /// The language of its functions
    #[arg(long, value_enum, default_value_t, value_name = "LANGUAGE")]
    lang: Lang,
    /// The folder to make [default: the name]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Lang {
    /// C, compiled by clang
    #[default]
    C,
    /// C++, compiled by clang
    Cpp,
    /// A Rust crate without the standard library
    Rust,
    /// LLVM IR as text
    Ir,
    /// Python, compiled by Numba
    Python,
}

pub(crate) fn run(
    arguments: &NewArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let NewArguments { name, lang, path } = arguments;
    let language = match lang {
        Lang::C => Language::C,
        Lang::Cpp => Language::Cpp,
        Lang::Rust => Language::Rust,
        Lang::Ir => Language::Ir,
        Lang::Python => Language::Python,
    };
    let shown = path.clone().unwrap_or_else(|| name.as_str().into());
    let files = template::create(&settings.directory.join(&shown), name, language)?;
    console.done("Created", format_args!("{name} in {}", shown.display()));
    for file in files {
        console.note(settings.shown(&file).display());
    }
    Ok(())
}
