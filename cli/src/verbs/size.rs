//! `puck size`

use std::cmp::Reverse;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use puck_package::Target;
use puck_project::PackageSpec;
use puck_project::size::{Amounts, FunctionSize, SizeRequest, Sizes, size};

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::{size as bytes, table};

/// How many functions are shown where nobody asked for another number, on a terminal.
const TOP: usize = 20;

/// Show how large the installed code is, and how large with a copy of every callee
///
/// Of each function its own code, and its closure: its own and that of all functions it reaches,
/// which a program would carry that embeds it. Of each package its code, and the sum of the closures
/// of its exports, which every one of them as a self-contained copy would take.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck size
  puck size linalg --sort own --top 50
  puck size --html size.html       a page with a map and the call graph
  puck size --format json")]
pub(crate) struct SizeArguments {
    /// Only these packages and what they call: NAME or NAME@REQUIREMENT
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PackageSpec>,
    /// The level whose code to measure [default: this processor's]
    #[arg(long, value_name = "LEVEL")]
    target: Option<Target>,
    /// What comes first: the largest code, the largest closure, or by name
    #[arg(long, value_enum, default_value_t, value_name = "BY")]
    sort: Sort,
    /// How many functions to show [default: 20 on a terminal, else all]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Show all functions
    #[arg(long, conflicts_with = "top")]
    all: bool,
    /// Write a page for a browser to this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "sort", "top", "all"])]
    html: Option<PathBuf>,
    /// Your own environment, also in a project
    #[arg(long)]
    user: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// What functions are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// Its own code
    Own,
    /// Its own code, and that of all functions it reaches
    #[default]
    Closure,
    /// Package and name
    Name,
}

pub(crate) fn run(
    arguments: &SizeArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let SizeArguments {
        packages,
        target,
        sort,
        top,
        all,
        html,
        user,
        format,
    } = arguments;
    let Some(environment) = settings.environment_link(*user)? else {
        return Err(Failure::new("there is no environment yet").hint("run `puck install`"));
    };
    let this = puck_runtime::cpu::best().unwrap_or(Target::X86_64);
    let request = SizeRequest {
        environment: &environment,
        packages,
        target: target.unwrap_or(this),
    };
    let sizes = size(settings.machine()?.store(), &request)?;
    if let Some(file) = html {
        sizes.write_html(&settings.directory.join(file))?;
        console.done("Wrote", file.display());
        return Ok(());
    }
    match format {
        Format::Json => console.json(&sizes),
        Format::Text => {
            let top = match (all, top) {
                (false, Some(top)) => *top,
                (false, None) if std::io::stdout().is_terminal() => TOP,
                _ => usize::MAX,
            };
            text(&sizes, *sort, top, console)
        }
    }
}

fn text(sizes: &Sizes, sort: Sort, top: usize, console: &Console) -> Result<(), Failure> {
    if sizes.packages.is_empty() {
        console.done("Empty", "nothing is installed");
        return Ok(());
    }
    let header = [
        "package", "", "target", "exports", "code", "embedded", "saving",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for package in &sizes.packages {
        let mut row = vec![
            package.name.to_string(),
            package.version.to_string(),
            package.target.to_string(),
            format!("{} of {}", package.exported, package.functions),
        ];
        row.extend(amounts(&package.amounts));
        rows.push(row);
    }
    if sizes.packages.len() > 1 {
        let mut row = vec![
            "all".to_owned(),
            String::new(),
            String::new(),
            String::new(),
        ];
        row.extend(amounts(&sizes.total));
        rows.push(row);
    }
    console.print(headed(&rows))?;
    if let Some(image) = &sizes.image {
        console.line(format_args!(
            "\n{NAME}{}{NAME:#}  {} in one file, {}",
            sizes.link,
            bytes(image.bytes),
            image.soname
        ))?;
    }

    let mut functions: Vec<_> = sizes.functions.iter().collect();
    let name = |function: &FunctionSize| sizes.full_name(function);
    match sort {
        Sort::Own => functions.sort_by_cached_key(|f| (Reverse(f.own), name(f))),
        Sort::Closure => functions.sort_by_cached_key(|f| (Reverse(f.closure), name(f))),
        Sort::Name => functions.sort_by_cached_key(|f| name(f)),
    }
    let header = ["function", "own", "closure", "reaches"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for function in functions.iter().take(top) {
        let mut row = vec![
            name(function),
            bytes(function.own),
            bytes(function.closure),
            function.reached.to_string(),
        ];
        if function.exports == 0 {
            row.push(format!("{FAINT}internal{FAINT:#}"));
        }
        rows.push(row);
    }
    console.line("")?;
    console.print(headed(&rows))?;
    if functions.len() > top {
        console.line(format_args!(
            "\n{FAINT}{top} of {} functions; --all shows the others, --sort what comes \
             first{FAINT:#}",
            functions.len()
        ))?;
    }
    Ok(())
}

fn amounts(amounts: &Amounts) -> [String; 3] {
    let Amounts {
        code,
        embedded,
        saving,
        factor,
    } = amounts;
    let sign = if *saving < 0 { "-" } else { "" };
    let saving = bytes(saving.unsigned_abs());
    [
        bytes(*code),
        bytes(*embedded),
        format!("{sign}{saving}, {factor:.1}x"),
    ]
}

/// A table whose first row says what is below.
fn headed(rows: &[Vec<String>]) -> String {
    let text = table(rows);
    match text.split_once('\n') {
        Some((header, rest)) => format!("{FAINT}{header}{FAINT:#}\n{rest}"),
        None => text,
    }
}
