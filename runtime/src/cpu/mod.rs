//! What this machine's processor has: its [`Target`], and the features beyond it.
//!
//! One module per architecture; this one is all that the rest of Puck sees. Features go by LLVM's
//! names, because code is compiled by them.

use puck_package::{Processor, Target};

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

/// The features that this processor and its operating system support beyond [`best`], sorted.
#[must_use]
pub fn features() -> Vec<&'static str> {
    x86_64::present()
        .map(x86_64::Features::beyond_best)
        .unwrap_or_default()
}

/// This machine's processor, exactly; `tuning` is LLVM's name of it, which only LLVM knows.
///
/// `None` on an architecture that no target belongs to.
#[must_use]
pub fn processor(tuning: &str) -> Option<Processor> {
    Some(Processor {
        target: best()?,
        features: features().into_iter().map(str::to_owned).collect(),
        tuning: tuning.to_owned(),
    })
}

/// What `processor` has and this machine's lacks; empty if code for it runs here.
///
/// A feature that this program does not know counts as lacking.
#[must_use]
pub fn lacking(processor: &Processor) -> Vec<String> {
    let missing = missing(processor.target);
    let unsupported = |feature: &&String| {
        !x86_64::present().is_some_and(|features| features.has(feature))
            && !missing.contains(&feature.as_str())
    };
    let beyond = processor.features.iter().filter(unsupported).cloned();
    missing
        .iter()
        .map(|feature| (*feature).to_owned())
        .chain(beyond)
        .collect()
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

    #[test]
    fn this_processor_lacks_nothing_of_itself() {
        let Some(mut processor) = processor("generic") else {
            return;
        };
        assert!(processor.features.is_sorted());
        assert_eq!(lacking(&processor), [""; 0]);
        processor.features.push("unheard-of".to_owned());
        assert_eq!(lacking(&processor), ["unheard-of"]);
    }
}
