//! cargo's side: crates and a sparse index of them.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use puck_package::Digest;
use serde_json::json;

use super::graph::{Graph, PACKAGES, name};
use super::registry::{Packages, requirement};
use crate::place::write;

/// Writes the index with that many versions of each package below `root`, which `url` leads to.
pub(super) fn write_index(
    graph: &Graph,
    packages: &Packages,
    versions: u64,
    root: &Path,
    url: &str,
) -> Result<()> {
    let config = json!({ "dl": format!("{url}/crates/{{crate}}-{{version}}.crate") });
    write(&root.join("config.json"), &config.to_string())?;
    fs_err::create_dir_all(root.join("crates"))?;
    for package in 0..PACKAGES {
        let object = packages.object(package)?;
        let name = name(package);
        let mut lines = String::new();
        for number in 0..versions {
            let packed = crate_file(graph, package, number, &object)?;
            let dependencies: Vec<_> = graph.dependencies[package]
                .iter()
                .map(|&dependency| {
                    json!({
                        "name": self::name(dependency),
                        "req": format!("^{}", requirement(number)),
                        "features": [],
                        "optional": false,
                        "default_features": true,
                        "target": null,
                        "kind": "normal",
                    })
                })
                .collect();
            let line = json!({
                "name": name,
                "vers": format!("1.{number}.0"),
                "deps": dependencies,
                "cksum": Digest::of(&packed).hex(),
                "features": {},
                "yanked": false,
            });
            let _ = writeln!(lines, "{line}");
            let file = format!("crates/{name}-1.{number}.0.crate");
            fs_err::write(root.join(file), packed)?;
        }
        let place = root.join(&name[..2]).join(&name[2..]).join(&name);
        write(&place, &lines)?;
    }
    Ok(())
}

fn crate_file(graph: &Graph, package: usize, number: u64, object: &[u8]) -> Result<Vec<u8>> {
    let name = name(package);
    let mut manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.{number}.0\"\nedition = \"2021\"\n\n[dependencies]\n"
    );
    for &dependency in &graph.dependencies[package] {
        let _ = writeln!(
            manifest,
            "{} = \"{}\"",
            self::name(dependency),
            requirement(number)
        );
    }
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content) in [
        ("Cargo.toml", manifest.as_bytes()),
        ("src/lib.rs", b"//! A package of the graph.\n"),
        ("code.o", object),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let path = format!("{name}-1.{number}.0/{path}");
        tar.append_data(&mut header, path, content)?;
    }
    Ok(tar.into_inner()?.finish()?)
}
