//! Which of a package's targets is loaded: the best that this processor has, or `PUCK_TARGET`.

use puck_package::{EnvironmentPackage, Target, variables};

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

/// The best target of a package's libraries that is not above `ceiling`.
///
/// # Errors
/// [`Error::NoVariant`].
pub(crate) fn choose(
    package: &EnvironmentPackage,
    ceiling: Option<Target>,
) -> Result<Target, Error> {
    let best = ceiling.or_else(cpu::best);
    package
        .known_targets()
        .filter(|target| best.is_some_and(|best| *target <= best))
        .max()
        .ok_or_else(|| Error::NoVariant {
            package: package.name.clone(),
            version: package.version.clone(),
            targets: package.targets.clone(),
            best,
        })
}
