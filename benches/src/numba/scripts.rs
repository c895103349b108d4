//! Running the scripts of `benches/numba/` and the command, with what they print and take.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::tree;

/// Where the scripts are, what runs them, and where they write.
pub(super) struct Scripts {
    python: PathBuf,
    puck: PathBuf,
    scripts: PathBuf,
    folder: PathBuf,
}

/// What a command printed and took.
pub(super) struct Ran {
    pub(super) milliseconds: f64,
    /// The highest sum of resident sets of all its processes, in bytes.
    pub(super) memory: f64,
    /// The last line of its output, if that is JSON.
    printed: Value,
}

impl Ran {
    /// A number that was printed.
    pub(super) fn number(&self, key: &str) -> Result<f64> {
        self.printed
            .get(key)
            .and_then(Value::as_f64)
            .with_context(|| format!("a script printed no {key}: {}", self.printed))
    }

    /// A list of words that was printed.
    pub(super) fn words(&self, key: &str) -> Result<Vec<String>> {
        let words = self.printed.get(key).and_then(Value::as_array);
        let words =
            words.with_context(|| format!("a script printed no {key}: {}", self.printed))?;
        Ok(words
            .iter()
            .filter_map(|word| Some(word.as_str()?.to_owned()))
            .collect())
    }
}

impl Scripts {
    pub(super) fn new(python: &Path, puck: &Path, folder: &Path) -> Result<Scripts> {
        fs_err::create_dir_all(folder)?;
        Ok(Scripts {
            // Not to the end of its links: an environment's Python is a link to another one.
            python: std::path::absolute(python)?,
            puck: fs_err::canonicalize(puck)?,
            scripts: Path::new(env!("CARGO_MANIFEST_DIR")).join("numba"),
            folder: fs_err::canonicalize(folder)?,
        })
    }

    /// Where projects are made.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A script, without arguments.
    pub(super) fn command(&self, script: &str) -> Command {
        let mut command = self.clean(&self.python);
        command.arg(self.scripts.join(script));
        command
    }

    /// The command `puck`.
    pub(super) fn puck(&self) -> Command {
        self.clean(&self.puck)
    }

    /// A command that does not see the user's own settings.
    fn clean(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if ["PUCK_", "NUMBA_", "PYTHON"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(&variable);
            }
        }
        command
            .env("PUCK_PYTHON", &self.python)
            // Beside what is measured, not in the project and not beside the scripts.
            .env("PYTHONPYCACHEPREFIX", self.folder.join("bytecode"));
        command
    }

    /// Runs a command and watches what it takes.
    pub(super) fn measure(&self, command: &mut Command) -> Result<Ran> {
        let watched = tree::watch(command)?;
        ensure!(
            watched.output.status.success(),
            "{command:?} failed: {}\n{}{}",
            watched.output.status,
            String::from_utf8_lossy(&watched.output.stdout),
            String::from_utf8_lossy(&watched.output.stderr)
        );
        let text = String::from_utf8_lossy(&watched.output.stdout);
        let line = text.lines().last().unwrap_or_default();
        Ok(Ran {
            milliseconds: watched.milliseconds,
            memory: watched.peak,
            printed: serde_json::from_str(line).unwrap_or(Value::Null),
        })
    }
}

/// What a Python and its packages are called, for the page.
pub(crate) fn versions(python: &Path) -> Option<Vec<String>> {
    const SCRIPT: &str = "import platform, importlib.metadata as m\n\
        print('Python', platform.python_version())\n\
        for name in ('numba', 'llvmlite', 'numbox', 'numpy'): print(name, m.version(name))";
    let output = Command::new(python).args(["-c", SCRIPT]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.lines().map(str::to_owned).collect())
}
