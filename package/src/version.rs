//! The bound on versions: a package's name and version are a folder's name, everywhere.

use semver::Version;

/// The longest version, in characters.
pub const MAX_LENGTH: usize = 64;

/// A version that is too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "version `{shown}…` has {length} characters; at most {MAX_LENGTH} fit the names of folders \
     and archives"
)]
pub struct VersionTooLong {
    /// Its beginning.
    shown: String,
    /// How long it is.
    length: usize,
}

/// Refuses a version whose text is longer than [`MAX_LENGTH`].
///
/// # Errors
/// [`VersionTooLong`].
pub fn check(version: &Version) -> Result<(), VersionTooLong> {
    let text = version.to_string();
    if text.len() <= MAX_LENGTH {
        return Ok(());
    }
    Err(VersionTooLong {
        // All of its characters are ASCII.
        shown: text.chars().take(24).collect(),
        length: text.len(),
    })
}

/// `1.0.0-x…x` of that many characters, for tests.
#[cfg(test)]
pub(crate) fn of_length(length: usize) -> Version {
    format!("1.0.0-{}", "x".repeat(length - 6))
        .parse()
        .expect("a version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest() {
        check(&of_length(64)).unwrap();
        let error = check(&of_length(65)).unwrap_err().to_string();
        assert!(error.starts_with("version `1.0.0-xxxxxx"), "{error}");
        assert!(error.contains("has 65 characters; at most 64"), "{error}");
        assert!(check(&of_length(100_000)).unwrap_err().to_string().len() < 200);
    }
}
