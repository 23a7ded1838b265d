//! Which searches may find a row, for all rows of columns at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use polars::prelude::{Column, PolarsResult};

use crate::error::Result;
use crate::exec::column::common_height;
use crate::exec::together::columns::{Collected, ColumnTests};
use crate::exec::together::formula::{Formula, Tested};

/// Rows that are kept for one search at most: one that finds more reads them itself.
pub(super) const MOST_ROWS: u64 = 250_000;

/// The set of no search.
pub(super) const NONE: u32 = 0;

/// Finds out for rows which of many searches may find them.
pub(super) struct Finder {
    columns: Vec<ColumnTests>,
    /// What each search asks, with its number.
    formulas: Vec<(usize, Formula)>,
    sets: Mutex<Sets>,
}

/// The sets of searches that rows were found by.
struct Sets {
    /// By the kinds of the values of a row.
    by_kinds: HashMap<Box<[u32]>, u32>,
    numbers: HashMap<Box<[usize]>, u32>,
    /// The searches of each set.
    searches: Vec<Box<[usize]>>,
    /// Rows of each set.
    rows: Vec<u64>,
}

impl Finder {
    /// A finder for formulas over tested columns.
    ///
    /// # Errors
    /// More patterns than an automaton can hold.
    pub(super) fn new(tested: Tested, formulas: Vec<(usize, Formula)>) -> Result<Finder> {
        let columns = tested.tests.into_iter().map(Collected::finish);
        let nobody: Box<[usize]> = Box::default();
        Ok(Finder {
            columns: columns.collect::<Result<_>>()?,
            formulas,
            sets: Mutex::new(Sets {
                by_kinds: HashMap::new(),
                numbers: HashMap::from([(nobody.clone(), NONE)]),
                searches: vec![nobody],
                rows: vec![0],
            }),
        })
    }

    /// The set of each row; `columns` are those that are tested, in their order.
    ///
    /// # Errors
    /// Never on account of data.
    pub(super) fn sets(&self, columns: &[Column]) -> PolarsResult<Vec<u32>> {
        // A constant column may come as one row, whatever the others have.
        let height = common_height(columns);
        let kinds = self.columns.iter().zip(columns).map(|(t, c)| t.kinds(c));
        let kinds: Vec<Vec<u32>> = kinds.collect::<PolarsResult<_>>()?;
        let mut met: HashMap<Box<[u32]>, u32> = HashMap::new();
        let mut found = Vec::with_capacity(height);
        let mut key = vec![0; kinds.len()];
        for row in 0..height {
            for (key, kinds) in key.iter_mut().zip(&kinds) {
                *key = kinds[if kinds.len() == 1 { 0 } else { row }];
            }
            found.push(match met.get(key.as_slice()) {
                Some(set) => *set,
                None => {
                    let set = self.set_of(&key);
                    met.insert(key.as_slice().into(), set);
                    set
                }
            });
        }
        Ok(found)
    }

    /// The set of all of so many rows, where no column is tested.
    pub(super) fn set_of_all(&self, rows: u64) -> u32 {
        let set = self.set_of(&[]);
        self.lock().rows[set as usize] += rows;
        set
    }

    fn set_of(&self, kinds: &[u32]) -> u32 {
        let mut sets = self.lock();
        if let Some(set) = sets.by_kinds.get(kinds) {
            return *set;
        }
        let passes = |column: usize, bit: usize| self.columns[column].passes(kinds[column], bit);
        let holding = self.formulas.iter().filter(|(_, f)| f.holds(&passes));
        let searches: Box<[usize]> = holding.map(|(search, _)| *search).collect();
        let next = sets.searches.len() as u32;
        let number = *sets.numbers.entry(searches.clone()).or_insert(next);
        if number == next {
            sets.searches.push(searches);
            sets.rows.push(0);
        }
        sets.by_kinds.insert(kinds.into(), number);
        number
    }

    /// The same, where rows of sets that nobody takes any more count as found by none.
    ///
    /// # Errors
    /// As for [`Finder::sets`].
    pub(super) fn wanted(&self, columns: &[Column]) -> PolarsResult<Vec<u32>> {
        let mut found = self.sets(columns)?;
        let mut sets = self.lock();
        for set in &found {
            sets.rows[*set as usize] += 1;
        }
        let crowded = self.crowded_in(&sets);
        let idle: Vec<bool> = sets
            .searches
            .iter()
            .map(|searches| searches.iter().all(|s| crowded.contains(s)))
            .collect();
        drop(sets);
        for set in &mut found {
            if idle[*set as usize] {
                *set = NONE;
            }
        }
        Ok(found)
    }

    /// The searches that would find too many rows to keep them.
    pub(super) fn crowded(&self) -> Vec<usize> {
        self.crowded_in(&self.lock())
    }

    fn crowded_in(&self, sets: &Sets) -> Vec<usize> {
        let mut rows: HashMap<usize, u64> = HashMap::new();
        for (searches, count) in sets.searches.iter().zip(&sets.rows) {
            for search in searches {
                *rows.entry(*search).or_default() += count;
            }
        }
        let mut crowded: Vec<usize> = rows
            .into_iter()
            .filter(|(_, rows)| *rows > MOST_ROWS)
            .map(|(search, _)| search)
            .collect();
        crowded.sort_unstable();
        crowded
    }

    /// For each search with a number below `searches`, the places in `sets` where it may find a
    /// row.
    pub(super) fn places(&self, sets: &[u32], searches: usize) -> Vec<Vec<u32>> {
        let known = self.lock();
        let mut places = vec![Vec::new(); searches];
        for (place, set) in sets.iter().enumerate() {
            for search in &known.searches[*set as usize] {
                places[*search].push(place as u32);
            }
        }
        places
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sets> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
