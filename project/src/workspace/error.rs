//! What can be wrong with a workspace.

use std::path::PathBuf;

use puck_package::{PackageName, nearest};

/// What is wrong with a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// A member is no project.
    #[error("{}: the member `{member}` has no Puck.toml", manifest.display())]
    NoManifest {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// As the manifest has it.
        member: String,
    },
    /// A member only consumes packages.
    #[error("{}: the member `{member}` is no package", manifest.display())]
    NoPackage {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// Its folder, relative to the workspace.
        member: String,
    },
    /// A pattern is none.
    #[error("{}: the member `{member}` is not a pattern of folders: {reason}", manifest.display())]
    Pattern {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// As the manifest has it.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A member is listed by name twice.
    #[error("{}: the member `{member}` is listed twice", manifest.display())]
    Twice {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// Its folder, relative to the workspace.
        member: String,
    },
    /// Two members are packages of one name.
    #[error("{}: `{first}` and `{second}` are both the package `{name}`", manifest.display())]
    SameName {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// The package's name.
        name: PackageName,
        /// The folder of one.
        first: String,
        /// The folder of the other.
        second: String,
    },
    /// A member is a workspace.
    #[error("{}: the member `{member}` is a workspace itself", manifest.display())]
    Nested {
        /// The workspace's manifest.
        manifest: PathBuf,
        /// Its folder, relative to the workspace.
        member: String,
    },
    /// A member says how the environment is linked that all members share.
    #[error(
        "{}:{line}: members of a workspace share one environment, so [environment] belongs in {}",
        at.display(), root.display()
    )]
    MembersEnvironment {
        /// The member's manifest.
        at: PathBuf,
        /// The line of the table, from 1.
        line: usize,
        /// The workspace's manifest.
        root: PathBuf,
    },
    /// A project is below a workspace that does not list it.
    #[error("{} is below the workspace {}, but not among its members", project.display(), root.display())]
    NotAMember {
        /// The project's folder.
        project: PathBuf,
        /// The workspace's folder.
        root: PathBuf,
        /// The one relative to the other.
        relative: String,
    },
    /// A verb for one package was called in a workspace that is none itself.
    #[error("{} is a workspace, and no package itself", .0.display())]
    NoneChosen(PathBuf),
    /// There is no member of that name.
    #[error("no member of the workspace {} is the package `{name}`", root.display())]
    UnknownMember {
        /// The name that was given.
        name: PackageName,
        /// The workspace's folder.
        root: PathBuf,
        /// Which there are.
        members: Vec<String>,
    },
}

impl WorkspaceError {
    /// What to do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoManifest { member, .. } => Some(format!(
                "make a package there with `puck new {member}`, or take it off the list"
            )),
            Self::NoPackage { .. } => Some("a member needs a `[package]`".to_owned()),
            Self::Pattern { .. } => Some("folders look like \"a\" or \"crates/*\"".to_owned()),
            Self::Twice { .. } | Self::SameName { .. } => None,
            Self::MembersEnvironment { .. } => Some("move the table there".to_owned()),
            Self::Nested { .. } => Some(
                "list its members here, and remove its `[workspace]`; workspaces do not nest"
                    .to_owned(),
            ),
            Self::NotAMember { relative, .. } => Some(format!(
                "add \"{relative}\" to `members` of the workspace, or an empty `[workspace]` \
                 (`members = []`) to the project's Puck.toml to keep it apart"
            )),
            Self::NoneChosen(_) => Some(
                "work in a member's folder, or choose a member with `--package NAME`".to_owned(),
            ),
            Self::UnknownMember { name, members, .. } => {
                let near = nearest(name.as_str(), members.iter().map(String::as_str));
                Some(match near {
                    Some(near) => format!("there is a member named `{near}`"),
                    None => format!("its members are {}", members.join(", ")),
                })
            }
        }
    }
}
