//! Commands that are expensive or truncate their subsearch.

use crate::commands;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL402",
        name: "slow-join",
        severity: Severity::Note,
        finds: "`join` or `selfjoin`",
        why: "The subsearch of `join` is cut at 50,000 rows and after a minute, without an error. `stats ... by` over both \
              searches at once, or a lookup, does the same without a limit.",
        bad: "index=a | join user [search index=b | fields user dest]",
        good: "index=a OR index=b | stats values(dest) as dest by user",
        by: LintInput::Look(|subject, findings| {
            look(subject, findings, &["join", "selfjoin"], "a subsearch of `join` is cut at 50,000 rows");
        }),
    },
    Lint {
        code: "SPL403",
        name: "slow-transaction",
        severity: Severity::Note,
        finds: "`transaction`",
        why: "It keeps all open transactions in memory and evicts the oldest if there are too many. If a field identifies the group, `stats min(_time) max(_time) values(...) by` is faster and exact.",
        bad: "index=main | transaction session",
        good: "index=main | stats min(_time) as first max(_time) as last by session",
        by: LintInput::Look(|subject, findings| {
            look(subject, findings, &["transaction"], "`transaction` works on one machine, in its memory");
        }),
    },
    Lint {
        code: "SPL404",
        name: "slow-append",
        severity: Severity::Note,
        finds: "`append` or `appendcols`",
        why: "The subsearch is cut at 50,000 rows and after a minute. One search with OR, `union`, `multisearch` or \
              `tstats append=true` has no such limit; `appendcols` puts rows side by side that may not belong together.",
        bad: "index=a | stats count | append [search index=b | stats count]",
        good: "index=a OR index=b | stats count by index",
        by: LintInput::Look(|subject, findings| {
            look(subject, findings, &["append", "appendcols"], "the subsearch is cut at 50,000 rows");
        }),
    },
    Lint {
        code: "SPL405",
        name: "slow-map",
        severity: Severity::Note,
        finds: "`map`",
        why: "It runs one search per row, at most ten by default (`maxsearches`).",
        bad: "index=a | stats count by user | map search=\"search index=b user=$user$\"",
        good: "index=b [search index=a | stats count by user | fields user]",
        by: LintInput::Look(|subject, findings| {
            look(subject, findings, &["map"], "a search runs for every row");
        }),
    },
];

fn look(subject: &Subject<'_>, findings: &mut Findings, slow: &[&str], message: &str) {
    for stage in subject.every_stage() {
        if commands::command(&stage.name.text).is_some_and(|c| slow.contains(&c.name)) {
            findings.at(stage.name.span, message);
        }
    }
}
