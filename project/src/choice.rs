//! How versions are chosen that are not locked.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use puck_resolver::{Before, Strategy};

/// How versions are chosen that are not locked: without it, the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Which of those that would do.
    pub strategy: Strategy,
    /// What was published later is passed over.
    pub before: Option<Before>,
}

/// Reads what `--before` is given: a day (`2026-01-31`: before that day, in UTC), a time
/// (`2026-01-31T12:00:00Z`), or how long ago (`7d`, `12h`, `2w`).
///
/// # Errors
/// A sentence that says what was expected.
pub fn before(text: &str) -> Result<Before, String> {
    before_from(text, Timestamp::now())
}

fn before_from(text: &str, now: Timestamp) -> Result<Before, String> {
    let wrong = || {
        format!(
            "`{text}` is no time: expected a day such as 2026-01-31, a time such as \
             2026-01-31T12:00:00Z, or how long ago, such as 7d"
        )
    };
    if let Some(time) = ago(text, now) {
        return Ok(Before {
            time,
            origin: format!(
                "`--before {text}` ({})",
                time.strftime("%Y-%m-%dT%H:%M:%SZ")
            ),
        });
    }
    let midnight = |day: Date| {
        let zoned = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    };
    // A time's text begins with that of a day.
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(_) => text.parse().ok().and_then(midnight).ok_or_else(wrong)?,
    };
    Ok(Before {
        time,
        origin: format!("`--before {text}`"),
    })
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = text.chars().last()?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return None,
    };
    let count: u32 = text[..text.len() - 1].parse().ok()?;
    let span = Span::new().try_hours(i64::from(count) * hours).ok()?;
    now.checked_sub(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T08:30:00Z", "2026-01-31T08:30:00Z"),
            ("2026-01-31T08:30:00+02:00", "2026-01-31T06:30:00Z"),
            ("12h", "2026-03-10T00:00:00Z"),
            ("7d", "2026-03-03T12:00:00Z"),
            ("2w", "2026-02-24T12:00:00Z"),
            ("0d", "2026-03-10T12:00:00Z"),
        ] {
            let found = before_from(text, now).unwrap();
            assert_eq!(found.time.to_string(), expected, "{text}");
            assert!(found.origin.contains(text), "{}", found.origin);
        }
        for text in [
            "",
            "d",
            "-7d",
            "7",
            "7m",
            "x",
            "2026-13-01",
            "yesterday",
            "4294967295w",
            "99999999999d",
            "\u{e9}",
        ] {
            let error = before_from(text, now).unwrap_err();
            assert!(
                error.starts_with(&format!("`{text}` is no time")),
                "{error}"
            );
        }
    }
}
