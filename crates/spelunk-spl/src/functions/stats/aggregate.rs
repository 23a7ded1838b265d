//! Aggregate functions. <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Aggregatefunctions>

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::functions::stats::running::{
    Count, Counted, Distinct, Ends, Extremes, Ranked, Spread, Sum,
};
use crate::functions::stats::{Builtin, GroupValues, StatsFunction, StatsGroup, Takes};
use crate::value::{Type, Value, parse_number};

const fn number(_: Type) -> Type {
    Type::Number
}

/// The type of `min`, `max`, `mode`: a value of the field itself.
const fn same(of: Type) -> Type {
    match of {
        Type::Number | Type::Time => Type::Number,
        Type::Null | Type::Bool | Type::Text | Type::Any | Type::Multi => Type::Any,
    }
}

const BASE: StatsFunction = StatsFunction {
    name: "",
    aliases: &[],
    group: StatsGroup::Aggregate,
    synopsis: "",
    takes: Takes::Field,
    parameter: None,
    returns: number,
    needs_time: false,
    order_sensitive: false,
    decomposable: false,
    counts_distinct: false,
    doc: "",
    example: ("", "", ""),
    scalar: count,
    builtin: None,
    accumulator: None,
    per: None,
    metrics: false,
};

pub(super) const TABLE: &[StatsFunction] = &[
    StatsFunction {
        name: "count",
        aliases: &["c"],
        synopsis: "count | count(<value>) | count(eval(<condition>))",
        takes: Takes::Optional,
        doc: "The number of rows; of a field, the number of its values, each value of a multivalue counted.",
        example: ("a b - b", "count(v)", "3"),
        decomposable: true,
        scalar: count,
        builtin: Some(Builtin::Count),
        accumulator: Some(|_| Box::new(Count::default())),
        ..BASE
    },
    StatsFunction {
        name: "dc",
        aliases: &["distinct_count"],
        synopsis: "dc(<value>)",
        doc: "The number of distinct values.",
        example: ("a b - b", "dc(v)", "2"),
        decomposable: true,
        counts_distinct: true,
        scalar: |s| Value::Num(s.texts().collect::<HashSet<_>>().len() as f64),
        builtin: Some(Builtin::CountDistinct),
        accumulator: Some(|_| Box::new(Counted::unordered(Distinct::Count))),
        ..BASE
    },
    StatsFunction {
        name: "estdc",
        synopsis: "estdc(<value>)",
        doc: "The number of distinct values; Splunk estimates it, here it is exact.",
        example: ("a b - b", "estdc(v)", "2"),
        decomposable: true,
        counts_distinct: true,
        scalar: |s| Value::Num(s.texts().collect::<HashSet<_>>().len() as f64),
        builtin: Some(Builtin::CountDistinct),
        accumulator: Some(|_| Box::new(Counted::unordered(Distinct::Count))),
        ..BASE
    },
    StatsFunction {
        name: "estdc_error",
        synopsis: "estdc_error(<value>)",
        doc: "The error of `estdc`: 0, because the count is exact here.",
        example: ("a b", "estdc_error(v)", "0"),
        scalar: |_| Value::Num(0.0),
        ..BASE
    },
    StatsFunction {
        name: "sum",
        synopsis: "sum(<value>)",
        doc: "The sum of the values that are numbers.",
        example: ("1 2 x 4", "sum(v)", "7"),
        scalar: |s| some(&s.numbers(), |n| n.iter().sum()),
        builtin: Some(Builtin::Sum),
        accumulator: Some(|_| Box::new(Sum::new(|n| n, |sum, _| sum))),
        ..BASE
    },
    StatsFunction {
        name: "sumsq",
        synopsis: "sumsq(<value>)",
        doc: "The sum of the squares of the values.",
        example: ("1 2 3", "sumsq(v)", "14"),
        scalar: |s| some(&s.numbers(), |n| n.iter().map(|x| x * x).sum()),
        accumulator: Some(|_| Box::new(Sum::new(|n| n * n, |sum, _| sum))),
        ..BASE
    },
    StatsFunction {
        name: "avg",
        aliases: &["mean"],
        synopsis: "avg(<value>)",
        doc: "The mean of the values that are numbers.",
        example: ("1 2 x 6", "avg(v)", "3"),
        scalar: |s| some(&s.numbers(), mean),
        builtin: Some(Builtin::Mean),
        accumulator: Some(|_| Box::new(Sum::new(|n| n, |sum, count| sum / count as f64))),
        ..BASE
    },
    StatsFunction {
        name: "min",
        synopsis: "min(<value>)",
        returns: same,
        doc: "The smallest value: by number when all values are numbers, else as text.",
        example: ("10 9 100", "min(v)", "9"),
        decomposable: true,
        scalar: |s| extreme(s, Ordering::Less),
        builtin: Some(Builtin::Min),
        accumulator: Some(|c| Box::new(Extremes::new(Ends::Low, c))),
        ..BASE
    },
    StatsFunction {
        name: "max",
        synopsis: "max(<value>)",
        returns: same,
        doc: "The largest value: by number when all values are numbers, else as text.",
        example: ("10 9 b", "max(v)", "b"),
        decomposable: true,
        scalar: |s| extreme(s, Ordering::Greater),
        builtin: Some(Builtin::Max),
        accumulator: Some(|c| Box::new(Extremes::new(Ends::High, c))),
        ..BASE
    },
    StatsFunction {
        name: "range",
        synopsis: "range(<value>)",
        doc: "The difference between the largest and the smallest number.",
        example: ("1 9 4", "range(v)", "8"),
        scalar: |s| {
            some(&s.numbers(), |n| {
                let low = n.iter().copied().fold(f64::INFINITY, f64::min);
                n.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low
            })
        },
        accumulator: Some(|c| Box::new(Extremes::new(Ends::Both, c))),
        ..BASE
    },
    StatsFunction {
        name: "stdev",
        synopsis: "stdev(<value>)",
        doc: "The sample standard deviation; 0 for a single value.",
        example: ("2 4 4 4 5 5 7 9", "stdev(v)", "2.1380899352994"),
        scalar: |s| some(&s.numbers(), |n| variance(n, 1).sqrt()),
        accumulator: Some(|_| Box::new(Spread::new(1, true))),
        ..BASE
    },
    StatsFunction {
        name: "stdevp",
        synopsis: "stdevp(<value>)",
        doc: "The population standard deviation.",
        example: ("2 4 4 4 5 5 7 9", "stdevp(v)", "2"),
        scalar: |s| some(&s.numbers(), |n| variance(n, 0).sqrt()),
        accumulator: Some(|_| Box::new(Spread::new(0, true))),
        ..BASE
    },
    StatsFunction {
        name: "var",
        synopsis: "var(<value>)",
        doc: "The sample variance; 0 for a single value.",
        example: ("1 2 3 4", "var(v)", "1.66666666666667"),
        scalar: |s| some(&s.numbers(), |n| variance(n, 1)),
        accumulator: Some(|_| Box::new(Spread::new(1, false))),
        ..BASE
    },
    StatsFunction {
        name: "varp",
        synopsis: "varp(<value>)",
        doc: "The population variance.",
        example: ("1 2 3 4", "varp(v)", "1.25"),
        scalar: |s| some(&s.numbers(), |n| variance(n, 0)),
        accumulator: Some(|_| Box::new(Spread::new(0, false))),
        ..BASE
    },
    StatsFunction {
        name: "median",
        synopsis: "median(<value>)",
        doc: "The middle value; between two, their mean.",
        example: ("1 2 3 10", "median(v)", "2.5"),
        scalar: |s| percentile(s, 50.0),
        accumulator: Some(|_| Box::new(Ranked::new(50.0))),
        ..BASE
    },
    StatsFunction {
        name: "mode",
        synopsis: "mode(<value>)",
        returns: same,
        doc: "The most frequent value; of several, the first in text order.",
        example: ("b a b", "mode(v)", "b"),
        scalar: mode,
        accumulator: Some(|_| Box::new(Counted::unordered(Distinct::Mode))),
        ..BASE
    },
    StatsFunction {
        name: "perc",
        aliases: &["p", "exactperc", "upperperc"],
        synopsis: "perc<n>(<value>) | p<n>(<value>) | exactperc<n>(<value>) | upperperc<n>(<value>)",
        parameter: Some((0.0, 100.0)),
        doc: "The n-th percentile of the numbers, interpolated between neighbours.",
        example: ("1 2 3 4 5 6 7 8 9 10", "perc95(v)", "9.55"),
        scalar: |s| percentile(s, s.parameter.unwrap_or(95.0)),
        accumulator: Some(|c| Box::new(Ranked::new(c.parameter.unwrap_or(95.0)))),
        ..BASE
    },
];

fn count(samples: &GroupValues<'_>) -> Value<'static> {
    Value::Num(samples.values.iter().map(Value::count).sum::<usize>() as f64)
}

fn some(numbers: &[f64], f: impl Fn(&[f64]) -> f64) -> Value<'static> {
    if numbers.is_empty() {
        return Value::Null;
    }
    Value::number(f(numbers))
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Two passes, to keep precision for large values with small differences.
fn variance(numbers: &[f64], freedom: usize) -> f64 {
    if numbers.len() <= freedom {
        return 0.0;
    }
    let mean = mean(numbers);
    let squares: f64 = numbers.iter().map(|n| (n - mean).powi(2)).sum();
    squares / (numbers.len() - freedom) as f64
}

fn percentile(samples: &GroupValues<'_>, percent: f64) -> Value<'static> {
    let mut numbers = samples.numbers();
    numbers.sort_by(f64::total_cmp);
    some(&numbers, |n| {
        let at = (n.len() - 1) as f64 * percent / 100.0;
        let (low, high) = (n[at.floor() as usize], n[at.ceil() as usize]);
        low + (high - low) * at.fract()
    })
}

fn extreme(samples: &GroupValues<'_>, wanted: Ordering) -> Value<'static> {
    let texts: Vec<_> = samples.texts().collect();
    let numbers: Option<Vec<f64>> = texts.iter().map(|t| parse_number(t)).collect();
    match numbers {
        Some(numbers) => numbers
            .into_iter()
            .reduce(|a, b| if b.total_cmp(&a) == wanted { b } else { a })
            .map_or(Value::Null, Value::Num),
        None => texts
            .into_iter()
            .reduce(|a, b| if b.cmp(&a) == wanted { b } else { a })
            .map_or(Value::Null, |t| Value::text(t.into_owned())),
    }
}

fn mode(samples: &GroupValues<'_>) -> Value<'static> {
    let mut counts: HashMap<_, usize> = HashMap::new();
    for text in samples.texts() {
        *counts.entry(text).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)))
        .map_or(Value::Null, |(text, _)| Value::text(text.into_owned()))
}
