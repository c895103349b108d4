//! What can go wrong between the files of a package and its modules.

use std::path::PathBuf;

/// Why sources could not be compiled or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The manifest names neither `sources` nor `cargo`.
    #[error("{}: nothing to build: [build] has neither `sources` nor `cargo`", .manifest.display())]
    NoSources {
        /// The manifest.
        manifest: PathBuf,
    },
    /// A pattern of `sources` that is no pattern, or leads out of the project.
    #[error("{}: invalid pattern `{pattern}` in `sources`: {reason}", .manifest.display())]
    InvalidPattern {
        /// The manifest.
        manifest: PathBuf,
        /// The pattern as written.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern of `sources` that no file matches.
    #[error("{}: no file matches `{pattern}` in `sources`", .manifest.display())]
    NoMatch {
        /// The manifest.
        manifest: PathBuf,
        /// The pattern as written.
        pattern: String,
        /// Sources that do exist, the nearest first.
        near: Vec<String>,
    },
    /// A file of an unknown language.
    #[error("{path}: not a source that can be compiled: expected {known}")]
    UnknownExtension {
        /// The file, relative to the project.
        path: String,
        /// The extensions that are known.
        known: String,
    },
    /// No clang on this machine.
    #[error("no clang found to compile C and C++ with")]
    ClangMissing,
    /// A clang, but none that can be used.
    #[error("no usable clang: {}", .found.join("; "))]
    ClangUnusable {
        /// What was tried and why it does not do.
        found: Vec<String>,
    },
    /// The source compiler refused one or more files.
    #[error("{} ({tool}):\n{message}", failed(.files))]
    Compile {
        /// The files, relative to the project.
        files: Vec<String>,
        /// The compiler with its version.
        tool: String,
        /// What it said.
        message: String,
    },
    /// A tool that is needed is not there or does not start.
    #[error("cannot run `{program}`: {source}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A tool failed at something else than compiling.
    #[error("`{command}` failed: {message}")]
    Tool {
        /// The command.
        command: String,
        /// What it said.
        message: String,
    },
    /// A `Cargo.toml` that is no function package.
    #[error("{}: {reason}", .path.display())]
    Crate {
        /// The `Cargo.toml`.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The tables under `[package.metadata.puck]` are invalid.
    #[error(transparent)]
    Manifest(#[from] puck_package::ManifestError),
    /// A function of Numba where there are no Python files.
    #[error("{}: [[function]] `{function}` has `numba`, but no source is a Python file", .manifest.display())]
    NoPython {
        /// The manifest.
        manifest: PathBuf,
        /// The function.
        function: String,
    },
    /// No Python on this machine, or not the one that is named.
    #[error("no Python found to read Python sources with: {named}")]
    PythonMissing {
        /// What was looked for.
        named: String,
    },
    /// A Python, but none that can be used.
    #[error("`{python}` cannot be used: it {reason}")]
    PythonUnusable {
        /// The program.
        python: String,
        /// Why not.
        reason: String,
    },
    /// A Python that lacks packages.
    #[error("`{python}` (Python {version}) lacks what Python sources are compiled with: {missing}")]
    PythonPackages {
        /// The program.
        python: String,
        /// Its version.
        version: String,
        /// The packages that it lacks.
        missing: String,
    },
    /// Python sources that cannot be exported.
    #[error("{place}{message}")]
    Python {
        /// File and line, as far as they are known: `kernels.py:12: `.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The front end for Python ended where it should not.
    #[error("the front end for Python sources crashed ({tool}, {status}):\n{message}")]
    FrontEndCrashed {
        /// The Python.
        tool: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        message: String,
    },
    /// The front end for Python made something that cannot be used.
    #[error("the front end for Python sources ({tool}) gave what cannot be used: {reason}")]
    FrontEnd {
        /// The Python.
        tool: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Debug information that cannot be read.
    #[error("cannot read the debug information of the compiled sources: {0}")]
    Debug(String),
    /// A file operation; the error names the file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

fn failed(files: &[String]) -> String {
    match files {
        [one] => format!("{one} does not compile"),
        [first, rest @ ..] => format!("{first} and {} more do not compile", rest.len()),
        [] => "sources do not compile".to_owned(),
    }
}

impl SourceError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSources { .. } => Some(
                "add `sources = [\"src/*.c\"]`, or for a Rust crate `cargo = \"Cargo.toml\"`"
                    .to_owned(),
            ),
            Self::NoMatch { near, .. } if near.is_empty() => {
                Some("patterns are relative to the folder of the manifest".to_owned())
            }
            Self::NoMatch { near, .. } => Some(format!("there are: {}", near.join(", "))),
            Self::UnknownExtension { path, .. } if path.ends_with(".rs") => Some(
                "a Rust crate is built as a whole: `cargo = \"Cargo.toml\"` in place of `sources`"
                    .to_owned(),
            ),
            Self::UnknownExtension { .. } => {
                Some("narrow the pattern in `sources` so that it leaves this file out".to_owned())
            }
            Self::ClangMissing | Self::ClangUnusable { .. } => Some(format!(
                "install one (`apt install clang`), or name one of version {} to {} with \
                 PUCK_CLANG=/path/to/clang",
                super::clang::OLDEST,
                super::clang::NEWEST
            )),
            Self::Start { program, .. } if program == "cargo" || program == "rustc" => {
                Some("install Rust: https://rustup.rs".to_owned())
            }
            Self::Manifest(error) => error.hint(),
            Self::NoPython { .. } => {
                Some("list its file in `sources`, or give its C types in `signature`".to_owned())
            }
            Self::PythonMissing { .. } | Self::PythonUnusable { .. } => Some(
                "install Python 3.11 or newer, or name one with PUCK_PYTHON=/path/to/python or \
                 `python = \"...\"` in [build]"
                    .to_owned(),
            ),
            Self::PythonPackages { python, .. } => Some(format!(
                "`{python} -m pip install puck numba` installs them; or name a Python that has \
                 them with PUCK_PYTHON=/path/to/python or `python = \"...\"` in [build]"
            )),
            Self::Python { hint, .. } => hint.clone(),
            Self::FrontEnd { .. } => Some(
                "this is a fault of the Python package `puck`, or it is of another version than \
                 this command; install the same of both"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}
