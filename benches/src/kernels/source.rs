//! Packages written in C, for Puck and for plain compilers.
//!
//! A package is one file. Its functions are called `PACKAGE_FUNCTION` everywhere, so that the same file
//! is the source of a package (whose callers' header Puck writes) and of a plain library (whose header is
//! made here, from the definitions).

use std::borrow::Cow;
use std::fmt::Write as _;

/// A package's source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) text: Cow<'static, str>,
    pub(crate) dependencies: &'static [&'static str],
}

/// How callers outside the package write a function's symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Naming {
    /// As in the source.
    Plain,
    /// `package::function`, which a declaration in LLVM IR has.
    Qualified,
}

impl Source {
    /// The functions that it defines for others.
    pub(crate) fn functions(&self) -> Vec<Function<'_>> {
        let prefix = format!("{}_", self.name);
        self.text
            .match_indices("\n{\n")
            .filter_map(|(end, _)| {
                let before = &self.text[..end];
                let after = |mark: &str| before.rfind(mark).map_or(0, |place| place + mark.len());
                let declaration = &before[after("\n\n").max(after("*/\n"))..];
                let (head, _) = declaration.split_once('(')?;
                let symbol = &head[head.rfind([' ', '*'])? + 1..];
                Some(Function {
                    declaration,
                    symbol,
                    name: symbol.strip_prefix(&prefix)?,
                })
            })
            .filter(|function| !function.declaration.starts_with("static"))
            .collect()
    }

    /// `Puck.toml`.
    pub(crate) fn manifest(&self) -> String {
        let name = self.name;
        let mut text = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n\n[build]\nsources = [\"{name}.c\"]\n"
        );
        for Function { name, symbol, .. } in self.functions() {
            let _ = write!(
                text,
                "\n[[function]]\nname = \"{name}\"\nsymbol = \"{symbol}\"\n"
            );
        }
        text + "\n" + &dependencies(self.dependencies)
    }

    /// The header for callers.
    pub(crate) fn header(&self, naming: Naming) -> String {
        let mut text = "#pragma once\n#include <stdint.h>\n".to_owned();
        for function in self.functions() {
            let Function {
                declaration, name, ..
            } = function;
            let _ = match naming {
                Naming::Plain => writeln!(text, "{declaration};"),
                Naming::Qualified => {
                    writeln!(text, "{declaration} __asm__(\"{}::{name}\");", self.name)
                }
            };
        }
        text
    }
}

/// A function that a source defines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Function<'a> {
    /// Its type, name and parameters.
    pub(crate) declaration: &'a str,
    /// Its name in C.
    pub(crate) symbol: &'a str,
    /// Its name in the package.
    pub(crate) name: &'a str,
}

/// The table of dependencies of a manifest.
pub(crate) fn dependencies(names: &[&str]) -> String {
    let mut text = "[dependencies]\n".to_owned();
    for name in names {
        let _ = writeln!(text, "{name} = \"1\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            name: "vec",
            text: "/* Vectors. */\n\n#include \"base.h\"\n\nstatic double twice(double x)\n{\n    \
                   return 2 * x;\n}\n\n/* A sum. */\ndouble vec_sum(uint64_t n,\n               \
                   const double *x)\n{\n    return twice(x[n - 1]);\n}\n\ndouble *vec_end(double \
                   *x)\n{\n    return x;\n}\n"
                .into(),
            dependencies: &["base"],
        }
    }

    #[test]
    fn functions_of_others_are_found_with_their_types() {
        let source = source();
        let functions = source.functions();
        assert_eq!(
            functions,
            [
                Function {
                    declaration: "double vec_sum(uint64_t n,\n               const double *x)",
                    symbol: "vec_sum",
                    name: "sum",
                },
                Function {
                    declaration: "double *vec_end(double *x)",
                    symbol: "vec_end",
                    name: "end",
                },
            ]
        );
    }

    #[test]
    fn the_manifest_exports_them() {
        let text = source().manifest();
        let manifest = puck_package::Manifest::parse(&text, "Puck.toml".as_ref()).unwrap();
        drop(manifest);
        assert!(text.contains("name = \"sum\"\nsymbol = \"vec_sum\"\n"));
        assert!(text.ends_with("[dependencies]\nbase = \"1\"\n"));
        assert!(!text.contains("twice"));
    }

    #[test]
    fn a_header_declares_them_as_callers_write_them() {
        let source = source();
        let plain = source.header(Naming::Plain);
        assert!(plain.contains("\ndouble *vec_end(double *x);\n"));
        let qualified = source.header(Naming::Qualified);
        assert!(qualified.contains("const double *x) __asm__(\"vec::sum\");\n"));
    }
}
