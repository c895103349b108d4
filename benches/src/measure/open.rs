//! From nothing loaded to the result of the first call, each time in a fresh process.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::child;
use crate::row::{Limit, Row, Unit};
use crate::sample::alternate;
use crate::settings::Settings;
use crate::source::function_name;
use crate::subject::Subject;

pub(super) fn measure(settings: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let (project, library) = (
        subject.project(),
        subject.plain_library(Subject::best_target()?),
    );
    // One from the middle.
    let number = subject.functions / 2;
    let (function, symbol) = (Subject::qualified(number), function_name(number));
    let open_puck = || {
        microseconds(&[
            "open".as_ref(),
            "puck".as_ref(),
            project.as_ref(),
            function.as_ref(),
        ])
    };
    let open_plain = || {
        microseconds(&[
            "open".as_ref(),
            "plain".as_ref(),
            library.as_ref(),
            symbol.as_ref(),
        ])
    };
    // Into the page cache.
    alternate(5, open_puck, open_plain)?;
    let (puck, plain) = alternate(settings.rounds.open, open_puck, open_plain)?;

    let row = |what: &str, plain, limit| Row {
        what: what.into(),
        group: subject.group(),
        unit: Unit::Microseconds,
        puck: puck.clone(),
        plain,
        limit: Some(limit),
    };
    Ok(vec![
        row(
            "open and call once",
            Some((plain, "dlopen, dlsym and a call")),
            Limit::Ratio(1.5),
        ),
        row("open and call once, in all", None, Limit::Value(150.0)),
    ])
}

fn microseconds(arguments: &[&OsStr]) -> Result<f64> {
    Ok(output(arguments)?.trim().parse::<f64>()? / 1e3)
}

/// What a child prints.
pub(super) fn output(arguments: &[&OsStr]) -> Result<String> {
    let program = std::env::current_exe().context("cannot tell what program this is")?;
    let output = Command::new(program)
        .arg(child::VERB)
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "a child failed ({arguments:?}): {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
