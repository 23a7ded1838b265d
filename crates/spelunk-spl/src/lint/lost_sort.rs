//! Sorts whose order the next command discards.

use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::plan::Plan;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL304",
    name: "lost-sort",
    severity: Severity::Note,
    finds: "`sort` directly before `stats` or another command that orders its rows itself",
    why: "Sorting takes time and the order is lost; it also keeps only 10,000 rows by default. Not reported before `first`, `last` and `list`, which depend on the order.",
    bad: "index=main | sort user | stats count by dest",
    good: "index=main | stats count by dest | sort dest",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for pair in subject.stages.windows(2) {
        let [sort, next] = pair else { continue };
        if !matches!(sort.plan, Some(Plan::Sort { .. })) {
            continue;
        }
        let forgets = match &next.plan {
            Some(Plan::Aggregate {
                aggregates, sorted, ..
            }) => *sorted && !aggregates.iter().any(|call| call.function.order_sensitive),
            Some(Plan::Chart { chart, .. }) => {
                !chart.aggregates.iter().any(|call| call.function.order_sensitive)
            }
            _ => false,
        };
        if forgets {
            let message = format!("`{}` does not keep this order", next.command);
            findings.at(sort.stage.span, message);
        }
    }
}
