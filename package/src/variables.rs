//! The one list of environment variables that Puck reads.

/// The machine-wide home: store, default registry, the user's environment.
pub const PUCK_HOME: &str = "PUCK_HOME";
/// The processor level to load libraries for, in place of the best that the processor has.
pub const PUCK_TARGET: &str = "PUCK_TARGET";
/// The clang to compile C and C++ with, in place of the one found on `PATH`.
pub const PUCK_CLANG: &str = "PUCK_CLANG";
/// The registry directory to use in place of the default local one.
pub const PUCK_REGISTRY: &str = "PUCK_REGISTRY";
/// The base of the default home, by the XDG base directory specification.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// The user's home directory.
pub const HOME: &str = "HOME";
/// Where commands are looked for.
pub const PATH: &str = "PATH";
/// Set to anything: no colours.
pub const NO_COLOR: &str = "NO_COLOR";

/// Every variable with what it does, for the help and the reference page.
pub const ALL: [(&str, &str); 5] = [
    (
        PUCK_HOME,
        "where the store, the default registry and the user's environment are",
    ),
    (
        PUCK_REGISTRY,
        "a registry directory to use in place of the default one",
    ),
    (
        PUCK_TARGET,
        "the processor level to run, e.g. x86-64-v3; never above the processor's own",
    ),
    (PUCK_CLANG, "the clang that compiles C and C++"),
    (NO_COLOR, "set to anything: no colours"),
];

/// The value of the variable `name`; `None` when it is not set, or empty.
///
/// The only place of the workspace that reads the process environment.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader that the lint points to"
)]
pub fn get(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
