//! Keeping tokens out of what is written down.

use std::borrow::Cow;

/// What every token begins with.
const PREFIX: &str = "puck_";
/// How much follows it.
const LENGTH: usize = 43;

/// How often a path may be percent-encoded, over and over, for a token to be found in it.
const LAYERS: usize = 3;

/// `text` with everything that may be a token replaced, even if it is percent-encoded.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(text);
    for _ in 0..LAYERS {
        if !decoded.contains('%') {
            break;
        }
        decoded = unescaped(&decoded).into();
    }
    match without_tokens(&decoded) {
        Some(shown) => shown.into(),
        None => text.into(),
    }
}

/// `text` without percent encoding of what tokens are made of, and of `%`; all else stays as it is,
/// so that nothing gets into a log that breaks its lines.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut unescaped = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let byte = piece
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .map(char::from)
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%'));
        unescaped.push(byte.unwrap_or('%'));
        let rest = byte.and_then(|_| piece.get(2..));
        unescaped.push_str(rest.unwrap_or(piece));
    }
    unescaped
}

/// `text` without the tokens in it; `None` if there are none.
fn without_tokens(text: &str) -> Option<String> {
    let mut shown = String::new();
    let mut found = false;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PREFIX) {
        let secret = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let length = after.find(|c| !secret(c)).unwrap_or(after.len());
        shown.push_str(before);
        shown.push_str(PREFIX);
        // A part of a token is a secret, too.
        if length >= LENGTH / 2 {
            shown.push('…');
            found = true;
            rest = after.get(length..).unwrap_or_default();
        } else {
            rest = after;
        }
    }
    shown.push_str(rest);
    found.then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_shown() {
        let token = format!("puck_{}", "aB3-_".repeat(9).get(..43).unwrap());
        for (text, expected) in [
            ("/index/pu/ck/puck_x".to_owned(), "/index/pu/ck/puck_x"),
            (token.clone(), "puck_…"),
            (format!("/a/{token}/b"), "/a/puck_…/b"),
            (format!("{token} {token}"), "puck_… puck_…"),
            (format!("?t={}", &token[..40]), "?t=puck_…"),
            (format!("/a/{}", token.replace('_', "%5F")), "/a/puck_…"),
            (token.replacen("puck", "%70%75ck", 1), "puck_…"),
            (token.replacen("_", "%255f", 1), "puck_…"),
            (format!("/%0a/%5F/{token}"), "/%0a/_/puck_…"),
            ("/%5F%0a%2".to_owned(), "/%5F%0a%2"),
            ("puck_%é%".to_owned(), "puck_%é%"),
            (String::new(), ""),
        ] {
            assert_eq!(redacted(&text), expected);
        }
    }
}
