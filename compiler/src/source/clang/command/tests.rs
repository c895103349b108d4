use std::path::Path;

use super::{Options, search_folders};
use crate::source::Language;
use crate::source::pattern::SourceFile;

#[test]
fn folders_of_headers_are_found_in_flags_and_beside_sources() {
    let cases: [(&[&str], &[&str], &[&str]); 4] = [
        (&[], &["a.c"], &[".", "inc"]),
        (
            &["-Iinclude", "-O2"],
            &["src/a.c", "src/b.c"],
            &["inc", "include", "src"],
        ),
        (
            &["-I", "one", "-isystem", "two", "-iquotethree", "-DX"],
            &["a.c"],
            &[".", "inc", "one", "three", "two"],
        ),
        (&["-I"], &["deep/er/a.c"], &["deep/er", "inc"]),
    ];
    for (flags, sources, expected) in cases {
        let options = Options {
            opt_level: 3,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
        };
        let files: Vec<_> = sources
            .iter()
            .map(|path| SourceFile {
                path: (*path).to_owned(),
                language: Language::C,
            })
            .collect();
        let files: Vec<_> = files.iter().collect();
        assert_eq!(
            search_folders(&options, Path::new("inc"), &files),
            expected,
            "{flags:?}"
        );
    }
}
