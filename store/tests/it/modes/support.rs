//! A compiler for tests, and programs that use environments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;

use fs_err as fs;
use puck_package::{LinkMode, LinkName, Processor, SystemImport, Target};
use puck_store::{
    Code, Compile, CompileError, Environment, EnvironmentPackage, EnvironmentRequest,
    InstalledPackage, Link,
};

use crate::support::{Home, Recipe};

/// `cc` as a compiler of packages whose sources are known. The macro `HERE` is defined in what it
/// compiles for one package, and `TOGETHER` in what it compiles for all.
#[derive(Default)]
pub(super) struct Compiler {
    sources: BTreeMap<String, String>,
    imports: Vec<SystemImport>,
    /// What it was asked for: the packages, and the processor.
    pub(super) asked: Mutex<Vec<String>>,
    /// What it says instead of compiling.
    pub(super) refuses: Option<fn() -> CompileError>,
}

impl Compiler {
    pub(super) fn new(recipes: &[Recipe]) -> Self {
        let mut compiler = Self::default();
        for recipe in recipes {
            let key = format!("{} {}", recipe.name, recipe.version);
            compiler.sources.insert(key, recipe.source());
            let imports = recipe.system.iter();
            compiler
                .imports
                .extend(imports.map(|(symbol, library, version)| SystemImport {
                    symbol: (*symbol).to_owned(),
                    library: (*library).to_owned(),
                    version: version.map(str::to_owned),
                }));
        }
        compiler
    }

    fn object(
        &self,
        package: &InstalledPackage,
        processor: &Processor,
        flag: &str,
    ) -> Result<Vec<u8>, CompileError> {
        if let Some(refusal) = self.refuses {
            return Err(refusal());
        }
        let document = &package.document;
        assert!(
            package.path.join(document.ir_path()).exists(),
            "its IR can be read"
        );
        let source = &self.sources[&format!("{} {}", document.name, document.version)];
        let folder = tempfile::tempdir()?;
        let (c, o) = (folder.path().join("x.c"), folder.path().join("x.o"));
        fs::write(&c, source)?;
        let mut cc = Command::new("cc");
        cc.args(["-c", "-O2", "-fPIC", "-ffunction-sections", "-w", flag])
            .arg(format!("-march={}", processor.target))
            .args([c.as_os_str(), "-o".as_ref(), o.as_os_str()]);
        assert!(cc.status()?.success());
        Ok(fs::read(o)?)
    }

    fn note(&self, packages: &[&InstalledPackage], what: &str) {
        let names = packages.iter().map(|p| p.document.name.to_string());
        let names: Vec<_> = names.collect();
        let mut asked = self.asked.lock().expect("nobody panicked");
        asked.push(format!("{what} {}", names.join("+")));
    }

    /// What it was asked for since the last time.
    pub(super) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("nobody panicked"))
    }
}

impl Compile for Compiler {
    fn identity(&self) -> String {
        "cc".to_owned()
    }

    fn packages(
        &self,
        packages: &[&InstalledPackage],
        processor: &Processor,
    ) -> Result<Vec<Code>, CompileError> {
        self.note(packages, "each");
        let code = |package: &&InstalledPackage| {
            Ok(Code {
                objects: vec![self.object(package, processor, "-DHERE")?],
                system_imports: self.imports.clone(),
                debug: false,
            })
        };
        packages.iter().map(code).collect()
    }

    fn program(
        &self,
        packages: &[&InstalledPackage],
        _exports: &BTreeSet<LinkName>,
        processor: &Processor,
    ) -> Result<Code, CompileError> {
        self.note(packages, "all");
        let objects = packages
            .iter()
            .map(|package| self.object(package, processor, "-DTOGETHER"));
        Ok(Code {
            objects: objects.collect::<Result<_, _>>()?,
            system_imports: self.imports.clone(),
            debug: false,
        })
    }
}

/// The base level, which every machine that runs the tests has.
pub(super) fn base() -> Processor {
    Processor::of(Target::X86_64)
}

pub(super) fn image() -> Link<'static> {
    Link {
        mode: LinkMode::Image,
        ..Link::default()
    }
}

impl Home {
    pub(super) fn try_linked(
        &self,
        packages: &[(&InstalledPackage, bool)],
        link: &Link<'_>,
    ) -> puck_store::Result<Environment> {
        let packages = packages
            .iter()
            .map(|&(installed, direct)| EnvironmentPackage { installed, direct });
        self.store.environment(&EnvironmentRequest {
            packages: packages.collect(),
            link: link.clone(),
        })
    }

    /// All of them direct.
    pub(super) fn linked(&self, packages: &[&InstalledPackage], link: &Link<'_>) -> Environment {
        let packages: Vec<_> = packages.iter().map(|package| (*package, true)).collect();
        self.try_linked(&packages, link).expect("an environment")
    }

    /// Compiles `source` against `environment`, whose libraries are then those of the folder
    /// `lib`, beside the program, whatever that leads to.
    pub(super) fn program(
        &self,
        name: &str,
        source: &str,
        environment: &Environment,
        sonames: &[&str],
    ) {
        self.program_with(name, source, environment, sonames, "-O1");
    }

    /// Whether `cc` can link with those flags here.
    pub(super) fn links_with(&self, flags: &str) -> bool {
        let folder = self.directory("trial");
        fs::write(folder.join("main.c"), "int main(void) { return 0; }").expect("writes");
        let mut cc = Command::new("cc");
        cc.current_dir(&folder)
            .args(["main.c", "-o", "main"])
            .args(flags.split(' '));
        cc.output().expect("cc runs").status.success()
    }

    /// As [`Home::program`], with flags for `cc`.
    pub(super) fn program_with(
        &self,
        name: &str,
        source: &str,
        environment: &Environment,
        sonames: &[&str],
        flags: &str,
    ) {
        let folder = self.directory("program");
        fs::write(folder.join("main.c"), source).expect("writes");
        let mut cc = Command::new("cc");
        cc.current_dir(&folder)
            .args(["main.c", "-w", "-o", name])
            .args(flags.split(' '))
            .arg(format!("-I{}/include", environment.path.display()))
            .arg(format!("-L{}/lib", environment.path.display()))
            .arg("-Wl,-rpath,$ORIGIN/lib")
            .args(sonames.iter().map(|soname| format!("-l:{soname}")));
        assert!(cc.status().expect("cc runs").success());
    }

    /// Runs a program with the libraries of `environment`.
    pub(super) fn run(&self, name: &str, environment: &Environment) -> Output {
        let folder = self.directory("program");
        let lib = folder.join("lib");
        if lib.is_symlink() {
            fs::remove_file(&lib).expect("removes");
        }
        fs::os::unix::fs::symlink(environment.path.join("lib"), lib).expect("a link");
        let mut outputs = ["", "1"].map(|now| {
            Command::new(folder.join(name))
                .env_clear()
                .env("LD_BIND_NOW", now)
                .output()
                .expect("runs")
        });
        outputs.sort_by_key(|output| output.status.success());
        assert_eq!(outputs[0].status, outputs[1].status);
        let [output, _] = outputs;
        output
    }

    pub(super) fn output(&self, name: &str, environment: &Environment) -> String {
        let output = self.run(name, environment);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The folders of libraries in the store.
    pub(super) fn libraries(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path().join("libraries")) else {
            return Vec::new();
        };
        let name = |entry: std::io::Result<fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("text")
        };
        entries.map(name).collect()
    }
}

/// Where the image of an environment is, for `level`.
pub(super) fn image_path(environment: &Environment, level: &str) -> std::path::PathBuf {
    let image = environment.document.image.as_ref().expect("an image");
    let folder = match level {
        "" => environment.path.join("lib"),
        level => environment.path.join("lib/glibc-hwcaps").join(level),
    };
    folder.join(&image.soname)
}

/// The names of a library's defined dynamic symbols.
pub(super) fn exports(path: &Path) -> BTreeSet<String> {
    use object::{Object as _, ObjectSymbol as _};
    let bytes = fs::read(path).expect("reads");
    let file = object::File::parse(&*bytes).expect("a library");
    let symbols = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition());
    symbols
        .map(|symbol| symbol.name().expect("a name").to_owned())
        .collect()
}
