//! The LLVM SDK: headers, static libraries and an `llvm-config`, from a Python wheel.
//!
//! The wheel is pinned by version and SHA-256 and fetched with pip, so that an index mirror or a
//! proxy that pip is configured for is used. It ends up in `target/llvm/static`, which is where
//! `.cargo/config.toml` points `LLVM_SYS_231_PREFIX`, whatever the target directory is.
//!
//! On disk, in `target/llvm/`:
//!
//! - `static/`: the SDK. The file `.puck-sdk` in it holds the hash of the wheel; it is there before
//!   the folder gets its name, so a folder with the right marker is complete.
//! - `lock`: held while the rest is changed, so that two runs do not meet.
//! - `new/`: download and unpacked wheel in the making; what a killed run left of it is removed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::{steps, workspace};

const PROJECT: &str = "mlc-llvm-static";
const VERSION: &str = "23.1.1.post0";
const PLATFORM: &str = "manylinux_2_28_x86_64";
const WHEEL_SHA256: &str = "dcfec888abfaa418be77d41af585805f31463584cf9c90582992c00f392c1ac5";
/// Where the SDK is in the wheel.
const INSIDE: &str = "mlc_llvm_static/static";
const MARKER: &str = ".puck-sdk";
const PREFIX_VARIABLE: &str = "LLVM_SYS_231_PREFIX";
const LLVM: &str = "23.1.";

/// Makes sure that there is an SDK: the developer's own, or the pinned one.
pub(crate) fn ensure() -> Result<()> {
    let home = workspace::root().join("target/llvm");
    let place = home.join("static");
    if let Some(own) = named_by_developer(std::env::var_os(PREFIX_VARIABLE).as_deref(), &place) {
        return check_own(&own);
    }
    if is_complete(&place) {
        return Ok(());
    }
    steps::step(&format!("Get the LLVM SDK: {PROJECT} {VERSION}"), || {
        install(&home, &place)
    })
}

/// The SDK that `LLVM_SYS_231_PREFIX` names, unless that is the value of `.cargo/config.toml`,
/// which cargo hands to xtask as if it came from outside.
fn named_by_developer(value: Option<&std::ffi::OsStr>, place: &Path) -> Option<PathBuf> {
    let value = value.filter(|value| !value.is_empty())?;
    let named = PathBuf::from(value);
    let same = named == place
        || match (fs_err::canonicalize(&named), fs_err::canonicalize(place)) {
            (Ok(named), Ok(place)) => named == place,
            _ => false,
        };
    (!same).then_some(named)
}

fn check_own(prefix: &Path) -> Result<()> {
    let config = prefix.join("bin/llvm-config");
    let found = steps::output_of(workspace::command(&config).arg("--version"));
    match found {
        Some(version) if version.starts_with(LLVM) => Ok(()),
        Some(version) => bail!(
            "{PREFIX_VARIABLE} names LLVM {version} ({}), but {LLVM}x is needed; unset it to use the \
             pinned SDK",
            prefix.display()
        ),
        None => bail!(
            "{PREFIX_VARIABLE} is {}, but {} does not run; unset it to use the pinned SDK",
            prefix.display(),
            config.display()
        ),
    }
}

fn is_complete(place: &Path) -> bool {
    fs_err::read_to_string(place.join(MARKER)).is_ok_and(|text| text.trim() == WHEEL_SHA256)
}

fn install(home: &Path, place: &Path) -> Result<()> {
    fs_err::create_dir_all(home)?;
    let lock = fs_err::File::create(home.join("lock"))?;
    lock.file().lock().context("cannot lock target/llvm")?;
    if is_complete(place) {
        steps::note("another run has just done it");
        return Ok(());
    }
    let new = home.join("new");
    remove_if_there(&new)?;
    fs_err::create_dir_all(&new)?;

    let wheel = download(&new)?;
    let found = sha256(&wheel)?;
    ensure!(
        found == WHEEL_SHA256,
        "{} has SHA-256 {found}, but {WHEEL_SHA256} is expected: it is not the file that this \
         project was made with. Look at the package index that pip is configured for",
        wheel.display()
    );

    steps::note("unpacking");
    let unpacked = new.join("unpacked");
    steps::quietly(
        workspace::command("python3")
            .args(["-m", "zipfile", "-e"])
            .args([&wheel, &unpacked]),
    )?;
    let sdk = unpacked.join(INSIDE);
    make_executable(&sdk.join("bin/llvm-config"))?;
    check_own(&sdk)?;
    fs_err::write(sdk.join(MARKER), format!("{WHEEL_SHA256}\n"))?;

    // An SDK of another version goes aside first: a folder cannot be renamed over a full one.
    if place.exists() {
        fs_err::rename(place, new.join("replaced"))?;
    }
    fs_err::rename(&sdk, place)?;
    remove_if_there(&new)
}

/// Fetches the wheel into `folder`.
fn download(folder: &Path) -> Result<PathBuf> {
    steps::run(
        workspace::command("python3")
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args([
                "--no-deps",
                "--only-binary",
                ":all:",
                "--platform",
                PLATFORM,
            ])
            .arg("--dest")
            .arg(folder)
            .arg(format!("{PROJECT}=={VERSION}")),
    )
    .context(
        "pip could not fetch the LLVM SDK. Without a network, unpack an LLVM 23.1 with static \
         libraries and name it in LLVM_SYS_231_PREFIX",
    )?;
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    bail!("pip left no wheel in {}", folder.display())
}

fn sha256(path: &Path) -> Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut fs_err::File::open(path)?, &mut HashWriter(&mut hasher))?;
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs_err::set_permissions(
        path,
        std::fs::Permissions::from_mode(0o755),
    )?)
}

fn remove_if_there(folder: &Path) -> Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_own_default_is_not_the_developers() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("static");
        let other = folder.path().join("other");
        fs_err::create_dir_all(&place).unwrap();
        let cases = [
            (None, None),
            (Some(PathBuf::new()), None),
            (Some(place.clone()), None),
            (Some(folder.path().join("static/../static")), None),
            (Some(other.clone()), Some(other)),
        ];
        for (value, expected) in cases {
            let value = value.map(PathBuf::into_os_string);
            assert_eq!(named_by_developer(value.as_deref(), &place), expected);
        }
    }

    #[test]
    fn only_the_right_marker_makes_an_sdk_complete() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_complete(folder.path()));
        fs_err::write(folder.path().join(MARKER), "something else\n").unwrap();
        assert!(!is_complete(folder.path()));
        fs_err::write(folder.path().join(MARKER), format!("{WHEEL_SHA256}\n")).unwrap();
        assert!(is_complete(folder.path()));
    }

    #[test]
    fn hashes_are_lower_case_hexadecimal() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("abc");
        fs_err::write(&file, "abc").unwrap();
        assert_eq!(
            sha256(&file).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn another_llvm_is_refused_by_its_version() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bin/llvm-config");
        fs_err::create_dir_all(folder.path().join("bin")).unwrap();
        let missing = check_own(folder.path()).unwrap_err().to_string();
        assert!(missing.contains("does not run"), "{missing}");

        fs_err::write(&config, "#!/bin/sh\necho 19.1.0\n").unwrap();
        make_executable(&config).unwrap();
        let older = check_own(folder.path()).unwrap_err().to_string();
        assert!(older.contains("LLVM 19.1.0"), "{older}");

        fs_err::write(&config, "#!/bin/sh\necho 23.1.1\n").unwrap();
        check_own(folder.path()).unwrap();
    }
}
