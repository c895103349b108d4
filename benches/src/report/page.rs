//! The page of results: a part for each suite, of which a run writes those that it measured.

use std::fmt::Write as _;

use anyhow::Result;

use super::{pivot, ratio, spread, verdict};
use crate::findings::{Findings, distinct};
use crate::machine::Machine;
use crate::plot;
use crate::row::Row;
use crate::settings::{Settings, Suite};

/// Writes a suite's part of the page and its plots, if a page was asked for; other parts stay.
pub(crate) fn write(settings: &Settings, suite: Suite, findings: &Findings) -> Result<()> {
    let Some(path) = &settings.report else {
        return Ok(());
    };
    let folder = path.with_extension("");
    fs_err::create_dir_all(&folder)?;
    let mut plots = Vec::new();
    for figure in findings.figures() {
        let file = format!("{}-{}.svg", suite.name(), file_name(figure));
        let plotted = plot::of(findings, figure);
        if let Some(svg) = &plotted {
            fs_err::write(folder.join(&file), svg)?;
        }
        let place = folder.file_name().unwrap_or_default().to_string_lossy();
        plots.push(plotted.map(|_| format!("{place}/{file}")));
    }
    let part = part(suite, &Machine::find(settings, suite), findings, &plots);
    let before = fs_err::read_to_string(path).unwrap_or_default();
    Ok(fs_err::write(path, page(suite, &part, &before))?)
}

/// `RSS of 8 processes` as `rss-of-8-processes`.
fn file_name(figure: &str) -> String {
    let letters = figure.to_lowercase();
    let words = letters.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-")
}

const HEAD: &str = "\
# Performance

Puck beside what people do without it, measured on one machine. Written by `cargo xtask bench`; the parts
between the comments are not edited by hand.

- Times are medians, with the middle half of the values in brackets. What is compared was measured in turn,
  in one run, so that what else the machine did fell on all.
- A *limit* is what this project asks of itself. Where one is missed, the table says so.
- The *exponent* is that of the power of N that fits best (least squares on logarithms): 1 is
  proportional to N, 2 to its square, and below 1 a fixed part outweighs what grows.
- Opening, calling and holding in memory happen in fresh processes, which use Puck's runtime crate as any
  program would; the files are in the page cache.
";

const TAIL: &str = "
## To measure again

```console
$ cargo xtask bench                      # graphs, calls and kernels
$ cargo xtask bench graphs --quick       # one suite, smaller and less often
$ cargo xtask bench packages             # beside uv and cargo, which it needs
$ cargo xtask bench numba                # beside Numba and numbox, from PyPI; takes some 20 minutes
$ cargo xtask bench --check              # fails when a limit is missed
```

The command and the benchmarks are built optimised first. All numbers, with their quartiles, are in
`target/bench/SUITE.json`. Nothing else should run meanwhile.
";

/// The page with one part of it new; the others are taken from `before`.
fn page(suite: Suite, new: &str, before: &str) -> String {
    let mut text = HEAD.to_owned();
    for one in Suite::ALL {
        let (begin, end) = (
            format!("<!-- {} -->", one.name()),
            format!("<!-- end of {} -->", one.name()),
        );
        let old = || Some(before.split_once(&begin)?.1.split_once(&end)?.0.trim());
        let part = if one == suite {
            Some(new.trim())
        } else {
            old()
        };
        if let Some(part) = part {
            let _ = write!(text, "\n{begin}\n\n{part}\n\n{end}\n");
        }
    }
    text.push_str(TAIL);
    text
}

fn part(suite: Suite, machine: &Machine, findings: &Findings, plots: &[Option<String>]) -> String {
    let mut text = String::new();
    let _ = write!(
        text,
        "## {title}\n\nMeasured on {date}, on {processor} ({cores} cores), Linux {kernel}, with {tools} \
         and {puck}.\n\n{about}\n",
        title = suite.title(),
        date = machine.date,
        processor = machine.processor,
        cores = machine.cores,
        kernel = machine.kernel,
        tools = machine.tools.join(", "),
        puck = machine.puck,
        about = findings.about.trim(),
    );
    for note in &findings.notes {
        let _ = write!(text, "\nNote: {note}\n");
    }
    for group in distinct(findings.rows.iter().map(|row| &*row.group)) {
        let rows = findings.rows.iter().filter(|row| row.group == group);
        let _ = write!(text, "\n### {group}\n\n{}", comparisons(rows));
    }
    for (figure, plot) in findings.figures().iter().zip(plots) {
        let _ = write!(text, "\n### {}\n\n", capitalised(figure));
        if let Some(plot) = plot {
            let _ = write!(text, "![{}]({plot})\n\n", capitalised(figure));
        }
        let lines = pivot::of(findings, figure, |one| spread(one.unit, &one.sample));
        text.push_str(&table(&lines));
    }
    text
}

fn comparisons<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = ["what", "Puck", "against", "", "ratio", "limit", ""];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in rows {
        let (value, against) = match &row.plain {
            Some((plain, against)) => (spread(row.unit, plain), against.clone()),
            None => (String::new(), String::new()),
        };
        lines.push(vec![
            row.what.clone(),
            spread(row.unit, &row.puck),
            against,
            value,
            ratio(row),
            row.limit_text(),
            verdict(row).to_owned(),
        ]);
    }
    table(&lines)
}

/// A table of Markdown; the first line is its head.
fn table(lines: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let _ = writeln!(text, "| {} |", line.join(" | "));
        if number == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(line.len()));
        }
    }
    text
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::tests::example;
    use crate::row::Unit;
    use crate::sample::Sample;

    #[test]
    fn a_part_names_machine_limits_and_figures() {
        let machine = Machine {
            date: "2026-01-31".into(),
            processor: "Some CPU".into(),
            cores: 2,
            kernel: "6.1".into(),
            tools: vec!["clang version 22".into()],
            puck: "puck 0.1.0".into(),
        };
        let mut findings = Findings {
            about: "Loops.".into(),
            rows: example(),
            notes: vec!["one was left out".into()],
            ..Findings::default()
        };
        findings.add(
            "a call",
            "loop",
            "image",
            Unit::Nanoseconds,
            Sample::exact(2.0),
        );
        let plots = [Some("performance/calls-a-call.svg".to_owned())];
        let part = part(Suite::Calls, &machine, &findings, &plots);
        for expected in [
            "## What a call costs\n\nMeasured on 2026-01-31, on Some CPU (2 cores), Linux 6.1, with \
             clang version 22 and puck 0.1.0.\n\nLoops.\n\nNote: one was left out\n",
            "### 60 functions\n\n| what | Puck |",
            "| build | 2.0 ms [1.5 ms, 2.5 ms] | clang | 4.0 ms | 0.50 | ≤ 1.30 | holds |\n",
            "| again | 60.0 ms |  |  |  | ≤ 50.0 ms | MISSED |\n",
            "### A call\n\n![A call](performance/calls-a-call.svg)\n\n|  | image |\n|---|---|\n| loop | 2.00 ns |\n",
        ] {
            assert!(part.contains(expected), "{expected:?} is not in\n{part}");
        }
    }

    #[test]
    fn a_part_of_the_page_is_replaced() {
        let first = page(Suite::Packages, "old packages", "# An older page");
        let both = page(Suite::Graphs, "graphs", &first);
        let new = page(Suite::Packages, "new packages", &both);
        assert_eq!(new, both.replace("old packages", "new packages"));
        assert!(both.contains("old packages") && both.contains("-->\n\ngraphs\n\n<!--"));
    }

    #[test]
    fn files_are_named_for_figures() {
        assert_eq!(file_name("RSS of 8 processes"), "rss-of-8-processes");
        assert_eq!(file_name("open and call, once"), "open-and-call-once");
    }
}
