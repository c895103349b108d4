//! Why functions cannot be exported, and what to do about it.

use puck_package::{FunctionName, Signature};

/// Why a function cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The sources define nothing that could be exported.
    #[error(
        "the package exports nothing: its sources define no function that is visible to others"
    )]
    Nothing,
    /// The manifest names a symbol that no source defines.
    #[error("the manifest exports `{name}`, but no source defines the function `{symbol}`")]
    Undefined {
        /// The function in the manifest.
        name: FunctionName,
        /// The symbol that was looked for.
        symbol: String,
        /// The defined function with the most similar name.
        nearest: Option<String>,
        /// Whether it is there, but local to its file.
        local: bool,
        /// Whether there are Python sources, which could have it.
        python: bool,
    },
    /// Neither the manifest nor debug information tells the signature.
    #[error(
        "{place}: the signature of `{name}` is not known: there is no debug information to read it from"
    )]
    NoSignature {
        /// Where the function is defined.
        place: String,
        /// The function.
        name: String,
        /// Its type as far as the code tells.
        code: String,
    },
    /// The function's type is one that signatures do not have.
    #[error("{place}: `{name}` cannot be exported: {reason}")]
    NotExpressible {
        /// Where the function is defined.
        place: String,
        /// The function.
        name: String,
        /// What does not fit: ``parameter 1 is the struct `Point` by value``.
        reason: String,
        /// Whether it is a struct that is passed by value.
        by_value: bool,
    },
    /// The signature is not that of the code.
    #[error(
        "{place}: the signature of `{name}` does not agree with the code\n  {origin}: {signature}\n  code: {code}\n({reason})"
    )]
    Mismatch {
        /// Where the function is defined.
        place: String,
        /// The function.
        name: String,
        /// Who gives the signature: `manifest` or `debug information`.
        origin: &'static str,
        /// The signature.
        signature: Signature,
        /// The function's type in LLVM's terms.
        code: String,
        /// The first difference.
        reason: String,
    },
    /// A name that several functions of the source have.
    #[error("the manifest exports `{name}`, which is any of\n    {}", candidates.join("\n    "))]
    Overloaded {
        /// The function in the manifest.
        name: FunctionName,
        /// The functions of that name.
        candidates: Vec<String>,
    },
    /// A front end describes a function that its module does not have, or has otherwise.
    #[error(
        "the module of the Python sources does not have `{symbol}` as their front end describes it, {signature}: {reason}"
    )]
    Described {
        /// The symbol.
        symbol: String,
        /// The signature in the description.
        signature: Signature,
        /// What does not agree.
        reason: String,
    },
    /// Two functions with one name and one signature.
    #[error("`{name}` is exported twice with the signature {signature}")]
    Twice {
        /// The function.
        name: FunctionName,
        /// The signature of both.
        signature: Signature,
    },
    /// A symbol that is no function name.
    #[error("{place}: `{symbol}` cannot be exported under this name: {reason}")]
    InvalidName {
        /// Where the function is defined.
        place: String,
        /// The symbol.
        symbol: String,
        /// What a name is.
        reason: String,
    },
}

impl ExportError {
    /// What could be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let list = "name the functions to export with [[function]]";
        Some(match self {
            Self::Nothing => "a function is visible unless it is `static` (C, C++) or lacks \
                              `#[unsafe(no_mangle)] extern \"C\"` (Rust)"
                .to_owned(),
            Self::Undefined { local: true, .. } => {
                "it is local to its file: remove `static` or `internal`".to_owned()
            }
            Self::Undefined {
                nearest: None,
                python: true,
                name,
                ..
            } => format!(
                "for a function of Python, say for which types Numba compiles it: [[function]] name \
                 = \"{name}\", numba = \"float64(float64)\""
            ),
            Self::Undefined { nearest, .. } => format!("did you mean `{}`?", nearest.as_deref()?),
            Self::NoSignature { name, code, .. } => format!(
                "write it in the manifest: [[function]] name = \"{name}\", signature = \"...\" \
                 (the code has {code})"
            ),
            Self::NotExpressible { by_value: true, .. } => {
                format!("pass structs by pointer, or make the function `static`, or {list}")
            }
            Self::NotExpressible { .. } => format!("make the function `static`, or {list}"),
            Self::Mismatch { .. } | Self::Twice { .. } => return None,
            Self::Described { .. } => "this is a fault of the Python package `puck`, or it is of \
                                       another version than this command"
                .to_owned(),
            Self::Overloaded { .. } => {
                "give its `signature`, or the `symbol` of the one that is meant".to_owned()
            }
            Self::InvalidName { .. } => {
                "give it a name: [[function]] name = \"...\", symbol = \"...\"".to_owned()
            }
        })
    }
}
