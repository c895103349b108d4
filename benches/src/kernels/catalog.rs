//! The kernels: what is calculated, from which packages, how large, on what data.

use anyhow::{Context as _, Result};

use super::functions::Functions;
use super::numbers::Numbers;
use super::source::Source;

/// Every package, callees before callers.
pub(crate) fn sources() -> Vec<Source> {
    macro_rules! source {
        ($name:literal, $($dependency:literal),*) => {
            Source {
                name: $name,
                text: include_str!(concat!("c/", $name, ".c")).into(),
                dependencies: &[$($dependency),*],
            }
        };
    }
    vec![
        source!("blas1",),
        source!("blas2", "blas1"),
        source!("cg", "blas1", "blas2"),
        source!("power", "blas1", "blas2"),
        source!("normal",),
        source!("option", "normal"),
        source!("sweep", "option"),
        source!("vector",),
        source!("lorenz96",),
        source!("dopri", "lorenz96", "vector"),
    ]
}

/// A kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    ConjugateGradients,
    PowerIteration,
    OptionSweep,
    DormandPrince,
}

/// Calculates from the same input every time, into an array.
type Run = Box<dyn FnMut(&mut [f64])>;

/// A kernel's function, with everything it needs, and what it calculates.
pub(crate) struct Task {
    run: Run,
    output: Numbers,
}

impl Task {
    /// Calculates once, from the same input every time.
    pub(crate) fn run(&mut self) {
        (self.run)(&mut self.output);
    }

    /// What was calculated last.
    pub(crate) fn output(&self) -> &[f64] {
        &self.output
    }
}

/// Steps of a method in one run: enough for a small problem to be mostly calls.
const STEPS: u64 = 8;

impl Kernel {
    pub(crate) const ALL: [Kernel; 4] = [
        Kernel::ConjugateGradients,
        Kernel::PowerIteration,
        Kernel::OptionSweep,
        Kernel::DormandPrince,
    ];

    /// The package that the whole is called in.
    pub(crate) fn package(self) -> &'static str {
        match self {
            Kernel::ConjugateGradients => "cg",
            Kernel::PowerIteration => "power",
            Kernel::OptionSweep => "sweep",
            Kernel::DormandPrince => "dopri",
        }
    }

    /// The function that is called.
    pub(crate) fn function(self) -> &'static str {
        match self {
            Kernel::ConjugateGradients => "solve",
            Kernel::PowerIteration => "iterate",
            Kernel::OptionSweep => "prices",
            Kernel::DormandPrince => "integrate",
        }
    }

    /// What a person calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Kernel::ConjugateGradients => "conjugate gradients",
            Kernel::PowerIteration => "power iteration",
            Kernel::OptionSweep => "Black-Scholes sweep",
            Kernel::DormandPrince => "Dormand-Prince steps",
        }
    }

    /// One at which calls matter, and one at which memory does.
    pub(crate) fn sizes(self) -> [usize; 2] {
        match self {
            Kernel::ConjugateGradients | Kernel::PowerIteration => [8, 512],
            Kernel::OptionSweep => [64, 65_536],
            Kernel::DormandPrince => [8, 4096],
        }
    }

    /// The kernel with this package.
    pub(crate) fn of_package(name: &str) -> Result<Kernel> {
        Kernel::ALL
            .into_iter()
            .find(|kernel| kernel.package() == name)
            .with_context(|| format!("there is no kernel in a package {name:?}"))
    }

    /// The kernel's function, ready to be run.
    pub(crate) fn task(self, size: usize, functions: &Functions) -> Result<Task> {
        match self {
            Kernel::ConjugateGradients => conjugate_gradients(size, functions),
            Kernel::PowerIteration => power_iteration(size, functions),
            Kernel::OptionSweep => option_sweep(size, functions),
            Kernel::DormandPrince => dormand_prince(size, functions),
        }
    }
}

fn conjugate_gradients(size: usize, functions: &Functions) -> Result<Task> {
    type Solve = unsafe extern "C" fn(u64, *const f64, *const f64, *mut f64, *mut f64, u64) -> f64;
    let solve: Solve = functions.get("cg", "solve")?;
    let (a, mut work) = (matrix(size), Numbers::zeros(3 * size));
    let b = Numbers::new(size, |row| 1.0 + row as f64 / 3.0);
    Ok(Task {
        run: Box::new(move |x| {
            // SAFETY: the arrays are as long as the function's documentation asks.
            unsafe {
                solve(
                    size as u64,
                    a.as_ptr(),
                    b.as_ptr(),
                    x.as_mut_ptr(),
                    work.as_mut_ptr(),
                    STEPS,
                );
            }
        }),
        output: Numbers::zeros(size),
    })
}

fn power_iteration(size: usize, functions: &Functions) -> Result<Task> {
    type Iterate = unsafe extern "C" fn(u64, *const f64, *mut f64, *mut f64, u64) -> f64;
    let iterate: Iterate = functions.get("power", "iterate")?;
    let (a, mut work) = (matrix(size), Numbers::zeros(size));
    Ok(Task {
        run: Box::new(move |x| {
            x.fill(1.0);
            // SAFETY: as above.
            unsafe {
                iterate(
                    size as u64,
                    a.as_ptr(),
                    x.as_mut_ptr(),
                    work.as_mut_ptr(),
                    STEPS,
                );
            }
        }),
        output: Numbers::zeros(size),
    })
}

fn option_sweep(size: usize, functions: &Functions) -> Result<Task> {
    type Prices = unsafe extern "C" fn(u64, f64, *const f64, f64, f64, f64, *mut f64) -> f64;
    let prices: Prices = functions.get("sweep", "prices")?;
    let strikes = Numbers::new(size, |number| 60.0 + 80.0 * number as f64 / size as f64);
    Ok(Task {
        run: Box::new(move |output| {
            // SAFETY: both arrays have the length that is passed.
            unsafe {
                prices(
                    size as u64,
                    100.0,
                    strikes.as_ptr(),
                    0.03,
                    0.2,
                    1.0,
                    output.as_mut_ptr(),
                );
            }
        }),
        output: Numbers::zeros(size),
    })
}

fn dormand_prince(size: usize, functions: &Functions) -> Result<Task> {
    type Integrate = unsafe extern "C" fn(u64, *mut f64, f64, u64, *mut f64) -> f64;
    let integrate: Integrate = functions.get("dopri", "integrate")?;
    let start: Vec<f64> = (0..size)
        .map(|place| 8.0 + (place % 5) as f64 / 8.0)
        .collect();
    let mut work = Numbers::zeros(10 * size);
    Ok(Task {
        run: Box::new(move |x| {
            x.copy_from_slice(&start);
            // SAFETY: as above.
            unsafe {
                integrate(
                    size as u64,
                    x.as_mut_ptr(),
                    1.0 / 128.0,
                    STEPS,
                    work.as_mut_ptr(),
                );
            }
        }),
        output: Numbers::zeros(size),
    })
}

/// A symmetric, positive definite matrix whose eigenvalues are far from each other, so that no method is
/// done before its last step.
fn matrix(size: usize) -> Numbers {
    let element = |row: usize, column: usize| {
        let near = 1.0 / (1.0 + row.abs_diff(column) as f64);
        near + if row == column { row as f64 } else { 0.0 }
    };
    Numbers::new(size * size, |place| element(place / size, place % size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callees_stand_before_callers_and_define_what_is_called() {
        let sources = sources();
        for (place, source) in sources.iter().enumerate() {
            assert!(!source.functions().is_empty(), "{}", source.name);
            for dependency in source.dependencies {
                let before = sources[..place]
                    .iter()
                    .find(|source| source.name == *dependency)
                    .unwrap();
                let called = before
                    .functions()
                    .iter()
                    .any(|function| source.text.contains(&format!("{}(", function.symbol)));
                assert!(called, "{} does not need {dependency}", source.name);
                let include = format!("#include \"{dependency}.h\"");
                assert!(source.text.contains(&include), "{}", source.name);
            }
        }
    }

    #[test]
    fn every_kernel_has_its_function() {
        let sources = sources();
        for kernel in Kernel::ALL {
            assert_eq!(Kernel::of_package(kernel.package()).unwrap(), kernel);
            let source = sources
                .iter()
                .find(|source| source.name == kernel.package())
                .unwrap();
            assert!(
                source
                    .functions()
                    .iter()
                    .any(|function| function.name == kernel.function())
            );
            assert!(source.dependencies.len() + usize::from(source.name == "sweep") >= 2);
        }
        assert!(Kernel::of_package("blas1").is_err());
    }

    #[test]
    fn the_matrix_is_symmetric_and_dominated_by_its_diagonal_s_end() {
        let a = matrix(8);
        for row in 0..8 {
            for column in 0..8 {
                assert_eq!(a[row * 8 + column], a[column * 8 + row]);
            }
        }
        assert!(a[63] > a[0]);
    }
}
