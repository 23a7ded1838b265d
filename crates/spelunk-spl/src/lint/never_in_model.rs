//! Comparisons with values that a data model never gives a field, because it calculates it otherwise.

use crate::lint::globs::overlap;
use crate::lint::ast_queries::{each_search, searches};
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::knowledge::models::{Calculation, Dataset};
use crate::plan::expr::bind::Binder;
use crate::plan::schema::Schema;
use crate::plan::texts::parse_expression;
use crate::plan::{Plan, Scan};
use crate::syntax::ast::{CompareOp, Expr, ExprKind, Search};
use crate::value::Value;

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL108",
    name: "never-in-model",
    severity: Severity::Warning,
    finds: "a comparison with a value that the data model never assigns to the field",
    why: "The data models of the CIM put `unknown` in place of many missing and empty values, so that \
          `Processes.user=\"\"` and `NOT Processes.user=*` never hold: compare with `unknown`. Of a field that is one of a \
          few texts, other texts never come.",
    bad: "| tstats summariesonly=true count from datamodel=Endpoint.Processes where Processes.user=\"\"",
    good: "| tstats summariesonly=true count from datamodel=Endpoint.Processes where Processes.user=unknown",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for view in subject.stages.iter().filter(|view| view.command == "tstats") {
        let Some(dataset) = view.plan.as_ref().and_then(|plan| scanned(plan, subject)) else {
            continue;
        };
        for search in searches(view.stage) {
            each_search(search, &mut |found| match found {
                Search::Not(inner) => {
                    if let Search::Compare { field, op, value } = &**inner
                        && *op == CompareOp::Eq
                        && value.text == "*"
                        && calculated(subject, dataset, &field.text).is_some_and(|c| c.always)
                    {
                        let message = format!("the data model always fills `{}`", field.text);
                        findings
                            .at(field.span.to(value.span), message)
                            .hint("missing values are `unknown` there");
                    }
                }
                Search::Compare {
                    field,
                    op: CompareOp::Eq,
                    value,
                } => {
                    let Some(calculated) = calculated(subject, dataset, &field.text) else {
                        return;
                    };
                    let span = field.span.to(value.span);
                    if let Some(values) = &calculated.values
                        && values.iter().all(|known| !overlap(&value.text, known))
                    {
                        let message = format!("the data model never makes `{}` that", field.text);
                        findings
                            .at(span, message)
                            .hint(format!("it is one of: {}", values.join(", ")));
                    } else if value.text.is_empty() && calculated.always {
                        let message = format!("the data model never leaves `{}` empty", field.text);
                        findings
                            .at(span, message)
                            .hint("missing values are `unknown` there");
                    }
                }
                _ => {}
            });
        }
    }
}

/// The data set that a plan scans.
fn scanned<'s>(plan: &Plan, subject: &Subject<'s>) -> Option<&'s Dataset> {
    if let Plan::Scan(Scan::Model { model, dataset, .. }) = plan {
        let mut given = subject.context.given_models.iter();
        if given.any(|m| m.eq_ignore_ascii_case(&model.text)) {
            return None;
        }
        let model = subject.context.catalog.models.get(&model.text)?;
        return match dataset {
            Some(name) => model.dataset(&name.text),
            None => model.root(),
        };
    }
    scanned(plan.inputs().first()?, subject)
}

/// The possible values of a calculated field.
struct Calculated {
    /// All its values, if the calculation lists them.
    values: Option<Vec<String>>,
    /// Never missing or empty, whatever the event contains.
    always: bool,
}

fn calculated(subject: &Subject<'_>, dataset: &Dataset, field: &str) -> Option<Calculated> {
    let own = field.rsplit('.').next()?;
    let expression = dataset.calculations.iter().rev().find_map(|c| match c {
        Calculation::Eval { field, expression } if field == own => Some(expression),
        _ => None,
    })?;
    let expr = parse_expression(subject.context, expression).ok()?;
    let mut values = Vec::new();
    let all_written = outcomes(&expr, &mut values);
    let always = [Value::Null, Value::text("")]
        .into_iter()
        .all(|input| gives_something(subject, &expr, &input));
    Some(Calculated {
        values: (all_written && !values.is_empty()).then_some(values),
        always,
    })
}

/// Collects the literal results of an expression; returns false if some are not literals.
fn outcomes(expr: &Expr, out: &mut Vec<String>) -> bool {
    match &expr.kind {
        ExprKind::Text(text) | ExprKind::Number(_, text) => {
            if !out.contains(text) {
                out.push(text.clone());
            }
            true
        }
        ExprKind::Call(name, args) => match (name.text.to_ascii_lowercase().as_str(), args.as_slice())
        {
            ("if", [_, yes, no]) => outcomes(yes, out) && outcomes(no, out),
            ("case", args) => args.iter().skip(1).step_by(2).all(|value| outcomes(value, out)),
            ("null", []) => true,
            _ => false,
        },
        _ => false,
    }
}

/// Whether an expression is neither null nor empty if all fields are `input`.
fn gives_something(subject: &Subject<'_>, expr: &Expr, input: &Value<'_>) -> bool {
    let schema = Schema::new();
    let no_search = |_: &str| Err(crate::error::Error::data("an event type is expected here"));
    let Ok(program) = Binder::new(&schema, &no_search).any(expr) else {
        return false;
    };
    let row = vec![input.borrowed(); program.slots.len()];
    program
        .eval(&subject.context.clock, &row)
        .is_ok_and(|value| value.as_text().is_some_and(|text| !text.is_empty()))
}
