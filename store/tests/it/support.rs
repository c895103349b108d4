//! Packages made on the spot.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use puck_package::{
    Digest, FileFacts, Function, HostImport, Import, LinkName, PackageDependency, PackageDocument,
    PackageName, Series, Signature, SystemImport, TargetObject, Tools, archive, c_header, format,
};
use puck_store::{
    Environment, EnvironmentPackage, EnvironmentRequest, InstalledPackage, Link, Store,
};
use semver::{Version, VersionReq};

/// A store in a temporary folder.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("home")).expect("a store");
        Self { folder, store }
    }

    pub(crate) fn path(&self) -> &Path {
        self.store.home()
    }

    /// A folder beside the store.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(&path).expect("a folder");
        path
    }

    pub(crate) fn add(&self, archive: &Archive) {
        let Archive { bytes, sha256, .. } = archive;
        self.store
            .add_archive(&mut bytes.as_slice(), sha256, bytes.len() as u64)
            .expect("the archive is taken");
    }

    pub(crate) fn try_install(&self, archive: &Archive) -> puck_store::Result<InstalledPackage> {
        self.add(archive);
        self.store
            .install_package(&archive.sha256, &archive.name, &archive.version)
    }

    pub(crate) fn install(&self, archive: &Archive) -> InstalledPackage {
        self.try_install(archive).expect("the package installs")
    }

    pub(crate) fn try_environment(
        &self,
        packages: &[(&InstalledPackage, bool)],
    ) -> puck_store::Result<Environment> {
        let packages = packages
            .iter()
            .map(|&(installed, direct)| EnvironmentPackage { installed, direct })
            .collect();
        self.store.environment(&EnvironmentRequest {
            packages,
            link: Link::default(),
        })
    }

    pub(crate) fn environment(&self, packages: &[&InstalledPackage]) -> Environment {
        let packages: Vec<_> = packages.iter().map(|package| (*package, true)).collect();
        self.try_environment(&packages).expect("an environment")
    }
}

/// A packed package.
#[derive(Clone)]
pub(crate) struct Archive {
    pub(crate) name: PackageName,
    pub(crate) version: Version,
    pub(crate) bytes: Vec<u8>,
    pub(crate) sha256: Digest,
}

/// What a package is made of. In `c`, `$dot` is the link name of the function `dot`, and
/// `$vecmath.dot` that of an import, both in quotes.
#[derive(Clone, Default)]
pub(crate) struct Recipe {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) c: String,
    pub(crate) functions: Vec<(String, &'static str)>,
    /// Package, its version, function, signature.
    pub(crate) imports: Vec<(&'static str, &'static str, &'static str, &'static str)>,
    /// Symbol, library, version.
    pub(crate) system: Vec<(&'static str, &'static str, Option<&'static str>)>,
    /// Symbol and provider; `$host;` in `c` names the table.
    pub(crate) host: Vec<(&'static str, &'static str)>,
    /// Files beside code: path and content.
    pub(crate) files: Vec<(&'static str, &'static str)>,
    /// Target and flags for `cc`.
    pub(crate) targets: Vec<(&'static str, &'static str)>,
    pub(crate) debug: bool,
}

impl Recipe {
    pub(crate) fn link_name(&self, function: &str) -> LinkName {
        let (_, signature) = self
            .functions
            .iter()
            .find(|(name, _)| name == function)
            .expect("a function");
        link_name(self.name, self.version, function, signature)
    }

    /// The source with link names in place.
    pub(crate) fn source(&self) -> String {
        let mut c = self.c.clone();
        for (package, version, function, signature) in &self.imports {
            let name = link_name(package, version, function, signature);
            c = c.replace(
                &format!("${package}.{function};"),
                &format!("__asm__(\"{name}\");"),
            );
        }
        for (function, signature) in &self.functions {
            let name = link_name(self.name, self.version, function, signature);
            c = c.replace(&format!("${function};"), &format!("__asm__(\"{name}\");"));
        }
        if let Some(table) = self.host_table() {
            c = c.replace("$host", &format!("__asm__(\"{table}\")"));
        }
        c
    }

    pub(crate) fn host_table(&self) -> Option<LinkName> {
        self.document(BTreeMap::new()).host_table()
    }

    pub(crate) fn pack(&self) -> Archive {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("source.c");
        fs::write(&source, self.source()).expect("writes");
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (path, content) in &self.files {
            files.insert((*path).to_owned(), content.as_bytes().to_vec());
        }
        let mut targets = BTreeMap::new();
        let base = [("x86-64", "-O2")];
        let wanted = if self.targets.is_empty() {
            &base[..]
        } else {
            &self.targets
        };
        for (target, flags) in wanted {
            let object = folder.path().join("object.o");
            let mut cc = Command::new("cc");
            cc.args(["-c", "-O2", "-fPIC", "-ffunction-sections", "-w"]);
            cc.args(flags.split_whitespace())
                .arg(&source)
                .arg("-o")
                .arg(&object);
            assert!(cc.status().expect("cc runs").success());
            let bytes = fs::read(&object).expect("reads");
            let path = format!("obj/{}.o", Digest::of(&bytes).prefix(16));
            files.insert(path.clone(), bytes);
            targets.insert((*target).to_owned(), TargetObject { object: path });
        }
        pack(self.document(targets), files)
    }

    fn document(&self, targets: BTreeMap<String, TargetObject>) -> PackageDocument {
        let parse_signature = |text: &str| text.parse::<Signature>().expect("a signature");
        let functions = self.functions.iter().map(|(name, signature)| Function {
            name: name.parse().expect("a name"),
            abi: "c".to_owned(),
            signature: parse_signature(signature),
            link_name: link_name(self.name, self.version, name, signature),
            declared: None,
            doc: None,
            needs: None,
            sizes: BTreeMap::new(),
        });
        let imports = self
            .imports
            .iter()
            .map(|(package, version, function, signature)| Import {
                package: package.parse().expect("a name"),
                function: function.parse().expect("a name"),
                abi: "c".to_owned(),
                signature: parse_signature(signature),
                link_name: link_name(package, version, function, signature),
            });
        let mut dependencies = BTreeMap::new();
        for (package, version, ..) in &self.imports {
            let series = series(version);
            dependencies.insert(
                *package,
                PackageDependency {
                    name: package.parse().expect("a name"),
                    requirement: VersionReq::parse(version).expect("a requirement"),
                    series,
                    registry: None,
                },
            );
        }
        PackageDocument {
            format: format::PACKAGE,
            name: self.name.parse().expect("a name"),
            version: self.version.parse().expect("a version"),
            description: "For tests".to_owned(),
            license: String::new(),
            authors: Vec::new(),
            repository: String::new(),
            keywords: Vec::new(),
            functions: functions.collect(),
            imports: imports.collect(),
            system_imports: self
                .system
                .iter()
                .map(|(symbol, library, version)| SystemImport {
                    symbol: (*symbol).to_owned(),
                    library: (*library).to_owned(),
                    version: version.map(str::to_owned),
                })
                .collect(),
            host_imports: self
                .host
                .iter()
                .map(|(symbol, provider)| HostImport {
                    symbol: (*symbol).to_owned(),
                    provider: (*provider).to_owned(),
                })
                .collect(),
            dependencies: dependencies.into_values().collect(),
            targets,
            files: BTreeMap::new(),
            tools: Tools {
                puck: "0".to_owned(),
                llvm: "0".to_owned(),
                sources: Vec::new(),
            },
            opt_level: 2,
            debug: self.debug,
        }
    }
}

fn series(version: &str) -> Series {
    Series::of(&version.parse().expect("a version"))
}

fn link_name(package: &str, version: &str, function: &str, signature: &str) -> LinkName {
    LinkName::new(
        &package.parse().expect("a name"),
        &series(version),
        &function.parse().expect("a name"),
        &signature.parse().expect("a signature"),
    )
}

/// Packs `files` and the two files that every package has.
pub(crate) fn pack(mut document: PackageDocument, mut files: BTreeMap<String, Vec<u8>>) -> Archive {
    files.insert(document.ir_path(), b"not looked at by the store".to_vec());
    files.insert(document.header_path(), c_header(&document).into_bytes());
    document.files = files
        .iter()
        .map(|(path, bytes)| {
            let facts = FileFacts {
                sha256: Digest::of(bytes),
                size: bytes.len() as u64,
            };
            (path.clone(), facts)
        })
        .collect();
    let mut bytes = Vec::new();
    archive::write(&document, &files, &mut bytes).expect("packs");
    let sha256 = Digest::of(&bytes);
    Archive {
        name: document.name,
        version: document.version,
        bytes,
        sha256,
    }
}

pub(crate) const DOT: &str = "fn(n: u64, x: *const f64, y: *const f64) -> f64";
pub(crate) const NORM: &str = "fn(n: u64, x: *const f64) -> f64";

/// `vecmath::dot`.
pub(crate) fn vecmath() -> Recipe {
    Recipe {
        name: "vecmath",
        version: "1.0.0",
        c: "double dot(unsigned long n, const double *x, const double *y) $dot;
            double dot(unsigned long n, const double *x, const double *y) {
                double s = 0;
                for (unsigned long i = 0; i < n; i++) s += x[i] * y[i];
                return s;
            }"
        .to_owned(),
        functions: vec![("dot".to_owned(), DOT)],
        ..Recipe::default()
    }
}

/// `linalg::norm`, which calls `vecmath::dot` and libm's `exp` and `sin`.
pub(crate) fn linalg() -> Recipe {
    Recipe {
        name: "linalg",
        version: "1.2.0",
        c: "double exp(double); double log(double); double sin(double);
            double dot(unsigned long n, const double *x, const double *y) $vecmath.dot;
            double norm(unsigned long n, const double *x) $norm;
            double norm(unsigned long n, const double *x) {
                return exp(0.5 * log(dot(n, x, x))) + sin(0.0 * x[0]);
            }"
        .to_owned(),
        functions: vec![("norm".to_owned(), NORM)],
        imports: vec![("vecmath", "1.0.0", "dot", DOT)],
        system: vec![
            ("exp", "libm.so.6", Some("GLIBC_2.29")),
            ("log", "libm.so.6", Some("GLIBC_2.29")),
            ("sin", "libm.so.6", Some("GLIBC_2.2.5")),
        ],
        ..Recipe::default()
    }
}

/// `many::f0` to `many::f<count - 1>`, each a loop that calls `sin`.
pub(crate) fn many(count: usize) -> Recipe {
    let mut c = "double sin(double);\n".to_owned();
    for i in 0..count {
        writeln!(
            c,
            "double f{i}(unsigned long n, const double *x) $f{i};
             double f{i}(unsigned long n, const double *x) {{
                 double s = 0;
                 for (unsigned long k = 0; k < n; k++) s += sin(x[k] * {i}.5) + {i};
                 return s;
             }}"
        )
        .expect("a string takes all");
    }
    Recipe {
        name: "many",
        version: "1.0.0",
        c,
        functions: (0..count).map(|i| (format!("f{i}"), NORM)).collect(),
        system: vec![("sin", "libm.so.6", Some("GLIBC_2.2.5"))],
        ..Recipe::default()
    }
}

/// The base library of a package.
pub(crate) fn library(package: &InstalledPackage) -> PathBuf {
    package.path.join(
        package
            .library(puck_package::Target::X86_64)
            .expect("a library"),
    )
}

/// Overwrites a file of the store as a failing disk would: the same length or not, as read-only as
/// before.
pub(crate) fn damage(path: &Path, bytes: &[u8]) {
    let directory = path.parent().expect("a folder");
    set_mode(directory, 0o755);
    fs::remove_file(path).expect("removes");
    fs::write(path, bytes).expect("writes");
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("sets the mode");
}

/// Every path below `directory`, folders too, in order.
pub(crate) fn tree(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("reads") {
            let path = entry.expect("an entry").path();
            if fs::symlink_metadata(&path).expect("is there").is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The package of `recipe`, with `object` in place of what its source gives.
pub(crate) fn with_object(recipe: &Recipe, object: &[u8]) -> Archive {
    let path = format!("obj/{}.o", Digest::of(object).prefix(16));
    let targets = BTreeMap::from([(
        "x86-64".to_owned(),
        TargetObject {
            object: path.clone(),
        },
    )]);
    pack(
        recipe.document(targets),
        BTreeMap::from([(path, object.to_vec())]),
    )
}
