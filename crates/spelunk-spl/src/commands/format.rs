//! `format`: formats the rows as the text of a search expression.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::format::Format;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "format",
    category: Category::Combining,
    synopsis: "format [mvsep=<text>] [maxresults=<N>] [emptystr=<text>] [\"<row prefix>\" \"<column prefix>\" \"<column separator>\" \"<column end>\" \"<row separator>\" \"<row end>\"]",
    options: &[
        ("mvsep", "OR", "the separator between the values of a multivalue field"),
        ("maxresults", "0", "rows taken; 0 for all"),
        ("emptystr", "NOT( )", "the text if there are no rows"),
    ],
    doc: "Turns the rows into one row whose field `search` is the search expression that finds them.",
    examples: &[(
        "| makeresults count=1 | eval a=1, b=\"x y\" | table a b | format",
        r#"{"search":"( ( a=\"1\" AND b=\"x y\" ) )"}"#,
    )],
    page: "SearchReference/Format",
    args: Rule::format_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let given: Vec<String> = args
        .rest
        .iter()
        .filter_map(|a| match &a.kind {
            ArgKind::Literal(literal) => Some(literal.text.clone()),
            _ => None,
        })
        .collect();
    let usual = Format::usual();
    let parts = match given.len() {
        0 => usual.parts,
        _ => <[String; 6]>::try_from(given).map_err(|given| {
            Error::argument(
                stage.span,
                format!("`format` takes six texts or none, not {}", given.len()),
            )
            .hint(format!("usage: {}", COMMAND.synopsis))
        })?,
    };
    let most = args.number("maxresults", 0)?;
    let mut rows = Planner::rows_or_events(input);
    if most > 0 {
        rows = Plan::Limit {
            input: Box::new(rows),
            count: most,
            tail: false,
        };
    }
    Ok(rows.apply(Format {
        parts,
        value_separator: args.text("mvsep", &usual.value_separator),
        empty: args.text("emptystr", &usual.empty),
    }))
}
