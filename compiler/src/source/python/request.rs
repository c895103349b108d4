//! What the front end is asked: `request.json`.

use std::io;
use std::path::Path;

use puck_package::{FunctionName, PackageName, Series};
use semver::Version;
use serde::Serialize;

use crate::BuildRequest;
use crate::source::SourceError;

/// The number of the protocol, in both directions.
pub(super) const FORMAT: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Request<'a> {
    format: u32,
    package: &'a PackageName,
    version: &'a Version,
    series: Series,
    /// The project's folder.
    directory: &'a Path,
    /// Relative to it.
    sources: &'a [&'a str],
    functions: Vec<Function<'a>>,
    /// Where the packages that are called are installed.
    environment: Option<&'a Path>,
    dependencies: Vec<Dependency<'a>>,
    opt_level: u8,
    debug: bool,
    /// The folder for the answer.
    output: &'a Path,
}

/// A function of the manifest.
#[derive(Serialize)]
struct Function<'a> {
    name: &'a FunctionName,
    /// `name` or `module.name`.
    object: &'a str,
    /// Signatures as Numba writes them.
    numba: &'a [String],
}

/// A package that may be called.
#[derive(Serialize)]
struct Dependency<'a> {
    name: &'a PackageName,
    series: Series,
}

/// The request for `sources`; the answer goes to the folder `output`.
pub(super) fn json(
    request: &BuildRequest<'_>,
    sources: &[&str],
    output: &Path,
) -> Result<Vec<u8>, SourceError> {
    let manifest = request.manifest;
    let Some(package) = &manifest.package else {
        return Err(SourceError::NoSources {
            manifest: manifest.path.clone(),
        });
    };
    let functions = manifest.functions.iter();
    let functions = functions.filter(|function| !function.numba.is_empty());
    // One series of each is what the manifest means, as for all other callers.
    let named = manifest.dependencies.keys().filter_map(|name| {
        let mut documents = request.dependencies.iter();
        documents.find(|document| document.name == *name)
    });
    let request = Request {
        format: FORMAT,
        package: &package.name,
        version: &package.version,
        series: Series::of(&package.version),
        directory: &std::path::absolute(request.directory)?,
        sources,
        functions: functions
            .map(|function| Function {
                name: &function.name,
                object: match &function.symbol {
                    Some(symbol) => symbol,
                    None => function.name.as_str(),
                },
                numba: &function.numba,
            })
            .collect(),
        environment: request.environment,
        dependencies: named
            .map(|document| Dependency {
                name: &document.name,
                series: document.series(),
            })
            .collect(),
        opt_level: manifest.build.opt_level,
        debug: manifest.build.debug,
        output,
    };
    Ok(serde_json::to_vec_pretty(&request).map_err(io::Error::from)?)
}
