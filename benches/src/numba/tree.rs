//! The peak of memory of a command and everything that it starts, servers that outlive it included.
//!
//! Processes are recognised by a variable that only they inherit. Their resident sets are summed every few
//! milliseconds; pages that two of them share count twice, which is against what starts several.

use std::collections::HashMap;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What marks a command's processes.
const VARIABLE: &str = "PUCK_BENCHES_MARK";
const INTERVAL: Duration = Duration::from_millis(5);

/// A command that ended.
pub(super) struct Watched {
    pub(super) output: Output,
    pub(super) milliseconds: f64,
    /// In bytes.
    pub(super) peak: f64,
}

/// Runs a command and looks at its processes until it ends.
pub(super) fn watch(command: &mut Command) -> Result<Watched> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mark = format!("{}-{number}", std::process::id());
    command.env(VARIABLE, &mark).stdin(Stdio::null());
    let has_ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| peak(&format!("{VARIABLE}={mark}"), &has_ended));
        let start = Instant::now();
        let output = command.output();
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        has_ended.store(true, Ordering::Relaxed);
        let peak = watching.join().unwrap_or(0.0);
        Ok(Watched {
            output: output.with_context(|| format!("cannot run {command:?}"))?,
            milliseconds,
            peak,
        })
    })
}

/// The highest sum until the command has ended.
fn peak(mark: &str, has_ended: &AtomicBool) -> f64 {
    let page = page_size();
    let mut known = HashMap::new();
    let mut highest = 0.0_f64;
    while !has_ended.load(Ordering::Relaxed) {
        let pages: u64 = processes(mark, &mut known).map(resident_pages).sum();
        highest = highest.max(pages as f64 * page);
        std::thread::sleep(INTERVAL);
    }
    highest
}

/// The processes with the mark. Whether one has it does not change after it began to run its program, so
/// that is asked for only once; the parent's own copy, before that, has not got it.
fn processes<'a>(
    mark: &'a str,
    known: &'a mut HashMap<u32, bool>,
) -> impl Iterator<Item = u32> + 'a {
    let all = std::iter::once(())
        .filter_map(|()| fs_err::read_dir("/proc").ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    all.filter(move |process| match known.get(process) {
        Some(true) => true,
        // Old processes stay what they are; young ones may be about to run another program.
        Some(false) if *process < std::process::id() => false,
        _ => {
            let environment = fs_err::read(format!("/proc/{process}/environ")).unwrap_or_default();
            let has = environment
                .split(|&byte| byte == 0)
                .any(|variable| variable == mark.as_bytes());
            known.insert(*process, has);
            has
        }
    })
}

/// The resident set of a process; nothing if it has just ended.
fn resident_pages(process: u32) -> u64 {
    fs_err::read_to_string(format!("/proc/{process}/statm"))
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}

fn page_size() -> f64 {
    // SAFETY: asks for a number, and touches no memory.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    size.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_of_children_count_too() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 0.2 & sleep 0.2; wait; echo done"]);
        let watched = watch(&mut command).unwrap();
        assert_eq!(watched.output.stdout, b"done\n");
        assert!(watched.milliseconds >= 200.0);
        // A shell and two programs: more than a page each.
        assert!(watched.peak > 3.0 * page_size(), "{}", watched.peak);
    }

    #[test]
    fn others_do_not_count() {
        let mut known = HashMap::new();
        assert_eq!(processes("NO_SUCH_MARK=1", &mut known).count(), 0);
    }
}
