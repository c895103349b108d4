//! New packages: what `puck new` writes.
//!
//! Each language's files make the same package, which builds, packs and runs as it is: a dot
//! product, and a function that changes a vector in place.

mod place;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use puck_package::{PackageName, nearest};

/// What the packages say of themselves.
const DESCRIPTION: &str = "Vectors of doubles: dot product and centering";

/// A language that a package can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// C, compiled by clang.
    C,
    /// C++, compiled by clang.
    Cpp,
    /// Rust without `std`, compiled by cargo.
    Rust,
    /// LLVM IR as text.
    Ir,
    /// Python, compiled by Numba.
    Python,
}

/// A text that names no language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language for packages; there are c, cpp, rust, ir and python")]
pub struct LanguageError(String);

/// Why there is no new package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Something is there that must not be lost.
    #[error("{} is not empty: it has `{found}`", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// One of the things in it.
        found: String,
    },
    /// Something other than a folder is there.
    #[error("{} is there already, and is not a folder", path.display())]
    NotADirectory {
        /// What is there.
        path: PathBuf,
    },
    /// The operating system refused; the message names the path.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl TemplateError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotEmpty { .. } | Self::NotADirectory { .. } => Some(
                "choose another name or folder; an empty folder, or one with nothing but `.git`, \
                 is taken"
                    .to_owned(),
            ),
            Self::Io(_) => None,
        }
    }
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::C, Self::Cpp, Self::Rust, Self::Ir, Self::Python];

    /// Its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cpp => "cpp",
            Self::Rust => "rust",
            Self::Ir => "ir",
            Self::Python => "python",
        }
    }

    /// The files of a package, by path, but for those that every package has.
    fn files(self) -> [(&'static str, &'static str); 2] {
        macro_rules! file {
            ($path:literal) => {
                include_str!(concat!("files/", $path))
            };
        }
        match self {
            Self::C => [
                ("Puck.toml", file!("c/Puck.toml")),
                ("src/vector.c", file!("c/vector.c")),
            ],
            Self::Cpp => [
                ("Puck.toml", file!("cpp/Puck.toml")),
                ("src/vector.cpp", file!("cpp/vector.cpp")),
            ],
            Self::Rust => [
                ("Cargo.toml", file!("rust/Cargo.toml")),
                ("src/lib.rs", file!("rust/lib.rs")),
            ],
            Self::Ir => [
                ("Puck.toml", file!("ir/Puck.toml")),
                ("src/vector.ll", file!("ir/vector.ll")),
            ],
            Self::Python => [
                ("Puck.toml", file!("python/Puck.toml")),
                ("vector.py", file!("python/vector.py")),
            ],
        }
    }

    /// The parameter and the argument that say how long vectors are, where arrays do not.
    fn length(self) -> (&'static str, &'static str) {
        match self {
            Self::Python => ("", ""),
            _ => ("n, ", "3 "),
        }
    }

    /// What a reader of the package should know of the language.
    fn about(self) -> &'static str {
        match self {
            Self::C => {
                "The functions are in `src/vector.c`; `Puck.toml` says which of them are exported."
            }
            Self::Cpp => {
                "The functions are in `src/vector.cpp`; `Puck.toml` says which of them are exported.\n\
                 Functions that are not `extern \"C\"` can be exported too, and overloaded."
            }
            Self::Rust => {
                "The functions are in `src/lib.rs`; `[package.metadata.puck]` in `Cargo.toml` says \
                 which of\nthem are exported."
            }
            Self::Ir => {
                "The functions are in `src/vector.ll`; `Puck.toml` says which of them are exported, \
                 and their types."
            }
            Self::Python => {
                "The functions are in `vector.py`; those that `@puck.export` decorates are exported. \
                 Building takes a\nPython that has the packages `puck` and `numba`: the one of the \
                 virtual environment that is active, or\nwhich the variable `PUCK_PYTHON` names."
            }
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == text)
            .ok_or_else(|| LanguageError(text.to_owned()))
    }
}

impl LanguageError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let lower = self.0.to_ascii_lowercase();
        let meant = match lower.as_str() {
            "c++" | "cc" | "cxx" => "cpp",
            "rs" => "rust",
            "ll" | "llvm" | "llvm-ir" | "bc" => "ir",
            "py" | "numba" => "python",
            other => nearest(other, Language::ALL.map(Language::as_str))?,
        };
        Some(format!("did you mean `{meant}`?"))
    }
}

/// Writes a new package into `directory`, which is made if it is missing, and tells what was
/// written.
///
/// # Errors
/// If `directory` holds anything but `.git`, or cannot be written. Then nothing is changed.
pub fn create(
    directory: &Path,
    name: &PackageName,
    language: Language,
) -> Result<Vec<PathBuf>, TemplateError> {
    let (parameter, argument) = language.length();
    let commands = commands(name, argument);
    let fill = |text: &str| {
        text.replace("{{name}}", name.as_str())
            .replace("{{description}}", DESCRIPTION)
            .replace("{{n}}", parameter)
            .replace("{{commands}}", &commands)
            .replace("{{about}}", language.about())
    };
    let mut files: Vec<_> = language
        .files()
        .into_iter()
        .chain([
            (".gitignore", include_str!("files/gitignore")),
            ("README.md", include_str!("files/README.md")),
        ])
        .map(|(path, text)| (path, fill(text)))
        .collect();
    files.sort_unstable();
    place::write(directory, &files)?;
    Ok(files.iter().map(|(path, _)| directory.join(path)).collect())
}

/// What can be done with the package; `length` is the argument that says how long vectors are.
fn commands(name: &PackageName, length: &str) -> String {
    let commands = [
        (
            "build".to_owned(),
            "compile, for every level of the processor",
        ),
        (format!("run {name}::dot {length}[1,2,3] [4,5,6]"), "32"),
        (
            format!("run {name}::center {length}[1,2,6]"),
            "3, and x = [-2, -1, 3]",
        ),
        ("publish".to_owned(), "for others to install"),
    ];
    let width = commands.iter().map(|(command, _)| command.len()).max();
    let width = width.unwrap_or_default();
    let lines = commands.map(|(command, what)| format!("    puck {command:width$}    # {what}"));
    lines.join("\n")
}

#[cfg(test)]
mod tests;
