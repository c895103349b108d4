//! Lists and nouns in sentences.

use std::fmt::Display;

/// "a", "a and b", "a, b and c".
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>, conjunction: &str) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.pop() {
        None => String::new(),
        Some(last) if items.is_empty() => last,
        Some(last) => format!("{} {conjunction} {last}", items.join(", ")),
    }
}

/// "a, b, c and 4 older": at most `most` items of a longer list, which comes newest first.
pub(crate) fn newest<T: Display>(newest_first: &[T], most: usize) -> String {
    if newest_first.len() <= most {
        return list(newest_first, "and");
    }
    let (shown, left) = newest_first.split_at(most - 1);
    format!(
        "{} and {} older",
        list(shown, ",").replace(" , ", ", "),
        left.len()
    )
}

/// The sentence with a capital letter, unless it begins with a package and its version.
pub(crate) fn capitalised(sentence: &str) -> String {
    let version = sentence.split(' ').nth(1);
    if version.is_some_and(|word| word.parse::<semver::Version>().is_ok()) {
        return sentence.to_owned();
    }
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A subject, and whether its verb is in the plural.
pub(crate) struct Noun {
    pub(crate) text: String,
    pub(crate) plural: bool,
}

impl Noun {
    pub(crate) fn one(text: String) -> Self {
        Self {
            text,
            plural: false,
        }
    }

    /// The noun with its verb, given in singular and plural.
    pub(crate) fn with(&self, singular: &str, plural: &str) -> String {
        format!(
            "{} {}",
            self.text,
            if self.plural { plural } else { singular }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(list([""; 0], "and"), "");
        assert_eq!(list(["a"], "and"), "a");
        assert_eq!(list(["a", "b"], "or"), "a or b");
        assert_eq!(list(["a", "b", "c"], "and"), "a, b and c");
        assert_eq!(newest(&[3, 2, 1], 3), "3, 2 and 1");
        assert_eq!(newest(&[4, 3, 2, 1], 3), "4, 3 and 2 older");
    }

    #[test]
    fn sentences() {
        assert_eq!(capitalised("your project"), "Your project");
        assert_eq!(capitalised(""), "");
        let noun = Noun {
            text: "a and b".to_owned(),
            plural: true,
        };
        assert_eq!(noun.with("depends", "depend"), "a and b depend");
    }
}
