//! Clients of one registry through a proxy.

use crate::support::Machine;
use crate::support::listing::Listing;
use crate::support::proxy::Proxy;
use crate::support::run::{Call, Run};
use crate::support::server::expect_sound;

/// Clients of one registry, and what they should have when they installed `third`.
pub(crate) struct Clients<'a> {
    pub(crate) url: String,
    pub(crate) origin: &'a Machine,
    pub(crate) lockfile: String,
    pub(crate) listing: Listing,
}

impl<'a> Clients<'a> {
    /// The undisturbed client goes first.
    pub(crate) fn of(origin: &'a Machine, proxy: &Proxy) -> Self {
        let machine = Machine::new();
        machine.project(&[("third", "1")]);
        machine.from(&proxy.url(), "project", "install").ok();
        assert_eq!(machine.ok("project", "run third::sum"), "6\n");
        Self {
            url: proxy.url(),
            origin,
            lockfile: machine.read("project/Puck.lock"),
            listing: machine.store_listing(),
        }
    }

    pub(crate) fn install(&self, machine: &Machine) -> Call {
        machine.from(&self.url, "project", "install")
    }

    /// Fails unless `third` is installed as by the undisturbed client.
    pub(crate) fn expect_installed(&self, machine: &Machine) {
        assert_eq!(machine.read("project/Puck.lock"), self.lockfile);
        self.listing.expect_same(&machine.store_listing());
        machine.expect_tidy();
        machine.expect_tidy_project("project");
        assert_eq!(machine.ok("project", "run third::sum"), "6\n");
    }

    /// An installation that must fail, saying `expected`, and change neither lockfile nor
    /// environment.
    pub(crate) fn refused(&self, machine: &Machine, call: Call, expected: &str) -> Run {
        let lockfile = fs_err::read(machine.path("project/Puck.lock")).ok();
        let environment = machine.environment_key("project");
        let run = call.run();
        assert_eq!(run.code, Some(1), "expected `{expected}`: {run}");
        assert!(run.stderr.contains(expected), "no `{expected}`: {run}");
        assert!(
            run.stderr.starts_with("error: ") || run.stderr.contains("\nerror: "),
            "{run}"
        );
        assert_eq!(
            fs_err::read(machine.path("project/Puck.lock")).ok(),
            lockfile
        );
        assert_eq!(machine.environment_key("project"), environment);
        machine.expect_tidy();
        machine.expect_tidy_project("project");
        expect_sound(&self.origin.team());
        run
    }
}
