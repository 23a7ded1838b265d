//! The statistical functions of `stats` and related commands: one row each, used by every command that
//! aggregates.

mod aggregate;
mod chunks;
mod order;
pub mod running;
mod sparkline;
mod values;

use crate::functions::stats::running::MakeRunning;
use crate::value::{Type, Value};

/// One statistical function.
#[derive(Debug)]
pub struct StatsFunction {
    /// Its name, in lower case, without a number: `perc` for `perc95`.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// Its heading in the Search Reference.
    pub group: StatsGroup,
    /// `sum(<value>)`
    pub synopsis: &'static str,
    /// Whether it takes a field.
    pub takes: Takes,
    /// Range of the number that may follow its name (`perc95`), lowest and highest.
    pub parameter: Option<(f64, f64)>,
    /// The result type, given the type of the field.
    pub returns: fn(Type) -> Type,
    /// Whether it reads `_time`.
    pub needs_time: bool,
    /// Whether it depends on the order of the rows.
    pub order_sensitive: bool,
    /// Whether partial results of a group may be combined in any order, exact to the last digit.
    pub decomposable: bool,
    /// Whether it counts distinct values.
    pub counts_distinct: bool,
    /// Description.
    pub doc: &'static str,
    /// Values of `v`, newest first, an aggregation over them, and the text of its result; run by a test.
    pub example: (&'static str, &'static str, &'static str),
    /// Computes the result from the values of a group.
    pub scalar: fn(&GroupValues<'_>) -> Value<'static>,
    /// The equivalent built-in aggregate over a column, if engines have one.
    pub builtin: Option<Builtin>,
    /// The equivalent over a moving window; without one, `scalar` recomputes the result from all rows each
    /// time.
    pub accumulator: Option<MakeRunning>,
    /// The seconds that `timechart` scales a bucket's value to.
    pub per: Option<f64>,
    /// Whether it belongs to `mstats` only, whose values name their time series: the number first, then the
    /// dimensions.
    pub metrics: bool,
}

/// An aggregate that engines have built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// The number of values.
    Count,
    /// The number of distinct values.
    CountDistinct,
    /// The number of true values.
    CountTrue,
    /// The sum; missing for no values.
    Sum,
    /// The arithmetic mean.
    Mean,
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The first value in row order.
    First,
    /// The last value in row order.
    Last,
}

impl Builtin {
    /// Whether it is exact over whole numbers, so that partial results may be combined in any order.
    pub fn is_exact(self) -> bool {
        match self {
            Builtin::Sum | Builtin::Mean => true,
            Builtin::Count
            | Builtin::CountDistinct
            | Builtin::CountTrue
            | Builtin::Min
            | Builtin::Max
            | Builtin::First
            | Builtin::Last => false,
        }
    }
}

impl PartialEq for StatsFunction {
    fn eq(&self, other: &StatsFunction) -> bool {
        self.name == other.name
    }
}

/// The values of one group, in row order.
#[derive(Debug, Default)]
pub struct GroupValues<'a> {
    /// The field's value in each row; missing in a row without the field.
    pub values: Vec<Value<'a>>,
    /// `_time` of each row in epoch seconds; empty unless the function needs it.
    pub times: Vec<Option<f64>>,
    /// The number in the function's name.
    pub parameter: Option<f64>,
    /// Maximum number of values that `list` returns.
    pub list_limit: usize,
}

/// Whether a function takes a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A field, or nothing, in which case it counts rows (`count`).
    Optional,
    /// A field.
    Field,
}

/// The Search Reference's headings for statistical functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsGroup {
    /// Aggregate functions.
    Aggregate,
    /// Event order functions.
    EventOrder,
    /// Multivalue stats and chart functions.
    Multivalue,
    /// Time functions.
    Time,
}

impl<'a> GroupValues<'a> {
    /// Every single value as text, with multivalues flattened.
    pub fn texts(&self) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
        self.values.iter().flat_map(|v| v.borrowed().into_values())
    }

    /// Every single numeric value.
    pub fn numbers(&self) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(self.values.len());
        for value in &self.values {
            match value {
                Value::Multi(several) => {
                    numbers.extend(several.iter().filter_map(|v| crate::value::parse_number(v)))
                }
                single => numbers.extend(single.as_number()),
            }
        }
        numbers
    }
}

const TABLES: &[&[StatsFunction]] = &[
    aggregate::TABLE,
    order::TABLE,
    values::TABLE,
    sparkline::TABLE,
];

/// All functions.
pub fn all() -> impl Iterator<Item = &'static StatsFunction> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The function with this name, ignoring case, and the number at the end of the name.
pub fn stats_function(name: &str) -> Option<(&'static StatsFunction, Option<f64>)> {
    let lower = name.to_ascii_lowercase();
    let named = |text: &str| all().find(|f| f.name == text || f.aliases.contains(&text));
    if let Some(function) = named(&lower) {
        return Some((function, None));
    }
    if let Some(line) = sparkline::OF.iter().find(|f| f.name == lower) {
        return Some((line, None));
    }
    let digits = lower.find(|c: char| c.is_ascii_digit())?;
    let (function, number) = (named(&lower[..digits])?, lower[digits..].parse().ok()?);
    let (low, high) = function.parameter?;
    (number >= low && number <= high).then_some((function, Some(number)))
}

#[cfg(test)]
mod tests {
    use super::{GroupValues, all, stats_function};
    use crate::value::{Type, Value};

    #[test]
    fn names_are_unique_and_lower_case() {
        let mut seen = std::collections::HashSet::new();
        for f in all() {
            assert!(!f.doc.is_empty() && !f.synopsis.is_empty(), "{}", f.name);
            for name in std::iter::once(&f.name).chain(f.aliases) {
                assert!(seen.insert(*name), "{name} twice");
                assert_eq!(*name, name.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn every_example_gives_its_result() {
        for f in all() {
            let (values, call, expected) = f.example;
            let values: Vec<Value<'_>> = values
                .split(' ')
                .filter(|v| !v.is_empty())
                .map(|v| {
                    if v == "-" {
                        Value::Null
                    } else {
                        Value::text(v)
                    }
                })
                .collect();
            let times = (0..values.len()).map(|i| Some(1000.0 - 10.0 * i as f64));
            let name = call.split('(').next().unwrap_or_default();
            let (found, parameter) = stats_function(name).expect("the example's function exists");
            assert_eq!(found.name, f.name);
            let samples = GroupValues {
                times: times.collect(),
                values,
                parameter,
                list_limit: 100,
            };
            let result = (f.scalar)(&samples);
            let kind = match &result {
                Value::Null => Type::Null,
                Value::Bool(_) => Type::Bool,
                Value::Num(_) => Type::Number,
                Value::Text(_) => Type::Text,
                Value::Multi(_) => Type::Multi,
            };
            let said = (f.returns)(Type::Text);
            assert_eq!(kind.join(said), said, "{call} is not of the type it says");
            let text = match &result {
                Value::Multi(several) => several.join(" "),
                single => single.as_text().unwrap_or_default().into_owned(),
            };
            assert_eq!(text, expected, "{call}");
        }
    }

    #[test]
    fn a_number_follows_only_where_it_may() {
        assert_eq!(stats_function("p95").and_then(|f| f.1), Some(95.0));
        assert_eq!(stats_function("PERC99.9").and_then(|f| f.1), Some(99.9));
        assert!(stats_function("count5").is_none());
        assert!(stats_function("perc101").is_none());
    }
}
