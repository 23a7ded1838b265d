//! Contradictory conditions on one field.

use crate::lint::globs::{covers, overlap};
use crate::lint::ast_queries::{conjuncts, each_search, expressions, extent, negated, searches};
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::source::Span;
use crate::syntax::ast::{ArgKind, BinaryOp, CompareOp, Expr, ExprKind, Search, Stage};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL103",
    name: "never-true",
    severity: Severity::Warning,
    finds: "conditions on one field that can't hold together",
    why: "The search never finds anything (unless the field has several values in one event): two different values \
          joined by AND, a value that is excluded as well, a lower bound above the upper one. Usually OR was meant, or \
          `IN (...)`.",
    bad: "index=main action=blocked AND action=allowed",
    good: "index=main action IN (blocked, allowed)",
    by: LintInput::Look(look),
}];

/// A condition on a field.
struct Test {
    field: String,
    span: Span,
    /// The accepted patterns, or the excluded ones.
    values: Vec<String>,
    excluded: bool,
    /// Case-sensitive, and `*` is not a wildcard.
    exact: bool,
    low: Option<f64>,
    high: Option<f64>,
}

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    // A computed field may be multivalued.
    let mut made: Vec<String> = Vec::new();
    for view in &subject.stages {
        for search in searches(view.stage) {
            each_search(search, &mut |found| {
                if let Search::And(parts) = found {
                    compare(&parts.iter().filter_map(of_search).collect::<Vec<_>>(), &made, findings);
                }
            });
        }
        for expr in expressions(view.stage) {
            let tests: Vec<Test> = conjuncts(expr).into_iter().filter_map(of_expr).collect();
            compare(&tests, &made, findings);
        }
        made.extend(computed(view.stage));
    }
}

fn computed(stage: &Stage) -> Vec<String> {
    let each = stage.args.iter().filter_map(|arg| match &arg.kind {
        ArgKind::Assign { field, .. } => Some(field.text.clone()),
        ArgKind::Aggregate(aggregate) => Some(
            aggregate
                .alias
                .as_ref()
                .map_or(aggregate.label.clone(), |alias| alias.text.clone()),
        ),
        ArgKind::Pair { to, .. } => Some(to.text.clone()),
        _ => None,
    });
    each.collect()
}

fn compare(tests: &[Test], made: &[String], findings: &mut Findings) {
    for (at, test) in tests.iter().enumerate() {
        let field = &test.field;
        let several = field.contains("{}") || field.starts_with("tag") || field == "eventtype";
        if several || made.contains(field) {
            continue;
        }
        for before in tests[..at].iter().filter(|b| b.field == *field) {
            if let Some(why) = against(before, test) {
                findings
                    .at(test.span, format!("`{field}` {why}: this never holds"))
                    .hint("use OR or IN (...) if one of them is enough");
                break;
            }
        }
    }
}

/// Why two conditions on one field can't both hold.
fn against(a: &Test, b: &Test) -> Option<String> {
    if let (Some(low), Some(high)) = (a.low.or(b.low), a.high.or(b.high))
        && low > high
    {
        return Some(format!("can't be above {low} and below {high}"));
    }
    if a.values.is_empty() || b.values.is_empty() {
        return None;
    }
    let exact = a.exact || b.exact;
    match (a.excluded, b.excluded) {
        (false, false) => {
            let both = |x: &String, y: &String| if exact { x == y } else { overlap(x, y) };
            let possible = a.values.iter().any(|x| b.values.iter().any(|y| both(x, y)));
            (!possible).then(|| match (a.values.as_slice(), b.values.as_slice()) {
                ([x], [y]) => format!("can't be `{x}` and `{y}` at once"),
                _ => "can't be in both lists at once".to_owned(),
            })
        }
        (true, true) => None,
        (excluded, _) => {
            let (wanted, unwanted) = if excluded { (b, a) } else { (a, b) };
            let out = |x: &String, y: &String| if exact { x == y } else { covers(y, x) };
            let all = |x: &String| unwanted.values.iter().any(|y| out(x, y));
            wanted.values.iter().all(all).then(|| match wanted.values.as_slice() {
                [x] => format!("must be `{x}`, which is excluded as well"),
                _ => "must be one of values that are all excluded as well".to_owned(),
            })
        }
    }
}

fn test(field: &str, span: Span, values: Vec<String>, excluded: bool, exact: bool) -> Option<Test> {
    // Networks match addresses, which a comparison of texts does not show.
    if values.iter().any(|value| value.contains('/') && value.contains(['.', ':'])) {
        return None;
    }
    Some(Test {
        field: field.to_owned(),
        span,
        values,
        excluded,
        exact,
        low: None,
        high: None,
    })
}

fn of_search(part: &Search) -> Option<Test> {
    let span = extent(part)?;
    match part {
        Search::Compare { field, op, value } => {
            let number = || value.text.parse::<f64>().ok();
            let bound = |low, high| Test {
                field: field.text.clone(),
                span,
                values: Vec::new(),
                excluded: false,
                exact: false,
                low,
                high,
            };
            match op {
                CompareOp::Eq => test(&field.text, span, vec![value.text.clone()], false, false),
                CompareOp::Ne => test(&field.text, span, vec![value.text.clone()], true, false),
                CompareOp::Gt | CompareOp::Ge => Some(bound(Some(number()?), None)),
                CompareOp::Lt | CompareOp::Le => Some(bound(None, Some(number()?))),
            }
        }
        Search::In { field, values } => {
            let values = values.iter().map(|v| v.text.clone()).collect();
            test(&field.text, span, values, false, false)
        }
        Search::Not(inner) => {
            let positive = of_search(inner).filter(|test| !test.excluded)?;
            (!positive.values.is_empty()).then_some(Test {
                excluded: true,
                ..positive
            })
        }
        Search::Or(choices) => {
            let tests: Option<Vec<Test>> = choices.iter().map(of_search).collect();
            let tests = tests.filter(|tests| {
                let plain = |t: &Test| !t.excluded && !t.values.is_empty();
                tests.iter().all(|t| plain(t) && t.field == tests[0].field)
            })?;
            let field = tests.first()?.field.clone();
            let values = tests.into_iter().flat_map(|t| t.values).collect();
            test(&field, span, values, false, false)
        }
        Search::And(_)
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => None,
    }
}

fn of_expr(part: &Expr) -> Option<Test> {
    if let Some(inner) = negated(part) {
        let positive = of_expr(inner).filter(|test| !test.excluded)?;
        return Some(Test {
            excluded: true,
            ..positive
        });
    }
    let field = |expr: &Expr| match &expr.kind {
        ExprKind::Field(name) => Some(name.clone()),
        _ => None,
    };
    let value = |expr: &Expr| match &expr.kind {
        ExprKind::Text(text) | ExprKind::Number(_, text) => Some(text.clone()),
        _ => None,
    };
    match &part.kind {
        ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) => {
            let excluded = *op == BinaryOp::Ne;
            test(&field(left)?, part.span, vec![value(right)?], excluded, true)
        }
        ExprKind::In(left, items) => {
            let values: Option<Vec<String>> = items.iter().map(value).collect();
            test(&field(left)?, part.span, values?, false, true)
        }
        _ => None,
    }
}
