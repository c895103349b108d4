//! `PubGrub`'s proof that there is no solution, in sentences.
//!
//! The structure of the proof is walked by `pubgrub`'s own reporter; this is what it calls to have
//! a fact put into words. A fact about positions becomes one about versions and requirements by
//! looking them up again in the catalog.

use std::collections::BTreeSet;
use std::rc::Rc;

use pubgrub::{Derived, External, Map, ReportFormatter, Term, VersionSet};

use crate::ask::{Ask, functions};
use crate::catalog::{Catalog, Demand, Package};
use crate::node::Node;
use crate::phrase::list;
use crate::positions::Positions;
use crate::{CandidateDependency, Request};

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
    pub(crate) fn package(&self, node: &Node) -> Option<Rc<Package>> {
        self.catalog.package(node.name()?).ok()
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
        let noun = self.noun(dependant.0, dependant.1, "and");
        let asks = Ask::all(self.request, self.catalog, dependant, on).unwrap_or_default();
        let texts: BTreeSet<String> = asks.iter().map(|ask| self.demand(ask)).collect();
        let mut object = list(texts, "or");
        let lacks = self.lacks(&asks, on.0);
        if let Some(lacks) = &lacks {
            let calls = if noun.plural { "call" } else { "calls" };
            object = format!("{object} and {calls} {lacks}");
        }
        if let Some(ask) = asks.first()
            && let Some(nothing) = &ask.nothing
        {
            let but = if lacks.is_some() { "and" } else { "but" };
            object += &nothing.clause(self.request, ask.demand(), but);
        }
        (noun.with(verb.0, verb.1), object)
    }

    /// "`vecmath.v1.dot` as `fn(x: f64)`, which vecmath 1.0.0 does not offer", if that is so.
    fn lacks(&self, asks: &[Ask], on: &Node) -> Option<String> {
        let package = self.package(on)?;
        let missing: BTreeSet<_> = asks.iter().flat_map(|ask| ask.missing(&package)).collect();
        let lacking: Positions = asks
            .iter()
            .flat_map(|ask| ask.lacking.iter().copied())
            .collect();
        if missing.is_empty() {
            return None;
        }
        let noun = self.noun(on, &lacking, "and");
        let which = match noun.text.strip_prefix("every version") {
            Some(rest) => format!("no version{rest} offers"),
            None => noun.with("does not offer", "do not offer"),
        };
        Some(format!("{}, which {which}", functions(&package, missing)))
    }

    /// "`vecmath ^1.1`", with the series where the requirement alone does not say it.
    fn demand(&self, ask: &Ask) -> String {
        let CandidateDependency {
            name,
            requirement,
            series,
        } = &ask.dependency;
        let text = format!("`{name} {requirement}`");
        let package = self.catalog.package(name).ok();
        let spans = package.is_some_and(|package| {
            let anywhere = Demand {
                series: None,
                ..ask.demand()
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
            External::FromDependencyOf(_, _, _, on) if on.is_empty() => 3,
            External::FromDependencyOf(node, set, on, on_set) => {
                let asks = Ask::all(self.request, self.catalog, (node, set), (on, on_set));
                let lacks = asks.is_ok_and(|asks| asks.iter().any(|ask| !ask.lacking.is_empty()));
                if lacks { 2 } else { 1 }
            }
            _ => 1,
        };
        let (mut first, mut second) = (first, second);
        let mut places = (place(first), place(second));
        if places.1 < places.0 {
            (first, second) = (second, first);
            places = (places.1, places.0);
        }
        let comma = if places.0 >= 2 { "," } else { "" };
        let ((subject, object), (second_subject, second_object)) =
            (self.fact(first), self.fact(second));
        if subject == second_subject && !object.is_empty() {
            format!("{subject} {object}{comma} and {second_object}")
        } else {
            let (first, second) = (self.format_external(first), self.format_external(second));
            format!("{first}{comma} and {second}")
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
