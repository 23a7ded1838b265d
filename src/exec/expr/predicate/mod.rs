//! Search expressions tried on columns: cheap tests first, dear ones only on the rows that are
//! left, and on a value that came before not again.

pub(in crate::exec) mod compile;
pub(in crate::exec) mod in_list;

use polars::prelude::{
    BooleanChunked, Column, Int64Chunked, IntoColumn as _, NewChunkedArray as _, PolarsResult,
    StringChunked,
};

use crate::exec::expr::predicate::in_list::{LOOK_UP, OneOf, Together};
use crate::exec::frame::reader::{Cells, common_height};
use crate::exec::kernels::memo::Known;
use crate::plan::expr::matching::TermMatcher;
use crate::value::Value;

/// A search expression over columns, by their place.
#[derive(Clone)]
pub(in crate::exec) enum Test {
    /// All must hold.
    All(Vec<Test>),
    /// One must hold.
    Any(Vec<Test>),
    /// Must not hold.
    Not(Box<Test>),
    /// One of these passes on a field; missing ones fail.
    Field(usize, OneOf),
    /// Several fields have the values of one of these rows.
    Together(Vec<usize>, Together),
    /// A field is there.
    Present(usize),
    /// A term stands in the text of the event.
    Term(usize, TermMatcher),
    /// Always, or never.
    Constant(bool),
}

/// What a test costs beside one that compares a text whole.
const TERM: u32 = 64;

impl Test {
    /// The test with the cheap parts of every conjunction and disjunction first.
    pub(in crate::exec) fn ordered(self) -> Test {
        let sorted = |parts: Vec<Test>| {
            let mut parts: Vec<Test> = parts.into_iter().map(Test::ordered).collect();
            parts.sort_by_key(Test::cost);
            parts
        };
        match self {
            Test::All(parts) => Test::All(sorted(parts)),
            Test::Any(parts) => Test::Any(sorted(parts)),
            Test::Not(inner) => Test::Not(Box::new(inner.ordered())),
            other => other,
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Test::All(parts) | Test::Any(parts) => parts.iter().map(Test::cost).sum(),
            Test::Not(inner) => inner.cost(),
            Test::Field(_, matchers) => matchers.cost(),
            Test::Together(places, _) => places.len() as u32 * LOOK_UP,
            Test::Term(..) => TERM,
            Test::Present(_) | Test::Constant(_) => 0,
        }
    }

    /// Whether a test that looks at no column holds.
    pub(in crate::exec) fn holds_for_all(&self) -> bool {
        match self {
            Test::All(parts) => parts.iter().all(Test::holds_for_all),
            Test::Any(parts) => parts.iter().any(Test::holds_for_all),
            Test::Not(inner) => !inner.holds_for_all(),
            Test::Constant(always) => *always,
            Test::Field(..) | Test::Together(..) | Test::Present(_) | Test::Term(..) => false,
        }
    }

    /// The rows for which it holds; there is at least one column.
    pub(in crate::exec) fn rows(&self, columns: &[Column]) -> PolarsResult<Column> {
        // A constant column may come as one row, whatever the others have.
        let height = common_height(columns);
        let mut left = vec![true; height];
        self.narrow(columns, &mut left)?;
        let name = columns[0].name().clone();
        Ok(BooleanChunked::from_slice(name, &left).into_column())
    }

    /// Takes the rows out of `left` for which it does not hold.
    fn narrow(&self, columns: &[Column], left: &mut [bool]) -> PolarsResult<()> {
        match self {
            Test::All(parts) => {
                for part in parts {
                    if !left.contains(&true) {
                        break;
                    }
                    part.narrow(columns, left)?;
                }
            }
            Test::Any(parts) => {
                let mut open = left.to_vec();
                left.fill(false);
                for part in parts {
                    if !open.contains(&true) {
                        break;
                    }
                    let mut found = open.clone();
                    part.narrow(columns, &mut found)?;
                    for ((left, open), found) in left.iter_mut().zip(&mut open).zip(found) {
                        *left |= found;
                        *open &= !found;
                    }
                }
            }
            Test::Not(inner) => {
                let mut found = left.to_vec();
                inner.narrow(columns, &mut found)?;
                for (left, found) in left.iter_mut().zip(found) {
                    *left &= !found;
                }
            }
            Test::Field(at, matchers) => narrow_field(&columns[*at], matchers, left)?,
            Test::Together(places, rows) => {
                let columns: Vec<&Column> = places.iter().map(|at| &columns[*at]).collect();
                rows.narrow(&columns, left);
            }
            Test::Present(at) => {
                let there = columns[*at].is_not_null();
                let single = there.len() == 1;
                for (row, left) in left.iter_mut().enumerate() {
                    *left &= there.get(if single { 0 } else { row }) == Some(true);
                }
            }
            Test::Term(at, matcher) => narrow_term(&columns[*at], matcher, left),
            Test::Constant(always) => {
                if !always {
                    left.fill(false);
                }
            }
        }
        Ok(())
    }
}

fn narrow_field(column: &Column, tests: &OneOf, left: &mut [bool]) -> PolarsResult<()> {
    let column = column.as_materialized_series();
    if column.len() == 1 && left.len() != 1 {
        let column = Column::from(column.clone());
        let value = Cells::new(&column).get(0);
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
    let cells = Cells::new(&column);
    for (row, left) in left.iter_mut().enumerate() {
        if *left {
            *left = match &cells {
                // Without gathering the values.
                Cells::Texts(lists) => lists.any(row, |text| tests.matches_text(text)),
                others => tests.matches(&others.get(row)),
            };
        }
    }
    Ok(())
}

/// Texts of a column in one piece.
fn narrow_texts(texts: &StringChunked, passes: &dyn Fn(&str) -> bool, left: &mut [bool]) {
    let Some(array) = texts.downcast_iter().next() else {
        return;
    };
    // Texts that are stored once have the same view wherever they stand.
    let mut known = Known::default();
    for ((left, view), text) in left.iter_mut().zip(array.views().iter()).zip(array.iter()) {
        if *left {
            *left = text.is_some_and(|text| known.of(view.as_u128(), || passes(text)));
        }
    }
}

fn narrow_numbers(numbers: &Int64Chunked, tests: &OneOf, left: &mut [bool]) {
    let mut known = Known::default();
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
    let cells = Cells::new(column);
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

    use super::Test;
    use crate::exec::expr::predicate::in_list::OneOf;
    use crate::plan::expr::matching::FieldMatcher;
    use crate::syntax::ast::CompareOp;

    fn field(at: usize, pattern: &str) -> Test {
        any_of(at, &[pattern])
    }

    fn any_of(at: usize, patterns: &[&str]) -> Test {
        let tests = patterns.iter().map(|p| FieldMatcher::new(CompareOp::Eq, p));
        Test::Field(at, OneOf::new(tests.collect()))
    }

    fn rows(test: &Test, columns: &[Column]) -> Vec<bool> {
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
        let both = Test::All(vec![field(1, "*/node:*"), field(0, "wmic.exe")]).ordered();
        assert_eq!(rows(&both, &columns), [true, false, false, false]);
        let one = Test::Any(vec![field(1, "call"), field(0, "cmd.exe")]);
        assert_eq!(rows(&one, &columns), [false, true, false, true]);
        let neither = Test::Not(Box::new(one));
        assert_eq!(rows(&neither, &columns), [true, false, true, false]);
        assert_eq!(rows(&Test::Present(0), &columns), [true, true, false, true]);
    }

    #[test]
    fn a_value_that_comes_again_gets_the_answer_it_got() {
        // More than are kept, some inlined in the column, some not, in turn and repeated.
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
