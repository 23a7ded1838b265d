//! Searches that read all events.

use crate::lint::ast_queries::searches;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::syntax::ast::{CompareOp, Literal, Search};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL407",
    name: "all-events",
    severity: Severity::Warning,
    finds: "a search for events without anything that leaves some out: no index, sourcetype, source, host, word or value",
    why: "Conditions with a leading `*`, `!=`, `NOT`, `<` and `>` are evaluated after events are read. Without a condition on indexed words, all events in the time range are read.",
    bad: "process=\"*mimikatz*\" | stats count by host",
    good: "index=endpoint process=\"*mimikatz*\" | stats count by host",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(first) = subject.stages.first() else {
        return;
    };
    if first.command != "search" {
        return;
    }
    // A search that is only a macro call is the macro's responsibility.
    if searches(first.stage).all(|search| !narrows(search)) {
        let message = "nothing here leaves events out before they are read";
        findings
            .at(first.stage.span, message)
            .hint("name an index, a sourcetype or a source");
    }
}

/// Whether the index can exclude events that do not match.
fn narrows(search: &Search) -> bool {
    let known = |value: &Literal| !value.text.starts_with('*');
    match search {
        Search::And(parts) => parts.iter().any(narrows),
        Search::Or(choices) => !choices.is_empty() && choices.iter().all(narrows),
        Search::Not(_) => false,
        Search::Compare { field, op, value } => {
            let time = ["earliest", "latest", "_index_earliest", "_index_latest"];
            *op == CompareOp::Eq && known(value) && !time.contains(&field.text.as_str())
        }
        Search::In { values, .. } => values.iter().all(known),
        Search::Term(word) | Search::ExactTerm(word) | Search::CaseTerm(word) => known(word),
        Search::Subsearch(_) | Search::CompareSubsearch { .. } => true,
    }
}
