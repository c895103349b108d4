//! Ages and sizes, as people write them: `30d`, `10GB`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A span of time: a whole number with `s`, `min`, `h`, `d` or `w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(pub Duration);

/// A number of bytes: a whole number, with `kB`, `MB`, `GB`, `TB`, or `KiB`, `MiB`, `GiB`, `TiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A text that is no age or size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// No age.
    #[error(
        "`{0}` is not an age: expected a whole number and a unit, such as `30d`, `12h` or `2w`"
    )]
    Age(String),
    /// No size.
    #[error("`{0}` is not a size: expected a whole number and a unit, such as `500MB` or `10GiB`")]
    Size(String),
}

const AGES: [(&str, u64); 5] = [
    ("w", 604_800),
    ("d", 86_400),
    ("h", 3600),
    ("min", 60),
    ("s", 1),
];
const SIZES: [(&str, u64); 10] = [
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
    ("", 1),
];

/// The number in a text times its unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let (_, factor) = units
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The number with the largest unit that leaves a whole one.
fn shown(number: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, factor): &&(&str, u64)| number != 0 && number.is_multiple_of(*factor);
    let (name, factor) = units.iter().find(fits).unwrap_or(&("", 1));
    format!("{}{name}", number / factor)
}

impl FromStr for Age {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        scaled(text, &AGES)
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| QuantityError::Age(text.to_owned()))
    }
}

impl FromStr for Size {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        scaled(text, &SIZES)
            .map(Self)
            .ok_or_else(|| QuantityError::Size(text.to_owned()))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0 => f.write_str("0s"),
            seconds => f.write_str(&shown(seconds, &AGES)),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.0, &SIZES))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ages() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("12h", 43_200),
            ("2 w", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(text.parse::<Age>().unwrap().0.as_secs(), seconds, "{text}");
        }
        for bad in [
            "",
            "d",
            "30",
            "1.5d",
            "-1d",
            "30 days",
            "99999999999999999999d",
        ] {
            assert!(bad.parse::<Age>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("10GB", 10_000_000_000),
            ("1 GiB", 1 << 30),
            ("500mb", 500_000_000),
            ("7", 7),
        ] {
            assert_eq!(text.parse::<Size>().unwrap().0, bytes, "{text}");
        }
        for bad in ["", "GB", "1.5GB", "10 gigabytes", "99999999TB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn read_back(number in 0u64..1_000_000_000_000) {
            let age = Age(Duration::from_secs(number));
            prop_assert_eq!(age.to_string().parse::<Age>().unwrap(), age);
            prop_assert_eq!(Size(number).to_string().parse::<Size>().unwrap(), Size(number));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,8}") {
            let _ = (text.parse::<Age>(), text.parse::<Size>());
        }
    }
}
