//! What is said when nothing can be chosen: the text, then the hints.

mod contradictions;
mod functions;
mod missing;
mod requests;

use puck_resolver::{Error, Request};

use crate::scenario::{Registry, request};

/// The report of a request that cannot be met.
fn report(table: &str, asked: &str) -> String {
    report_of(table, &request(asked))
}

fn report_of(table: &str, request: &Request) -> String {
    let error = Registry::new(table).resolve(request).unwrap_err();
    assert!(matches!(error, Error::Conflict(_)));
    let hints = error.hint().unwrap_or_default();
    let hints = hints
        .lines()
        .map(|hint| format!("\nhint: {hint}"))
        .collect::<String>();
    format!("{error}{}{hints}", if hints.is_empty() { "" } else { "\n" })
}
