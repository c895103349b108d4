//! Which redirects of its upstream a mirror follows.

use reqwest::redirect::Policy;
use url::Url;

/// As many as usual, but none that gives up encryption.
pub(super) fn policy() -> Policy {
    Policy::custom(|attempt| {
        if downgrades(attempt.previous(), attempt.url()) {
            let reason = format!("it leads to {}, which is not encrypted", attempt.url());
            return attempt.error(reason);
        }
        Policy::default().redirect(attempt)
    })
}

/// Whether a redirect would take what was asked for encrypted to where anybody can change it.
fn downgrades(previous: &[Url], next: &Url) -> bool {
    next.scheme() != "https" && previous.iter().any(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_encryption() {
        for (previous, next, refused) in [
            ("https://a.example/", "http://a.example/", true),
            (
                "http://a.example/ https://a.example/",
                "http://b.example/",
                true,
            ),
            ("https://a.example/", "https://b.example/", false),
            ("http://a.example/", "https://a.example/", false),
            ("http://a.example/", "http://b.example/", false),
        ] {
            let previous: Vec<Url> = previous
                .split(' ')
                .map(|url| url.parse().unwrap())
                .collect();
            let found = downgrades(&previous, &next.parse().unwrap());
            assert_eq!(found, refused, "{previous:?} {next}");
        }
    }
}
