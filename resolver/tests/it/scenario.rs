//! Registries as small tables.
//!
//! ```text
//! linalg 1.2.0: vecmath ^1.1 @v1 calls dot(f64) sum(f64); stats ^0.3 => axpy(f64,f64)
//! vecmath 1.1.0 2026-01-05 => dot(f64) sum(f64)
//! vecmath 1.2.0 yanked
//! for i in 0..200: p{i} 1.0.0: p{i+1} ^1 @v1
//! ```
//!
//! After a name and a version come `yanked`, `unusable`, the day of publication and `from=PLACE`, as
//! there may be; after `:` what it depends on; after `=>` what it exports, which is else not known.

use std::collections::BTreeMap;

use puck_package::index::{Export, IndexImport};
use puck_package::{LinkName, PackageName, Signature};
use puck_resolver::{
    Candidate, CandidateDependency, Error, Request, Resolution, Source, SourceError, resolve,
};
use semver::{Version, VersionReq};

/// A registry in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry(pub(crate) BTreeMap<PackageName, Vec<Candidate>>);

impl Registry {
    pub(crate) fn new(table: &str) -> Self {
        let mut registry = Self::default();
        for line in lines(table) {
            let (name, candidate) = candidate(&line);
            registry.0.entry(name).or_default().push(candidate);
        }
        registry
    }

    /// Lets the packages of `table` take the place of those with the same names.
    pub(crate) fn patch(&mut self, table: &str) {
        self.0.extend(Self::new(table).0);
    }

    pub(crate) fn resolve(&self, request: &Request) -> Result<Resolution, Error> {
        resolve(request, &mut self.clone())
    }
}

/// The lines of a table, those with `for` many times.
fn lines(table: &str) -> Vec<String> {
    let mut open: Vec<String> = table
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    open.reverse();
    let mut lines = Vec::new();
    while let Some(line) = open.pop() {
        let Some(rest) = line.strip_prefix("for ") else {
            lines.push(line);
            continue;
        };
        let (head, body) = rest.split_once(": ").unwrap();
        let (variable, range) = head.split_once(" in ").unwrap();
        let (start, end) = range.split_once("..").unwrap();
        let (start, end): (u32, u32) = (start.parse().unwrap(), end.parse().unwrap());
        for value in (start..end).rev() {
            open.push(with_value(body, variable, value));
        }
    }
    lines
}

/// `{i}`, `{i+2}` and `{i/2}` in `text`, with a value for `i`.
fn with_value(text: &str, variable: &str, value: u32) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (term, behind) = after.split_once('}').unwrap();
        out += before;
        match term.strip_prefix(variable) {
            Some("") => out += &value.to_string(),
            Some(operation) => {
                let operand: u32 = operation[1..].parse().unwrap();
                let value = match &operation[..1] {
                    "+" => value + operand,
                    "/" => value / operand,
                    "%" => value % operand,
                    other => panic!("no operation {other}"),
                };
                out += &value.to_string();
            }
            None => out += &format!("{{{term}}}"),
        }
        rest = behind;
    }
    out + rest
}

fn candidate(line: &str) -> (PackageName, Candidate) {
    let (line, exports) = match line.split_once("=>") {
        Some((line, exports)) => (line, Some(exports)),
        None => (line, None),
    };
    let (head, dependencies) = line.split_once(": ").unwrap_or((line, ""));
    let mut head = head.split_whitespace();
    let name: PackageName = head.next().unwrap().parse().unwrap();
    let mut candidate = Candidate::new(head.next().unwrap().parse().unwrap());
    for word in head {
        match word {
            "yanked" => candidate.yanked = true,
            "unusable" => candidate.unusable = Some("no code for this machine".to_owned()),
            _ if word.starts_with("from=") => {
                candidate.note = Some(word.replacen('=', " ", 1));
            }
            day => candidate.published = Some(time(day)),
        }
    }
    for text in dependencies.split(';').filter(|d| !d.trim().is_empty()) {
        let (dependency, imports) = dependency(text);
        candidate.dependencies.push(dependency);
        candidate.imports.extend(imports);
    }
    candidate.exports = exports.map(|exports| {
        let export = |text| {
            let (name, signature) = function(text);
            Export {
                name: name.parse().unwrap(),
                abi: "c".to_owned(),
                signature,
                declared: None,
                needs: None,
                link_name: None,
            }
        };
        exports.split_whitespace().map(export).collect()
    });
    (name, candidate)
}

/// `2026-01-05` or all of a time.
pub(crate) fn time(text: &str) -> jiff::Timestamp {
    let text = if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    };
    text.parse().unwrap()
}

/// `dot(f64,u8)`.
fn function(text: &str) -> (&str, Signature) {
    let (name, types) = text.trim_end_matches(')').split_once('(').unwrap();
    let parameters: Vec<String> = types
        .split(',')
        .filter(|one| !one.is_empty())
        .zip('a'..)
        .map(|(one, name)| format!("{name}: {one}"))
        .collect();
    let signature = format!("fn({})", parameters.join(", ")).parse().unwrap();
    (name, signature)
}

fn dependency(text: &str) -> (CandidateDependency, Vec<IndexImport>) {
    let (text, calls) = text.split_once("calls").unwrap_or((text, ""));
    let (text, series) = match text.split_once('@') {
        Some((text, series)) => (text, Some(series.trim().parse().unwrap())),
        None => (text, None),
    };
    let (name, requirement) = requirement(text);
    let import = |text| {
        let (function, signature) = function(text);
        let function = function.parse().unwrap();
        IndexImport {
            package: name.clone(),
            link_name: LinkName::new(&name, &series.unwrap(), &function, &signature),
        }
    };
    let imports = calls.split_whitespace().map(import).collect();
    let dependency = CandidateDependency {
        name: name.clone(),
        requirement,
        series,
    };
    (dependency, imports)
}

fn requirement(text: &str) -> (PackageName, VersionReq) {
    let (name, requirement) = text.trim().split_once(' ').unwrap_or((text.trim(), "*"));
    (name.parse().unwrap(), requirement.parse().unwrap())
}

/// A request for "linalg ^1; stats *".
pub(crate) fn request(requirements: &str) -> Request {
    let all = lines(&requirements.replace(';', "\n"));
    Request::new(all.iter().map(|one| requirement(one)))
}

/// "linalg 1.2.0; vecmath 1.1.0" as names with versions.
pub(crate) fn versions(text: &str) -> Vec<(PackageName, Version)> {
    text.split(';')
        .map(|one| {
            let (name, version) = one.trim().split_once(' ').unwrap();
            (name.parse().unwrap(), version.parse().unwrap())
        })
        .collect()
}

/// What was chosen, as "linalg 1.2.0; vecmath 1.1.0".
pub(crate) fn chosen(resolution: &Resolution) -> String {
    let packages = &resolution.packages;
    packages
        .iter()
        .map(|p| format!("{} {}", p.name, p.version))
        .collect::<Vec<_>>()
        .join("; ")
}

impl Source for Registry {
    fn candidates(&mut self, name: &PackageName) -> Result<Vec<Candidate>, SourceError> {
        if name.as_str() == "broken" {
            return Err("the disk is on fire".into());
        }
        Ok(self.0.get(name).cloned().unwrap_or_default())
    }

    fn known_names(&mut self) -> Vec<PackageName> {
        self.0.keys().cloned().collect()
    }
}
