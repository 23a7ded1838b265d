//! Predicate evaluation on columns: cheap predicates first, expensive ones only on the remaining
//! rows, and once per repeated value.

pub(in crate::exec) mod compile;
pub(in crate::exec) mod in_list;

use polars::prelude::{
    BooleanChunked, Column, Int64Chunked, IntoColumn as _, NewChunkedArray as _, PolarsResult,
    StringChunked,
};

use crate::exec::expr::predicate::in_list::{HASH_FROM, InList, InTuples};
use crate::exec::frame::broadcast::broadcast_len;
use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::memo::Memo;
use crate::plan::expr::matching::TermMatcher;
use crate::value::Value;

/// A search expression over columns, identified by index.
#[derive(Clone)]
pub(in crate::exec) enum PhysicalPredicate {
    /// All must hold.
    All(Vec<PhysicalPredicate>),
    /// One must hold.
    Any(Vec<PhysicalPredicate>),
    /// Must not hold.
    Not(Box<PhysicalPredicate>),
    /// One of the list matches a field; false if the field is missing.
    Field(usize, InList),
    /// Several fields have the values of one of these tuples.
    Together(Vec<usize>, InTuples),
    /// A field is present.
    Present(usize),
    /// A term occurs in the raw text of the event.
    Term(usize, TermMatcher),
    /// Always, or never.
    Constant(bool),
}

/// The cost relative to comparing a whole string.
const TERM: u32 = 64;

impl PhysicalPredicate {
    /// Sorts the parts of every conjunction and disjunction by cost, cheap ones first.
    pub(in crate::exec) fn order_by_cost(self) -> PhysicalPredicate {
        let sorted = |parts: Vec<PhysicalPredicate>| {
            let mut parts: Vec<PhysicalPredicate> = parts
                .into_iter()
                .map(PhysicalPredicate::order_by_cost)
                .collect();
            parts.sort_by_key(PhysicalPredicate::cost);
            parts
        };
        match self {
            PhysicalPredicate::All(parts) => PhysicalPredicate::All(sorted(parts)),
            PhysicalPredicate::Any(parts) => PhysicalPredicate::Any(sorted(parts)),
            PhysicalPredicate::Not(inner) => {
                PhysicalPredicate::Not(Box::new(inner.order_by_cost()))
            }
            other => other,
        }
    }

    fn cost(&self) -> u32 {
        match self {
            PhysicalPredicate::All(parts) | PhysicalPredicate::Any(parts) => {
                parts.iter().map(PhysicalPredicate::cost).sum()
            }
            PhysicalPredicate::Not(inner) => inner.cost(),
            PhysicalPredicate::Field(_, matchers) => matchers.cost(),
            PhysicalPredicate::Together(places, _) => places.len() as u32 * HASH_FROM,
            PhysicalPredicate::Term(..) => TERM,
            PhysicalPredicate::Present(_) | PhysicalPredicate::Constant(_) => 0,
        }
    }

    /// The value of a predicate that reads no column.
    pub(in crate::exec) fn constant_value(&self) -> bool {
        match self {
            PhysicalPredicate::All(parts) => parts.iter().all(PhysicalPredicate::constant_value),
            PhysicalPredicate::Any(parts) => parts.iter().any(PhysicalPredicate::constant_value),
            PhysicalPredicate::Not(inner) => !inner.constant_value(),
            PhysicalPredicate::Constant(always) => *always,
            PhysicalPredicate::Field(..)
            | PhysicalPredicate::Together(..)
            | PhysicalPredicate::Present(_)
            | PhysicalPredicate::Term(..) => false,
        }
    }

    /// Evaluates the predicate to a mask. There must be at least one column.
    pub(in crate::exec) fn rows(&self, columns: &[Column]) -> PolarsResult<Column> {
        // A constant column may have a single row, whatever the length of the others.
        let height = broadcast_len(columns);
        let mut left = vec![true; height];
        self.refine_selection(columns, &mut left)?;
        let name = columns[0].name().clone();
        Ok(BooleanChunked::from_slice(name, &left).into_column())
    }

    /// Clears the rows of `left` for which the predicate is false.
    fn refine_selection(&self, columns: &[Column], left: &mut [bool]) -> PolarsResult<()> {
        match self {
            PhysicalPredicate::All(parts) => {
                for part in parts {
                    if !left.contains(&true) {
                        break;
                    }
                    part.refine_selection(columns, left)?;
                }
            }
            PhysicalPredicate::Any(parts) => {
                let mut open = left.to_vec();
                left.fill(false);
                for part in parts {
                    if !open.contains(&true) {
                        break;
                    }
                    let mut found = open.clone();
                    part.refine_selection(columns, &mut found)?;
                    for ((left, open), found) in left.iter_mut().zip(&mut open).zip(found) {
                        *left |= found;
                        *open &= !found;
                    }
                }
            }
            PhysicalPredicate::Not(inner) => {
                let mut found = left.to_vec();
                inner.refine_selection(columns, &mut found)?;
                for (left, found) in left.iter_mut().zip(found) {
                    *left &= !found;
                }
            }
            PhysicalPredicate::Field(at, matchers) => narrow_field(&columns[*at], matchers, left)?,
            PhysicalPredicate::Together(places, rows) => {
                let columns: Vec<&Column> = places.iter().map(|at| &columns[*at]).collect();
                rows.narrow(&columns, left);
            }
            PhysicalPredicate::Present(at) => {
                let there = columns[*at].is_not_null();
                let single = there.len() == 1;
                for (row, left) in left.iter_mut().enumerate() {
                    *left &= there.get(if single { 0 } else { row }) == Some(true);
                }
            }
            PhysicalPredicate::Term(at, matcher) => narrow_term(&columns[*at], matcher, left),
            PhysicalPredicate::Constant(always) => {
                if !always {
                    left.fill(false);
                }
            }
        }
        Ok(())
    }
}

fn narrow_field(column: &Column, tests: &InList, left: &mut [bool]) -> PolarsResult<()> {
    let column = column.as_materialized_series();
    if column.len() == 1 && left.len() != 1 {
        let column = Column::from(column.clone());
        let value = ValueReader::new(&column).get(0);
        if !tests.matches(&value) {
            left.fill(false);
        }
        return Ok(());
    }
    let column = column.rechunk();
    if let Ok(texts) = column.str() {
        narrow_texts(texts, &|text| tests.matches_text(text), left);
        return Ok(());
    }
    if let Ok(numbers) = column.i64() {
        narrow_numbers(numbers, tests, left);
        return Ok(());
    }
    let column = Column::from(column);
    let cells = ValueReader::new(&column);
    for (row, left) in left.iter_mut().enumerate() {
        if *left {
            *left = match &cells {
                // Without gathering the values.
                ValueReader::Texts(lists) => lists.any(row, |text| tests.matches_text(text)),
                others => tests.matches(&others.get(row)),
            };
        }
    }
    Ok(())
}

/// Expects a column of a single chunk.
fn narrow_texts(texts: &StringChunked, passes: &dyn Fn(&str) -> bool, left: &mut [bool]) {
    let Some(array) = texts.downcast_iter().next() else {
        return;
    };
    // A string stored once has the same view in every row.
    let mut known = Memo::default();
    for ((left, view), text) in left.iter_mut().zip(array.views().iter()).zip(array.iter()) {
        if *left {
            *left = text.is_some_and(|text| known.of(view.as_u128(), || passes(text)));
        }
    }
}

fn narrow_numbers(numbers: &Int64Chunked, tests: &InList, left: &mut [bool]) {
    let mut known = Memo::default();
    for (left, number) in left.iter_mut().zip(numbers.iter()) {
        if *left {
            *left = number.is_some_and(|number| {
                known.of(number as u128, || {
                    let value = Value::Num(number as f64);
                    tests.matches(&value)
                })
            });
        }
    }
}

fn narrow_term(column: &Column, matcher: &TermMatcher, left: &mut [bool]) {
    let single = column.len() == 1;
    let cells = ValueReader::new(column);
    for (row, left) in left.iter_mut().enumerate() {
        if *left {
            let value = cells.get(if single { 0 } else { row });
            *left = value.as_text().is_some_and(|raw| matcher.matches(&raw));
        }
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, NamedFrom as _, Series};

    use super::PhysicalPredicate;
    use crate::exec::expr::predicate::in_list::InList;
    use crate::plan::expr::matching::FieldMatcher;
    use crate::syntax::ast::CompareOp;

    fn field(at: usize, pattern: &str) -> PhysicalPredicate {
        any_of(at, &[pattern])
    }

    fn any_of(at: usize, patterns: &[&str]) -> PhysicalPredicate {
        let tests = patterns.iter().map(|p| FieldMatcher::new(CompareOp::Eq, p));
        PhysicalPredicate::Field(at, InList::new(tests.collect()))
    }

    fn rows(test: &PhysicalPredicate, columns: &[Column]) -> Vec<bool> {
        let found = test.rows(columns).unwrap();
        found.bool().unwrap().iter().flatten().collect()
    }

    #[test]
    fn parts_see_only_rows_that_are_left_and_missing_values_fail() {
        let names = [Some("wmic.exe"), Some("WMIC.exe"), None, Some("cmd.exe")];
        let lines = ["/node:a", "call", "/node:b", "x /NODE:c"];
        let columns = [
            Column::from(Series::new("name".into(), names)),
            Column::from(Series::new("line".into(), lines)),
        ];
        let both = PhysicalPredicate::All(vec![field(1, "*/node:*"), field(0, "wmic.exe")])
            .order_by_cost();
        assert_eq!(rows(&both, &columns), [true, false, false, false]);
        let one = PhysicalPredicate::Any(vec![field(1, "call"), field(0, "cmd.exe")]);
        assert_eq!(rows(&one, &columns), [false, true, false, true]);
        let neither = PhysicalPredicate::Not(Box::new(one));
        assert_eq!(rows(&neither, &columns), [true, false, true, false]);
        assert_eq!(
            rows(&PhysicalPredicate::Present(0), &columns),
            [true, true, false, true]
        );
    }

    #[test]
    fn a_value_that_comes_again_gets_the_answer_it_got() {
        // More values than the memo holds, some inlined in the column and some not, alternating and
        // repeated.
        let texts: Vec<String> = (0..5000)
            .map(|n| match n % 3 {
                0 => format!("a long value that is not inlined {}", n % 40),
                1 => format!("{}", n % 7),
                _ => format!("unique value number {n} of many"),
            })
            .collect();
        let pattern = FieldMatcher::new(CompareOp::Eq, "*1*");
        let expected: Vec<bool> = texts.iter().map(|t| pattern.matches_text(t)).collect();
        let columns = [Column::from(Series::new("t".into(), &texts))];
        assert_eq!(rows(&field(0, "*1*"), &columns), expected);
        let numbers: Vec<i64> = (0..5000).map(|n| (n * 37) % 101 - 50).collect();
        let expected: Vec<bool> = numbers
            .iter()
            .map(|n| n.to_string().contains('1'))
            .collect();
        let columns = [Column::from(Series::new("n".into(), &numbers))];
        assert_eq!(rows(&field(0, "*1*"), &columns), expected);
    }

    #[test]
    fn many_texts_are_looked_up_and_patterns_among_them_tried() {
        let names: Vec<String> = (0..20).map(|n| format!("Host{n}")).collect();
        let mut patterns: Vec<&str> = names.iter().map(String::as_str).collect();
        patterns.extend(["*.local", "10.0.0.0/8", "Ärger"]);
        let texts = [
            Some("hOST7"),
            Some("host77"),
            Some("a.LOCAL"),
            Some("10.1.1.1"),
            Some("ÄRGER"),
            Some(""),
            None,
        ];
        let columns = [Column::from(Series::new("t".into(), texts))];
        assert_eq!(
            rows(&any_of(0, &patterns), &columns),
            [true, false, true, true, true, false, false]
        );
    }
}
