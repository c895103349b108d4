//! `lib/pkgconfig/NAME.pc`: the flags with which a C program uses a package, and needs nothing else.
//!
//! All paths are relative to the file itself, so that an environment works under any of its names:
//! through a project's `.puck`, and as an exported copy.

use puck_package::{PackageDocument, PackageName, Series};

/// The file for a package whose header is in `include`; `is_plain` tells which series of a package
/// has the name without a series.
pub(super) fn file(
    document: &PackageDocument,
    include: &str,
    is_plain: impl Fn(&PackageName, Series) -> bool,
) -> String {
    let PackageDocument {
        name,
        version,
        description,
        ..
    } = document;
    let description = match one_line(description) {
        text if text.is_empty() => format!("Functions of {name}"),
        text => text,
    };
    let requires: Vec<String> = document
        .dependencies
        .iter()
        .filter(|dependency| {
            document
                .imports
                .iter()
                .any(|i| i.package == dependency.name)
        })
        .map(|dependency| match (&dependency.name, dependency.series) {
            (name, series) if is_plain(name, series) => name.to_string(),
            (name, series) => format!("{name}.{series}"),
        })
        .collect();

    let mut text = format!(
        "prefix=${{pcfiledir}}/../..\n\
         libdir=${{prefix}}/lib\n\
         includedir=${{prefix}}/{include}\n\
         \n\
         Name: {name}\n\
         Description: {description}\n\
         Version: {version}\n"
    );
    if !requires.is_empty() {
        text.push_str(&format!("Requires: {}\n", requires.join(", ")));
    }
    text.push_str(&format!(
        "Cflags: -I${{includedir}}\n\
         Libs: -L${{libdir}} -Wl,-rpath,${{libdir}} -l:{}\n",
        document.soname()
    ));
    text
}

/// The description as pkg-config can take it: a line feed would end it, `$` and `#` mean something.
fn one_line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || matches!(c, '$' | '#' | '\\') {
            ' '
        } else {
            c
        }
    };
    text.chars()
        .map(plain)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_cannot_break_out() {
        let text = one_line("fast\nLibs: -levil ${x} # and\\more");
        assert_eq!(text, "fast Libs: -levil {x} and more");
    }
}
