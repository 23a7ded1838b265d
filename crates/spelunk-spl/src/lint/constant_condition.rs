//! Comparisons of literals, which have the same result for every row.

use crate::lint::ast_queries::expressions;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL106",
    name: "constant-condition",
    severity: Severity::Warning,
    finds: "a comparison of a text in double quotes with a literal in `where` or `eval`",
    why: "Double quotes make a text, not a field: `where \"Event Code\"=4688` compares the words with the number and \
          never holds. Put a field with spaces or dots in its name in single quotes. (`1=1`, as the last \
          condition of `case`, is not reported.)",
    bad: "index=main | where \"Event Code\"=4688",
    good: "index=main | where 'Event Code'=4688",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        for expr in expressions(stage) {
            expr.each(&mut |found| {
                let ExprKind::Binary(op, left, right) = &found.kind else {
                    return;
                };
                let compares = matches!(
                    op,
                    BinaryOp::Eq
                        | BinaryOp::Ne
                        | BinaryOp::Lt
                        | BinaryOp::Le
                        | BinaryOp::Gt
                        | BinaryOp::Ge
                        | BinaryOp::Like
                );
                if let (true, Some(text)) = (compares && is_literal(right), text(left)) {
                    findings
                        .at(found.span, "this is the same for every row: it compares two literals")
                        .hint(format!("if the field is meant: '{text}'"));
                }
            });
        }
    }
}

fn text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Text(text) => Some(text),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Text(_) | ExprKind::Number(..))
}
