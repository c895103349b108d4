//! `puck search`

use clap::Args;
use puck_package::{Signature, listing};
use puck_registry::{Found, Query};
use serde_json::json;

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// Find packages by name, keyword, function or signature
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck search vector
  puck search --signature 'fn(u64, *const f64) -> f64'")]
pub(crate) struct SearchArguments {
    /// Words in names, descriptions, keywords and functions
    #[arg(required_unless_present = "signature", value_name = "WORD")]
    words: Vec<String>,
    /// A signature that a function has; names of parameters do not matter
    #[arg(long, value_name = "SIGNATURE")]
    signature: Option<Signature>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

pub(crate) fn run(
    arguments: &SearchArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let SearchArguments {
        words,
        signature,
        format,
    } = arguments;
    let query = Query {
        text: words.join(" "),
        signature: signature.clone(),
    };
    let Found { hits, skipped } = match settings.registries(&settings.machine()?)?.default()? {
        Some(registry) => registry.search(&query)?,
        None => Found::default(),
    };
    for problem in skipped {
        console.note(format_args!("passed over: {problem}"));
    }
    if *format == Format::Json {
        let hits = hits.iter().map(|hit| {
            json!({
                "name": hit.name,
                "version": hit.version,
                "description": hit.description,
                "keywords": hit.keywords,
                "exports": hit.exports,
            })
        });
        return console.json(&hits.collect::<Vec<_>>());
    }
    if hits.is_empty() {
        console.done("Nothing", "found");
    }
    for hit in hits {
        let description = if hit.description.is_empty() {
            String::new()
        } else {
            format!("  {}", hit.description)
        };
        console.line(format_args!(
            "{NAME}{}{NAME:#} {}{description}",
            hit.name, hit.version
        ))?;
        for (export, types) in listing(&hit.exports) {
            console.line(format_args!("    {}: {FAINT}{types}{FAINT:#}", export.name))?;
        }
    }
    Ok(())
}
