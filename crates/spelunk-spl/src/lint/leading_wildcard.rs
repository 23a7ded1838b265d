//! Words with a leading wildcard.

use crate::lint::ast_queries::{each_search, searches};
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::syntax::ast::Search;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL406",
    name: "leading-wildcard",
    severity: Severity::Note,
    finds: "a word to search events for that begins with `*`",
    why: "The index can only look up words by their beginning, so all events in the time range are read. Name the field, or search for the whole word.",
    bad: "index=main *mimikatz",
    good: "index=main mimikatz",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(first) = subject.stages.first() else {
        return;
    };
    for search in searches(first.stage) {
        each_search(search, &mut |found| {
            if let Search::Term(word) = found
                && word.text.starts_with('*')
                && word.text.chars().any(|c| c != '*')
            {
                findings.at(word.span, "a word that begins with `*` is looked for in every event");
            }
        });
    }
}
