//! Resident and proportional memory of processes that have called every function of the highest layer.
//!
//! Processes that open nothing are measured too, and taken off: what is told is what opening added.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::child;
use crate::settings::Suite;

/// Sums over processes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Memory {
    pub(super) resident: f64,
    /// A page that several processes share counts a part for each.
    pub(super) proportional: f64,
}

impl Memory {
    /// Of so many processes at once, beyond what as many take that open nothing.
    pub(super) fn of(places: &[String], processes: usize) -> Result<Memory> {
        let empty = Memory::whole(&["nothing".to_owned()], processes)?;
        let all = Memory::whole(places, processes)?;
        Ok(Memory {
            resident: all.resident - empty.resident,
            proportional: all.proportional - empty.proportional,
        })
    }

    fn whole(places: &[String], processes: usize) -> Result<Memory> {
        let arguments = [&["hold".to_owned()], places].concat();
        let mut children = Vec::new();
        for _ in 0..processes {
            let process = child::command(Suite::Graphs, &arguments)?
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            children.push(Waiting(process));
        }
        for child in &mut children {
            child.until_ready()?;
        }
        let mut sum = Memory::default();
        for child in &children {
            let text = fs_err::read_to_string(format!("/proc/{}/smaps_rollup", child.0.id()))?;
            sum.resident += bytes(&text, "Rss:")?;
            sum.proportional += bytes(&text, "Pss:")?;
        }
        Ok(sum)
    }
}

/// A line such as `Pss:   12 kB` of a `smaps_rollup` file.
fn bytes(text: &str, key: &str) -> Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let number = number.with_context(|| format!("the system does not tell {key}"))?;
    Ok(number.trim().parse::<f64>()? * 1024.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_numbers_are_read() {
        let text = "55-7f ---p 00000000 00:00 0   [rollup]\nRss:    2004 kB\nPss:     189 kB\n\
                    Pss_Dirty:   96 kB\n";
        assert_eq!(bytes(text, "Rss:").unwrap(), 2004.0 * 1024.0);
        assert_eq!(bytes(text, "Pss:").unwrap(), 189.0 * 1024.0);
        assert!(bytes(text, "Swap:").is_err());
    }
}
