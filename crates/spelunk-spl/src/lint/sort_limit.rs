//! `sort` that keeps 10,000 rows.
//!
//! Search Reference, "sort": without a count, 10,000 rows are kept; 0 keeps all.

use crate::lint::{LintInput, Findings, Lint, Severity, StageView, Subject};
use crate::plan::Plan;
use crate::syntax::ast::ArgKind;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL303",
    name: "sort-limit",
    severity: Severity::Warning,
    finds: "`sort` without a count before a command that looks at several rows",
    why: "`sort` keeps 10,000 rows by default, so `streamstats`, `dedup`, `stats` or `transaction` silently see only those. `sort 0 ...` keeps all rows.",
    bad: "index=main | sort _time | streamstats count by user",
    good: "index=main | sort 0 _time | streamstats count by user",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for (at, view) in subject.stages.iter().enumerate() {
        let Some(Plan::Sort { limit: 10_000, .. }) = &view.plan else {
            continue;
        };
        let counted = view.stage.args.iter().any(|arg| match &arg.kind {
            ArgKind::Literal(_) => true,
            ArgKind::Option { name, .. } => name.text.eq_ignore_ascii_case("limit"),
            _ => false,
        });
        let few = subject.stages[..at].iter().any(|before| {
            matches!(before.plan, Some(Plan::Limit { .. })) || ["top", "rare"].contains(&before.command)
        });
        if counted || few {
            continue;
        }
        if let Some(later) = subject.stages[at + 1..].iter().find(|later| minds(later)) {
            let message = format!("this keeps 10,000 rows, and `{}` sees no others", later.command);
            findings.at(view.stage.span, message).hint("write sort 0 ...");
        }
    }
}

/// Whether a stage's result for a row depends on other rows.
fn minds(view: &StageView<'_>) -> bool {
    fn node(plan: &Plan) -> bool {
        matches!(
            plan,
            Plan::Aggregate { .. }
                | Plan::Window { .. }
                | Plan::Stream { .. }
                | Plan::Chart { .. }
                | Plan::Distinct { .. }
                | Plan::Lag { .. }
        ) || plan.inputs().into_iter().any(node)
    }
    view.command == "transaction" || view.plan.as_ref().is_some_and(node)
}
