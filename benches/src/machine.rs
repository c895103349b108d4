//! Where and with what it was measured.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::numba;
use crate::settings::{Settings, Suite};

/// What the reader of a measurement must know.
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// What Puck is compared with.
    pub(crate) tools: Vec<String>,
    pub(crate) puck: String,
}

impl Machine {
    /// Looks at this machine.
    pub(crate) fn find(settings: &Settings, suite: Suite) -> Machine {
        let unknown = || "unknown".to_owned();
        let version_of = |program: &Path| version(program).unwrap_or_else(unknown);
        let tools = match suite {
            Suite::Packages => vec![version_of(&settings.uv), version_of(&settings.cargo)],
            Suite::Numba => settings
                .python
                .as_deref()
                .and_then(numba::versions)
                .unwrap_or_else(|| vec![unknown()]),
            _ => vec![version_of(Path::new(&settings.clang))],
        };
        let cpuinfo = fs_err::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Machine {
            date: today(),
            processor: model_name(&cpuinfo).unwrap_or_else(unknown),
            // Not those that this process may use: it may stay on one of them.
            cores: cpuinfo
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            kernel: fs_err::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| unknown(), |text| text.trim().to_owned()),
            tools,
            puck: version_of(&settings.puck),
        }
    }
}

fn model_name(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The first line of `--version`.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

/// Today in UTC, as 2026-01-31.
fn today() -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    date(seconds / 86_400)
}

/// The date that many days after 1970-01-01.
fn date(mut days: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_the_calendars() {
        let cases = [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ];
        for (days, expected) in cases {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn the_processor_is_named() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t: a b\n";
        assert_eq!(model_name(text).as_deref(), Some("Some CPU @ 3 GHz"));
        assert_eq!(model_name(""), None);
    }
}
