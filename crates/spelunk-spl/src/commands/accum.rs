//! `accum`: running totals.

use crate::commands::args::{Args, source_and_target};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::build::{call, field};
use crate::plan::schema::Pattern;
use crate::plan::stream::Stream;
use crate::plan::{AggregateCall, AggregateInput, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "accum",
    category: Category::Fields,
    synopsis: "accum <field> [AS <field>]",
    doc: "The sum of a field over the rows up to each row, in the field itself or in another. Rows whose value is not a number are skipped.",
    examples: &[(
        "| makeresults count=3 | eval v=2 | accum v AS total | table v total",
        "{\"v\":2,\"total\":2}\n{\"v\":2,\"total\":4}\n{\"v\":2,\"total\":6}",
    )],
    page: "SearchReference/Accum",
    args: Rule::accum_args,
    plan,
    ..DEFAULT
};

/// Temporary column of the running sum, before rows without a number are excluded.
const SUM: &str = "__sum";

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let (from, to) = source_and_target(&args)
        .ok_or_else(|| Error::syntax(stage.span, "`accum` needs a field"))?;
    let (sum, _) = stats_function("sum").ok_or_else(|| Error::internal("there is no sum"))?;
    let summed = Plan::Stream {
        input: Box::new(Planner::rows_or_events(input)),
        stream: Box::new(Stream {
            aggregates: vec![AggregateCall {
                function: sum,
                parameter: None,
                arg: AggregateInput::Field(Pattern::exact(&from.text)),
                name: SUM.to_owned(),
                span: stage.span,
            }],
            ..Stream::over_all(stage.span)
        }),
    };
    let otherwise = match to {
        Some(_) => call("null", Vec::new()),
        None => field(&from.text),
    };
    let is_number = call("isnotnull", vec![call("tonumber", vec![field(&from.text)])]);
    let value = call("if", vec![is_number, field(SUM), otherwise]);
    let target = to.unwrap_or(from);
    Ok(summed.set(target.text.clone(), value).drop(&[SUM]))
}
