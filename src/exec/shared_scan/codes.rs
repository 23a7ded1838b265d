//! Composite codes: the known classes of rows before expensive columns are read.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use polars::prelude::Column;

/// Sentinel for a class that is not yet known.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Rows sampled to tell whether a column contains many distinct strings.
const SAMPLE: usize = 256;

/// The combinations of known column classes that rows have.
pub(super) struct CompositeCodes {
    /// The class in every column, per combination.
    pub kinds: Vec<Box<[u32]>>,
    /// The combination of each row.
    pub of_row: Vec<u32>,
}

/// The largest number of pairs for which a direct table is used.
const ROOM: usize = 1 << 16;

/// Sentinel for a combination that no row has had yet.
const NEW: u32 = u32::MAX;

impl CompositeCodes {
    /// Builds the codes of `height` rows. A column without classes is unknown.
    pub(super) fn of(kinds: &[Vec<u32>], height: usize) -> CompositeCodes {
        let mut known = CompositeCodes {
            kinds: vec![vec![UNKNOWN; kinds.len()].into()],
            of_row: vec![0; height],
        };
        for (column, kinds) in kinds.iter().enumerate() {
            if !kinds.is_empty() {
                known = known.with(column, kinds).0;
            }
        }
        known
    }

    /// Adds the classes of a column, or its single class. Also returns the previous combination of
    /// each new one.
    pub(super) fn with(self, column: usize, kinds: &[u32]) -> (CompositeCodes, Vec<u32>) {
        if let [kind] = kinds {
            let before = (0..self.kinds.len() as u32).collect();
            let mut known = self;
            known
                .kinds
                .iter_mut()
                .for_each(|kinds| kinds[column] = *kind);
            return (known, before);
        }
        let mut made = CodeAllocator {
            known: &self.kinds,
            column,
            kinds: Vec::new(),
            before: Vec::new(),
        };
        let width = kinds.iter().max().map_or(0, |most| *most as usize + 1);
        let mut of_row = self.of_row;
        if self.kinds.len() * width <= ROOM {
            let mut table = vec![NEW; self.kinds.len() * width];
            for (at, kind) in of_row.iter_mut().zip(kinds) {
                let place = &mut table[*at as usize * width + *kind as usize];
                if *place == NEW {
                    *place = made.push(*at, *kind);
                }
                *at = *place;
            }
        } else {
            let mut table: HashMap<(u32, u32), u32, FixedState> = HashMap::default();
            for (at, kind) in of_row.iter_mut().zip(kinds) {
                let place = table.entry((*at, *kind));
                *at = *place.or_insert_with(|| made.push(*at, *kind));
            }
        }
        let CodeAllocator { kinds, before, .. } = made;
        (CompositeCodes { kinds, of_row }, before)
    }

    /// The row count of each combination.
    pub(super) fn rows(&self) -> Vec<usize> {
        let mut rows = vec![0; self.kinds.len()];
        self.of_row.iter().for_each(|at| rows[*at as usize] += 1);
        rows
    }
}

/// Builds combinations of existing ones and the classes of one more column.
struct CodeAllocator<'k> {
    known: &'k [Box<[u32]>],
    column: usize,
    kinds: Vec<Box<[u32]>>,
    before: Vec<u32>,
}

impl CodeAllocator<'_> {
    fn push(&mut self, before: u32, kind: u32) -> u32 {
        let mut kinds = self.known[before as usize].clone();
        kinds[self.column] = kind;
        self.kinds.push(kinds);
        self.before.push(before);
        self.kinds.len() as u32 - 1
    }
}

/// Whether a column contains many distinct strings, judging by a sample.
pub(super) fn is_high_cardinality(column: &Column) -> bool {
    let Ok(texts) = column.as_materialized_series().str() else {
        return false;
    };
    let step = texts.len() / SAMPLE + 1;
    let views = texts.downcast_iter().flat_map(|array| array.views().iter());
    let sample: HashSet<u128> = views.step_by(step).map(|view| view.as_u128()).collect();
    sample.len() * 4 > SAMPLE
}
