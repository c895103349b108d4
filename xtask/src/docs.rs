//! The documentation that is made from the sources: the API's, and the reference of the command.
//!
//! `docs/commands.md` is what the command itself prints as help, `docs/configuration.md` what it knows of
//! settings and variables. They are checked in, so that they can be read where the sources are, and
//! `--check` (part of `cargo xtask test`) fails when they are not current.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::{cargo, command, root, target_dir};
use crate::{setup, steps};

const COMMANDS: &str = "docs/commands.md";
const CONFIGURATION: &str = "docs/configuration.md";

/// The verb.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [argument] if argument == "--check" => true,
        _ => bail!("`cargo xtask docs` takes nothing but --check"),
    };
    setup::ensure()?;
    steps::step("Reference of the command", || {
        steps::run(cargo().args(["build", "--package", "puck"]))?;
        reference(check)
    })?;
    if check {
        return Ok(());
    }
    steps::step("API documentation", || {
        steps::run(
            cargo()
                .args(["doc", "--workspace", "--no-deps"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    })
}

/// Writes the reference pages, or checks that they are what would be written, by the command that was
/// built last.
pub(crate) fn reference(check: bool) -> Result<()> {
    let puck = target_dir().join("debug/puck");
    let configuration = help(&puck, &["config", "--reference"])? + "\n";
    for (name, page) in [
        (COMMANDS, page(&|arguments| help(&puck, arguments))?),
        (CONFIGURATION, configuration),
    ] {
        let path = root().join(name);
        if !check {
            fs_err::write(path, page)?;
            continue;
        }
        ensure!(
            fs_err::read_to_string(&path).unwrap_or_default() == page,
            "{name} is not what the command prints now; `cargo xtask docs` writes it again"
        );
    }
    Ok(())
}

/// The whole page, from what the command prints for some arguments.
fn page(help: &dyn Fn(&[&str]) -> Result<String>) -> Result<String> {
    let overview = help(&["--help"])?;
    let mut text = format!(
        "# The command\n\nWritten by `cargo xtask docs`; do not edit.\n\n```text\n{overview}\n```\n"
    );
    ensure!(
        verbs(&overview).count() > 1,
        "`puck --help` lists no verbs under `Commands:`"
    );
    for verb in verbs(&overview).filter(|verb| *verb != "help") {
        section(help, &[verb], &mut text)?;
    }
    Ok(text)
}

/// What is said of a verb, and then of each verb below it.
fn section(
    help: &dyn Fn(&[&str]) -> Result<String>,
    words: &[&str],
    text: &mut String,
) -> Result<()> {
    let shown = help(&[words, &["--help"]].concat())?;
    let (marks, name) = ("#".repeat(words.len() + 1), words.join(" "));
    text.push_str(&format!("\n{marks} puck {name}\n\n```text\n{shown}\n```\n"));
    for verb in verbs(&shown).filter(|verb| *verb != "help") {
        section(help, &[words, &[verb]].concat(), text)?;
    }
    Ok(())
}

/// The verbs that an overview lists: the first word of each line that is indented least, from the
/// line `Commands:` to the next line that is not indented.
fn verbs(overview: &str) -> impl Iterator<Item = &str> {
    overview
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with(' '))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
}

/// What the command prints, as wide as when its output is no terminal.
fn help(puck: &Path, arguments: &[&str]) -> Result<String> {
    let mut puck = command(puck);
    puck.args(arguments)
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE");
    for (name, _) in std::env::vars_os() {
        // A setting of the developer's would show as a value in effect.
        if name.to_string_lossy().starts_with("PUCK_") {
            puck.env_remove(name);
        }
    }
    let text = steps::output_of(&mut puck)
        .with_context(|| format!("`puck {}` failed", arguments.join(" ")))?;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERVIEW: &str = "A package manager\n\nUsage: puck <COMMAND>\n\nCommands:\n  new   Make a \
                            package\n          with files\n  run   Call a function\n  help  Print this\n\n\
                            Options:\n  -q, --quiet  Say less";

    #[test]
    fn verbs_are_those_of_the_overview() {
        assert_eq!(verbs(OVERVIEW).collect::<Vec<_>>(), ["new", "run", "help"]);
        assert_eq!(verbs("Usage: puck").count(), 0);
    }

    #[test]
    fn every_verb_has_a_section() {
        let page = page(&|arguments| {
            Ok(match arguments {
                ["--help"] => OVERVIEW.to_owned(),
                ["run", "--help"] => "Commands:\n  all  Run all\n  help  Print this".to_owned(),
                ["run", verb, "--help"] => format!("about running {verb}"),
                [verb, "--help"] => format!("about {verb}"),
                _ => bail!("unexpected"),
            })
        })
        .unwrap();
        assert!(
            page.contains("## puck new\n\n```text\nabout new\n```\n"),
            "{page}"
        );
        assert!(
            page.ends_with("\n### puck run all\n\n```text\nabout running all\n```\n"),
            "{page}"
        );
    }
}
