//! A TOML tree read with positions: every refusal names the key, the file and the line.

use std::ops::{Range, RangeInclusive};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::ManifestError;
use crate::nearest;

/// A value with the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its line.
    pub line: usize,
}

/// A manifest's text and name.
pub(crate) struct Source<'t> {
    text: &'t str,
    path: &'t Path,
}

/// A table with the name it has in the manifest: `[build]`.
pub(crate) struct Table<'s, 't> {
    source: &'s Source<'t>,
    name: String,
    span: Range<usize>,
    table: &'s DeTable<'t>,
}

/// A value with the key it was found under.
pub(crate) struct Value<'s, 't> {
    source: &'s Source<'t>,
    key: String,
    value: &'s Spanned<DeValue<'t>>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(text: &'t str, path: &'t Path) -> Self {
        Self { text, path }
    }

    pub(crate) fn path(&self) -> &'t Path {
        self.path
    }

    /// The tree of the whole text.
    pub(crate) fn root(&self) -> Result<Spanned<DeTable<'t>>, ManifestError> {
        DeTable::parse(self.text).map_err(|error| ManifestError::Toml {
            path: self.path.display().to_string(),
            message: error.to_string().trim_end().to_owned(),
        })
    }

    pub(crate) fn table<'s>(&'s self, root: &'s Spanned<DeTable<'t>>) -> Table<'s, 't> {
        Table {
            source: self,
            name: String::new(),
            span: root.span(),
            table: root.get_ref(),
        }
    }

    /// The line of a place, from 1.
    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    pub(crate) fn error(&self, span: &Range<usize>, message: String) -> ManifestError {
        self.error_with_hint(span, message, None)
    }

    fn error_with_hint(
        &self,
        span: &Range<usize>,
        message: String,
        hint: Option<String>,
    ) -> ManifestError {
        ManifestError::Invalid {
            path: self.path.display().to_string(),
            line: self.line(span),
            message,
            hint,
        }
    }
}

impl<'s, 't> Table<'s, 't> {
    /// Refuses keys that are not in `known`.
    pub(crate) fn expect_keys(&self, known: &[&str]) -> Result<(), ManifestError> {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let place = if self.name.is_empty() {
                String::new()
            } else {
                format!(" in {}", self.name)
            };
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys{place}: {}", known.join(", ")),
            };
            let message = format!("unknown key `{name}`{place}");
            return Err(self
                .source
                .error_with_hint(&key.span(), message, Some(hint)));
        }
        Ok(())
    }

    pub(crate) fn get(&self, key: &str) -> Option<Value<'s, 't>> {
        let value = self.table.get(key)?;
        Some(Value {
            source: self.source,
            key: key.to_owned(),
            value,
        })
    }

    pub(crate) fn required(&self, key: &str) -> Result<Value<'s, 't>, ManifestError> {
        self.get(key)
            .ok_or_else(|| self.error(format!("{} has no `{key}`", self.name)))
    }

    /// The value under `key` as `read` reads it, or the default.
    pub(crate) fn or_default<T: Default>(
        &self,
        key: &str,
        read: impl FnOnce(Value<'s, 't>) -> Result<T, ManifestError>,
    ) -> Result<T, ManifestError> {
        self.get(key).map_or_else(|| Ok(T::default()), read)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (Value<'s, 't>, &'s str, Range<usize>)> {
        self.table.iter().map(|(key, value)| {
            let name: &str = key.get_ref();
            (
                Value {
                    source: self.source,
                    key: name.to_owned(),
                    value,
                },
                name,
                key.span(),
            )
        })
    }

    /// An error about the table as a whole.
    pub(crate) fn error(&self, message: String) -> ManifestError {
        self.source.error(&self.span, message)
    }

    pub(crate) fn source(&self) -> &'s Source<'t> {
        self.source
    }
}

impl<'s, 't> Value<'s, 't> {
    pub(crate) fn span(&self) -> Range<usize> {
        self.value.span()
    }

    pub(crate) fn source(&self) -> &'s Source<'t> {
        self.source
    }

    /// The line it stands on, from 1.
    pub(crate) fn line(&self) -> usize {
        self.source.line(&self.span())
    }

    /// An error about the value.
    pub(crate) fn error(&self, message: &str) -> ManifestError {
        self.source
            .error(&self.value.span(), format!("`{}`: {message}", self.key))
    }

    fn unexpected(&self, expected: &str) -> ManifestError {
        let found = self.value.get_ref().type_str();
        self.error(&format!("expected {expected}, found {found}"))
    }

    pub(crate) fn string(self) -> Result<String, ManifestError> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.unexpected("a string")),
        }
    }

    /// What `read` makes of a string.
    pub(crate) fn map_string<T, E: std::fmt::Display>(
        self,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ManifestError> {
        match self.value.get_ref() {
            DeValue::String(text) => read(text).map_err(|e| self.error(&format!("{e}"))),
            _ => Err(self.unexpected("a string")),
        }
    }

    /// A string that `T` can be read from.
    pub(crate) fn parse<T>(self) -> Result<T, ManifestError>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
    {
        self.map_string(str::parse)
    }

    pub(crate) fn boolean(self) -> Result<bool, ManifestError> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// A whole number of a range.
    pub(crate) fn within<T>(self, range: RangeInclusive<T>) -> Result<T, ManifestError>
    where
        T: TryFrom<u32> + PartialOrd + std::fmt::Display,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        let in_range = |number: u32| T::try_from(number).ok().filter(|n| range.contains(n));
        self.integer_where(&expected, in_range)
    }

    /// A whole number.
    pub(crate) fn integer(self) -> Result<u32, ManifestError> {
        self.integer_where("a whole number", Some)
    }

    fn integer_where<T>(
        &self,
        expected: &str,
        accept: impl FnOnce(u32) -> Option<T>,
    ) -> Result<T, ManifestError> {
        match self.value.get_ref() {
            DeValue::Integer(number) => Some(number)
                .filter(|number| number.radix() == 10)
                .and_then(|number| number.as_str().parse().ok())
                .and_then(accept)
                .ok_or_else(|| self.error(&format!("expected {expected}, found {number}"))),
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn array(self) -> Result<Vec<Value<'s, 't>>, ManifestError> {
        self.array_or("an array")
    }

    /// An array, where `expected` is what else would do.
    pub(crate) fn array_or(self, expected: &str) -> Result<Vec<Value<'s, 't>>, ManifestError> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items
                .iter()
                .map(|value| Value {
                    source: self.source,
                    key: self.key.clone(),
                    value,
                })
                .collect()),
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn strings(self) -> Result<Vec<String>, ManifestError> {
        self.array()?.into_iter().map(Value::string).collect()
    }

    /// A table, called `name` in errors.
    pub(crate) fn table(self, name: &str) -> Result<Table<'s, 't>, ManifestError> {
        self.table_or(name, "a table")
    }

    /// A table, called `name` in errors, where `expected` is what else would do.
    pub(crate) fn table_or(
        self,
        name: &str,
        expected: &str,
    ) -> Result<Table<'s, 't>, ManifestError> {
        match self.value.get_ref() {
            DeValue::Table(table) => Ok(Table {
                source: self.source,
                name: name.to_owned(),
                span: self.value.span(),
                table,
            }),
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn is_string(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::String(_))
    }
}
