//! What this machine's processor has, as a [`Target`]: one module per architecture.

use puck_package::Target;

pub mod x86_64;

/// The architecture that this program runs on, as Rust names it.
pub const ARCHITECTURE: &str = std::env::consts::ARCH;

/// The best target that this processor and its operating system support.
///
/// `None` on an architecture that no target belongs to. Found out once per process.
#[must_use]
pub fn best() -> Option<Target> {
    x86_64::present().map(x86_64::Features::best)
}

/// The names of the features that `target` needs and this processor lacks; empty when it has all.
#[must_use]
pub fn missing(target: Target) -> Vec<&'static str> {
    match x86_64::present() {
        Some(features) if target.arch() == ARCHITECTURE => features.missing(target),
        _ => vec![target.arch()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_is_the_last_target_with_nothing_missing() {
        let complete = Target::ALL
            .into_iter()
            .take_while(|target| missing(*target).is_empty());
        assert_eq!(complete.last(), best());
    }
}
