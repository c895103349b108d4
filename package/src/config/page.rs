//! `docs/configuration.md`, made of the lists of keys and of variables.

use std::fmt::Write as _;

use super::KEYS;
use crate::variables;

const INTRODUCTION: &str = "\
# Configuration

Written by `cargo xtask docs`; do not edit.

What a user settles for all projects is in `config.toml` in Puck's home: `$PUCK_HOME`, else `puck/` in
`$XDG_DATA_HOME`, else `~/.local/share/puck`. It is TOML 1.0. A key that is not known, or a value that
does not belong, is an error that names the file, the line and the nearest key. Flags are stronger than
variables, variables are stronger than the manifest, and that is stronger than this file.
`puck config --show-origin` shows what holds, and what said so; `puck config set KEY VALUE` and
`puck config unset KEY` change the file and leave comments and order as they are.

```toml
registry = \"team\"               # the default registry

[registries]
team = \"https://registry.example\"
shared = \"/srv/registry\"

[registries.lab]
url = \"https://lab.example/puck\"
certificates = \"lab.pem\"        # of an authority of our own

[gc]
max-age = \"2w\"
```

## Keys

";

const REGISTRIES: &str = "
`puck config KEY` takes the same names, with dots. A registry's name is a letter or digit, then letters,
digits, `-` and `_`, at most 64 characters.

## Registries

Where the registry NAME is, is said by, the strongest first: the variable `PUCK_REGISTRY_NAME`; the
manifest's `[registries]`; `[registries]` of this file. `local` is the folder `registry` in Puck's home
unless one of them says otherwise; it is made when something is published there.

The default registry is what `--registry` or `PUCK_REGISTRY` says: a name, an address, or a folder; else
`registry` of this file; else `local`. A folder that is called as a registry is meant with `./` before it.

Each package comes from one registry: that which the manifest names for it, or the lockfile has it from,
or the default one; what a published package needs comes from the registry that it names, or its own. A
name that is taken from two registries is an error. No registry stands in for another one.

## Tokens

`puck login` keeps tokens in `credentials.toml` in Puck's home, which only its owner may read. A token is
kept for an address, and is sent to that scheme, host and port alone. A variable is stronger, and is used
only for a registry whose address is said by the user: by a flag, a variable or `config.toml`. What a
manifest says under `[registries]` is not enough, as somebody else may have written it: without one of
those, `PUCK_REGISTRY_TOKEN` is not sent, and `PUCK_REGISTRY_NAME_TOKEN` only if `puck login` keeps a token
for that address. Where there is no `config.toml`, set `PUCK_REGISTRY_NAME` beside `PUCK_REGISTRY_NAME_TOKEN`.

## Variables

";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    row(
        &mut text,
        &["key", "type", "default", "stronger", "meaning"],
    );
    row(&mut text, &["---"; 5]);
    for key in KEYS {
        let stronger: Vec<_> = key
            .flag
            .into_iter()
            .chain(key.variable)
            .map(|name| format!("`{name}`"))
            .collect();
        row(
            &mut text,
            &[
                &format!("`{}`", key.name),
                key.kind,
                key.default,
                &stronger.join(", "),
                key.meaning,
            ],
        );
    }
    text.push_str(REGISTRIES);
    row(&mut text, &["variable", "meaning"]);
    row(&mut text, &["---"; 2]);
    for (name, meaning) in variables::ALL {
        row(&mut text, &[&format!("`{name}`"), meaning]);
    }
    text.push_str("\nA variable that is empty counts as not set.\n");
    text
}

/// A row of a table.
fn row(text: &mut String, cells: &[&str]) {
    // Writing to a text cannot fail.
    _ = writeln!(text, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_variable_is_there() {
        let page = page();
        for name in KEYS.iter().map(|key| key.name) {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
        for (name, _) in variables::ALL {
            assert!(page.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    /// The example of the page is valid.
    #[test]
    fn the_example_can_be_read() {
        let page = page();
        let example = page
            .split("```")
            .nth(1)
            .and_then(|code| code.strip_prefix("toml\n"));
        let path = std::path::Path::new("/home/config.toml");
        let config = crate::Config::parse(example.expect("an example"), path).expect("is valid");
        assert_eq!(config.registries.len(), 3);
    }
}
