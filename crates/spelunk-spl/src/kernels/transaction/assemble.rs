//! Combines the events of each transaction.

use std::borrow::Cow;

use crate::error::{Error, Result};
use crate::functions::stats::{GroupValues, StatsFunction, StatsGroup, Takes, stats_function};
use crate::kernels::transaction::group::{CLOSED, ORPHAN, TRANSACTION};
use crate::plan::build::{call, field, text};
use crate::plan::context::QueryContext;
use crate::plan::schema::{Pattern, Schema};
use crate::plan::table::Table;
use crate::plan::{
    AggregateCall, AggregateInput, Assignment, ByField, ColumnKernel, EACH, Plan, SortKey,
    SortOrder, Target,
};
use crate::source::Span;
use crate::value::{Type, Value};

/// How to show the values of the events.
pub(crate) struct Rendering {
    /// Whether to include events that are in no transaction.
    pub orphans: bool,
    /// Patterns of the fields whose values become a list, one per event; others become a sorted set.
    pub lists: Vec<String>,
    /// Whether `_raw` is a multivalue.
    pub raw_list: bool,
    /// Replacement for a missing value in a list.
    pub null: String,
}

/// Marks a missing value until the list is complete.
const GAP: &str = "\u{0}";

const BASE: StatsFunction = StatsFunction {
    name: "every",
    aliases: &[],
    group: StatsGroup::Multivalue,
    synopsis: "every(<value>)",
    takes: Takes::Field,
    parameter: None,
    returns: |_| Type::Multi,
    needs_time: false,
    order_sensitive: true,
    decomposable: false,
    counts_distinct: false,
    doc: "All values in the order of the rows.",
    example: ("", "", ""),
    scalar: |samples| every(samples, None),
    builtin: None,
    accumulator: None,
    per: None,
    metrics: false,
};

/// Like `list`, without a limit.
static EVERY: StatsFunction = BASE;

static EVERY_WITH_GAPS: StatsFunction = StatsFunction {
    name: "every with gaps",
    scalar: |samples| every(samples, Some(GAP)),
    ..BASE
};

fn every(samples: &GroupValues<'_>, gap: Option<&'static str>) -> Value<'static> {
    if samples.values.iter().all(Value::is_null) {
        return Value::Null;
    }
    let mut values = Vec::with_capacity(samples.values.len());
    for value in &samples.values {
        match (value, gap) {
            (Value::Null, Some(gap)) => values.push(Cow::Borrowed(gap)),
            (value, _) => values.extend(
                value
                    .borrowed()
                    .into_values()
                    .into_iter()
                    .map(|v| Cow::Owned(v.into_owned())),
            ),
        }
    }
    Value::multi(values)
}

/// One row per transaction, newest first.
pub(crate) fn assemble(rows: Plan, rendering: &Rendering, span: Span) -> Result<Plan> {
    let named = |name: &str| {
        stats_function(name)
            .map(|(function, _)| function)
            .ok_or_else(|| Error::internal(format!("there is no {name}")))
    };
    let of = |function: &'static StatsFunction, pattern: &str, name: &str| AggregateCall {
        function,
        parameter: None,
        arg: AggregateInput::Field(Pattern::new(pattern)),
        name: name.to_owned(),
        span,
    };
    let mut aggregates = vec![
        of(named("min")?, "_time", "_time"),
        // With a `*`, so that rows without a text get none.
        of(&EVERY, "_raw*", "_raw*"),
        of(named("range")?, "_time", "duration"),
        AggregateCall {
            function: named("count")?,
            parameter: None,
            arg: AggregateInput::Row,
            name: "eventcount".to_owned(),
            span,
        },
        of(named("max")?, CLOSED, CLOSED),
    ];
    if rendering.orphans {
        aggregates.push(of(named("max")?, ORPHAN, ORPHAN));
    }
    for pattern in &rendering.lists {
        aggregates.push(of(&EVERY_WITH_GAPS, pattern, pattern));
    }
    aggregates.push(of(named("values")?, "*", "*"));
    let grouped = Plan::Aggregate {
        // Values are in time order.
        input: Box::new(Plan::Reverse {
            input: Box::new(rows),
        }),
        aggregates,
        by: vec![ByField {
            name: TRANSACTION.to_owned(),
            span: None,
            distinct: false,
        }],
        fill: None,
        all_numbers: false,
        sorted: false,
    };
    let each = |pattern: &str, value| Assignment {
        target: Target::Each(vec![Pattern::new(pattern)]),
        value,
    };
    let lines = call(
        "mvcount",
        vec![call(
            "split",
            vec![call("mvjoin", vec![field("_raw"), text("\n")]), text("\n")],
        )],
    );
    let mut columns = vec![Assignment {
        target: Target::Field("linecount".to_owned()),
        value: call("coalesce", vec![lines, field("eventcount")]),
    }];
    if !rendering.raw_list {
        let joined = call("mvjoin", vec![field(EACH), text("\n")]);
        columns.push(each("_raw", joined));
    }
    let newest_first = SortKey {
        field: "_time".to_owned(),
        descending: true,
        order: SortOrder::Number,
    };
    let mut whole = grouped.extend(columns).drop(&[TRANSACTION]);
    if !rendering.lists.is_empty() {
        whole = whole.beside(Gaps {
            of: rendering.lists.iter().map(Pattern::new).collect(),
            null: rendering.null.clone(),
        });
    }
    Ok(Plan::Sort {
        input: Box::new(whole),
        keys: vec![newest_first],
        limit: 0,
    })
}

/// Fills the gaps of lists with `nullstr`.
#[derive(Debug)]
struct Gaps {
    of: Vec<Pattern>,
    null: String,
}

impl ColumnKernel for Gaps {
    fn describe(&self) -> String {
        format!("gaps of lists as \"{}\"", self.null)
    }

    fn reads(&self, schema: &Schema) -> Vec<String> {
        schema
            .iter()
            .filter(|(name, kind)| **kind == Type::Multi && self.of.iter().any(|p| p.matches(name)))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn run(&self, input: Table, _: &QueryContext) -> Result<Table> {
        let mut out = Table::new(input.height());
        for column in input.into_columns() {
            let filled = column.values.into_iter().map(|value| {
                let values = value.into_values().into_iter();
                let filled = values.map(|v| {
                    if v == GAP {
                        Cow::Owned(self.null.clone())
                    } else {
                        v
                    }
                });
                Value::multi(filled.collect())
            });
            out.set(column.name, Type::Multi, filled.collect());
        }
        Ok(out)
    }
}
