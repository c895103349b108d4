//! Longley's regression from Rust: `puck-runtime` opens the environment and checks the type of what
//! is called.
//!
//!     longley [PROJECT] [DATA]
//!
//! PROJECT is the folder that holds `.puck`, DATA the one that holds `longley.csv`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use puck_runtime::Environment;
use serde_json::Value;

const NAMES: [&str; 7] = [
    "intercept",
    "GNPDEFL",
    "GNP",
    "UNEMP",
    "ARMED",
    "POP",
    "YEAR",
];
const DIGITS_WANTED: f64 = 9.0;

/// Observations, columns, x by columns, y; then coefficients, standard errors and R².
type Ols =
    unsafe extern "C" fn(u64, u64, *const f64, *const f64, *mut f64, *mut f64, *mut f64) -> i32;

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let project = arguments.next().unwrap_or_else(|| hosts.clone());
    let data = arguments.next().unwrap_or_else(|| hosts.join("../data"));

    let (x, y) = read_rows(&data.join("longley.csv"))?;
    let certified: Value = serde_json::from_str(&read(&data.join("longley-certified.json"))?)?;

    let environment = Environment::open(&project)?;
    let ols = environment.function::<Ols>("stats::ols")?;

    let mut coefficients = [0.0; NAMES.len()];
    let mut errors = [0.0; NAMES.len()];
    let mut r_squared = 0.0;
    let columns = NAMES.len() - 1;
    // SAFETY: every array has the length that `stats::ols` asks for.
    let status = unsafe {
        ols(
            y.len() as u64,
            columns as u64,
            x.as_ptr(),
            y.as_ptr(),
            coefficients.as_mut_ptr(),
            errors.as_mut_ptr(),
            &mut r_squared,
        )
    };
    ensure!(status == 0, "stats::ols returned {status}");

    println!("{:<12} {:>22} {:>22}  digits", "", "computed", "certified");
    let worst = report("coefficients", &coefficients, &certified["coefficients"])?.min(report(
        "standard errors",
        &errors,
        &certified["standard_errors"],
    )?);
    println!("R squared    {r_squared:>22}\n\nfewest correct digits: {worst:.1}");
    Ok(if worst >= DIGITS_WANTED {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// The explaining columns one after the other, and the column they explain.
fn read_rows(path: &Path) -> Result<(Vec<f64>, Vec<f64>)> {
    let text = read(path)?;
    let rows = text
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .map(str::parse)
                .collect::<Result<Vec<f64>, _>>()
        })
        .collect::<Result<Vec<_>, _>>()?;
    if rows.iter().any(|row| row.len() != NAMES.len() + 1) {
        bail!("{}: expected {} columns", path.display(), NAMES.len() + 1);
    }
    let column = |j: usize| rows.iter().map(move |row| row[j]);
    Ok((
        (2..=NAMES.len()).flat_map(column).collect(),
        column(1).collect(),
    ))
}

/// Prints values beside the certified ones; the fewest digits in which a pair agrees.
fn report(title: &str, values: &[f64], certified: &Value) -> Result<f64> {
    println!("{title}");
    let mut worst = f64::INFINITY;
    for (name, &value) in NAMES.iter().zip(values) {
        let expected = certified[name]
            .as_f64()
            .with_context(|| format!("no certified {name}"))?;
        let correct = digits(value, expected);
        worst = worst.min(correct);
        println!("  {name:<10} {value:>22} {expected:>22}  {correct:6.1}");
    }
    Ok(worst)
}

/// How many leading decimal digits agree: the negative logarithm of the relative error.
fn digits(computed: f64, expected: f64) -> f64 {
    if computed.is_nan() {
        return 0.0;
    }
    if computed == expected {
        return 15.0;
    }
    (-((computed - expected) / expected).abs().log10()).min(15.0)
}
