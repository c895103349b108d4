//! The text of a string as Python's `repr` writes it.

/// The string that `written` stands for; `None` if it is not a string.
pub(super) fn text(written: &str) -> Option<String> {
    let quote = written.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match rest.next()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'x' => text.push(character(&mut rest, 2)?),
            'u' => text.push(character(&mut rest, 4)?),
            'U' => text.push(character(&mut rest, 8)?),
            c @ ('\\' | '\'' | '"') => text.push(c),
            _ => return None,
        }
    }
    Some(text)
}

/// A character by its number, of so many hexadecimal digits.
fn character(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let number: String = rest.take(digits).collect();
    if number.len() != digits {
        return None;
    }
    char::from_u32(u32::from_str_radix(&number, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_read_and_others_are_not() {
        for (written, expected) in [
            ("'plain'", Some("plain")),
            ("\"it's\"", Some("it's")),
            (r"'a\n\t\\b\''", Some("a\n\t\\b'")),
            (r"'\xe9\u20ac\U0001f600'", Some("é€😀")),
            ("''", Some("")),
            ("7", None),
            ("'a' + 'b'", None),
            (r"'\ud800'", None),
            (r"'\x4'", None),
            ("'", None),
            ("", None),
        ] {
            assert_eq!(text(written).as_deref(), expected, "{written}");
        }
    }
}
