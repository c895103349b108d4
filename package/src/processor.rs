//! What code is compiled for when it is compiled on the machine that runs it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Target, TargetError};

/// A processor, as far as a compiler has to know it.
///
/// Code that is compiled for it runs wherever the level and all features are there; the tuning
/// decides only which instructions are preferred, and in which order they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Processor {
    /// The level, all of whose features are used.
    pub target: Target,
    /// Features beyond the level, by LLVM's names, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// LLVM's name of the processor that is tuned for.
    pub tuning: String,
}

impl Processor {
    /// Every processor of a level.
    #[must_use]
    pub fn of(target: Target) -> Self {
        Self {
            target,
            features: Vec::new(),
            tuning: target.cpu().to_owned(),
        }
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.target.name())?;
        if self.tuning != self.target.cpu() {
            write!(f, " tuned for {}", self.tuning)?;
        }
        for feature in &self.features {
            write!(f, " +{feature}")?;
        }
        Ok(())
    }
}

/// What a user asks to compile for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetCpu {
    /// Exactly the processor of this machine.
    Native,
    /// Every processor of a level.
    Level(Target),
}

impl fmt::Display for TargetCpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.pad("native"),
            Self::Level(target) => target.fmt(f),
        }
    }
}

impl FromStr for TargetCpu {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text {
            "native" => Ok(Self::Native),
            _ => text.parse().map(Self::Level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_asks_for() {
        assert_eq!("native".parse(), Ok(TargetCpu::Native));
        let level = TargetCpu::Level(Target::X86_64V3);
        assert_eq!("x86-64-v3".parse(), Ok(level));
        assert_eq!(level.to_string(), "x86-64-v3");
        assert!("haswell".parse::<TargetCpu>().is_err());
    }

    #[test]
    fn shown() {
        let mut processor = Processor::of(Target::X86_64V4);
        assert_eq!(processor.to_string(), "x86-64-v4");
        processor.tuning = "znver4".to_owned();
        processor.features = vec!["avx512vnni".to_owned(), "vaes".to_owned()];
        assert_eq!(
            processor.to_string(),
            "x86-64-v4 tuned for znver4 +avx512vnni +vaes"
        );
    }
}
