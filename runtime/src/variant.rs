//! Which of the targets is loaded: the best that this processor has, or `PUCK_TARGET`.

use puck_package::{Processor, Target, variables};

use crate::{Error, cpu};

/// The target that `PUCK_TARGET` asks for; `None` if it does not ask.
///
/// # Errors
/// [`Error::UnknownTarget`] and [`Error::MissingFeatures`].
pub(crate) fn asked() -> Result<Option<Target>, Error> {
    let Some(text) = variables::get(variables::PUCK_TARGET) else {
        return Ok(None);
    };
    let target: Target = text
        .to_string_lossy()
        .parse()
        .map_err(Error::UnknownTarget)?;
    let missing = cpu::missing(target);
    if missing.is_empty() {
        Ok(Some(target))
    } else {
        Err(Error::MissingFeatures {
            target,
            missing,
            best: cpu::best(),
        })
    }
}

/// Why there is no target to load.
#[derive(Debug)]
pub(crate) enum Refused {
    /// All are above this.
    Level(Option<Target>),
    /// What the only one would need.
    Features(Vec<String>),
}

/// The best of `targets` that is not above `ceiling`.
///
/// What was `made_here`, on this machine or one like it, is the library of its level, if this
/// processor has all of its features; else the next lower level serves.
pub(crate) fn choose(
    targets: impl Iterator<Item = Target>,
    made_here: Option<&Processor>,
    ceiling: Option<Target>,
) -> Result<Target, Refused> {
    let best = ceiling.or_else(cpu::best);
    let lacking = made_here.map(cpu::lacking).unwrap_or_default();
    let special = made_here.map(|processor| processor.target);
    targets
        .filter(|target| Some(*target) != special)
        .chain(special.filter(|_| lacking.is_empty()))
        .filter(|target| best.is_some_and(|best| *target <= best))
        .max()
        .ok_or(if lacking.is_empty() {
            Refused::Level(best)
        } else {
            Refused::Features(lacking)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_for_another_processor_gives_way_to_a_lower_level() {
        use Target::{X86_64 as V1, X86_64V2 as V2};
        let mine = Processor::of(V1);
        let mut other = mine.clone();
        other.features.push("unheard-of".to_owned());
        let chosen = |targets: &[Target], made: Option<&Processor>| {
            choose(targets.iter().copied(), made, None)
        };
        assert_eq!(chosen(&[V1], None).unwrap(), V1);
        assert_eq!(chosen(&[], Some(&mine)).unwrap(), V1);
        assert_eq!(chosen(&[V1], Some(&mine)).unwrap(), V1);
        assert!(matches!(chosen(&[], None), Err(Refused::Level(best)) if best == cpu::best()));
        for targets in [&[][..], &[V1]] {
            match chosen(targets, Some(&other)) {
                Err(Refused::Features(lacking)) => assert_eq!(lacking, ["unheard-of"]),
                found => panic!("{found:?}"),
            }
        }
        other.target = V2;
        assert_eq!(chosen(&[V1, V2], Some(&other)).unwrap(), V1);
    }
}
