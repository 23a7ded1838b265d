//! Multivalue functions.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Multivaluestatsandchartfunctions>

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::FixedState;

use crate::functions::stats::running::{Counted, Distinct, InOrder, Order};
use crate::functions::stats::{StatsFunction, StatsGroup, Takes};
use crate::value::{Type, Value};

const BASE: StatsFunction = StatsFunction {
    name: "",
    aliases: &[],
    group: StatsGroup::Multivalue,
    synopsis: "",
    takes: Takes::Field,
    parameter: None,
    returns: |_| Type::Multi,
    needs_time: false,
    order_sensitive: false,
    decomposable: false,
    counts_distinct: false,
    doc: "",
    example: ("", "", ""),
    scalar: |_| Value::Null,
    builtin: None,
    accumulator: None,
    per: None,
    metrics: false,
};

pub(super) const TABLE: &[StatsFunction] = &[
    StatsFunction {
        name: "values",
        synopsis: "values(<value>)",
        decomposable: true,
        doc: "The distinct values, sorted as text, as a multivalue.",
        example: ("b 9 10 b", "values(v)", "10 9 b"),
        scalar: |s| {
            let distinct: HashSet<Cow<'_, str>, FixedState> = s.texts().collect();
            let mut distinct: Vec<Cow<'_, str>> = distinct.into_iter().collect();
            distinct.sort_unstable();
            let values = distinct.into_iter();
            Value::multi(values.map(|t| Cow::Owned(t.into_owned())).collect())
        },
        accumulator: Some(|_| Box::new(Counted::ordered(Distinct::Values))),
        ..BASE
    },
    StatsFunction {
        name: "list",
        synopsis: "list(<value>)",
        order_sensitive: true,
        doc: "The values in the order of the rows, the first 100 of them, as a multivalue.",
        example: ("b 9 10 b", "list(v)", "b 9 10 b"),
        scalar: |s| {
            Value::multi(
                s.texts()
                    .take(s.list_limit)
                    .map(|t| Cow::Owned(t.into_owned()))
                    .collect(),
            )
        },
        accumulator: Some(|c| Box::new(InOrder::new(Order::List, c))),
        ..BASE
    },
];
