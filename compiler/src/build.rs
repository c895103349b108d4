//! The order of a build: sources, merged module, objects, what they need, the document.

use std::collections::{BTreeMap, BTreeSet};

use puck_package::{
    Digest, FileFacts, Function, FunctionSection, LinkName, PackageDependency, PackageDocument,
    PackageSection, Series, TargetObject, Tools, c_header, document, format,
};

use crate::cache::Cache;
use crate::codegen::{self, Compiled, Facts, llvm_version};
use crate::llvm::guarded;
use crate::module::{self, Dependencies, Merged, Requested};
use crate::source::Described;
use crate::system::System;
use crate::{BuildRequest, Built, Error, Progress, files, record, source};

/// Builds a package.
///
/// Where no input changed since a build with the same cache folder, its result is given again.
///
/// # Errors
/// If the manifest, the sources, the signatures, the imports or the system do not allow it; nothing
/// but the cache folder is written in any case.
pub fn build(request: &BuildRequest<'_>, progress: &dyn Progress) -> Result<Built, Error> {
    let manifest = request.manifest;
    let Some(package) = &manifest.package else {
        return Err(Error::NoPackage {
            manifest: manifest.path.clone(),
        });
    };
    let texts = files::texts(manifest, request.directory)?;
    let cache = Cache::new(request.cache);
    if let Some(sources) = source::fingerprint(request)? {
        let key = record::key(request, &sources, &texts);
        if let Some(built) = record::load(&cache, &key)? {
            return Ok(built);
        }
    }

    let sources = source::sources(request, progress)?;
    let dependencies = direct_dependencies(request)?;
    let requested: Vec<Requested> = manifest
        .functions
        .iter()
        .filter(|function| function.numba.is_empty())
        .map(|function| Requested {
            name: function.name.clone(),
            symbol: function.symbol.clone(),
            signature: function.signature.clone(),
            doc: function.doc.clone(),
        })
        .collect();
    let described = with_docs(sources.described, &manifest.functions);
    let input = module::Input {
        package: &package.name,
        series: Series::of(&package.version),
        sources: &sources.modules,
        requested: &requested,
        described: &described,
        dependencies: Dependencies {
            own: Some(&package.name),
            documents: &dependencies,
        },
        flags: &manifest.build.flags,
        opt_level: manifest.build.opt_level,
        debug: manifest.build.debug,
    };
    progress.step("Merging modules");
    let merged = guarded(|| module::merge(&input)).map_err(Error::Llvm)??;
    for warning in &merged.warnings {
        progress.warning(warning);
    }
    let work = codegen::Work {
        bitcode: &merged.bitcode,
        targets: &manifest.build.targets,
        opt_level: manifest.build.opt_level,
        jobs: request.jobs,
    };
    let compiled = codegen::compile(work, &cache, progress)?;
    let (built, objects) = assemble(
        request,
        package,
        &merged,
        compiled,
        &dependencies,
        Parts {
            described,
            tools: sources.tools,
            texts: &texts,
        },
    )?;
    if let Some(sources) = sources.fingerprint {
        record::store(
            &cache,
            &record::key(request, &sources, &texts),
            &built,
            &objects,
        )?;
    }
    Ok(built)
}

/// The documents of what the manifest names, the version that it allows before others.
fn direct_dependencies(request: &BuildRequest<'_>) -> Result<Vec<PackageDocument>, Error> {
    let mut documents = Vec::new();
    for (name, dependency) in &request.manifest.dependencies {
        let mut named: Vec<_> = request
            .dependencies
            .iter()
            .filter(|document| document.name == *name)
            .collect();
        named.sort_by_key(|document| !dependency.requirement.matches(&document.version));
        if named.is_empty() {
            return Err(Error::NotInstalled {
                package: name.clone(),
            });
        }
        documents.extend(named.into_iter().cloned());
    }
    Ok(documents)
}

/// What the manifest says that functions of Python do is stronger than what they say themselves.
fn with_docs(mut described: Described, listed: &[FunctionSection]) -> Described {
    for function in &mut described.functions {
        let mut listed = listed.iter().filter(|listed| !listed.numba.is_empty());
        if let Some(doc) = listed.find_map(|listed| {
            let doc = listed.doc.as_ref();
            doc.filter(|_| listed.name == function.name)
        }) {
            function.doc = Some(doc.clone());
        }
    }
    described
}

/// What becomes part of the archive beside the code.
struct Parts<'a> {
    described: Described,
    /// The compilers of the sources.
    tools: Vec<String>,
    texts: &'a BTreeMap<String, Vec<u8>>,
}

/// The document and the archive's files; the cache's key of each object by its path.
fn assemble(
    request: &BuildRequest<'_>,
    package: &PackageSection,
    merged: &Merged,
    compiled: Vec<Compiled>,
    dependencies: &[PackageDocument],
    parts: Parts<'_>,
) -> Result<(Built, BTreeMap<String, String>), Error> {
    let manifest = request.manifest;
    let Described {
        host_imports,
        share,
        ..
    } = parts.described;
    let series = Series::of(&package.version);
    let table = document::host_table(&package.name, &series, &host_imports);
    let exports: BTreeSet<String> = merged
        .exports
        .iter()
        .map(|export| &export.link_name)
        .chain(&table)
        .map(LinkName::to_string)
        .collect();
    let mut files = parts.texts.clone();
    files.extend(share);
    let mut objects = BTreeMap::new();
    let mut targets = BTreeMap::new();
    let mut sizes: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut undefined = Vec::new();
    let mut count = 0;
    for Compiled {
        target,
        object,
        cached,
        key,
    } in compiled
    {
        let facts = Facts::read(target, &object, &exports)?;
        for (symbol, size) in facts.sizes {
            sizes
                .entry(symbol)
                .or_default()
                .insert(target.to_string(), size);
        }
        undefined.extend(facts.undefined);
        count += usize::from(!cached);
        let path = format!("obj/{}.o", Digest::of(&object).prefix(16));
        targets.insert(
            target.to_string(),
            TargetObject {
                object: path.clone(),
            },
        );
        objects.insert(path.clone(), key);
        files.insert(path, object);
    }
    let imported: BTreeSet<String> = merged
        .imports
        .iter()
        .map(|import| import.link_name.to_string())
        .collect();
    let callable: Vec<String> = Dependencies {
        own: Some(&package.name),
        documents: dependencies,
    }
    .functions()
    .collect();
    let system_imports = System::default().imports(
        undefined
            .iter()
            .filter(|symbol| !imported.contains(&symbol.symbol)),
        |user| {
            user.parse::<LinkName>()
                .map_or(user.to_owned(), |name| name.function().to_owned())
        },
        &callable,
    )?;
    let functions = merged
        .exports
        .iter()
        .map(|export| Function {
            name: export.name.clone(),
            abi: export.abi.clone(),
            signature: export.signature.clone(),
            link_name: export.link_name.clone(),
            declared: export.declared.clone(),
            doc: export.doc.clone(),
            needs: export.needs.clone(),
            sizes: sizes
                .remove(&export.link_name.to_string())
                .unwrap_or_default(),
        })
        .collect();
    let mut document = PackageDocument {
        format: format::PACKAGE,
        name: package.name.clone(),
        version: package.version.clone(),
        description: package.description.clone(),
        license: package.license.clone(),
        authors: package.authors.clone(),
        repository: package.repository.clone(),
        keywords: package.keywords.clone(),
        functions,
        imports: merged.imports.clone(),
        system_imports,
        host_imports,
        dependencies: package_dependencies(request, dependencies),
        targets,
        files: facts(&files),
        tools: Tools {
            puck: env!("CARGO_PKG_VERSION").to_owned(),
            llvm: llvm_version(),
            sources: parts.tools,
        },
        opt_level: manifest.build.opt_level,
        debug: manifest.build.debug,
    };
    files.insert(document.ir_path(), merged.bitcode.clone());
    files.insert(document.header_path(), c_header(&document).into_bytes());
    document.files = facts(&files);
    Ok((
        Built {
            document,
            files,
            compiled: count,
        },
        objects,
    ))
}

fn facts(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, FileFacts> {
    let facts = files.iter().map(|(path, content)| {
        let facts = FileFacts {
            sha256: Digest::of(content),
            size: content.len() as u64,
        };
        (path.clone(), facts)
    });
    facts.collect()
}

fn package_dependencies(
    request: &BuildRequest<'_>,
    documents: &[PackageDocument],
) -> Vec<PackageDependency> {
    request
        .manifest
        .dependencies
        .iter()
        .filter_map(|(name, dependency)| {
            let document = documents.iter().find(|document| document.name == *name)?;
            Some(PackageDependency {
                name: name.clone(),
                requirement: dependency.requirement.clone(),
                series: document.series(),
                registry: dependency.registry.clone(),
            })
        })
        .collect()
}
