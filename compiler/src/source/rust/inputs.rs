//! What a crate was made of, as cargo and rustc tell after compiling it.

use std::collections::BTreeSet;
use std::path::Path;

use super::cargo::{Crate, Rustc, cargo_home};
use crate::source::inputs::Inputs;
use crate::source::{SourceError, dependencies};
use puck_package::variables;

/// Adds them to `inputs`: the files of every local package, the settings, the toolchain, the
/// variables that `env!` read. Packages of a registry are given by the lockfile.
pub(super) fn collect(
    krate: &Crate,
    rustc: &Rustc,
    target: &Path,
    project: &Path,
    inputs: &mut Inputs,
) -> Result<(), SourceError> {
    let name = |path: &Path| {
        let path = path.strip_prefix(project).unwrap_or(path);
        path.to_str().map(str::to_owned)
    };
    let release = target.join("release");
    let library = krate.package.targets.iter().find(|t| t.doc || t.is_lib());
    let library = library
        .map_or(krate.name.as_str(), |t| t.name.as_str())
        .replace('-', "_");
    let list = release.join(format!("lib{library}.d"));
    let Ok(text) = fs_err::read_to_string(list) else {
        inputs.unknown = true;
        return Ok(());
    };
    let sources = dependencies::parse(&text);
    let mut manifests: BTreeSet<_> = krate.setting_files().into_iter().collect();
    for source in &sources {
        let path = Path::new(source);
        inputs.files.extend(name(path));
        inputs.unknown |= path.is_dir();
        let nearest = path
            .ancestors()
            .skip(1)
            .map(|folder| folder.join("Cargo.toml"));
        manifests.extend(nearest.filter(|manifest| manifest.is_file()).take(1));
    }
    for manifest in manifests {
        // What a build script reads is its own affair, and cargo's to follow.
        let script = manifest.ends_with("Cargo.toml")
            && (manifest.with_file_name("build.rs").exists()
                || fs_err::read_to_string(&manifest)
                    .is_ok_and(|text| text.lines().any(|l| l.trim_start().starts_with("build"))));
        inputs.unknown |= script;
        inputs.files.extend(name(&manifest));
    }
    inputs
        .identities
        .extend(name(&rustc.sysroot.join("bin/rustc")));
    // Which toolchain rustup chooses hangs on its settings too.
    let rustup = variables::get(variables::RUSTUP_HOME).map(std::path::PathBuf::from);
    let home = || variables::get(variables::HOME).map(|home| Path::new(&home).join(".rustup"));
    if let Some(rustup) = rustup.or_else(home) {
        inputs.files.extend(name(&rustup.join("settings.toml")));
    }
    inputs
        .variables
        .extend(variables::OF_CARGO.map(str::to_owned));
    inputs.variables.extend(environment(&release.join("deps")));
    inputs
        .files
        .extend(cargo_home().and_then(|home| name(&home.join("config.toml"))));
    Ok(())
}

/// The variables that `env!` and `option_env!` read, but for those that cargo itself gives.
fn environment(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "d")
        {
            let text = fs_err::read_to_string(entry.path()).unwrap_or_default();
            let variables = text
                .lines()
                .filter_map(|line| line.strip_prefix("# env-dep:"));
            let variables = variables.map(|v| v.split_once('=').map_or(v, |(name, _)| name));
            names.extend(
                variables
                    .filter(|v| !v.starts_with("CARGO"))
                    .map(str::to_owned),
            );
        }
    }
    names
}
