//! `contingency`: the number of times that the values of two fields occur together.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::kernels::contingency::{COUNT, Contingency};
use crate::plan::{AggregateCall, AggregateInput, ByField, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};
use crate::value::parse_number;

pub(super) const COMMAND: Command = Command {
    name: "contingency",
    aliases: &["counttable", "ctable"],
    category: Category::Reporting,
    synopsis: "contingency [<options>] <field> <field>",
    options: &[
        ("maxrows", "0", "rows at most, the most frequent values; 0 for 1000"),
        ("maxcols", "0", "columns at most, the most frequent values; 0 for 1000"),
        ("mincolcover", "1.0", "share of all events that the columns must hold; then the rest is left out"),
        ("minrowcover", "1.0", "share of all events that the rows must hold; then the rest is left out"),
        ("usetotal", "true", "whether a row and a column have the sums"),
        ("totalstr", "TOTAL", "their name"),
    ],
    doc: "A table of how often each value of the first field comes with each value of the second, the most frequent ones first.",
    examples: &[(
        "| makeresults count=3 | streamstats count AS n | eval a=if(n>1,\"x\",\"y\"), b=\"z\" | contingency a b",
        "{\"a\":\"x\",\"z\":2,\"TOTAL\":2}\n{\"a\":\"y\",\"z\":1,\"TOTAL\":1}\n{\"a\":\"TOTAL\",\"z\":3,\"TOTAL\":3}",
    )],
    page: "SearchReference/Contingency",
    args: Rule::contingency_args,
    plan,
};

/// Maximum number of values of a field.
const MOST: usize = 1000;

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [row, column] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`contingency` takes two fields"));
    };
    let (count, _) = stats_function("count").ok_or_else(|| Error::internal("there is no count"))?;
    let by = |name: &Name| ByField {
        name: name.text.clone(),
        span: None,
        distinct: false,
    };
    let most = |name: &str| -> Result<usize> {
        Ok(match args.number(name, 0)? {
            0 => MOST,
            n => n.min(MOST),
        })
    };
    let cover = |name: &str| match args.get(name) {
        None => Ok(1.0),
        Some(l) => parse_number(&l.text)
            .filter(|n| (0.0..=1.0).contains(n))
            .ok_or_else(|| Error::argument(l.span, format!("`{name}` takes a number from 0 to 1"))),
    };
    let kernel = Contingency {
        row: row.text.clone(),
        column: column.text.clone(),
        rows: (most("maxrows")?, cover("minrowcover")?),
        columns: (most("maxcols")?, cover("mincolcover")?),
        total: args
            .flag("usetotal", true)?
            .then(|| args.text("totalstr", "TOTAL")),
    };
    let counted = Plan::Aggregate {
        input: Box::new(Planner::rows_or_events(input)),
        aggregates: vec![AggregateCall {
            function: count,
            parameter: None,
            arg: AggregateInput::Row,
            name: COUNT.to_owned(),
            span: stage.span,
        }],
        by: vec![by(row), by(column)],
        fill: None,
        all_numbers: false,
        sorted: true,
    };
    Ok(counted.apply(kernel))
}
