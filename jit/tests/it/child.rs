//! Steps in processes of their own: this binary again, with one test that takes orders.

use std::env;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use puck_jit::{Jit, Source};
use puck_runtime::Environment;

use crate::fixture::call;

/// Compiles (or loads) the caller in `ir` for an environment, with a cache, and calls `run(2.0)`.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) environment: &'a Path,
    pub(crate) cache: &'a Path,
    pub(crate) inline: bool,
    pub(crate) ir: &'a str,
}

const VARIABLES: [&str; 4] = ["JIT_ENVIRONMENT", "JIT_CACHE", "JIT_INLINE", "JIT_IR"];
const ANSWER: &str = "answer: ";

impl Step<'_> {
    /// `Cached 4`, `Compiled 4`, or the error.
    pub(crate) fn run(self) -> String {
        answer(self.start())
    }

    pub(crate) fn start(self) -> Child {
        let mut command = Command::new(env::current_exe().unwrap());
        self.give(&mut command);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Has a command that this binary's arguments belong at the end of do the step.
    pub(crate) fn give(self, command: &mut Command) {
        let Self {
            environment,
            cache,
            inline,
            ir,
        } = self;
        let values = [
            environment.as_os_str(),
            cache.as_os_str(),
            if inline { "yes" } else { "" }.as_ref(),
            ir.as_ref(),
        ];
        command
            .args(["--exact", "child::obey", "--ignored", "--nocapture"])
            .envs(VARIABLES.into_iter().zip(values));
    }
}

pub(crate) fn answer(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    match text.split_once(ANSWER) {
        Some((_, answer)) => answer.split("\nend").next().unwrap().to_owned(),
        None => panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn obey() {
    let [environment, cache, inline, ir] = VARIABLES.map(|name| env::var(name).unwrap());
    let environment = Environment::open(environment).unwrap();
    let builder = Jit::new(&environment)
        .inline(!inline.is_empty())
        .cache(cache);
    let text = match builder.compile(Source::from(&ir).named("child.ll")) {
        Ok(module) => format!("{:?} {}", module.origin(), call(&module, "run", 2.0)),
        Err(error) => format!("{error}\nhint: {}", error.hint().unwrap_or_default()),
    };
    println!("{ANSWER}{text}\nend");
}
