//! `strcat`: concatenates fields and strings.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::build::{binary, call, field, text};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, BinaryOp, Expr, Stage};

pub(super) const COMMAND: Command = Command {
    name: "strcat",
    category: Category::Fields,
    synopsis: "strcat [allrequired=<bool>] <field or \"text\">... <target field>",
    options: &[(
        "allrequired",
        "false",
        "whether the target stays missing where one of the fields is",
    )],
    doc: "Joins fields and quoted texts into the last field. A missing field counts as the empty text.",
    examples: &[(
        "| makeresults | eval host=\"h1\", port=80 | strcat host \":\" port addr | table addr",
        r#"{"addr":"h1:80"}"#,
    )],
    page: "SearchReference/Strcat",
    args: Rule::strcat_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let mut args = Args::new(&COMMAND, stage)?;
    let all_required = args.flag("allrequired", false)?;
    let target = match args.rest.pop().map(|a| &a.kind) {
        Some(ArgKind::Field(target)) if !args.rest.is_empty() => target,
        _ => {
            return Err(Error::syntax(
                stage.span,
                "`strcat` needs something to join and, last, a field to put it into",
            ));
        }
    };
    let part = |kind: &ArgKind| -> Option<Expr> {
        match kind {
            ArgKind::Field(name) if all_required => Some(field(&name.text)),
            ArgKind::Field(name) => Some(call("coalesce", vec![field(&name.text), text("")])),
            ArgKind::Literal(literal) => Some(text(&literal.text)),
            _ => None,
        }
    };
    let joined = args
        .rest
        .iter()
        .filter_map(|a| part(&a.kind))
        .reduce(|left, right| binary(left, BinaryOp::Concat, right))
        .unwrap_or_else(|| text(""));
    Ok(Planner::rows_or_events(input).set(&target.text, joined))
}
