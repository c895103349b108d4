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
    let mut all = Vec::new();
    if is_embedded(language, functions) && settings.wants(Way::Embedded.title()) {
        all.push((Way::Embedded, Division::Function));
    }
    for division in divisions(language, functions) {
        for way in [Way::Hand].iter().chain(&Way::PUCK[..modes]) {
            let name = format!("{}, {}", division.title(), way.title());
            if settings.wants(&name) || *way == Way::Hand {
                all.push((*way, division));
            }
        }
    }
    Ok(all)
}

/// Graphs of LLVM IR are measured in full while they are small: compiled, they are like those of C.
pub(super) const IN_FULL: usize = 200;

fn divisions(language: Language, functions: usize) -> Vec<Division> {
    if language == Language::Ir && functions > IN_FULL {
        return vec![Division::Layer];
    }
    Division::ALL.to_vec()
}

fn is_embedded(language: Language, functions: usize) -> bool {
    language == Language::C || functions <= IN_FULL
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

    #[test]
    fn large_graphs_of_ir_are_measured_a_layer_a_package() {
        assert_eq!(divisions(Language::Ir, 1000), [Division::Layer]);
        assert_eq!(divisions(Language::Ir, 120).len(), 3);
        assert_eq!(divisions(Language::C, 1000).len(), 3);
        assert!(is_embedded(Language::C, 1000) && !is_embedded(Language::Ir, 1000));
    }
}
