//! C and C++, compiled to bitcode by the clang of this machine.

mod cache;
mod command;
mod find;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use puck_package::{Digest, STRUCTS, c_header, structs_header, variables};

use super::files::Files;
use super::inputs::Inputs;
use super::pattern::SourceFile;
use super::{SourceError, SourceModule, dependencies, process};
use crate::{BuildRequest, Progress, temporary};
use cache::{Cache, Entry};
pub(super) use find::{Clang, NEWEST, OLDEST, find};

/// clang with the options of one package.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    clang: Clang,
    request: &'a BuildRequest<'a>,
    /// Where the headers of the dependencies are.
    include: PathBuf,
    options: command::Options,
}

/// The headers of the dependencies: file name and text.
pub(super) fn headers(request: &BuildRequest<'_>) -> Vec<(String, String)> {
    let documents = request.dependencies.iter();
    let generated = documents.map(|d| (format!("{}.h", d.name), c_header(d)));
    let structs = request.dependencies.iter().filter_map(|document| {
        let name = structs_header(&document.name);
        let place = request.environment?.join("include").join(&name);
        document.files.get(STRUCTS)?;
        Some((name, fs_err::read_to_string(place).ok()?))
    });
    generated.chain(structs).collect()
}

impl<'a> Compiler<'a> {
    /// Finds clang, and writes the headers of the dependencies where it finds them.
    pub(super) fn new(request: &'a BuildRequest<'a>) -> Result<Self, SourceError> {
        let clang = find(request.cache)?;
        let include = write_headers(request)?;
        let build = &request.manifest.build;
        let options = command::Options {
            opt_level: build.opt_level,
            flags: build.flags.clone(),
        };
        Ok(Self {
            clang,
            request,
            include,
            options,
        })
    }

    /// `clang 22.1.8`.
    pub(super) fn tool(&self) -> String {
        format!("clang {}", self.clang.version)
    }

    /// Compiles `sources`, or takes what an earlier run made of the same text.
    ///
    /// Every source that fails is reported, in the order of their paths, up to a bound.
    pub(super) fn compile(
        &self,
        sources: &[&SourceFile],
        files: &Files,
        jobs: usize,
        progress: &dyn Progress,
        inputs: &mut Inputs,
    ) -> Result<Vec<SourceModule>, SourceError> {
        let cache = Cache::new(self.request.cache);
        let search = command::search_folders(&self.options, &self.include, sources);
        let work = temporary::directory(self.request.cache)?;
        let context = Context {
            files,
            cache: &cache,
            search: &search,
            work: work.path(),
        };
        let results: Mutex<Vec<_>> = Mutex::default();
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let work_through = || {
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(source) = sources.get(index) else {
                    break;
                };
                let result = self.one(source, index, &context, progress);
                let mut results = results.lock().unwrap_or_else(|e| e.into_inner());
                results.push((index, result));
                let failed = results.iter().filter(|(_, result)| result.is_err()).count();
                if failed >= MAX_FAILURES {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..jobs.clamp(1, sources.len().max(1)) {
                scope.spawn(work_through);
            }
            work_through();
        });
        let mut results = results.into_inner().unwrap_or_else(|e| e.into_inner());
        results.sort_by_key(|(index, _)| *index);
        inputs.search.extend(search);
        inputs
            .variables
            .extend(variables::OF_CLANG.map(str::to_owned));
        self.gather(sources, results, progress, inputs)
    }

    fn gather(
        &self,
        sources: &[&SourceFile],
        results: Vec<(usize, Result<Entry, Failure>)>,
        progress: &dyn Progress,
        inputs: &mut Inputs,
    ) -> Result<Vec<SourceModule>, SourceError> {
        let mut modules = Vec::with_capacity(results.len());
        let mut failed = Vec::new();
        let mut messages = Vec::new();
        for (source, (_, result)) in sources.iter().zip(results) {
            match result {
                Ok(entry) => {
                    if !entry.warnings.is_empty() {
                        progress.warning(&entry.warnings);
                    }
                    inputs
                        .headers
                        .extend(entry.headers.lines().map(str::to_owned));
                    modules.push(SourceModule {
                        path: source.path.clone(),
                        bitcode: entry.bitcode,
                        language: source.language,
                        exports: None,
                    });
                }
                Err(Failure::Refused(message)) => {
                    failed.push(source.path.clone());
                    messages.push(message);
                }
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        if failed.is_empty() {
            return Ok(modules);
        }
        Err(SourceError::Compile {
            files: failed,
            tool: self.tool(),
            message: messages.join("\n"),
        })
    }

    fn one(
        &self,
        source: &SourceFile,
        index: usize,
        context: &Context<'_>,
        progress: &dyn Progress,
    ) -> Result<Entry, Failure> {
        let Context {
            files,
            cache,
            search,
            work,
        } = context;
        let digest = files.digest(&source.path);
        let key = Digest::of(
            format!(
                "{}\0{}\0{:?}\0{digest:?}\0{}",
                self.clang.identity,
                source.path,
                self.options,
                command::variables(),
            )
            .as_bytes(),
        );
        if let Some(entry) = cache.get(key, |headers| files.state(headers, search)) {
            return Ok(entry);
        }
        progress.step(&format!("Compiling {}", source.path));
        let output = work.join(format!("{index}.bc"));
        let list = work.join(format!("{index}.d"));
        let mut command = command::command(&self.clang, &self.options, self.request, &self.include);
        command
            .arg("-MD")
            .arg("-MT")
            .arg("module")
            .arg("-MF")
            .arg(&list);
        command.arg("-o").arg(&output).arg("--").arg(&source.path);
        let ran = process::run(&mut command)?;
        if !ran.status.success() {
            return Err(Failure::Refused(process::said(&ran)));
        }
        let headers = dependencies::parse(&fs_err::read_to_string(&list)?)
            .into_iter()
            .filter(|path| *path != source.path)
            .collect::<Vec<_>>()
            .join("\n");
        let warnings = String::from_utf8_lossy(&ran.stderr).trim_end().to_owned();
        let entry = Entry {
            headers,
            warnings,
            bitcode: fs_err::read(&output)?,
        };
        fs_err::remove_file(&output)?;
        // What was read for the key and what clang read are the same only if nothing was written
        // meanwhile.
        if let Some(state) = files.state(&entry.headers, search)
            && digest.is_some()
            && !files.changed()
        {
            cache.put(key, state, &entry)?;
        }
        Ok(entry)
    }
}

/// After so many files that do not compile the rest is not tried.
const MAX_FAILURES: usize = 10;

/// What the compilation of every file shares.
struct Context<'a> {
    files: &'a Files,
    cache: &'a Cache,
    search: &'a [String],
    work: &'a std::path::Path,
}

/// Why a file has no module.
enum Failure {
    /// The compiler said so.
    Refused(String),
    Other(SourceError),
}

impl<E: Into<SourceError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Writes the headers into a folder of their own, named by their content.
fn write_headers(request: &BuildRequest<'_>) -> Result<PathBuf, SourceError> {
    let headers = headers(request);
    let digest = Digest::of(format!("{headers:?}").as_bytes());
    let folder = std::path::absolute(request.cache)?
        .join("include")
        .join(digest.prefix(16));
    for (name, text) in headers {
        let path = folder.join(name);
        if fs_err::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            temporary::write(request.cache, &path, text.as_bytes())?;
        }
    }
    Ok(folder)
}

#[cfg(test)]
mod tests;
