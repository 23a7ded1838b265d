//! Sparklines: an aggregate over time, as the values of a small line chart.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Search/Addsparklinestosearchresults>

use std::borrow::Cow;

use crate::functions::stats::{GroupValues, StatsFunction, StatsGroup, Takes, stats_function};
use crate::value::{Type, Value};

const BASE: StatsFunction = StatsFunction {
    name: "",
    aliases: &[],
    group: StatsGroup::Time,
    synopsis: "",
    takes: Takes::Optional,
    parameter: None,
    returns: |_| Type::Multi,
    needs_time: true,
    order_sensitive: false,
    decomposable: false,
    counts_distinct: false,
    doc: "",
    example: ("", "", ""),
    scalar: |s| line(s, "count"),
    builtin: None,
    accumulator: None,
    per: None,
    metrics: false,
};

pub(super) const TABLE: &[StatsFunction] = &[StatsFunction {
    name: "sparkline",
    synopsis: "sparkline(count | <function>(<value>) [, <span>])",
    doc: "The course of an aggregate over time: a multivalue whose first value marks it as a sparkline, and then one \
          value for each bucket of time, at most 100.",
    example: (
        "a b",
        "sparkline(v)",
        "##__SPARKLINE__## 1 0 0 0 0 0 0 0 0 0 1",
    ),
    ..BASE
}];

macro_rules! lines {
    ($($name:literal),*) => {
        /// The functions that sparklines support, each a row of its own.
        pub(super) const OF: &[StatsFunction] = &[
            $(StatsFunction {
                name: concat!("sparkline(", $name, ")"),
                scalar: |s| line(s, $name),
                ..BASE
            }),*
        ];
    };
}

lines!(
    "count", "dc", "avg", "stdev", "stdevp", "var", "varp", "sum", "sumsq", "min", "max", "range"
);

/// The prefix by which Splunk Web recognizes a sparkline.
const MARK: &str = "##__SPARKLINE__##";

/// Maximum number of values in a line.
const MOST: usize = 100;

/// Bucket lengths in seconds to try if none is given or the given one yields too many buckets.
const LENGTHS: [f64; 11] = [
    1.0,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    86_400.0,
    2_592_000.0,
];

fn line(samples: &GroupValues<'_>, of: &str) -> Value<'static> {
    let Some((function, _)) = stats_function(of) else {
        return Value::Null;
    };
    let times = || samples.times.iter().flatten().copied();
    let (low, high) = (
        times().fold(f64::INFINITY, f64::min),
        times().fold(f64::NEG_INFINITY, f64::max),
    );
    if low > high {
        return Value::Null;
    }
    let buckets = |length: f64| ((high / length).floor() - (low / length).floor()) as usize + 1;
    let length = samples
        .parameter
        .into_iter()
        .chain(LENGTHS)
        .find(|length| *length > 0.0 && buckets(*length) <= MOST)
        .unwrap_or((high - low) / (MOST - 1) as f64);
    let first = (low / length).floor();
    let mut parts: Vec<GroupValues<'_>> = Vec::new();
    parts.resize_with(buckets(length), GroupValues::default);
    for (value, time) in samples.values.iter().zip(&samples.times) {
        if let Some(time) = time
            && let Some(part) = parts.get_mut(((time / length).floor() - first) as usize)
        {
            part.values.push(value.borrowed());
        }
    }
    let values = parts.iter().map(|part| {
        let value = (function.scalar)(part).into_text();
        Cow::Owned(value.map_or_else(|| "0".to_owned(), Cow::into_owned))
    });
    Value::multi(std::iter::once(Cow::Borrowed(MARK)).chain(values).collect())
}
