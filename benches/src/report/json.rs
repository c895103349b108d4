//! The results as JSON: `target/bench/SUITE.json`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::findings::{Findings, Measurement};
use crate::machine::Machine;
use crate::row::Row;
use crate::sample::Sample;
use crate::settings::{Settings, Suite};

/// Writes everything into the work folder.
pub(crate) fn write(settings: &Settings, suite: Suite, findings: &Findings) -> Result<()> {
    let machine = Machine::find(settings, suite);
    let text = serde_json::to_string_pretty(&document(&machine, findings))? + "\n";
    let path = settings.work.join(format!("{}.json", suite.name()));
    Ok(fs_err::write(path, text)?)
}

fn document(machine: &Machine, findings: &Findings) -> Value {
    json!({
        "date": machine.date,
        "processor": machine.processor,
        "cores": machine.cores,
        "kernel": machine.kernel,
        "tools": machine.tools,
        "puck": machine.puck,
        "measurements": findings.measurements.iter().map(measurement).collect::<Vec<_>>(),
        "rows": findings.rows.iter().map(row).collect::<Vec<_>>(),
        "notes": findings.notes,
    })
}

fn measurement(one: &Measurement) -> Value {
    json!({
        "figure": one.figure,
        "subject": one.subject,
        "way": one.way,
        "size": one.size,
        "unit": one.unit.name(),
        "value": numbers(&one.sample),
    })
}

fn row(row: &Row) -> Value {
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
}

fn numbers(sample: &Sample) -> Value {
    let (low, high) = sample.quartiles();
    json!({ "median": sample.median(), "quartiles": [low, high], "count": sample.count() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Unit;

    #[test]
    fn values_keep_their_units_and_spreads() {
        let mut findings = Findings::default();
        let sample = Sample::new(vec![1.0, 2.0, 3.0]);
        findings.add("a call", "loop", "image", Unit::Nanoseconds, sample);
        findings.rows = crate::report::text::tests::example();
        let machine = Machine {
            date: "2026-01-31".into(),
            processor: "Some CPU".into(),
            cores: 2,
            kernel: "6.1".into(),
            tools: vec![],
            puck: "puck 0.1.0".into(),
        };
        let document = document(&machine, &findings);
        assert_eq!(document["measurements"][0]["unit"], "ns");
        assert_eq!(document["measurements"][0]["value"]["quartiles"][1], 2.5);
        assert_eq!(document["rows"][0]["holds"], true);
        assert_eq!(document["rows"][1]["holds"], false);
    }
}
