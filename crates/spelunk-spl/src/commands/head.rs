//! `head`: the first rows.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "head",
    category: Category::Ordering,
    synopsis: "head [<N>] [limit=<N>]",
    options: &[
        ("limit", "10", "rows kept"),
        ("null", "false", "with a condition: whether to keep a row for which it is null"),
        ("keeplast", "false", "with a condition: keeps the row that ends the rows"),
    ],
    doc: "Keeps the first rows, 10 by default.",
    examples: &[("| makeresults count=5 | head 2 | stats count", r#"{"count":2}"#)],
    page: "SearchReference/Head",
    args: Rule::head_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    let rows = Planner::rows_or_events(input);
    let condition = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Expr(expr) => Some(expr.clone()),
        _ => None,
    });
    if let Some(condition) = condition {
        if let crate::syntax::ast::ExprKind::Number(..) | crate::syntax::ast::ExprKind::Field(_) =
            condition.kind
        {
            return Err(Error::argument(
                condition.span,
                "`head` takes a number of rows or a condition in parentheses",
            ));
        }
        let limit = args.number("limit", usize::MAX >> 1)?;
        return Ok(Plan::TakeWhile {
            input: Box::new(rows),
            condition,
            limit,
            null: args.flag("null", false)?,
            keep_last: args.flag("keeplast", false)?,
        });
    }
    let count = args.count("limit", 10)?;
    if let Some(extra) = args.rest.first() {
        return Err(Error::new(ErrorKind::BadArgument(
            "`head` takes one number".into(),
        ))
        .at(extra.span));
    }
    Ok(Plan::Limit {
        input: Box::new(rows),
        count,
        tail: false,
    })
}
