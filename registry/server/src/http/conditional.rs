//! Conditional requests (RFC 9110, section 13): whether the client has what it asks for.

use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use axum::http::header::{
    IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};

/// What the conditions of a request ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answer as if there were no conditions.
    Proceed,
    /// 304: the client has it.
    NotModified,
    /// 412: the client wanted something else.
    PreconditionFailed,
}

/// Compares the conditions in `headers` with the representation that was selected: its strong
/// `etag`, quoted, and when it was last modified.
pub(crate) fn evaluate(
    headers: &HeaderMap,
    etag: &str,
    modified: SystemTime,
    now: SystemTime,
) -> Outcome {
    if headers.contains_key(IF_MATCH) {
        if !tags(headers, IF_MATCH).any(|tag| tag.is_any() || tag.strong_eq(etag)) {
            return Outcome::PreconditionFailed;
        }
    } else if let Some(date) = date(headers, IF_UNMODIFIED_SINCE)
        && whole_seconds(modified) > date
    {
        return Outcome::PreconditionFailed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        // The date is of no consequence beside tags.
        if tags(headers, IF_NONE_MATCH).any(|tag| tag.is_any() || tag.weak_eq(etag)) {
            return Outcome::NotModified;
        }
    } else if let Some(date) = date(headers, IF_MODIFIED_SINCE)
        && whole_seconds(modified) <= date
        && settled(modified, now)
    {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// Whether the range that is asked for may be given: there is no `If-Range`, or what it names is
/// what there is now.
pub(crate) fn range_holds(
    headers: &HeaderMap,
    etag: &str,
    modified: SystemTime,
    now: SystemTime,
) -> bool {
    let Some(value) = headers.get(IF_RANGE) else {
        return true;
    };
    let Ok(text) = value.to_str() else {
        return false;
    };
    if text.contains('"') {
        return Tags(text).next().is_some_and(|tag| tag.strong_eq(etag));
    }
    settled(modified, now)
        && httpdate::parse_http_date(text).is_ok_and(|date| whole_seconds(modified) == date)
}

/// Whether the date of a file tells its states apart. It has seconds only: it says nothing about a
/// file that may change again in the same one.
pub(crate) fn settled(modified: SystemTime, now: SystemTime) -> bool {
    let age = now.duration_since(modified);
    age.is_ok_and(|age| age > Duration::from_secs(2))
}

/// `time` as an HTTP date can say it.
pub(crate) fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn date(headers: &HeaderMap, name: axum::http::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

fn tags(headers: &HeaderMap, name: axum::http::HeaderName) -> impl Iterator<Item = Tag<'_>> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Tags)
}

/// An entity tag of a list, or `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    /// With its quotes, or `*`.
    text: &'a str,
}

impl Tag<'_> {
    fn is_any(self) -> bool {
        self.text == "*"
    }

    fn strong_eq(self, etag: &str) -> bool {
        !self.weak && self.text == etag
    }

    fn weak_eq(self, etag: &str) -> bool {
        self.text == etag
    }
}

/// The tags of a list; ends at what is not a tag.
struct Tags<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        let list = self.0.trim_start_matches([' ', '\t', ',']);
        if let Some(rest) = list.strip_prefix('*') {
            self.0 = rest;
            let text = "*";
            return Some(Tag { weak: false, text });
        }
        let (weak, quoted) = match list.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, list),
        };
        let end = quoted.strip_prefix('"')?.find('"')? + 2;
        let (text, rest) = quoted.split_at_checked(end)?;
        self.0 = rest;
        Some(Tag { weak, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"a,b\"";

    fn modified() -> SystemTime {
        httpdate::parse_http_date("Tue, 04 Aug 2026 12:00:00 GMT").unwrap()
            + Duration::from_millis(700)
    }

    fn later() -> SystemTime {
        modified() + Duration::from_secs(60)
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn conditions() {
        use Outcome::{NotModified, PreconditionFailed, Proceed};
        const EARLIER: &str = "Tue, 04 Aug 2026 11:59:59 GMT";
        const SAME: &str = "Tue, 04 Aug 2026 12:00:00 GMT";
        for (lines, expected) in [
            (&[][..], Proceed),
            (&[("if-none-match", ETAG)], NotModified),
            (&[("if-none-match", "W/\"a,b\"")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"x\", W/\"y\" ,\"a,b\"")], NotModified),
            (
                &[("if-none-match", "\"x\""), ("if-none-match", ETAG)],
                NotModified,
            ),
            (&[("if-none-match", "\"a\"")], Proceed),
            (&[("if-none-match", "a,b")], Proceed),
            (&[("if-none-match", "\"a,b")], Proceed),
            (&[("if-none-match", "")], Proceed),
            (&[("if-modified-since", SAME)], NotModified),
            (&[("if-modified-since", EARLIER)], Proceed),
            (&[("if-modified-since", "yesterday")], Proceed),
            // Tags alone decide where there are any.
            (
                &[("if-none-match", "\"x\""), ("if-modified-since", SAME)],
                Proceed,
            ),
            (
                &[("if-none-match", ETAG), ("if-modified-since", EARLIER)],
                NotModified,
            ),
            (&[("if-match", ETAG)], Proceed),
            (&[("if-match", "*")], Proceed),
            (&[("if-match", "W/\"a,b\"")], PreconditionFailed),
            (&[("if-match", "\"x\"")], PreconditionFailed),
            (&[("if-unmodified-since", SAME)], Proceed),
            (&[("if-unmodified-since", EARLIER)], PreconditionFailed),
            (
                &[("if-match", ETAG), ("if-unmodified-since", EARLIER)],
                Proceed,
            ),
        ] {
            assert_eq!(
                evaluate(&headers(lines), ETAG, modified(), later()),
                expected,
                "{lines:?}"
            );
        }
        // Within the same second it may have changed again.
        let headers = headers(&[("if-modified-since", SAME)]);
        assert_eq!(evaluate(&headers, ETAG, modified(), modified()), Proceed);
    }

    #[test]
    fn ranges_only_of_what_the_client_has_a_part_of() {
        let later = later();
        for (value, now, expected) in [
            (ETAG, later, true),
            ("W/\"a,b\"", later, false),
            ("\"x\"", later, false),
            ("Tue, 04 Aug 2026 12:00:00 GMT", later, true),
            ("Tue, 04 Aug 2026 12:00:00 GMT", modified(), false),
            ("Tue, 04 Aug 2026 12:00:01 GMT", later, false),
            ("soon", later, false),
        ] {
            let headers = headers(&[("if-range", value)]);
            assert_eq!(
                range_holds(&headers, ETAG, modified(), now),
                expected,
                "{value}"
            );
        }
        assert!(range_holds(&HeaderMap::new(), ETAG, modified(), later));
    }
}
