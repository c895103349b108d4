//! How clang is called.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use puck_package::variables;

use super::Clang;
use crate::BuildRequest;
use crate::source::pattern::SourceFile;

/// What of the manifest counts for the compiler. Its `Debug` form is part of cache keys.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) opt_level: u8,
    pub(super) flags: Vec<String>,
}

/// The values of the variables that clang finds headers by, as a part of cache keys.
pub(super) fn variables() -> String {
    format!("{:?}", variables::OF_CLANG.map(variables::get))
}

/// The command up to the names of files.
///
/// The optimiser is left out and only its annotations are made, so that each target is optimised
/// from the same start. The project's folder is `.` in all that is recorded, for two folders with
/// the same files must give the same bytes; later mappings count more, and the cache is usually
/// inside of the project.
pub(super) fn command(
    clang: &Clang,
    options: &Options,
    request: &BuildRequest<'_>,
    include: &Path,
) -> Command {
    let mut command = Command::new(&clang.path);
    let project = std::path::absolute(request.directory).unwrap_or(request.directory.to_path_buf());
    command
        .current_dir(&project)
        .env("SOURCE_DATE_EPOCH", "0")
        .env_remove("CCC_OVERRIDE_OPTIONS")
        .env_remove("DEPENDENCIES_OUTPUT")
        .env_remove("SUNPRO_DEPENDENCIES")
        .arg(format!("-O{}", options.opt_level))
        .args(["-Xclang", "-disable-llvm-passes"])
        .args([
            "-emit-llvm",
            "-c",
            "-g",
            "-fPIC",
            "-fno-ident",
            "-fno-color-diagnostics",
        ]);
    if options.opt_level == 0 {
        // Else functions are marked as never to be optimised, for good.
        command.args(["-Xclang", "-disable-O0-optnone"]);
    }
    command.arg(mapping(&project, "."));
    if let Ok(real) = fs_err::canonicalize(&project)
        && real != project
    {
        command.arg(mapping(&real, "."));
    }
    command
        .arg(mapping(include, "include"))
        .arg("-I")
        .arg(include);
    command.args(&options.flags);
    command
}

fn mapping(from: &Path, to: &str) -> OsString {
    let mut argument = OsString::from("-ffile-prefix-map=");
    argument.push(from);
    argument.push("=");
    argument.push(to);
    argument
}

/// The folders that `#include` looks in, those of the system left out.
pub(super) fn search_folders(
    options: &Options,
    include: &Path,
    sources: &[&SourceFile],
) -> Vec<String> {
    let parent = |path: &str| match path.rsplit_once('/') {
        Some((folder, _)) => folder.to_owned(),
        None => ".".to_owned(),
    };
    let mut folders: BTreeSet<_> = sources.iter().map(|source| parent(&source.path)).collect();
    folders.insert(include.to_string_lossy().into_owned());
    let mut flags = options.flags.iter();
    while let Some(flag) = flags.next() {
        for option in ["-I", "-iquote", "-isystem", "-idirafter"] {
            match flag.strip_prefix(option) {
                Some("") => folders.extend(flags.next().cloned()),
                Some(folder) => {
                    folders.insert(folder.to_owned());
                }
                None => continue,
            }
            break;
        }
    }
    folders.into_iter().collect()
}

#[cfg(test)]
mod tests;
