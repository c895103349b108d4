//! In processes of their own: opening libraries and calling functions, and holding them in memory.
//!
//! `open PLACE` prints nanoseconds and the first function's result; `hold PLACE` calls every function,
//! prints a line and waits for its input to end. A place is `puck PROJECT FUNCTION…`,
//! `libraries FILE SYMBOL…` in pairs, or `nothing`.

use std::io::{Read as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use puck_runtime::Environment;

use crate::settings::Suite;

type Function = unsafe extern "C" fn(f64, i64) -> f64;

/// What functions are called with: deep enough to call callees of callees, and soon done.
const ARGUMENTS: (f64, i64) = (0.5, 4);

/// What a child of this suite prints.
pub(super) fn output(arguments: &[String]) -> Result<String> {
    crate::child::output(Suite::Graphs, arguments)
}

/// Runs as a child.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    match words {
        ["open", place @ ..] => {
            let start = Instant::now();
            let result = call_all(place)?;
            let time = start.elapsed();
            println!("{} {result:e}", time.as_nanos());
            Ok(())
        }
        ["hold", place @ ..] => {
            call_all(place)?;
            println!("ready");
            std::io::stdout().flush()?;
            std::io::stdin()
                .read_to_end(&mut Vec::new())
                .context("cannot wait for the parent")?;
            Ok(())
        }
        _ => bail!("not a child's arguments: {words:?}"),
    }
}

/// Opens everything and calls every function; the sum of the results. All stays open.
fn call_all(place: &[&str]) -> Result<f64> {
    let mut sum = 0.0;
    match place {
        ["puck", project, names @ ..] => {
            let environment = Environment::open(project)?;
            for name in names {
                let function = environment.function::<Function>(name)?;
                // SAFETY: the function takes any numbers; those of the sources have this type, which
                // the environment checked.
                sum += unsafe { function(ARGUMENTS.0, ARGUMENTS.1) };
            }
            std::mem::forget(environment);
        }
        ["libraries", pairs @ ..] => {
            for pair in pairs.chunks_exact(2) {
                // SAFETY: the library was linked from the sources; it has no constructors.
                let library = unsafe { Library::open(Some(pair[0]), RTLD_NOW | RTLD_LOCAL) }?;
                // SAFETY: every function of the sources has this type.
                let function = *unsafe { library.get::<Function>(pair[1].as_bytes()) }?;
                // SAFETY: as above.
                sum += unsafe { function(ARGUMENTS.0, ARGUMENTS.1) };
                std::mem::forget(library);
            }
        }
        ["nothing"] => {}
        _ => bail!("not a place: {place:?}"),
    }
    Ok(sum)
}
