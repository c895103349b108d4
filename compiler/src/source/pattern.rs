//! The `sources` of a manifest: from patterns to files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use puck_package::{Manifest, nearest};

use super::{Language, SourceError};

/// Extensions with their languages.
const EXTENSIONS: [(&str, Language); 7] = [
    ("c", Language::C),
    ("cc", Language::Cpp),
    ("cpp", Language::Cpp),
    ("cxx", Language::Cpp),
    ("ll", Language::Ir),
    ("bc", Language::Ir),
    ("py", Language::Python),
];

/// How many files are looked at to tell the user which sources there are.
const NEAR_LIMIT: usize = 2000;

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// Relative to the project, with `/`.
    pub(super) path: String,
    /// By its extension.
    pub(super) language: Language,
}

/// The files that the manifest's patterns match, each once, sorted by path.
pub(super) fn expand(
    manifest: &Manifest,
    directory: &Path,
) -> Result<Vec<SourceFile>, SourceError> {
    let mut files = BTreeMap::new();
    for pattern in &manifest.build.sources {
        let before = files.len();
        let mut matched = false;
        for path in matches(manifest, directory, pattern)? {
            let language = language(&path)?;
            files.insert(path.clone(), SourceFile { path, language });
            matched = true;
        }
        if !matched && files.len() == before {
            return Err(SourceError::NoMatch {
                manifest: manifest.path.clone(),
                pattern: pattern.clone(),
                near: near(directory, pattern),
            });
        }
    }
    Ok(files.into_values().collect())
}

/// The files that match one pattern, relative to `directory`.
fn matches(
    manifest: &Manifest,
    directory: &Path,
    pattern: &str,
) -> Result<Vec<String>, SourceError> {
    let invalid = |reason: String| SourceError::InvalidPattern {
        manifest: manifest.path.clone(),
        pattern: pattern.to_owned(),
        reason,
    };
    if pattern.starts_with('/') || pattern.split('/').any(|part| part == "..") {
        return Err(invalid(
            "sources lie inside the project's folder".to_owned(),
        ));
    }
    let root = directory
        .to_str()
        .ok_or_else(|| invalid("the folder is not UTF-8".to_owned()))?;
    let whole = format!("{}/{pattern}", glob::Pattern::escape(root));
    let options = glob::MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..glob::MatchOptions::default()
    };
    let paths = glob::glob_with(&whole, options).map_err(|error| invalid(error.msg.to_owned()))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(std::io::Error::from)?;
        if path.is_dir() {
            continue;
        }
        let relative = path.strip_prefix(directory).unwrap_or(&path);
        let text = relative
            .to_str()
            .ok_or_else(|| invalid(format!("the name of {} is not UTF-8", relative.display())))?;
        files.push(text.to_owned());
    }
    Ok(files)
}

fn language(path: &str) -> Result<Language, SourceError> {
    let extension = Path::new(path)
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    EXTENSIONS
        .into_iter()
        .find(|(known, _)| *known == extension)
        .map(|(_, l)| l)
        .ok_or_else(|| {
            let list = |wanted: fn(Language) -> bool| {
                let known = EXTENSIONS
                    .iter()
                    .filter(|(_, l)| wanted(*l))
                    .map(|(e, _)| format!(".{e}"));
                known.collect::<Vec<_>>().join(" ")
            };
            SourceError::UnknownExtension {
                path: path.to_owned(),
                known: format!(
                    "{} (clang), {} (LLVM IR), {} (Python)",
                    list(|l| matches!(l, Language::C | Language::Cpp)),
                    list(|l| l == Language::Ir),
                    list(|l| l == Language::Python)
                ),
            }
        })
}

/// Up to five sources that do exist, the one nearest to `pattern` first.
fn near(directory: &Path, pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![(directory.to_path_buf(), 0_usize)];
    let mut seen = 0_usize;
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs_err::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            let path = entry.path();
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.') || name == "target";
            if seen > NEAR_LIMIT || hidden {
                continue;
            }
            if path.is_dir() {
                if depth < 3 {
                    folders.push((path, depth + 1));
                }
            } else if let Some(relative) = relative(&path, directory)
                && language(&relative).is_ok()
            {
                found.push(relative);
            }
        }
    }
    found.sort();
    if let Some(best) = nearest(pattern, found.iter().map(String::as_str)).map(str::to_owned) {
        found.retain(|path| *path != best);
        found.insert(0, best);
    }
    found.truncate(5);
    found
}

fn relative(path: &Path, directory: &Path) -> Option<String> {
    let path: PathBuf = path.strip_prefix(directory).ok()?.to_path_buf();
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
