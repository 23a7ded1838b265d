//! Comparisons with null.

use crate::lint::ast_queries::expressions;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL105",
    name: "compared-with-null",
    severity: Severity::Warning,
    finds: "a comparison with `null` or `null()` in `where` or `eval`",
    why: "A comparison with nothing is neither true nor false, so that it never holds, `!=` included. Use `isnull()` or \
          `isnotnull()`. `null` without parentheses is a field of that name.",
    bad: "index=main | where user!=null",
    good: "index=main | where isnotnull(user)",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        for expr in expressions(stage) {
            expr.each(&mut |found| {
                let ExprKind::Binary(op, left, right) = &found.kind else {
                    return;
                };
                let equal = matches!(op, BinaryOp::Eq | BinaryOp::Ne);
                if equal && (is_null(left) || is_null(right)) {
                    let instead = if *op == BinaryOp::Eq {
                        "isnull()"
                    } else {
                        "isnotnull()"
                    };
                    findings
                        .at(found.span, "a comparison with nothing never holds")
                        .hint(format!("use {instead}"));
                }
            });
        }
    }
}

fn is_null(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Field(name) => name.eq_ignore_ascii_case("null"),
        ExprKind::Call(name, args) => name.text.eq_ignore_ascii_case("null") && args.is_empty(),
        _ => false,
    }
}
