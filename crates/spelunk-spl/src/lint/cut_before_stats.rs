//! Rows discarded before they are counted.

use crate::lint::{LintInput, Findings, Lint, Severity, StageView, Subject};
use crate::plan::{AggregateCall, Plan};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL301",
        name: "dedup-before-stats",
        severity: Severity::Note,
        finds: "`dedup` before a command that counts or adds up",
        why: "Only the first event of each combination is counted, so that counts, sums and averages are not those of the \
              events. `dc()` counts different values, and `stats latest(...) by` gives the newest.",
        bad: "index=main | dedup user | stats count by dest",
        good: "index=main | stats dc(user) by dest",
        by: LintInput::Look(|subject, findings| look(subject, findings, "dedup")),
    },
    Lint {
        code: "SPL302",
        name: "head-before-stats",
        severity: Severity::Note,
        finds: "`head` before a command that counts or adds up",
        why: "Only the first rows are counted, 10 by default. Usually `head` is a leftover, or belongs after `stats`.",
        bad: "index=main | head 1000 | stats count by dest",
        good: "index=main | stats count by dest | sort - count | head 10",
        by: LintInput::Look(|subject, findings| look(subject, findings, "head")),
    },
];

fn look(subject: &Subject<'_>, findings: &mut Findings, command: &str) {
    for (at, view) in subject.stages.iter().enumerate() {
        if view.command != command {
            continue;
        }
        // Limiting rows that are already aggregated is intentional.
        if subject.stages[..at].iter().any(StageView::sums_up) {
            continue;
        }
        let next = subject.stages[at..].iter().find(|later| later.sums_up());
        if let Some(next) = next
            && next.plan.as_ref().is_some_and(counts)
        {
            let message = format!("`{}` then counts only the rows that `{command}` left", next.command);
            findings.at(view.stage.span, message);
        }
    }
}

/// Whether an aggregation depends on the number of rows.
fn counts(plan: &Plan) -> bool {
    let minds = |call: &AggregateCall| {
        let many = ["count", "sum", "sumsq", "avg", "mean", "median", "perc", "stdev", "var"];
        many.iter().any(|name| call.function.name.starts_with(name))
    };
    match plan {
        Plan::Aggregate { aggregates, .. } => aggregates.iter().any(minds),
        Plan::Chart { chart, .. } => chart.aggregates.iter().any(minds),
        other => other.inputs().into_iter().any(counts),
    }
}
