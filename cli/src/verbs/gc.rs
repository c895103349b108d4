//! `puck gc`

use std::time::{Duration, SystemTime};

use clap::Args;
use puck_package::quantity::{Age, Size};
use puck_store::{Collected, Kind, Removed};
use serde_json::json;

use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::show::{size, table};

/// Remove from the store what no project needs
///
/// What a known project's Puck.lock or environment names, and what a living process has loaded,
/// stays. A project is known once something was installed or fetched for it. Anything may install
/// at the same time.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck gc --dry-run           what would go
  puck gc                     what was not used for 30 days
  puck gc --max-age 0d        all that is not needed now
  puck gc --max-size 2GB      and, the oldest first, until the store is no larger")]
pub(crate) struct GcArguments {
    /// Remove what was not used for this long: a number with s, min, h, d or w [default: 30d]
    #[arg(long, value_name = "AGE")]
    max_age: Option<Age>,
    /// Then remove what was used longest ago until the store is no larger: a number with kB, MB, GB
    #[arg(long, value_name = "SIZE")]
    max_size: Option<Size>,
    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

pub(crate) fn run(
    arguments: &GcArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let GcArguments {
        max_age,
        max_size,
        dry_run,
        format,
    } = arguments;
    let machine = settings.machine()?;
    let (age, limit) = (max_age.map(|age| age.0), max_size.map(|size| size.0));
    let collected = puck_project::gc(&machine, age, limit, *dry_run, console)?;
    let limit = limit.or(settings
        .config
        .gc
        .max_size
        .as_ref()
        .map(|size| size.value.0));
    if limit.is_some_and(|limit| collected.kept_size > limit) {
        use puck_project::Progress as _;
        console.warning(&format!(
            "the store still holds {}: all of that is needed",
            size(collected.kept_size)
        ));
    }
    match format {
        Format::Json => console.json(&json(&collected, *dry_run)),
        Format::Text => text(&collected, *dry_run, console),
    }
}

fn text(collected: &Collected, dry_run: bool, console: &Console) -> Result<(), Failure> {
    let now = SystemTime::now();
    // Of what compilers keep, thousands of files may go at once.
    let (cached, named): (Vec<_>, Vec<_>) = collected
        .removed
        .iter()
        .partition(|removed| removed.kind == Kind::Cache);
    let rows = named.into_iter().map(|removed| {
        let age = now.duration_since(removed.used).unwrap_or_default();
        vec![
            removed.kind.name().to_owned(),
            format!("{NAME}{}{NAME:#}", name(removed)),
            size(removed.size),
            format!("{FAINT}used {}{FAINT:#}", ago(age)),
        ]
    });
    let mut rows: Vec<_> = rows.collect();
    if let Some(last) = cached.iter().map(|removed| removed.used).max() {
        let age = now.duration_since(last).unwrap_or_default();
        let total = cached.iter().map(|removed| removed.size).sum();
        rows.push(vec![
            Kind::Cache.name().to_owned(),
            format!("{NAME}{} compiled{NAME:#}", cached.len()),
            size(total),
            format!("{FAINT}used {}{FAINT:#}", ago(age)),
        ]);
    }
    console.print(table(&rows))?;
    for project in &collected.forgotten {
        console.note(format_args!("{} is gone", project.display()));
    }
    let freed: u64 = collected.removed.iter().map(|removed| removed.size).sum();
    let left = format!("{} left", size(collected.kept_size));
    match (dry_run, collected.removed.len()) {
        (_, 0) => console.done("Unchanged", format_args!("nothing to remove, {left}")),
        (true, _) => console.done("Would remove", format_args!("{}, {left}", size(freed))),
        (false, _) => console.done("Removed", format_args!("{}, {left}", size(freed))),
    }
    Ok(())
}

fn json(collected: &Collected, dry_run: bool) -> serde_json::Value {
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    };
    let removed = collected.removed.iter().map(|removed| {
        json!({
            "kind": removed.kind.name(),
            "name": name(removed),
            "path": removed.path,
            "size": removed.size,
            "used": seconds(removed.used),
        })
    });
    json!({
        "dry-run": dry_run,
        "removed": removed.collect::<Vec<_>>(),
        "removed-size": collected.removed.iter().map(|removed| removed.size).sum::<u64>(),
        "kept": collected.kept,
        "kept-size": collected.kept_size,
        "forgotten": collected.forgotten,
        "unseen-processes": collected.unseen_processes,
    })
}

/// `linalg-1.2.0`; of what has only a digest for a name, the digest's beginning.
fn name(removed: &Removed) -> String {
    let name = removed
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    match removed.kind {
        Kind::Package => match name.rsplit_once('-') {
            Some((name, _)) => name.to_owned(),
            None => name.into_owned(),
        },
        Kind::Environment | Kind::Library | Kind::Archive | Kind::Cache => {
            name.chars().take(16).collect()
        }
        Kind::Index => name.into_owned(),
    }
}

/// `3 days ago`
fn ago(age: Duration) -> String {
    match age.as_secs() / 86_400 {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (hours, expected) in [
            (23, "today"),
            (24, "1 day ago"),
            (31 * 24 + 5, "31 days ago"),
        ] {
            assert_eq!(ago(Duration::from_secs(hours * 3600)), expected);
        }
    }
}
