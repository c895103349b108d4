//! Compression of what is text: which one the client takes, and doing it.
//!
//! Each encoding is a representation of its own, so it has an entity tag of its own: that of the
//! file with a suffix. A 304 is thus about the very bytes the client holds.

use std::io::{self, Write as _};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use bytes::Bytes;

/// Smaller texts are sent as they are: the header would cost what is won.
pub(crate) const WORTH: u64 = 512;
/// Larger ones too: they would have to be held in memory.
pub(crate) const BOUND: u64 = 16 << 20;

/// How a representation is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Identity,
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
}

impl Encoding {
    /// The value of `Content-Encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// The best encoding that the client takes. What it says of `identity` is of no consequence:
    /// there is always something to send.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let (mut gzip, mut zstd, mut any) = (None, None, None);
        let values = headers.get_all(ACCEPT_ENCODING);
        for item in values
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
        {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            match name.trim() {
                name if name.eq_ignore_ascii_case("gzip") => gzip = Some(weight),
                name if name.eq_ignore_ascii_case("zstd") => zstd = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        // `*` says yes to anything, but a client that cannot name Zstandard may not have it.
        let gzip: f32 = gzip.or(any).unwrap_or(0.0);
        let zstd: f32 = zstd.unwrap_or(0.0);
        match (zstd > 0.0, gzip > 0.0) {
            (true, _) if zstd >= gzip => Self::Zstd,
            (_, true) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// The entity tag of the representation of a file whose own tag is `etag`.
    pub(crate) fn etag(self, etag: &str) -> String {
        match (self.name(), etag.strip_suffix('"')) {
            (Some(name), Some(open)) => format!("{open}-{name}\""),
            _ => etag.to_owned(),
        }
    }

    /// `bytes`, encoded. Takes a while: not for a thread that serves others.
    ///
    /// # Errors
    /// Never, unless memory runs out.
    pub(crate) fn encode(self, bytes: &Bytes) -> io::Result<Bytes> {
        Ok(match self {
            Self::Identity => bytes.clone(),
            Self::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                out.write_all(bytes)?;
                out.finish()?.into()
            }
            Self::Zstd => zstd::bulk::compress(bytes, 3)?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_that_the_client_takes() {
        use Encoding::{Gzip, Identity, Zstd};
        for (value, expected) in [
            ("", Identity),
            ("gzip", Gzip),
            ("GZIP", Gzip),
            ("deflate, br", Identity),
            ("gzip, deflate, br, zstd", Zstd),
            ("gzip;q=1.0, zstd;q=0.5", Gzip),
            ("gzip;q=0", Identity),
            ("gzip; q=0.1", Gzip),
            ("gzip;q=x", Identity),
            ("zstd;q=0, *", Gzip),
            ("*", Gzip),
            ("*;q=0", Identity),
            ("identity;q=0", Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(Encoding::accepted(&headers), expected, "{value}");
        }
        assert_eq!(Encoding::accepted(&HeaderMap::new()), Identity);
    }

    #[test]
    fn each_has_a_tag_of_its_own() {
        assert_eq!(Encoding::Identity.etag("\"x\""), "\"x\"");
        assert_eq!(Encoding::Gzip.etag("\"x\""), "\"x-gzip\"");
        assert_eq!(Encoding::Zstd.etag("\"x\""), "\"x-zstd\"");
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let text = Bytes::from("a line of an index\n".repeat(100));
        let gzip = Encoding::Gzip.encode(&text).unwrap();
        let mut plain = Vec::new();
        io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut plain).unwrap();
        assert_eq!(plain, text);
        let zstd = Encoding::Zstd.encode(&text).unwrap();
        assert_eq!(zstd::bulk::decompress(&zstd, 10_000).unwrap(), text);
        assert!(gzip.len() < text.len() && zstd.len() < text.len());
    }
}
