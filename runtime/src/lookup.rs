//! From a function's name and type to its address, or to an explanation.

use std::ffi::{CString, c_void};
use std::ptr::NonNull;

use puck_package::{
    EnvironmentPackage, Function as FunctionFacts, FunctionName, LinkMode, LinkName,
    PackageDocument, Series, Signature, nearest,
};

use crate::linker;
use crate::{Environment, Error, Function, FunctionType};

/// A function's name as people write it: `linalg::dot`, `linalg.v2::dot`.
struct Path<'a> {
    package: &'a str,
    series: Option<Series>,
    function: FunctionName,
}

impl Environment {
    /// The function of that name and type: `linalg::dot`, or `linalg.v2::dot` where a series must
    /// be told apart.
    ///
    /// The type chooses among overloads. Where an environment holds several series of a package,
    /// the plain name means the one that the project itself depends on, else the newest.
    ///
    /// # Errors
    /// If there is no such package or function, if it has another type (both are shown), and if
    /// its library, or one that it needs, cannot be loaded.
    pub fn function<F: FunctionType>(&self, name: &str) -> Result<Function<F>, Error> {
        let address = self.address(name, &F::signature())?;
        // SAFETY: the symbol's link name carries the signature that `F` states, so a function of
        // that type is there; libraries are never unloaded.
        Ok(unsafe { Function::new(address) })
    }

    /// The address of the function of that name and signature; what [`function`](Self::function)
    /// is made of, for callers whose types are known at run time.
    ///
    /// # Errors
    /// As for [`function`](Self::function).
    pub fn address(&self, name: &str, signature: &Signature) -> Result<NonNull<c_void>, Error> {
        let path = Path::parse(name)?;
        if let Some(address) = self.address_alone(&path, signature)? {
            return Ok(address);
        }
        let package = self.package(path.package, path.series)?;
        let symbol = symbol(self.facts(package), &path.function, signature);
        match self.find(package, &symbol)? {
            Some(address) => Ok(address),
            None => Err(self.explain(package, &path, signature)),
        }
    }

    /// The same in a library of all packages, if the list of those need not be read for it.
    fn address_alone(
        &self,
        path: &Path<'_>,
        signature: &Signature,
    ) -> Result<Option<NonNull<c_void>>, Error> {
        // No package's name has an `_`.
        let found = self.found_alone(&path.package.replace('_', "-"));
        let candidates = found.iter().flatten();
        let chosen = candidates
            .filter(|package| path.series.is_none_or(|series| series == package.series))
            .max_by_key(|package| (package.direct, package.series));
        let (Some(package), Some(image)) = (chosen, self.whole_image()?) else {
            return Ok(None);
        };
        let symbol = symbol(package, &path.function, signature);
        Ok(linker::symbol(self.load_image(image)?, &symbol))
    }

    /// All functions of a package (`linalg`, `linalg.v2`), with their signatures.
    ///
    /// # Errors
    /// If there is no such package, or its description cannot be read.
    pub fn functions(&self, package: &str) -> Result<Vec<FunctionFacts>, Error> {
        Ok(self.document(package)?.functions.clone())
    }

    /// The description of a package (`linalg`, `linalg.v2`), read when it is first asked for.
    ///
    /// # Errors
    /// If there is no such package, or its description cannot be read.
    pub fn document(&self, package: &str) -> Result<&PackageDocument, Error> {
        self.description(self.named(package)?)
    }

    /// The position of the package `linalg` or `linalg.v2`.
    pub(crate) fn named(&self, package: &str) -> Result<usize, Error> {
        let (name, series) = split_series(package, package)?;
        self.package(name, series)
    }

    /// The functions of that name (`linalg::dot`, `linalg.v2::dot`): at least one.
    ///
    /// # Errors
    /// If there is none, or the package's description cannot be read.
    pub fn overloads(&self, name: &str) -> Result<Vec<FunctionFacts>, Error> {
        let path = Path::parse(name)?;
        let package = self.package(path.package, path.series)?;
        let found: Vec<_> = self
            .description(package)?
            .overloads(path.function.as_str())
            .cloned()
            .collect();
        if found.is_empty() {
            Err(self.unknown_function(package, &path))
        } else {
            Ok(found)
        }
    }

    /// The position of the package that a name means.
    fn package(&self, name: &str, series: Option<Series>) -> Result<usize, Error> {
        self.packages()?;
        let candidates = || {
            let packages = self.listed().iter().enumerate();
            packages.filter(move |(_, package)| same_name(package.name.as_str(), name))
        };
        let chosen = match series {
            Some(series) => candidates().find(|(_, package)| package.series == series),
            None => candidates().max_by_key(|(_, package)| (package.direct, package.series)),
        };
        match (chosen, series, candidates().next()) {
            (Some((index, _)), ..) => Ok(index),
            (None, Some(series), Some((_, package))) => Err(Error::UnknownSeries {
                package: package.name.clone(),
                series,
                environment: self.path().to_owned(),
                present: candidates().map(|(_, package)| package.series).collect(),
            }),
            _ => Err(self.unknown_package(name)),
        }
    }

    /// The position of the package that a link name belongs to.
    pub(crate) fn package_of(&self, name: &LinkName) -> Result<usize, Error> {
        self.package(name.package_symbol(), Some(*name.series()))
    }

    fn facts(&self, package: usize) -> &EnvironmentPackage {
        &self.listed()[package]
    }

    fn unknown_package(&self, name: &str) -> Error {
        let mut present: Vec<_> = self
            .listed()
            .iter()
            .map(|package| package.name.to_string())
            .collect();
        present.sort();
        present.dedup();
        Error::UnknownPackage {
            package: name.to_owned(),
            environment: self.path().to_owned(),
            nearest: nearest(name, present.iter().map(String::as_str)).map(str::to_owned),
            present,
        }
    }

    /// Why a package's library lacks a symbol.
    fn explain(&self, package: usize, path: &Path<'_>, signature: &Signature) -> Error {
        let description = match self.description(package) {
            Ok(description) => description,
            Err(error) => return error,
        };
        let overloads = || description.overloads(path.function.as_str());
        let existing: Vec<_> = overloads()
            .filter(|function| function.is_c())
            .map(|function| function.signature.clone())
            .collect();
        if existing.is_empty() {
            return match overloads().next() {
                Some(other) => Error::OtherConvention {
                    package: description.name.clone(),
                    version: description.version.clone(),
                    function: path.function.to_string(),
                    abi: other.abi.clone(),
                },
                None => self.unknown_function(package, path),
            };
        }
        let EnvironmentPackage { name, series, .. } = self.facts(package);
        let link_name = LinkName::new(name, series, &path.function, signature);
        if description
            .functions
            .iter()
            .any(|function| function.link_name == link_name)
        {
            return self.explain_link_name(package, &link_name);
        }
        Error::WrongType {
            package: description.name.clone(),
            version: description.version.clone(),
            function: path.function.to_string(),
            asked: Box::new(signature.clone()),
            existing,
        }
    }

    /// Why a package's library lacks a symbol that was asked for as such.
    pub(crate) fn explain_link_name(&self, package: usize, link_name: &LinkName) -> Error {
        let EnvironmentPackage {
            name,
            version,
            soname,
            ..
        } = self.facts(package);
        let described = self.description(package).is_ok_and(|description| {
            description
                .functions
                .iter()
                .any(|function| function.link_name == *link_name)
        });
        if described && self.link() == LinkMode::Lto {
            return Error::LeftOut {
                package: name.clone(),
                version: version.clone(),
                function: link_name.function().to_string(),
            };
        }
        if described {
            let library = self.image().map_or(soname, |image| &image.soname);
            return Error::Damaged {
                path: self.path().join("lib").join(library),
                reason: format!("it lacks `{link_name}`, which {name} {version} exports"),
            };
        }
        Error::UnknownFunction {
            package: name.clone(),
            version: version.clone(),
            function: link_name.to_string(),
            meant: None,
        }
    }

    fn unknown_function(&self, package: usize, path: &Path<'_>) -> Error {
        let description = match self.description(package) {
            Ok(description) => description,
            Err(error) => return error,
        };
        let (package_name, name) = (&description.name, path.function.as_str());
        let has = |index| {
            self.description(index)
                .is_ok_and(|d| d.overloads(name).next().is_some())
        };
        let mut other_series = self.listed().iter().enumerate().filter(|(index, other)| {
            *index != package && other.name == *package_name && has(*index)
        });
        let meant = match other_series.next_back() {
            Some((_, other)) => Some(format!("{package_name}.{}::{name}", other.series)),
            None => nearest(name, description.functions.iter().map(|f| f.name.as_str()))
                .map(|nearest| format!("{package_name}::{nearest}")),
        };
        Error::UnknownFunction {
            package: package_name.clone(),
            version: description.version.clone(),
            function: name.to_owned(),
            meant,
        }
    }
}

impl<'a> Path<'a> {
    fn parse(name: &'a str) -> Result<Self, Error> {
        let invalid = |reason: String| Error::InvalidName {
            name: name.to_owned(),
            reason,
        };
        let (package, function) =
            halves(name).ok_or_else(|| invalid("found no `::`".to_owned()))?;
        let (package, series) = split_series(package, name)?;
        let function = function
            .parse()
            .map_err(|error| invalid(format!("but {error}")))?;
        Ok(Self {
            package,
            series,
            function,
        })
    }
}

/// What is before and after the first `::`.
fn halves(name: &str) -> Option<(&str, &str)> {
    let at = name
        .as_bytes()
        .array_windows()
        .position(|two| two == b"::")?;
    Some((name.get(..at)?, name.get(at + 2..)?))
}

/// `linalg` and `v2` of `linalg.v2`; `whole` is what the user wrote.
fn split_series<'a>(text: &'a str, whole: &str) -> Result<(&'a str, Option<Series>), Error> {
    match text.split_once('.') {
        None => Ok((text, None)),
        Some((package, series)) => match series.parse() {
            Ok(series) => Ok((package, Some(series))),
            Err(error) => Err(Error::InvalidName {
                name: whole.to_owned(),
                reason: format!("but {error}"),
            }),
        },
    }
}

/// The link name of a package's function, as the dynamic linker takes it.
///
/// It begins like the library's name, which spares making the same text again.
fn symbol(package: &EnvironmentPackage, function: &FunctionName, signature: &Signature) -> CString {
    let EnvironmentPackage {
        name,
        series,
        soname,
        ..
    } = package;
    let text = match soname.strip_suffix("so") {
        Some(start) => {
            let fingerprint = signature.fingerprint();
            [start, function.as_str(), ".", &fingerprint].concat()
        }
        None => LinkName::new(name, series, function, signature).to_string(),
    };
    // No part of a link name can contain a zero byte.
    CString::new(text).unwrap_or_default()
}

/// Whether both name one package: symbols and identifiers have `_` where its name has `-`.
fn same_name(name: &str, asked: &str) -> bool {
    name.len() == asked.len()
        && name
            .bytes()
            .zip(asked.bytes())
            .all(|(a, b)| a == b || (a == b'-' && b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let path = Path::parse("fast-sums.v0_3::dot").ok().unwrap();
        assert_eq!((path.package, path.function.as_str()), ("fast-sums", "dot"));
        assert_eq!(path.series.unwrap().to_string(), "v0_3");
        assert!(Path::parse("linalg::dot").ok().unwrap().series.is_none());
        for (name, reason) in [
            ("dot", "found no `::`"),
            ("linalg::", "not a function name"),
            ("linalg::a::b", "not a function name"),
            ("linalg::a b", "not a function name"),
            ("linalg.2::dot", "not a compatibility series"),
            ("linalg.v1.v2::dot", "not a compatibility series"),
        ] {
            let error = Path::parse(name).err().unwrap().to_string();
            assert!(error.contains(reason) && error.contains(name), "{error}");
        }
    }

    #[test]
    fn symbols_are_link_names() {
        let signature: Signature = "fn(n: u64) -> f64".parse().unwrap();
        let function: FunctionName = "axpy".parse().unwrap();
        for (name, version) in [("linalg", "1.2.0"), ("fast-sums-2", "0.3.1")] {
            let name: puck_package::PackageName = name.parse().unwrap();
            let version = version.parse().unwrap();
            let series = Series::of(&version);
            let mut package = EnvironmentPackage {
                soname: puck_package::soname(&name, &series),
                series,
                version,
                sha256: puck_package::Digest::of(b""),
                directory: String::new(),
                targets: Vec::new(),
                needs: Vec::new(),
                direct: true,
                specialised: None,
                host_table: None,
                name,
            };
            let expected = LinkName::new(&package.name, &series, &function, &signature);
            for _ in 0..2 {
                let found = symbol(&package, &function, &signature);
                assert_eq!(found.to_str().unwrap(), expected.to_string());
                package.soname = "other".to_owned();
            }
        }
    }

    #[test]
    fn hyphens_may_be_underscores() {
        assert!(same_name("fast-sums", "fast_sums"));
        assert!(same_name("fast-sums", "fast-sums"));
        assert!(!same_name("fast", "fast-sums"));
        assert!(!same_name("fasts", "fast-"));
    }
}
