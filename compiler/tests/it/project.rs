//! A package in a temporary folder.

use std::path::Path;

use object::{Object, ObjectSymbol};
use puck_compiler::{BuildRequest, Built, Error, build};
use puck_package::{Manifest, PackageDocument};

pub(crate) struct Project {
    folder: tempfile::TempDir,
    pub(crate) dependencies: Vec<PackageDocument>,
}

impl Project {
    /// A package `own` 1.2.0 with the source `a.ll` and more lines of its manifest, after
    /// `[build]`.
    pub(crate) fn new(ir: &str, manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Self {
            folder,
            dependencies: Vec::new(),
        };
        project.write("a.ll", ir);
        project.manifest(manifest);
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs_err::write(self.path().join(name), content).unwrap();
    }

    pub(crate) fn manifest(&self, rest: &str) {
        let start = "[package]\nname = \"own\"\nversion = \"1.2.0\"\nlicense = \"MIT\"\n";
        self.write(
            "Puck.toml",
            &format!("{start}[build]\nsources = [\"*.ll\"]\n{rest}"),
        );
    }

    pub(crate) fn cache(&self) -> std::path::PathBuf {
        self.path().join("target/puck/cache")
    }

    pub(crate) fn build(&self) -> Result<Built, Error> {
        let manifest = Manifest::read(&self.path().join("Puck.toml")).unwrap();
        build(
            &BuildRequest {
                manifest: &manifest,
                directory: self.path(),
                dependencies: &self.dependencies,
                environment: None,
                cache: &self.cache(),
                jobs: 2,
            },
            &(),
        )
    }

    /// The error and its hint.
    pub(crate) fn error(&self) -> String {
        let error = self.build().expect_err("an error was expected");
        match error.hint() {
            Some(hint) => format!("{error}\nhint: {hint}"),
            None => error.to_string(),
        }
    }
}

pub(crate) fn object<'a>(built: &'a Built, target: &str) -> &'a [u8] {
    &built.files[&built.document.targets[target].object]
}

/// The symbols that an object shows to others, and those it needs.
pub(crate) fn symbols(object: &[u8]) -> (Vec<String>, Vec<String>) {
    let file = object::File::parse(object).unwrap();
    let names = |wanted: &dyn Fn(&object::Symbol<'_, '_>) -> bool| {
        let mut names: Vec<_> = file
            .symbols()
            .filter(|symbol| wanted(symbol))
            .map(|symbol| symbol.name().unwrap().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort();
        names
    };
    let visible = names(&|symbol| symbol.is_global() && symbol.is_definition());
    (visible, names(&|symbol| symbol.is_undefined()))
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "expected `{part}` in:\n{text}");
    }
}

/// Two kernels: one that vectorises, one that does not.
pub(crate) const KERNELS: &str = r#"
    define void @axpy(i64 %n, double %a, ptr %x, ptr %y) {
    entry:
      %empty = icmp eq i64 %n, 0
      br i1 %empty, label %end, label %loop
    loop:
      %i = phi i64 [ 0, %entry ], [ %next, %loop ]
      %px = getelementptr double, ptr %x, i64 %i
      %py = getelementptr double, ptr %y, i64 %i
      %vx = load double, ptr %px, align 8
      %vy = load double, ptr %py, align 8
      %p = fmul double %a, %vx
      %s = fadd double %vy, %p
      store double %s, ptr %py, align 8
      %next = add i64 %i, 1
      %done = icmp eq i64 %next, %n
      br i1 %done, label %end, label %loop
    end:
      ret void
    }
    define double @wave(double %x) {
      %s = call double @sin(double %x)
      %p = call double @helper(double %s)
      ret double %p
    }
    define double @helper(double %x) noinline { %p = call double @pow(double %x, double 3.5) ret double %p }
    declare double @sin(double)
    declare double @pow(double, double)
"#;

pub(crate) const FUNCTIONS: &str = r#"
[[function]]
name = "axpy"
signature = "fn(n: u64, a: f64, x: *const f64, y: *mut f64)"
doc = "y += a * x"
[[function]]
name = "wave"
signature = "fn(x: f64) -> f64"
"#;
