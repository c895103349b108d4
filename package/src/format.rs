//! The numbers of the formats, and the refusal of newer ones.

/// `Puck.toml`, and `[package.metadata.puck]` of a `Cargo.toml`.
pub const MANIFEST: u32 = 1;
/// Signatures and link names. They bear no number themselves: the numbers of the documents that
/// hold them stand for it, and change with it.
pub const SIGNATURE: u32 = 1;
/// `package.json`, and the layout of the archive it describes.
pub const PACKAGE: u32 = 1;
/// A line of a registry's index.
pub const INDEX: u32 = 1;
/// `registry.json`, and the layout of the registry it describes.
pub const REGISTRY: u32 = 1;
/// `Puck.lock`.
pub const LOCKFILE: u32 = 1;
/// `environment.json`, and the layout of the environment it describes.
pub const ENVIRONMENT: u32 = 1;

/// A format newer than this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} has format {found}, but this puck knows formats up to {known}; \
     a newer puck is needed to read it"
)]
pub struct NewerFormat {
    /// What was read.
    pub what: String,
    /// The number it bears.
    pub found: u32,
    /// The newest number known here.
    pub known: u32,
}

/// Refuses a format newer than `known`; `what` names the thing that was read.
///
/// # Errors
/// [`NewerFormat`] if `found` is greater than `known`, or 0, which no format has.
pub fn check(what: &str, found: u32, known: u32) -> Result<(), NewerFormat> {
    if (1..=known).contains(&found) {
        Ok(())
    } else {
        Err(NewerFormat {
            what: what.to_owned(),
            found,
            known,
        })
    }
}

/// Why a JSON document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is of a newer format.
    #[error(transparent)]
    Newer(#[from] NewerFormat),
    /// It is not JSON, or not the JSON that was expected.
    #[error("{what} is not valid: {source}")]
    Json {
        /// What was read.
        what: String,
        /// What the reader found, with line and column.
        source: serde_json::Error,
    },
    /// It says something that cannot be.
    #[error("{what} is not valid: {reason}")]
    Invalid {
        /// What was read.
        what: String,
        /// What cannot be.
        reason: String,
    },
    /// It is longer than any honest one.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What was read.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
}

/// A document that bears its format's number.
pub trait Numbered {
    /// The number.
    fn format(&self) -> u32;
}

/// Reads a JSON document that bears its number under `format`.
///
/// A newer format is called that even if it does not look like a `T`, not "invalid".
///
/// # Errors
/// If `bytes` are not JSON, not of type `T`, or of a format newer than `known`.
pub fn read_json<'a, T: serde::Deserialize<'a> + Numbered>(
    what: &str,
    bytes: &'a [u8],
    known: u32,
) -> Result<T, DocumentError> {
    #[derive(serde::Deserialize)]
    struct Number {
        format: u32,
    }
    match serde_json::from_slice::<T>(bytes) {
        Ok(document) => {
            check(what, document.format(), known)?;
            Ok(document)
        }
        Err(source) => {
            if let Ok(Number { format }) = serde_json::from_slice(bytes) {
                check(what, format, known)?;
            }
            Err(DocumentError::Json {
                what: what.to_owned(),
                source,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_is_refused_by_number_even_when_it_would_not_parse() {
        #[derive(Debug, serde::Deserialize)]
        struct Document {
            format: u32,
            #[expect(dead_code, reason = "only whether it parses matters")]
            name: String,
        }
        impl Numbered for Document {
            fn format(&self) -> u32 {
                self.format
            }
        }
        let read = |text: &str| {
            read_json::<Document>("x.json", text.as_bytes(), 3).map_err(|e| e.to_string())
        };
        assert!(read(r#"{"format": 3, "name": "a"}"#).is_ok());
        let newer = read(r#"{"format": 4, "named": "a"}"#).unwrap_err();
        assert!(
            newer.contains("x.json has format 4") && newer.contains("up to 3"),
            "{newer}"
        );
        let newer = read(r#"{"format": 4, "name": "a"}"#).unwrap_err();
        assert!(newer.contains("x.json has format 4"), "{newer}");
        assert!(read(r#"{"format": 0, "name": "a"}"#).is_err());
        assert!(
            read(r#"{"format": 3}"#)
                .unwrap_err()
                .contains("missing field `name`")
        );
        assert!(read("{").unwrap_err().contains("x.json is not valid"));
    }
}
