//! The results: a table for the terminal, JSON for programs, a page for the documentation.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use crate::machine::Machine;
use crate::row::{Row, Unit};
use crate::sample::Sample;
use crate::settings::{Measured, Settings};

/// The table in text, one line a row.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut lines = vec![["of", "what", "Puck", "others", "ratio", "limit", ""].map(str::to_owned)];
    for row in rows {
        lines.push([
            row.group.clone(),
            row.what.clone(),
            row.unit.show(row.puck.median()),
            row.plain
                .as_ref()
                .map_or_else(String::new, |(plain, _)| row.unit.show(plain.median())),
            ratio(row),
            row.limit_text(),
            verdict(row).to_owned(),
        ]);
    }
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            // Words to the left, numbers to the right.
            let _ = match column {
                0 | 1 | 6 => write!(shown, "{cell:<width$}  "),
                _ => write!(shown, "{cell:>width$}  "),
            };
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Writes the results as JSON into the work folder.
pub(crate) fn write_json(settings: &Settings, rows: &[Row]) -> Result<()> {
    let machine = Machine::find(settings);
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "group": row.group,
                "what": row.what,
                "unit": row.unit.name(),
                "puck": numbers(&row.puck),
                "plain": row.plain.as_ref().map(|(plain, _)| numbers(plain)),
                "against": row.plain.as_ref().map(|(_, what)| what),
                "ratio": row.ratio(),
                "limit": row.limit_text(),
                "holds": row.holds(),
            })
        })
        .collect();
    let document = json!({
        "date": machine.date,
        "processor": machine.processor,
        "cores": machine.cores,
        "kernel": machine.kernel,
        "tools": machine.tools,
        "puck": machine.puck,
        "rows": rows,
    });
    let text = serde_json::to_string_pretty(&document)? + "\n";
    let file = match settings.subject {
        Measured::Functions => "results.json",
        Measured::Packages => "packages.json",
    };
    Ok(fs_err::write(settings.work.join(file), text)?)
}

fn numbers(sample: &Sample) -> serde_json::Value {
    let (low, high) = sample.quartiles();
    json!({ "median": sample.median(), "quartiles": [low, high], "count": sample.count() })
}

/// Writes the page of results, if one was asked for; what other measurements left there stays.
pub(crate) fn write_page(settings: &Settings, rows: &[Row]) -> Result<()> {
    if let Some(path) = &settings.report {
        let before = fs_err::read_to_string(path).unwrap_or_default();
        let part = part(settings.subject, &Machine::find(settings), rows);
        fs_err::write(path, page(settings.subject, &part, &before))?;
    }
    Ok(())
}

/// The page with one part of it new; the other is taken from `before`.
fn page(subject: Measured, new: &str, before: &str) -> String {
    let mut text =
        "# Performance\n\nWritten by `cargo xtask bench` and `cargo xtask bench packages`; \
                    do not edit. Times are medians, with the middle half of the values in \
                    brackets; what stands in one row was measured in turn, in one run.\n"
            .to_owned();
    for measured in [Measured::Packages, Measured::Functions] {
        let (begin, end) = markers(measured);
        let old = || Some(before.split_once(&begin)?.1.split_once(&end)?.0.trim());
        let part = if measured == subject {
            Some(new.trim())
        } else {
            old()
        };
        if let Some(part) = part {
            let _ = write!(text, "\n{begin}\n\n{part}\n\n{end}\n");
        }
    }
    text.push_str(
        "\nTo measure again: `cargo xtask bench`, `cargo xtask bench packages` (`--check` fails when a \
         limit is missed, `--quick` measures less often). All numbers are in \
         `target/bench/results.json` and `target/bench/packages.json`.\n",
    );
    text
}

/// What a part of the page stands between.
fn markers(measured: Measured) -> (String, String) {
    let name = match measured {
        Measured::Functions => "functions",
        Measured::Packages => "packages",
    };
    (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    )
}

const FUNCTIONS: &str = "\
A package of small C functions, each a loop over an array that calls `sin`, against the same sources \
compiled by `clang -O3 -shared -fPIC -s -march=<target>`. A library is opened in a fresh process each \
time.";

const PACKAGES: &str = "\
A graph of packages in ten layers, each package depending on three or four below it, as function \
packages with three functions and three targets each, as wheels, and as crates. All are served by one \
plain web server; where nothing else is said, Puck reads the same registry as a directory. The commands \
run on one core. *Cold*: nothing in the cache and nothing installed, from a lockfile. *New environment*: \
all in the cache. uv installs into an empty environment that was made before; cargo only fetches. \
*Resolve*: without a lockfile, with a warm cache. Nothing is removed while it is measured.";

fn part(subject: Measured, machine: &Machine, rows: &[Row]) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "Measured on {date}, on {processor} ({cores} cores), Linux {kernel}, with {tools} and {puck}.\n\n\
         {about}\n",
        date = machine.date,
        processor = machine.processor,
        cores = machine.cores,
        kernel = machine.kernel,
        tools = machine.tools.join(", "),
        puck = machine.puck,
        about = match subject {
            Measured::Functions => FUNCTIONS,
            Measured::Packages => PACKAGES,
        }
    );
    let mut groups: Vec<&str> = rows.iter().map(|row| &*row.group).collect();
    groups.dedup();
    for group in groups {
        let _ = write!(
            text,
            "\n## {group}\n\n\
             | what | Puck | against | | ratio | limit | |\n|---|---|---|---|---|---|---|\n"
        );
        for row in rows.iter().filter(|row| row.group == group) {
            let (value, against) = match &row.plain {
                Some((plain, against)) => (spread(row.unit, plain), *against),
                None => (String::new(), ""),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {against} | {value} | {} | {} | {} |",
                row.what,
                spread(row.unit, &row.puck),
                ratio(row),
                row.limit_text(),
                verdict(row),
            );
        }
    }
    text
}

/// The median, and the quartiles if they differ from it.
fn spread(unit: Unit, sample: &Sample) -> String {
    let median = unit.show(sample.median());
    if sample.count() == 1 {
        return median;
    }
    let (low, high) = sample.quartiles();
    format!("{median} [{}, {}]", unit.show(low), unit.show(high))
}

fn ratio(row: &Row) -> String {
    row.ratio()
        .map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

fn verdict(row: &Row) -> &'static str {
    match row.holds() {
        Some(true) => "holds",
        Some(false) => "MISSED",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Limit;

    fn rows() -> Vec<Row> {
        let row = |what: &str, puck: Vec<f64>, plain: Option<f64>, limit| Row {
            what: what.into(),
            group: "60 functions".into(),
            unit: Unit::Milliseconds,
            puck: Sample::new(puck),
            plain: plain.map(|plain| (Sample::exact(plain), "clang")),
            limit,
        };
        vec![
            row(
                "build",
                vec![1.0, 2.0, 3.0],
                Some(4.0),
                Some(Limit::Ratio(1.3)),
            ),
            row("again", vec![60.0], None, Some(Limit::Value(50.0))),
        ]
    }

    #[test]
    fn the_table_is_aligned_and_judged() {
        assert_eq!(
            table(&rows()),
            "of            what      Puck  others  ratio      limit\n\
             60 functions  build   2.0 ms  4.0 ms   0.50     ≤ 1.30  holds\n\
             60 functions  again  60.0 ms                 ≤ 50.0 ms  MISSED\n"
        );
    }

    #[test]
    fn the_page_names_machine_and_spread() {
        let machine = Machine {
            date: "2026-01-31".into(),
            processor: "Some CPU".into(),
            cores: 2,
            kernel: "6.1".into(),
            tools: vec!["clang version 22".into()],
            puck: "puck 0.1.0".into(),
        };
        let part = part(Measured::Functions, &machine, &rows());
        let page = page(Measured::Functions, &part, "");
        for expected in [
            "2026-01-31, on Some CPU (2 cores), Linux 6.1, with clang version 22 and puck 0.1.0",
            "## 60 functions",
            "| build | 2.0 ms [1.5 ms, 2.5 ms] | clang | 4.0 ms | 0.50 | ≤ 1.30 | holds |",
            "| again | 60.0 ms |  |  |  | ≤ 50.0 ms | MISSED |",
        ] {
            assert!(page.contains(expected), "{expected:?} is not in\n{page}");
        }
    }

    #[test]
    fn a_part_of_the_page_is_replaced() {
        let first = page(Measured::Packages, "old packages", "# An older page");
        let both = page(Measured::Functions, "functions", &first);
        let new = page(Measured::Packages, "new packages", &both);
        assert_eq!(new, both.replace("old packages", "new packages"));
        assert!(both.contains("old packages") && both.contains("-->\n\nfunctions\n\n<!--"));
    }
}
