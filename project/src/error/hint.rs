//! What to do about what went wrong.

use super::Error;

impl Error {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let meant = |near: &Option<String>| near.as_ref().map(|n| format!("did you mean `{n}`?"));
        match self {
            Self::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                Some("make room and run the same command again".to_owned())
            }
            Self::Manifest(error) => error.hint(),
            Self::Workspace(error) => error.hint(),
            Self::Linking(error) => error.hint(),
            Self::Lockfile(error) => error.hint(),
            Self::Registry(error) => error.hint(),
            Self::Resolve(puck_resolver::Error::Source { source, .. }) => {
                source.downcast_ref::<Self>().and_then(Self::hint)
            }
            Self::Resolve(error) => error.hint(),
            Self::OfflineConflict { origin, error } => {
                let looked = format!("{origin} was given, so only this machine was searched");
                Some(
                    error
                        .hint()
                        .map_or(looked.clone(), |hint| format!("{hint}\n{looked}")),
                )
            }
            Self::Store(error) => error.hint(),
            #[cfg(feature = "compiler")]
            Self::Compiler(error) => error.hint(),
            #[cfg(feature = "compiler")]
            Self::Crate(error) => error.hint(),
            Self::NoCompiler(_) => {
                Some("install a puck that was built with its default features".to_owned())
            }
            Self::NoProject(_) => Some(
                "`puck new NAME` makes a package; a Puck.toml with [dependencies] alone is a \
                 project that uses packages; a crate is a package if its Cargo.toml has a \
                 [package.metadata.puck]"
                    .to_owned(),
            ),
            Self::LocalElsewhere { .. } => Some("give that registry another name".to_owned()),
            Self::NoPackage(_) => Some("`puck new NAME` makes a package".to_owned()),
            Self::WouldChange { flag, .. } => Some(format!(
                "run the command without {flag}, or `puck lock`, and look at what changes"
            )),
            Self::NoLocalPackage { name, .. } => Some(format!(
                "correct the path of `{name}` in the manifest that depends on it"
            )),
            Self::DependsOnItself { .. } => Some(
                "a package calls its own functions as they are; remove the dependency, or depend \
                 on another series"
                    .to_owned(),
            ),
            Self::Fetch { source, .. } => broken_download(source).or(source.hint()).or_else(|| {
                Some(
                    "the registry lists this version but does not have it; tell its owner"
                        .to_owned(),
                )
            }),
            Self::NotLocked { near, .. }
            | Self::NotADependency { near, .. }
            | Self::NoSuchFunction { near, .. } => meant(near),
            Self::NoUsers { .. } => Some(
                "`puck registry` keeps the tokens and owners of a registry that is served; \
                 --registry names another one"
                    .to_owned(),
            ),
            Self::UnknownKey { near, .. } => meant(near).or_else(|| {
                Some("`puck config` lists them; so does docs/configuration.md".to_owned())
            }),
            Self::UnknownPackage { near, .. } => meant(near).or_else(|| {
                Some(
                    "`puck search` finds packages by words; --registry names another registry"
                        .to_owned(),
                )
            }),
            Self::Unavailable { .. } => Some(
                "name the registry that has it with --registry or PUCK_REGISTRY, or choose other \
                 versions with `puck update`"
                    .to_owned(),
            ),
            Self::NotHere { origin, .. } => Some(format!(
                "{}, or `puck fetch` beforehand, where the registry may be asked",
                origin.undo()
            )),
            Self::OtherRegistry { name, from, .. } => Some(format!(
                "write `{name} = {{ version = \"…\", registry = \"{from}\" }}` in the manifest"
            )),
            Self::Offline { origin, .. } => Some(origin.undo()),
            Self::Client(error) => error.hint(),
            Self::UnknownRegistry {
                near: Some(near), ..
            } => Some(format!("did you mean `{near}`?")),
            Self::UnknownRegistry {
                asked: Some(_),
                name,
                ..
            } => Some(format!(
                "give its address or folder, or say once where it is: `puck config set \
                 registries.{name} ADDRESS`"
            )),
            Self::UnknownRegistry { name: registry, .. }
            | Self::UnknownSource { registry, .. }
            | Self::NamedRegistry { registry, .. } => Some(where_it_is(registry)),
            Self::TwoRegistries(two) => Some(match &two.agreed {
                Some(registry) => format!(
                    "if the one of `{registry}` is meant, write `{} = {{ version = \"…\", registry = \
                     \"{registry}\" }}` in the manifest",
                    two.name
                ),
                None => "use other versions, which take it from the same registry".to_owned(),
            }),
            Self::ChangedArchive { .. } => Some(
                "ask whoever runs the registry; if the new one is right, delete Puck.lock to \
                 choose again"
                    .to_owned(),
            ),
            Self::Denied(denied) => Some(denied.hint()),
            Self::Vendored(_) => Some(
                "use the registry that the packages came from (--registry names it), then run \
                 `puck vendor` again"
                    .to_owned(),
            ),
            Self::UnmatchedPatch { .. } => Some(
                "correct the version or the registry in [patch], or remove the patch".to_owned(),
            ),
            Self::NotVendored(_) => Some("name a folder that is new or empty".to_owned()),
            Self::PathOnly { name, .. } => Some(format!(
                "write `{name} = {{ path = \"…\", version = \"…\" }}`"
            )),
            _ => None,
        }
    }
}

/// How to say where a registry is.
fn where_it_is(name: &str) -> String {
    let variable = puck_package::variables::of_registry(name);
    let variable = variable.map_or_else(String::new, |variable| format!(", or set {variable}"));
    format!(
        "say where it is: `puck config set registries.{name} ADDRESS`, or [registries] in \
         Puck.toml{variable}"
    )
}

/// What to do about an archive whose bytes stopped coming.
fn broken_download(error: &Error) -> Option<String> {
    match error {
        Error::Store(puck_store::Error::Io(error)) => {
            puck_registry_client::Archive::error(error)?.hint()
        }
        _ => None,
    }
}
