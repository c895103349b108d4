//! `puck environment`

use std::path::{Path, PathBuf};

use clap::Args;
use puck_package::{EnvironmentPackage, LinkMode, Processor};
use puck_project::Progress as _;
use puck_runtime::Environment;
use serde_json::json;

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::table;

/// Show where the environment is, what is in it, and how to compile against it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck environment
  cc main.c $(puck environment --flags)
  puck environment --export dist      a copy that runs on a machine without Puck")]
pub(crate) struct EnvironmentArguments {
    /// Print only the flags for cc
    #[arg(long, conflicts_with_all = ["export", "format"])]
    flags: bool,
    /// Write a copy without links into the store to this folder
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// Your own environment, also in a project
    #[arg(long)]
    user: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

pub(crate) fn run(
    arguments: &EnvironmentArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let EnvironmentArguments {
        flags,
        export,
        user,
        format,
    } = arguments;
    let Some(link) = settings.environment_link(*user)? else {
        return Err(Failure::new("there is no environment yet").hint("run `puck install`"));
    };
    let environment = Environment::open(&link)?;
    if let Some(directory) = export {
        let machine = settings.machine()?;
        machine
            .store()
            .export(environment.path(), &settings.directory.join(directory))?;
        console.done("Exported", directory.display());
        warn_of_processor(&environment, console);
        return Ok(());
    }
    // What is compiled against the link stays right when another environment is put in its place.
    let path = link.as_path();
    let for_cc = compiler_flags(path, environment.packages()?);
    if *flags {
        return console.line(for_cc.join(" "));
    }
    if *format == Format::Json {
        return console.json(&json!({
            "path": path,
            "store-path": environment.path(),
            "key": environment.key(),
            "link": environment.link(),
            "processor": environment.processor(),
            "compiler": environment.compiler(),
            "keep": environment.keep(),
            "image": environment.image(),
            "include": path.join("include"),
            "lib": path.join("lib"),
            "pkgconfig": path.join("lib/pkgconfig"),
            "flags": for_cc,
            "packages": environment.packages()?,
        }));
    }
    console.line(format_args!("{NAME}{}{NAME:#}", path.display()))?;
    let rows = environment.packages()?.iter().map(|package| {
        // Compiled together, they are all for the one processor that is named below.
        let packed = environment.link() != LinkMode::Lto;
        let targets = package.targets.iter().filter(|_| packed);
        let targets: Vec<_> = targets.map(ToString::to_string).collect();
        vec![
            format!("  {}", package.name),
            package.version.to_string(),
            package.soname.clone(),
            targets.join(" "),
        ]
    });
    console.print(table(&rows.collect::<Vec<_>>()))?;
    console.line("")?;
    let soname = environment
        .image()
        .map(|image| format!(", {}", image.soname));
    if environment.link() != LinkMode::Dynamic {
        let (mode, soname) = (environment.link(), soname.unwrap_or_default());
        console.line(format_args!(
            "{FAINT}linked as      {FAINT:#}  {mode}{soname}"
        ))?;
    }
    if let Some(processor) = environment.processor() {
        console.line(format_args!("{FAINT}compiled for   {FAINT:#}  {processor}"))?;
    }
    if !environment.keep().is_empty() {
        let keep = environment.keep().join(" ");
        console.line(format_args!("{FAINT}keeps also     {FAINT:#}  {keep}"))?;
    }
    let pkgconfig = path.join("lib/pkgconfig");
    console.line(format_args!(
        "{FAINT}with pkg-config{FAINT:#}  PKG_CONFIG_PATH={}\n{FAINT}with cc alone  {FAINT:#}  {}",
        pkgconfig.display(),
        for_cc.join(" ")
    ))
}

/// Says on which processors a copy of an environment does not run.
fn warn_of_processor(environment: &Environment, console: &Console) {
    let Some(processor) = environment.processor() else {
        return;
    };
    if *processor == Processor::of(processor.target.base()) {
        // Every one will do.
    } else if environment.link() == LinkMode::Lto {
        console.warning(&format!(
            "the copy runs only on processors that have all of {processor}; without `--link lto` \
             there is code for others, too"
        ));
    } else if !processor.features.is_empty() {
        let target = processor.target;
        console.warning(&format!(
            "what the copy has for {target} is compiled for {processor}; on a processor of that \
             level that lacks one of these features, programs that are linked to it crash"
        ));
    }
}

/// What cc needs to compile and link against the environment.
fn compiler_flags(path: &Path, packages: &[EnvironmentPackage]) -> Vec<String> {
    let lib = path.join("lib");
    let mut flags = vec![
        format!("-I{}", path.join("include").display()),
        format!("-L{}", lib.display()),
    ];
    let direct = packages.iter().filter(|package| package.direct);
    flags.extend(direct.map(|package| format!("-l:{}", package.soname)));
    flags.push(format!("-Wl,-rpath,{}", lib.display()));
    flags
}
