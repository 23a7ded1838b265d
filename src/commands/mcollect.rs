//! `mcollect`, `meventcollect`: write the rows into an index as metrics.

use crate::commands::args::{Args, texts};
use crate::commands::collect::{Target, renamed};
use crate::commands::metrics::{METRIC, put};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "mcollect",
    aliases: &["meventcollect"],
    category: Category::Combining,
    synopsis: "mcollect index=<index> [split=true|false|allnums] [prefix_field=<field>] [source=<text>] [sourcetype=<text>] [host=<text>] [<dimension>...]",
    options: &[
        ("index", "", "the index that gets the metrics"),
        ("split", "false", "true makes a metric of each field that is no dimension, allnums of each that holds only numbers"),
        ("prefix_field", "", "the field whose value stands before the names of metrics"),
        ("source", "mcollect", "their source"),
        ("sourcetype", "mcollect_stash", "their sourcetype"),
        ("host", "localhost", "their host"),
        ("file", "", "accepted: the store names its files itself"),
        ("marker", "", "accepted"),
        ("spool", "true", "accepted"),
        ("run_in_preview", "false", "accepted"),
    ],
    doc: "Adds the rows to an index of the store as metrics, when the search has succeeded, and hands them on. A row needs metric_name and _value, or fields \
          named metric_name:<metric>; with split, metrics are made of its fields, those named being dimensions.",
    page: "SearchReference/Mcollect",
    args: Rule::mcollect_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let index = args
        .get("index")
        .ok_or_else(|| Error::syntax(stage.span, "`mcollect` needs an index"))?;
    let split = match args.text("split", "false").to_ascii_lowercase().as_str() {
        "allnums" => Split::Numbers,
        _ if args.flag("split", false)? => Split::Fields,
        _ => Split::No,
    };
    Ok(Planner::rows_or_events(input).apply(Metrics {
        target: Target {
            index: index.text.clone(),
            source: args.text("source", "mcollect"),
            sourcetype: args.text("sourcetype", "mcollect_stash"),
            host: args.text("host", "localhost"),
        },
        split,
        prefix: args.get("prefix_field").map(|l| l.text.clone()),
        dimensions: texts(&args.fields()),
        span: stage.span,
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Split {
    No,
    Fields,
    Numbers,
}

#[derive(Debug)]
struct Metrics {
    target: Target,
    split: Split,
    prefix: Option<String>,
    dimensions: Vec<String>,
    span: Span,
}

impl Kernel for Metrics {
    fn describe(&self) -> String {
        format!("collect metrics into {}", self.target.index)
    }

    fn run(&self, rows: Table, context: &PlanContext) -> Result<Table> {
        if rows.height() == 0 {
            return Ok(rows);
        }
        let metrics = match self.split {
            Split::No => self.named(rows.clone())?,
            Split::Fields | Split::Numbers => self.of_fields(rows.clone()),
        };
        let mut metrics = renamed(metrics);
        let now = context.clock.now;
        let times = (0..rows.height())
            .map(|row| Value::Num(rows.value("_time", row).as_number().unwrap_or(now)))
            .collect();
        metrics.set("_time", Type::Time, times);
        self.target.write(metrics, context);
        Ok(rows)
    }
}

impl Metrics {
    fn name(&self, rows: &Table, row: usize, metric: &str) -> String {
        let prefix = self.prefix.as_ref().map(|f| rows.value(f, row));
        match prefix.as_ref().and_then(Value::as_text) {
            Some(prefix) => format!("{METRIC}{prefix}.{metric}"),
            None => format!("{METRIC}{metric}"),
        }
    }

    /// `metric_name` and `_value` become one field for each metric.
    fn named(&self, mut rows: Table) -> Result<Table> {
        if rows.columns().iter().any(|c| c.name.starts_with(METRIC)) {
            return Ok(rows);
        }
        let (Some(names), Some(values)) = (rows.take("metric_name"), rows.take("_value")) else {
            return Err(Error::argument(
                self.span,
                "`mcollect` needs the fields metric_name and _value, or split=true",
            ));
        };
        for (row, (name, value)) in names.values.iter().zip(&values.values).enumerate() {
            if let Some(metric) = name.as_text() {
                let name = self.name(&rows, row, &metric);
                put(&mut rows, &name, row, value.clone());
            }
        }
        Ok(rows)
    }

    /// Fields that are no dimensions become metrics.
    fn of_fields(&self, rows: Table) -> Table {
        let height = rows.height();
        let mut out = Table::new(height);
        for column in rows.columns() {
            let named = self.dimensions.contains(&column.name)
                || column.name.starts_with('_')
                || self.prefix.as_ref() == Some(&column.name);
            let numbers = || {
                let mut values = column.values.iter().filter(|v| !v.is_null());
                values.all(|v| v.as_number().is_some())
            };
            if named || column.name.starts_with(METRIC) || self.split == Split::Numbers && !numbers()
            {
                out.set(column.name.clone(), column.kind, column.values.clone());
                continue;
            }
            for (row, value) in column.values.iter().enumerate() {
                if let Some(number) = value.as_number() {
                    let name = self.name(&rows, row, &column.name);
                    put(&mut out, &name, row, Value::Num(number));
                }
            }
        }
        out
    }
}
