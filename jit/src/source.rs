//! What is compiled: LLVM IR in one of its forms.

use std::borrow::Cow;

use puck_compiler::inkwell::module::Module;

/// LLVM IR: text, bitcode, or a module in memory.
///
/// Text and bitcode may be of any LLVM up to the one that is linked in.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    pub(crate) name: Cow<'a, str>,
    /// The error is LLVM's, of a module that is not valid.
    pub(crate) content: Result<Cow<'a, [u8]>, String>,
}

impl<'a> Source<'a> {
    /// IR as text or bitcode.
    #[must_use]
    pub fn new(content: impl Into<Cow<'a, [u8]>>) -> Self {
        Self {
            name: Cow::Borrowed("the caller"),
            content: Ok(content.into()),
        }
    }

    /// Says how messages should call it, such as by the name of its file. (The name has no part in
    /// what it is cached under.)
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.name = name.into();
        self
    }
}

impl<'a> From<&'a str> for Source<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<&'a String> for Source<'a> {
    fn from(text: &'a String) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<&'a [u8]> for Source<'a> {
    fn from(content: &'a [u8]) -> Self {
        Self::new(content)
    }
}

impl<'a> From<&'a Vec<u8>> for Source<'a> {
    fn from(content: &'a Vec<u8>) -> Self {
        Self::new(content.as_slice())
    }
}

impl From<&Module<'_>> for Source<'static> {
    fn from(module: &Module<'_>) -> Self {
        // Writing a module that is not valid may end in LLVM's own assertions.
        let content = match module.verify() {
            Ok(()) => {
                let bitcode = module.write_bitcode_to_memory();
                Ok(Cow::Owned(bitcode.as_slice().to_vec()))
            }
            Err(message) => Err(message.to_string().trim_end().to_owned()),
        };
        let name = module.get_name().to_string_lossy().into_owned();
        let source = Self {
            name: Cow::Borrowed("the caller"),
            content,
        };
        if name.is_empty() {
            source
        } else {
            source.named(name)
        }
    }
}
