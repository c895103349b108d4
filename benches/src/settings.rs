//! The command line of the benchmarks.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: puck-benches [packages] --puck FILE --work DIR [OPTION]...

Measures functions and their libraries; with `packages`, package management.

  --puck FILE        the release binary
  --work DIR         where everything is made; results are left in it
  --clang COMMAND    the clang to compare with (default: clang)
  --uv COMMAND       the uv to compare with (default: uv)
  --cargo COMMAND    the cargo to compare with (default: cargo)
  --only WORD        of packages: measure only what has this word in its name
  --report FILE      write the page of results there
  --functions N,...  sizes of the package (default: 60,1000)
  --quick            measure a fifth as often
  --check            fail if a limit is missed
";

/// How often things are measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rounds {
    /// Of what takes seconds.
    pub(crate) slow: usize,
    /// Of what takes milliseconds.
    pub(crate) fast: usize,
    /// Of fresh processes that open a library.
    pub(crate) open: usize,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measured {
    /// Libraries of functions, against clang's.
    Functions,
    /// Package management, against uv and cargo.
    Packages,
}

/// What to measure, and with what.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) subject: Measured,
    pub(crate) puck: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) clang: String,
    pub(crate) uv: PathBuf,
    pub(crate) cargo: PathBuf,
    pub(crate) only: Option<String>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) functions: Vec<usize>,
    pub(crate) rounds: Rounds,
    pub(crate) check: bool,
}

impl Settings {
    /// Reads the arguments; `None` if help was asked for.
    pub(crate) fn parse(arguments: &[String]) -> Result<Option<Settings>> {
        let (mut puck, mut work, mut report) = (None, None, None);
        let mut clang = "clang".to_owned();
        let (mut uv, mut cargo) = (PathBuf::from("uv"), PathBuf::from("cargo"));
        let (mut subject, mut only) = (Measured::Functions, None);
        let mut functions = vec![60, 1000];
        let (mut quick, mut check) = (false, false);

        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .with_context(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--puck" => puck = Some(PathBuf::from(value()?)),
                "--work" => work = Some(PathBuf::from(value()?)),
                "--report" => report = Some(PathBuf::from(value()?)),
                "--clang" => clang.clone_from(value()?),
                "--uv" => uv = PathBuf::from(value()?),
                "--cargo" => cargo = PathBuf::from(value()?),
                "--only" => only = Some(value()?.clone()),
                crate::packages::VERB => subject = Measured::Packages,
                "--functions" => functions = parse_sizes(value()?)?,
                "--quick" => quick = true,
                "--check" => check = true,
                _ => bail!("there is no option {argument:?}; --help lists them"),
            }
        }
        let rounds = if quick {
            Rounds {
                slow: 2,
                fast: 6,
                open: 41,
            }
        } else {
            Rounds {
                slow: 5,
                fast: 31,
                open: 201,
            }
        };
        Ok(Some(Settings {
            subject,
            puck: puck.context("--puck FILE is missing")?,
            work: work.context("--work DIR is missing")?,
            clang,
            uv,
            cargo,
            only,
            report,
            functions,
            rounds,
            check,
        }))
    }
}

fn parse_sizes(text: &str) -> Result<Vec<usize>> {
    text.split(',')
        .map(|size| match size.parse() {
            Ok(size) if (1..10_000).contains(&size) => Ok(size),
            _ => bail!("--functions: {size:?} is not a number from 1 to 9999"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Settings>> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Settings::parse(&arguments)
    }

    #[test]
    fn defaults_measure_both_sizes() {
        let settings = parse("--puck p --work w").unwrap().unwrap();
        assert_eq!(settings.functions, [60, 1000]);
        assert!(!settings.check);
        assert_eq!(settings.report, None);
    }

    #[test]
    fn options_are_read() {
        let line = "--puck p --work w --clang clang-22 --functions 5,7 --quick --check --report r";
        let settings = parse(line).unwrap().unwrap();
        assert_eq!(settings.clang, "clang-22");
        assert_eq!(settings.functions, [5, 7]);
        assert!(settings.check && settings.rounds.slow == 2);
        assert_eq!(settings.subject, Measured::Functions);
        let settings = parse("packages --puck p --work w --uv u").unwrap().unwrap();
        assert_eq!(settings.subject, Measured::Packages);
        assert_eq!(settings.uv, PathBuf::from("u"));
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("--work w", "--puck"),
            ("--puck p", "--work"),
            ("--puck p --work", "needs a value"),
            ("--puck p --work w --fast", "--fast"),
            ("--puck p --work w --functions 0", "\"0\""),
            ("--puck p --work w --functions x", "\"x\""),
        ];
        for (line, expected) in cases {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
        assert!(parse("--help").unwrap().is_none());
    }
}
