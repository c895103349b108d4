//! The paths that an archive may hold: one set of rules for writing and for reading.

use std::collections::BTreeSet;

use super::DOCUMENT;

/// Top-level names, in lower case, that are not for archives: what describes them, and what the
/// store adds.
const RESERVED: [&str; 3] = [DOCUMENT, "installed.json", "lib"];
/// The longest path: with a name and a version of 64 characters each before it, it fits a tar
/// header.
const MAX_LENGTH: usize = 90;

/// Checks a path inside an archive, without the `NAME-VERSION/` that all begin with.
///
/// Allowed are one to four names of ASCII letters, digits and `.-_+`, not `.` or `..`, at most 90
/// bytes in all, and neither `package.json`, `installed.json` and `lib` nor anything below them:
/// the store puts its own there.
///
/// # Errors
/// What is wrong, as the end of a sentence that begins with the path.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.starts_with('/') {
        return Err("is absolute");
    }
    if path.len() > MAX_LENGTH {
        return Err("is longer than 90 bytes");
    }
    for name in path.split('/') {
        match name {
            "" => return Err("has an empty part"),
            "." | ".." => return Err("has a part that is `.` or `..`"),
            _ => {}
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
        if !name.bytes().all(plain) {
            return Err("has a character other than ASCII letters, digits and `.-_+`");
        }
    }
    if path.split('/').count() > 4 {
        return Err("is nested deeper than four");
    }
    let top = path.split('/').next().unwrap_or_default();
    if RESERVED.contains(&&*top.to_ascii_lowercase()) {
        return Err(
            "is not for archives: `package.json`, `installed.json` and `lib` are the store's own",
        );
    }
    Ok(())
}

/// The paths of an archive so far.
#[derive(Default)]
pub(super) struct Paths {
    /// In lower case: where file systems ignore case, names that differ in it alone are one.
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Paths {
    /// Adds a file.
    ///
    /// # Errors
    /// What is wrong with its path, as the end of a sentence that begins with the path.
    pub(super) fn add(&mut self, path: &str) -> Result<(), &'static str> {
        check_path(path)?;
        let path = path.to_ascii_lowercase();
        let mut folder = &path[..];
        while let Some((parent, _)) = folder.rsplit_once('/') {
            if self.files.contains(parent) {
                return Err("is below another file");
            }
            self.folders.insert(parent.to_owned());
            folder = parent;
        }
        if self.folders.contains(&path) {
            return Err("is a folder of other files");
        }
        if self.files.insert(path) {
            Ok(())
        } else {
            Err("stands in it twice")
        }
    }

    /// How many files there are.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// Whether `path`, or one that differs in case alone, is among them.
    pub(super) fn contains(&self, path: &str) -> bool {
        self.files.contains(&path.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names() {
        for path in [
            "package.json",
            "Package.JSON",
            "package.json/x",
            "installed.json",
            "INSTALLED.json",
            "lib",
            "lib/x.so",
            "Lib/x.so",
        ] {
            assert!(
                check_path(path)
                    .unwrap_err()
                    .starts_with("is not for archives"),
                "{path}"
            );
        }
        for path in [
            "include/package.json",
            "ir/lib",
            "libs",
            "installed.json.md",
        ] {
            check_path(path).unwrap();
        }
    }

    #[test]
    fn one_path_at_most_once() {
        for (second, expected) in [
            ("a/b", "twice"),
            ("A/B", "twice"),
            ("a", "is a folder of other files"),
            ("A", "is a folder of other files"),
            ("a/b/c", "is below another file"),
            ("a/B/c/d", "is below another file"),
        ] {
            let mut paths = Paths::default();
            paths.add("a/b").unwrap();
            assert!(
                paths.add(second).unwrap_err().contains(expected),
                "{second}"
            );
        }
        let mut paths = Paths::default();
        for good in ["a/b", "a/c", "ab", "b/a"] {
            paths.add(good).unwrap();
        }
        assert_eq!(paths.count(), 4);
        assert!(paths.contains("A/C") && !paths.contains("a"));
    }
}
