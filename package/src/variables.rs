//! The one list of environment variables that Puck reads.

/// The machine-wide home: store, default registry, the user's environment.
pub const PUCK_HOME: &str = "PUCK_HOME";
/// The processor level to load libraries for, in place of the best that the processor has.
pub const PUCK_TARGET: &str = "PUCK_TARGET";
/// The clang to compile C and C++ with, in place of the one found on `PATH`.
pub const PUCK_CLANG: &str = "PUCK_CLANG";
/// The Python that reads Python sources, in place of the one found otherwise.
pub const PUCK_PYTHON: &str = "PUCK_PYTHON";
/// The default registry: a name, an address or a folder.
pub const PUCK_REGISTRY: &str = "PUCK_REGISTRY";
/// The token for the default registry.
pub const PUCK_REGISTRY_TOKEN: &str = "PUCK_REGISTRY_TOKEN";
/// Set to anything but `0` and `false`: only this machine is asked.
pub const PUCK_OFFLINE: &str = "PUCK_OFFLINE";
/// What the registry's server logs, in the form of `tracing`'s filters.
pub const PUCK_LOG: &str = "PUCK_LOG";
/// How many times a request that failed in passing is sent again.
pub const PUCK_HTTP_RETRIES: &str = "PUCK_HTTP_RETRIES";
/// The base of the default home, by the XDG base directory specification.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// The user's home directory.
pub const HOME: &str = "HOME";
/// Where commands are looked for.
pub const PATH: &str = "PATH";
/// Where cargo keeps its settings and what it downloads.
pub const CARGO_HOME: &str = "CARGO_HOME";
/// Where rustup keeps its settings and toolchains.
pub const RUSTUP_HOME: &str = "RUSTUP_HOME";
/// The toolchain that rustup's commands use.
pub const RUSTUP_TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";
/// The compiler that cargo uses.
pub const RUSTC: &str = "RUSTC";
/// The command that cargo runs the compiler by.
pub const RUSTC_WRAPPER: &str = "RUSTC_WRAPPER";
/// Folders of headers for C and C++.
pub const CPATH: &str = "CPATH";
/// Folders of headers for C.
pub const C_INCLUDE_PATH: &str = "C_INCLUDE_PATH";
/// Folders of headers for C++.
pub const CPLUS_INCLUDE_PATH: &str = "CPLUS_INCLUDE_PATH";
/// Where clang finds GCC and its headers.
pub const GCC_INSTALL_PREFIX: &str = "GCC_INSTALL_PREFIX";
/// The virtual environment of Python that the shell is in.
pub const VIRTUAL_ENV: &str = "VIRTUAL_ENV";
/// Set to anything: no colours.
pub const NO_COLOR: &str = "NO_COLOR";
/// The address of the object store that holds buckets, if it is not Amazon's.
pub const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
/// The same, for S3 alone.
pub const AWS_ENDPOINT_URL_S3: &str = "AWS_ENDPOINT_URL_S3";
/// What a registry's bucket is reached by, named as other programs for S3 name it.
pub const OF_BUCKETS: [&str; 15] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_S3,
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_SKIP_SIGNATURE",
];

/// What clang finds headers by: what it compiles depends on their values.
pub const OF_CLANG: [&str; 4] = [
    CPATH,
    C_INCLUDE_PATH,
    CPLUS_INCLUDE_PATH,
    GCC_INSTALL_PREFIX,
];
/// What cargo, rustup and rustc choose a toolchain and its settings by.
pub const OF_CARGO: [&str; 6] = [
    PATH,
    CARGO_HOME,
    RUSTUP_HOME,
    RUSTUP_TOOLCHAIN,
    RUSTC,
    RUSTC_WRAPPER,
];
/// What Python finds its packages by.
pub const OF_PYTHON: [&str; 3] = [VIRTUAL_ENV, "PYTHONPATH", "PYTHONHOME"];

/// Every variable of Puck's own with what it does, for the help and the reference page.
pub const ALL: &[(&str, &str)] = &[
    (
        PUCK_HOME,
        "where the store, the default registry, the configuration and the user's environment are",
    ),
    (
        PUCK_REGISTRY,
        "the default registry: the name of one that is configured, an address, or a folder",
    ),
    (
        PUCK_REGISTRY_TOKEN,
        "the token for the default registry, in place of the one that `puck login` keeps",
    ),
    (
        "PUCK_REGISTRY_NAME",
        "where the registry NAME is: an address or a folder; NAME in capitals, with _ for -",
    ),
    (
        "PUCK_REGISTRY_NAME_TOKEN",
        "the token for the registry NAME, in place of the one that `puck login` keeps",
    ),
    (
        PUCK_OFFLINE,
        "set to anything but 0 and false: use only what is on this machine, as --offline does",
    ),
    (
        PUCK_HTTP_RETRIES,
        "how many times a request to a registry that failed in passing is sent again; default 4",
    ),
    (
        PUCK_LOG,
        "what `puck registry serve` logs: error, warn, info, debug, trace, or a filter such as \
         info,tower_http=debug",
    ),
    (
        PUCK_TARGET,
        "the processor level to run, e.g. x86-64-v3; never above the processor's own",
    ),
    (PUCK_CLANG, "the clang that compiles C and C++"),
    (
        PUCK_PYTHON,
        "the Python that reads Python sources, with the packages puck and numba",
    ),
    (NO_COLOR, "set to anything: no colours"),
];

/// The variable that says where the registry `name` is; `None` where it would be a token's.
#[must_use]
pub fn of_registry(name: &str) -> Option<String> {
    let name = folded(name);
    let is_token = name == "TOKEN" || name.ends_with("_TOKEN");
    (!is_token).then(|| format!("{PUCK_REGISTRY}_{name}"))
}

/// The variable that holds the token for the registry `name`.
#[must_use]
pub fn of_registry_token(name: &str) -> String {
    format!("{PUCK_REGISTRY}_{}_TOKEN", folded(name))
}

fn folded(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Whether the variable `name` is set, to anything but `0` and `false`.
#[must_use]
pub fn is_on(name: &str) -> bool {
    get(name).is_some_and(|value| value != "0" && value != "false")
}

/// The value of the variable `name`; `None` when it is not set, or empty.
///
/// The only place of the workspace that reads the process environment.
#[must_use]
#[inline]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader that the lint points to"
)]
pub fn get(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_once_in_each_list() {
        let all: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
        for list in [&all[..], &OF_CLANG, &OF_CARGO, &OF_PYTHON, &OF_BUCKETS] {
            let mut names = list.to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), list.len());
        }
    }

    #[test]
    fn names_of_registries_in_variables() {
        assert_eq!(
            of_registry("my-team2").as_deref(),
            Some("PUCK_REGISTRY_MY_TEAM2")
        );
        assert_eq!(of_registry("token").or(of_registry("x-token")), None);
        assert_eq!(of_registry_token("x"), "PUCK_REGISTRY_X_TOKEN");
    }

    #[test]
    fn what_is_not_set_or_empty_has_no_value() {
        assert_eq!(get("PUCK_NO_SUCH_VARIABLE"), None);
        assert!(get(PATH).is_some_and(|value| !value.is_empty()));
    }
}
