//! A virtual environment with what a file of requirements pins.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::steps;
use crate::workspace::{command, root, target_dir};

/// What an environment was made of, in its folder, written last.
const STAMP: &str = "made-of.txt";
/// Which wheel is installed in it.
const WHEEL_STAMP: &str = "wheel.txt";

/// A virtual environment under `target/python/`.
pub(crate) struct Environment {
    name: &'static str,
    folder: PathBuf,
}

impl Environment {
    /// The environment of `python/requirements/NAME.txt`, made if it is not there or not current.
    pub(crate) fn ensure(name: &'static str, python: &Path) -> Result<Self> {
        let folder = target_dir().join("python").join(name);
        let this = Self { name, folder };
        let wanted = wanted(name, python)?;
        let stamp = this.folder.join(STAMP);
        if fs_err::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(this);
        }
        steps::note(&format!("making the environment `{name}`"));
        if this.folder.exists() {
            fs_err::remove_dir_all(&this.folder)?;
        }
        steps::run(command(python).args(["-m", "venv"]).arg(&this.folder))?;
        let requirements = root().join(format!("python/requirements/{name}.txt"));
        this.pip(&["install", "--no-deps", "--requirement"], &requirements)?;
        fs_err::write(stamp, wanted)?;
        Ok(this)
    }

    /// Installs the wheel, unless it is installed.
    pub(crate) fn ensure_wheel(&self, wheel: &Path) -> Result<()> {
        let digest = hex(&Sha256::digest(fs_err::read(wheel)?));
        let stamp = self.folder.join(WHEEL_STAMP);
        if fs_err::read_to_string(&stamp).is_ok_and(|found| found == digest) {
            return Ok(());
        }
        self.pip(&["install", "--no-deps", "--force-reinstall"], wheel)?;
        fs_err::write(stamp, digest)?;
        Ok(())
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Which versions are in it.
    pub(crate) fn describe(&self) -> String {
        let script = "import platform, numba, numpy; \
                      print('Python', platform.python_version(), 'numba', numba.__version__, \
                      'numpy', numpy.__version__)";
        let told = Command::new(self.program("python"))
            .args(["-P", "-c", script])
            .output();
        let told = told.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        told.unwrap_or_default()
    }

    fn pip(&self, arguments: &[&str], what: &Path) -> Result<()> {
        let mut pip = command(self.program("python"));
        pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]);
        steps::run(pip.args(arguments).arg(what))
    }
}

/// Everything that decides what is in an environment: interpreter and pinned requirements.
fn wanted(name: &str, python: &Path) -> Result<String> {
    let version = steps::output_of(Command::new(python).arg("--version"));
    let version = version.with_context(|| format!("{} does not run", python.display()))?;
    let mut text = format!("{version} {}\n", python.display());
    let mut files = vec![format!("{name}.txt")];
    while let Some(file) = files.pop() {
        let lines = fs_err::read_to_string(root().join("python/requirements").join(file))?;
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix("-r ") {
                Some(other) => files.push(other.to_owned()),
                None => text += &format!("{line}\n"),
            }
        }
    }
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
