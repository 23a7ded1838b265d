//! Measures the length of matches, which lookbehinds depend on, and the size of patterns.

use std::cell::Cell;

use super::ast::{Branches, Condition, Group, GroupKind, Node, Pattern, Reference, What};
use super::problem::Problem;

/// Maximum calls followed to measure lookbehinds, both in total and nested.
const CALLS: u32 = 10_000;
const DEEPEST: usize = 10;
/// Maximum characters that a lookbehind without a fixed length may look back: PCRE2's default since 10.43.
const FARTHEST: u64 = 255;
/// Maximum characters that a pattern may require with its quantifiers expanded.
const LARGEST: u64 = 500_000;

/// The groups of a pattern by number; a number that a branch reset assigns twice is its first group.
pub(super) struct Groups<'p> {
    pattern: &'p Pattern,
    by_number: Vec<Option<&'p Group>>,
    /// Calls that may still be followed to measure.
    budget: Cell<u32>,
}

/// Minimum and maximum characters; `None` means no limit.
type Length = (u64, Option<u64>);

impl<'p> Groups<'p> {
    pub(super) fn of(pattern: &'p Pattern) -> Groups<'p> {
        let mut by_number = vec![None; pattern.names.len()];
        visit(&pattern.body, &mut |node| {
            if let What::Group(group) = &node.what
                && let GroupKind::Capture(number) = group.kind
            {
                by_number[number as usize].get_or_insert(&**group);
            }
        });
        Groups {
            pattern,
            by_number,
            budget: Cell::new(CALLS),
        }
    }

    /// The alternatives of a called group; group 0 is the pattern.
    pub(super) fn body(&self, number: u32) -> Option<&'p Branches> {
        match number {
            0 => Some(&self.pattern.body),
            number => self.get(number).map(|group| &group.body),
        }
    }

    pub(super) fn get(&self, number: u32) -> Option<&'p Group> {
        self.by_number.get(number as usize).copied().flatten()
    }

    /// Rejects unbounded lookbehinds and patterns that are too large.
    pub(super) fn check(&self) -> Result<(), Problem> {
        size(&self.pattern.body)?;
        let mut found = Ok(());
        visit(&self.pattern.body, &mut |node| {
            if let What::Group(group) = &node.what
                && let GroupKind::Look { behind: true, .. } = group.kind
                && found.is_ok()
            {
                let bounded = self
                    .length(&group.body, &mut Vec::new())
                    .is_some_and(|(min, max)| max.is_some_and(|max| max == min || max <= FARTHEST));
                if !bounded {
                    found = Err(Problem::pcre(node.span.from, 125));
                }
            }
        });
        found
    }

    /// Returns `None` if the length is unknown.
    fn length(&self, branches: &Branches, calls: &mut Vec<u32>) -> Option<Length> {
        let mut whole: Option<Length> = None;
        for branch in branches {
            let found = self.sequence(branch, calls)?;
            whole = Some(match whole {
                None => found,
                Some(before) => either(before, found),
            });
        }
        whole
    }

    pub(super) fn sequence(&self, nodes: &[Node], calls: &mut Vec<u32>) -> Option<Length> {
        let mut whole = (0, Some(0));
        for node in nodes {
            let (min, max) = self.node(node, calls)?;
            whole = (
                whole.0 + min,
                whole
                    .1
                    .zip(max)
                    .map(|(a, b): (u64, u64)| a.saturating_add(b)),
            );
        }
        Some(whole)
    }

    fn node(&self, node: &Node, calls: &mut Vec<u32>) -> Option<Length> {
        match &node.what {
            What::Literal { .. }
            | What::Dot { .. }
            | What::NotNewline
            | What::Unit
            | What::Set(_) => Some((1, Some(1))),
            What::Flags(_) | What::Assertion(_) | What::Keep | What::Verb(_) => Some((0, Some(0))),
            What::LineBreak | What::Grapheme => None,
            What::Group(group) => match group.kind {
                GroupKind::Look { .. } => Some((0, Some(0))),
                GroupKind::Capture(_)
                | GroupKind::Plain
                | GroupKind::Atomic
                | GroupKind::BranchReset => self.length(&group.body, calls),
            },
            What::Repeat(repeat) => {
                let (min, max) = self.node(&repeat.item, calls)?;
                let most = match (repeat.max, max) {
                    (_, Some(0)) | (Some(0), _) => Some(0),
                    (Some(times), Some(max)) => Some(max.saturating_mul(times.into())),
                    (None, _) | (_, None) => None,
                };
                Some((min.saturating_mul(repeat.min.into()), most))
            }
            What::Backreference(reference) | What::Call(reference) => {
                self.reached(reference, calls)
            }
            What::Conditional(conditional) => match conditional.condition {
                Condition::Define => Some((0, Some(0))),
                Condition::Group(_)
                | Condition::Look(_)
                | Condition::Inside(_)
                | Condition::Known(_) => {
                    let yes = self.sequence(&conditional.yes, calls)?;
                    Some(either(yes, self.sequence(&conditional.no, calls)?))
                }
            },
        }
    }

    fn reached(&self, reference: &Reference, calls: &mut Vec<u32>) -> Option<Length> {
        let mut whole: Option<Length> = None;
        for number in self.pattern.groups(reference) {
            if calls.contains(&number) || calls.len() > DEEPEST || self.budget.get() == 0 {
                return None;
            }
            self.budget.set(self.budget.get() - 1);
            calls.push(number);
            let found = self.length(self.body(number)?, calls);
            calls.pop();
            whole = Some(match whole {
                None => found?,
                Some(before) => either(before, found?),
            });
        }
        whole
    }
}

fn either(a: Length, b: Length) -> Length {
    (a.0.min(b.0), a.1.zip(b.1).map(|(a, b)| a.max(b)))
}

/// The characters that alternatives require with their quantifiers expanded.
fn size(branches: &Branches) -> Result<u64, Problem> {
    let mut whole = 0_u64;
    for node in branches.iter().flatten() {
        whole += size_of_node(node)?;
        if whole > LARGEST {
            return Err(Problem::pcre(node.span.to, 120));
        }
    }
    Ok(whole)
}

fn size_of_node(node: &Node) -> Result<u64, Problem> {
    match &node.what {
        What::Group(group) => size(&group.body),
        What::Conditional(conditional) => {
            let mut whole = 1;
            for node in conditional.yes.iter().chain(&conditional.no) {
                whole += size_of_node(node)?;
            }
            Ok(whole)
        }
        What::Repeat(repeat) => {
            let times = repeat.max.unwrap_or(repeat.min).max(1);
            let size = size_of_node(&repeat.item)?.saturating_mul(times.into());
            match size > LARGEST {
                true => Err(Problem::pcre(node.span.to, 120)),
                false => Ok(size),
            }
        }
        What::Flags(_)
        | What::Literal { .. }
        | What::Dot { .. }
        | What::NotNewline
        | What::Unit
        | What::LineBreak
        | What::Grapheme
        | What::Set(_)
        | What::Assertion(_)
        | What::Keep
        | What::Backreference(_)
        | What::Call(_)
        | What::Verb(_) => Ok(1),
    }
}

/// Visits all nodes, outer ones first.
pub(super) fn visit<'p>(branches: &'p Branches, see: &mut impl FnMut(&'p Node)) {
    for node in branches.iter().flatten() {
        visit_node(node, see);
    }
}

pub(super) fn visit_node<'p>(node: &'p Node, see: &mut impl FnMut(&'p Node)) {
    see(node);
    match &node.what {
        What::Group(group) => visit(&group.body, see),
        What::Repeat(repeat) => visit_node(&repeat.item, see),
        What::Conditional(conditional) => {
            if let Condition::Look(look) = &conditional.condition {
                visit_node(look, see);
            }
            for node in conditional.yes.iter().chain(&conditional.no) {
                visit_node(node, see);
            }
        }
        What::Flags(_)
        | What::Literal { .. }
        | What::Dot { .. }
        | What::NotNewline
        | What::Unit
        | What::LineBreak
        | What::Grapheme
        | What::Set(_)
        | What::Assertion(_)
        | What::Keep
        | What::Backreference(_)
        | What::Call(_)
        | What::Verb(_) => {}
    }
}
