//! What `top` and `rare` share: counts by value, ranked, cut, with their share.

use crate::commands::args::{Args, names, texts};
use crate::commands::{Command, OptionRow, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::context::PlanContext;
use crate::plan::table::{Table, type_of_values};
use crate::plan::{AggregateCall, AggregateInput, ByField, Kernel, Plan};
use crate::syntax::ast::{ArgKind, Stage};
use crate::value::{Type, Value, sort_order};

pub(super) const OPTIONS: &[OptionRow] = &[
    ("limit", "10", "rows of each group; 0 for all"),
    ("countfield", "count", "the field of the count"),
    ("percentfield", "percent", "the field of the share"),
    ("showcount", "true", "whether the count is shown"),
    ("showperc", "true", "whether the share is shown"),
    (
        "useother",
        "false",
        "whether a row sums up what the limit cuts",
    ),
    ("otherstr", "OTHER", "the value of that row"),
];

pub(super) fn plan(
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

/// The column in which counts arrive.
const COUNT: &str = "__count";

/// Ranks counted values within their groups.
#[derive(Debug)]
struct Rank {
    name: &'static str,
    by: Vec<String>,
    fields: Vec<String>,
    ascending: bool,
    limit: usize,
    count: Option<String>,
    percent: Option<String>,
    other: Option<String>,
}

impl Kernel for Rank {
    fn describe(&self) -> String {
        format!(
            "{} limit={} {}",
            self.name,
            self.limit,
            self.fields.join(" ")
        )
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let count = |row: usize| input.value(COUNT, row).as_number().unwrap_or(0.0);
        let group_order = |a: usize, b: usize| {
            self.by
                .iter()
                .map(|f| sort_order(&input.value(f, a), &input.value(f, b)))
                .find(|o| o.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        };
        let mut order: Vec<usize> = (0..input.height()).collect();
        order.sort_by(|&a, &b| {
            let by_count = count(a).total_cmp(&count(b));
            group_order(a, b).then(if self.ascending {
                by_count
            } else {
                by_count.reverse()
            })
        });
        // A row of the result: the input row it shows (for its fields, unless it is the rest).
        let mut rows: Vec<(usize, bool, f64, f64)> = Vec::new();
        for group in order.chunk_by(|&a, &b| group_order(a, b).is_eq()) {
            let total: f64 = group.iter().map(|&r| count(r)).sum();
            let kept = if self.limit == 0 {
                group.len()
            } else {
                self.limit.min(group.len())
            };
            for &row in &group[..kept] {
                rows.push((row, false, count(row), total));
            }
            let rest: f64 = group[kept..].iter().map(|&r| count(r)).sum();
            if self.other.is_some() && rest > 0.0 {
                rows.push((group[0], true, rest, total));
            }
        }
        let mut out = Table::new(rows.len());
        for name in self.by.iter().chain(&self.fields) {
            let is_by = self.by.contains(name);
            let values: Vec<Value<'static>> = rows
                .iter()
                .map(|&(row, rest, _, _)| match &self.other {
                    Some(other) if rest && !is_by => Value::text(other.clone()),
                    _ => input.value(name, row).into_owned(),
                })
                .collect();
            let kind = input.column(name).map_or(Type::Text, |c| c.kind);
            out.set(name.clone(), kind.join(type_of_values(&values)), values);
        }
        if let Some(name) = &self.count {
            let values = rows.iter().map(|r| Value::Num(r.2)).collect();
            out.set(name.clone(), Type::Number, values);
        }
        if let Some(name) = &self.percent {
            let share = |n: f64, total: f64| (n / total * 1e8).round() / 1e6;
            let values = rows.iter().map(|r| Value::Num(share(r.2, r.3))).collect();
            out.set(name.clone(), Type::Number, values);
        }
        Ok(out)
    }
}
