//! Targets: the processor levels that objects are compiled for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::nearest;

/// A processor level, named as the psABI and LLVM name it; ordered from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// Every x86-64 processor.
    X86_64,
    /// SSE4.2, POPCNT: from about 2009.
    X86_64V2,
    /// AVX2, FMA, BMI: from about 2013.
    X86_64V3,
    /// AVX-512 F, BW, CD, DQ, VL.
    X86_64V4,
}

/// A text that names no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown target `{0}`: expected one of x86-64, x86-64-v2, x86-64-v3, x86-64-v4{hint}", hint = did_you_mean(.0))]
pub struct TargetError(pub String);

fn did_you_mean(text: &str) -> String {
    nearest(text, Target::ALL.iter().map(|target| target.name()))
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl Target {
    /// All targets, the oldest first.
    pub const ALL: [Self; 4] = [Self::X86_64, Self::X86_64V2, Self::X86_64V3, Self::X86_64V4];
    /// What a package is compiled for when its manifest names no targets.
    pub const DEFAULTS: [Self; 3] = [Self::X86_64, Self::X86_64V3, Self::X86_64V4];

    /// The target's name; also LLVM's and clang's name of the processor (`-march`).
    #[must_use]
    #[inline]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86-64",
            Self::X86_64V2 => "x86-64-v2",
            Self::X86_64V3 => "x86-64-v3",
            Self::X86_64V4 => "x86-64-v4",
        }
    }

    /// LLVM's name of the processor.
    #[must_use]
    pub fn cpu(self) -> &'static str {
        self.name()
    }

    /// LLVM's target triple.
    #[must_use]
    pub fn triple(self) -> &'static str {
        "x86_64-unknown-linux-gnu"
    }

    /// The machine's architecture, as Rust names it.
    #[must_use]
    pub fn arch(self) -> &'static str {
        "x86_64"
    }

    /// The target that every processor of the architecture has.
    #[must_use]
    pub fn base(self) -> Self {
        Self::X86_64
    }

    /// The folder below `glibc-hwcaps/` where the dynamic linker looks for this target's
    /// libraries; `None` for the base target, whose libraries sit in `lib/` itself.
    #[must_use]
    #[inline]
    pub fn hwcaps(self) -> Option<&'static str> {
        (self != self.base()).then(|| self.name())
    }

    /// The folder of this target's libraries, relative to an environment.
    #[must_use]
    #[inline]
    pub fn library_directory(self) -> String {
        match self.hwcaps() {
            Some(name) => ["lib/glibc-hwcaps/", name].concat(),
            None => "lib".to_owned(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Target {
    type Err = TargetError;

    #[inline]
    fn from_str(text: &str) -> Result<Self, TargetError> {
        Self::ALL
            .into_iter()
            .find(|target| target.name() == text)
            .ok_or_else(|| TargetError(text.to_owned()))
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;
    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.name().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for target in Target::ALL {
            assert_eq!(target.to_string().parse::<Target>().unwrap(), target);
        }
        let error = "x86-64v3".parse::<Target>().unwrap_err().to_string();
        assert!(error.contains("did you mean `x86-64-v3`?"), "{error}");
    }
}
