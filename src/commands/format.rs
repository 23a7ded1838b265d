//! `format`: the rows as the text of a search expression.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "format",
    category: Category::Combining,
    synopsis: "format [mvsep=<text>] [maxresults=<N>] [emptystr=<text>] [\"<row prefix>\" \"<column prefix>\" \"<column separator>\" \"<column end>\" \"<row separator>\" \"<row end>\"]",
    options: &[
        ("mvsep", "OR", "what stands between the values of a multivalue"),
        ("maxresults", "0", "rows taken; 0 for all"),
        ("emptystr", "NOT( )", "the text when there is no row"),
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
    let parts = match given.len() {
        0 => ["(", "(", "AND", ")", "OR", ")"].map(str::to_owned),
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
        value_separator: args.text("mvsep", "OR"),
        empty: args.text("emptystr", "NOT( )"),
    }))
}

/// Rows to the text of a search expression.
#[derive(Debug)]
struct Format {
    parts: [String; 6],
    value_separator: String,
    empty: String,
}

impl Kernel for Format {
    fn describe(&self) -> String {
        "format".to_owned()
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let mut columns: Vec<_> = input
            .columns()
            .iter()
            .filter(|c| !c.name.starts_with('_'))
            .collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let [row_prefix, column_prefix, and, column_end, or, row_end] = &self.parts;
        let mut rows = Vec::new();
        for row in 0..input.height() {
            let mut terms = Vec::new();
            for column in &columns {
                let values: Vec<String> = column.values[row]
                    .clone()
                    .into_values()
                    .iter()
                    .map(|v| term(&column.name, v))
                    .collect();
                match values.len() {
                    0 => {}
                    1 => terms.extend(values),
                    _ => terms.push(format!(
                        "( {} )",
                        values.join(&format!(" {} ", self.value_separator))
                    )),
                }
            }
            if !terms.is_empty() {
                rows.push(format!(
                    "{column_prefix} {} {column_end}",
                    terms.join(&format!(" {and} "))
                ));
            }
        }
        let text = if rows.is_empty() {
            self.empty.clone()
        } else {
            format!("{row_prefix} {} {row_end}", rows.join(&format!(" {or} ")))
        };
        let mut out = Table::new(1);
        out.set("search", Type::Text, vec![Value::text(text)]);
        Ok(out)
    }
}

/// `field="value"`; fields named `search` or `query` stand as they are.
pub(super) fn term(name: &str, value: &str) -> String {
    if matches!(name.to_ascii_lowercase().as_str(), "search" | "query") {
        return value.to_owned();
    }
    let name = if name.contains([' ', '"', '=', ',', '(', ')']) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    };
    format!("{name}={}", quoted(value))
}

/// A value in quotes.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
