//! The difference between two results: the columns and rows that only one has, and where they first differ.
//! Rows are compared as a multiset unless their order matters; numbers are equal up to the precision lost in
//! printing, also if one side holds them as text.

use std::collections::HashMap;

use crate::exec::frame::result::Rows;
use crate::value::{Value, parse_number};

/// How a result differs from the expected one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Expected columns that are absent.
    pub missing_columns: Vec<String>,
    /// Columns that were not expected.
    pub extra_columns: Vec<String>,
    /// Pairs of these columns that hold the same values: the actual name and the expected one.
    pub renamed: Vec<(String, String)>,
    /// The numbers of expected and of actual rows.
    pub heights: (usize, usize),
    /// Indices of the expected rows that are absent, compared by the common columns.
    pub missing: Vec<usize>,
    /// Indices of the rows that were not expected.
    pub extra: Vec<usize>,
    /// If all rows are there: the first index at which the order differs, if it matters.
    pub order: Option<usize>,
}

impl Difference {
    /// The missing row and the most similar extra one, to show side by side.
    pub fn nearest(&self, wanted: &Rows, got: &Rows) -> Option<(usize, usize)> {
        let missing = *self.missing.first()?;
        let (left, right) = common(&filled(wanted), &filled(got));
        let like = |extra: usize| {
            let pairs = left.iter().zip(&right);
            let same = |&(&l, &r): &(&usize, &usize)| {
                key(&wanted.value(missing, l)) == key(&got.value(extra, r))
            };
            pairs.filter(same).count()
        };
        // The first of the most similar ones. Comparing thousands would be slow and no more helpful.
        let mut best: Option<(usize, usize)> = None;
        for &extra in self.extra.iter().take(1000) {
            let alike = like(extra);
            if best.is_none_or(|(most, _)| alike > most) {
                best = Some((alike, extra));
            }
        }
        best.map(|(_, extra)| (missing, extra))
    }
}

/// Returns how `got` differs from `wanted`, or `None` if they are equal. Columns without any value count as
/// absent; the order of columns does not matter.
pub fn compare(wanted: &Rows, got: &Rows, ordered: bool) -> Option<Difference> {
    let (left, right) = (filled(wanted), filled(got));
    let names = |of: &[(usize, String)], other: &[(usize, String)]| -> Vec<String> {
        of.iter()
            .filter(|(_, name)| !other.iter().any(|(_, n)| n == name))
            .map(|(_, name)| name.clone())
            .collect()
    };
    let mut found = Difference {
        missing_columns: names(&left, &right),
        extra_columns: names(&right, &left),
        heights: (wanted.len(), got.len()),
        ..Difference::default()
    };
    found.renamed = renamed(wanted, got, &found, &left, &right);
    let (left, right) = common(&left, &right);
    let (left, right) = (keys(wanted, &left), keys(got, &right));
    (found.missing, found.extra) = unmatched(&left, &right);
    if ordered && found.missing.is_empty() && found.extra.is_empty() {
        found.order = left.iter().zip(&right).position(|(a, b)| a != b);
    }
    let same = found.missing_columns.is_empty()
        && found.extra_columns.is_empty()
        && found.missing.is_empty()
        && found.extra.is_empty()
        && found.order.is_none();
    (!same).then_some(found)
}

/// The columns in which some row has a value, with their indices.
fn filled(rows: &Rows) -> Vec<(usize, String)> {
    rows.names()
        .into_iter()
        .enumerate()
        .filter(|(at, _)| (0..rows.len()).any(|row| !rows.value(row, *at).is_null()))
        .map(|(at, name)| (at, name.to_owned()))
        .collect()
}

/// The indices of the common columns, in the order of the first.
fn common(left: &[(usize, String)], right: &[(usize, String)]) -> (Vec<usize>, Vec<usize>) {
    left.iter()
        .filter_map(|(at, name)| {
            let other = right.iter().find(|(_, n)| n == name)?;
            Some((*at, other.0))
        })
        .unzip()
}

/// A text for each row, equal for equal rows.
fn keys(rows: &Rows, columns: &[usize]) -> Vec<String> {
    (0..rows.len())
        .map(|row| {
            let cells = columns.iter().map(|&column| key(&rows.value(row, column)));
            cells.collect::<Vec<_>>().join("\u{1f}")
        })
        .collect()
}

fn key(value: &Value<'_>) -> String {
    let number = |n: f64| format!("{n:.9e}");
    match value {
        Value::Null => String::new(),
        Value::Num(n) => number(*n),
        Value::Text(text) => match parse_number(text) {
            Some(n) => number(n),
            None => format!("={text}"),
        },
        Value::Bool(b) => format!("={b}"),
        Value::Multi(values) => {
            let parts = values.iter().map(|v| key(&Value::text(v.as_ref())));
            parts.collect::<Vec<_>>().join("\u{1e}")
        }
    }
}

/// The indices in each list of the elements that the other lacks.
fn unmatched(left: &[String], right: &[String]) -> (Vec<usize>, Vec<usize>) {
    let mut there: HashMap<&str, usize> = HashMap::new();
    for key in right {
        *there.entry(key).or_default() += 1;
    }
    let mut take = |key: &String| match there.get_mut(key.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    let missing = (0..left.len()).filter(|&at| !take(&left[at])).collect();
    // The remaining rows were not expected; of equal rows, these are the last ones.
    let mut extra: Vec<usize> = (0..right.len())
        .rev()
        .filter(|&at| take(&right[at]))
        .collect();
    extra.reverse();
    (missing, extra)
}

/// Columns that hold the same values under another name.
fn renamed(
    wanted: &Rows,
    got: &Rows,
    found: &Difference,
    left: &[(usize, String)],
    right: &[(usize, String)],
) -> Vec<(String, String)> {
    let sorted = |rows: &Rows, columns: &[(usize, String)], name: &str| {
        let at = columns.iter().find(|(_, n)| n == name).map(|(at, _)| *at);
        let mut keys = keys(rows, &at.into_iter().collect::<Vec<_>>());
        keys.sort();
        keys
    };
    // Too many columns for this to be useful.
    if found.missing_columns.len() > 5 || found.extra_columns.len() > 20 {
        return Vec::new();
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for name in &found.missing_columns {
        let values = sorted(wanted, left, name);
        let other = found.extra_columns.iter().find(|other| {
            !pairs.iter().any(|(taken, _)| taken == *other) && sorted(got, right, other) == values
        });
        if let Some(other) = other {
            pairs.push((other.clone(), name.clone()));
        }
    }
    pairs
}
