//! Alternatives that another one covers.

use crate::lint::globs::covers;
use crate::lint::ast_queries::{each_search, extent, searches};
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::source::Span;
use crate::syntax::ast::{CompareOp, Search};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL107",
    name: "redundant-term",
    severity: Severity::Note,
    finds: "an alternative of a search expression that another one covers",
    why: "`IN (\"*.exe\", \"cmd.exe\")` finds nothing that `\"*.exe\"` alone does not: either the shorter one is too wide, \
          or the other is not needed. Letter case does not count.",
    bad: "index=main process IN (\"*\\\\cmd.exe\", \"*.exe\")",
    good: "index=main process IN (\"*\\\\cmd.exe\", \"*.dll\")",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        for search in searches(stage) {
            each_search(search, &mut |found| match found {
                Search::Or(choices) => {
                    let values: Vec<(&str, &str, Span)> =
                        choices.iter().flat_map(alternatives).collect();
                    compare(&values, findings);
                }
                Search::In { .. } => compare(&alternatives(found), findings),
                _ => {}
            });
        }
    }
}

/// The field, value and span of each alternative.
fn alternatives(search: &Search) -> Vec<(&str, &str, Span)> {
    match search {
        Search::Compare {
            field,
            op: CompareOp::Eq,
            value,
        } => extent(search)
            .map(|span| (field.text.as_str(), value.text.as_str(), span))
            .into_iter()
            .collect(),
        Search::In { field, values } => {
            let each = values.iter();
            each.map(|v| (field.text.as_str(), v.text.as_str(), v.span))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn compare(values: &[(&str, &str, Span)], findings: &mut Findings) {
    for (at, (field, value, span)) in values.iter().enumerate() {
        let other = values.iter().enumerate().find(|(other, (f, v, _))| {
            // Of two equal ones, the second is reported.
            let same = v.eq_ignore_ascii_case(value);
            *other != at && f == field && covers(v, value) && (!same || *other < at)
        });
        if let Some((_, (_, wider, _))) = other {
            findings.at(*span, format!("`{value}` is covered by `{wider}`"));
        }
    }
}
