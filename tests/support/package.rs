//! Packages to test with.

use std::fmt::Write as _;

use crate::support::Machine;

/// Two functions over vectors.
pub(crate) const VECMATH: &str = "\
#include <stdint.h>
double dot(uint64_t n, const double *x, const double *y)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}
void scale(uint64_t n, double a, double *x)
{
    for (uint64_t i = 0; i < n; i++)
        x[i] *= a;
}
";

/// A function that calls one of [`VECMATH`].
pub(crate) const NORM: &str = "\
#include <vecmath.h>
double norm2(uint64_t n, const double *x) { return vecmath_dot(n, x, x); }
";

impl Machine {
    /// A package in C in a folder of its name, for the oldest target alone, with dependencies as
    /// lines of the manifest.
    pub(crate) fn c_package(&self, name: &str, version: &str, source: &str, dependencies: &str) {
        self.write(
            format!("{name}/Puck.toml"),
            format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\n\n\
                 [build]\nsources = [\"src/*.c\"]\ntargets = [\"x86-64\"]\n\n\
                 [dependencies]\n{dependencies}"
            ),
        );
        self.write(format!("{name}/src/{name}.c"), source);
    }

    /// Publishes a package in C.
    pub(crate) fn publish(&self, name: &str, version: &str, source: &str, dependencies: &str) {
        self.c_package(name, version, source, dependencies);
        self.ok(name, "publish");
    }

    /// A package whose one function, of the package's name, returns `result`.
    pub(crate) fn publish_constant(&self, name: &str, version: &str, result: u32, needs: &str) {
        let source = format!("int {name}(void) {{ return {result}; }}\n");
        self.publish(name, version, &source, needs);
    }

    /// A project that only uses packages, in the folder `project`.
    pub(crate) fn project(&self, dependencies: &[(&str, &str)]) {
        let mut text = String::from("[dependencies]\n");
        for (name, requirement) in dependencies {
            writeln!(text, "{name} = \"{requirement}\"").unwrap();
        }
        self.write("project/Puck.toml", text);
    }
}
