//! What is required is not there, or not to be chosen: no such package, no version of it that matches,
//! or none but yanked ones, pre-releases, and ones of no use.

use super::report;

#[test]
fn unknown_package() {
    let table = "
        linalg 1.0.0
    ";
    insta::assert_snapshot!(report(table, "linlag ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `linlag ^1`, a package that does not exist.

    hint: there is a package named `linalg`
    ");
}

#[test]
fn unknown_package_like_no_other() {
    let table = "
        linalg 1.0.0
    ";
    insta::assert_snapshot!(report(table, "cholesky ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `cholesky ^1`, a package that does not exist.

    hint: check the name `cholesky`, and that the registry it is in is the one asked
    ");
}

#[test]
fn unknown_dependency() {
    let table = "
        linalg 1.0.0: vecmat ^1 @v1
        vecmath 1.0.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmat ^1`, a package that does not exist, the requirements of your project cannot be met.

    hint: there is a package named `vecmath`
    ");
}

#[test]
fn no_version_matches() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "vecmath ^3"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^3`, which no version matches.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `^3` all requirements could be met
    "#);
}

#[test]
fn no_version_new_enough() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1.2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1.2`, which no version matches.

    Versions of vecmath: 1.1.0 and 1.0.0

    hint: with `vecmath = "1.1.0"` in place of `^1.2` all requirements could be met
    "#);
}

#[test]
fn no_version_of_a_dependency_matches() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 1.1.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 1.1.0 and 1.0.0
    ");
}

#[test]
fn many_versions() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0
        vecmath 1.3.0
        vecmath 1.4.0
        vecmath 1.5.0
        vecmath 1.6.0
        vecmath 1.7.0
        vecmath 1.8.0
        vecmath 1.9.0
        vecmath 1.10.0
        vecmath 1.11.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 1.11.0, 1.10.0, 1.9.0, 1.8.0, 1.7.0, 1.6.0, 1.5.0 and 5 older
    ");
}

#[test]
fn many_dependants() {
    let table = "
        linalg 1.0.0: vecmath ^1.0 @v1
        linalg 1.1.0: vecmath ^1.1 @v1
        linalg 1.2.0: vecmath ^1.2 @v1
        linalg 1.3.0: vecmath ^1.3 @v1
        linalg 1.4.0: vecmath ^1.4 @v1
        linalg 1.5.0: vecmath ^1.5 @v1
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0
    ";
    insta::assert_snapshot!(report(table, "linalg ^1.3"), @r#"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1.3` and linalg 1.3.0, 1.4.0 and 1.5.0 depend on `vecmath ^1.3`, `vecmath ^1.4` or `vecmath ^1.5`, which no version matches, the requirements of your project cannot be met.

    Versions of linalg: 1.5.0, 1.4.0, 1.3.0, 1.2.0, 1.1.0 and 1.0.0
    Versions of vecmath: 1.2.0, 1.1.0 and 1.0.0

    hint: with `linalg = "1.2.0"` in place of `^1.3` all requirements could be met
    "#);
}

#[test]
fn in_development() {
    let table = "
        local 0.1.0: vecmath >=1, <3
        vecmath 0.9.0
    ";
    insta::assert_snapshot!(report(table, "local *"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `local *` and local 0.1.0 depends on `vecmath >=1, <3`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 0.9.0
    ");
}

#[test]
fn compiled_against_another_series() {
    let table = "
        stats 0.3.0: vecmath >=1.5, <3 @v1
        vecmath 1.0.0
        vecmath 2.0.0
    ";
    insta::assert_snapshot!(report(table, "stats ^0.3"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `stats ^0.3` and stats 0.3.0 depends on `vecmath >=1.5, <3` (compiled against series v1), which no version in series v1 matches, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0 and 1.0.0

    hint: what was compiled against vecmath v1 cannot use 2.0.0; a release of it built with `vecmath >=1.5, <3` is needed
    ");
}

#[test]
fn only_yanked() {
    let table = "
        vecmath 1.0.0
        vecmath 1.1.0
        vecmath 1.2.0 yanked
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1.2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1.2`, but 1.2.0 is yanked.

    Versions of vecmath: 1.2.0 (yanked), 1.1.0 and 1.0.0

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    hint: with `vecmath = "1.1.0"` in place of `^1.2` all requirements could be met
    "#);
}

#[test]
fn all_yanked() {
    let table = "
        vecmath 1.0.0 yanked
        vecmath 1.1.0 yanked
    ";
    insta::assert_snapshot!(report(table, "vecmath ^1"), @r"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^1`, but 1.1.0 and 1.0.0 are yanked.

    Versions of vecmath: 1.1.0 (yanked) and 1.0.0 (yanked)

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn yanked_dependency() {
    let table = "
        linalg 1.0.0: vecmath =1.2.0 @v1
        vecmath 1.1.0
        vecmath 1.2.0 yanked
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath =1.2.0`, but 1.2.0 is yanked, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0 (yanked) and 1.1.0

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn only_pre_releases() {
    let table = "
        vecmath 1.0.0
        vecmath 2.0.0-beta.1
        vecmath 2.0.0-beta.2
    ";
    insta::assert_snapshot!(report(table, "vecmath ^2"), @r#"
    no choice of versions meets all requirements of your project

    Your project requires `vecmath ^2`, which only a pre-release could match.

    Versions of vecmath: 2.0.0-beta.2, 2.0.0-beta.1 and 1.0.0

    hint: to accept the pre-release, name it: `vecmath = "2.0.0-beta.2"`
    hint: with `vecmath = "1.0.0"` in place of `^2` all requirements could be met
    "#);
}

#[test]
fn pre_release_of_a_dependency() {
    let table = "
        linalg 1.0.0: vecmath ^2 @v2
        vecmath 1.0.0
        vecmath 2.0.0-beta.1
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^2`, which only a pre-release could match, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0-beta.1 and 1.0.0

    hint: a pre-release is only used where it is named; there is vecmath 2.0.0-beta.1
    ");
}

#[test]
fn of_no_use_here() {
    let table = "
        linalg 1.0.0: vecmath ^1 @v1
        vecmath 1.0.0 unusable
        vecmath 1.1.0 yanked
        vecmath 1.2.0 unusable
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1`, but 1.2.0 and 1.0.0 cannot be used (no code for this machine) and 1.1.0 is yanked, the requirements of your project cannot be met.

    Versions of vecmath: 1.2.0 (no code for this machine), 1.1.0 (yanked) and 1.0.0 (no code for this machine)

    hint: a yanked version of vecmath is only used by a lockfile that already names it
    ");
}

#[test]
fn patched() {
    let table = "
        linalg 1.0.0: vecmath ^1 @v1
        vecmath 2.0.0 from=../vecmath
    ";
    insta::assert_snapshot!(report(table, "linalg ^1"), @r"
    no choice of versions meets all requirements of your project

    Because your project requires `linalg ^1` and linalg 1.0.0 depends on `vecmath ^1`, which no version matches, the requirements of your project cannot be met.

    Versions of vecmath: 2.0.0 (from ../vecmath)
    ");
}
