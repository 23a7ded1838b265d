//! `where`: keeps the rows for which an expression is true.

use crate::commands::{Category, Command, DEFAULT, Planner, lookup_call};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "where",
    category: Category::Filtering,
    synopsis: "where <condition>",
    doc: "Keeps the rows for which the condition is true. Unlike in `search`, a word without quotes is a \
          field, text is in double quotes, comparison is case-sensitive, and NOT, AND, OR, XOR bind in that order.",
    examples: &[(
        "| makeresults count=2 | eval a=1, b=2 | where a<b AND b!=3 | stats count",
        r#"{"count":2}"#,
    )],
    page: "SearchReference/Where",
    args: Rule::where_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let rows = Planner::rows_or_events(input);
    match stage.args.first().map(|a| &a.kind) {
        Some(ArgKind::Expr(expr)) if lookup_call::is_called(expr) => {
            let resolved = lookup_call::resolve(rows, expr)?;
            let temporary: Vec<&str> = resolved.temporary.iter().map(String::as_str).collect();
            Ok(resolved.rows.filter(resolved.expr).drop(&temporary))
        }
        Some(ArgKind::Expr(expr)) => Ok(rows.filter(expr.clone())),
        _ => Err(Error::syntax(stage.span, "`where` needs a condition")),
    }
}
