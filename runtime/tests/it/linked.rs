//! Environments whose packages are linked into one library, as an installer lays them out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use puck_package::{Digest, Image, LinkMode, Processor, Target};

use crate::fixture::{Fixture, Package, level, run};

/// How an environment is linked.
pub(crate) struct Linked {
    pub(crate) mode: LinkMode,
    /// What there are libraries for; the base target alone for `lto`.
    pub(crate) targets: Vec<Target>,
    pub(crate) processor: Option<Processor>,
    /// The functions that are left out, by name.
    pub(crate) dropped: Vec<&'static str>,
}

impl Linked {
    /// One library of packed objects.
    pub(crate) fn image() -> Self {
        Self {
            mode: LinkMode::Image,
            targets: vec![Target::X86_64],
            processor: None,
            dropped: Vec::new(),
        }
    }

    /// One compiled library, for every processor.
    pub(crate) fn lto() -> Self {
        Self {
            mode: LinkMode::Lto,
            processor: Some(Processor::of(Target::X86_64)),
            ..Self::image()
        }
    }

    pub(crate) fn without(mut self, function: &'static str) -> Self {
        self.dropped.push(function);
        self
    }

    fn drops(&self, package: &Package) -> impl Iterator<Item = String> {
        let functions = package.document.functions.iter();
        functions
            .filter(|function| self.dropped.contains(&function.name.as_str()))
            .map(|function| function.link_name.to_string())
    }
}

impl Fixture {
    /// Installs packages as an environment of one library; gives the project.
    pub(crate) fn install_linked(
        &self,
        environment: &str,
        packages: &[&Package],
        linked: &Linked,
    ) -> PathBuf {
        let mut content = format!("{:?}", (linked.mode, &linked.processor, &linked.dropped));
        packages.iter().for_each(|package| content += &package.code);
        let soname = format!("puck.{}.so", Digest::of(content.as_bytes()).prefix(16));
        let mut document = self.document(environment, packages);
        let mut image = Image {
            soname,
            libraries: std::collections::BTreeMap::new(),
            host_tables: packages
                .iter()
                .any(|package| package.facts().host_table.is_some()),
        };
        let folder = self.path().join("libraries").join(environment);
        fs_err::create_dir_all(&folder).unwrap();
        for target in &linked.targets {
            let library = folder.join(format!("{target}.so"));
            compile(&library, &image.soname, packages, linked, *target);
            self.place(environment, &image.library_path(*target), &library);
            let key = Digest::of(format!("{content}{target}").as_bytes());
            image.libraries.insert(target.to_string(), key);
        }
        for package in packages {
            let facts = package.facts();
            let filter = folder.join(&facts.soname);
            filter_of(package, &filter, &image.soname, linked);
            let path = facts.library_path(Target::X86_64);
            self.place(environment, &path, &filter);
        }
        document.link = linked.mode;
        document.processor.clone_from(&linked.processor);
        document.image = Some(image);
        self.write(&document, environment, packages)
    }
}

/// One library of all packages, without what is dropped.
fn compile(library: &Path, soname: &str, packages: &[&Package], linked: &Linked, target: Target) {
    let dropped: Vec<_> = packages.iter().flat_map(|p| linked.drops(p)).collect();
    let script = library.with_extension("map");
    let local = dropped.iter().fold(String::new(), |mut text, name| {
        write!(text, "local: \"{name}\"; ").unwrap();
        text
    });
    fs_err::write(&script, format!("{{ global: *; {local}}};")).unwrap();
    let sources = packages.iter().enumerate().map(|(number, package)| {
        let source = library.with_extension(format!("{number}.c"));
        fs_err::write(&source, &package.code).unwrap();
        source
    });
    run(Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wl,-z,now", "-Wl,-Bsymbolic"])
        .arg(format!("-Wl,-soname,{soname}"))
        .arg(format!("-Wl,--version-script={}", script.display()))
        .arg(format!("-DLEVEL={}", level(target)))
        .arg("-o")
        .arg(library)
        .args(sources));
}

/// A library without code under the package's SONAME, whose symbols are found in the image.
fn filter_of(package: &Package, library: &Path, image: &str, linked: &Linked) {
    let dropped: Vec<_> = linked.drops(package).collect();
    let mut assembler = ".text\n".to_owned();
    for function in &package.document.functions {
        let name = function.link_name.to_string();
        if !dropped.contains(&name) {
            let lines = format!(".globl {name}\n.type {name}, @function\n{name}: ud2\n");
            assembler += &lines;
        }
    }
    let source = library.with_extension("s");
    fs_err::write(&source, assembler).unwrap();
    run(Command::new("cc")
        .args(["-shared", "-nostdlib", "-Wl,--enable-new-dtags"])
        .arg("-Wl,-rpath,$ORIGIN")
        .arg(format!("-Wl,-F,{image}"))
        .arg(format!("-Wl,-soname,{}", package.soname()))
        .arg("-o")
        .args([library, &source]));
}
