//! Hundreds of callers of hundreds of installed functions, compiled once and loaded ever after.
//!
//! ```sh
//! cargo run -p puck-jit --example hundreds -- /tmp/hundreds
//! ```
//!
//! The first run builds six packages of 50 functions, in layers: each function calls three of the
//! layer below. It installs them, and compiles 300 callers that declare functions of them. Every
//! later run, a new process, loads the callers from the cache, in another order each time and before
//! any of their callees was called. With `inline` as a second argument, the bodies of small callees
//! are compiled into the callers.
#![expect(clippy::disallowed_macros, reason = "an example says what it does")]

#[path = "../tests/it/fixture.rs"]
#[expect(dead_code, reason = "made for the tests, which use more of it")]
mod fixture;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use puck_jit::{Jit, JitModule, Origin};
use puck_runtime::Environment;

const LAYERS: usize = 6;
const WIDTH: usize = 50;
const CALLERS: usize = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .ok_or("usage: hundreds FOLDER [inline]")?;
    let folder = PathBuf::from(folder);
    let project = folder.join("project");
    if !project.join(".puck").exists() {
        install(&folder, &project)?;
    }
    let environment = Environment::open(&project)?;
    let cache = folder.join("callers");
    let inline = std::env::args()
        .nth(2)
        .is_some_and(|argument| argument == "inline");
    let jit = Jit::new(&environment)
        .inline(inline)
        .cache(&cache)
        .build()?;

    let start = Instant::now();
    let mut callers: Vec<(usize, JitModule)> = Vec::new();
    for number in shuffled() {
        callers.push((number, jit.compile(&caller(number))?));
    }
    let time = start.elapsed();
    for &number in &shuffled() {
        let (number, module) = &callers[number];
        let run = module.function::<unsafe extern "C" fn(f64) -> f64>("run")?;
        // SAFETY: it takes and gives a number.
        let found = unsafe { run(1.5) };
        assert_eq!(found, expected(*number, 1.5), "caller {number}");
    }

    let is_cached = |(_, module): &&(usize, JitModule)| *module.origin() == Origin::Cached;
    let cached = callers.iter().filter(is_cached).count();
    let sizes = callers
        .iter()
        .map(|(_, module)| fs_err::metadata(module.path()));
    let sizes = sizes
        .map(|facts| Ok(facts?.len()))
        .collect::<Result<Vec<_>, std::io::Error>>()?;
    println!("callers: {} ({cached} from the cache)", callers.len());
    println!("time: {time:.1?}");
    println!("largest: {} bytes", sizes.iter().max().unwrap_or(&0));
    println!("all: {} bytes", sizes.iter().sum::<u64>());
    Ok(())
}

/// The numbers of the callees of function or caller `number`, in a layer.
fn callees(number: usize) -> [usize; 3] {
    [number, number * 3 + 7, number * 7 + 19].map(|number| number % WIDTH)
}

/// Caller `number`: it adds what functions of three layers give.
fn caller(number: usize) -> String {
    let names: Vec<String> = layers(number)
        .into_iter()
        .zip(callees(number))
        .map(|(layer, index)| format!("layer{layer}::f{index}"))
        .collect();
    fixture::sum_of(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn layers(number: usize) -> [usize; 3] {
    [LAYERS - 1, number % LAYERS, (number / 2) % LAYERS]
}

/// What caller `number` must give.
fn expected(number: usize, x: f64) -> f64 {
    let calls = layers(number).into_iter().zip(callees(number));
    calls.fold(0.0, |sum, (layer, index)| sum + value(layer, index, x))
}

/// What function `index` of a layer gives.
fn value(layer: usize, index: usize, x: f64) -> f64 {
    let own = x * (index as f64 + 0.5);
    match layer.checked_sub(1) {
        None => own,
        Some(below) => callees(index)
            .into_iter()
            .fold(own, |sum, callee| sum + value(below, callee, x) * 0.25),
    }
}

/// The same as LLVM IR.
fn function(layer: usize, index: usize) -> String {
    let factor = index as f64 + 0.5;
    let mut ir =
        format!("define double @f{index}(double %x) {{\n  %s0 = fmul double %x, {factor:?}\n");
    let below = layer.checked_sub(1);
    let callees = below.map(callees_of(index)).unwrap_or_default();
    for (position, name) in callees.iter().enumerate() {
        let next = position + 1;
        ir.push_str(&format!(
            "  %c{position} = call double @\"{name}\"(double %x)\n  \
             %p{position} = fmul double %c{position}, 0.25\n  \
             %s{next} = fadd double %s{position}, %p{position}\n"
        ));
    }
    ir.push_str(&format!("  ret double %s{}\n}}\n", callees.len()));
    ir
}

fn callees_of(index: usize) -> impl Fn(usize) -> Vec<String> {
    move |layer| {
        callees(index)
            .map(|callee| format!("layer{layer}::f{callee}"))
            .to_vec()
    }
}

/// Builds and installs the packages, as `puck install` does.
fn install(folder: &Path, project: &Path) -> Result<(), Box<dyn Error>> {
    let home = fixture::Home::at(folder);
    let mut packages = Vec::new();
    for layer in 0..LAYERS {
        let mut ir: String = (0..WIDTH).map(|index| function(layer, index)).collect();
        if let Some(below) = layer.checked_sub(1) {
            for index in 0..WIDTH {
                ir.push_str(&format!(
                    "declare double @\"layer{below}::f{index}\"(double)\n"
                ));
            }
        }
        let names: Vec<String> = (0..WIDTH).map(|index| format!("f{index}")).collect();
        let functions: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), fixture::UNARY))
            .collect();
        let below: Vec<_> = packages.last().into_iter().collect();
        packages.push(home.package(&format!("layer{layer}"), "1.0.0", &ir, &functions, &below));
    }
    let environment = home.linked(&packages.iter().collect::<Vec<_>>(), Default::default());
    fs_err::create_dir_all(project)?;
    fs_err::os::unix::fs::symlink(environment, project.join(".puck"))?;
    Ok(())
}

/// The numbers of all callers, in another order each time.
fn shuffled() -> Vec<usize> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let mut state = now.map_or(1, |now| now.as_nanos() as u64) | 1;
    let mut numbers: Vec<usize> = (0..CALLERS).collect();
    for last in (1..numbers.len()).rev() {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        numbers.swap(last, (state >> 33) as usize % (last + 1));
    }
    numbers
}
