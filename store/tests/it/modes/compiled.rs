//! Libraries that are compiled on this machine, for one processor or as one program.

use std::collections::BTreeMap;

use fs_err as fs;
use puck_package::{LinkMode, Processor, Target};
use puck_store::{Compile as _, Error, Link};

use super::support::{Compiler, base, exports, image_path};
use crate::support::{Home, Recipe};

const CALL: &str = "fn() -> i32";

/// `how::how` says how it was compiled: 1 packed, 2 here, 3 here with all others. `how::other` too.
fn how() -> Recipe {
    Recipe {
        name: "how",
        version: "1.0.0",
        c: "
            #if defined(HERE)\n#define HOW 2\n#elif defined(TOGETHER)\n#define HOW 3\n#else\n#define HOW 1\n#endif
            int how(void) $how;\nint other(void) $other;\nint how(void) { return HOW; }
            int other(void) { return 10 * HOW; }"
            .to_owned(),
        functions: vec![("how".to_owned(), CALL), ("other".to_owned(), CALL)],
        ..Recipe::default()
    }
}

/// `user::use` calls `how::how`.
fn user() -> Recipe {
    Recipe {
        name: "user",
        version: "1.0.0",
        c: "int how(void) $how.how;\nint use(void) $use;\nint use(void) { return 100 + how(); }"
            .to_owned(),
        functions: vec![("use".to_owned(), CALL)],
        imports: vec![("how", "1.0.0", "how", CALL)],
        ..Recipe::default()
    }
}

const MAIN: &str =
    "#include <user.h>\n#include <stdio.h>\nint main(void) { printf(\"%d\", user_use()); }";
const OTHER: &str = "#include <user.h>\n#include <how.h>\n#include <stdio.h>
    int main(void) { printf(\"%d %d\", user_use(), how_other()); }";

fn link<'a>(mode: LinkMode, processor: Processor, compiler: &'a Compiler) -> Link<'a> {
    Link {
        mode,
        processor: Some(processor),
        keep: BTreeMap::new(),
        compiler: Some(compiler),
    }
}

#[test]
fn packages_compiled_for_a_processor_stand_in_the_folder_of_its_level() {
    let compiler = Compiler::new(&[how(), user()]);
    let home = Home::new();
    let [how, user] = [how(), user()].map(|recipe| home.install(&recipe.pack()));
    let all = [&how, &user];
    let packed = home.linked(&all, &Link::default());
    home.program("main", MAIN, &packed, &["user.v1.so"]);
    assert_eq!(home.output("main", &packed), "101");

    let wanted = link(LinkMode::Dynamic, base(), &compiler);
    let here = home.linked(&all, &wanted);
    assert_eq!(home.output("main", &here), "102");
    let document = &here.document;
    assert_eq!(document.processor, Some(base()));
    assert_eq!(document.compiler.as_deref(), Some("cc"));
    assert!(
        document
            .packages
            .iter()
            .all(|package| package.specialised.is_some())
    );
    assert_eq!(compiler.take_asked(), ["each how+user"]);

    // Other environments find them: the same again, and one with but one of the packages.
    assert_eq!(home.linked(&all, &wanted).key, here.key);
    home.linked(&[&how], &wanted);
    assert!(compiler.take_asked().is_empty());

    // A newer level has a folder of its own, with all packages, beside what is packed.
    let newer = Processor {
        features: vec!["avx512vnni".to_owned()],
        ..Processor::of(Target::X86_64V4)
    };
    let newer = home.linked(&all, &link(LinkMode::Dynamic, newer, &compiler));
    let resolved = |path: &str| fs::canonicalize(newer.path.join(path)).expect("is there");
    assert!(resolved("lib/how.v1.so").starts_with(&how.path));
    let special = resolved("lib/glibc-hwcaps/x86-64-v4/how.v1.so");
    assert!(special.starts_with(home.path().join("libraries")));
    assert_eq!(compiler.take_asked(), ["each how+user"]);
    assert_eq!(home.libraries().len(), 4);
}

#[test]
fn images_for_a_processor() {
    let compiler = Compiler::new(&[how(), user()]);
    let home = Home::new();
    let [how, user] = [how(), user()].map(|recipe| home.install(&recipe.pack()));
    let newer = Processor::of(Target::X86_64V2);
    let environment = home.linked(&[&how, &user], &link(LinkMode::Image, newer, &compiler));
    let image = environment.document.image.as_ref().expect("an image");
    let levels: Vec<_> = image.libraries.keys().collect();
    assert_eq!(levels, ["x86-64", "x86-64-v2"]);
    assert_eq!(compiler.take_asked(), ["each how+user"]);
    home.program("main", MAIN, &environment, &["user.v1.so"]);
    let output = home.output("main", &environment);
    assert!(output == "102" || output == "101", "{output}");
    assert!(image_path(&environment, "x86-64-v2").exists());

    let on_base = home.linked(&[&how, &user], &link(LinkMode::Image, base(), &compiler));
    assert_eq!(home.output("main", &on_base), "102");
}

#[test]
fn a_program_keeps_what_is_depended_on_and_what_is_asked_for() {
    let compiler = Compiler::new(&[how(), user()]);
    let home = Home::new();
    let [how, user] = [how(), user()].map(|recipe| home.install(&recipe.pack()));
    let packages = [(&how, false), (&user, true)];
    let mut wanted = link(LinkMode::Lto, base(), &compiler);
    let least = home.try_linked(&packages, &wanted).expect("an environment");
    assert_eq!(compiler.take_asked(), ["all how+user"]);
    assert!(least.document.keep.is_empty());
    let use_name = self::user().link_name("use").to_string();
    assert_eq!(exports(&image_path(&least, "")), [use_name.clone()].into());
    let stub = |name: &str| exports(&least.path.join("lib").join(name));
    assert_eq!(stub("user.v1.so"), [use_name].into());
    assert!(stub("how.v1.so").is_empty());
    home.program("main", MAIN, &least, &["user.v1.so"]);
    assert_eq!(home.output("main", &least), "103");

    let other = self::how().link_name("other");
    wanted.keep = [("how::other".to_owned(), [other.clone()].into())].into();
    let more = home.try_linked(&packages, &wanted).expect("an environment");
    assert_eq!(more.document.keep, ["how::other"]);
    assert_ne!(more.document.image, least.document.image);
    assert!(exports(&image_path(&more, "")).contains(&other.to_string()));
    home.program("other", OTHER, &more, &["user.v1.so", "how.v1.so"]);
    assert_eq!(home.output("other", &more), "103 30");
    assert_eq!(compiler.take_asked(), ["all how+user"]);

    // What was dropped is missed by name, when the program starts, and not called all the same.
    let output = home.run("other", &least);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains(&other.to_string()), "{errors}");

    // It is for one processor, and stands where it is found whatever the level.
    let newer = Processor::of(Target::X86_64V3);
    let newer = home
        .try_linked(&packages, &link(LinkMode::Lto, newer, &compiler))
        .expect("an environment");
    assert!(image_path(&newer, "").exists());
    assert!(!newer.path.join("lib/glibc-hwcaps").exists());
}

#[test]
fn without_a_compiler_what_others_compiled_serves() {
    let compiler = Compiler::new(&[how(), user()]);
    let home = Home::new();
    let [how, user] = [how(), user()].map(|recipe| home.install(&recipe.pack()));
    // Whatever else lies there is no library.
    fs::create_dir_all(home.path().join("libraries/folder")).expect("a folder");
    fs::write(home.path().join("libraries/file"), "").expect("writes");
    for mode in LinkMode::ALL {
        let mut wanted = link(mode, base(), &compiler);
        wanted.compiler = None;
        let packages = [(&how, true), (&user, true)];
        let error = home
            .try_linked(&packages, &wanted)
            .expect_err("no compiler");
        assert!(matches!(error, Error::NoCompiler { .. }), "{error}");
        assert!(error.to_string().contains(mode.name()), "{error}");
        assert!(error.hint().is_some());

        let with = home.linked(&[&how, &user], &link(mode, base(), &compiler));
        let without = home.try_linked(&packages, &wanted).expect("an environment");
        assert_eq!(with.key, without.key);
    }
}

#[test]
fn environments_of_nothing_need_no_compiler_to_do_anything() {
    let compiler = Compiler::new(&[]);
    let home = Home::new();
    for mode in LinkMode::ALL {
        let mut wanted = link(mode, base(), &compiler);
        let environment = home.linked(&[], &wanted);
        assert_eq!(environment.document.image, None);
        assert_eq!(environment.document.link, mode);
        wanted.processor = None;
        home.linked(&[], &wanted);
    }
    assert!(compiler.take_asked().is_empty());
    assert!(home.store.verify().expect("reads").problems.is_empty());
}

#[test]
fn what_the_compiler_says_comes_through() {
    let mut compiler = Compiler::new(&[how(), user()]);
    compiler.refuses = Some(|| "too hot to compile".into());
    let home = Home::new();
    let [how, user] = [how(), user()].map(|recipe| home.install(&recipe.pack()));
    for mode in LinkMode::ALL {
        let wanted = link(mode, base(), &compiler);
        let error = home
            .try_linked(&[(&how, true), (&user, true)], &wanted)
            .expect_err("it refuses");
        assert!(matches!(error, Error::Compile { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("too hot to compile") && text.contains("x86-64"),
            "{text}"
        );
        assert!(error.hint().is_some());
        assert!(home.libraries().is_empty());
    }
    assert_eq!(compiler.identity(), "cc");
}

#[test]
fn a_full_device_is_no_fault_of_the_code() {
    let mut compiler = Compiler::new(&[how()]);
    compiler.refuses = Some(|| {
        // As it comes: with what it was about.
        Error::Compile {
            packages: 1,
            processor: Box::new(base()),
            source: std::io::Error::from_raw_os_error(libc::ENOSPC).into(),
        }
        .into()
    });
    let home = Home::new();
    let how = home.install(&how().pack());
    for mode in LinkMode::ALL {
        let wanted = link(mode, base(), &compiler);
        let error = home.try_linked(&[(&how, true)], &wanted);
        let error = error.expect_err("it is full");
        assert!(matches!(error, Error::NoSpace(_)), "{error:?}");
    }
}

#[test]
fn code_that_needs_what_the_machine_lacks_is_refused() {
    let lacking = Recipe {
        system: vec![("no_such_function", "libm.so.6", Some("GLIBC_2.99"))],
        ..how()
    };
    let compiler = Compiler::new(&[lacking]);
    let home = Home::new();
    let how = home.install(&how().pack());
    for mode in LinkMode::ALL {
        let wanted = link(mode, base(), &compiler);
        let error = home
            .try_linked(&[(&how, true)], &wanted)
            .expect_err("it lacks it");
        assert!(matches!(error, Error::CodeImports { .. }), "{error:?}");
        assert!(
            error.to_string().contains("no_such_function@GLIBC_2.99"),
            "{error}"
        );
    }
}

#[test]
fn code_that_does_not_define_what_it_should_is_refused() {
    let mut lesser = how();
    lesser.c = lesser.c.replace("int other(void) { return 10 * HOW; }", "");
    let compiler = Compiler::new(&[lesser]);
    let home = Home::new();
    let how = home.install(&how().pack());
    for mode in LinkMode::ALL {
        let wanted = link(mode, base(), &compiler);
        let error = home
            .try_linked(&[(&how, true)], &wanted)
            .expect_err("it lacks it");
        assert!(matches!(error, Error::LinkTogether { .. }), "{error:?}");
        let name = self::how().link_name("other").to_string();
        assert!(error.to_string().contains(&name), "{error}");
    }
}
