//! The sources: small C functions, each a loop over an array that calls `sin`, all of the type
//! `fn(n: u64, x: *const f64) -> f64`.
//!
//! Constants and shapes differ from function to function, so that none can be folded into another.

use std::fmt::Write as _;

/// Functions in one source file.
const PER_FILE: usize = 100;

/// The name of the function with this number.
pub(crate) fn function_name(number: usize) -> String {
    format!("f{number:04}")
}

/// Source files by name.
pub(crate) fn files(functions: usize) -> Vec<(String, String)> {
    let numbers: Vec<usize> = (0..functions).collect();
    numbers
        .chunks(PER_FILE)
        .enumerate()
        .map(|(file, numbers)| {
            let mut text = "#include <math.h>\n#include <stdint.h>\n".to_owned();
            for &number in numbers {
                text.push_str(&function(number));
            }
            (format!("part{file}.c"), text)
        })
        .collect()
}

fn function(number: usize) -> String {
    let name = function_name(number);
    let (a, b) = (1.0 + number as f64 / 64.0, number as f64 / 128.0);
    let term = match number % 3 {
        0 => format!("sin({a} * x[i] + {b})"),
        1 => format!("x[i] * sin({a} * x[i]) - {b}"),
        _ => format!("sin(x[i] - {b}) * sin({a} * x[i])"),
    };
    let mut text = String::new();
    let _ = write!(
        text,
        "\ndouble {name}(uint64_t n, const double *x)\n{{\n    double s = {b};\n    \
         for (uint64_t i = 0; i < n; i++)\n        s += {term};\n    return s;\n}}\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_there_once() {
        let all: String = files(250).into_iter().map(|(_, text)| text).collect();
        assert_eq!(files(250).len(), 3);
        for number in 0..250 {
            assert_eq!(
                all.matches(&format!(" {}(", function_name(number))).count(),
                1
            );
        }
    }

    #[test]
    fn no_two_functions_do_the_same() {
        let mut bodies: Vec<String> = (0..300)
            .map(|number| function(number).replace(&function_name(number), "f"))
            .collect();
        bodies.sort();
        bodies.dedup();
        assert_eq!(bodies.len(), 300);
    }
}
