//! Saying what is being done: a headline a step, the command line, how long it took.

use std::io::IsTerminal as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Runs one step under a headline.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    headline(title);
    let start = Instant::now();
    let result = work().with_context(|| format!("step failed: {title}"))?;
    println!(
        "{}",
        dim(&format!("    done in {}", seconds(start.elapsed())))
    );
    Ok(result)
}

/// Prints a headline.
pub(crate) fn headline(title: &str) {
    if std::io::stdout().is_terminal() {
        println!("\n\x1b[1;32m==>\x1b[0m \x1b[1m{title}\x1b[0m");
    } else {
        println!("\n==> {title}");
    }
}

/// Prints an explaining line.
pub(crate) fn note(text: &str) {
    println!("    {text}");
}

/// Shows a command line, runs it, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("{}", dim(&format!("    $ {}", command_line(command))));
    quietly(command)
}

/// Runs a command, with its output shown, and fails unless it succeeds.
pub(crate) fn quietly(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot run `{}`", command_line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", command_line(command));
    }
    Ok(())
}

/// What a command printed; `None` if it cannot be run or does not succeed.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// A duration as a person says it.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{:.0} min {:02.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    }
}

/// A command as one would type it; the folders of programs are left out.
fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let mut line = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        line.push(' ');
        if argument.is_empty() || argument.contains([' ', '\'', '"', '(', ';', '*', '<', '>', '&'])
        {
            line.push_str(&format!("'{}'", argument.replace('\'', "'\\''")));
        } else {
            line.push_str(&argument);
        }
    }
    line
}

fn dim(text: &str) -> String {
    if std::io::stdout().is_terminal() {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_can_be_typed_again() {
        let cases: [(&[&str], &str); 4] = [
            (&["a", "b"], "tool a b"),
            (&["fn(f64) -> f64"], "tool 'fn(f64) -> f64'"),
            (&["it's"], r"tool 'it'\''s'"),
            (&[""], "tool ''"),
        ];
        for (arguments, expected) in cases {
            let mut command = Command::new("/some/where/tool");
            command.args(arguments);
            assert_eq!(command_line(&command), expected);
        }
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(seconds(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 05 s");
    }

    #[test]
    fn a_failing_command_is_an_error_that_shows_it() {
        let error = quietly(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(error.to_string().contains("sh -c 'exit 3'"), "{error}");
        assert!(error.to_string().contains('3'), "{error}");
    }

    #[test]
    fn output_is_only_that_of_a_success() {
        assert_eq!(
            output_of(Command::new("sh").args(["-c", "echo a"])),
            Some("a".into())
        );
        assert_eq!(
            output_of(Command::new("sh").args(["-c", "echo a; exit 1"])),
            None
        );
        assert_eq!(
            output_of(&mut Command::new("no-such-program-anywhere")),
            None
        );
    }
}
