//! Puck against plain tools, as ratios measured in one run.
//!
//! A package of small C functions is built, published and installed by the release binary, and
//! the same sources are compiled by `clang -O3 -shared`. Each measurement alternates between the
//! two, so that what else the machine does falls on both; medians are compared. What is measured,
//! and what of it must hold, stands in [`measure`]; `cargo xtask bench` runs it.
//!
//! | module | |
//! |---|---|
//! | [`settings`] | the command line |
//! | [`subject`] | the sources ([`source`]), and what each side made of them |
//! | [`measure`] | one module a measurement |
//! | [`packages`] | package management, against uv and cargo |
//! | [`serving`] | the registry's server, against nginx |
//! | [`child`] | what runs in fresh processes |
//! | [`sample`], [`row`] | medians and spreads; a line of the table |
//! | [`report`], [`machine`] | the table, the JSON, the page; where it was measured |
#![expect(
    clippy::disallowed_macros,
    reason = "a program for a developer's terminal"
)]

mod child;
mod machine;
mod measure;
mod packages;
mod report;
mod row;
mod sample;
mod serving;
mod settings;
mod source;
mod subject;

use std::process::ExitCode;

use anyhow::Result;

use crate::row::Row;
use crate::settings::{Measured, Settings};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == child::VERB => child::run(rest).map(|()| ExitCode::SUCCESS),
        Some((first, rest)) if first == serving::VERB => serving::run(rest).map(|holds| {
            if holds {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }),
        _ => run(&arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let Some(settings) = Settings::parse(arguments)? else {
        print!("{}", settings::HELP);
        return Ok(ExitCode::SUCCESS);
    };
    let rows = match settings.subject {
        Measured::Functions => functions(&settings)?,
        Measured::Packages => packages::run(&settings)?,
    };
    print!("\n{}", report::table(&rows));
    report::write_json(&settings, &rows)?;
    report::write_page(&settings, &rows)?;

    let missed = rows.iter().filter(|row| row.holds() == Some(false)).count();
    if missed > 0 {
        println!(
            "\n{missed} of {} limits missed",
            rows.iter().filter(|row| row.limit.is_some()).count()
        );
    } else {
        println!("\nevery limit holds");
    }
    Ok(if settings.check && missed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What is measured of each size of a package.
fn functions(settings: &Settings) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for &functions in &settings.functions {
        println!("\n{functions} functions");
        let subject = subject::Subject::prepare(settings, functions)?;
        rows.extend(measure::all(settings, &subject)?);
    }
    subject::remove_set_aside(&settings.work)?;
    Ok(rows)
}
