//! `table` before an aggregation.

use crate::lint::{LintInput, Findings, Lint, Severity, Subject};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL305",
    name: "table-before-stats",
    severity: Severity::Note,
    finds: "`table` before a command that sums rows up",
    why: "`table` shows rows: it is meant for the end of a search, and makes a distributed search send all of them to the \
          search head first. `fields` keeps fields without that; before `stats` neither is needed.",
    bad: "index=main | table user dest | stats count by user",
    good: "index=main | fields user dest | stats count by user",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let mut summed = false;
    for (at, view) in subject.stages.iter().enumerate() {
        let later = || subject.stages[at..].iter().find(|later| later.sums_up());
        if view.command == "table"
            && !summed
            && let Some(next) = later()
        {
            let message = format!("`table` before `{}`", next.command);
            findings.at(view.stage.span, message).hint("use fields");
        }
        summed |= view.sums_up();
    }
}
