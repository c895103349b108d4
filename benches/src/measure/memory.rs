//! Proportional set size of eight processes that have called every function.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::child;
use crate::row::{Limit, Row, Unit};
use crate::sample::Sample;
use crate::settings::Settings;
use crate::subject::Subject;

const PROCESSES: usize = 8;

pub(super) fn measure(_: &Settings, subject: &Subject) -> Result<Vec<Row>> {
    let target = Subject::best_target()?;
    let plain_library = fs_err::canonicalize(subject.plain_library(target))?;
    let puck = Held::measure(
        "puck",
        &subject.project(),
        &subject.installed_library(target)?,
        subject,
    )?;
    let plain = Held::measure("plain", &plain_library, &plain_library, subject)?;

    let row = |what: &str, puck: f64, plain: f64, limit| Row {
        what: what.into(),
        group: subject.group(),
        unit: Unit::Bytes,
        puck: Sample::exact(puck),
        plain: Some((Sample::exact(plain), "dlopen of the plain library")),
        limit,
    };
    Ok(vec![
        row(
            "memory of the library in 8 processes (PSS)",
            puck.library,
            plain.library,
            Some(Limit::Ratio(1.05)),
        ),
        row(
            "memory of 8 whole processes (PSS)",
            puck.whole,
            plain.whole,
            None,
        ),
    ])
}

/// Sums over the processes, in bytes.
struct Held {
    library: f64,
    whole: f64,
}

impl Held {
    fn measure(side: &str, place: &Path, library: &Path, subject: &Subject) -> Result<Held> {
        let count = subject.functions.to_string();
        let arguments = [
            OsStr::new("hold"),
            OsStr::new(side),
            place.as_os_str(),
            OsStr::new(&count),
        ];
        let program = std::env::current_exe().context("cannot tell what program this is")?;
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            let process = Command::new(&program)
                .arg(child::VERB)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            processes.push(Waiting(process));
        }
        for process in &mut processes {
            process.until_ready()?;
        }
        let mut held = Held {
            library: 0.0,
            whole: 0.0,
        };
        for process in &processes {
            let maps = fs_err::read_to_string(format!("/proc/{}/smaps", process.0.id()))?;
            held.library += proportional_size(&maps, Some(library));
            held.whole += proportional_size(&maps, None);
        }
        ensure!(
            held.library > 0.0,
            "no process has {} mapped",
            library.display()
        );
        Ok(held)
    }
}

/// A child that waits for its input to end; it ends with this value.
struct Waiting(Child);

impl Waiting {
    fn until_ready(&mut self) -> Result<()> {
        let output = self.0.stdout.as_mut().context("a child has an output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line == "ready\n", "a child ended before it was ready");
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // Ended or not, there is nothing more to do about it.
        let _ = self.0.wait();
    }
}

/// The sum of `Pss:` in the text of a `smaps` file, over the mappings of `file` or over all.
fn proportional_size(smaps: &str, file: Option<&Path>) -> f64 {
    let mut counted = false;
    let mut kilobytes = 0.0;
    for line in smaps.lines() {
        if let Some(size) = line.strip_prefix("Pss:") {
            if counted {
                kilobytes += size.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
            }
        } else if is_mapping(line) {
            counted = file.is_none_or(|file| line.ends_with(&format!(" {}", file.display())));
        }
    }
    kilobytes * 1024.0
}

/// `7f12-7f34 r-xp 0000 fe:00 123  /path`, as opposed to `Rss:  12 kB`.
fn is_mapping(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .is_some_and(|word| !word.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
7f00-7f01 r--p 00000000 fe:00 1234                       /x/waves.v1.so
Size:                  4 kB
Pss:                   2 kB
Pss_Dirty:             9 kB
7f01-7f02 r-xp 00001000 fe:00 1234                       /x/waves.v1.so
Pss:                  10 kB
7f02-7f03 rw-p 00000000 00:00 0
Pss:                 100 kB
VmFlags: rd wr
7f03-7f04 r--p 00000000 fe:00 99                         /y/x/waves.v1.so.old
Pss:                1000 kB
";

    #[test]
    fn only_the_librarys_mappings_are_counted() {
        let library = proportional_size(SMAPS, Some(Path::new("/x/waves.v1.so")));
        assert_eq!(library, 12.0 * 1024.0);
        assert_eq!(proportional_size(SMAPS, None), 1112.0 * 1024.0);
        assert_eq!(proportional_size(SMAPS, Some(Path::new("/z"))), 0.0);
    }
}
