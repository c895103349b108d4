//! From the objects of packages to one graph, and from that to figures.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{Function, FunctionName, PackageDocument, Target};

use super::code::{Code, Piece};
use super::graph::Graph;
use super::load::{Loaded, LoadedPackage};
use super::names::readable;
use super::{Amounts, FunctionSize, PackageSize, Sizes};

/// How many functions are listed that one calls: a table of addresses may lead to any number.
const MANY: usize = 4096;

/// The functions that a package exports.
struct Exports<'a> {
    by_symbol: BTreeMap<String, &'a Function>,
    /// How many share a name.
    overloads: BTreeMap<&'a FunctionName, usize>,
}

/// The pieces of all packages.
struct Whole<'a> {
    pieces: Vec<&'a Piece>,
    /// What each leads to, in all packages.
    leads: Vec<Vec<usize>>,
    /// The functions among them, in order: their indexes in the result.
    functions: Vec<Option<usize>>,
}

/// The figures of what was loaded.
pub(super) fn measure(loaded: Loaded, target: Target) -> Sizes {
    let whole = Whole::new(&loaded.packages);
    let weights = whole.pieces.iter().map(|piece| piece.size).collect();
    let graph = Graph::new(weights, whole.leads.iter().map(Vec::as_slice));
    let reach = graph.reach();
    let labels = labels(&loaded.packages);
    let mut functions = Vec::new();
    let mut packages = Vec::new();
    let mut next = 0;
    for (index, (package, label)) in loaded.packages.iter().zip(labels).enumerate() {
        let exports = Exports::of(&package.document);
        let first = functions.len();
        for piece in &package.code.pieces {
            if !piece.is_data() {
                let mut function = describe(piece, index, &package.document, &exports);
                function.closure = reach[next].weight;
                function.reached = reach[next].count;
                function.calls = whole.calls(next);
                functions.push(function);
            }
            next += 1;
        }
        packages.push(summary(package, label, &functions[first..]));
    }
    Sizes {
        link: loaded.link,
        target,
        image: loaded.image,
        total: Amounts::new(
            packages.iter().map(|package| package.amounts.code).sum(),
            packages
                .iter()
                .map(|package| package.amounts.embedded)
                .sum(),
        ),
        packages,
        functions,
    }
}

impl<'a> Whole<'a> {
    fn new(packages: &'a [LoadedPackage]) -> Self {
        // Every symbol that one package offers the others.
        let mut offered = BTreeMap::new();
        let mut first = 0;
        for LoadedPackage { document, code, .. } in packages {
            let exports = Exports::of(document).by_symbol;
            for (i, piece) in code.pieces.iter().enumerate() {
                let symbols = piece.symbols.iter().map(String::as_str);
                let offer = symbols.filter(|symbol| exports.contains_key(*symbol));
                offered.extend(offer.map(|symbol| (symbol, first + i)));
            }
            first += code.pieces.len();
        }
        let mut whole = Self {
            pieces: Vec::with_capacity(first),
            leads: Vec::with_capacity(first),
            functions: Vec::with_capacity(first),
        };
        let mut functions = 0..;
        for LoadedPackage { code, .. } in packages {
            let first = whole.pieces.len();
            for piece in &code.pieces {
                let inside = piece.pieces.iter().map(|piece| first + piece);
                let outside = piece.imports.iter();
                let outside = outside.filter_map(|symbol| offered.get(symbol.as_str()).copied());
                whole.leads.push(inside.chain(outside).collect());
                let function = if piece.is_data() {
                    None
                } else {
                    functions.next()
                };
                whole.functions.push(function);
                whole.pieces.push(piece);
            }
        }
        whole
    }

    /// The functions that a piece leads to, by data or not.
    fn calls(&self, from: usize) -> Vec<usize> {
        let mut calls = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![from];
        while let Some(piece) = todo.pop() {
            for lead in &self.leads[piece] {
                match self.functions[*lead] {
                    Some(function) if *lead != from => {
                        calls.insert(function);
                    }
                    None if seen.insert(*lead) => todo.push(*lead),
                    _ => {}
                }
            }
            if calls.len() > MANY || seen.len() > MANY {
                break;
            }
        }
        calls.into_iter().take(MANY).collect()
    }
}

impl<'a> Exports<'a> {
    fn of(document: &'a PackageDocument) -> Self {
        let mut overloads = BTreeMap::new();
        for function in &document.functions {
            *overloads.entry(&function.name).or_insert(0) += 1;
        }
        let functions = document.functions.iter();
        Self {
            by_symbol: functions.map(|f| (f.link_name.to_string(), f)).collect(),
            overloads,
        }
    }

    /// The name of a function, with its types where the name alone is not enough.
    fn name(&self, function: &Function) -> String {
        match self.overloads.get(&function.name) {
            Some(2..) if !function.is_c() => format!(
                "{}: {}, {}",
                function.name,
                function.declared.as_deref().unwrap_or_default(),
                function.abi
            ),
            Some(2..) => format!("{}: {}", function.name, function.signature.canonical()),
            _ => function.name.to_string(),
        }
    }
}

/// What is known of a function without the graph.
fn describe(
    piece: &Piece,
    package: usize,
    document: &PackageDocument,
    exports: &Exports<'_>,
) -> FunctionSize {
    let is_export = |symbol: &&String| exports.by_symbol.contains_key(*symbol);
    let (offered, internal): (Vec<_>, Vec<_>) = piece.symbols.iter().partition(is_export);
    let exported: Vec<_> = (offered.iter())
        .filter_map(|symbol| exports.by_symbol.get(*symbol).copied())
        .collect();
    let mut names = exported.iter().map(|function| exports.name(function));
    let names: &mut dyn Iterator<Item = String> = &mut names
        .by_ref()
        .chain(internal.iter().map(|symbol| readable(symbol)));
    let listed = |symbol: &str| {
        let host = document.host_imports.iter();
        let system = document
            .system_imports
            .binary_search_by(|i| i.symbol.as_str().cmp(symbol));
        system.is_ok() || host.into_iter().any(|import| import.symbol == symbol)
    };
    FunctionSize {
        package,
        name: names.next().unwrap_or_default(),
        symbol: (offered.first().or(internal.first()))
            .map_or_else(String::new, ToString::to_string),
        aliases: names.collect(),
        exports: exported.len(),
        signature: exported
            .first()
            .map(|function| function.signature.to_string()),
        doc: exported.iter().find_map(|function| function.doc.clone()),
        own: piece.size,
        closure: 0,
        reached: 0,
        calls: Vec::new(),
        system: piece
            .imports
            .iter()
            .filter(|symbol| listed(symbol))
            .cloned()
            .collect(),
    }
}

fn summary(package: &LoadedPackage, label: String, functions: &[FunctionSize]) -> PackageSize {
    let LoadedPackage {
        document,
        direct,
        target,
        code: Code { size, .. },
    } = package;
    let own: u64 = functions.iter().map(|function| function.own).sum();
    let embedded = functions.iter().map(FunctionSize::embedded).sum();
    PackageSize {
        name: document.name.clone(),
        version: document.version.clone(),
        series: document.series(),
        label,
        direct: *direct,
        target: *target,
        functions: functions.len(),
        exported: functions.iter().map(|function| function.exports).sum(),
        other: size.saturating_sub(own),
        amounts: Amounts::new(*size, embedded),
    }
}

/// What each package's functions are shown under.
fn labels(packages: &[LoadedPackage]) -> Vec<String> {
    let mut count = BTreeMap::new();
    for package in packages {
        *count.entry(&package.document.name).or_insert(0) += 1;
    }
    let label = |package: &LoadedPackage| match count[&package.document.name] {
        1 => package.document.name.to_string(),
        _ => format!("{}.{}", package.document.name, package.document.series()),
    };
    packages.iter().map(label).collect()
}

impl FunctionSize {
    /// What its exports would be embedded.
    #[must_use]
    pub fn embedded(&self) -> u64 {
        self.closure.saturating_mul(self.exports as u64)
    }
}
