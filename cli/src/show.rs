//! How things are shown that several verbs show.

use puck_package::LinkMode;
use puck_project::{Installed, Locked, Progress as _};

use crate::console::Console;

/// A size in bytes, as people read it: `12.3 kB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "only three digits are shown")]
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS.get(unit).unwrap_or(&"TB"))
}

/// What a function needs of the process that calls it, where that is known.
pub(crate) fn needs(needs: Option<&[String]>) -> Option<String> {
    match needs? {
        [] => Some("needs nothing".to_owned()),
        needs => Some(format!("needs {}", needs.join(", "))),
    }
}

/// Says what changed in a lockfile.
pub(crate) fn changes(console: &Console, locked: &Locked) {
    for name in &locked.unused_patches {
        console.warning(&format!(
            "the patch of `{name}` replaces nothing: nothing needs it"
        ));
    }
    for (id, reason) in &locked.withdrawn {
        let reason = reason
            .as_ref()
            .map_or_else(String::new, |reason| format!(": {reason}"));
        console.warning(&format!("{id} was yanked{reason}"));
    }
    if locked.written {
        let count = locked.lockfile.packages.len();
        let packages = if count == 1 { "package" } else { "packages" };
        console.done("Locked", format_args!("{count} {packages}"));
        for change in &locked.changes {
            console.note(change);
        }
    }
}

/// As [`changes`], where the lockfile is all that was asked for: says so, too, if it stays as it is.
pub(crate) fn lock(console: &Console, locked: &Locked) {
    if !locked.written {
        console.done("Unchanged", "Puck.lock is up to date");
    }
    changes(console, locked);
}

/// Says what an install changed.
pub(crate) fn installed(console: &Console, installed: &Installed) {
    changes(console, &installed.locked);
    let document = &installed.environment.document;
    let count = |count: usize| match count {
        1 => "1 package".to_owned(),
        _ => format!("{count} packages"),
    };
    if installed.compiled > 0 {
        let processor = document.processor.as_ref();
        let processor = processor.map_or("", |processor| processor.tuning.as_str());
        let compiled = count(installed.compiled);
        console.done("Compiled", format_args!("{compiled} for {processor}"));
    }
    let mut packages = count(document.packages.len());
    if document.link != LinkMode::Dynamic {
        packages = format!("{packages} ({})", document.link);
    }
    if installed.activated {
        console.done("Installed", packages);
    } else {
        console.done("Unchanged", format_args!("{packages} installed"));
    }
}

/// Rows of words, the columns aligned.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |i| {
        rows.iter()
            .filter_map(|row| row.get::<usize>(i))
            .map(|w| w.chars().count())
            .max()
    };
    let widths: Vec<_> = (0..columns).map(|i| width(i).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (word, width) in row.iter().zip(&widths) {
            line.push_str(word);
            line.extend(std::iter::repeat_n(' ', width - word.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (12_345, "12.3 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (5_000_000_000, "5.0 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn tables() {
        let row = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let text = table(&[row(&["a", "1.0.0", "x"]), row(&["linalg", "2"]), row(&[])]);
        assert_eq!(text, "a       1.0.0  x\nlinalg  2\n\n");
    }
}
