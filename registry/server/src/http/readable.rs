//! The paths that are files of the registry: these are served, and nothing else of its directory.

use std::borrow::Cow;

use puck_package::PackageName;
use puck_package::index::{self, archive_path};
use semver::Version;

/// A file that may be read by whoever may read the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Readable {
    /// Relative to the registry, in its one form.
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

/// What a file is: how it is cached, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `registry.json`
    Description,
    /// The lines of a package.
    Index(PackageName),
    /// The archive of a version: it never changes.
    Archive(PackageName, Version),
    /// `log.jsonl`
    Log,
}

impl Kind {
    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Self::Description => "application/json",
            Self::Index(_) | Self::Log => "application/jsonl",
            Self::Archive(..) => "application/vnd.puck.package",
        }
    }

    /// Whether it is text.
    pub(crate) fn compressible(&self) -> bool {
        !matches!(self, Self::Archive(..))
    }
}

impl Readable {
    /// What `path`, that of a request, names; `None` if that is nothing that is served.
    ///
    /// A name or a version is parsed and its path is made again, so that no path gets through that
    /// a name could not have.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let decoded = decode(path.strip_prefix('/')?)?;
        let path = decoded.as_ref();
        let kind = match path {
            "registry.json" => Kind::Description,
            "log.jsonl" => Kind::Log,
            _ => match path.split_once('/')? {
                ("index", _) => {
                    let name: PackageName = path.rsplit('/').next()?.parse().ok()?;
                    (index::path(&name) == path).then_some(Kind::Index(name))?
                }
                ("archives", rest) => {
                    let (name, file) = rest.split_once('/')?;
                    let (name, version) = parse_archive(name, file)?;
                    (archive_path(&name, &version) == path)
                        .then_some(Kind::Archive(name, version))?
                }
                _ => return None,
            },
        };
        Some(Self {
            path: decoded.into_owned(),
            kind,
        })
    }
}

fn parse_archive(name: &str, file: &str) -> Option<(PackageName, Version)> {
    let version = file.strip_prefix(name)?.strip_prefix('-')?;
    let version = version.strip_suffix(".puck")?.parse().ok()?;
    Some((name.parse().ok()?, version))
}

/// `path` without percent encoding; `None` if that is not valid, or hides a slash.
fn decode(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains('%') {
        return Some(path.into());
    }
    let mut pieces = path.split('%');
    let mut decoded = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if !byte.is_ascii_graphic() || byte == b'/' {
            return None;
        }
        decoded.push(char::from(byte));
        decoded.push_str(rest);
    }
    Some(decoded.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_registry() {
        for (path, expected) in [
            ("/registry.json", Some("registry.json")),
            ("/log.jsonl", Some("log.jsonl")),
            ("/index/li/na/linalg", Some("index/li/na/linalg")),
            ("/index/1/a", Some("index/1/a")),
            ("/index/3/a/abc", Some("index/3/a/abc")),
            (
                "/archives/linalg/linalg-1.2.0.puck",
                Some("archives/linalg/linalg-1.2.0.puck"),
            ),
            (
                "/archives/linalg/linalg-1.2.0-rc.1%2Bb.puck",
                Some("archives/linalg/linalg-1.2.0-rc.1+b.puck"),
            ),
            ("/%69ndex/li/na/linalg", Some("index/li/na/linalg")),
        ] {
            let readable = Readable::parse(path);
            assert_eq!(readable.map(|r| r.path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn nothing_else() {
        for path in [
            "",
            "/",
            "registry.json",
            "//registry.json",
            "/registry.json/",
            "/registry.lock",
            "/pending.json",
            "/private/tokens/a.json",
            "/.incoming/x",
            "/index",
            "/index/",
            "/index/li",
            "/index/li/na/",
            "/index/li/na/other",
            "/index/../private/tokens/a",
            "/index/li/na/..",
            "/index/li/na/linalg/../../../../registry.lock",
            "/index/%2e%2e/registry.lock",
            "/index/li%2Fna/linalg",
            "/index/li/na/linalg%00",
            "/index/li/na/linalg%",
            "/index/li/na/linalg%2",
            "/index/li/na/linalg%+1",
            "/index/li/na/LINALG",
            "/archives/linalg/linalg-1.2.0.puck/",
            "/archives/linalg/linalg-1.2.puck",
            "/archives/linalg/other-1.2.0.puck",
            "/archives/linalg/linalg-1.2.0.zip",
            "/archives/linalg/",
            "/archives/../linalg-1.2.0.puck",
            "/archives/linalg/../linalg/linalg-1.2.0.puck",
        ] {
            assert_eq!(Readable::parse(path), None, "{path}");
        }
    }
}
