//! The files of a project that go into its archive as they are: README and licences.

use std::collections::BTreeMap;
use std::path::Path;

use puck_package::Manifest;

use crate::error::Error;

/// Larger texts than this, in bytes, are taken for a mistake.
const MAX: u64 = 1 << 20;

/// README and licences by their path in the archive.
pub(crate) fn texts(
    manifest: &Manifest,
    directory: &Path,
) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut texts = BTreeMap::new();
    let readme = manifest
        .package
        .as_ref()
        .and_then(|package| package.readme.as_ref());
    if let Some(readme) = readme {
        let bad = |reason: String| Error::File {
            manifest: manifest.path.clone(),
            key: "readme",
            value: readme.clone(),
            reason,
        };
        let path = Path::new(readme);
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name else {
            return Err(bad("not the name of a file".to_owned()));
        };
        let path = directory.join(path);
        let size = fs_err::metadata(&path)
            .map_err(|error| bad(error.to_string()))?
            .len();
        if size > MAX {
            return Err(bad(format!(
                "{size} bytes are too much for a text; at most {MAX}"
            )));
        }
        texts.insert(name.to_owned(), fs_err::read(&path)?);
    }
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let licence = ["LICENSE", "LICENCE", "COPYING", "NOTICE"]
            .iter()
            .any(|start| name.to_ascii_uppercase().starts_with(start));
        let wanted = licence || (readme.is_none() && ["README.md", "README"].contains(&name));
        let metadata = fs_err::metadata(&path);
        if wanted && metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX) {
            texts.insert(name.to_owned(), fs_err::read(&path)?);
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(readme: &str) -> Manifest {
        let text = format!(
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\n{readme}\n[build]\nsources = [\"a.ll\"]\n"
        );
        Manifest::parse(&text, Path::new("Puck.toml")).unwrap()
    }

    #[test]
    fn texts_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "README.md",
            "LICENSE-MIT",
            "Licence.txt",
            "other.md",
            "NOTICE",
        ] {
            fs_err::write(folder.path().join(name), name).unwrap();
        }
        fs_err::create_dir(folder.path().join("LICENSES")).unwrap();
        let names = |manifest: &Manifest| -> Vec<String> {
            texts(manifest, folder.path())
                .unwrap()
                .into_keys()
                .collect()
        };
        assert_eq!(
            names(&manifest("")),
            ["LICENSE-MIT", "Licence.txt", "NOTICE", "README.md"]
        );
        let other = names(&manifest("readme = \"other.md\""));
        assert_eq!(other, ["LICENSE-MIT", "Licence.txt", "NOTICE", "other.md"]);
        let missing = texts(&manifest("readme = \"missing.md\""), folder.path()).unwrap_err();
        assert!(
            missing.to_string().contains("`readme = \"missing.md\"`"),
            "{missing}"
        );
    }
}
