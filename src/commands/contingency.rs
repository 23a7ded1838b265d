//! `contingency`: how often the values of two fields come together.

use std::collections::HashMap;

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{AggregateCall, AggregateInput, ByField, Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::{Name, Stage};
use crate::value::{Type, Value, parse_number, sort_order};

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

/// Values of a field at most.
const MOST: usize = 1000;

const COUNT: &str = "__count";

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

#[derive(Debug)]
struct Contingency {
    row: String,
    column: String,
    /// How many values are shown at most, and what share of the events they must hold.
    rows: (usize, f64),
    columns: (usize, f64),
    total: Option<String>,
}

/// The most frequent values with their counts.
fn frequent(counts: HashMap<String, f64>, (most, cover): (usize, f64)) -> Vec<String> {
    let all: f64 = counts.values().sum();
    let mut values: Vec<(String, f64)> = counts.into_iter().collect();
    values.sort_by(|(a, n), (b, m)| {
        let by_value = || sort_order(&Value::text(a.as_str()), &Value::text(b.as_str()));
        m.total_cmp(n).then_with(by_value)
    });
    let mut held = 0.0;
    values
        .into_iter()
        .take(most)
        .take_while(|(_, count)| {
            let wanted = held < cover * all;
            held += count;
            wanted
        })
        .map(|(value, _)| value)
        .collect()
}

impl Kernel for Contingency {
    fn describe(&self) -> String {
        format!("contingency {} {}", self.row, self.column)
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let text = |name: &str, row: usize| {
            input
                .value(name, row)
                .into_text()
                .map_or_else(String::new, |t| t.into_owned())
        };
        let mut cells: HashMap<(String, String), f64> = HashMap::new();
        let (mut by_row, mut by_column) = (HashMap::new(), HashMap::new());
        for at in 0..input.height() {
            let (row, column) = (text(&self.row, at), text(&self.column, at));
            let count = input.value(COUNT, at).as_number().unwrap_or(0.0);
            *by_row.entry(row.clone()).or_insert(0.0) += count;
            *by_column.entry(column.clone()).or_insert(0.0) += count;
            cells.insert((row, column), count);
        }
        let rows = frequent(by_row, self.rows);
        let columns = frequent(by_column, self.columns);
        let count = |row: &str, column: &str| {
            let key = (row.to_owned(), column.to_owned());
            cells.get(&key).copied().unwrap_or(0.0)
        };
        let mut out = Table::new(rows.len() + usize::from(self.total.is_some()));
        let names = rows.iter().chain(&self.total).cloned().map(Value::text);
        out.set(self.row.clone(), Type::Text, names.collect());
        for column in columns.iter().chain(&self.total) {
            let is_total = !columns.contains(column) && self.total.as_ref() == Some(column);
            let sum = |row: &str| -> f64 {
                if is_total {
                    columns.iter().map(|c| count(row, c)).sum()
                } else {
                    count(row, column)
                }
            };
            let mut values: Vec<f64> = rows.iter().map(|row| sum(row)).collect();
            if self.total.is_some() {
                values.push(values.iter().sum());
            }
            let values = values.into_iter().map(Value::Num).collect();
            out.set(column.clone(), Type::Number, values);
        }
        Ok(out)
    }
}
