//! Puck against plain tools, as ratios measured in one run.
//!
//! `cargo xtask bench` runs it. Each suite measures its subjects in every way that applies, in turn,
//! so that what else the machine does falls on all; medians are compared. What a suite found
//! ([`findings`]) becomes a table, JSON, plots and a part of `docs/performance.md`.
//!
//! | module | |
//! |---|---|
//! | [`settings`] | the command line, and the suites |
//! | [`graphs`] | layered call graphs: disk, builds, opening, memory |
//! | [`calls`], [`kernels`] | what a call costs; numerical kernels across packages |
//! | [`packages`] | package management, against uv and cargo |
//! | [`numba`] | jitted functions, against Numba and numbox |
//! | [`serving`] | the registry's server, against nginx |
//! | [`child`] | what runs in fresh processes |
//! | [`place`], [`random`] | files and commands; numbers for graphs |
//! | [`findings`], [`sample`], [`row`], [`fit`] | values, medians and spreads, limits, growth |
//! | [`report`], [`plot`], [`machine`] | the table, the JSON, the page and its plots; where it was measured |
#![expect(
    clippy::disallowed_macros,
    reason = "a program for a developer's terminal"
)]

mod calls;
mod child;
mod findings;
mod fit;
mod graphs;
mod kernels;
mod machine;
mod numba;
mod packages;
mod place;
mod plot;
mod random;
mod report;
mod row;
mod sample;
mod serving;
mod settings;

use std::process::ExitCode;

use anyhow::Result;

use crate::findings::Findings;
use crate::row::Row;
use crate::settings::{Settings, Suite};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((first, rest)) if first == child::VERB => child::run(rest).map(|()| true),
        Some((first, rest)) if first == serving::VERB => serving::run(rest),
        _ => run(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the suites. False if a limit was missed and was to be checked.
fn run(arguments: &[String]) -> Result<bool> {
    let Some(settings) = Settings::parse(arguments)? else {
        print!("{}", settings::HELP);
        return Ok(true);
    };
    fs_err::create_dir_all(&settings.work)?;
    let mut rows = Vec::new();
    for &suite in &settings.suites {
        println!("\n{}", suite.title());
        let mut findings = measure(&settings, suite)?;
        print!("\n{}", report::text::all(&findings));
        // What was made is a part of nothing that others read: written as soon as it is there.
        report::json::write(&settings, suite, &findings)?;
        report::page::write(&settings, suite, &findings)?;
        rows.append(&mut findings.rows);
    }
    // Not before all is measured: ext4 is slow to create files after it removed many.
    place::remove_set_aside(&settings.work)?;
    Ok(judge(&rows) || !settings.check)
}

fn measure(settings: &Settings, suite: Suite) -> Result<Findings> {
    match suite {
        Suite::Graphs => graphs::run(settings),
        Suite::Calls => calls::run(settings),
        Suite::Kernels => kernels::run(settings),
        Suite::Packages => packages::run(settings),
        Suite::Numba => numba::run(settings),
    }
}

/// Says how many limits hold; whether all do.
fn judge(rows: &[Row]) -> bool {
    let verdicts: Vec<bool> = rows.iter().filter_map(Row::holds).collect();
    let missed = verdicts.iter().filter(|&&holds| !holds).count();
    if missed == 0 {
        println!("\nevery limit holds");
    } else {
        println!("\n{missed} of {} limits missed", verdicts.len());
    }
    missed == 0
}
