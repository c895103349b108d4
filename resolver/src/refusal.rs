//! Why a version that matches is passed over all the same.

use jiff::Timestamp;
use puck_package::{PackageName, Series};
use semver::Version;

use crate::phrase::list;
use crate::{Before, Candidate, Request};

/// Why a version may not be chosen, whatever requires it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// It was withdrawn.
    Yanked,
    /// It was published then, which is too late.
    Late(Timestamp),
    /// It cannot be used, for the reason that its candidate gives.
    Unusable(String),
    /// Exactly this other version of its series was asked for.
    NotThat(Version),
}

impl Refusal {
    /// Why `candidate` of `name` may not be chosen; `None` if it may.
    pub(crate) fn of(request: &Request, name: &PackageName, candidate: &Candidate) -> Option<Self> {
        if let Some(reason) = &candidate.unusable {
            return Some(Self::Unusable(reason.clone()));
        }
        if let Some(precise) = request.precise(name) {
            if *precise == candidate.version {
                return None;
            }
            if Series::of(precise).contains(&candidate.version) {
                return Some(Self::NotThat(precise.clone()));
            }
        }
        let refusal = if candidate.yanked {
            Self::Yanked
        } else {
            let late = |before: &Before| candidate.published.filter(|time| *time > before.time);
            Self::Late(request.before.as_ref().and_then(late)?)
        };
        (!request.keeps(name, &candidate.version)).then_some(refusal)
    }

    /// What is said in brackets beside a version in a list.
    pub(crate) fn remark(&self) -> String {
        match self {
            Self::Yanked => "yanked".to_owned(),
            Self::Late(time) => format!("published {}", time.strftime("%Y-%m-%d")),
            Self::Unusable(reason) => reason.clone(),
            Self::NotThat(_) => String::new(),
        }
    }

    /// "1.2.0 and 1.1.0 are yanked": versions that are refused for one reason.
    pub(crate) fn clause(&self, request: &Request, versions: &[&Version]) -> String {
        let one = versions.len() == 1;
        let subject = list(versions, "and");
        let verb = if one { "is" } else { "are" };
        match self {
            Self::Yanked => format!("{subject} {verb} yanked"),
            Self::Late(time) => {
                let (on, origin) = match &request.before {
                    Some(before) => (distinct(*time, before.time), before.origin.as_str()),
                    None => (time.to_string(), "the limit"),
                };
                if one {
                    format!("{subject} was published on {on}, after {origin}")
                } else {
                    format!("{subject} were published after {origin}")
                }
            }
            Self::Unusable(reason) => format!("{subject} cannot be used ({reason})"),
            Self::NotThat(version) => format!("exactly {version} was asked for"),
        }
    }

    /// Whether the same clause can speak of both.
    pub(crate) fn like(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Late(_), Self::Late(_)))
    }
}

/// The day of `time`, or all of it if that is the day of `limit` too.
fn distinct(time: Timestamp, limit: Timestamp) -> String {
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    if day(time) == day(limit) {
        time.to_string()
    } else {
        day(time)
    }
}
