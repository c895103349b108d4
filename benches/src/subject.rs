//! The package that is measured: what Puck made of the sources, and what plain tools did.
//!
//! In the work folder, for 60 functions:
//!
//! - `60/package/`: the sources and `Puck.toml`; `60/project/`: what installs it
//! - `60/plain/x86-64-v3.so`: `clang -O3 -shared`, stripped
//! - `60/home/`: Puck's home

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use puck_package::Target;

use crate::settings::Settings;
use crate::source;

/// The package's name.
const NAME: &str = "waves";
const VERSION: &str = "1.0.0";
/// The library's file name: the series of 1.x is `v1`.
const LIBRARY: &str = "waves.v1.so";

/// A package of `functions` functions, on both sides.
pub(crate) struct Subject {
    pub(crate) functions: usize,
    folder: PathBuf,
    puck: PathBuf,
    clang: String,
}

impl Subject {
    /// Makes everything anew: sources, plain libraries, a published and an installed package.
    pub(crate) fn prepare(settings: &Settings, functions: usize) -> Result<Subject> {
        let folder = settings.work.join(functions.to_string());
        set_aside(&folder)?;
        let subject = Subject {
            functions,
            puck: fs_err::canonicalize(&settings.puck)?,
            clang: settings.clang.clone(),
            folder: folder.clone(),
        };
        for (name, text) in source::files(functions) {
            write(&subject.package().join("src").join(name), &text)?;
        }
        let manifest = format!(
            "[package]\nname = \"{NAME}\"\nversion = \"{VERSION}\"\n\n[build]\nsources = [\"src/*.c\"]\n"
        );
        write(&subject.package().join("Puck.toml"), &manifest)?;
        write(
            &subject.project().join("Puck.toml"),
            &format!("[dependencies]\n{NAME} = \"{VERSION}\"\n"),
        )?;
        fs_err::create_dir_all(folder.join("plain"))?;

        for target in Target::DEFAULTS {
            succeed(&mut subject.compile_plain(target))?;
        }
        succeed(&mut subject.puck("package", &["publish"]))?;
        succeed(&mut subject.puck("project", &["install"]))?;
        Ok(subject)
    }

    /// The name of the rows about it.
    pub(crate) fn group(&self) -> String {
        format!("{} functions", self.functions)
    }

    pub(crate) fn package(&self) -> PathBuf {
        self.folder.join("package")
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.join("project")
    }

    /// `clang -O3 -shared` for a target, stripped.
    pub(crate) fn compile_plain(&self, target: Target) -> Command {
        let mut command = Command::new(&self.clang);
        command
            .args(["-O3", "-shared", "-fPIC", "-s"])
            .arg(format!("-march={target}"));
        command.arg("-o").arg(self.plain_library(target));
        for (name, _) in source::files(self.functions) {
            command.arg(self.package().join("src").join(name));
        }
        command.arg("-lm");
        command
    }

    /// The command with these arguments, in the package's or the project's folder.
    pub(crate) fn puck(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.puck);
        command
            .args(arguments)
            .current_dir(self.folder.join(folder));
        command
            .env("PUCK_HOME", self.folder.join("home"))
            .env("PUCK_CLANG", &self.clang);
        command
            .env_remove("PUCK_REGISTRY")
            .env_remove("PUCK_TARGET");
        command
    }

    /// The stripped plain library for a target.
    pub(crate) fn plain_library(&self, target: Target) -> PathBuf {
        self.folder.join("plain").join(format!("{target}.so"))
    }

    /// The installed library for a target: the file itself, not the links to it.
    pub(crate) fn installed_library(&self, target: Target) -> Result<PathBuf> {
        let directory = match target.hwcaps() {
            None => self.project().join(".puck/lib"),
            Some(name) => self.project().join(".puck/lib/glibc-hwcaps").join(name),
        };
        Ok(fs_err::canonicalize(directory.join(LIBRARY))?)
    }

    /// The published archive.
    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.join(format!(
            "home/registry/archives/{NAME}/{NAME}-{VERSION}.puck"
        ))
    }

    /// Makes the next build a cold one: nothing compiled, nothing cached.
    pub(crate) fn forget_builds(&self) -> Result<()> {
        set_aside(&self.package().join("target"))
    }

    /// The best target for this processor that the package was built for.
    pub(crate) fn best_target() -> Result<Target> {
        let usable = Target::DEFAULTS
            .into_iter()
            .filter(|&target| puck_runtime::cpu::missing(target).is_empty());
        usable
            .max()
            .context("this processor has none of the default targets")
    }

    /// A function as it is written in a call: `waves::f0001`.
    pub(crate) fn qualified(function: usize) -> String {
        format!("{NAME}::{}", source::function_name(function))
    }
}

/// Runs a command silently; its output is part of the error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} failed: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Writes a file, and the folders it is in.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(fs_err::write(path, text)?)
}

/// The name of the folder for what is no longer needed, beside it.
const ATTIC: &str = "set-aside";

/// Moves a folder out of the way. Removing it now would slow down what is created next (ext4 is slow
/// to create after a removal), so that waits until everything is measured: [`remove_set_aside`].
pub(crate) fn set_aside(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let parent = folder
        .parent()
        .context("a folder to set aside has a parent")?;
    let attic = parent.join(ATTIC);
    fs_err::create_dir_all(&attic)?;
    for number in 0.. {
        let place = attic.join(format!("{}-{number}", std::process::id()));
        if !place.exists() {
            fs_err::rename(folder, place)?;
            break;
        }
    }
    Ok(())
}

/// Removes what was set aside in `work` and in the folders of its subjects.
pub(crate) fn remove_set_aside(work: &Path) -> Result<()> {
    let mut attics = vec![work.join(ATTIC)];
    for entry in fs_err::read_dir(work)? {
        attics.push(entry?.path().join("package").join(ATTIC));
    }
    for attic in attics.iter().filter(|attic| attic.exists()) {
        remove(attic)?;
    }
    Ok(())
}

/// Removes a folder that may hold a store, which is read-only.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    succeed(Command::new("chmod").args(["-R", "u+w"]).arg(folder))?;
    Ok(fs_err::remove_dir_all(folder)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let subject = folder.path().join("60");
        for _ in 0..3 {
            fs_err::create_dir_all(&subject).unwrap();
            set_aside(&subject).unwrap();
            assert!(!subject.exists());
        }
        assert_eq!(
            fs_err::read_dir(folder.path().join(ATTIC)).unwrap().count(),
            3
        );
        remove_set_aside(folder.path()).unwrap();
        assert!(!folder.path().join(ATTIC).exists());
    }

    #[test]
    fn a_failing_command_is_shown_with_what_it_said() {
        let error = succeed(Command::new("sh").args(["-c", "echo oh dear >&2; exit 1"]));
        assert!(error.unwrap_err().to_string().contains("oh dear"));
    }
}
