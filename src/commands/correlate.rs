//! `correlate`: how often fields occur together.

use crate::commands::args::Args;
use crate::commands::figures::{choice, chosen, set};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::Result;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "correlate",
    category: Category::Reporting,
    synopsis: "correlate",
    options: &[("type", "cocur", "there is only co-occurrence")],
    doc: "A matrix of all fields: the share of the rows with one of two fields that have both.",
    examples: &[(
        "| makeresults count=1 | eval a=1, b=2 | fields - _time | correlate",
        "{\"RowField\":\"a\",\"a\":1,\"b\":1}\n{\"RowField\":\"b\",\"a\":1,\"b\":1}",
    )],
    page: "SearchReference/Correlate",
    args: Rule::correlate_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    choice(&args, "type", &[&["cocur"]])?;
    Ok(Planner::rows_or_events(input).apply(Correlate))
}

/// The documentation calls a cell the percentage of times that the two fields exist in the same
/// events; it is taken as a share of the events that have one of them, to two decimals.
#[derive(Debug)]
struct Correlate;

impl Kernel for Correlate {
    fn describe(&self) -> String {
        "correlate".to_owned()
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let rows = input.height();
        let present: Vec<(String, Vec<bool>)> = chosen(&input, &[])
            .into_iter()
            .map(|name| {
                let there = (0..rows).map(|r| !input.value(&name, r).is_null()).collect();
                (name, there)
            })
            .filter(|(_, there): &(String, Vec<bool>)| there.contains(&true))
            .collect();
        let mut out = Table::new(present.len());
        let names = present.iter().map(|(n, _)| Value::text(n.clone())).collect();
        set(&mut out, "RowField", names);
        for (name, column) in &present {
            let share = |other: &[bool]| {
                let both = other.iter().zip(column).filter(|(a, b)| **a && **b).count();
                let either = other.iter().zip(column).filter(|(a, b)| **a || **b).count();
                Value::number((both as f64 / either as f64 * 100.0).round() / 100.0)
            };
            let shares = present.iter().map(|(_, other)| share(other)).collect();
            set(&mut out, name.clone(), shares);
        }
        Ok(out)
    }
}
