//! The sources: three callees in one package, and in another the loops that call them.
//!
//! A loop feeds each result into the next call, so that none can be left out and calls do not overlap. It
//! stands in the caller's package, so that what is timed is compiled code calling compiled code. There are
//! four of each, one at each place modulo 64 bytes that a function can have, since processors fetch code
//! in blocks.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use crate::kernels::source::Source;

const CALLEES: &str = include_str!("c/callees.c");

/// A callee.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Callee {
    Trivial,
    Branch,
    Vector,
}

/// How many copies of a loop there are.
pub(super) const PLACES: usize = 4;

impl Callee {
    pub(super) const ALL: [Callee; 3] = [Callee::Trivial, Callee::Branch, Callee::Vector];

    pub(super) fn name(self) -> &'static str {
        match self {
            Callee::Trivial => "trivial",
            Callee::Branch => "branch",
            Callee::Vector => "vector",
        }
    }

    /// The callee with this name.
    pub(super) fn of_name(name: &str) -> Result<Callee> {
        Callee::ALL
            .into_iter()
            .find(|callee| callee.name() == name)
            .with_context(|| format!("there is no callee {name:?}"))
    }

    /// What a person calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Callee::Trivial => "x + y * 0.5",
            Callee::Branch => "a branch",
            Callee::Vector => "a loop over 64 numbers",
        }
    }

    /// The function that calls it in a loop, in the package of loops.
    pub(super) fn loop_name(self, place: usize) -> String {
        format!("{}_{place}", self.name())
    }

    /// The type of the second argument.
    fn argument(self) -> &'static str {
        match self {
            Callee::Vector => "const double *",
            _ => "double ",
        }
    }
}

/// How callees are written in a caller's own source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Linkage {
    /// Their code in place of each call.
    Inlined,
    /// Real calls within the library.
    Direct,
}

/// The two packages, callees first.
pub(super) fn sources() -> [Source; 2] {
    let callees = Source {
        name: "callees",
        text: CALLEES.into(),
        dependencies: &[],
    };
    let loops = Source {
        name: "loops",
        text: format!("#include \"callees.h\"\n{}", loops()).into(),
        dependencies: &["callees"],
    };
    [callees, loops]
}

/// Both in one source.
pub(super) fn single(linkage: Linkage) -> String {
    let attribute = match linkage {
        Linkage::Inlined => "__attribute__((always_inline)) static inline double callees_",
        Linkage::Direct => "__attribute__((noinline)) static double callees_",
    };
    CALLEES.replace("double callees_", attribute) + &loops()
}

fn loops() -> String {
    let mut text = "\n#include <stdint.h>\n".to_owned();
    for callee in Callee::ALL {
        let (name, argument) = (callee.name(), callee.argument());
        for place in 0..PLACES {
            let loop_name = callee.loop_name(place);
            // Functions begin at multiples of 16: each of these empty ones moves the next by so much.
            let mut all: Vec<(String, String)> = (0..place)
                .map(|filler| {
                    let head = format!("void loops_before_{loop_name}_{filler}(void)");
                    (head, String::new())
                })
                .collect();
            all.push((
                format!("double loops_{loop_name}(uint64_t n, double x, {argument}y)"),
                format!(
                    "    for (uint64_t i = 0; i < n; i++)\n        x = callees_{name}(x, y);\n    \
                     return x;\n"
                ),
            ));
            let _ = writeln!(text, "\n{} __attribute__((aligned(64)));", all[0].0);
            for (head, body) in all {
                let _ = write!(text, "\n{head}\n{{\n{body}}}\n");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loop_is_there_once_at_each_place() {
        let [callees, loops] = sources();
        assert_eq!(callees.functions().len(), Callee::ALL.len());
        let names: Vec<&str> = loops
            .functions()
            .iter()
            .map(|function| function.name)
            .collect();
        for callee in Callee::ALL {
            for place in 0..PLACES {
                let name = callee.loop_name(place);
                assert_eq!(names.iter().filter(|&&found| found == name).count(), 1);
                let before = format!("before_{name}");
                let fillers = names.iter().filter(|name| name.starts_with(&before));
                assert_eq!(fillers.count(), place);
            }
        }
    }

    #[test]
    fn one_source_hides_the_callees_in_every_linkage() {
        for (linkage, word) in [
            (Linkage::Inlined, "always_inline"),
            (Linkage::Direct, "noinline"),
        ] {
            let text = single(linkage);
            assert_eq!(text.matches(word).count(), Callee::ALL.len());
            assert_eq!(text.matches("\ndouble callees_").count(), 0);
        }
    }
}
