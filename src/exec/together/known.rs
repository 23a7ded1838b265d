//! What is known of rows before dear columns are looked at.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;
use polars::prelude::Column;

/// In the place of a kind: it is not known yet.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Rows that are looked at to tell whether the texts of a column are mostly different ones.
const SAMPLE: usize = 256;

/// Which kinds the columns of rows have, as far as they are known.
pub(super) struct Known {
    /// Of each combination the kind in every column.
    pub kinds: Vec<Box<[u32]>>,
    /// How many rows have it.
    pub rows: Vec<usize>,
    /// The combination of each row.
    pub of_row: Vec<u32>,
}

impl Known {
    /// Of so many rows; a column without kinds is not known.
    pub(super) fn of(kinds: &[Vec<u32>], height: usize) -> Known {
        let mut met: HashMap<Box<[u32]>, u32, FixedState> = HashMap::default();
        let mut known = Known {
            kinds: Vec::new(),
            rows: Vec::new(),
            of_row: Vec::with_capacity(height),
        };
        let mut key = vec![UNKNOWN; kinds.len()];
        for row in 0..height {
            for (key, kinds) in key.iter_mut().zip(kinds) {
                *key = match kinds.as_slice() {
                    [] => UNKNOWN,
                    [constant] => *constant,
                    several => several[row],
                };
            }
            let at = match met.get(key.as_slice()) {
                Some(at) => *at,
                None => {
                    let at = known.kinds.len() as u32;
                    met.insert(key.as_slice().into(), at);
                    known.kinds.push(key.as_slice().into());
                    known.rows.push(0);
                    at
                }
            };
            known.rows[at as usize] += 1;
            known.of_row.push(at);
        }
        known
    }
}

/// Whether a column holds texts of which most are different, by some of them.
pub(super) fn is_diverse(column: &Column) -> bool {
    let Ok(texts) = column.as_materialized_series().str() else {
        return false;
    };
    let step = texts.len() / SAMPLE + 1;
    let views = texts.downcast_iter().flat_map(|array| array.views().iter());
    let sample: HashSet<u128> = views.step_by(step).map(|view| view.as_u128()).collect();
    sample.len() * 4 > SAMPLE
}
