//! Compares two versions of a search: their texts, and their rows on the same data.

use std::collections::HashMap;

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use crate::exec::frame::result::Rows;

/// A line of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// In both texts.
    Same(String),
    /// Only in the first.
    Lost(String),
    /// Only in the second.
    Gained(String),
}

/// The differences between two sets of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChanges {
    /// The number of rows in both.
    pub same: usize,
    /// Indices of the first's rows that the second lacks.
    pub lost: Vec<usize>,
    /// Indices of the second's rows that the first lacks.
    pub gained: Vec<usize>,
    /// Columns that only the first has.
    pub columns_lost: Vec<String>,
    /// Columns that only the second has.
    pub columns_gained: Vec<String>,
}

impl RowChanges {
    /// Whether there is no difference.
    pub fn is_empty(&self) -> bool {
        self.lost.is_empty()
            && self.gained.is_empty()
            && self.columns_lost.is_empty()
            && self.columns_gained.is_empty()
    }
}

/// Compares rows as multisets by their common columns. Columns without any value count as missing.
pub fn rows(a: &Rows, b: &Rows) -> RowChanges {
    let (in_a, in_b) = (filled(a), filled(b));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|n| !those.contains(n))
            .cloned()
            .collect()
    };
    // Without rows there are no columns to compare.
    let mut changes = RowChanges::default();
    let mut common = only(&in_a, &only(&in_a, &in_b));
    if !a.is_empty() && !b.is_empty() {
        changes.columns_lost = only(&in_a, &in_b);
        changes.columns_gained = only(&in_b, &in_a);
    }
    common.sort();
    if common.is_empty() && !(in_a.is_empty() && in_b.is_empty()) {
        // There is no common column to match rows by.
        changes.lost = (0..a.len()).collect();
        changes.gained = (0..b.len()).collect();
        return changes;
    }
    let mut left: HashMap<String, Vec<usize>> = HashMap::new();
    let keys = keys(a, &common);
    for (row, key) in keys.into_iter().enumerate().rev() {
        left.entry(key).or_default().push(row);
    }
    for (row, key) in self::keys(b, &common).into_iter().enumerate() {
        match left.get_mut(&key).and_then(Vec::pop) {
            Some(_) => changes.same += 1,
            None => changes.gained.push(row),
        }
    }
    changes.lost = left.into_values().flatten().collect();
    changes.lost.sort_unstable();
    changes
}

/// The columns in which some row has a value.
fn filled(rows: &Rows) -> Vec<String> {
    let names = rows.names();
    let has = |column: usize| (0..rows.len()).any(|row| !rows.value(row, column).is_null());
    let columns = names.iter().enumerate().filter(|(at, _)| has(*at));
    columns.map(|(_, name)| (*name).to_owned()).collect()
}

/// The values of each row, joined into one text.
fn keys(rows: &Rows, columns: &[String]) -> Vec<String> {
    let names = rows.names();
    let at: Vec<Option<usize>> = columns
        .iter()
        .map(|column| names.iter().position(|name| name == column))
        .collect();
    let key = |row: usize| {
        let mut out = String::new();
        for column in &at {
            if let Some(column) = column {
                for value in rows.value(row, *column).into_values() {
                    out.push_str(&value);
                    out.push('\u{1}');
                }
            }
            out.push('\u{2}');
        }
        out
    };
    (0..rows.len()).map(key).collect()
}

/// Compares texts line by line, by a shortest edit script.
pub fn lines(a: &str, b: &str) -> Vec<Line> {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    capture_diff_slices(Algorithm::Myers, &a, &b)
        .iter()
        .flat_map(|op| op.iter_changes(&a, &b))
        .map(|change| {
            let line = change.value().to_owned();
            match change.tag() {
                ChangeTag::Equal => Line::Same(line),
                ChangeTag::Delete => Line::Lost(line),
                ChangeTag::Insert => Line::Gained(line),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Line, lines};

    #[test]
    fn lines_in_common_stay() {
        let found = lines("a\nb\nc", "a\nx\nc\nd");
        let line = |text: &str| text.to_owned();
        assert_eq!(
            found,
            [
                Line::Same(line("a")),
                Line::Lost(line("b")),
                Line::Gained(line("x")),
                Line::Same(line("c")),
                Line::Gained(line("d")),
            ]
        );
        assert!(lines("", "").is_empty());
        assert_eq!(lines("", "a"), [Line::Gained(line("a"))]);
    }
}
