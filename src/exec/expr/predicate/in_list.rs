//! IN lists: finds whole values by hash look-up and patterns by multi-substring search.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::FixedState;
use polars::prelude::Column;

use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::multi_substring::MultiSubstring;
use crate::plan::expr::matching::FieldMatcher;
use crate::value::Value;

/// The cost of a hash look-up or a pattern search, relative to comparing a whole string.
pub(in crate::exec) const HASH_FROM: u32 = 8;

/// Number of values or patterns from which a look-up beats testing one after the other.
pub(in crate::exec) const MANY: usize = 8;

/// Strings of at most this length are lower-cased without allocating.
const SHORT: usize = 128;

/// Tests of which one must pass. Many literals are looked up in a hash set, many patterns searched
/// together.
#[derive(Clone)]
pub(in crate::exec) struct InList {
    whole: HashSet<Box<[u8]>, FixedState>,
    longest: usize,
    sought: Option<Arc<Needle>>,
    others: Vec<FieldMatcher>,
}

/// Patterns, with a literal that each of them requires.
struct Needle {
    needles: MultiSubstring,
    patterns: Vec<FieldMatcher>,
}

impl InList {
    /// Builds a list of these tests.
    pub(in crate::exec) fn new(tests: Vec<FieldMatcher>) -> InList {
        let wholes = tests
            .iter()
            .filter(|test| test.equality_literal().is_some())
            .count();
        let looked_up = |test: &FieldMatcher| wholes >= MANY && test.equality_literal().is_some();
        let (whole, others): (Vec<_>, Vec<_>) = tests.into_iter().partition(looked_up);
        let whole: HashSet<Box<[u8]>, FixedState> = whole
            .iter()
            .filter_map(|test| Some(test.equality_literal()?.as_bytes().into()))
            .collect();
        let is_pattern = |test: &FieldMatcher| {
            test.equality_literal().is_none() && test.required_literal().is_some()
        };
        let (mut patterns, mut others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_pattern);
        let mut sought = None;
        if patterns.len() >= MANY {
            let needles = patterns.iter().enumerate();
            let needles = needles.filter_map(|(at, test)| Some((at, test.required_literal()?)));
            let needles = MultiSubstring::of(needles, None);
            let patterns = std::mem::take(&mut patterns);
            sought = Some(Arc::new(Needle { needles, patterns }));
        }
        others.append(&mut patterns);
        InList {
            longest: whole.iter().map(|text| text.len()).max().unwrap_or(0),
            whole,
            sought,
            others,
        }
    }

    /// The cost relative to comparing a whole string.
    pub(in crate::exec) fn cost(&self) -> u32 {
        let others = self.others.iter();
        let others = others.map(|m| if m.is_whole() { 1 } else { HASH_FROM });
        let look_ups = u32::from(!self.whole.is_empty()) + 2 * u32::from(self.sought.is_some());
        others.sum::<u32>() + look_ups * HASH_FROM
    }

    /// Whether one of the tests passes on a value.
    pub(in crate::exec) fn matches(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Null => false,
            Value::Multi(texts) => texts.iter().any(|text| self.matches_text(text)),
            single => single
                .as_text()
                .is_some_and(|text| self.matches_text(&text)),
        }
    }

    /// Whether one of the tests passes on a string.
    pub(in crate::exec) fn matches_text(&self, text: &str) -> bool {
        if !self.whole.is_empty() && text.len() <= self.longest {
            let mut few = [0; SHORT];
            let found = match few.get_mut(..text.len()) {
                Some(lower) => {
                    lower.copy_from_slice(text.as_bytes());
                    lower.make_ascii_lowercase();
                    self.whole.contains(&*lower)
                }
                None => {
                    let lower = text.as_bytes().to_ascii_lowercase();
                    self.whole.contains(lower.as_slice())
                }
            };
            if found {
                return true;
            }
        }
        if let Some(sought) = &self.sought {
            let matches = |at: usize| sought.patterns[at].matches_text(text);
            if sought.needles.any(text, matches) {
                return true;
            }
        }
        self.others.iter().any(|test| test.matches_text(text))
    }
}

/// Tuples of field values of which one must match, as returned by a subsearch.
#[derive(Clone)]
pub(in crate::exec) struct InTuples {
    rows: Arc<HashSet<Box<[u8]>, FixedState>>,
}

impl InTuples {
    /// Builds a set of tuples, each with one lower-case string per field.
    pub(in crate::exec) fn new<'r>(rows: impl Iterator<Item = Vec<&'r str>>) -> InTuples {
        let key = |row: Vec<&str>| {
            let mut key = Vec::new();
            row.iter().for_each(|text| add(&mut key, text));
            key.into()
        };
        InTuples {
            rows: Arc::new(rows.map(key).collect()),
        }
    }

    /// Clears the rows of `left` whose values in these columns are in no tuple.
    pub(in crate::exec) fn narrow(&self, columns: &[&Column], left: &mut [bool]) {
        let cells: Vec<(ValueReader<'_>, bool)> = columns
            .iter()
            .map(|column| (ValueReader::new(column), column.len() == 1))
            .collect();
        let mut key = Vec::new();
        for (row, left) in left.iter_mut().enumerate().filter(|(_, left)| **left) {
            let values = cells.iter();
            let values: Vec<Value<'_>> = values
                .map(|(cells, constant)| cells.get(if *constant { 0 } else { row }))
                .collect();
            key.clear();
            *left = self.matches(&values, &mut key);
        }
    }

    /// Whether the values, appended to the key, form one of the tuples; any value of a multivalue
    /// field may match.
    fn matches(&self, values: &[Value<'_>], key: &mut Vec<u8>) -> bool {
        let Some((first, rest)) = values.split_first() else {
            return self.rows.contains(key.as_slice());
        };
        let before = key.len();
        let mut is_met = |text: &str| {
            key.truncate(before);
            add(key, text);
            self.matches(rest, key)
        };
        match first {
            Value::Null => false,
            Value::Multi(texts) => texts.iter().any(|text| is_met(text)),
            single => single.as_text().is_some_and(|text| is_met(&text)),
        }
    }
}

/// Appends a string to a key with its length, so that keys are unambiguous.
fn add(key: &mut Vec<u8>, text: &str) {
    key.extend((text.len() as u64).to_le_bytes());
    key.extend(text.bytes().map(|b| b.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, IntoSeries as _, ListChunked, NamedFrom as _, Series};

    use super::{InList, InTuples};
    use crate::plan::expr::matching::FieldMatcher;
    use crate::syntax::ast::CompareOp;
    use crate::value::Value;

    #[test]
    fn many_patterns_pass_as_each_does_alone() {
        let patterns = [
            "*cat*",
            "a*b",
            "*.exe",
            "cmd*",
            "*x*y*",
            "**",
            "*é*",
            "10.0.0.0/8",
            "*who*",
            "*net *",
            "/etc/*",
            "*END",
        ];
        let tests = patterns.map(|p| FieldMatcher::new(CompareOp::Eq, p));
        for without_any in [false, true] {
            let kept = tests.iter().zip(patterns);
            let kept = kept.filter(|(_, pattern)| !without_any || *pattern != "**");
            let kept: Vec<FieldMatcher> = kept.map(|(test, _)| test.clone()).collect();
            let together = InList::new(kept.clone());
            for text in [
                "", "CAT", "ab", "a.EXE", "cm", "xay", "É", "10.2.3.4", "net use", "/etc",
                "the end", "\u{212a}",
            ] {
                let value = Value::text(text);
                let alone = kept.iter().any(|test| test.matches(&value));
                assert_eq!(together.matches(&value), alone, "{text}");
            }
        }
    }

    #[test]
    fn rows_are_met_as_a_whole_whatever_the_case() {
        let rows = [vec!["1", "host a"], vec!["12", "b"], vec!["3", ""]];
        let together = InTuples::new(rows.into_iter());
        let numbers = Series::new("n".into(), [Some(1_i64), Some(1), Some(12), None, Some(3)]);
        let names: ListChunked = [
            Some(vec!["x", "HOST A"]),
            Some(vec!["b"]),
            Some(vec!["B"]),
            Some(vec!["b"]),
            None,
        ]
        .into_iter()
        .map(|names| names.map(|names| Series::new("".into(), names)))
        .collect();
        let columns = [Column::from(numbers), Column::from(names.into_series())];
        let mut left = vec![true; 5];
        together.narrow(&columns.iter().collect::<Vec<_>>(), &mut left);
        assert_eq!(left, [true, false, true, false, false]);
        let constant = Column::from(Series::new("c".into(), ["b"]));
        let mut left = vec![true, true, true, true, false];
        together.narrow(&[&columns[0], &constant], &mut left);
        assert_eq!(left, [false, false, true, false, false]);
    }
}
