//! What runs in processes of its own: opening a library, calling it, holding it in memory.
//!
//! `child open puck PROJECT FUNCTION` and `child open plain LIBRARY SYMBOL` print nanoseconds;
//! `child call PROJECT FUNCTION LIBRARY SYMBOL` prints nanoseconds a call, for both;
//! `child hold puck|plain PLACE COUNT` calls every function once, prints a line and waits for its
//! input to end.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use puck_runtime::Environment;

use crate::sample::Sample;
use crate::source::function_name;
use crate::subject::Subject;

/// The first argument of a child.
pub(crate) const VERB: &str = "child";

type Wave = unsafe extern "C" fn(u64, *const f64) -> f64;

/// Runs as a child.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["open", "puck", project, function] => open_puck(project, function),
        ["open", "plain", library, symbol] => open_plain(library, symbol),
        ["call", project, function, library, symbol] => call(project, function, library, symbol),
        ["hold", side, place, count] => hold(side, place, count.parse()?),
        _ => bail!("not a child's arguments: {words:?}"),
    }
}

fn open_puck(project: &str, function: &str) -> Result<()> {
    let start = Instant::now();
    let environment = Environment::open(project)?;
    let wave = environment.function::<Wave>(function)?;
    // SAFETY: the array has the length that is passed.
    let value = unsafe { wave(1, [1.0].as_ptr()) };
    let time = start.elapsed();
    black_box(value);
    println!("{}", time.as_nanos());
    Ok(())
}

fn open_plain(library: &str, symbol: &str) -> Result<()> {
    let start = Instant::now();
    // SAFETY: the library was made by `Subject::prepare`; it has no constructors.
    let library = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL) }?;
    // SAFETY: every function of the sources has this type.
    let wave = unsafe { library.get::<Wave>(symbol.as_bytes()) }?;
    // SAFETY: the array has the length that is passed.
    let value = unsafe { wave(1, [1.0].as_ptr()) };
    let time = start.elapsed();
    black_box(value);
    println!("{}", time.as_nanos());
    Ok(())
}

/// Nanoseconds for a call with an empty array, through Puck's function and the plain one in turn:
/// nothing but the call and the loop's test.
fn call(project: &str, function: &str, library: &str, symbol: &str) -> Result<()> {
    const CALLS: u32 = 2_000_000;
    const ROUNDS: usize = 21;
    let environment = Environment::open(project)?;
    let from_puck = environment.function::<Wave>(function)?.pointer();
    // SAFETY: as in `open_plain`.
    let library = unsafe { Library::open(Some(library), RTLD_NOW | RTLD_LOCAL) }?;
    // SAFETY: as in `open_plain`.
    let from_plain = *unsafe { library.get::<Wave>(symbol.as_bytes()) }?;

    let x = [1.0];
    let time = |wave: Wave| {
        let start = Instant::now();
        for _ in 0..CALLS {
            // SAFETY: nothing of the array is read.
            black_box(unsafe { black_box(wave)(0, x.as_ptr()) });
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    let (mut puck, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        puck.push(time(from_puck));
        plain.push(time(from_plain));
    }
    println!(
        "{} {}",
        Sample::new(puck).median(),
        Sample::new(plain).median()
    );
    Ok(())
}

fn hold(side: &str, place: &str, count: usize) -> Result<()> {
    let waves: Vec<Wave> = match side {
        "puck" => {
            let environment = Environment::open(place)?;
            (0..count)
                .map(|number| {
                    Ok(environment
                        .function::<Wave>(&Subject::qualified(number))?
                        .pointer())
                })
                .collect::<Result<_>>()?
        }
        "plain" => {
            // SAFETY: as in `open_plain`.
            let library = unsafe { Library::open(Some(place), RTLD_NOW | RTLD_LOCAL) }?;
            let waves = (0..count)
                // SAFETY: as in `open_plain`.
                .map(|number| Ok(*unsafe { library.get::<Wave>(function_name(number).as_bytes()) }?))
                .collect::<Result<_>>()?;
            std::mem::forget(library);
            waves
        }
        _ => bail!("{side} is neither puck nor plain"),
    };
    for wave in waves {
        // SAFETY: the array has the length that is passed.
        black_box(unsafe { wave(1, [1.0].as_ptr()) });
    }
    println!("ready");
    std::io::stdout().flush()?;
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .context("cannot wait for the parent")?;
    Ok(())
}
