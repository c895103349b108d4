//! The verbs, a file each.

mod add;
mod build;
mod completions;
mod environment;
mod info;
mod inspect;
mod install;
mod list;
mod lock;
mod new;
mod pack;
mod publish;
mod remove;
mod run;
mod search;
mod tree;
mod uninstall;
mod update;

use clap::Subcommand;

use crate::console::Console;
use crate::failure::Failure;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    New(new::NewArguments),
    Build(build::BuildArguments),
    Pack(pack::PackArguments),
    Inspect(inspect::InspectArguments),
    Publish(publish::PublishArguments),
    Add(add::AddArguments),
    Remove(remove::RemoveArguments),
    Lock(lock::LockArguments),
    Update(update::UpdateArguments),
    Install(install::InstallArguments),
    Uninstall(uninstall::UninstallArguments),
    List(list::ListArguments),
    Tree(tree::TreeArguments),
    Info(info::InfoArguments),
    Search(search::SearchArguments),
    Run(run::RunArguments),
    Environment(environment::EnvironmentArguments),
    Completions(completions::CompletionsArguments),
}

pub(crate) fn run(verb: Verb, settings: &Settings, console: &Console) -> Result<(), Failure> {
    match verb {
        Verb::New(arguments) => new::run(&arguments, settings, console),
        Verb::Build(arguments) => build::run(&arguments, settings, console),
        Verb::Pack(arguments) => pack::run(&arguments, settings, console),
        Verb::Inspect(arguments) => inspect::run(&arguments, settings, console),
        Verb::Publish(arguments) => publish::run(&arguments, settings, console),
        Verb::Add(arguments) => add::run(&arguments, settings, console),
        Verb::Remove(arguments) => remove::run(&arguments, settings, console),
        Verb::Lock(arguments) => lock::run(&arguments, settings, console),
        Verb::Update(arguments) => update::run(&arguments, settings, console),
        Verb::Install(arguments) => install::run(&arguments, settings, console),
        Verb::Uninstall(arguments) => uninstall::run(&arguments, settings, console),
        Verb::List(arguments) => list::run(&arguments, settings, console),
        Verb::Tree(arguments) => tree::run(&arguments, settings, console),
        Verb::Info(arguments) => info::run(&arguments, settings, console),
        Verb::Search(arguments) => search::run(&arguments, settings, console),
        Verb::Run(arguments) => run::run(&arguments, settings, console),
        Verb::Environment(arguments) => environment::run(&arguments, settings, console),
        Verb::Completions(arguments) => completions::run(&arguments, console),
    }
}
