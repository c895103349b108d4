//! `puck inspect`

use clap::Args;
use puck_package::{Function, PackageDocument, listing};
use puck_project::{Inspected, PackageSpec};
use serde_json::json;

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::{needs, size, table};

/// Show what an archive holds; nothing of it is executed
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck inspect target/puck/linalg-1.2.0.puck
  puck inspect linalg@1.2
  puck inspect linalg --asm dot --target x86-64-v3
  puck inspect linalg --ir | less")]
pub(crate) struct InspectArguments {
    /// An archive's file, or NAME or NAME@REQUIREMENT for the newest version that matches
    #[arg(value_name = "FILE.puck | PACKAGE")]
    what: String,
    /// Print the package's LLVM IR
    #[arg(long, conflicts_with = "asm")]
    ir: bool,
    /// Print the machine code of a function
    #[arg(long, value_name = "FUNCTION")]
    asm: Option<String>,
    /// The target whose machine code to print [default: the oldest]
    #[arg(long, requires = "asm", value_name = "TARGET")]
    target: Option<puck_package::Target>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM", conflicts_with_all = ["ir", "asm"])]
    format: Format,
}

pub(crate) fn run(
    arguments: &InspectArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let InspectArguments {
        what,
        ir,
        asm,
        target,
        format,
    } = arguments;
    let inspected = find(what, settings)?;
    if *ir {
        return console.print(inspected.ir_text()?);
    }
    if let Some(function) = asm {
        return console.print(inspected.assembly(function, *target)?);
    }
    match format {
        Format::Json => console.json(&json!({
            "path": inspected.path,
            "sha256": inspected.sha256,
            "size": inspected.size,
            "package": inspected.document,
        })),
        Format::Text => show(&inspected, console),
    }
}

fn find(what: &str, settings: &Settings) -> Result<Inspected, Failure> {
    let path = settings.directory.join(what);
    // A name has neither dots nor slashes; what has one is meant as a file.
    let name = what.split('@').next().unwrap_or(what);
    if path.is_file() || name.contains(['.', '/']) {
        return Ok(Inspected::read(&path)?);
    }
    let spec: PackageSpec = what.parse().map_err(Failure::new)?;
    let machine = settings.machine()?;
    let registries = settings.registries(&machine)?;
    Ok(Inspected::find(&machine, &registries, &spec)?)
}

fn show(inspected: &Inspected, console: &Console) -> Result<(), Failure> {
    let document = &inspected.document;
    let PackageDocument {
        name,
        version,
        description,
        license,
        tools,
        ..
    } = document;
    console.line(format_args!("{NAME}{name}{NAME:#} {version}"))?;
    if !description.is_empty() {
        console.line(description)?;
    }
    let built = format!("puck {}, LLVM {}", tools.puck, tools.llvm);
    let mut facts = vec![
        vec![
            "archive".to_owned(),
            format!("{} ({})", inspected.path.display(), size(inspected.size)),
        ],
        vec!["sha256".to_owned(), inspected.sha256.to_string()],
        vec![
            "built with".to_owned(),
            [&[built][..], &tools.sources].concat().join(", "),
        ],
    ];
    if !license.is_empty() {
        facts.push(vec!["license".to_owned(), license.clone()]);
    }
    if let Some((major, minor)) = document.glibc() {
        facts.push(vec![
            "glibc".to_owned(),
            format!("{major}.{minor} or newer"),
        ]);
    }
    console.print(table(&facts))?;
    section(
        console,
        "functions",
        listing(&document.functions)
            .into_iter()
            .map(|listed| function(listed, document.functions.iter().any(|f| f.needs.is_some()))),
    )?;
    section(
        console,
        "targets",
        document.targets.iter().map(|(target, object)| {
            let bytes = document
                .files
                .get(&object.object)
                .map_or(0, |facts| facts.size);
            vec![target.clone(), object.object.clone(), size(bytes)]
        }),
    )?;
    section(
        console,
        "imports",
        document.imports.iter().map(|import| {
            let name = format!("{}::{}", import.package, import.function);
            vec![name, import.signature.to_string(), faint(&import.link_name)]
        }),
    )?;
    section(
        console,
        "dependencies",
        document.dependencies.iter().map(|dependency| {
            let (name, requirement) = (&dependency.name, &dependency.requirement);
            vec![
                name.to_string(),
                requirement.to_string(),
                dependency.series.to_string(),
            ]
        }),
    )?;
    section(
        console,
        "system imports",
        document.system_imports.iter().map(|import| {
            let version = import.version.clone().unwrap_or_default();
            vec![import.symbol.clone(), import.library.clone(), version]
        }),
    )?;
    section(
        console,
        "host imports",
        document
            .host_imports
            .iter()
            .map(|import| vec![import.symbol.clone(), import.provider.clone()]),
    )?;
    section(
        console,
        "files",
        document
            .files
            .iter()
            .map(|(path, facts)| vec![path.clone(), size(facts.size), facts.sha256.to_string()]),
    )
}

/// A function with its types, its symbol and the size of its code; with what it needs of the process,
/// where that is known of any.
fn function((function, types): (&Function, String), with_needs: bool) -> Vec<String> {
    let sizes: Vec<_> = function.sizes.values().map(ToString::to_string).collect();
    let sizes = if sizes.is_empty() {
        String::new()
    } else {
        format!("{} B", sizes.join("/"))
    };
    let mut row = vec![function.name.to_string(), types, sizes];
    if with_needs {
        row.push(needs(function.needs.as_deref()).unwrap_or_default());
    }
    row.push(faint(&function.link_name));
    row
}

/// The last column of a table may be styled: nothing is aligned behind it.
fn faint(text: &impl std::fmt::Display) -> String {
    format!("{FAINT}{text}{FAINT:#}")
}

fn section(
    console: &Console,
    title: &str,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> = rows
        .map(|mut row| {
            if let Some(first) = row.first_mut() {
                first.insert_str(0, "  ");
            }
            row
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    console.line(format_args!("\n{NAME}{title}{NAME:#}"))?;
    console.print(table(&rows))
}
