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
            _ => None,
        }
    }
}
