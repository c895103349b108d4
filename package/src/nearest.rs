//! The nearest known word to a mistyped one.

/// The candidate nearest to `word`, if one is near enough to have been meant.
///
/// Case, `-` and `_` are treated as equal; beyond that about one slip in three letters is forgiven.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let word = fold(word);
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&word, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far() {
        let known = ["version", "description", "opt-level"];
        assert_eq!(nearest("verison", known), Some("version"));
        assert_eq!(nearest("opt_level", known), Some("opt-level"));
        assert_eq!(nearest("Description", known), Some("description"));
        assert_eq!(nearest("banana", known), None);
        assert_eq!(nearest("x", ["y"]), None);
    }
}
