//! The command line of the benchmarks.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Usage: puck-benches [SUITE]... --puck FILE --work DIR [OPTION]...

Suites: graphs, calls, kernels, packages, numba (default: the first three).

  --puck FILE        the release binary
  --work DIR         where everything is made; results are left in it
  --clang COMMAND    the clang to compare with (default: clang)
  --uv COMMAND       the uv to compare with (default: uv)
  --cargo COMMAND    the cargo to compare with (default: cargo)
  --python FILE      a Python with numba, numbox and puck, for the suite numba
  --only WORDS       measure only what has these words in its name: of graphs such as
                     `C, a package a layer, Puck, image`, of calls and kernels a link
                     mode, of packages a measurement, of numba `graph`, `calls` or `forum`
  --report FILE      write the page of results there, and plots into a folder beside it
  --sizes N,...      how many functions the graphs have (default: 60,120,1000; quick: 60,120;
                     of numba: 60,120; quick: 20,40)
  --quick            measure less often, and smaller graphs
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

/// What is measured together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Layered call graphs: disk, builds, opening, memory.
    Graphs,
    /// What a call costs.
    Calls,
    /// Numerical kernels across packages.
    Kernels,
    /// Package management, against uv and cargo.
    Packages,
    /// Jitted functions, against Numba and numbox.
    Numba,
}

impl Suite {
    /// In the order of the page.
    pub(crate) const ALL: [Suite; 5] = [
        Suite::Graphs,
        Suite::Calls,
        Suite::Kernels,
        Suite::Packages,
        Suite::Numba,
    ];
    /// Those that are measured when none is named: the others need uv and cargo, or Numba.
    const DEFAULTS: [Suite; 3] = [Suite::Graphs, Suite::Calls, Suite::Kernels];

    /// As it is written on the command line, in file names and in the page's comments.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Suite::Graphs => "graphs",
            Suite::Calls => "calls",
            Suite::Kernels => "kernels",
            Suite::Packages => "packages",
            Suite::Numba => "numba",
        }
    }

    /// The heading of its part of the page.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Suite::Graphs => "Layered call graphs",
            Suite::Calls => "What a call costs",
            Suite::Kernels => "Numerical kernels across packages",
            Suite::Packages => "Package management",
            Suite::Numba => "Numba",
        }
    }

    fn named(name: &str) -> Option<Suite> {
        Suite::ALL.into_iter().find(|suite| suite.name() == name)
    }
}

/// What to measure, and with what.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) suites: Vec<Suite>,
    pub(crate) puck: PathBuf,
    pub(crate) work: PathBuf,
    pub(crate) clang: String,
    pub(crate) uv: PathBuf,
    pub(crate) cargo: PathBuf,
    pub(crate) python: Option<PathBuf>,
    pub(crate) only: Option<String>,
    pub(crate) report: Option<PathBuf>,
    pub(crate) sizes: Vec<usize>,
    /// The same for Numba, which takes minutes for what others do in a second.
    pub(crate) numba_sizes: Vec<usize>,
    pub(crate) rounds: Rounds,
    pub(crate) quick: bool,
    pub(crate) check: bool,
}

impl Settings {
    /// Reads the arguments; `None` if help was asked for.
    pub(crate) fn parse(arguments: &[String]) -> Result<Option<Settings>> {
        let (mut puck, mut work, mut report, mut python) = (None, None, None, None);
        let mut clang = "clang".to_owned();
        let (mut uv, mut cargo) = (PathBuf::from("uv"), PathBuf::from("cargo"));
        let (mut suites, mut only, mut sizes) = (Vec::new(), None, None);
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
                "--python" => python = Some(PathBuf::from(value()?)),
                "--only" => only = Some(value()?.clone()),
                "--sizes" => sizes = Some(parse_sizes(value()?)?),
                "--quick" => quick = true,
                "--check" => check = true,
                word => match Suite::named(word) {
                    Some(suite) => suites.push(suite),
                    None => bail!("there is no suite or option {word:?}; --help lists them"),
                },
            }
        }
        if suites.is_empty() {
            suites.extend(Suite::DEFAULTS);
        }
        let (rounds, usual, usual_of_numba) = if quick {
            let rounds = Rounds {
                slow: 2,
                fast: 6,
                open: 41,
            };
            (rounds, vec![60, 120], vec![20, 40])
        } else {
            let rounds = Rounds {
                slow: 5,
                fast: 31,
                open: 201,
            };
            (rounds, vec![60, 120, 1000], vec![60, 120])
        };
        Ok(Some(Settings {
            suites,
            puck: puck.context("--puck FILE is missing")?,
            work: work.context("--work DIR is missing")?,
            clang,
            uv,
            cargo,
            python,
            only,
            report,
            numba_sizes: sizes.clone().unwrap_or(usual_of_numba),
            sizes: sizes.unwrap_or(usual),
            rounds,
            quick,
            check,
        }))
    }

    /// Whether something with this name is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|word| name.contains(word))
    }
}

fn parse_sizes(text: &str) -> Result<Vec<usize>> {
    text.split(',')
        .map(|size| match size.parse() {
            Ok(size) if (1..10_000).contains(&size) => Ok(size),
            _ => bail!("--sizes: {size:?} is not a number from 1 to 9999"),
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
    fn defaults_measure_everything_that_needs_no_other_tool() {
        let settings = parse("--puck p --work w").unwrap().unwrap();
        assert_eq!(settings.sizes, [60, 120, 1000]);
        assert_eq!(settings.numba_sizes, [60, 120]);
        assert_eq!(settings.suites, Suite::DEFAULTS);
        assert!(!settings.check && !settings.quick);
        assert_eq!(settings.report, None);
    }

    #[test]
    fn options_are_read() {
        let line = "--puck p --work w --clang clang-22 --sizes 5,7 --quick --check --report r";
        let settings = parse(line).unwrap().unwrap();
        assert_eq!(settings.clang, "clang-22");
        assert_eq!(settings.sizes, [5, 7]);
        assert_eq!(settings.numba_sizes, [5, 7]);
        assert!(settings.check && settings.rounds.slow == 2);
        let settings = parse("packages calls numba --puck p --work w --uv u").unwrap();
        let settings = settings.unwrap();
        assert_eq!(
            settings.suites,
            [Suite::Packages, Suite::Calls, Suite::Numba]
        );
        assert_eq!(settings.uv, PathBuf::from("u"));
        assert!(settings.wants("anything"));
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("--work w", "--puck"),
            ("--puck p", "--work"),
            ("--puck p --work", "needs a value"),
            ("--puck p --work w --fast", "--fast"),
            ("--puck p --work w functions", "functions"),
            ("--puck p --work w --sizes 0", "\"0\""),
            ("--puck p --work w --sizes x", "\"x\""),
        ];
        for (line, expected) in cases {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
        assert!(parse("--help").unwrap().is_none());
    }
}
