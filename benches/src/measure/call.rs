//! Nanoseconds a call.

use anyhow::{Context as _, Result};

use super::open::output;
use crate::row::{Limit, Row, Unit};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::source::function_name;
use crate::subject::Subject;

pub(super) fn measure(settings: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let (project, library) = (
        subject.project(),
        subject.plain_library(Subject::best_target()?),
    );
    let number = subject.functions / 2;
    let (function, symbol) = (Subject::qualified(number), function_name(number));
    let (mut puck, mut plain) = (Vec::new(), Vec::new());
    // Where a process happens to put its libraries matters more than anything else here.
    for _ in 0..settings.rounds.slow {
        let text = output(&[
            "call".as_ref(),
            project.as_ref(),
            function.as_ref(),
            library.as_ref(),
            symbol.as_ref(),
        ])?;
        let (first, second) = text
            .trim()
            .split_once(' ')
            .context("a child printed no pair")?;
        puck.push(first.parse()?);
        plain.push(second.parse()?);
    }
    Ok(vec![Row {
        what: "a call".into(),
        group: subject.group(),
        unit: Unit::Nanoseconds,
        puck: Sample::new(puck),
        plain: Some((Sample::new(plain), "a call through dlsym's pointer")),
        // The same, within what can be measured.
        limit: Some(Limit::Ratio(1.10)),
    }])
}
