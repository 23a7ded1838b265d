//! Many values of which one must be met: looked up, or sought together.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::FixedState;
use polars::prelude::Column;

use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::multi_substring::MultiSubstring;
use crate::plan::expr::matching::FieldMatcher;
use crate::value::Value;

/// What a look-up, or seeking a pattern, costs beside comparing a text whole.
pub(in crate::exec) const HASH_FROM: u32 = 8;

/// Texts or patterns from which on a look-up is quicker than one test after the other.
pub(in crate::exec) const MANY: usize = 8;

/// Bytes of texts that are brought to lower case without memory of their own.
const SHORT: usize = 128;

/// Tests of which one must pass. Many texts to be equal to are looked up, many patterns sought
/// together.
#[derive(Clone)]
pub(in crate::exec) struct InList {
    whole: HashSet<Box<[u8]>, FixedState>,
    longest: usize,
    sought: Option<Arc<Needle>>,
    others: Vec<FieldMatcher>,
}

/// Patterns by a text without which none of them matches.
struct Needle {
    needles: MultiSubstring,
    patterns: Vec<FieldMatcher>,
}

impl InList {
    /// One of these.
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

    /// What it costs beside comparing a text whole.
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

    /// Whether one of the tests passes on a text.
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

/// Rows of values of several fields, of which one must be met: what a subsearch gives.
#[derive(Clone)]
pub(in crate::exec) struct InTuples {
    rows: Arc<HashSet<Box<[u8]>, FixedState>>,
}

impl InTuples {
    /// One of these rows, of as many texts in lower case as there are fields.
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

    /// Takes the rows out of `left` whose values in these columns are none of them.
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

    /// Whether values are those of a row, behind those that are in the key; of several values of a
    /// field each may be.
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

/// Adds a text to a key, so that it can't be taken for part of another.
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
