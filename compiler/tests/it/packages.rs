//! Several packages that call each other, compiled again and run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use object::{Object, ObjectSymbol, SymbolScope};
use puck_compiler::{BuildRequest, Built, Code, CodeOptions, Error, Ir, Progress, build};
use puck_package::{LinkName, Manifest, PackageDocument, Processor, Target};

/// Packages in the order in which they were added, in a temporary folder.
pub(crate) struct Packages {
    folder: tempfile::TempDir,
    pub(crate) built: Vec<Built>,
    pub(crate) jobs: usize,
    steps: Mutex<Vec<String>>,
}

impl Progress for Packages {
    fn step(&self, what: &str) {
        self.steps.lock().unwrap().push(what.to_owned());
    }
    fn warning(&self, message: &str) {
        panic!("{message}");
    }
}

impl Packages {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            built: Vec::new(),
            jobs: 2,
            steps: Mutex::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Builds a package, `name version`, from one source file, `a.c` or `a.ll`, and lines of its
    /// `[build]` section; it may call all packages that were added before. One of the same name and
    /// version is replaced.
    pub(crate) fn add(&mut self, package: &str, file: &str, source: &str, rest: &str) {
        let (name, version) = package.split_once(' ').unwrap();
        let directory = self.path().join(package.replace(' ', "-"));
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join(file), source).unwrap();
        let documents: Vec<PackageDocument> = self.documents().cloned().collect();
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\n\
             [build]\ntargets = [\"x86-64\"]\nsources = [\"{file}\"]\n{rest}\n[dependencies]\n"
        );
        let names: BTreeSet<_> = documents.iter().map(|document| &document.name).collect();
        for dependency in names.into_iter().filter(|other| other.as_str() != name) {
            manifest.push_str(&format!("{dependency} = \"*\"\n"));
        }
        let manifest = Manifest::parse(&manifest, Path::new("Puck.toml")).unwrap();
        let request = BuildRequest {
            manifest: &manifest,
            directory: &directory,
            dependencies: &documents,
            environment: None,
            cache: &self.path().join("build"),
            jobs: 1,
        };
        let built = build(&request, &()).unwrap();
        let is_same = |other: &&mut Built| {
            (&other.document.name, &other.document.version)
                == (&built.document.name, &built.document.version)
        };
        match self.built.iter_mut().find(is_same) {
            Some(earlier) => *earlier = built,
            None => self.built.push(built),
        }
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = &PackageDocument> {
        self.built.iter().map(|built| &built.document)
    }

    pub(crate) fn ir(&self) -> Vec<Ir<'_>> {
        let ir = self.built.iter().map(|built| Ir {
            document: &built.document,
            bitcode: &built.files[&built.document.ir_path()],
        });
        ir.collect()
    }

    /// The link name of `package::function`, or of `package.v2::function`.
    pub(crate) fn link_name(&self, path: &str) -> LinkName {
        let (package, function) = path.split_once("::").unwrap();
        let mut names = self.documents().flat_map(|document| &document.functions);
        let names = names.find(|f| {
            let scope = format!("{}.{}", f.link_name.package_symbol(), f.link_name.series());
            f.name.as_str() == function
                && (scope.starts_with(&format!("{package}.")) || scope == package)
        });
        names
            .unwrap_or_else(|| panic!("no {path}"))
            .link_name
            .clone()
    }

    pub(crate) fn options<'a>(&self, cache: &'a Path) -> CodeOptions<'a> {
        CodeOptions {
            jobs: self.jobs,
            cache,
        }
    }

    /// The program that exports these functions, and the steps that making it took.
    pub(crate) fn program(&self, exports: &[&str]) -> (Code, Vec<String>) {
        let code = self.try_program(exports, &self.ir()).unwrap();
        (code, self.steps())
    }

    /// The steps since this was last asked, sorted.
    pub(crate) fn steps(&self) -> Vec<String> {
        let mut steps = std::mem::take(&mut *self.steps.lock().unwrap());
        steps.sort();
        steps
    }

    pub(crate) fn try_program(&self, exports: &[&str], ir: &[Ir<'_>]) -> Result<Code, Error> {
        let exports = exports.iter().map(|path| self.link_name(path)).collect();
        let cache = self.path().join("cache");
        puck_compiler::program(ir, &exports, &processor(), &self.options(&cache), self)
    }

    /// Links objects as an environment's library is, and gives what functions of type
    /// `double(double)` make of 1.5.
    pub(crate) fn run(&self, objects: &[&[u8]], functions: &[&str]) -> Vec<String> {
        let library = self.link(objects);
        let driver = self.path().join("driver");
        if !driver.exists() {
            let source = self.path().join("driver.c");
            fs_err::write(&source, DRIVER).unwrap();
            let mut command = Command::new("cc");
            cc(command.arg(&source).arg("-o").arg(&driver).arg("-ldl"));
        }
        let names = functions
            .iter()
            .map(|path| self.link_name(path).to_string());
        let output = Command::new(driver)
            .arg(library)
            .args(names)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}{errors}");
        text.lines().map(str::to_owned).collect()
    }

    /// A shared library of objects.
    pub(crate) fn link(&self, objects: &[&[u8]]) -> PathBuf {
        let folder = tempfile::tempdir_in(self.path()).unwrap().keep();
        let library = folder.join("library.so");
        let mut command = Command::new("cc");
        command.args(["-shared", "-Wl,-Bsymbolic", "-Wl,-z,defs", "-o"]);
        command.arg(&library);
        for (number, object) in objects.iter().enumerate() {
            let path = folder.join(format!("{number}.o"));
            fs_err::write(&path, object).unwrap();
            command.arg(path);
        }
        cc(command.arg("-lm"));
        library
    }
}

fn cc(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

pub(crate) fn processor() -> Processor {
    Processor::of(Target::X86_64V2)
}

pub(crate) fn slices(code: &Code) -> Vec<&[u8]> {
    code.objects.iter().map(Vec::as_slice).collect()
}

/// The symbols of objects: those that everybody sees, those for the program's own objects, and
/// undefined ones.
pub(crate) fn symbols(code: &Code) -> (Vec<String>, Vec<String>, Vec<String>) {
    let (mut visible, mut hidden, mut undefined) = (Vec::new(), Vec::new(), Vec::new());
    for object in &code.objects {
        let file = object::File::parse(object.as_slice()).unwrap();
        for symbol in file.symbols() {
            let name = symbol.name().unwrap().to_owned();
            match symbol.scope() {
                _ if symbol.is_undefined() && !name.is_empty() => undefined.push(name),
                SymbolScope::Dynamic if symbol.is_definition() => visible.push(name),
                SymbolScope::Linkage if symbol.is_definition() => hidden.push(name),
                _ => {}
            }
        }
    }
    for names in [&mut visible, &mut hidden, &mut undefined] {
        names.sort();
    }
    (visible, hidden, undefined)
}

/// All symbols of functions, local ones too.
pub(crate) fn functions(code: &Code) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for object in &code.objects {
        let file = object::File::parse(object.as_slice()).unwrap();
        let symbols = file
            .symbols()
            .filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.is_definition());
        names.extend(symbols.map(|symbol| symbol.name().unwrap().to_owned()));
    }
    names
}

const DRIVER: &str = r#"
    #include <dlfcn.h>
    #include <stdio.h>
    int main(int count, char **names) {
        void *library = dlopen(names[1], RTLD_NOW);
        if (!library) { puts(dlerror()); return 1; }
        for (int i = 2; i < count; i++) {
            double (*function)(double) = dlsym(library, names[i]);
            if (!function) { puts(dlerror()); return 1; }
            printf("%.17g\n", function(1.5));
        }
        return 0;
    }
"#;
