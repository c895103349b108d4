//! Aligned tables for the terminal.

use std::fmt::Write as _;

use super::{pivot, ratio, verdict};
use crate::findings::Findings;
use crate::row::Row;

/// Every figure, then what must hold.
pub(crate) fn all(findings: &Findings) -> String {
    let mut text = String::new();
    for figure in findings.figures() {
        let lines = pivot::of(findings, figure, |one| one.unit.show(one.sample.median()));
        let words = lines[0].iter().take_while(|cell| cell.is_empty()).count();
        let _ = write!(
            text,
            "{figure}\n{}\n",
            aligned(&lines, |column| column < words)
        );
    }
    text.push_str(&rows(&findings.rows));
    for note in &findings.notes {
        let _ = write!(text, "\nnote: {note}\n");
    }
    text
}

/// Comparisons and limits, one line a row.
fn rows(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = ["of", "what", "Puck", "against", "", "ratio", "limit", ""];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in rows {
        let others = row.plain.as_ref();
        lines.push(vec![
            row.group.clone(),
            row.what.clone(),
            row.unit.show(row.puck.median()),
            others.map_or_else(String::new, |(_, against)| against.clone()),
            others.map_or_else(String::new, |(plain, _)| row.unit.show(plain.median())),
            ratio(row),
            row.limit_text(),
            verdict(row).to_owned(),
        ]);
    }
    aligned(&lines, |column| matches!(column, 0 | 1 | 3 | 7))
}

/// Columns of words to the left, others to the right.
fn aligned(lines: &[Vec<String>], is_words: impl Fn(usize) -> bool) -> String {
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = width(column);
            let _ = if is_words(column) {
                write!(shown, "{cell:<width$}  ")
            } else {
                write!(shown, "{cell:>width$}  ")
            };
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::row::{Limit, Unit};
    use crate::sample::Sample;

    pub(in crate::report) fn example() -> Vec<Row> {
        let row = |what: &str, puck: Vec<f64>, plain: Option<f64>, limit| Row {
            what: what.into(),
            group: "60 functions".into(),
            unit: Unit::Milliseconds,
            puck: Sample::new(puck),
            plain: plain.map(|plain| (Sample::exact(plain), "clang".to_owned())),
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
            rows(&example()),
            "of            what      Puck  against          ratio      limit\n\
             60 functions  build   2.0 ms  clang    4.0 ms   0.50     ≤ 1.30  holds\n\
             60 functions  again  60.0 ms                          ≤ 50.0 ms  MISSED\n"
        );
    }

    #[test]
    fn figures_stand_before_limits_and_notes_after() {
        let mut findings = Findings {
            rows: example(),
            notes: vec!["something was left out".into()],
            ..Findings::default()
        };
        findings.add(
            "a call",
            "trivial",
            "direct",
            Unit::Nanoseconds,
            Sample::exact(2.0),
        );
        let text = all(&findings);
        assert!(
            text.starts_with("a call\n          direct\ntrivial  2.00 ns\n\nof "),
            "{text}"
        );
        assert!(
            text.ends_with("MISSED\n\nnote: something was left out\n"),
            "{text}"
        );
    }
}
