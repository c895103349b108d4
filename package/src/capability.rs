//! What compiled functions may touch, as people and policies name it.

use std::fmt;
use std::str::FromStr;

/// A kind of thing that a package reaches by the system's functions that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Memory: allocation, copies, comparisons.
    Memory,
    /// Texts in memory: comparing, converting, formatting.
    Strings,
    /// Mathematics, which touches nothing but errno and rounding modes.
    Mathematics,
    /// Files and folders, standard streams among them.
    Files,
    /// Sockets, names and addresses.
    Network,
    /// Other processes, signals, the end of this one, what it may do.
    Process,
    /// Threads and what they wait for.
    Threads,
    /// Clocks and waiting.
    Time,
    /// Random numbers.
    Randomness,
    /// Giving up: failed assertions, unwinding, the words for an error.
    Errors,
    /// Facts about the machine, its users and the environment variables.
    System,
    /// What reaches everything: raw system calls, loading code by name. Whatever is denied, this is.
    Anything,
    /// What the program has that loads the functions: host imports.
    Host,
    /// What none of the other words describes, or what is not known.
    Other,
}

/// A word that is no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a capability: expected {}", Capability::words())]
pub struct CapabilityError {
    /// What was found.
    pub word: String,
}

impl Capability {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 14] = [
        Self::Memory,
        Self::Strings,
        Self::Mathematics,
        Self::Files,
        Self::Network,
        Self::Process,
        Self::Threads,
        Self::Time,
        Self::Randomness,
        Self::Errors,
        Self::System,
        Self::Anything,
        Self::Host,
        Self::Other,
    ];

    /// The word in a manifest and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Strings => "strings",
            Self::Mathematics => "mathematics",
            Self::Files => "files",
            Self::Network => "network",
            Self::Process => "process",
            Self::Threads => "threads",
            Self::Time => "time",
            Self::Randomness => "randomness",
            Self::Errors => "errors",
            Self::System => "system",
            Self::Anything => "anything",
            Self::Host => "host",
            Self::Other => "other",
        }
    }

    fn words() -> String {
        Self::ALL.map(|one| format!("`{one}`")).join(", ")
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Capability {
    type Err = CapabilityError;

    fn from_str(word: &str) -> Result<Self, CapabilityError> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == word);
        found.ok_or_else(|| CapabilityError {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for capability in Capability::ALL {
            assert_eq!(capability.to_string().parse(), Ok(capability));
        }
        let error = "processes".parse::<Capability>().unwrap_err().to_string();
        assert!(error.contains("`processes`") && error.contains("`process`"));
    }
}
