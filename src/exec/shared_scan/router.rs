//! Routes rows to the searches that may match them, a batch of columns at a time.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use polars::prelude::{Column, PolarsResult, StringChunked};

use crate::exec::frame::broadcast::broadcast_len;
use crate::exec::shared_scan::batch::PredicateBatch;
use crate::exec::shared_scan::codes::{CompositeCodes, UNKNOWN, is_high_cardinality};
use crate::exec::shared_scan::column_predicates::{Bits, Builder, ColumnPredicates, is_set, set};
use crate::exec::shared_scan::predicate_expr::{BoolExpr, PredicateTable};

/// The empty set of searches.
pub(super) const EMPTY_SET: u32 = 0;

/// Number of rows from which expensive string columns are read last, and only for undecided
/// predicates.
const MANY: usize = 4096;

/// Number of rows with the same codes from which a batch is compiled for their undecided
/// predicates.
const SEVERAL: usize = 64;

/// A search is unselective if it matches more than one in this many of all rows.
const A_GOOD_PART: u64 = 20;

/// A search that matches at most one in this many of the row limit is selective, whatever its share
/// of all rows.
const FEW: u64 = 20;

/// Computes for each row which of many searches may match it.
pub(super) struct QueryRouter {
    columns: Vec<ColumnPredicates>,
    /// The predicate of each search, with the search's number.
    formulas: Vec<(usize, BoolExpr)>,
    /// The row limit: searches with more candidates read the rows themselves.
    most: u64,
    /// By the classes of the known columns.
    rests: Mutex<HashMap<Box<[u32]>, Arc<Residual>, FixedState>>,
    sets: Mutex<QuerySets>,
}

/// The predicates left to evaluate for rows with known classes in some columns.
struct Residual {
    /// Searches that may match the rows, whatever the other columns hold.
    found: Vec<usize>,
    /// Predicates that depend on other columns.
    open: Vec<usize>,
    /// The tests of each column that these depend on; `None` if there are none.
    asked: Vec<Option<Bits>>,
}

/// The sets of searches that rows are routed to.
struct QuerySets {
    /// By the classes of a row's values.
    by_kinds: HashMap<Box<[u32]>, u32, FixedState>,
    numbers: HashMap<Box<[usize]>, u32>,
    /// The searches of each set.
    searches: Vec<Box<[usize]>>,
    /// The row count of each set.
    rows: Vec<u64>,
    /// Searches with too many candidates. This is permanent, since their rows are dropped.
    crowded: BTreeSet<usize>,
}

impl QueryRouter {
    /// A router for predicates over tested columns, which keeps at most `most` rows.
    pub(super) fn new(
        tested: PredicateTable,
        formulas: Vec<(usize, BoolExpr)>,
        most: u64,
    ) -> QueryRouter {
        let columns = tested.tests.into_iter().map(Builder::finish);
        let nobody: Box<[usize]> = Box::default();
        QueryRouter {
            columns: columns.collect(),
            formulas,
            most,
            rests: Mutex::default(),
            sets: Mutex::new(QuerySets {
                by_kinds: HashMap::default(),
                numbers: HashMap::from([(nobody.clone(), EMPTY_SET)]),
                searches: vec![nobody],
                rows: vec![0],
                crowded: BTreeSet::new(),
            }),
        }
    }

    /// Returns the set of each row; `columns` are the tested ones, in order.
    ///
    /// # Errors
    /// Never because of the data.
    pub(super) fn sets(&self, columns: &[Column]) -> PolarsResult<Vec<u32>> {
        // A constant column may have a single row, whatever the length of the others.
        let height = broadcast_len(columns);
        let mut kinds = Vec::with_capacity(columns.len());
        let mut dear = Vec::new();
        for (at, (tests, column)) in self.columns.iter().zip(columns).enumerate() {
            let is_dear = height >= MANY && tests.seeks() && is_high_cardinality(column);
            kinds.push(if is_dear {
                Vec::new()
            } else {
                tests.classify(column)?
            });
            dear.extend(is_dear.then_some(at));
        }
        let mut known = CompositeCodes::of(&kinds, height);
        let rests: Vec<Arc<Residual>> = known.kinds.iter().map(|kinds| self.rest(kinds)).collect();
        for &at in &dear {
            let texts = columns[at].as_materialized_series().str()?;
            let (trials, of_known) = self.trials(at, texts, &known, &rests);
            let trial_of_row: Vec<u32> = known
                .of_row
                .iter()
                .map(|known| of_known[*known as usize])
                .collect();
            kinds[at] = self.columns[at].classify_by(texts, &trials, &trial_of_row);
        }
        // The residual that each combination started from.
        let mut begun: Vec<u32> = (0..rests.len() as u32).collect();
        for at in dear {
            let before;
            (known, before) = known.with(at, &kinds[at]);
            begun = before.into_iter().map(|at| begun[at as usize]).collect();
        }
        let sets = known.kinds.iter().zip(&begun);
        let sets: Vec<u32> = sets
            .map(|(kinds, rest)| self.set_of(kinds, &rests[*rest as usize]))
            .collect();
        let rows = known.of_row.into_iter();
        Ok(rows.map(|known| sets[known as usize]).collect())
    }

    /// The set of all `rows` rows, if no column is tested.
    pub(super) fn full_set(&self, rows: u64) -> u32 {
        let set = self.set_of(&[], &self.rest(&[]));
        self.lock().rows[set as usize] += rows;
        set
    }

    /// What is left to evaluate if the columns have these classes.
    fn rest(&self, kinds: &[u32]) -> Arc<Residual> {
        let rests = || self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rest) = rests().get(kinds) {
            return Arc::clone(rest);
        }
        let passed = self.passed(kinds);
        let mut rest = Residual {
            found: Vec::new(),
            open: Vec::new(),
            asked: Vec::new(),
        };
        let mut tests = Vec::new();
        for (at, (search, formula)) in self.formulas.iter().enumerate() {
            match formula.eval_partial(&passes(&passed), &mut tests) {
                Some(true) => rest.found.push(*search),
                Some(false) => {}
                None => rest.open.push(at),
            }
        }
        for (column, of_column) in self.columns.iter().enumerate() {
            let mut bits = vec![0; of_column.words()];
            let here = tests.iter().filter(|(at, _)| *at == column);
            here.for_each(|(_, bit)| set(&mut bits, *bit));
            let any = bits.iter().any(|word| *word != 0);
            rest.asked.push(any.then(|| bits.into()));
        }
        let rest = Arc::new(rest);
        rests().insert(kinds.into(), Arc::clone(&rest));
        rest
    }

    /// Compiles the batches that evaluate the residuals on a column of these strings. Returns them
    /// and the batch of each combination.
    fn trials(
        &self,
        column: usize,
        texts: &StringChunked,
        known: &CompositeCodes,
        rests: &[Arc<Residual>],
    ) -> (Vec<Option<Arc<PredicateBatch>>>, Vec<u32>) {
        let tests = &self.columns[column];
        let mut trials: Vec<Option<Arc<PredicateBatch>>> = vec![None];
        let of_known = rests.iter().zip(known.rows()).map(|(rest, rows)| {
            let Some(asked) = &rest.asked[column] else {
                return 0;
            };
            let trial = match rows >= SEVERAL {
                true => tests.trial(asked, texts),
                false => tests.all(),
            };
            let same = |other: &Option<Arc<PredicateBatch>>| {
                other
                    .as_ref()
                    .is_some_and(|other| Arc::ptr_eq(other, &trial))
            };
            let at = trials.iter().position(same).unwrap_or_else(|| {
                trials.push(Some(Arc::clone(&trial)));
                trials.len() - 1
            });
            at as u32
        });
        let of_known = of_known.collect();
        (trials, of_known)
    }

    /// The tests of each column that pass; `None` if unknown.
    fn passed(&self, kinds: &[u32]) -> Vec<Option<Bits>> {
        let columns = self.columns.iter().zip(kinds);
        columns
            .map(|(tests, kind)| (*kind != UNKNOWN).then(|| tests.passed(*kind)))
            .collect()
    }

    /// The set of rows with these classes.
    fn set_of(&self, kinds: &[u32], rest: &Residual) -> u32 {
        if let Some(set) = self.lock().by_kinds.get(kinds) {
            return *set;
        }
        let passed = self.passed(kinds);
        let holds = |at: &&usize| {
            let (_, formula) = &self.formulas[**at];
            formula.eval_partial(&passes(&passed), &mut Vec::new()) == Some(true)
        };
        let open = rest.open.iter().filter(holds);
        let mut searches: Vec<usize> = open.map(|at| self.formulas[*at].0).collect();
        searches.extend(&rest.found);
        searches.sort_unstable();
        let searches: Box<[usize]> = searches.into();
        let mut sets = self.lock();
        let next = sets.searches.len() as u32;
        let number = *sets.numbers.entry(searches.clone()).or_insert(next);
        if number == next {
            sets.searches.push(searches);
            sets.rows.push(0);
        }
        sets.by_kinds.insert(kinds.into(), number);
        number
    }

    /// Like [`QueryRouter::sets`], but returns the empty set for rows that only unselective
    /// searches match.
    ///
    /// # Errors
    /// As for [`QueryRouter::sets`].
    pub(super) fn wanted(&self, columns: &[Column]) -> PolarsResult<Vec<u32>> {
        let mut found = self.sets(columns)?;
        let mut sets = self.lock();
        for set in &found {
            sets.rows[*set as usize] += 1;
        }
        self.evict(&mut sets);
        let idle: Vec<bool> = sets
            .searches
            .iter()
            .map(|searches| searches.iter().all(|s| sets.crowded.contains(s)))
            .collect();
        drop(sets);
        for set in &mut found {
            if idle[*set as usize] {
                *set = EMPTY_SET;
            }
        }
        Ok(found)
    }

    /// The searches with too many candidates to keep.
    pub(super) fn unselective(&self) -> BTreeSet<usize> {
        let mut sets = self.lock();
        self.evict(&mut sets);
        sets.crowded.clone()
    }

    /// Drops the rows of unselective searches: they read the data as fast on their own. While the
    /// rest still exceeds the limit, drops the search with the most rows.
    fn evict(&self, sets: &mut QuerySets) {
        let mut rows: HashMap<usize, u64> = HashMap::new();
        for (searches, count) in sets.searches.iter().zip(&sets.rows) {
            for search in searches {
                *rows.entry(*search).or_default() += count;
            }
        }
        let good_part = (sets.rows.iter().sum::<u64>() / A_GOOD_PART).max(self.most / FEW);
        sets.crowded.extend(
            rows.iter()
                .filter(|(_, rows)| **rows > good_part)
                .map(|(s, _)| *s),
        );
        rows.retain(|search, _| !sets.crowded.contains(search));
        loop {
            let kept = sets.searches.iter().zip(&sets.rows);
            let kept =
                kept.filter(|(searches, _)| !searches.iter().all(|s| sets.crowded.contains(s)));
            let kept: u64 = kept.map(|(_, rows)| rows).sum();
            if kept <= self.most {
                break;
            }
            let most = rows.iter().max_by_key(|(search, rows)| (**rows, **search));
            let Some(most) = most.map(|(search, _)| *search) else {
                break;
            };
            rows.remove(&most);
            sets.crowded.insert(most);
        }
    }

    /// For each search number below `searches`, the indices in `sets` of its candidate rows.
    pub(super) fn row_indices(&self, sets: &[u32], searches: usize) -> Vec<Vec<u32>> {
        let known = self.lock();
        let mut places = vec![Vec::new(); searches];
        for (place, set) in sets.iter().enumerate() {
            for search in &known.searches[*set as usize] {
                places[*search].push(place as u32);
            }
        }
        places
    }

    fn lock(&self) -> MutexGuard<'_, QuerySets> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a test of a column passes, if known.
fn passes(passed: &[Option<Bits>]) -> impl Fn(usize, usize) -> Option<bool> {
    |column, bit| passed[column].as_ref().map(|bits| is_set(bits, bit))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use polars::prelude::{Column, DataFrame, NamedFrom as _, Series};

    use super::{MANY, QueryRouter};
    use crate::exec::frame::Frame;
    use crate::exec::shared_scan::predicate_expr::PredicateTable;
    use crate::plan::build;
    use crate::plan::expr::matching::FieldMatcher;
    use crate::syntax::ast::{CompareOp, Search};

    /// Whether a search expression holds for the texts of a row.
    fn holds(search: &Search, name: Option<&str>, line: Option<&str>) -> bool {
        match search {
            Search::And(parts) => parts.iter().all(|part| holds(part, name, line)),
            Search::Or(parts) => parts.iter().any(|part| holds(part, name, line)),
            Search::Not(inner) => !holds(inner, name, line),
            Search::Compare { field, op, value } => {
                let text = if field.text == "name" { name } else { line };
                text.is_some_and(|text| FieldMatcher::new(*op, &value.text).matches_text(text))
            }
            other => panic!("no test of {other:?}"),
        }
    }

    fn not_equal(field: &str, pattern: &str) -> Search {
        let Search::Compare { field, value, .. } = build::equals(field, pattern) else {
            panic!("it compares");
        };
        let op = CompareOp::Ne;
        Search::Compare { field, op, value }
    }

    #[test]
    fn many_different_texts_are_found_by_whom_they_would_be_alone() {
        let height = 3 * MANY;
        let names = ["cmd.exe", "net.exe", "wmic.exe", "svchost.exe"];
        let name =
            |row: usize| (!row.is_multiple_of(97)).then(|| names[row * 7 % 4 * (row % 3) % 4]);
        let words = [
            "/node:a",
            "process call",
            "stop x",
            "  USER é",
            "create",
            "a*b",
        ];
        let line = |row: usize| {
            let text = format!("{row} {} {}", words[row % 6], words[row / 6 % 6]);
            (!row.is_multiple_of(89)).then_some(text)
        };
        let lines: Vec<Option<String>> = (0..height).map(line).collect();
        let columns = vec![
            Column::from(Series::new(
                "name".into(),
                (0..height).map(name).collect::<Vec<_>>(),
            )),
            Column::from(Series::new("line".into(), &lines)),
        ];
        let is = build::equals;
        let not = |search: Search| Search::Not(Box::new(search));
        let searches = [
            Search::And(vec![
                is("name", "wmic.exe"),
                is("line", "*/node:*"),
                is("line", "*call*"),
            ]),
            Search::And(vec![is("name", "net*"), not(is("line", "*stop*"))]),
            Search::And(vec![
                not_equal("name", "cmd.exe"),
                not_equal("line", "*user*"),
            ]),
            Search::Or(vec![is("name", "cmd.exe"), is("line", "*create*create*")]),
            Search::And(vec![is("line", "*"), is("name", "svchost.exe")]),
            not(Search::Or(vec![is("name", "*"), is("line", "*node*")])),
            is("line", "*é*"),
            is("line", "12*"),
            is("line", "*never*"),
        ];
        let rows = DataFrame::new(height, columns.clone()).expect("of one height");
        let frame = Frame::of(rows);
        let mut tested = PredicateTable::default();
        let formulas = searches.iter().enumerate();
        let formulas: Vec<_> = formulas
            .map(|(at, search)| (at, tested.formula([search], &frame)))
            .collect();
        let of_name = |name: &String| columns.iter().find(|column| column.name() == name).cloned();
        let asked: Vec<Column> = tested.names.iter().filter_map(of_name).collect();
        let finder = QueryRouter::new(tested, formulas, u64::MAX);
        let sets = finder.wanted(&asked).expect("they are texts");
        let places = finder.row_indices(&sets, searches.len());
        for (search, places) in searches.iter().zip(places) {
            let found = |row: &usize| holds(search, name(*row), lines[*row].as_deref());
            let expected: Vec<u32> = (0..height).filter(found).map(|row| row as u32).collect();
            assert_eq!(places, expected, "{search:?}");
        }
    }

    #[test]
    fn those_who_find_most_are_left_out_where_there_are_too_many_rows() {
        let texts: Vec<String> = (0..1000).map(|n| format!("{}", n % 100)).collect();
        let columns = [Column::from(Series::new("name".into(), texts))];
        let frame = Frame::of(DataFrame::new(1000, columns.to_vec()).expect("of one height"));
        let mut tested = PredicateTable::default();
        let searches = [
            build::equals("name", "1"),
            not_equal("name", "1"),
            build::equals("name", "2"),
            build::equals("name", "3"),
        ];
        let formulas = searches.iter().enumerate();
        let formulas = formulas.map(|(at, search)| (at, tested.formula([search], &frame)));
        let formulas = formulas.collect();
        let finder = QueryRouter::new(tested, formulas, 25);
        let sets = finder.wanted(&columns).expect("they are texts");
        assert_eq!(finder.unselective(), BTreeSet::from([1, 3]));
        let places = finder.row_indices(&sets, 4);
        assert_eq!(places[0].len(), 10);
        assert_eq!(places[2].len(), 10);
        assert_eq!(
            sets.iter().filter(|set| **set != super::EMPTY_SET).count(),
            20
        );
    }
}
