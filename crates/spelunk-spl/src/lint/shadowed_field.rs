//! Fields overwritten before they are read.

use std::collections::BTreeSet;

use crate::lint::ast_queries::sets;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::plan::dataflow::{StageEffect, after};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        code: "SPL203",
        name: "shadowed-field",
        severity: Severity::Warning,
        finds: "an `eval` that overwrites a result of `stats` or one of its `by` fields before anything read it",
        why: "One of the results is lost, because two fields have the same name. Rename one of them.",
        bad: "index=main | stats count values(dest) as dest by user | eval dest=\"none\"",
        good: "index=main | stats count values(dest) as dest by user | eval target=\"none\"",
        by: LintInput::Look(look),
    },
    Lint {
        code: "SPL204",
        name: "rename-over-field",
        severity: Severity::Warning,
        finds: "a `rename` to the name of a field that is there already",
        why: "The field that had the name is lost.",
        bad: "index=main | stats count by user dest | rename user as dest",
        good: "index=main | stats count by user dest | rename user as account",
        by: LintInput::Look(renamed),
    },
];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    // Results of the last aggregation that have not been read.
    let mut unread: BTreeSet<String> = BTreeSet::new();
    for view in &subject.stages {
        for step in &view.steps {
            match step {
                StageEffect::Read(reads) => unread.retain(|name| !reads.has(name)),
                StageEffect::Set(name, reads) => {
                    unread.retain(|made| !reads.has(made));
                    if unread.remove(name)
                        && view.command == "eval"
                        && let Some(span) = sets(view.stage, name)
                    {
                        findings.at(span, format!("this overwrites `{name}`, which nothing has read yet"));
                    }
                }
                StageEffect::Sum(_, made) => unread = made.known.iter().cloned().collect(),
                StageEffect::Rename(from, to) => {
                    unread.retain(|name| !from.matches(name) && !to.matches(name));
                }
                StageEffect::Unknown => unread.clear(),
                StageEffect::Source(_)
                | StageEffect::Keep(_)
                | StageEffect::Table(_)
                | StageEffect::Drop(_)
                | StageEffect::Join(_) => {}
            }
        }
    }
}

fn renamed(subject: &Subject<'_>, findings: &mut Findings) {
    for view in &subject.stages {
        let mut fields = view.before.clone();
        for step in &view.steps {
            if let StageEffect::Rename(from, to) = step
                && !from.is_wild()
                && from != to
                && fields.known.contains(&from.text)
                && fields.known.contains(&to.text)
                && let Some(span) = sets(view.stage, &to.text)
            {
                let message = format!("there is a field `{}` already, which is lost", to.text);
                findings.at(span, message);
            }
            fields = after(step, fields);
        }
    }
}
