//! What a call costs from a jitted loop: embedded, through a proxy, declared, inlined.

use anyhow::Result;

use super::scripts::Scripts;
use super::way::{Project, Way};
use crate::findings::Findings;
use crate::row::{Limit, Row, Unit};
use crate::sample::{Sample, in_turn};
use crate::settings::Settings;

const FIGURE: &str = "a call from a jitted loop";

/// The callees: their names, and how they stand in tables.
const CALLEES: [(&str, &str); 3] = [
    ("add_half", "x + y * 0.5"),
    ("root", "square root that raises"),
    ("total", "sum of an array of 4"),
];

/// How a callee is reached.
struct Calling<'a> {
    name: &'static str,
    project: Project<'a>,
    inline: bool,
}

/// Measures each callee in each way.
pub(super) fn measure(
    settings: &Settings,
    scripts: &Scripts,
    findings: &mut Findings,
) -> Result<()> {
    println!("\ncalls");
    let calling = |name, way, inline| Calling {
        name,
        project: Project::new(scripts, way, "calls"),
        inline,
    };
    let ways = [
        calling("Numba, embedded", Way::Numba, false),
        calling("numbox, proxy", Way::Numbox, false),
        calling("Puck, declared", Way::Package, false),
        calling("Puck, inlined", Way::Package, true),
    ];
    for way in &ways[..3] {
        let project = &way.project;
        project.clear()?;
        project.run("write_calls.py", &[project.way.style(), &project.place()])?;
        if project.way == Way::Package {
            project.install()?;
        }
    }
    let calls = if settings.quick {
        "2000000"
    } else {
        "50000000"
    };
    for (name, title) in CALLEES {
        let samples = in_turn(settings.rounds.slow, &ways, |way| {
            let project = &way.project;
            let arguments = [project.way.style(), name, &project.place(), calls];
            project
                .run_inlining("time_call.py", &arguments, way.inline)?
                .number("nanoseconds")
        })?;
        for (way, sample) in ways.iter().zip(&samples) {
            findings.add(FIGURE, title, way.name, Unit::Nanoseconds, sample.clone());
        }
        let mut row = |puck: usize, plain: usize, limit: f64| {
            findings
                .rows
                .push(comparison(title, &ways, &samples, puck, plain, limit));
        };
        row(2, 1, 1.05);
        row(3, 0, 1.05);
    }
    findings.notes.push(
        "A proxy's callee cannot raise: its exception is printed and dropped, and the caller goes on.".into(),
    );
    Ok(())
}

fn comparison(
    callee: &str,
    ways: &[Calling<'_>],
    samples: &[Sample],
    puck: usize,
    plain: usize,
    limit: f64,
) -> Row {
    Row {
        what: format!("{callee}: {}", ways[puck].name),
        group: FIGURE.to_owned(),
        unit: Unit::Nanoseconds,
        puck: samples[puck].clone(),
        plain: Some((samples[plain].clone(), ways[plain].name.to_owned())),
        limit: Some(Limit::Ratio(limit)),
    }
}
