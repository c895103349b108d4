//! A store with packages made of LLVM IR, and environments of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use puck_compiler::{BuildRequest, build};
use puck_package::{Digest, Manifest, archive};
use puck_runtime::Environment;
use puck_store::{EnvironmentPackage, EnvironmentRequest, InstalledPackage, Link, Store};

/// A store in a folder, and what belongs to it beside it.
pub(crate) struct Home {
    folder: PathBuf,
    pub(crate) store: Store,
    /// Removed with the home.
    temporary: Option<tempfile::TempDir>,
}

impl Home {
    /// In a temporary folder.
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut home = Self::at(temporary.path());
        home.temporary = Some(temporary);
        home
    }

    pub(crate) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            store: Store::open(&folder.join("home")).unwrap(),
            temporary: None,
        }
    }

    /// A path beside the store.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Builds and installs a package of IR; `functions` are names with signatures.
    pub(crate) fn package(
        &self,
        name: &str,
        version: &str,
        ir: &str,
        functions: &[(&str, &str)],
        dependencies: &[&InstalledPackage],
    ) -> InstalledPackage {
        let directory = self.path(&format!("sources/{name}-{version}"));
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join("code.ll"), ir).unwrap();
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nlicense = \"MIT\"\n\
             [build]\nsources = [\"code.ll\"]\ntargets = [\"x86-64\"]\n"
        );
        for (name, signature) in functions {
            let function =
                format!("[[function]]\nname = \"{name}\"\nsignature = \"{signature}\"\n");
            manifest.push_str(&function);
        }
        manifest.push_str("[dependencies]\n");
        for dependency in dependencies {
            let document = &dependency.document;
            manifest.push_str(&format!("{} = \"={}\"\n", document.name, document.version));
        }
        let path = directory.join("Puck.toml");
        fs_err::write(&path, manifest).unwrap();
        let documents: Vec<_> = dependencies
            .iter()
            .map(|package| package.document.clone())
            .collect();
        let built = build(
            &BuildRequest {
                manifest: &Manifest::read(&path).unwrap(),
                directory: &directory,
                dependencies: &documents,
                environment: None,
                cache: &directory.join("target"),
                jobs: 1,
            },
            &(),
        )
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut bytes = Vec::new();
        archive::write(&built.document, &built.files, &mut bytes).unwrap();
        let (sha256, size) = (Digest::of(&bytes), bytes.len() as u64);
        self.store
            .add_archive(&mut bytes.as_slice(), &sha256, size)
            .unwrap();
        let document = &built.document;
        self.store
            .install_package(&sha256, &document.name, &document.version)
            .unwrap()
    }

    /// The environment of these packages, as the project's own dependencies.
    pub(crate) fn environment(&self, packages: &[&InstalledPackage]) -> Environment {
        Environment::open(self.linked(packages, Link::default())).unwrap()
    }

    /// The folder of an environment.
    pub(crate) fn linked(&self, packages: &[&InstalledPackage], link: Link<'_>) -> PathBuf {
        self.linked_below(packages, &[], link)
    }

    /// The same with packages that the project does not depend on itself.
    pub(crate) fn linked_below(
        &self,
        direct: &[&InstalledPackage],
        below: &[&InstalledPackage],
        link: Link<'_>,
    ) -> PathBuf {
        let packages = [(direct, true), (below, false)]
            .into_iter()
            .flat_map(|(packages, direct)| {
                let package = move |&installed| EnvironmentPackage { installed, direct };
                packages.iter().map(package)
            })
            .collect();
        let request = EnvironmentRequest { packages, link };
        self.store.environment(&request).unwrap().path
    }
}

/// The files of a folder with this extension.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths
}

pub(crate) const UNARY: &str = "fn(f64) -> f64";
pub(crate) type Unary = unsafe extern "C" fn(f64) -> f64;

/// A function of one `f64`, called.
pub(crate) fn call(module: &puck_jit::JitModule, name: &str, x: f64) -> f64 {
    let function = module.function::<Unary>(name).unwrap();
    // SAFETY: it takes and gives a number.
    unsafe { function(x) }
}

/// `define double @NAME(double %x)`, which computes a line.
pub(crate) fn line(name: &str, factor: f64, summand: f64) -> String {
    format!(
        "define double @{name}(double %x) {{\n  %p = fmul double %x, {factor:?}\n  \
         %r = fadd double %p, {summand:?}\n  ret double %r\n}}\n"
    )
}

/// A caller `run` of functions of one `f64`, whose results it adds.
pub(crate) fn sum_of(callees: &[&str]) -> String {
    let mut ir = String::new();
    for callee in callees.iter().collect::<BTreeSet<_>>() {
        ir.push_str(&format!("declare double @\"{callee}\"(double)\n"));
    }
    ir.push_str("define double @run(double %x) {\n  %s0 = fadd double 0.0, 0.0\n");
    for (index, callee) in callees.iter().enumerate() {
        let next = index + 1;
        ir.push_str(&format!(
            "  %c{index} = call double @\"{callee}\"(double %x)\n  \
             %s{next} = fadd double %s{index}, %c{index}\n"
        ));
    }
    ir.push_str(&format!("  ret double %s{}\n}}\n", callees.len()));
    ir
}
