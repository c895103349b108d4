//! Building: from nothing, and when nothing changed.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;
use puck_package::Target;

use crate::row::{Limit, Row, Unit};
use crate::sample::{Sample, alternate};
use crate::settings::Settings;
use crate::subject::{Subject, succeed};

pub(super) fn measure(settings: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let (cold, clang) = alternate(
        settings.rounds.slow,
        || {
            subject.forget_builds()?;
            milliseconds(&mut subject.puck("package", &["build"]))
        },
        || {
            let mut total = 0.0;
            for target in Target::DEFAULTS {
                total += milliseconds(&mut subject.compile_plain(target))?;
            }
            Ok::<f64, anyhow::Error>(total)
        },
    )?;

    milliseconds(&mut subject.puck("package", &["build"]))?;
    let unchanged = (0..settings.rounds.fast)
        .map(|_| milliseconds(&mut subject.puck("package", &["build"])))
        .collect::<Result<_>>()?;

    Ok(vec![
        Row {
            what: "build from nothing".into(),
            group: subject.group(),
            unit: Unit::Milliseconds,
            puck: cold,
            plain: Some((clang, "clang, three targets one after the other")),
            limit: Some(Limit::Ratio(1.3)),
        },
        Row {
            what: "build, nothing changed".into(),
            group: subject.group(),
            unit: Unit::Milliseconds,
            puck: Sample::new(unchanged),
            plain: None,
            limit: Some(Limit::Value(50.0)),
        },
    ])
}

/// How long a command takes, from outside.
fn milliseconds(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    succeed(command)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
