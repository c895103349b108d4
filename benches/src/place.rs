//! Files and commands of the measurements: written, run, and put out of the way.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

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

/// How long a command takes, from outside, in milliseconds.
pub(crate) fn milliseconds(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    succeed(command)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
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

/// Removes what was set aside in a folder.
pub(crate) fn remove_set_aside(folder: &Path) -> Result<()> {
    let attic = folder.join(ATTIC);
    if attic.exists() {
        remove(&attic)?;
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
