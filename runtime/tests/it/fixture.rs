//! A store and environments as an installer lays them out, built with `cc`.
//!
//! The dynamic linker knows one library of a name per process, and all tests of this binary may
//! share one: so every test names its packages differently.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err::os::unix::fs::symlink;
use puck_package::{
    Digest, EnvironmentDocument, EnvironmentPackage, FileFacts, Function, FunctionName, HostImport,
    LinkMode, LinkName, PackageDocument, Series, Signature, Target, TargetObject, Tools, format,
    soname,
};
use puck_runtime::Environment;
use semver::Version;
use tempfile::TempDir;

/// A folder with `packages/` (the store), and `<environment>/`s with their projects.
pub(crate) struct Fixture {
    folder: TempDir,
}

/// A package in C: what it exports, and what it calls of others.
#[derive(Clone)]
pub(crate) struct Package {
    pub(crate) document: PackageDocument,
    pub(crate) targets: Vec<Target>,
    pub(crate) direct: bool,
    pub(crate) code: String,
    /// What is in its `share/`: name and content.
    pub(crate) share: Vec<(&'static str, String)>,
    callees: Vec<Package>,
}

impl Package {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let mut document = PackageDocument {
            format: format::PACKAGE,
            name: name.parse().unwrap(),
            version: version.parse().unwrap(),
            description: String::new(),
            license: String::new(),
            authors: Vec::new(),
            repository: String::new(),
            keywords: Vec::new(),
            functions: Vec::new(),
            imports: Vec::new(),
            system_imports: Vec::new(),
            host_imports: Vec::new(),
            dependencies: Vec::new(),
            targets: BTreeMap::new(),
            files: BTreeMap::new(),
            tools: Tools {
                puck: "0.1.0".into(),
                llvm: "23.1".into(),
                sources: Vec::new(),
            },
            opt_level: 3,
            debug: false,
        };
        let facts = FileFacts {
            sha256: Digest::of(b""),
            size: 0,
        };
        for path in [
            "obj/0.o".to_owned(),
            document.ir_path(),
            document.header_path(),
        ] {
            document.files.insert(path, facts);
        }
        let code = "typedef unsigned long u64;\n".to_owned();
        Self {
            document,
            targets: vec![Target::X86_64],
            direct: true,
            code,
            share: Vec::new(),
            callees: Vec::new(),
        }
    }

    /// Adds a table of host imports, `slots`, for the functions that follow.
    pub(crate) fn hosted(mut self, imports: &[(&str, &str)]) -> Self {
        let imports = imports.iter().map(|(symbol, provider)| HostImport {
            symbol: (*symbol).to_owned(),
            provider: (*provider).to_owned(),
        });
        self.document.host_imports = imports.collect();
        let table = self.document.host_table().unwrap();
        let count = self.document.host_imports.len();
        self.code += &format!("void *slots[{count}] __asm__(\"{table}\") = {{0}};\n");
        self
    }

    /// Adds a function of C: `double dot(…)` and `{ … }`. `LEVEL` stands for the target: 1 to 4.
    pub(crate) fn function(mut self, name: &str, signature: &str, c: &str, body: &str) -> Self {
        let name: FunctionName = name.parse().unwrap();
        let signature: Signature = signature.parse().unwrap();
        let link_name = self.link_name(name.as_str(), &signature);
        self.code += &format!("{c} __asm__(\"{link_name}\");\n{c} {body}\n");
        self.document.functions.push(Function {
            name,
            abi: "c".into(),
            signature,
            link_name,
            declared: None,
            doc: None,
            needs: None,
            sizes: BTreeMap::new(),
        });
        self
    }

    /// Declares a function of another package, to be called by the functions that follow.
    pub(crate) fn import(mut self, callee: &Package, name: &str, c: &str) -> Self {
        let function = callee.document.overloads(name).next().unwrap();
        self.code += &format!("{c} __asm__(\"{}\");\n", function.link_name);
        if self
            .callees
            .iter()
            .all(|known| known.soname() != callee.soname())
        {
            self.callees.push(callee.clone());
        }
        self
    }

    pub(crate) fn targets(mut self, targets: &[Target]) -> Self {
        self.targets = targets.to_vec();
        self
    }

    pub(crate) fn indirect(mut self) -> Self {
        self.direct = false;
        self
    }

    pub(crate) fn soname(&self) -> String {
        self.document.soname()
    }

    pub(crate) fn link_name(&self, function: &str, signature: &Signature) -> LinkName {
        let series = Series::of(&self.document.version);
        LinkName::new(
            &self.document.name,
            &series,
            &function.parse().unwrap(),
            signature,
        )
    }

    pub(crate) fn facts(&self) -> EnvironmentPackage {
        let Self {
            document: PackageDocument { name, version, .. },
            ..
        } = self;
        let series = Series::of(version);
        let sha256 = Digest::of(self.code.as_bytes());
        EnvironmentPackage {
            soname: soname(name, &series),
            directory: format!("{name}-{version}-{}", sha256.prefix(16)),
            name: name.clone(),
            version: Version::clone(version),
            series,
            sha256,
            targets: self.targets.iter().map(ToString::to_string).collect(),
            needs: self.callees.iter().map(Package::soname).collect(),
            direct: self.direct,
            specialised: None,
            host_table: self.document.host_table(),
        }
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Installs packages as an environment; gives the project whose `.puck` leads to it.
    pub(crate) fn install(&self, environment: &str, packages: &[&Package]) -> PathBuf {
        for package in packages {
            for target in &package.targets {
                let library = self.library(package, *target);
                let path = package.facts().library_path(*target);
                self.place(environment, &path, &library);
            }
        }
        self.write(&self.document(environment, packages), environment, packages)
    }

    /// The document of an environment of packages with libraries of their own.
    pub(crate) fn document(&self, environment: &str, packages: &[&Package]) -> EnvironmentDocument {
        EnvironmentDocument {
            format: format::ENVIRONMENT,
            key: Digest::of(environment.as_bytes()),
            link: LinkMode::Dynamic,
            processor: None,
            compiler: None,
            keep: Vec::new(),
            image: None,
            packages: packages.iter().map(|package| package.facts()).collect(),
        }
    }

    /// Writes an environment's document and its packages' descriptions; gives its project.
    pub(crate) fn write(
        &self,
        document: &EnvironmentDocument,
        environment: &str,
        packages: &[&Package],
    ) -> PathBuf {
        let root = self.root(environment);
        fs_err::create_dir_all(root.join("packages")).unwrap();
        for package in packages {
            self.describe(environment, package);
        }
        fs_err::write(root.join("environment.json"), document.to_json()).unwrap();
        let project = self.path().join("projects").join(environment);
        fs_err::create_dir_all(&project).unwrap();
        symlink(&root, project.join(".puck")).unwrap();
        project
    }

    pub(crate) fn open(&self, environment: &str, packages: &[&Package]) -> Environment {
        Environment::open(self.install(environment, packages)).unwrap()
    }

    fn root(&self, environment: &str) -> PathBuf {
        self.path().join("environments").join(environment)
    }

    /// Links `file` to its place in an environment.
    pub(crate) fn place(&self, environment: &str, path: &str, file: &Path) {
        let place = self.root(environment).join(path);
        fs_err::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(file, place).unwrap();
    }

    fn stored(&self, package: &Package) -> PathBuf {
        self.path()
            .join("packages")
            .join(&package.facts().directory)
    }

    /// Stores a package's description and IR, and links the description to its place.
    fn describe(&self, environment: &str, package: &Package) {
        let stored = self.stored(package);
        let mut document = package.document.clone();
        for target in &package.targets {
            let object = "obj/0.o".into();
            document
                .targets
                .insert(target.to_string(), TargetObject { object });
        }
        fs_err::create_dir_all(stored.join("ir")).unwrap();
        fs_err::write(stored.join(document.ir_path()), "IR").unwrap();
        let path = stored.join("package.json");
        fs_err::write(&path, document.to_json()).unwrap();
        self.place(environment, &package.facts().document_path(), &path);
        for (name, content) in &package.share {
            let file = stored.join(name);
            fs_err::write(&file, content).unwrap();
            let place = format!("{}/{name}", package.facts().share_directory());
            self.place(environment, &place, &file);
        }
    }

    /// The stored library of a package, built unless it is there.
    pub(crate) fn library(&self, package: &Package, target: Target) -> PathBuf {
        let facts = package.facts();
        let folder = self.stored(package).join("lib");
        let library = folder.join(format!("{target}.so"));
        if library.exists() {
            return library;
        }
        fs_err::create_dir_all(&folder).unwrap();
        let source = folder.join("code.c");
        fs_err::write(&source, &package.code).unwrap();
        let callees = package
            .callees
            .iter()
            .map(|callee| self.library(callee, callee.targets[0]));
        run(Command::new("cc")
            .args([
                "-shared",
                "-fPIC",
                "-O1",
                "-Wl,-z,now",
                "-Wl,--enable-new-dtags",
            ])
            .arg("-Wl,-rpath,$ORIGIN:$ORIGIN/../..")
            .arg(format!("-Wl,-soname,{}", facts.soname))
            .arg(format!("-DLEVEL={}", level(target)))
            .arg("-o")
            .args([&library, &source])
            .args(callees));
        library
    }
}

/// What `LEVEL` in a package's code stands for.
pub(crate) fn level(target: Target) -> usize {
    let known = Target::ALL.iter().position(|known| *known == target);
    known.unwrap() + 1
}

/// Runs a command that must succeed; gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{stdout}{stderr}",
        output.status
    );
    stdout
}

/// Runs an ignored test of this binary in a process of its own, with variables and an environment
/// to open; gives what it printed.
pub(crate) fn child(test: &str, project: &Path, variables: &[(&str, &str)]) -> String {
    run(Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            test,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env_remove("PUCK_TARGET")
        .env("TEST_PROJECT", project)
        .envs(variables.iter().copied()))
}

/// The project that [`child`] was given.
#[expect(
    clippy::disallowed_methods,
    reason = "set by the parent test, and no variable of Puck's"
)]
pub(crate) fn project_of_child() -> PathBuf {
    std::env::var_os("TEST_PROJECT")
        .expect("run by its parent test")
        .into()
}

/// An error and its hint as a command would print them, without the temporary folder's name.
pub(crate) fn told(fixture: &Fixture, error: &puck_runtime::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text += &format!("\nhint: {hint}");
    }
    text.replace(fixture.path().to_str().unwrap(), "[T]")
}
