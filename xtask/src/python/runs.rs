//! The tests, run in all environments: each folder of them is a run of pytest of its own, and there are
//! as many runs at once as processors, so that the ends of what is supported share the time evenly.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::ENDS;
use super::environment::Environment;
use crate::steps;
use crate::workspace::{command, root, target_dir};

/// What takes longest begins first.
const LONGEST: &str = "dropin";
/// The exit code of pytest if there was no test to run.
const NO_TESTS: i32 = 5;

/// Tests of one environment: those of a folder, or those that arguments choose.
struct Run<'a> {
    environment: &'a Environment,
    /// One with another Numba.
    other: Option<&'a Environment>,
    folder: Option<String>,
}

/// Runs the tests in all environments; what each run prints is shown when it has ended.
pub(super) fn all(environments: &[Environment], arguments: &[String]) -> Result<()> {
    for environment in environments {
        steps::note(&format!(
            "{}: {}",
            environment.name(),
            environment.describe()
        ));
    }
    // Arguments are few tests, or name folders themselves.
    let folders = match arguments {
        [] => folders()?.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let runs = folders.into_iter().flat_map(|folder| {
        environments.iter().map(move |environment| Run {
            environment,
            other: environments
                .iter()
                .find(|other| other.name() != environment.name()),
            folder: folder.clone(),
        })
    });
    let runs = Mutex::new(runs);
    let failed = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.max(environments.len()) {
            scope.spawn(|| {
                while let Some(run) = next(&runs) {
                    if let Err(error) = run.run(arguments) {
                        let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                        failed.push(format!("{} ({error:#})", run.name()));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !failed.is_empty() {
        bail!("tests failed: {}", failed.join(", "));
    }
    Ok(())
}

fn next<T>(queue: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// The folders of tests, the longest first.
fn folders() -> Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(root().join("python/tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['.', '_']) {
            folders.push(name);
        }
    }
    folders.sort_by_key(|name| (name != LONGEST, name.clone()));
    Ok(folders)
}

impl Run<'_> {
    fn name(&self) -> String {
        let end = self.environment.name();
        match &self.folder {
            Some(folder) => format!("{end}-{folder}"),
            None => end.to_owned(),
        }
    }

    fn run(&self, arguments: &[String]) -> Result<()> {
        let log = target_dir().join(format!("python/{}.log", self.name()));
        let start = Instant::now();
        let status = self.pytest(arguments, &log)?.status()?;
        // At once, as others print theirs.
        println!(
            "    {}, {}:\n{}",
            self.name(),
            steps::seconds(start.elapsed()),
            fs_err::read_to_string(&log)?
        );
        // With a filter, one may match in one environment alone.
        let is_empty = status.code() == Some(NO_TESTS) && !arguments.is_empty();
        if !status.success() && !is_empty {
            bail!("{status}");
        }
        Ok(())
    }

    fn pytest(&self, arguments: &[String], log: &Path) -> Result<Command> {
        let output = fs_err::File::create(log)?.into_parts().0;
        let copy = output.try_clone().context("cannot copy a file's handle")?;
        let mut pytest = command(self.environment.program("python"));
        let options = "--quiet -rs --config-file pyproject.toml -p no:cacheprovider";
        pytest.args(["-P", "-m", "pytest"]).args(options.split(' '));
        if self.environment.name() == ENDS[0] {
            // What is the same with every Numba is tested with the newest.
            pytest.args(["-m", "not newest"]);
        }
        let folder = self.folder.iter();
        pytest
            .args(folder.map(|folder| Path::new("tests").join(folder)))
            .args(arguments)
            .current_dir(root().join("python"))
            .env("PUCK", target_dir().join("debug/puck"))
            .env("PUCK_PYTHON", self.environment.program("python"))
            .envs(self.other.map(|other| ("OTHER_PYTHON", other.program("python"))))
            // The package under test is the one of the wheel.
            .env_remove("PYTHONPATH")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(copy);
        Ok(pytest)
    }
}
