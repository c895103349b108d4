//! Changing `config.toml`: comments and order stay, and the file is replaced whole or not at all.

use std::path::Path;

use puck_package::Config;
use puck_package::config::{Key, nearest_key};
use toml_edit::{DocumentMut, Item, Table, Value};

use crate::hold::Hold;
use crate::{Error, files};

/// A value as it is typed: what a key takes decides how it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetValue(pub String);

/// Writes `value` for `key` into the file of settings in `home`; a path is seen from `directory`.
///
/// # Errors
/// If there is no such key, it does not take that value, or the file is not valid or cannot be
/// written; it is then as it was.
pub fn set(home: &Path, directory: &Path, key: &str, value: &SetValue) -> Result<(), Error> {
    let known = Key::find(key).ok_or_else(|| unknown(key))?;
    let value = read_value(known, &value.0, directory);
    change(home, |document, path| {
        let mut table: &mut dyn toml_edit::TableLike = document.as_table_mut();
        let mut words: Vec<&str> = key.split('.').collect();
        let last = words.pop().unwrap_or_default();
        for word in words {
            let item = table.entry(word).or_insert_with(implicit);
            // A registry that is one string so far becomes a table when it is given more.
            if let Some(place) = item.as_str().map(str::to_owned) {
                let key = if place.contains("://") { "url" } else { "path" };
                let mut with = toml_edit::InlineTable::new();
                with.insert(key, Value::from(place));
                *item = Item::Value(Value::InlineTable(with));
            }
            table = item.as_table_like_mut().ok_or_else(|| Error::NoTable {
                path: path.to_owned(),
                key: word.to_owned(),
            })?;
        }
        match table.get_mut(last) {
            Some(Item::Value(old)) => {
                let mut value = value;
                value.decor_mut().clone_from(old.decor());
                *old = value;
            }
            _ => drop(table.insert(last, Item::Value(value))),
        }
        Ok(true)
    })?;
    Ok(())
}

/// Takes `key` out of the file of settings in `home`; whether it was there.
///
/// # Errors
/// If there is no such key, or the file is not valid or cannot be written; it is then as it was.
pub fn unset(home: &Path, key: &str) -> Result<bool, Error> {
    Key::find(key).ok_or_else(|| unknown(key))?;
    change(home, |document, _| {
        let mut table: &mut dyn toml_edit::TableLike = document.as_table_mut();
        let mut words: Vec<&str> = key.split('.').collect();
        let last = words.pop().unwrap_or_default();
        for word in words {
            match table.get_mut(word).and_then(Item::as_table_like_mut) {
                Some(inner) => table = inner,
                None => return Ok(false),
            }
        }
        Ok(table.remove(last).is_some())
    })
}

/// Lets `change` change the file; writes it if that says so, and if it is still valid.
fn change(
    home: &Path,
    change: impl FnOnce(&mut DocumentMut, &Path) -> Result<bool, Error>,
) -> Result<bool, Error> {
    fs_err::create_dir_all(home)?;
    let _hold = Hold::wait(home)?;
    let path = home.join(puck_package::config::FILE);
    let text = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error.into()),
    };
    let mut document: DocumentMut =
        text.parse().map_err(
            |error: toml_edit::TomlError| puck_package::ManifestError::Toml {
                path: path.display().to_string(),
                message: error.to_string(),
            },
        )?;
    if !change(&mut document, &path)? {
        return Ok(false);
    }
    let text = document.to_string();
    Config::parse(&text, &path)?;
    files::replace(&path, text.as_bytes())?;
    Ok(true)
}

/// A table that shows only by what is in it.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// What a key takes, read from what was typed; what cannot be read as that is left to the check of
/// the whole file, which says what was expected.
fn read_value(key: &Key, text: &str, directory: &Path) -> Value {
    match key.kind {
        "boolean" => text
            .parse::<bool>()
            .map_or_else(|_| text.into(), Value::from),
        "integer" => text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from),
        // The file would see it from its own folder.
        _ if is_path(key, text) => directory.join(text).to_string_lossy().as_ref().into(),
        _ => text.into(),
    }
}

fn is_path(key: &Key, text: &str) -> bool {
    match key.name {
        "registries.NAME" => !text.is_empty() && !text.contains("://"),
        "registries.NAME.path" | "registries.NAME.certificates" => !text.is_empty(),
        _ => false,
    }
}

fn unknown(key: &str) -> Error {
    Error::UnknownKey {
        key: key.to_owned(),
        near: nearest_key(key).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> SetValue {
        SetValue(text.to_owned())
    }

    #[test]
    fn comments_and_order_stay() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let file = home.join("config.toml");
        let read = || fs_err::read_to_string(&file).unwrap();
        set(
            home,
            Path::new("/here"),
            "registries.team",
            &typed("https://team.example"),
        )
        .unwrap();
        set(home, Path::new("/here"), "jobs", &typed("2")).unwrap();
        assert_eq!(
            read(),
            "jobs = 2\n[registries]\nteam = \"https://team.example\"\n"
        );
        fs_err::write(&file, "# Mine.\njobs = 2 # few\n\n[gc]\nmax-age = \"1d\"\n").unwrap();
        set(home, Path::new("/here"), "jobs", &typed("4")).unwrap();
        set(home, Path::new("/here"), "gc.max-size", &typed("1GB")).unwrap();
        set(home, Path::new("/here"), "offline", &typed("true")).unwrap();
        assert_eq!(
            read(),
            "# Mine.\njobs = 4 # few\noffline = true\n\n[gc]\nmax-age = \"1d\"\nmax-size = \"1GB\"\n"
        );
        assert!(unset(home, "offline").unwrap());
        assert!(!unset(home, "offline").unwrap());
        assert!(!unset(home, "registries.team").unwrap());
        assert_eq!(
            read(),
            "# Mine.\njobs = 4 # few\n\n[gc]\nmax-age = \"1d\"\nmax-size = \"1GB\"\n"
        );
    }

    #[test]
    fn a_registry_is_told_more_about() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        set(
            home,
            Path::new("/here"),
            "registries.lab",
            &typed("http://lab:1"),
        )
        .unwrap();
        set(
            home,
            Path::new("/here"),
            "registries.lab.plain-http-token",
            &typed("true"),
        )
        .unwrap();
        set(
            home,
            Path::new("/here"),
            "registries.lab.certificates",
            &typed("lab.pem"),
        )
        .unwrap();
        let config = Config::read(home).unwrap();
        let lab = &config.registries["lab"].value;
        assert_eq!(lab.location.to_string(), "http://lab:1");
        assert!(lab.plain_http_token);
        assert_eq!(lab.certificates, Some("/here/lab.pem".into()));
    }

    #[test]
    fn what_does_not_belong_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let text = "jobs = 2\n";
        fs_err::write(home.join("config.toml"), text).unwrap();
        for (key, value, expected) in [
            ("jbos", "1", "`jbos` is not a setting"),
            (
                "jobs",
                "many",
                "`jobs`: expected a whole number from 1 to 65535, found string",
            ),
            ("jobs", "0", "`jobs`: expected a whole number from 1"),
            ("offline", "yes", "`offline`: expected true or false"),
            ("registry", "team", "no registry `team`"),
            ("registries.a/b", "x", "is not a registry's name"),
            ("gc.max-age", "long", "`long` is not an age"),
        ] {
            let error = set(home, Path::new("/here"), key, &typed(value))
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{key}: {error}");
        }
        let found = fs_err::read_to_string(home.join("config.toml")).unwrap();
        assert_eq!(found, text);
    }
}
