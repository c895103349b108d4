//! Who may do what: users, tokens with scopes, owners of packages.

mod identity;
mod owners;
mod pattern;
mod secret;
mod token;
mod user;

pub use identity::Identity;
pub use owners::Owners;
pub use pattern::Pattern;
pub use secret::Secret;
pub use token::{NewToken, Scope, Token};
pub use user::User;
