//! Small packages, made by hand: real archives with real objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use object::write::{Object, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};
use puck_package::{
    Digest, FileFacts, Function, LinkName, PackageDocument, Series, TargetObject, Tools, archive,
};

/// A package to be packed.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) document: PackageDocument,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Sample {
    /// A package that exports functions, given as `dot(n: u64) -> f64`.
    pub(crate) fn new(name: &str, version: &str, exports: &[&str]) -> Self {
        let name: puck_package::PackageName = name.parse().unwrap();
        let version: semver::Version = version.parse().unwrap();
        let functions: Vec<Function> = exports
            .iter()
            .map(|declaration| {
                let (function, types) = declaration.split_once('(').unwrap();
                let function: puck_package::FunctionName = function.parse().unwrap();
                let signature: puck_package::Signature = format!("fn({types}").parse().unwrap();
                let link_name = LinkName::new(&name, &Series::of(&version), &function, &signature);
                Function {
                    name: function,
                    abi: "c".to_owned(),
                    signature,
                    link_name,
                    declared: None,
                    doc: None,
                    needs: None,
                    sizes: BTreeMap::new(),
                }
            })
            .collect();
        let symbols: Vec<String> = functions.iter().map(|f| f.link_name.to_string()).collect();
        let object = "obj/0123456789abcdef.o".to_owned();
        let document = PackageDocument {
            format: 1,
            description: String::new(),
            license: String::new(),
            authors: Vec::new(),
            repository: String::new(),
            keywords: Vec::new(),
            functions,
            imports: Vec::new(),
            system_imports: Vec::new(),
            host_imports: Vec::new(),
            dependencies: Vec::new(),
            targets: [(
                "x86-64".to_owned(),
                TargetObject {
                    object: object.clone(),
                },
            )]
            .into(),
            files: BTreeMap::new(),
            tools: Tools {
                puck: "0.1.0".to_owned(),
                llvm: "23.1.1".to_owned(),
                sources: Vec::new(),
            },
            opt_level: 3,
            debug: false,
            name,
            version,
        };
        let files = [
            (document.ir_path(), b"BC\xc0\xde".to_vec()),
            (document.header_path(), b"// nothing\n".to_vec()),
            (object, defining(&symbols)),
        ];
        Self {
            document,
            files: files.into(),
        }
    }

    /// Writes the archive to `directory`.
    pub(crate) fn pack(&self, directory: &Path) -> PathBuf {
        let mut document = self.document.clone();
        let facts = |bytes: &Vec<u8>| FileFacts {
            sha256: Digest::of(bytes),
            size: bytes.len() as u64,
        };
        document.files = self
            .files
            .iter()
            .map(|(path, b)| (path.clone(), facts(b)))
            .collect();
        let path = directory.join(archive::file_name(&document.name, &document.version));
        let mut bytes = Vec::new();
        archive::write(&document, &self.files, &mut bytes).unwrap();
        fs_err::write(&path, bytes).unwrap();
        path
    }
}

/// Packs a package that exports functions; the archive's path.
pub(crate) fn pack(directory: &Path, name: &str, version: &str, exports: &[&str]) -> PathBuf {
    Sample::new(name, version, exports).pack(directory)
}

/// A relocatable object that defines `symbols`.
pub(crate) fn defining(symbols: &[String]) -> Vec<u8> {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = object.section_id(object::write::StandardSection::Text);
    for symbol in symbols {
        let value = object.append_section_data(text, &[0xc3], 16);
        object.add_symbol(Symbol {
            name: symbol.clone().into_bytes(),
            value,
            size: 1,
            kind: SymbolKind::Text,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(text),
            flags: SymbolFlags::None,
        });
    }
    object.write().unwrap()
}
