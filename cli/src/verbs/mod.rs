//! The verbs, a file each.

mod add;
mod audit;
mod build;
mod completions;
mod config;
mod environment;
mod fetch;
mod gc;
mod info;
mod inspect;
mod install;
mod list;
mod lock;
mod login;
mod logout;
mod new;
mod outdated;
mod owner;
mod pack;
mod publish;
#[cfg(feature = "server")]
mod registry;
mod remove;
mod run;
mod search;
mod size;
mod tree;
mod uninstall;
mod update;
mod vendor;
mod verify;
mod yank;

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
    Yank(yank::YankArguments),
    Owner(owner::OwnerArguments),
    Login(login::LoginArguments),
    Logout(logout::LogoutArguments),
    Add(add::AddArguments),
    Remove(remove::RemoveArguments),
    Lock(lock::LockArguments),
    Update(update::UpdateArguments),
    Outdated(outdated::OutdatedArguments),
    Install(install::InstallArguments),
    Fetch(fetch::FetchArguments),
    Vendor(vendor::VendorArguments),
    Uninstall(uninstall::UninstallArguments),
    List(list::ListArguments),
    Tree(tree::TreeArguments),
    Info(info::InfoArguments),
    Search(search::SearchArguments),
    Run(run::RunArguments),
    Environment(environment::EnvironmentArguments),
    Size(size::SizeArguments),
    Audit(audit::AuditArguments),
    Verify(verify::VerifyArguments),
    Gc(gc::GcArguments),
    #[cfg(feature = "server")]
    Registry(registry::RegistryArguments),
    Config(config::ConfigArguments),
    Completions(completions::CompletionsArguments),
}

pub(crate) fn run(verb: Verb, settings: &Settings, console: &Console) -> Result<(), Failure> {
    match verb {
        Verb::New(arguments) => new::run(&arguments, settings, console),
        Verb::Build(arguments) => build::run(&arguments, settings, console),
        Verb::Pack(arguments) => pack::run(&arguments, settings, console),
        Verb::Inspect(arguments) => inspect::run(&arguments, settings, console),
        Verb::Publish(arguments) => publish::run(&arguments, settings, console),
        Verb::Yank(arguments) => yank::run(&arguments, settings, console),
        Verb::Owner(arguments) => owner::run(&arguments, settings, console),
        Verb::Login(arguments) => login::run(&arguments, settings, console),
        Verb::Logout(arguments) => logout::run(&arguments, settings, console),
        Verb::Add(arguments) => add::run(&arguments, settings, console),
        Verb::Remove(arguments) => remove::run(&arguments, settings, console),
        Verb::Lock(arguments) => lock::run(&arguments, settings, console),
        Verb::Update(arguments) => update::run(&arguments, settings, console),
        Verb::Outdated(arguments) => outdated::run(&arguments, settings, console),
        Verb::Fetch(arguments) => fetch::run(&arguments, settings, console),
        Verb::Vendor(arguments) => vendor::run(&arguments, settings, console),
        Verb::Size(arguments) => size::run(&arguments, settings, console),
        Verb::Audit(arguments) => audit::run(&arguments, settings, console),
        Verb::Verify(arguments) => verify::run(&arguments, settings, console),
        Verb::Gc(arguments) => gc::run(&arguments, settings, console),
        Verb::Install(arguments) => install::run(&arguments, settings, console),
        Verb::Uninstall(arguments) => uninstall::run(&arguments, settings, console),
        Verb::List(arguments) => list::run(&arguments, settings, console),
        Verb::Tree(arguments) => tree::run(&arguments, settings, console),
        Verb::Info(arguments) => info::run(&arguments, settings, console),
        Verb::Search(arguments) => search::run(&arguments, settings, console),
        Verb::Run(arguments) => run::run(&arguments, settings, console),
        Verb::Environment(arguments) => environment::run(&arguments, settings, console),
        #[cfg(feature = "server")]
        Verb::Registry(arguments) => registry::run(&arguments, settings, console),
        Verb::Config(arguments) => config::run(&arguments, settings, console),
        Verb::Completions(arguments) => completions::run(&arguments, console),
    }
}
