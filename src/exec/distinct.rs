//! Rows that look the same to an expression: it is evaluated once for all of them.
//!
//! Fields of logs repeat: a million events come from a few hosts and programs. A regular
//! expression or a lookup costs far more than to find out that its answer is known.

use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use polars::prelude::{Column, IdxSize, PolarsResult};

use crate::exec::column::Cells;
use crate::value::Value;

/// Rows that are looked at before it is decided whether they repeat enough.
const SAMPLE: usize = 1024;

/// Which rows are the same.
pub(super) struct Distinct {
    /// The first row of each kind.
    pub firsts: Vec<usize>,
    /// The kind of each row: a place in `firsts`.
    kinds: Vec<IdxSize>,
}

impl Distinct {
    /// The kinds of `height` rows, by their values in all of `cells`.
    pub fn of(cells: &[Cells<'_>], height: usize) -> Distinct {
        let mut finder = Finder::new(cells, height);
        finder.find(height);
        finder.found
    }

    /// The same, or nothing where rows seldom repeat, so that finding out does not pay.
    pub fn if_worth_it(cells: &[Cells<'_>], height: usize) -> Option<Distinct> {
        let sample = height.min(SAMPLE);
        let mut finder = Finder::new(cells, height);
        finder.find(sample);
        if finder.found.firsts.len() * 2 > sample {
            return None;
        }
        finder.find(height);
        Some(finder.found)
    }

    /// A column for all rows out of one with a row for each kind.
    ///
    /// # Errors
    /// Never on account of data.
    pub fn spread(&self, kinds: &Column) -> PolarsResult<Column> {
        kinds.take_slice(&self.kinds)
    }
}

struct Finder<'c, 'f> {
    cells: &'f [Cells<'c>],
    state: FixedState,
    table: HashTable<IdxSize>,
    found: Distinct,
}

impl<'c, 'f> Finder<'c, 'f> {
    fn new(cells: &'f [Cells<'c>], height: usize) -> Finder<'c, 'f> {
        Finder {
            cells,
            state: FixedState::default(),
            table: HashTable::new(),
            found: Distinct {
                firsts: Vec::new(),
                kinds: Vec::with_capacity(height),
            },
        }
    }

    /// Goes on up to that row.
    fn find(&mut self, until: usize) {
        for row in self.found.kinds.len()..until {
            let firsts = &self.found.firsts;
            let same = |kind: &IdxSize| {
                let first = firsts[*kind as usize];
                self.cells.iter().all(|c| c.get(first) == c.get(row))
            };
            let hash = hash_of(self.cells, &self.state, row);
            let kind = match self.table.find(hash, same) {
                Some(kind) => *kind,
                None => {
                    let kind = firsts.len() as IdxSize;
                    let again = |kind: &IdxSize| {
                        let first = firsts[*kind as usize];
                        hash_of(self.cells, &self.state, first)
                    };
                    self.table.insert_unique(hash, kind, again);
                    self.found.firsts.push(row);
                    kind
                }
            };
            self.found.kinds.push(kind);
        }
    }
}

fn hash_of(cells: &[Cells<'_>], state: &FixedState, row: usize) -> u64 {
    let mut hasher = state.build_hasher();
    for cell in cells {
        match cell.get(row) {
            Value::Null => hasher.write_u8(0),
            Value::Bool(b) => hasher.write_u8(1 + u8::from(b)),
            // 0 and -0 are equal.
            Value::Num(n) => hasher.write_u64((n + 0.0).to_bits()),
            Value::Text(text) => text.hash(&mut hasher),
            Value::Multi(values) => values.hash(&mut hasher),
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{AnyValue, Column};

    use super::Distinct;
    use crate::exec::column::Cells;

    #[test]
    fn rows_are_the_same_when_all_values_are() {
        let texts = Column::new("a".into(), [Some("x"), None, Some("x"), Some("y"), None]);
        let numbers = Column::new("b".into(), [1.0, 0.0, 1.0, 1.0, -0.0]);
        let cells = [Cells::new(&texts), Cells::new(&numbers)];
        let distinct = Distinct::of(&cells, 5);
        assert_eq!(distinct.firsts, [0, 1, 3]);
        let spread = distinct
            .spread(&Column::new("c".into(), ["p", "q", "r"]))
            .expect("rows there are");
        let values: Vec<AnyValue<'_>> = (0..5).map(|i| spread.get(i).expect("a row")).collect();
        assert_eq!(values, ["p", "q", "p", "r", "q"].map(AnyValue::String));
    }

    #[test]
    fn rows_that_differ_are_not_looked_at_to_the_end() {
        let differ: Vec<i64> = (0..5000).collect();
        let repeat: Vec<i64> = (0..5000).map(|n| n % 7).collect();
        let (differ, repeat) = (
            Column::new("a".into(), differ),
            Column::new("a".into(), repeat),
        );
        assert!(Distinct::if_worth_it(&[Cells::new(&differ)], 5000).is_none());
        let found = Distinct::if_worth_it(&[Cells::new(&repeat)], 5000).expect("they repeat");
        assert_eq!(found.firsts, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn no_column_makes_all_rows_the_same() {
        let distinct = Distinct::of(&[], 3);
        assert_eq!(distinct.firsts, [0]);
    }
}
