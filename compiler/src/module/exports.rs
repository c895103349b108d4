//! What a package offers: which of the defined functions, under which name and signature.

mod error;

use std::collections::{BTreeMap, BTreeSet};

use puck_package::document::ABI_C;
use puck_package::{FunctionName, LinkName, PackageName, Series, Signature, nearest};

use super::contradiction::contradiction;
use super::shape::{Disagreement, Shape};
use crate::source::{DebugFunction, DescribedFunction, Language};
pub use error::ExportError;

/// A `[[function]]` of the manifest.
#[derive(Clone, Debug)]
pub(crate) struct Requested {
    pub(crate) name: FunctionName,
    /// The name where `None`.
    pub(crate) symbol: Option<String>,
    pub(crate) signature: Option<Signature>,
    pub(crate) doc: Option<String>,
}

/// A function that the sources define for others to see.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The source file.
    pub(crate) path: String,
    pub(crate) shape: Shape,
    pub(crate) language: Language,
    /// Not weak, inline or hidden, and exported by its language.
    pub(crate) strong: bool,
    /// The function that this is another symbol of. Debug information knows only that one: a
    /// complete constructor of C++ is mostly an alias of the base's.
    pub(crate) alias_of: Option<String>,
}

/// All that sources define, by symbol.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(crate) visible: BTreeMap<String, Definition>,
    /// Functions that are local to a file.
    pub(crate) local: BTreeSet<String>,
}

/// A function that is offered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export {
    pub(crate) name: FunctionName,
    /// The calling convention.
    pub(crate) abi: String,
    pub(crate) signature: Signature,
    pub(crate) link_name: LinkName,
    /// Its type in the source's language, where that is not C's.
    pub(crate) declared: Option<String>,
    pub(crate) doc: Option<String>,
    /// Who must provide something to the process that calls it.
    pub(crate) needs: Option<Vec<String>>,
    /// The symbol in the sources.
    pub(crate) symbol: String,
}

/// What [`choose`] looks at.
pub(crate) struct Choice<'a> {
    pub(crate) package: &'a PackageName,
    pub(crate) series: Series,
    pub(crate) requested: &'a [Requested],
    /// Functions that their front end names, in addition.
    pub(crate) described: &'a [DescribedFunction],
    pub(crate) definitions: &'a Definitions,
    pub(crate) debug: &'a [DebugFunction],
}

impl Choice<'_> {
    /// The exports, sorted by name, then signature, then link name.
    pub(crate) fn exports(&self) -> Result<Vec<Export>, Box<ExportError>> {
        let by_symbol: BTreeMap<_, _> = self
            .debug
            .iter()
            .map(|function| (function.symbol.as_str(), function))
            .collect();
        let debug_of = |symbol: &str, definition: &Definition| {
            let behind = definition.alias_of.as_deref();
            let found = by_symbol.get(symbol);
            found.or_else(|| by_symbol.get(behind?)).copied()
        };
        let mut exports = Vec::new();
        if self.requested.is_empty() {
            for (symbol, definition) in &self.definitions.visible {
                let debug = debug_of(symbol, definition);
                if let Some(export) = self.visible(symbol, definition, debug)? {
                    exports.push(export);
                }
            }
        }
        for requested in self.requested {
            let symbol = self.symbol(requested)?;
            let Some(definition) = self.definitions.visible.get(&symbol) else {
                return Err(Box::new(self.undefined(requested, symbol)));
            };
            let debug = debug_of(&symbol, definition);
            let given = requested.signature.as_ref();
            let signature = signature(requested.name.as_str(), definition, debug, given)?;
            let doc = requested.doc.clone();
            exports.push(self.export(requested.name.clone(), signature, doc, &symbol));
        }
        for described in self.described {
            exports.push(self.described(described)?);
        }
        exports.sort_by_cached_key(|export| {
            let Export {
                name,
                signature,
                link_name,
                ..
            } = export;
            (name.clone(), signature.canonical(), link_name.clone())
        });
        if let Some([first, _]) = exports
            .array_windows()
            .find(|[a, b]| a.link_name == b.link_name)
        {
            let (name, signature) = (first.name.clone(), first.signature.clone());
            return Err(Box::new(ExportError::Twice { name, signature }));
        }
        if exports.is_empty() {
            Err(Box::new(ExportError::Nothing))
        } else {
            Ok(exports)
        }
    }

    /// A function that is exported because it is visible; `None` if it is not meant to be.
    fn visible(
        &self,
        symbol: &str,
        definition: &Definition,
        debug: Option<&DebugFunction>,
    ) -> Result<Option<Export>, Box<ExportError>> {
        if !definition.strong || debug.is_some_and(|debug| !debug.free_function) {
            return Ok(None);
        }
        if definition.language == Language::Python {
            // Its front end says what is to be seen of it.
            return Ok(None);
        }
        let cpp = definition.language == Language::Cpp || symbol.starts_with("_Z");
        let name = match debug {
            Some(debug) if cpp && definition.alias_of.is_none() => debug.name.as_str(),
            _ => symbol,
        };
        let signature = signature(name, definition, debug, None)?;
        let name = name.parse().map_err(|error: puck_package::NameError| {
            Box::new(ExportError::InvalidName {
                place: place(definition, debug),
                symbol: symbol.to_owned(),
                reason: error.to_string(),
            })
        })?;
        Ok(Some(self.export(name, signature, None, symbol)))
    }

    fn export(
        &self,
        name: FunctionName,
        signature: Signature,
        doc: Option<String>,
        symbol: &str,
    ) -> Export {
        let link_name = LinkName::new(self.package, &self.series, &name, &signature);
        Export {
            name,
            abi: ABI_C.to_owned(),
            signature,
            link_name,
            declared: None,
            doc,
            needs: None,
            symbol: symbol.to_owned(),
        }
    }

    /// A function that its front end names, if its module has it as described.
    fn described(&self, described: &DescribedFunction) -> Result<Export, Box<ExportError>> {
        let symbol = described.link_name.to_string();
        let visible = &self.definitions.visible;
        let definition = visible
            .get(&symbol)
            .filter(|definition| definition.language == Language::Python);
        let reason = match definition.map(|found| found.shape.check(&described.signature)) {
            Some(Ok(())) => {
                return Ok(Export {
                    name: described.name.clone(),
                    abi: described.abi.clone(),
                    signature: described.signature.clone(),
                    link_name: described.link_name.clone(),
                    declared: described.declared.clone(),
                    doc: described.doc.clone(),
                    needs: described.needs.clone(),
                    symbol,
                });
            }
            Some(Err(disagreement)) => disagreement.to_string(),
            None => "there is no such function for others to see".to_owned(),
        };
        Err(Box::new(ExportError::Described {
            symbol,
            signature: described.signature.clone(),
            reason,
        }))
    }

    /// The symbol that a `[[function]]` means: as written, or that of the C++ function whose plain
    /// name it is.
    fn symbol(&self, requested: &Requested) -> Result<String, Box<ExportError>> {
        let wanted = requested
            .symbol
            .as_deref()
            .unwrap_or(requested.name.as_str());
        let visible = &self.definitions.visible;
        if visible.contains_key(wanted) {
            return Ok(wanted.to_owned());
        }
        let described = self
            .debug
            .iter()
            .filter(|debug| debug.free_function && debug.name == wanted)
            .filter(|debug| visible.contains_key(&debug.symbol));
        // What C++ calls a function outside of namespaces, where no debug information tells.
        let mangled = format!("_Z{}{wanted}", wanted.len());
        let named: BTreeSet<&str> = described
            .map(|debug| debug.symbol.as_str())
            .chain(
                visible
                    .keys()
                    .map(String::as_str)
                    .filter(|name| name.starts_with(&mangled)),
            )
            .collect();
        let fits = |symbol: &&&str| match (&requested.signature, self.known(symbol)) {
            (Some(given), Some(Ok(own))) => own.same_types(given),
            (Some(given), _) => visible
                .get(**symbol)
                .is_some_and(|found| found.shape.check(given).is_ok()),
            (None, _) => true,
        };
        let fitting: Vec<_> = match named.len() {
            // The one that is meant; whether it fits is checked, and told, later.
            1 => named.iter().collect(),
            _ => named.iter().filter(fits).collect(),
        };
        match fitting.as_slice() {
            [one] => Ok((**one).to_owned()),
            [] if named.is_empty() => Err(Box::new(self.undefined(requested, wanted.to_owned()))),
            _ => Err(Box::new(ExportError::Overloaded {
                name: requested.name.clone(),
                candidates: named.iter().map(|symbol| self.describe(symbol)).collect(),
            })),
        }
    }

    /// The signature that debug information has of a symbol.
    fn known(&self, symbol: &str) -> Option<&Result<Signature, String>> {
        let found = self.debug.iter().find(|debug| debug.symbol == symbol)?;
        Some(&found.signature)
    }

    fn describe(&self, symbol: &str) -> String {
        match (self.known(symbol), self.definitions.visible.get(symbol)) {
            (Some(Ok(signature)), _) => format!("{symbol}  {signature}"),
            (Some(Err(reason)), _) => format!("{symbol}  ({reason})"),
            (None, Some(definition)) => format!("{symbol}  {}", definition.shape),
            (None, None) => symbol.to_owned(),
        }
    }

    fn undefined(&self, requested: &Requested, symbol: String) -> ExportError {
        let visible = self.definitions.visible.iter();
        let known = visible
            .filter(|(_, definition)| definition.language != Language::Python)
            .map(|(symbol, _)| symbol.as_str());
        let known = known.chain(self.debug.iter().map(|debug| debug.name.as_str()));
        ExportError::Undefined {
            name: requested.name.clone(),
            nearest: nearest(&symbol, known).map(str::to_owned),
            local: self.definitions.local.contains(&symbol),
            python: !self.described.is_empty(),
            symbol,
        }
    }
}

fn place(definition: &Definition, debug: Option<&DebugFunction>) -> String {
    debug
        .and_then(|debug| debug.declared_at.clone())
        .unwrap_or_else(|| definition.path.clone())
}

/// The signature that is given, else the one that was found, if the code agrees with it.
fn signature(
    name: &str,
    definition: &Definition,
    debug: Option<&DebugFunction>,
    given: Option<&Signature>,
) -> Result<Signature, Box<ExportError>> {
    let place = place(definition, debug);
    let not_expressible = |reason: String, by_value| ExportError::NotExpressible {
        place: place.clone(),
        name: name.to_owned(),
        reason,
        by_value,
    };
    let (origin, signature) = match (given, debug.map(|debug| &debug.signature)) {
        (Some(given), _) => ("manifest", given),
        (None, Some(Ok(found))) => ("debug information", found),
        (None, Some(Err(reason))) => {
            let by_value = reason.contains("by value");
            return Err(Box::new(not_expressible(reason.clone(), by_value)));
        }
        (None, None) => {
            if let Some(by_value) = definition.shape.by_value_struct() {
                return Err(Box::new(not_expressible(by_value.to_string(), true)));
            }
            return Err(Box::new(ExportError::NoSignature {
                place,
                name: name.to_owned(),
                code: definition.shape.to_string(),
            }));
        }
    };
    let mismatch = |code: String, reason: String| ExportError::Mismatch {
        place: place.clone(),
        name: name.to_owned(),
        origin,
        signature: signature.clone(),
        code,
        reason,
    };
    match definition.shape.check(signature) {
        Ok(()) => match debug.map(|debug| &debug.signature) {
            Some(Ok(own)) => match contradiction(signature, own) {
                Some(reason) => Err(Box::new(mismatch(own.to_string(), reason))),
                None => Ok(signature.clone()),
            },
            _ => Ok(signature.clone()),
        },
        Err(by_value @ Disagreement::Struct { .. }) => {
            // Debug information knows the struct's name where LLVM's type is a bare aggregate.
            let reason = match debug.map(|debug| &debug.signature) {
                Some(Err(reason)) => reason.clone(),
                _ => by_value.to_string(),
            };
            Err(Box::new(not_expressible(reason, true)))
        }
        Err(Disagreement::Other(reason)) => {
            Err(Box::new(mismatch(definition.shape.to_string(), reason)))
        }
    }
}
