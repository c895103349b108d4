//! Dependency files, as compilers write them for `make`.

/// The prerequisites of the first rule.
pub(super) fn parse(text: &str) -> Vec<String> {
    let Some((_, text)) = text.split_once(':') else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some('\n')) => {
                characters.next();
                finish(&mut path, &mut paths);
            }
            ('\\', Some('\r')) => {}
            ('\\', Some(&escaped @ (' ' | '#' | '\\' | ':'))) => {
                path.push(escaped);
                characters.next();
            }
            ('$', Some('$')) => {
                path.push('$');
                characters.next();
            }
            ('\n', _) => {
                finish(&mut path, &mut paths);
                return paths;
            }
            (c, _) if c.is_whitespace() => finish(&mut path, &mut paths),
            (c, _) => path.push(c),
        }
    }
    finish(&mut path, &mut paths);
    paths
}

fn finish(path: &mut String, paths: &mut Vec<String>) {
    if !path.is_empty() {
        paths.push(std::mem::take(path));
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn paths_are_read_with_their_escapes() {
        let cases: [(&str, &[&str]); 6] = [
            ("module: src/a.c\n", &["src/a.c"]),
            (
                "module: src/a.c \\\n  src/a.h \\\n  /usr/include/math.h\n",
                &["src/a.c", "src/a.h", "/usr/include/math.h"],
            ),
            ("module: a\\ b.c c\\#.h d$$.h\n", &["a b.c", "c#.h", "d$.h"]),
            ("module: a.c\nother: b.c\n", &["a.c"]),
            ("module: a.c", &["a.c"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
