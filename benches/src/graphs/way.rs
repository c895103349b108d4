//! The ways to build, install and call a graph.

use std::process::Command;

use anyhow::Result;

use super::division::Division;
use super::source::Language;
use crate::settings::Settings;

/// A way to link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Every function with all that it calls in a library of its own.
    Embedded,
    /// Shared libraries that need each other, linked by hand.
    Hand,
    /// Puck, with this link mode.
    Puck(Mode),
}

/// A link mode of Puck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Dynamic,
    Image,
    Lto,
}

impl Way {
    pub(super) const PUCK: [Way; 3] = [
        Way::Puck(Mode::Dynamic),
        Way::Puck(Mode::Image),
        Way::Puck(Mode::Lto),
    ];

    /// As it stands in tables.
    pub(super) fn title(self) -> &'static str {
        match self {
            Way::Embedded => "embedded",
            Way::Hand => "linked by hand",
            Way::Puck(Mode::Dynamic) => "Puck, dynamic",
            Way::Puck(Mode::Image) => "Puck, image",
            Way::Puck(Mode::Lto) => "Puck, lto",
        }
    }
}

impl Mode {
    /// The value of `--link`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Mode::Dynamic => "dynamic",
            Mode::Image => "image",
            Mode::Lto => "lto",
        }
    }
}

/// What competes in one graph: ways and divisions.
pub(super) fn all(
    settings: &Settings,
    language: Language,
    functions: usize,
) -> Result<Vec<(Way, Division)>> {
    let modes = if has_link_modes(settings)? { 3 } else { 1 };
    let full = in_full(settings, language, functions);
    let mut all = Vec::new();
    for division in divisions(full) {
        all.extend(
            [Way::Hand]
                .iter()
                .chain(&Way::PUCK[..modes])
                .map(|&way| (way, division)),
        );
    }
    if full {
        all.push((Way::Embedded, Division::Function));
    }
    all.retain(|(way, division)| {
        let names = [language.title(), division.title(), way.title()];
        settings.wants(&names.join(", "))
    });
    Ok(all)
}

/// Graphs of LLVM IR are measured in full while they are small: compiled, they are like those of C.
pub(super) const IN_FULL: usize = 200;

/// Whether a graph is embedded, and divided in every way.
fn in_full(settings: &Settings, language: Language, functions: usize) -> bool {
    language == Language::C || (functions <= IN_FULL && !settings.quick)
}

fn divisions(in_full: bool) -> Vec<Division> {
    if in_full {
        Division::ALL.to_vec()
    } else {
        vec![Division::Layer]
    }
}

/// Whether this puck can install in more than one mode.
pub(super) fn has_link_modes(settings: &Settings) -> Result<bool> {
    let output = Command::new(&settings.puck)
        .args(["install", "--help"])
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("--link"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(line: &str) -> Settings {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Settings::parse(&arguments).unwrap().unwrap()
    }

    #[test]
    fn large_and_quick_graphs_of_ir_are_measured_a_layer_a_package() {
        let full = settings("--puck true --work w");
        assert!(in_full(&full, Language::C, 1000) && in_full(&full, Language::Ir, 120));
        assert!(!in_full(&full, Language::Ir, 1000));
        let quick = settings("--quick --puck true --work w");
        assert!(in_full(&quick, Language::C, 120) && !in_full(&quick, Language::Ir, 60));
        assert_eq!(divisions(false), [Division::Layer]);
    }

    #[test]
    fn without_link_modes_puck_competes_once_a_division() {
        // A program that prints no help.
        let all = super::all(&settings("--puck true --work w"), Language::C, 60).unwrap();
        let modes: Vec<&str> = all.iter().map(|(way, _)| way.title()).collect();
        assert_eq!(modes[..2], ["linked by hand", "Puck, dynamic"]);
        assert_eq!((modes[6], modes.len()), ("embedded", 7));
        let some = settings("--puck true --work w --only layer");
        let some = super::all(&some, Language::C, 60).unwrap();
        assert_eq!(some.len(), 2);
    }
}
