//! Byte ranges (RFC 9110, section 14): one range a request.

use std::ops::Range;

/// What of a representation is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All: no range was asked for, or one that is not understood, or several.
    Whole,
    /// These bytes; never empty.
    Bytes(Range<u64>),
    /// 416: nothing of what is asked for exists.
    Unsatisfiable,
}

/// What `header`, the value of `Range`, asks for of a representation of `size` bytes.
pub(crate) fn part(header: &str, size: u64) -> Part {
    let Some((unit, ranges)) = header.split_once('=') else {
        return Part::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let Some((first, last)) = ranges.trim().split_once('-') else {
        return Part::Whole;
    };
    match (number(first), number(last)) {
        (Number::None, Number::Some(0)) => Part::Unsatisfiable,
        // Of nothing, the last bytes are all.
        (Number::None, Number::Some(_)) if size == 0 => Part::Whole,
        (Number::None, Number::Some(length)) => Part::Bytes(size.saturating_sub(length)..size),
        (Number::Some(first), Number::Some(last)) if last < first => Part::Whole,
        (Number::Some(first), Number::Some(_) | Number::None) if first >= size => {
            Part::Unsatisfiable
        }
        (Number::Some(first), Number::Some(last)) => {
            Part::Bytes(first..last.saturating_add(1).min(size))
        }
        (Number::Some(first), Number::None) => Part::Bytes(first..size),
        _ => Part::Whole,
    }
}

enum Number {
    None,
    Some(u64),
    Invalid,
}

fn number(text: &str) -> Number {
    let text = text.trim();
    if text.is_empty() {
        Number::None
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // What is too large for 64 bits is beyond every file.
        Number::Some(text.parse().unwrap_or(u64::MAX))
    } else {
        Number::Invalid
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for() {
        for (header, size, expected) in [
            ("bytes=0-0", 10, Part::Bytes(0..1)),
            ("bytes=2-5", 10, Part::Bytes(2..6)),
            ("bytes=2-", 10, Part::Bytes(2..10)),
            ("Bytes= 2 - 5 ", 10, Part::Bytes(2..6)),
            ("bytes=2-99", 10, Part::Bytes(2..10)),
            ("bytes=2-99999999999999999999999", 10, Part::Bytes(2..10)),
            ("bytes=-3", 10, Part::Bytes(7..10)),
            ("bytes=-99", 10, Part::Bytes(0..10)),
            ("bytes=-0", 10, Part::Unsatisfiable),
            ("bytes=10-", 10, Part::Unsatisfiable),
            ("bytes=10-12", 10, Part::Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Part::Unsatisfiable),
            ("bytes=0-", 0, Part::Unsatisfiable),
            ("bytes=-5", 0, Part::Whole),
            ("bytes=5-2", 10, Part::Whole),
            ("bytes=1-2,4-5", 10, Part::Whole),
            ("bytes=", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=a-b", 10, Part::Whole),
            ("bytes=+1-2", 10, Part::Whole),
            ("bytes", 10, Part::Whole),
            ("lines=1-2", 10, Part::Whole),
            ("", 10, Part::Whole),
        ] {
            assert_eq!(part(header, size), expected, "{header} of {size}");
        }
    }

    proptest! {
        #[test]
        fn never_more_than_there_is(header in "(bytes=)?[0-9 ,a-]{0,24}", size in 0..100_u64) {
            if let Part::Bytes(range) = part(&header, size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
