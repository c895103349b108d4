//! In a process of its own: nanoseconds a call, for each callee.

use std::hint::black_box;

use anyhow::{Result, bail};

use super::source::{Callee, PLACES};
use crate::child::output;
use crate::kernels::clock::nanoseconds;
use crate::kernels::functions::{Functions, Place};
use crate::kernels::numbers::Numbers;
use crate::settings::Suite;

/// Calls in one run of a loop.
const CALLS: u64 = 20_000;

/// Nanoseconds a call, in a fresh process.
pub(super) fn measure(callee: Callee, place: &Place) -> Result<f64> {
    let words = [vec![callee.name()], place.arguments()].concat();
    Ok(output(Suite::Calls, &words)?.trim().parse()?)
}

/// Prints the mean over the loops' places.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let [callee, place @ ..] = words else {
        bail!("not a child's arguments: {words:?}");
    };
    let callee = Callee::of_name(callee)?;
    let functions = Functions::open(&Place::read(place)?)?;
    let mut sum = 0.0;
    for place in 0..PLACES {
        sum += one(&functions, callee, &callee.loop_name(place))?;
    }
    println!("{}", sum / (PLACES as u64 * CALLS) as f64);
    Ok(())
}

/// Nanoseconds of one run of a loop.
fn one(functions: &Functions, callee: Callee, name: &str) -> Result<f64> {
    type Scalar = unsafe extern "C" fn(u64, f64, f64) -> f64;
    type Vector = unsafe extern "C" fn(u64, f64, *const f64) -> f64;
    Ok(match callee {
        Callee::Trivial | Callee::Branch => {
            let repeat: Scalar = functions.get("loops", name)?;
            nanoseconds(|| {
                // SAFETY: it takes numbers only.
                black_box(unsafe { repeat(CALLS, 1.0, 8.0) });
            })
        }
        Callee::Vector => {
            let repeat: Vector = functions.get("loops", name)?;
            let numbers = Numbers::new(64, |number| number as f64 / 64.0);
            nanoseconds(|| {
                // SAFETY: it reads 64 numbers.
                black_box(unsafe { repeat(CALLS, 0.5, numbers.as_ptr()) });
            })
        }
    })
}
