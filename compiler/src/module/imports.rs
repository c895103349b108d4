//! Callees: from `linalg::dot`, as a source declares it, to the link name of the installed function.

mod error;

use puck_package::document::is_imported;
use puck_package::{Function, Import, LinkName, PackageDocument, PackageName, nearest};

use super::shape::Shape;

pub use error::ImportError;

/// The packages whose functions may be called.
#[derive(Clone, Copy)]
pub(crate) struct Dependencies<'a> {
    /// The package that is being built; `None` for a caller that belongs to none.
    pub(crate) own: Option<&'a PackageName>,
    /// Direct dependencies come first where a package is there in several series.
    pub(crate) documents: &'a [PackageDocument],
}

impl<'a> Dependencies<'a> {
    /// The function that a declaration in `path` means; `None` if it is no import at all.
    pub(crate) fn resolve(
        self,
        symbol: &str,
        shape: &Shape,
        path: &str,
    ) -> Result<Option<Import>, Box<ImportError>> {
        if let Some((scope, function)) = symbol.split_once("::") {
            let document = self.document(scope, symbol, path)?;
            return by_name(document, function, symbol, shape, path).map(Some);
        }
        match symbol.parse::<LinkName>() {
            Ok(link_name) if self.is_own(link_name.package_symbol()) => Ok(None),
            Ok(link_name) => self.by_link_name(&link_name, shape, path).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn is_own(self, package: &str) -> bool {
        self.own.is_some_and(|own| is_named(own, package))
    }

    /// The import that stands behind a link name.
    pub(crate) fn find(self, link_name: &LinkName) -> Option<Import> {
        self.documents.iter().find_map(|document| {
            let function = document
                .functions
                .iter()
                .find(|f| is_imported(&f.abi) && f.link_name == *link_name)?;
            Some(Import {
                package: document.name.clone(),
                function: function.name.clone(),
                abi: function.abi.clone(),
                signature: function.signature.clone(),
                link_name: link_name.clone(),
            })
        })
    }

    /// Everything that could be called, as a source calls it.
    pub(crate) fn functions(self) -> impl Iterator<Item = String> + 'a {
        self.documents.iter().flat_map(|document| {
            let functions = document.functions.iter();
            functions.map(|function| format!("{}::{}", document.name, function.name))
        })
    }

    /// The document that `linalg` or `linalg.v2` names.
    fn document(
        self,
        scope: &str,
        symbol: &str,
        path: &str,
    ) -> Result<&'a PackageDocument, Box<ImportError>> {
        let (package, series) = match scope.split_once('.') {
            Some((package, series)) => (package, Some(series)),
            None => (scope, None),
        };
        let mut named = self
            .documents
            .iter()
            .filter(|document| is_named(&document.name, package))
            .peekable();
        let Some(first) = named.peek().copied() else {
            return Err(Box::new(self.unknown_package(package, symbol, path)));
        };
        let Some(series) = series else {
            return Ok(first);
        };
        named
            .find(|document| document.series().to_string() == series)
            .ok_or_else(|| {
                Box::new(ImportError::WrongSeries {
                    path: path.to_owned(),
                    symbol: symbol.to_owned(),
                    package: first.name.clone(),
                    version: first.version.clone(),
                    found: first.series(),
                })
            })
    }

    fn unknown_package(self, package: &str, symbol: &str, path: &str) -> ImportError {
        let known = self.documents.iter().map(|document| document.name.as_str());
        ImportError::UnknownPackage {
            path: path.to_owned(),
            symbol: symbol.to_owned(),
            package: package.to_owned(),
            nearest: nearest(package, known).map(str::to_owned),
            own: self.is_own(package),
        }
    }

    fn by_link_name(
        self,
        link_name: &LinkName,
        shape: &Shape,
        path: &str,
    ) -> Result<Import, Box<ImportError>> {
        let symbol = link_name.to_string();
        if let Some(import) = self.find(link_name) {
            let document = self.document(link_name.package_symbol(), &symbol, path)?;
            return match shape.check(&import.signature) {
                Ok(()) => Ok(import),
                Err(_) => Err(Box::new(wrong_type(
                    document,
                    import.function.as_str(),
                    &symbol,
                    shape,
                    path,
                ))),
            };
        }
        let scope = format!("{}.{}", link_name.package_symbol(), link_name.series());
        let document = self.document(&scope, &symbol, path)?;
        let offered: Vec<_> = document
            .overloads(link_name.function())
            .map(|function| format!("{}  {}", function.link_name, with_convention(function)))
            .collect();
        if offered.is_empty() {
            return Err(Box::new(unknown_function(
                document,
                link_name.function(),
                &symbol,
                path,
            )));
        }
        Err(Box::new(ImportError::StaleLinkName {
            path: path.to_owned(),
            link_name: link_name.clone(),
            package: document.name.clone(),
            version: document.version.clone(),
            function: link_name.function().to_owned(),
            offered,
        }))
    }
}

/// Whether a source means `package`: there `_` may stand for `-`.
fn is_named(package: &PackageName, text: &str) -> bool {
    package.as_str() == text || package.symbol() == text
}

fn by_name(
    document: &PackageDocument,
    function: &str,
    symbol: &str,
    shape: &Shape,
    path: &str,
) -> Result<Import, Box<ImportError>> {
    let fitting: Vec<_> = document
        .overloads(function)
        .filter(|overload| overload.is_c() && shape.check(&overload.signature).is_ok())
        .collect();
    match fitting.as_slice() {
        [one] => Ok(Import {
            package: document.name.clone(),
            function: one.name.clone(),
            abi: one.abi.clone(),
            signature: one.signature.clone(),
            link_name: one.link_name.clone(),
        }),
        [] if document.overloads(function).next().is_some() => Err(Box::new(wrong_type(
            document, function, symbol, shape, path,
        ))),
        [] => Err(Box::new(unknown_function(document, function, symbol, path))),
        several => Err(Box::new(ImportError::Ambiguous {
            path: path.to_owned(),
            symbol: symbol.to_owned(),
            candidates: several
                .iter()
                .map(|overload| format!("{}  {}", overload.link_name, overload.signature))
                .collect(),
        })),
    }
}

/// A function's signature, and its calling convention where that is not C's.
fn with_convention(function: &Function) -> String {
    match function.is_c() {
        true => function.signature.to_string(),
        false => format!(
            "{} (calling convention \"{}\")",
            function.signature, function.abi
        ),
    }
}

fn unknown_function(
    document: &PackageDocument,
    function: &str,
    symbol: &str,
    path: &str,
) -> ImportError {
    let known = document
        .functions
        .iter()
        .map(|function| function.name.as_str());
    ImportError::UnknownFunction {
        path: path.to_owned(),
        symbol: symbol.to_owned(),
        package: document.name.clone(),
        version: document.version.clone(),
        function: function.to_owned(),
        nearest: nearest(function, known).map(str::to_owned),
    }
}

fn wrong_type(
    document: &PackageDocument,
    function: &str,
    symbol: &str,
    shape: &Shape,
    path: &str,
) -> ImportError {
    let overloads: Vec<&Function> = document.overloads(function).collect();
    let reason = match overloads.as_slice() {
        [one] if !one.is_c() => Some(format!("its calling convention is \"{}\"", one.abi)),
        [one] => shape
            .check(&one.signature)
            .err()
            .map(|disagreement| disagreement.to_string()),
        _ => None,
    };
    ImportError::WrongType {
        path: path.to_owned(),
        symbol: symbol.to_owned(),
        declared: shape.to_string(),
        package: document.name.clone(),
        version: document.version.clone(),
        offered: overloads.into_iter().map(with_convention).collect(),
        reason,
    }
}
