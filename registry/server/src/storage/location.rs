//! Names of places where registries are kept: directories and buckets.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Error;

/// Where a registry is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageLocation {
    /// A directory.
    Directory(PathBuf),
    /// A bucket of an S3-compatible object store: `s3://bucket/prefix`.
    Bucket {
        /// Its name.
        bucket: String,
        /// What the keys of all objects begin with, without slashes at its ends; may be empty.
        prefix: String,
    },
}

impl FromStr for StorageLocation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |reason: &str| Error::Location {
            location: text.to_owned(),
            reason: reason.to_owned(),
        };
        let Some(rest) = text.strip_prefix("s3://") else {
            return match text.split_once("://") {
                Some(("file", path)) => Ok(Self::Directory(path.into())),
                Some(_) => Err(bad("buckets begin with s3://")),
                None if text.is_empty() => Err(bad("it is empty")),
                None => Ok(Self::Directory(text.into())),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        if bucket.is_empty() {
            return Err(bad("it names no bucket"));
        }
        if prefix.split('/').any(|part| part == "." || part == "..")
            || prefix.contains("//")
            || rest.contains(['?', '#', '%'])
        {
            return Err(bad(
                "the prefix must be plain names with slashes between them",
            ));
        }
        Ok(Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

impl fmt::Display for StorageLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => path.display().fmt(f),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (text, expected) in [
            ("registry", Some("registry")),
            ("/srv/puck", Some("/srv/puck")),
            ("file:///srv/puck", Some("/srv/puck")),
            ("s3://bucket", Some("s3://bucket")),
            ("s3://bucket/", Some("s3://bucket")),
            ("s3://bucket/a/b/", Some("s3://bucket/a/b")),
            ("", None),
            ("s3://", None),
            ("s3:///a", None),
            ("s3://bucket/../a", None),
            ("s3://bucket/a//b", None),
            ("s3://bucket/a?x=1", None),
            ("https://bucket/a", None),
        ] {
            let found = text.parse::<StorageLocation>().map(|l| l.to_string());
            assert_eq!(found.ok().as_deref(), expected, "{text}");
        }
    }
}
