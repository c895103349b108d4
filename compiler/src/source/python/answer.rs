//! What the front end says of what it made: `front-end.json`, and the files that it names.
//!
//! Another program wrote it, perhaps of another version: every name is checked against what it must
//! be, files are read only from the front end's own folder and up to a size, and what is said of the
//! code is compared with the code later, where modules are merged.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use puck_package::document::{self, ABI_C, ABI_CPYTHON, ABI_NUMBA, PROVIDERS};
use puck_package::{FunctionName, HostImport, LinkName, PackageName, Series, Signature, archive};
use serde::Deserialize;

use super::request::FORMAT;
use super::{Described, DescribedFunction, numba};
use crate::BuildRequest;

/// The description; written last, so that where it is all else is.
const FILE: &str = "front-end.json";
/// The module.
const MODULE: &str = "module.bc";
/// Larger descriptions than this, in bytes, are not read.
const MAX_TEXT: u64 = 64 << 20;
/// Larger modules than this, in bytes, are not read.
const MAX_MODULE: u64 = 1 << 30;

/// An answer that was checked.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) described: Described,
    /// The symbol of the table of host imports.
    pub(super) table: Option<LinkName>,
    pub(super) module: Vec<u8>,
    pub(super) tools: Vec<String>,
    pub(super) inputs: Vec<String>,
    pub(super) warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Text {
    tools: Vec<String>,
    inputs: Vec<String>,
    functions: Vec<Function>,
    #[serde(default)]
    host_imports: Vec<HostImport>,
    #[serde(default)]
    imports: Vec<Import>,
    #[serde(default)]
    share: BTreeMap<String, String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Numbered {
    format: u32,
}

/// An entry point.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Function {
    pub(super) name: FunctionName,
    pub(super) abi: String,
    pub(super) signature: Signature,
    pub(super) link_name: LinkName,
    #[serde(default)]
    pub(super) declared: Option<String>,
    #[serde(default)]
    pub(super) doc: Option<String>,
    /// Whom it needs to be called.
    #[serde(default)]
    pub(super) needs: Option<Vec<String>>,
}

/// A function of another package that the module calls.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Import {
    package: PackageName,
    link_name: LinkName,
}

/// Reads the answer in the folder `output`.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn read(request: &BuildRequest<'_>, output: &Path) -> Result<Answer, String> {
    let bytes = small_file(output, FILE)?;
    let unreadable = |error: serde_json::Error| format!("{FILE} cannot be read: {error}");
    let Numbered { format } = serde_json::from_slice(&bytes).map_err(unreadable)?;
    if format != FORMAT {
        return Err(format!("{FILE} has format {format}; expected {FORMAT}"));
    }
    let text: Text = serde_json::from_slice(&bytes).map_err(unreadable)?;
    let Some(package) = &request.manifest.package else {
        return Err("there is no [package] that it could be of".to_owned());
    };
    let own = Own {
        package: &package.name,
        series: Series::of(&package.version),
    };
    own.check_functions(&text.functions)?;
    let table = own.table(&text.host_imports, &text.functions)?;
    check_imports(&text.imports, request)?;
    let words = text.tools.iter().chain(&text.inputs);
    if let Some(word) = words.into_iter().find(|word| !is_line(word)) {
        return Err(format!("{word:?} names no tool and no file"));
    }
    let share = text.share.iter();
    let share: BTreeMap<String, Vec<u8>> = share
        .map(|(name, file)| share_file(output, name, file))
        .collect::<Result<_, _>>()?;
    if text.functions.iter().any(|function| function.abi != ABI_C) {
        let Some(numba) = share.get(&share_path(numba::FILE)) else {
            return Err(format!(
                "it describes no function to Numba: no `{}`",
                numba::FILE
            ));
        };
        numba::check(numba, own.package, &own.series, &text.functions)?;
    }
    let described = Described {
        share,
        functions: text.functions.into_iter().map(described).collect(),
        host_imports: text.host_imports,
    };
    Ok(Answer {
        described,
        table,
        module: file(output, MODULE, MAX_MODULE)?,
        tools: text.tools,
        inputs: text.inputs,
        warnings: text.warnings,
    })
}

/// The package that is built.
struct Own<'a> {
    package: &'a PackageName,
    series: Series,
}

impl Own<'_> {
    fn check_functions(&self, functions: &[Function]) -> Result<(), String> {
        if functions.is_empty() {
            return Err("it exports no function".to_owned());
        }
        let mut known = BTreeSet::new();
        for function in functions {
            let Function {
                name,
                abi,
                signature,
                link_name,
                needs,
                ..
            } = function;
            let mut needs = needs.iter().flatten();
            if let Some(unknown) = needs.find(|need| !PROVIDERS.contains(&need.as_str())) {
                return Err(format!(
                    "`{name}` needs `{unknown}`, which is none of {}",
                    PROVIDERS.join(", ")
                ));
            }
            if ![ABI_C, ABI_NUMBA, ABI_CPYTHON].contains(&abi.as_str()) {
                return Err(format!(
                    "`{name}` has the calling convention `{abi}`, which is not known"
                ));
            }
            document::expect_form(abi, signature).map_err(|reason| format!("`{name}` {reason}"))?;
            let of_c = LinkName::new(self.package, &self.series, name, signature);
            let fits = match abi.as_str() {
                ABI_C => *link_name == of_c,
                _ => *link_name != of_c && self.owns(link_name, name),
            };
            if !fits {
                let expected = match abi.as_str() {
                    ABI_C => of_c.to_string(),
                    _ => format!("one of {} of `{name}`, and not C's", of_c.soname()),
                };
                return Err(format!(
                    "`{name}` has the link name `{link_name}`; expected {expected}"
                ));
            }
            if !known.insert(link_name) {
                return Err(format!("two functions have the link name `{link_name}`"));
            }
        }
        Ok(())
    }

    fn owns(&self, link_name: &LinkName, name: &FunctionName) -> bool {
        link_name.package_symbol() == self.package.symbol()
            && *link_name.series() == self.series
            && link_name.function() == name.as_str()
    }

    /// The symbol of the table of host imports; `None` without any.
    fn table(
        &self,
        imports: &[HostImport],
        functions: &[Function],
    ) -> Result<Option<LinkName>, String> {
        document::check_host_imports(imports)?;
        for HostImport { symbol, provider } in imports {
            if !PROVIDERS.contains(&provider.as_str()) {
                return Err(format!(
                    "nobody is known to provide `{symbol}`: `{provider}` is none of {}",
                    PROVIDERS.join(", ")
                ));
            }
        }
        let table = document::host_table(self.package, &self.series, imports);
        match functions
            .iter()
            .find(|f| Some(&f.link_name) == table.as_ref())
        {
            Some(function) => Err(format!(
                "`{}` has the symbol of the table of host imports",
                function.name
            )),
            None => Ok(table),
        }
    }
}

/// What it says it calls must be there to be called; what it really calls is found in the module.
fn check_imports(imports: &[Import], request: &BuildRequest<'_>) -> Result<(), String> {
    for Import { package, link_name } in imports {
        let mut documents = request.dependencies.iter();
        let offered = documents.any(|document| {
            let mut functions = document.functions.iter();
            document.name == *package
                && functions.any(|f| f.link_name == *link_name && document::is_imported(&f.abi))
        });
        if !offered {
            return Err(format!(
                "it calls `{link_name}`, which no installed version of `{package}` offers"
            ));
        }
    }
    Ok(())
}

fn share_path(name: &str) -> String {
    format!("share/{name}")
}

/// A file for the archive: its path there, and its content.
fn share_file(output: &Path, name: &str, from: &str) -> Result<(String, Vec<u8>), String> {
    let path = share_path(name);
    if name.contains('/') {
        return Err(format!("`{path}` is deeper than one folder"));
    }
    archive::check_path(&path).map_err(|reason| format!("`{path}` {reason}"))?;
    Ok((path, small_file(output, from)?))
}

fn described(function: Function) -> DescribedFunction {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    DescribedFunction {
        name: function.name,
        abi: function.abi,
        signature: function.signature,
        link_name: function.link_name,
        declared: filled(function.declared),
        doc: filled(function.doc),
        needs: function.needs,
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// A file of the front end's folder that is no module.
pub(super) fn small_file(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    file(folder, name, MAX_TEXT)
}

fn file(folder: &Path, name: &str, limit: u64) -> Result<Vec<u8>, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(format!("`{name}` is not the name of a file in its folder"));
    }
    let path = folder.join(name);
    let missing = |error: std::io::Error| format!("`{name}` cannot be read: {error}");
    let found = fs_err::symlink_metadata(&path).map_err(missing)?;
    if !found.is_file() {
        return Err(format!("`{name}` is not a file"));
    }
    let mut bytes = Vec::new();
    let opened = fs_err::File::open(&path).map_err(missing)?;
    opened
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(missing)?;
    if bytes.len() as u64 > limit {
        return Err(format!("`{name}` is larger than {limit} bytes"));
    }
    Ok(bytes)
}
