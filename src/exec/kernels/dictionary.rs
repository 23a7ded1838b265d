//! Dictionary encoding: evaluates an expression once per distinct row.
//!
//! Log fields repeat: a million events come from a few hosts and programs. A regular expression or
//! a lookup costs far more than finding out that its result is already known.

use std::hash::{BuildHasher as _, Hash, Hasher as _};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use polars::prelude::{Column, IdxSize, PolarsResult, StringChunked};

use crate::exec::frame::reader::ValueReader;

/// Rows sampled to decide whether they repeat enough.
const SAMPLE: usize = 1024;

/// Rows encoded to decide whether encoding all of them pays, if encoding is optional.
const PROBE: usize = 1 << 16;

/// Rows repeat enough if there are at least this many per distinct row.
const FEW: usize = 4;

/// Rows encoded by their distinct values.
pub(in crate::exec) struct Dictionary {
    /// The first row of each distinct value.
    pub firsts: Vec<usize>,
    /// The code of each row: an index into `firsts`.
    kinds: Vec<IdxSize>,
}

impl Dictionary {
    /// Encodes `height` rows by their values in all of `cells`.
    pub fn of(cells: &[ValueReader<'_>], height: usize) -> Dictionary {
        match cells {
            [ValueReader::Text(texts)] if texts.len() == height => Dictionary::of_texts(texts),
            [first, others @ ..] if !others.is_empty() && height > SAMPLE => {
                // Column by column: compares few values at a time, which are close together in
                // memory.
                let first = Dictionary::of(&[*first], height);
                others.iter().fold(first, |found, cells| {
                    found.with(&Dictionary::of(&[*cells], height))
                })
            }
            _ => {
                let mut finder = Encoder::new(cells, height);
                finder.find(height);
                finder.found
            }
        }
    }

    /// Encodes rows by the codes of both.
    fn with(self, other: &Dictionary) -> Dictionary {
        let pairs = self.kinds.iter().zip(&other.kinds);
        Dictionary::of_keys(pairs.map(|(a, b)| u64::from(*a) << 32 | u64::from(*b)))
    }

    /// Encodes `height` rows by their values in `cells`. If strings rarely repeat, each row may get
    /// a code of its own.
    pub fn encode_if_low_cardinality(cells: ValueReader<'_>, height: usize) -> Dictionary {
        match cells {
            ValueReader::Text(texts) if height == texts.len() && height > PROBE => {
                let some = Dictionary::of_keys(texts.iter().take(PROBE).map(Key::of));
                match some.firsts.len() * 2 > PROBE {
                    true => Dictionary {
                        firsts: (0..height).collect(),
                        kinds: (0..height as IdxSize).collect(),
                    },
                    false => Dictionary::of_texts(texts),
                }
            }
            _ => Dictionary::of(&[cells], height),
        }
    }

    /// Like [`Dictionary::of`], but returns `None` if rows rarely repeat, so that encoding does not
    /// pay.
    pub fn encode_if_repetitive(cells: &[ValueReader<'_>], height: usize) -> Option<Dictionary> {
        let sample = height.min(SAMPLE);
        let mut finder = Encoder::new(cells, height);
        finder.find(sample);
        if finder.found.firsts.len() * FEW > sample {
            return None;
        }
        if let [ValueReader::Text(texts)] = cells
            && texts.len() == height
        {
            return Some(Dictionary::of_texts(texts));
        }
        finder.find(height);
        Some(finder.found)
    }

    /// Encodes strings. Most are short enough to be compared as integers.
    fn of_texts(texts: &StringChunked) -> Dictionary {
        Dictionary::of_keys(texts.iter().map(Key::of))
    }

    /// Encodes strings by their storage location; a string stored twice gets two codes.
    pub fn from_categorical(texts: &StringChunked) -> Dictionary {
        let mut keys = Vec::with_capacity(texts.len());
        for (piece, array) in texts.downcast_iter().enumerate() {
            let views = array.views().iter().zip(array.iter());
            keys.extend(views.map(|(view, text)| text.map(|_| (piece as u32, view.as_u128()))));
        }
        Dictionary::of_keys(keys.into_iter())
    }

    fn of_keys<K: Hash + Eq>(rows: impl ExactSizeIterator<Item = K>) -> Dictionary {
        let state = FixedState::default();
        let mut table: HashTable<IdxSize> = HashTable::new();
        let mut keys: Vec<K> = Vec::new();
        let mut firsts = Vec::new();
        let mut kinds = Vec::with_capacity(rows.len());
        for (row, key) in rows.enumerate() {
            let found = table.entry(
                state.hash_one(&key),
                |kind| keys[*kind as usize] == key,
                |kind| state.hash_one(&keys[*kind as usize]),
            );
            let kind = match found {
                Entry::Occupied(found) => *found.get(),
                Entry::Vacant(free) => {
                    let kind = firsts.len() as IdxSize;
                    free.insert(kind);
                    firsts.push(row);
                    keys.push(key);
                    kind
                }
            };
            kinds.push(kind);
        }
        Dictionary { firsts, kinds }
    }

    /// The code of a row: an index into `firsts`.
    pub fn kind(&self, row: usize) -> usize {
        self.kinds[row] as usize
    }

    /// Expands a column with one row per code to one with a row per input row.
    ///
    /// # Errors
    /// Never because of the data.
    pub fn gather(&self, kinds: &Column) -> PolarsResult<Column> {
        kinds.take_slice(&self.kinds)
    }
}

/// A string, as an integer if it is short.
#[derive(PartialEq, Eq, Hash)]
enum Key<'t> {
    Missing,
    Short(u128),
    Long(&'t str),
}

impl<'t> Key<'t> {
    fn of(text: Option<&'t str>) -> Key<'t> {
        match text {
            None => Key::Missing,
            Some(text) => short(text).map_or(Key::Long(text), Key::Short),
        }
    }
}

/// A short string as an integer, unique among strings. Returns `None` if it is too long.
pub(in crate::exec) fn short(text: &str) -> Option<u128> {
    const WIDTH: usize = size_of::<u128>();
    if text.len() >= WIDTH {
        return None;
    }
    let mut bytes = [0; WIDTH];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    // A string may end with zero bytes.
    bytes[WIDTH - 1] = text.len() as u8;
    Some(u128::from_le_bytes(bytes))
}

struct Encoder<'c, 'f> {
    cells: &'f [ValueReader<'c>],
    state: FixedState,
    table: HashTable<IdxSize>,
    found: Dictionary,
}

impl<'c, 'f> Encoder<'c, 'f> {
    fn new(cells: &'f [ValueReader<'c>], height: usize) -> Encoder<'c, 'f> {
        Encoder {
            cells,
            state: FixedState::default(),
            table: HashTable::new(),
            found: Dictionary {
                firsts: Vec::new(),
                kinds: Vec::with_capacity(height),
            },
        }
    }

    /// Encodes the rows up to `until`.
    fn find(&mut self, until: usize) {
        for row in self.found.kinds.len()..until {
            let firsts = &self.found.firsts;
            let same = |kind: &IdxSize| {
                let first = firsts[*kind as usize];
                self.cells.iter().all(|c| c.same(first, row))
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

fn hash_of(cells: &[ValueReader<'_>], state: &FixedState, row: usize) -> u64 {
    let mut hasher = state.build_hasher();
    cells.iter().for_each(|c| c.hash(row, &mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use polars::prelude::{AnyValue, Column};

    use super::Dictionary;
    use crate::exec::frame::reader::ValueReader;

    #[test]
    fn rows_are_the_same_when_all_values_are() {
        let texts = Column::new("a".into(), [Some("x"), None, Some("x"), Some("y"), None]);
        let numbers = Column::new("b".into(), [1.0, 0.0, 1.0, 1.0, -0.0]);
        let cells = [ValueReader::new(&texts), ValueReader::new(&numbers)];
        let distinct = Dictionary::of(&cells, 5);
        assert_eq!(distinct.firsts, [0, 1, 3]);
        let spread = distinct
            .gather(&Column::new("c".into(), ["p", "q", "r"]))
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
        assert!(Dictionary::encode_if_repetitive(&[ValueReader::new(&differ)], 5000).is_none());
        let found = Dictionary::encode_if_repetitive(&[ValueReader::new(&repeat)], 5000)
            .expect("they repeat");
        assert_eq!(found.firsts, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn texts_are_the_same_when_all_of_their_bytes_are() {
        let texts = [
            Some("a"),
            Some("a\0"),
            Some(""),
            None,
            Some("fifteen letters"),
            Some("a text of more letters"),
            Some("a text of more Letters"),
            Some("a"),
            Some(""),
            None,
            Some("fifteen letters"),
            Some("a text of more letters"),
        ];
        let texts = Column::new("t".into(), texts);
        let distinct = Dictionary::of(&[ValueReader::new(&texts)], texts.len());
        assert_eq!(distinct.firsts, [0, 1, 2, 3, 4, 5, 6]);
        let kinds: Vec<usize> = (7..12).map(|row| distinct.kind(row)).collect();
        assert_eq!(kinds, [0, 2, 3, 4, 5]);
    }

    #[test]
    fn many_rows_of_several_columns_are_told_apart_as_few_are() {
        let texts: Vec<Option<String>> = (0..3000)
            .map(|n| (n % 5 > 0).then(|| format!("value {}", n % 7)))
            .collect();
        let numbers: Vec<f64> = (0..3000).map(|n| f64::from(n % 4)).collect();
        let (texts, numbers) = (
            Column::new("t".into(), &texts),
            Column::new("n".into(), &numbers),
        );
        let cells = [ValueReader::new(&texts), ValueReader::new(&numbers)];
        let mut finder = super::Encoder::new(&cells, 3000);
        finder.find(3000);
        let found = Dictionary::of(&cells, 3000);
        assert_eq!(found.firsts, finder.found.firsts);
        assert_eq!(found.kinds, finder.found.kinds);
    }

    #[test]
    fn no_column_makes_all_rows_the_same() {
        let distinct = Dictionary::of(&[], 3);
        assert_eq!(distinct.firsts, [0]);
    }
}
