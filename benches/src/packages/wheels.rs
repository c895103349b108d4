//! uv's side: wheels and a simple index of them (PEP 503, with the metadata of PEP 658).

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use puck_package::Digest;

use super::graph::{Graph, PACKAGES, name};
use super::registry::{Packages, requirement};
use crate::place::write;

/// Writes the index with that many versions of each package below `root`.
pub(super) fn write_index(
    graph: &Graph,
    packages: &Packages,
    versions: u64,
    root: &Path,
) -> Result<()> {
    for package in 0..PACKAGES {
        let object = packages.object(package)?;
        let name = name(package);
        let folder = root.join(&name);
        let mut page = "<!DOCTYPE html><html><body>\n".to_owned();
        for number in 0..versions {
            let file = format!("{name}-1.{number}.0-py3-none-any.whl");
            let metadata = metadata(graph, package, number);
            let wheel = wheel(&name, number, &metadata, &object)?;
            let _ = writeln!(
                page,
                "<a href=\"{file}#sha256={}\" data-dist-info-metadata=\"sha256={}\" \
                 data-core-metadata=\"sha256={1}\">{file}</a><br>",
                Digest::of(&wheel),
                Digest::of(metadata.as_bytes()),
            );
            write(&folder.join(format!("{file}.metadata")), &metadata)?;
            fs_err::write(folder.join(&file), wheel)?;
        }
        page.push_str("</body></html>\n");
        write(&folder.join("index.html"), &page)?;
    }
    Ok(())
}

fn metadata(graph: &Graph, package: usize, number: u64) -> String {
    let mut text = format!(
        "Metadata-Version: 2.1\nName: {}\nVersion: 1.{number}.0\n",
        name(package)
    );
    for &dependency in &graph.dependencies[package] {
        let (name, least) = (name(dependency), requirement(number));
        let _ = writeln!(text, "Requires-Dist: {name}>={least},<2");
    }
    text
}

/// A wheel: a module, the object, and what a wheel says of itself.
fn wheel(name: &str, number: u64, metadata: &str, object: &[u8]) -> Result<Vec<u8>> {
    let info = format!("{name}-1.{number}.0.dist-info");
    let module = format!("\"\"\"A package of the graph.\"\"\"\n\nNAME = \"{name}\"\n");
    let wheel = "Wheel-Version: 1.0\nGenerator: puck-benches\nRoot-Is-Purelib: true\n\
                 Tag: py3-none-any\n";
    let mut files = vec![
        (format!("{name}/__init__.py"), module.into_bytes()),
        (format!("{name}/code.o"), object.to_vec()),
        (format!("{info}/METADATA"), metadata.as_bytes().to_vec()),
        (format!("{info}/WHEEL"), wheel.as_bytes().to_vec()),
    ];
    let mut record = String::new();
    for (path, _) in &files {
        let _ = writeln!(record, "{path},,");
    }
    let _ = writeln!(record, "{info}/RECORD,,");
    files.push((format!("{info}/RECORD"), record.into_bytes()));
    zip(&files)
}

/// A zip file of deflated entries.
fn zip(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content)?;
        let packed = encoder.finish()?;
        let mut crc = Crc::new();
        crc.update(content);
        let offset = u32::try_from(bytes.len())?;

        let mut facts = Vec::new();
        // Version 2.0, no flags, deflated, 1980-01-01 00:00.
        for half in [20_u16, 0, 8, 0, 0x21] {
            facts.extend(half.to_le_bytes());
        }
        let sizes = [u32::try_from(packed.len())?, u32::try_from(content.len())?];
        for word in [crc.sum(), sizes[0], sizes[1]] {
            facts.extend(word.to_le_bytes());
        }
        facts.extend(u16::try_from(path.len())?.to_le_bytes());
        facts.extend([0; 2]);

        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(path.as_bytes());
        bytes.extend(packed);

        // Made on Unix; no comment, first disk; a regular file of mode 644.
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(facts);
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let (offset, size) = (u32::try_from(bytes.len())?, u32::try_from(directory.len())?);
    let count = u16::try_from(files.len())?.to_le_bytes();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0; 2]);
    Ok(bytes)
}
