//! The text of a token: known to who holds it, and to nobody else.

use std::fmt;
use std::str::FromStr;

use puck_package::Digest;
use subtle::ConstantTimeEq as _;

/// What every token begins with, so that it is recognised where it should not be.
const PREFIX: &str = "puck_";
/// The length of 32 bytes in base64url without padding.
const LETTERS: usize = 43;
/// As many digits of the hash are the token's id: too many to meet another's by chance, too few to
/// say anything about the rest.
const ID: usize = 16;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of a token. `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(String);

/// Not the text of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no token: expected `puck_` and 43 letters")]
pub struct InvalidSecret;

impl Secret {
    /// A new one, of 32 bytes of the system's randomness.
    ///
    /// # Errors
    /// If the system gives none.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(PREFIX.to_owned() + &base64url(&bytes)))
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(crate) fn sha256(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The name under which its token is stored.
    pub(crate) fn id(&self) -> String {
        self.sha256().prefix(ID)
    }

    /// Whether its hash is `stored`; how long that takes says nothing about where they differ.
    pub(crate) fn is(&self, stored: &Digest) -> bool {
        self.sha256().bytes().ct_eq(stored.bytes()).into()
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let letters = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        if letters.len() == LETTERS && letters.bytes().all(|letter| ALPHABET.contains(&letter)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSecret)
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("puck_…")
    }
}

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        for i in 0..=chunk.len() {
            let place = (group >> (18 - 6 * i)) & 63;
            text.extend(ALPHABET.get(place as usize).copied().map(char::from));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        // As Python's base64.urlsafe_b64encode, without the padding.
        for (bytes, expected) in [
            (&b""[..], ""),
            (b"f", "Zg"),
            (b"fo", "Zm8"),
            (b"foo", "Zm9v"),
            (&[0xfb, 0xff, 0xbf, 0x3e], "-_-_Pg"),
        ] {
            assert_eq!(base64url(bytes), expected);
        }
    }

    #[test]
    fn random_secrets_are_secrets_and_stay_secret() {
        let (a, b) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_ne!(a.text(), b.text());
        let again: Secret = a.text().parse().unwrap();
        assert!(again.is(&a.sha256()) && !again.is(&b.sha256()));
        assert_eq!(format!("{a:?}"), "puck_…");
        for text in [
            "",
            "puck_",
            "hunter2",
            &a.text()[1..],
            &format!("{}a", a.text()),
        ] {
            assert!(text.parse::<Secret>().is_err(), "{text}");
        }
    }
}
