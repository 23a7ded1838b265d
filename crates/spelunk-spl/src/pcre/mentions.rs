//! Finds the groups that a pattern refers to.

use std::collections::HashSet;

use super::ast::{Condition, GroupKind, Node, Pattern, What};
use super::measure::{visit, visit_node};

/// Whether any group is called.
pub(super) fn recurses(pattern: &Pattern) -> bool {
    let mut found = false;
    visit(&pattern.body, &mut |node| {
        found |= matches!(node.what, What::Call(_))
    });
    found
}

/// The groups that back references and conditions name.
pub(super) fn referenced(pattern: &Pattern) -> HashSet<u32> {
    let mut found = HashSet::new();
    visit(&pattern.body, &mut |node| {
        found.extend(named_by(pattern, node))
    });
    found
}

/// The groups that are referred to from within, or by a back reference in a condition's branches. The engine
/// measures such a group again at every reference.
pub(super) fn measured(pattern: &Pattern) -> HashSet<u32> {
    let mut found = HashSet::new();
    visit(&pattern.body, &mut |node| {
        if let What::Group(group) = &node.what
            && let GroupKind::Capture(number) = group.kind
        {
            visit(&group.body, &mut |inner| {
                if named_by(pattern, inner).contains(&number) {
                    found.insert(number);
                }
            });
        }
        if let What::Conditional(conditional) = &node.what {
            for branch in conditional.yes.iter().chain(&conditional.no) {
                visit_node(branch, &mut |inner| found.extend(named_by(pattern, inner)));
            }
        }
    });
    found
}

/// The groups that a back reference or a condition names.
fn named_by(pattern: &Pattern, node: &Node) -> Vec<u32> {
    match &node.what {
        What::Backreference(reference) => pattern.groups(reference),
        What::Conditional(conditional) => match &conditional.condition {
            Condition::Group(reference) => pattern.groups(reference),
            Condition::Look(_) | Condition::Define | Condition::Inside(_) | Condition::Known(_) => {
                Vec::new()
            }
        },
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
        | What::Group(_)
        | What::Repeat(_)
        | What::Call(_)
        | What::Verb(_) => Vec::new(),
    }
}
