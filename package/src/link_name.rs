//! Link names: the symbols of exported functions.
//!
//! `linalg.v1.axpy.bf84be2c`: package (with `_` for `-`), series, function, and the first 8
//! hexadecimal digits of the SHA-256 of the canonical signature. A caller compiled for another
//! signature or series names another symbol, so that linking is type-safe by itself. Every
//! character is legal in assembler, in C's `asm` labels, in LLVM and in ELF.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::is_identifier;
use crate::{FunctionName, PackageName, Series, Signature};

/// The symbol of an exported function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LinkName {
    package: String,
    series: Series,
    function: String,
    fingerprint: String,
}

/// A text that is no link name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a link name: expected `package.series.function.xxxxxxxx`, such as `linalg.v1.axpy.bf84be2c`"
)]
pub struct LinkNameError(String);

impl LinkName {
    /// The link name of `function` of a series of `package`.
    #[must_use]
    pub fn new(
        package: &PackageName,
        series: &Series,
        function: &FunctionName,
        signature: &Signature,
    ) -> Self {
        Self {
            package: package.symbol(),
            series: *series,
            function: function.as_str().to_owned(),
            fingerprint: signature.fingerprint(),
        }
    }

    /// The link name of something whose fingerprint is not that of a signature.
    pub(crate) fn of_text(
        package: &PackageName,
        series: &Series,
        name: &str,
        fingerprint: &str,
    ) -> Self {
        Self {
            package: package.symbol(),
            series: *series,
            function: name.to_owned(),
            fingerprint: fingerprint.to_owned(),
        }
    }

    /// The package's name with `_` for `-`.
    #[must_use]
    pub fn package_symbol(&self) -> &str {
        &self.package
    }

    /// The package's series.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The function's name.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The 8 hexadecimal digits that stand for the signature.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The SONAME of the library that exports the function.
    #[must_use]
    pub fn soname(&self) -> String {
        format!("{}.{}.so", self.package, self.series)
    }
}

/// The SONAME of the library of a series of `package`: `fast_sums.v1.so`.
#[must_use]
pub fn soname(package: &PackageName, series: &Series) -> String {
    format!("{}.{series}.so", package.symbol())
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package,
            series,
            function,
            fingerprint,
        } = self;
        write!(f, "{package}.{series}.{function}.{fingerprint}")
    }
}

impl FromStr for LinkName {
    type Err = LinkNameError;

    fn from_str(text: &str) -> Result<Self, LinkNameError> {
        let error = || LinkNameError(text.to_owned());
        let mut parts = text.split('.');
        let (Some(package), Some(series), Some(function), Some(fingerprint), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(error());
        };
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let valid = package.replace('_', "-").parse::<PackageName>().is_ok()
            && !package.contains('-')
            && is_identifier(function)
            && fingerprint.len() == 8
            && fingerprint.bytes().all(hex);
        if !valid {
            return Err(error());
        }
        Ok(Self {
            package: package.to_owned(),
            series: series.parse().map_err(|_| error())?,
            function: function.to_owned(),
            fingerprint: fingerprint.to_owned(),
        })
    }
}

impl TryFrom<String> for LinkName {
    type Error = LinkNameError;
    fn try_from(text: String) -> Result<Self, LinkNameError> {
        text.parse()
    }
}

impl From<LinkName> for String {
    fn from(name: LinkName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use semver::Version;

    use super::*;
    use crate::signature::tests::signatures;

    #[test]
    fn parts() {
        let name = LinkName::new(
            &"fast-sums".parse().unwrap(),
            &Series::of(&Version::new(0, 3, 1)),
            &"axpy".parse().unwrap(),
            &"fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
                .parse()
                .unwrap(),
        );
        assert_eq!(name.to_string(), "fast_sums.v0_3.axpy.bf84be2c");
        assert_eq!(name.soname(), "fast_sums.v0_3.so");
    }

    #[test]
    fn refusals() {
        for bad in [
            "",
            "axpy",
            "linalg.v1.axpy",
            "linalg.v1.axpy.bf84be2",
            "linalg.v1.axpy.BF84BE2C",
            "linalg.v1.axpy.bf84be2c.x",
            "lin-alg.v1.axpy.bf84be2c",
            "Linalg.v1.axpy.bf84be2c",
            "linalg.1.axpy.bf84be2c",
            "linalg.v1.2x.bf84be2c",
            "linalg.v1..bf84be2c",
        ] {
            assert!(bad.parse::<LinkName>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn reads_back(
            package in "[a-z][a-z0-9-]{0,8}",
            version in (0u64..3, 0u64..3, 0u64..3),
            function in "[a-zA-Z_][a-zA-Z0-9_]{0,8}",
            signature in signatures(),
        ) {
            let name = LinkName::new(
                &package.parse().unwrap(),
                &Series::of(&Version::new(version.0, version.1, version.2)),
                &function.parse().unwrap(),
                &signature,
            );
            prop_assert_eq!(name.to_string().parse::<LinkName>().unwrap(), name);
        }

        #[test]
        fn no_text_panics(text in "[a-z0-9._]{0,40}") {
            if let Ok(name) = text.parse::<LinkName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
