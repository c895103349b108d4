//! Names of symbols, made fit to be read: unmangled, bounded, without what steers a terminal.

use std::fmt::{self, Write};

/// The longest name that is shown, in bytes: names of templates grow without limits.
const LONGEST: usize = 240;

/// The name of a function of C, C++ or Rust, from its symbol.
pub(super) fn readable(symbol: &str) -> String {
    let plain = unmangled(symbol).unwrap_or_else(|| symbol.to_owned());
    let mut name = String::with_capacity(plain.len());
    for character in plain.chars() {
        if name.len() >= LONGEST {
            name.push('…');
            break;
        }
        if steers(character) {
            name.extend(character.escape_unicode());
        } else {
            name.push(character);
        }
    }
    name
}

fn unmangled(symbol: &str) -> Option<String> {
    let mut text = Bounded(String::new());
    if let Ok(rust) = rustc_demangle::try_demangle(symbol) {
        // Without the hash.
        write!(text, "{rust:#}").ok()?;
    } else if symbol.starts_with("_Z") {
        let options = cpp_demangle::DemangleOptions::default();
        let symbol = cpp_demangle::Symbol::new(symbol).ok()?;
        symbol.structured_demangle(&mut text, &options).ok()?;
    } else {
        return None;
    }
    Some(text.0)
}

/// Whether a character does something else than being seen: it controls the terminal, or the
/// direction of what follows.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text that does not grow without limits: a short symbol may stand for an endless name.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > 16 * LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_each_language() {
        for (symbol, name) in [
            ("helper", "helper"),
            ("_Z3addIdET_S0_S0_", "double add<double>(double, double)"),
            (
                "_ZN12_GLOBAL__N_15innerEi",
                "(anonymous namespace)::inner(int)",
            ),
            ("_ZN6demo_a4dots17h0123456789abcdefE", "demo_a::dots"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("helper.cold", "helper.cold"),
            ("_Z", "_Z"),
            ("_Znonsense", "_Znonsense"),
        ] {
            assert_eq!(readable(symbol), name);
        }
    }

    #[test]
    fn nothing_steers_and_nothing_is_endless() {
        assert_eq!(readable("a\x1b[31mb"), "a\\u{1b}[31mb");
        assert_eq!(readable("a\u{202e}b"), "a\\u{202e}b");
        assert!(readable(&"x".repeat(100_000)).len() < LONGEST + 8);
        // Each substitution doubles the name.
        let mut symbol = "_Z1fIiE1AI".to_owned();
        symbol.push_str(&"S_".repeat(50_000));
        assert!(readable(&symbol).len() < LONGEST + 8);
    }
}
