//! Shared by `top` and `rare`: counts by value, ranked and limited, with percentages.

use crate::commands::args::{Args, names, texts};
use crate::commands::{Command, OptionRow, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::kernels::rank::{COUNT, Rank};
use crate::plan::{AggregateCall, AggregateInput, ByField, Plan};
use crate::syntax::ast::{ArgKind, Stage};

pub(crate) const OPTIONS: &[OptionRow] = &[
    ("limit", "10", "rows of each group; 0 for all"),
    ("countfield", "count", "the field of the count"),
    ("percentfield", "percent", "the field of the share"),
    ("showcount", "true", "whether the count is shown"),
    ("showperc", "true", "whether the share is shown"),
    (
        "useother",
        "false",
        "whether to add a row for values beyond the limit",
    ),
    ("otherstr", "OTHER", "the value of that row"),
];

pub(crate) fn plan(
    command: &Command,
    stage: &Stage,
    input: Option<Plan>,
    ascending: bool,
) -> Result<Plan> {
    let mut args = Args::new(command, stage)?;
    let by = texts(&args.by());
    let at = args
        .rest
        .iter()
        .position(|a| matches!(&a.kind, ArgKind::Keyword(_)))
        .unwrap_or(args.rest.len());
    args.rest.truncate(at);
    let limit = args.count("limit", 10)?;
    let fields = texts(&names(&args.rest));
    if fields.is_empty() {
        return Err(Error::syntax(
            stage.span,
            format!("`{}` needs a field", command.name),
        ));
    }
    let (count, _) = stats_function("count").ok_or_else(|| Error::internal("there is no count"))?;
    let counted = Plan::Aggregate {
        input: Box::new(Planner::rows_or_events(input)),
        aggregates: vec![AggregateCall {
            function: count,
            parameter: None,
            arg: AggregateInput::Row,
            name: COUNT.to_owned(),
            span: stage.span,
        }],
        by: by
            .iter()
            .chain(&fields)
            .map(|name| ByField {
                name: name.clone(),
                span: None,
                distinct: false,
            })
            .collect(),
        fill: None,
        all_numbers: false,
        sorted: false,
    };
    let shown = |show: bool, name: String| show.then_some(name);
    Ok(counted.apply(Rank {
        name: command.name,
        by,
        fields,
        ascending,
        limit,
        count: shown(
            args.flag("showcount", true)?,
            args.text("countfield", "count"),
        ),
        percent: shown(
            args.flag("showperc", true)?,
            args.text("percentfield", "percent"),
        ),
        other: args
            .flag("useother", false)?
            .then(|| args.text("otherstr", "OTHER")),
    }))
}
