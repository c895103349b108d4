//! How cargo and rustc are called.

use std::path::{Path, PathBuf};
use std::process::Command;

use puck_package::{Digest, variables};

use super::Place;
use crate::BuildRequest;
use crate::source::{SourceError, process};

/// What cargo says of a crate.
#[derive(Debug)]
pub(in crate::source) struct Crate {
    /// The package's name.
    pub(super) name: String,
    /// Its `Cargo.toml`.
    pub(super) manifest: PathBuf,
    /// The folder of that.
    pub(super) folder: PathBuf,
    /// The root of its workspace; its own folder where there is none.
    pub(super) workspace: PathBuf,
    /// The `Cargo.toml` of every member of the workspace.
    pub(super) members: Vec<PathBuf>,
    pub(super) package: cargo_metadata::Package,
}

impl Crate {
    /// Asks cargo. The network is not touched.
    pub(super) fn read(manifest: &Path) -> Result<Self, SourceError> {
        let fault = |reason: String| SourceError::Crate {
            path: manifest.to_path_buf(),
            reason,
        };
        if !manifest.is_file() {
            return Err(fault(
                "no such file, named by `cargo` in [build]".to_owned(),
            ));
        }
        let folder = manifest.parent().unwrap_or(Path::new(".")).to_path_buf();
        let mut command = Command::new("cargo");
        command
            .current_dir(&folder)
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(manifest);
        let output = process::run(&mut command)?;
        if !output.status.success() {
            return Err(fault(process::said(&output)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let metadata = cargo_metadata::MetadataCommand::parse(text)
            .map_err(|error| fault(format!("cannot read what cargo says of it: {error}")))?;
        let real = fs_err::canonicalize(manifest)?;
        let is_it = |package: &&cargo_metadata::Package| {
            fs_err::canonicalize(&package.manifest_path).is_ok_and(|path| path == real)
        };
        let package = metadata
            .packages
            .iter()
            .find(is_it)
            .cloned()
            .ok_or_else(|| {
                fault("no [package]: a workspace's members are packages of their own".to_owned())
            })?;
        Ok(Self {
            name: package.name.to_string(),
            manifest: manifest.to_path_buf(),
            folder,
            workspace: metadata.workspace_root.into_std_path_buf(),
            members: metadata
                .packages
                .iter()
                .map(|p| p.manifest_path.clone().into())
                .collect(),
            package,
        })
    }

    /// Has cargo write the lockfile, unless there is one. If that fails compiling will too, and
    /// says why.
    pub(super) fn lock(&self) {
        if !self.workspace.join("Cargo.lock").exists() {
            let mut command = Command::new("cargo");
            command
                .current_dir(&self.folder)
                .args(["generate-lockfile", "--quiet"]);
            let _ = process::run(command.arg("--manifest-path").arg(&self.manifest));
        }
    }

    /// The files beside the sources that say how a crate is compiled, whether they are there or
    /// not: manifests, the lockfile, cargo's configuration, the choice of toolchain.
    pub(super) fn setting_files(&self) -> Vec<PathBuf> {
        let mut files = self.members.clone();
        files.push(self.workspace.join("Cargo.toml"));
        files.push(self.workspace.join("Cargo.lock"));
        for folder in self.folder.ancestors() {
            for name in [
                ".cargo/config.toml",
                ".cargo/config",
                "rust-toolchain.toml",
                "rust-toolchain",
            ] {
                files.push(folder.join(name));
            }
        }
        files.extend(cargo_home().map(|home| home.join("config.toml")));
        files.sort();
        files.dedup();
        files
    }

    /// The digest of the settings but for the lockfile, which cargo may yet write.
    pub(super) fn settings(&self) -> Result<Digest, SourceError> {
        let files = self.setting_files();
        let texts = files
            .iter()
            .filter(|path| !path.ends_with("Cargo.lock"))
            .map(fs_err::read);
        Ok(Digest::of(
            format!("{:?}", texts.map(Result::ok).collect::<Vec<_>>()).as_bytes(),
        ))
    }

    /// Whether the root of the workspace chooses what a panic does.
    fn chooses_panic(&self) -> bool {
        let Ok(text) = fs_err::read_to_string(self.workspace.join("Cargo.toml")) else {
            return false;
        };
        let table: Option<toml::Table> = text.parse().ok();
        let profile = table.as_ref().and_then(|table| table.get("profile"));
        profile
            .and_then(|p| p.get("release"))
            .and_then(|r| r.get("panic"))
            .is_some()
    }
}

/// A Rust compiler.
#[derive(Debug)]
pub(super) struct Rustc {
    /// `1.95.0`.
    pub(super) version: String,
    /// The major version of its LLVM.
    pub(super) llvm: u32,
    /// All that it says of itself.
    pub(super) text: String,
    /// The folder of the toolchain.
    pub(super) sysroot: PathBuf,
}

impl Rustc {
    /// The one that cargo uses in `folder`.
    pub(super) fn query(folder: &Path) -> Result<Self, SourceError> {
        let ask = |arguments: &[&str]| {
            process::stdout(Command::new("rustc").current_dir(folder).args(arguments))
        };
        let text = ask(&["-vV"])?;
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?.trim_end());
        let line = |key: &str| {
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(str::trim);
            value.map(str::to_owned).ok_or_else(|| SourceError::Tool {
                command: "rustc -vV".to_owned(),
                message: format!("expected a line `{key}`, found:\n{text}"),
            })
        };
        let llvm = line("LLVM version:")?;
        let llvm = llvm
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(u32::MAX);
        Ok(Self {
            version: line("release:")?,
            llvm,
            sysroot,
            text,
        })
    }
}

/// The command that compiles `krate`.
///
/// Flags from the environment or cargo's configuration are left out, for a package is to be the
/// same on every machine; those that it needs are `flags` in its manifest.
pub(super) fn command(
    request: &BuildRequest<'_>,
    krate: &Crate,
    rustc: &Rustc,
    place: &Place,
) -> Command {
    let build = &request.manifest.build;
    let mut command = Command::new("cargo");
    command
        .current_dir(&krate.folder)
        .env(
            "CARGO_ENCODED_RUSTFLAGS",
            mappings(krate, rustc, place).join("\x1f"),
        )
        .env("PUCK_EXPORTS", &place.exports)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .env_remove("CARGO_BUILD_BUILD_DIR")
        .args([
            "rustc",
            "--quiet",
            "--color",
            "never",
            "--lib",
            "--crate-type",
            "cdylib",
        ])
        .args(["--release", "--jobs", &request.jobs.max(1).to_string()])
        .arg("--manifest-path")
        .arg(&krate.manifest)
        .arg("--target-dir")
        .arg(&place.target);
    let mut profile = vec![
        "lto=\"fat\"".to_owned(),
        "codegen-units=1".to_owned(),
        "incremental=false".to_owned(),
        "strip=\"none\"".to_owned(),
        format!("opt-level={}", build.opt_level),
        "debug=2".to_owned(),
    ];
    if !krate.chooses_panic() {
        // A panic cannot leave a C function, and aborting needs no tables to unwind by.
        profile.push("panic=\"abort\"".to_owned());
    }
    for setting in profile {
        command
            .arg("--config")
            .arg(format!("profile.release.{setting}"));
    }
    let mut emit = std::ffi::OsString::from("--emit=llvm-bc=");
    emit.push(&place.bitcode);
    let mut linker = std::ffi::OsString::from("linker=");
    linker.push(&place.linker);
    command
        .arg("--")
        .arg(emit)
        .arg("-C")
        .arg(linker)
        .args(["-C", "linker-flavor=gcc", "-C", "relocation-model=pic"])
        .args(["-C", "no-vectorize-loops", "-C", "no-vectorize-slp"])
        .args(["-C", "llvm-args=-unroll-runtime=false"])
        .args(&build.flags);
    command
}

/// What the folders of this machine are called in what is compiled. The last that fits counts.
fn mappings(krate: &Crate, rustc: &Rustc, place: &Place) -> Vec<String> {
    let mut folders = Vec::new();
    if let Some(parent) = krate
        .workspace
        .parent()
        .filter(|parent| parent.parent().is_some())
    {
        folders.push((parent.to_path_buf(), ".."));
    }
    folders.push((krate.workspace.clone(), "."));
    folders.push((place.target.clone(), "target"));
    folders.extend(cargo_home().map(|home| (home, "cargo")));
    folders.push((rustc.sysroot.clone(), "rust"));
    let arguments = folders
        .into_iter()
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    arguments.collect()
}

/// Where cargo keeps what it downloads.
pub(super) fn cargo_home() -> Option<PathBuf> {
    let home = || variables::get(variables::HOME).map(|home| Path::new(&home).join(".cargo"));
    variables::get(variables::CARGO_HOME)
        .map(PathBuf::from)
        .or_else(home)
}
