//! `*` where it is not a wildcard.
//!
//! Search Reference, "where": the wildcards are those of `like`, `%` and `_`.

use crate::lint::ast_queries::expressions;
use crate::lint::{LintInput, Findings, Lint, Severity, Subject};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

pub(super) const LINTS: &[Lint] = &[Lint {
    code: "SPL104",
    name: "literal-star",
    severity: Severity::Warning,
    finds: "a `*` in a comparison of `where` or `eval`, where it is an asterisk and no wildcard",
    why: "`where process=\"*mimikatz*\"` finds only a process that is called so, asterisks included. Use `search`, \
          `like(process, \"%mimikatz%\")` or `match()`.",
    bad: "index=main | where process=\"*mimikatz*\"",
    good: "index=main | where like(process, \"%mimikatz%\")",
    by: LintInput::Look(look),
}];

fn look(subject: &Subject<'_>, findings: &mut Findings) {
    for stage in subject.every_stage() {
        for expr in expressions(stage) {
            expr.each(&mut |found| judge(found, findings));
        }
    }
}

fn judge(expr: &Expr, findings: &mut Findings) {
    let mut tell = |span: Span, text: &str, what: &str| {
        findings
            .at(span, format!("`*` is not a wildcard {what}: `{text}` is compared literally"))
            .hint("use like(<field>, \"%...%\"), match(<field>, \"<regex>\"), or the command search");
    };
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Eq | BinaryOp::Ne, left, right) => {
            let text = |side: &Expr| starred(side, false);
            // Only a literal on one side is clear; computed texts are not reported.
            if let Some(text) = text(right).or_else(|| text(left)) {
                tell(expr.span, &text, "in a comparison");
            }
        }
        ExprKind::In(_, items) => {
            if let Some((item, text)) = items.iter().find_map(|i| Some((i, starred(i, false)?))) {
                tell(item.span, &text, "in this list");
            }
        }
        ExprKind::Binary(BinaryOp::Like, _, pattern) => {
            if let Some(text) = starred(pattern, true) {
                tell(pattern.span, &text, "of LIKE");
            }
        }
        ExprKind::Call(name, args) if name.text.eq_ignore_ascii_case("like") => {
            if let Some((pattern, text)) = args.get(1).and_then(|p| Some((p, starred(p, true)?))) {
                tell(pattern.span, &text, "of like()");
            }
        }
        _ => {}
    }
}

/// The text of a literal that starts or ends with `*` and has other characters.
fn starred(expr: &Expr, like: bool) -> Option<String> {
    let ExprKind::Text(text) = &expr.kind else {
        return None;
    };
    let more = text.chars().any(|c| c != '*');
    let wild = text.starts_with('*') || text.ends_with('*');
    (more && wild && !(like && text.contains('%'))).then(|| text.clone())
}
