//! `gauge`: a value and ranges, as used by gauges.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::{field, number};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, Plan, Projection, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{Expr, Name, Stage};
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "gauge",
    category: Category::Reporting,
    synopsis: "gauge <field or number> [<field or number>...]",
    doc: "Returns the value as `x` and the bounds of the ranges, 0 and 100 by default, as `y1`, `y2`, ...",
    examples: &[(
        "| makeresults | eval n=7 | gauge n 0 10 20",
        r#"{"x":7,"y1":0,"y2":10,"y3":20}"#,
    )],
    page: "SearchReference/Gauge",
    args: Rule::gauge_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let Some((value, ranges)) = fields.split_first() else {
        return Err(Error::syntax(stage.span, "`gauge` needs a value"));
    };
    let of = |name: &Name| -> Expr {
        match parse_number(&name.text) {
            Some(n) if !name.quoted => number(n),
            _ => field(&name.text),
        }
    };
    let ends: Vec<Expr> = if ranges.is_empty() {
        vec![number(0.0), number(100.0)]
    } else {
        ranges.iter().map(|n| of(n)).collect()
    };
    // Uses temporary names first, because `x` may be one of the fields.
    let values = std::iter::once(of(value)).chain(ends);
    let (mut columns, mut names) = (Vec::new(), Vec::new());
    for (at, value) in values.enumerate() {
        let name = if at == 0 { "x".to_owned() } else { format!("y{at}") };
        columns.push(Assignment {
            target: Target::Field(format!("__gauge_{name}")),
            value,
        });
        names.push(Pattern::exact(&name));
    }
    let renamed = Plan::Rename {
        input: Box::new(Planner::rows_or_events(input).extend(columns)),
        pairs: vec![(Pattern::new("__gauge_*"), Pattern::new("*"))],
    };
    Ok(Plan::Project {
        input: Box::new(renamed),
        mode: Projection::Table,
        fields: names,
    })
}
