//! Reads of fields that no row can have.

use std::collections::BTreeSet;

use crate::lint::ast_queries::{expressions, reads};
use crate::lint::{LintInput, Findings, Lint, Severity, StageView, Subject};
use crate::error::nearest;
use crate::plan::dataflow::{FieldSet, StageEffect, after};
use crate::syntax::ast::ExprKind;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL202",
    name: "missing-field",
    severity: Severity::Warning,
    finds: "a field that is read where no row can have it any more",
    why: "After `stats`, `chart`, `table` and the like only the fields that they name are left. A condition on another \
          one never holds, and a value computed of it is missing. Add the field to `by` or to the aggregations, or \
          mend the name. Fields asked for with `coalesce`, `isnull` or `isnotnull` are not reported.",
    bad: "index=main | stats count by user | where dest=\"dc1\"",
    good: "index=main | stats count by user dest | where dest=\"dc1\"",
    by: LintInput::Look(look),
}];

/// Functions that expect fields to be missing.
const GUARDS: &[&str] = &["coalesce", "isnull", "isnotnull", "mvappend", "validate", "nullif", "typeof"];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for (at, view) in subject.stages.iter().enumerate() {
        // Another lint reports fields that a data set lacks.
        if at == 0 {
            continue;
        }
        let guarded = guarded(view);
        let mut fields = view.before.clone();
        for step in &view.steps {
            if !fields.may_have_more {
                for name in missing(step, &fields, view.command) {
                    let plain = !name.starts_with('_') && !guarded.contains(&name);
                    if !plain || !told.insert(name.clone()) {
                        continue;
                    }
                    if let Some(span) = reads(view.stage, &name) {
                        let found = findings.at(span, format!("no row has the field `{name}` here"));
                        let known = fields.known.iter().map(String::as_str);
                        if let Some(near) = nearest(&name, known) {
                            found.hint(format!("did you mean `{near}`?"));
                        } else if fields.known.len() <= 12 {
                            let known: Vec<&str> = fields.known.iter().map(String::as_str).collect();
                            found.hint(format!("there are: {}", known.join(", ")));
                        }
                    }
                }
            }
            fields = after(step, fields);
        }
    }
}

fn missing(step: &StageEffect, fields: &FieldSet, command: &str) -> Vec<String> {
    let absent = |names: &[String]| -> Vec<String> {
        // `a.b` may be two concatenated fields; `null` is written for `null()` and works as well.
        let parts = |name: &str| name.split('.').all(|part| fields.may_have(part));
        let each = names.iter().filter(|name| !fields.may_have(name) && !parts(name));
        each.filter(|name| !name.eq_ignore_ascii_case("null"))
            .cloned()
            .collect()
    };
    match step {
        StageEffect::Read(reads) | StageEffect::Sum(reads, _) => absent(&reads.names),
        // A field computed from itself fills in missing values, except in `eval`.
        StageEffect::Set(name, reads) if command != "eval" => {
            let mut names = absent(&reads.names);
            names.retain(|read| read != name);
            names
        }
        StageEffect::Set(_, reads) => absent(&reads.names),
        StageEffect::Table(patterns) => {
            let exact = patterns.iter().filter(|p| !p.is_wild());
            absent(&exact.map(|p| p.text.clone()).collect::<Vec<_>>())
        }
        StageEffect::Rename(from, _) if !from.is_wild() => absent(std::slice::from_ref(&from.text)),
        StageEffect::Rename(..)
        | StageEffect::Source(_)
        | StageEffect::Keep(_)
        | StageEffect::Drop(_)
        | StageEffect::Join(_)
        | StageEffect::Unknown => Vec::new(),
    }
}

/// The fields that a stage reads inside these functions.
fn guarded(view: &StageView<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for expr in expressions(view.stage) {
        expr.each(&mut |found| {
            if let ExprKind::Call(function, args) = &found.kind
                && GUARDS.iter().any(|g| function.text.eq_ignore_ascii_case(g))
            {
                for arg in args {
                    names.extend(crate::plan::analysis::fields_of(arg));
                }
            }
        });
    }
    names
}
