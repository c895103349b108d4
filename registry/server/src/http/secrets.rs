//! Keeping tokens out of what is written down.

use std::borrow::Cow;

/// What every token begins with.
const PREFIX: &str = "puck_";
/// How much follows it.
const LENGTH: usize = 43;

/// `text` with everything that may be a token replaced.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(PREFIX) {
        let secret = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let length = after.find(|c| !secret(c)).unwrap_or(after.len());
        shown.push_str(before);
        shown.push_str(PREFIX);
        // A part of a token is a secret, too.
        if length >= LENGTH / 2 {
            shown.push('…');
            rest = after.get(length..).unwrap_or_default();
        } else {
            rest = after;
        }
    }
    if shown.is_empty() {
        return text.into();
    }
    shown.push_str(rest);
    shown.into()
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
            (String::new(), ""),
        ] {
            assert_eq!(redacted(&text), expected);
        }
    }
}
