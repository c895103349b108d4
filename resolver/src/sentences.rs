//! `PubGrub`'s proof that there is no solution, in sentences.
//!
//! The structure of the proof is walked by `pubgrub`'s own reporter; this is what it calls to have
//! a fact put into words. A fact about positions becomes one about versions and requirements by
//! looking them up again in the catalog.

use std::collections::BTreeSet;
use std::rc::Rc;

use pubgrub::{Derived, External, Map, ReportFormatter, Term, VersionSet};

use crate::catalog::{Catalog, Demand, Package};
use crate::node::Node;
use crate::nothing::Nothing;
use crate::phrase::{Noun, list};
use crate::positions::Positions;
use crate::{CandidateDependency, Error, Request, Requirement};

/// The most versions that a noun lists.
const MOST: usize = 4;

/// Puts facts into words.
pub(crate) struct Sentences<'a, 's> {
    pub(crate) request: &'a Request,
    pub(crate) catalog: &'a Catalog<'s>,
}

type Facts = External<Node, Positions, String>;
type Conclusion = Derived<Node, Positions, String>;
type Terms = Map<Node, Term<Positions>>;

impl Sentences<'_, '_> {
    /// The package that `node` is about. It was asked for before, so it is remembered.
    fn package(&self, node: &Node) -> Option<Rc<Package>> {
        self.catalog.package(node.name()?).ok()
    }

    /// The versions of `node` in `set`.
    fn noun(&self, node: &Node, set: &Positions, conjunction: &str) -> Noun {
        let Some(package) = self.package(node) else {
            return Noun::one(self.request.subject.clone());
        };
        let name = &package.name;
        match node {
            Node::Root => Noun::one(self.request.subject.clone()),
            Node::Choice(_, requirement) => {
                let series = (0u32..)
                    .zip(&package.series)
                    .filter(|(i, _)| set.contains(i));
                let series = list(series.map(|(_, series)| series), conjunction);
                Noun::one(format!("`{name} {requirement}` in series {series}"))
            }
            Node::Series(_, series) => {
                let all: Vec<u32> = package
                    .positions()
                    .filter(|(_, candidate)| {
                        series.contains(&candidate.version)
                            && package.allowed(self.request, candidate)
                    })
                    .map(|(position, _)| position)
                    .collect();
                let within: Vec<u32> = all.iter().copied().filter(|i| set.contains(i)).collect();
                let version = |position: u32| &package.candidate(position).version;
                match within[..] {
                    [] => Noun::one(format!("no version of {name}")),
                    [one] => Noun::one(format!("{name} {}", version(one))),
                    _ if within == all && package.series.len() == 1 => {
                        Noun::one(format!("every version of {name}"))
                    }
                    _ if within == all => {
                        Noun::one(format!("every version of {name} in series {series}"))
                    }
                    [first, ..] if within.len() > MOST && all.ends_with(&within) => Noun {
                        text: format!("{name} {} and newer", version(first)),
                        plural: true,
                    },
                    [.., last] if within.len() > MOST && all.starts_with(&within) => Noun {
                        text: format!("{name} {} and older", version(last)),
                        plural: true,
                    },
                    [first, .., last] if within.len() > MOST => Noun {
                        text: format!(
                            "{} versions of {name} from {} to {}",
                            within.len(),
                            version(first),
                            version(last)
                        ),
                        plural: true,
                    },
                    _ => Noun {
                        text: format!(
                            "{name} {}",
                            list(within.iter().map(|i| version(*i)), conjunction)
                        ),
                        plural: true,
                    },
                }
            }
        }
    }

    /// The demands by which the versions of `dependant` in `set` came to depend on `node`.
    pub(crate) fn demands(
        &self,
        dependant: (&Node, &Positions),
        on: (&Node, &Positions),
    ) -> Result<Vec<(CandidateDependency, Nothing)>, Error> {
        let mut all = Vec::new();
        match dependant.0 {
            Node::Root => all.extend(
                self.request
                    .requirements
                    .iter()
                    .map(Requirement::as_dependency),
            ),
            Node::Series(name, _) => {
                let package = self.catalog.package(name)?;
                for (_, candidate) in package.positions().filter(|(i, _)| dependant.1.contains(i)) {
                    all.extend(candidate.dependencies.iter().cloned());
                }
            }
            Node::Choice(..) => {}
        }
        let mut found = Vec::new();
        for dependency in all {
            let demand = dependency.demand();
            let (node, set) = self.catalog.node(self.request, demand)?;
            if (&node, &set) == on && !found.iter().any(|(known, _)| *known == dependency) {
                let package = self.catalog.package(&dependency.name)?;
                let nothing = Nothing::why(&package, demand);
                found.push((dependency, nothing));
            }
        }
        Ok(found)
    }

    /// That `dependant` depends on `on`, as a subject with its verb, and an object.
    fn dependency(
        &self,
        dependant: (&Node, &Positions),
        on: (&Node, &Positions),
    ) -> (String, String) {
        if let Node::Choice(name, requirement) = dependant.0 {
            let series = self.package(dependant.0).map(|package| {
                let series = (0u32..)
                    .zip(&package.series)
                    .filter(|(i, _)| dependant.1.contains(i));
                list(series.map(|(_, series)| series), "and")
            });
            let series = series.unwrap_or_default();
            let noun = self.noun(on.0, on.1, "and");
            let subject = format!(
                "in series {series} {}",
                noun.with("is all that matches", "are all that match")
            );
            return (subject, format!("`{name} {requirement}`"));
        }
        let verb = match dependant.0 {
            Node::Root => ("requires", "require"),
            _ => ("depends on", "depend on"),
        };
        let subject = self
            .noun(dependant.0, dependant.1, "and")
            .with(verb.0, verb.1);
        let demands = self.demands(dependant, on).unwrap_or_default();
        let texts: BTreeSet<String> = demands.iter().map(|(d, _)| self.demand(d)).collect();
        let objects = list(texts, "or");
        match demands.first() {
            Some((dependency, nothing)) if on.1.is_empty() => (
                subject,
                format!("{objects}, {}", nothing.clause(dependency.demand())),
            ),
            _ => (subject, objects),
        }
    }

    /// "`vecmath ^1.1`", with the series where the requirement alone does not say it.
    fn demand(&self, dependency: &CandidateDependency) -> String {
        let CandidateDependency {
            name,
            requirement,
            series,
        } = dependency;
        let text = format!("`{name} {requirement}`");
        let package = self.catalog.package(name).ok();
        let spans = package.is_some_and(|package| {
            let anywhere = Demand {
                series: None,
                ..dependency.demand()
            };
            let matching = package.matching(self.request, anywhere);
            matching
                .iter()
                .any(|i| Some(package.series_of(*i)) != *series)
        });
        match series {
            Some(series) if spans => format!("{text} (compiled against series {series})"),
            _ => text,
        }
    }

    /// Two facts in one sentence: what the request itself asks first, what ends in a clause of
    /// its own last, and the subject once if it is the same.
    fn both(&self, first: &Facts, second: &Facts) -> String {
        let place = |facts: &Facts| match facts {
            External::FromDependencyOf(Node::Root, ..) => 0,
            External::FromDependencyOf(_, _, _, on) if on.is_empty() => 2,
            _ => 1,
        };
        let (first, second) = if place(second) < place(first) {
            (second, first)
        } else {
            (first, second)
        };
        let ((subject, object), (second_subject, second_object)) =
            (self.fact(first), self.fact(second));
        if subject == second_subject && !object.is_empty() {
            format!("{subject} {object} and {second_object}")
        } else {
            let (first, second) = (self.format_external(first), self.format_external(second));
            format!("{first} and {second}")
        }
    }

    /// A fact as a subject with its verb, and an object if it has one.
    fn fact(&self, external: &Facts) -> (String, String) {
        let whole = |text: String| (text, String::new());
        match external {
            External::NotRoot(..) => whole(format!("{} is asked for", self.request.subject)),
            External::NoVersions(node, set) => {
                let noun = self.noun(node, set, "or");
                whole(format!("there is no version left of {}", noun.text))
            }
            External::FromDependencyOf(node, set, on, on_set) => {
                self.dependency((node, set), (on, on_set))
            }
            External::Custom(node, set, reason) => {
                (self.noun(node, set, "and").text, reason.clone())
            }
        }
    }
}

impl Requirement {
    fn as_dependency(&self) -> CandidateDependency {
        let Self { name, requirement } = self.clone();
        CandidateDependency {
            name,
            requirement,
            series: None,
        }
    }
}

impl ReportFormatter<Node, Positions, String> for Sentences<'_, '_> {
    type Output = String;

    fn format_external(&self, external: &Facts) -> String {
        let (subject, object) = self.fact(external);
        if object.is_empty() {
            subject
        } else {
            format!("{subject} {object}")
        }
    }

    fn format_terms(&self, terms: &Terms) -> String {
        // Hash order is arbitrary.
        let mut terms: Vec<_> = terms.iter().collect();
        terms.sort_by_key(|(node, term)| (matches!(term, Term::Negative(_)), node.to_string()));
        let impossible = || format!("the requirements of {} cannot be met", self.request.subject);
        let depends = |node: &Node, set: &Positions, on: &Node, on_set: &Positions| {
            let verb = if *node == Node::Root {
                "requires"
            } else {
                "depends on"
            };
            let subject = self.noun(node, set, "and").with(verb, "depend on");
            format!("{subject} {}", self.noun(on, on_set, "or").text)
        };
        match terms[..] {
            [] | [(Node::Root, Term::Positive(_))] => impossible(),
            [(node, Term::Positive(set))] => self
                .noun(node, set, "and")
                .with("cannot be used", "cannot be used"),
            [(node, Term::Negative(set))] => {
                format!("{} must be used", self.noun(node, set, "or").text)
            }
            [(node, Term::Positive(set)), (on, Term::Negative(on_set))] => {
                depends(node, set, on, on_set)
            }
            [(Node::Root, Term::Positive(_)), (node, Term::Positive(set))]
            | [(node, Term::Positive(set)), (Node::Root, Term::Positive(_))] => {
                format!(
                    "{} cannot use {}",
                    self.request.subject,
                    self.noun(node, set, "or").text
                )
            }
            _ => {
                let (with, without): (Vec<_>, Vec<_>) = terms
                    .iter()
                    .partition(|(_, term)| matches!(term, Term::Positive(_)));
                let noun = |(node, term): &(&Node, &Term<Positions>), conjunction: &str| match term
                {
                    Term::Positive(set) | Term::Negative(set) => {
                        self.noun(node, set, conjunction).text
                    }
                };
                let with = list(with.iter().map(|term| noun(term, "or")), "and");
                if without.is_empty() {
                    format!("{with} cannot be used together")
                } else {
                    let without = list(without.iter().map(|term| noun(term, "or")), "or");
                    format!("{with} together need {without}")
                }
            }
        }
    }

    fn explain_both_external(&self, first: &Facts, second: &Facts, terms: &Terms) -> String {
        format!(
            "Because {}, {}.",
            self.both(first, second),
            self.format_terms(terms)
        )
    }

    fn explain_both_ref(
        &self,
        first_line: usize,
        first: &Conclusion,
        second_line: usize,
        second: &Conclusion,
        terms: &Terms,
    ) -> String {
        format!(
            "Because {} ({first_line}) and {} ({second_line}), {}.",
            self.format_terms(&first.terms),
            self.format_terms(&second.terms),
            self.format_terms(terms)
        )
    }

    fn explain_ref_and_external(
        &self,
        line: usize,
        conclusion: &Conclusion,
        external: &Facts,
        terms: &Terms,
    ) -> String {
        format!(
            "Because {} ({line}) and {}, {}.",
            self.format_terms(&conclusion.terms),
            self.format_external(external),
            self.format_terms(terms)
        )
    }

    fn and_explain_external(&self, external: &Facts, terms: &Terms) -> String {
        format!(
            "And because {}, {}.",
            self.format_external(external),
            self.format_terms(terms)
        )
    }

    fn and_explain_ref(&self, line: usize, conclusion: &Conclusion, terms: &Terms) -> String {
        format!(
            "And because {} ({line}), {}.",
            self.format_terms(&conclusion.terms),
            self.format_terms(terms)
        )
    }

    fn and_explain_prior_and_external(
        &self,
        prior: &Facts,
        external: &Facts,
        terms: &Terms,
    ) -> String {
        format!(
            "And because {}, {}.",
            self.both(prior, external),
            self.format_terms(terms)
        )
    }
}
