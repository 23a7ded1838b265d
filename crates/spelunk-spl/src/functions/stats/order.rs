//! Event order and time functions.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Eventorderfunctions>
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Timefunctions>

use std::collections::BTreeMap;

use crate::functions::stats::running::{InOrder, Moment, Moments, Order};
use crate::functions::stats::{Builtin, GroupValues, StatsFunction, StatsGroup, Takes};
use crate::value::{Type, Value, parse_number};

const fn number(_: Type) -> Type {
    Type::Number
}

const fn same(of: Type) -> Type {
    match of {
        Type::Time => Type::Number,
        Type::Null | Type::Bool => Type::Any,
        Type::Number | Type::Text | Type::Any | Type::Multi => of,
    }
}

const BASE: StatsFunction = StatsFunction {
    name: "",
    aliases: &[],
    group: StatsGroup::EventOrder,
    synopsis: "",
    takes: Takes::Field,
    parameter: None,
    returns: same,
    needs_time: false,
    order_sensitive: true,
    decomposable: false,
    counts_distinct: false,
    doc: "",
    example: ("", "", ""),
    scalar: first,
    builtin: None,
    accumulator: None,
    per: None,
    metrics: false,
};

const TIMED: StatsFunction = StatsFunction {
    group: StatsGroup::Time,
    needs_time: true,
    ..BASE
};

pub(super) const TABLE: &[StatsFunction] = &[
    StatsFunction {
        name: "first",
        synopsis: "first(<value>)",
        doc: "The first value seen, in the order of the rows.",
        example: ("- a b", "first(v)", "a"),
        scalar: first,
        builtin: Some(Builtin::First),
        accumulator: Some(|c| Box::new(InOrder::new(Order::First, c))),
        ..BASE
    },
    StatsFunction {
        name: "last",
        synopsis: "last(<value>)",
        doc: "The last value seen, in the order of the rows.",
        example: ("a b -", "last(v)", "b"),
        scalar: |s| own(s.values.iter().rev().find(|v| !v.is_null())),
        builtin: Some(Builtin::Last),
        accumulator: Some(|c| Box::new(InOrder::new(Order::Last, c))),
        ..BASE
    },
    StatsFunction {
        name: "earliest",
        synopsis: "earliest(<value>)",
        doc: "The value of the row with the smallest `_time` that has one.",
        example: ("a b -", "earliest(v)", "b"),
        scalar: |s| own(extreme(s, false).map(|(value, _)| value)),
        accumulator: Some(|c| Box::new(Moments::new(Moment::Earliest, c))),
        ..TIMED
    },
    StatsFunction {
        name: "latest",
        synopsis: "latest(<value>)",
        doc: "The value of the row with the largest `_time` that has one.",
        example: ("- a b", "latest(v)", "a"),
        scalar: |s| own(extreme(s, true).map(|(value, _)| value)),
        accumulator: Some(|c| Box::new(Moments::new(Moment::Latest, c))),
        ..TIMED
    },
    StatsFunction {
        name: "earliest_time",
        synopsis: "earliest_time(<value>)",
        returns: number,
        doc: "The epoch time of the earliest value.",
        example: ("a b -", "earliest_time(v)", "990"),
        scalar: |s| extreme(s, false).map_or(Value::Null, |(_, time)| Value::Num(time)),
        accumulator: Some(|c| Box::new(Moments::new(Moment::EarliestTime, c))),
        ..TIMED
    },
    StatsFunction {
        name: "latest_time",
        synopsis: "latest_time(<value>)",
        returns: number,
        doc: "The epoch time of the latest value.",
        example: ("- a b", "latest_time(v)", "990"),
        scalar: |s| extreme(s, true).map_or(Value::Null, |(_, time)| Value::Num(time)),
        accumulator: Some(|c| Box::new(Moments::new(Moment::LatestTime, c))),
        ..TIMED
    },
    StatsFunction {
        name: "rate",
        synopsis: "rate(<value>)",
        returns: number,
        doc: "The change per second between the earliest and the latest value of a counter.",
        example: ("50 40 20", "rate(v)", "1.5"),
        scalar: rate,
        accumulator: Some(|c| Box::new(Moments::new(Moment::Rate, c))),
        ..TIMED
    },
    StatsFunction {
        name: "rate_avg",
        synopsis: "rate_avg(<metric>)",
        returns: number,
        order_sensitive: false,
        doc: "The mean of the rates of the time series of a counter. Only `mstats` has it.",
        example: ("50 40 20", "rate_avg(v)", "1.5"),
        scalar: |s| {
            let rates = rates(s);
            match rates.len() {
                0 => Value::Null,
                count => Value::number(rates.iter().sum::<f64>() / count as f64),
            }
        },
        metrics: true,
        ..TIMED
    },
    StatsFunction {
        name: "rate_sum",
        synopsis: "rate_sum(<metric>)",
        returns: number,
        order_sensitive: false,
        doc: "The sum of the rates of the time series of a counter. Only `mstats` has it.",
        example: ("50 40 20", "rate_sum(v)", "1.5"),
        scalar: |s| {
            let rates = rates(s);
            match rates.len() {
                0 => Value::Null,
                _ => Value::number(rates.iter().sum()),
            }
        },
        metrics: true,
        ..TIMED
    },
    StatsFunction {
        name: "per_second",
        synopsis: "per_second(<value>)",
        returns: number,
        needs_time: false,
        order_sensitive: false,
        doc: "The sum of the values in a bucket of `timechart`, scaled to one second. Only `timechart` has it; without buckets it is the sum.",
        example: ("1 2 x 4", "per_second(v)", "7"),
        scalar: |s| sum(s),
        per: Some(1.0),
        ..TIMED
    },
    StatsFunction {
        name: "per_minute",
        synopsis: "per_minute(<value>)",
        returns: number,
        needs_time: false,
        order_sensitive: false,
        doc: "The sum of the values in a bucket of `timechart`, scaled to one minute. Only `timechart` has it; without buckets it is the sum.",
        example: ("1 2 x 4", "per_minute(v)", "7"),
        scalar: |s| sum(s),
        per: Some(60.0),
        ..TIMED
    },
    StatsFunction {
        name: "per_hour",
        synopsis: "per_hour(<value>)",
        returns: number,
        needs_time: false,
        order_sensitive: false,
        doc: "The sum of the values in a bucket of `timechart`, scaled to one hour. Only `timechart` has it; without buckets it is the sum.",
        example: ("1 2 x 4", "per_hour(v)", "7"),
        scalar: |s| sum(s),
        per: Some(3600.0),
        ..TIMED
    },
    StatsFunction {
        name: "per_day",
        synopsis: "per_day(<value>)",
        returns: number,
        needs_time: false,
        order_sensitive: false,
        doc: "The sum of the values in a bucket of `timechart`, scaled to one day. Only `timechart` has it; without buckets it is the sum.",
        example: ("1 2 x 4", "per_day(v)", "7"),
        scalar: |s| sum(s),
        per: Some(86_400.0),
        ..TIMED
    },
];

fn own(value: Option<&Value<'_>>) -> Value<'static> {
    value.map_or(Value::Null, |v| v.clone().into_owned())
}

fn first(samples: &GroupValues<'_>) -> Value<'static> {
    own(samples.values.iter().find(|v| !v.is_null()))
}

/// The value with the smallest or largest time. Among equal times, `latest` takes the one seen first and
/// `earliest` the one seen last, because rows come newest first.
fn extreme<'s>(samples: &'s GroupValues<'_>, latest: bool) -> Option<(&'s Value<'s>, f64)> {
    let mut best: Option<(&Value<'_>, f64)> = None;
    for (value, time) in samples.values.iter().zip(&samples.times) {
        let (false, Some(time)) = (value.is_null(), *time) else {
            continue;
        };
        let better = match best {
            None => true,
            Some((_, other)) if latest => time > other,
            Some((_, other)) => time <= other,
        };
        if better {
            best = Some((value, time));
        }
    }
    best
}

fn rate(samples: &GroupValues<'_>) -> Value<'static> {
    let (Some((low, start)), Some((high, end))) = (extreme(samples, false), extreme(samples, true))
    else {
        return Value::Null;
    };
    match (low.as_number(), high.as_number()) {
        (Some(low), Some(high)) if end > start => Value::number((high - low) / (end - start)),
        _ => Value::Null,
    }
}

/// The change per second of each time series with values at two or more times.
fn rates(samples: &GroupValues<'_>) -> Vec<f64> {
    let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for (value, time) in samples.values.iter().zip(&samples.times) {
        let (number, key) = match value {
            Value::Multi(parts) => match parts.split_first() {
                Some((number, of)) => (parse_number(number), of.join("\u{1f}")),
                None => continue,
            },
            single => (single.as_number(), String::new()),
        };
        if let (Some(number), Some(time)) = (number, *time) {
            series.entry(key).or_default().push((time, number));
        }
    }
    let rate = |points: &Vec<(f64, f64)>| {
        let first = points.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let last = points.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (last.0 > first.0).then(|| (last.1 - first.1) / (last.0 - first.0))
    };
    series.values().filter_map(rate).collect()
}

fn sum(samples: &GroupValues<'_>) -> Value<'static> {
    let numbers = samples.numbers();
    if numbers.is_empty() {
        return Value::Null;
    }
    Value::number(numbers.iter().sum())
}
