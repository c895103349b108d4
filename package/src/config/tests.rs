use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"# Mine.
registry = "team"
offline = false
jobs = 4
color = "never"
http-retries = 0

[registries]
team = "https://registry.example"
shared = "shared"

[registries.lab]
url = "http://lab:8080/puck/"
certificates = "lab.pem"
plain-http-token = true

[gc]
max-age = "2w"
max-size = "10GB"
"#;

fn parse(text: &str) -> Result<Config, ManifestError> {
    Config::parse(text, Path::new("/home/config.toml"))
}

#[test]
fn a_whole_file() {
    let config = parse(WHOLE).unwrap();
    let registry = config.registry.unwrap();
    assert_eq!((registry.value.as_str(), registry.line), ("team", 2));
    assert!(!config.offline.unwrap().value);
    assert_eq!(config.jobs.unwrap(), Placed { value: 4, line: 4 });
    assert_eq!(config.color.unwrap().value, Color::Never);
    assert_eq!(config.http_retries.unwrap().value, 0);
    let lab = &config.registries["lab"];
    assert_eq!(lab.line, 12);
    assert_eq!(lab.value.location.to_string(), "http://lab:8080/puck");
    assert_eq!(
        lab.value.certificates.as_deref(),
        Some(Path::new("/home/lab.pem"))
    );
    assert!(lab.value.plain_http_token);
    let shared = &config.registries["shared"].value;
    assert_eq!(shared.location.to_string(), "/home/shared");
    assert_eq!(config.gc.max_age.unwrap().value.to_string(), "2w");
    assert_eq!(config.gc.max_size.unwrap().value.0, 10_000_000_000);
}

#[test]
fn mistakes_are_named() {
    for (text, expected, hint) in [
        ("jbos = 1", ":1: unknown key `jbos`", "`jobs`"),
        (
            "\n[gc]\nage = \"1d\"",
            ":3: unknown key `age` in [gc]",
            "known keys in [gc]",
        ),
        (
            "registry = \"tam\"\n[registries]\nteam = \"x\"",
            "did you mean `team`?",
            "",
        ),
        (
            "jobs = 0",
            "`jobs`: expected a whole number from 1 to 65535, found 0",
            "",
        ),
        ("http-retries = 101", "from 0 to 100", ""),
        (
            "color = \"pink\"",
            "expected `auto`, `always` or `never`",
            "",
        ),
        (
            "offline = \"yes\"",
            "`offline`: expected true or false, found string",
            "",
        ),
        ("gc.max-age = \"1y\"", "`1y` is not an age", ""),
        ("gc.max-size = \"much\"", "`much` is not a size", ""),
        ("[registries.a]\nurl = \"x\"", "`x` is not a registry", ""),
        (
            "[registries.a]\nurl = \"https://x\"\ntoken = \"x\"",
            ":3: unknown key `token`",
            "",
        ),
        ("a = [", "/home/config.toml is not valid TOML", ""),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
        let found = error.hint().unwrap_or_default();
        assert!(found.contains(hint), "{text}: {found}");
    }
}

#[test]
fn no_file_says_nothing() {
    let home = tempfile::tempdir().unwrap();
    let config = Config::read(home.path()).unwrap();
    assert_eq!(config.path, home.path().join(FILE));
    assert_eq!(config.registry, None);
    fs_err::write(home.path().join(FILE), "jobs = 2\n").unwrap();
    assert_eq!(Config::read(home.path()).unwrap().jobs.unwrap().value, 2);
}

#[test]
fn keys_are_found_by_name() {
    for (name, found) in [
        ("jobs", Some("jobs")),
        ("registries.team", Some("registries.NAME")),
        ("registries.team.url", Some("registries.NAME.url")),
        ("registries.team.token", None),
        ("gc", None),
    ] {
        assert_eq!(Key::find(name).map(|key| key.name), found, "{name}");
    }
    assert_eq!(nearest_key("http_retries"), Some("http-retries"));
}

/// Every key of the list is one that the file may have.
#[test]
fn the_list_of_keys_is_that_of_the_reader() {
    for key in KEYS {
        let name = key.name.replace("NAME", "team");
        let text = format!("{name} = []");
        let error = parse(&text).unwrap_err().to_string();
        assert!(!error.contains("unknown key"), "{error}");
    }
}

proptest! {
    /// Cut or spoilt at any place, the file is read or refused, never a panic.
    #[test]
    fn spoilt_text_is_refused(at in 0..WHOLE.len(), len in 0usize..40, text in "[a-z\\[\\]=\"{}\n,.]{0,3}") {
        let end = (at + len).min(WHOLE.len());
        let _ = parse(&format!("{}{text}{}", &WHOLE[..at], &WHOLE[end..]));
    }
}
