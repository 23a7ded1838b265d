//! The tests that many searches put to the values of one column, tried together: what is sought
//! within texts by one automaton, what is compared whole by one look-up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aho_corasick::AhoCorasickKind;
use polars::prelude::{Column, PolarsResult};

use crate::error::{Error, Result};
use crate::exec::column::Cells;
use crate::exec::known::Known;
use crate::exec::needles::Needles;
use crate::plan::matching::{FieldMatcher, TermMatcher};
use crate::syntax::ast::CompareOp;
use crate::value::Value;

/// The bit of all values that are there.
pub(super) const PRESENT: usize = 0;

/// The kind of missing values: the first that is there.
const MISSING: u32 = 0;

/// A test of a text.
enum Test {
    Field(FieldMatcher),
    Term(TermMatcher),
}

impl Test {
    fn passes(&self, text: &str) -> bool {
        match self {
            Test::Field(matcher) => matcher.matches_text(text),
            Test::Term(matcher) => matcher.matches(text),
        }
    }

    /// ASCII text in lower case without which no text passes that is compared by ASCII's case.
    fn needle(&self) -> Option<String> {
        match self {
            Test::Field(matcher) => matcher.needle(),
            Test::Term(matcher) => matcher.needle(),
        }
    }

    /// Whether letters beyond ASCII count as others in it.
    fn folds_unicode(&self) -> bool {
        matches!(self, Test::Term(_))
    }
}

/// Which tests a value passes, a bit each.
type Bits = Box<[u64]>;

/// Tests being collected, by what tells them apart.
#[derive(Default)]
pub(super) struct Collected {
    tests: Vec<(usize, Test)>,
    /// Pairs of bits: the first is set where the second is not.
    opposites: Vec<(usize, usize)>,
    known: HashMap<(u8, String), usize>,
    bits: usize,
}

impl Collected {
    /// The bit of a comparison of the column.
    pub(super) fn field(&mut self, op: CompareOp, literal: &str) -> usize {
        let key = (op as u8, literal.to_owned());
        if let Some(bit) = self.known.get(&key) {
            return *bit;
        }
        let bit = if op == CompareOp::Ne {
            let equal = self.field(CompareOp::Eq, literal);
            let bit = self.next_bit();
            self.opposites.push((bit, equal));
            bit
        } else {
            let bit = self.next_bit();
            let matcher = FieldMatcher::new(op, literal);
            self.tests.push((bit, Test::Field(matcher)));
            bit
        };
        self.known.insert(key, bit);
        bit
    }

    /// The bit of a term, told apart by `key`.
    pub(super) fn term(&mut self, key: String, matcher: TermMatcher) -> usize {
        let key = (u8::MAX, key);
        if let Some(bit) = self.known.get(&key) {
            return *bit;
        }
        let bit = self.next_bit();
        self.tests.push((bit, Test::Term(matcher)));
        self.known.insert(key, bit);
        bit
    }

    fn next_bit(&mut self) -> usize {
        self.bits += 1;
        PRESENT + self.bits
    }

    /// The tests, ready to be tried.
    ///
    /// # Errors
    /// More patterns than an automaton can hold.
    pub(super) fn finish(self) -> Result<ColumnTests> {
        let words = (PRESENT + self.bits) / 64 + 1;
        let mut tests = ColumnTests {
            tests: Vec::with_capacity(self.tests.len()),
            whole: HashMap::new(),
            longest: 0,
            needles: None,
            always: Vec::new(),
            beyond_ascii: Vec::new(),
            opposites: self.opposites,
            words,
            kinds: Mutex::new(Kinds::new(words)),
        };
        let mut needles: Vec<(usize, String)> = Vec::new();
        for (at, (bit, test)) in self.tests.into_iter().enumerate() {
            if let Test::Field(matcher) = &test
                && let Some(whole) = matcher.whole()
            {
                tests.longest = tests.longest.max(whole.len());
                tests
                    .whole
                    .entry(whole.as_bytes().into())
                    .or_default()
                    .push(bit);
            } else if let Some(needle) = test.needle() {
                if test.folds_unicode() {
                    tests.beyond_ascii.push(at);
                }
                needles.push((at, needle));
            } else {
                tests.always.push(at);
            }
            tests.tests.push((bit, test));
        }
        if !needles.is_empty() {
            let needles = Needles::of(needles, Some(AhoCorasickKind::DFA));
            tests.needles = Some(needles.map_err(|why| Error::data(why.to_string()))?);
        }
        Ok(tests)
    }
}

/// All tests of a column.
pub(super) struct ColumnTests {
    /// Each with its bit.
    tests: Vec<(usize, Test)>,
    /// The bits of the texts that are compared whole, in lower case.
    whole: HashMap<Box<[u8]>, Vec<usize>>,
    longest: usize,
    /// The tests that may pass only where a needle stands.
    needles: Option<Needles>,
    /// Tests without a needle.
    always: Vec<usize>,
    /// Tests whose needle says nothing about texts beyond ASCII.
    beyond_ascii: Vec<usize>,
    opposites: Vec<(usize, usize)>,
    words: usize,
    kinds: Mutex<Kinds>,
}

/// The kinds of values there are, by the tests they pass.
struct Kinds {
    numbers: HashMap<Bits, u32>,
    bits: Vec<Bits>,
}

impl Kinds {
    fn new(words: usize) -> Kinds {
        let missing: Bits = vec![0; words].into();
        Kinds {
            numbers: HashMap::from([(missing.clone(), MISSING)]),
            bits: vec![missing],
        }
    }
}

/// Room to work in.
struct Scratch {
    bits: Vec<u64>,
    tried: Vec<u64>,
    lower: Vec<u8>,
    /// Kinds that this worker has met.
    met: HashMap<Bits, u32>,
}

impl ColumnTests {
    /// The kind of each value of a column.
    ///
    /// # Errors
    /// Never on account of data.
    pub(super) fn kinds(&self, column: &Column) -> PolarsResult<Vec<u32>> {
        let series = column.as_materialized_series().rechunk();
        let mut scratch = Scratch {
            bits: vec![0; self.words],
            tried: vec![0; self.tests.len() / 64 + 1],
            lower: Vec::new(),
            met: HashMap::new(),
        };
        if let Ok(texts) = series.str() {
            let mut kinds = Vec::with_capacity(texts.len());
            // Texts that are stored once have the same view wherever they stand.
            let mut known = Known::default();
            for array in texts.downcast_iter() {
                for (view, text) in array.views().iter().zip(array.iter()) {
                    kinds.push(text.map_or(MISSING, |text| {
                        known.of(view.as_u128(), || self.kind(&[text], &mut scratch))
                    }));
                }
            }
            return Ok(kinds);
        }
        let mut known = Known::default();
        if let Ok(numbers) = series.i64() {
            let kind = |number: Option<i64>| {
                number.map_or(MISSING, |number| {
                    known.of(number as u128, || {
                        self.kind_of(&Value::Num(number as f64), &mut scratch)
                    })
                })
            };
            return Ok(numbers.iter().map(kind).collect());
        }
        let column = Column::from(series);
        let cells = Cells::new(&column);
        let rows = 0..column.len();
        Ok(rows
            .map(|row| self.kind_of(&cells.get(row), &mut scratch))
            .collect())
    }

    fn kind_of(&self, value: &Value<'_>, scratch: &mut Scratch) -> u32 {
        match value {
            Value::Null => MISSING,
            Value::Multi(texts) => {
                let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
                self.kind(&texts, scratch)
            }
            single => match single.as_text() {
                Some(text) => self.kind(&[&text], scratch),
                None => MISSING,
            },
        }
    }

    /// The kind of a value: of several texts, each test that one of them passes.
    fn kind(&self, texts: &[&str], scratch: &mut Scratch) -> u32 {
        let mut all = vec![0; if texts.len() == 1 { 0 } else { self.words }];
        for text in texts {
            self.try_text(text, scratch);
            for (all, bits) in all.iter_mut().zip(&scratch.bits) {
                *all |= bits;
            }
        }
        if texts.len() != 1 {
            all[PRESENT / 64] |= 1 << (PRESENT % 64);
            scratch.bits = all;
        }
        if let Some(number) = scratch.met.get(scratch.bits.as_slice()) {
            return *number;
        }
        let bits: Bits = scratch.bits.as_slice().into();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let next = kinds.bits.len() as u32;
        let number = *kinds.numbers.entry(bits.clone()).or_insert(next);
        if number == next {
            kinds.bits.push(bits.clone());
        }
        drop(kinds);
        scratch.met.insert(bits, number);
        number
    }

    /// Sets the bits of the tests that a text passes.
    fn try_text(&self, text: &str, scratch: &mut Scratch) {
        let Scratch {
            bits, tried, lower, ..
        } = scratch;
        bits.fill(0);
        set(bits, PRESENT);
        if text.len() <= self.longest {
            lower.clear();
            lower.extend(text.bytes().map(|b| b.to_ascii_lowercase()));
            for bit in self.whole.get(lower.as_slice()).into_iter().flatten() {
                set(bits, *bit);
            }
        }
        let attempt = |at: usize, bits: &mut [u64]| {
            let (bit, test) = &self.tests[at];
            if test.passes(text) {
                set(bits, *bit);
            }
        };
        if let Some(needles) = &self.needles {
            tried.fill(0);
            for at in needles.found(text) {
                if !is_set(tried, at) {
                    set(tried, at);
                    attempt(at, bits);
                }
            }
        }
        self.always.iter().for_each(|at| attempt(*at, bits));
        if !self.beyond_ascii.is_empty() && !text.is_ascii() {
            self.beyond_ascii.iter().for_each(|at| attempt(*at, bits));
        }
        for (bit, opposite) in &self.opposites {
            if !is_set(bits, *opposite) {
                set(bits, *bit);
            }
        }
    }

    /// Whether values of that kind pass the test with that bit.
    pub(super) fn passes(&self, kind: u32, bit: usize) -> bool {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        is_set(&kinds.bits[kind as usize], bit)
    }
}

fn set(bits: &mut [u64], bit: usize) {
    bits[bit / 64] |= 1 << (bit % 64);
}

fn is_set(bits: &[u64], bit: usize) -> bool {
    bits[bit / 64] >> (bit % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, ListChunked, NamedFrom as _, Series};
    use proptest::prelude::{Strategy, prop, proptest};

    use super::{Collected, PRESENT};
    use crate::exec::column::Cells;
    use crate::plan::matching::{FieldMatcher, TermMatcher};
    use crate::syntax::ast::{CompareOp, Literal, Search};

    const OPS: [CompareOp; 4] = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Ge];

    /// Texts of few letters, so that patterns of the same meet them.
    fn text(letters: &'static str) -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(letters.chars().collect::<Vec<_>>()),
            0..5,
        )
        .prop_map(|letters| letters.into_iter().collect())
    }

    fn agree(column: &Column, patterns: &[(CompareOp, String)]) {
        let mut collected = Collected::default();
        let bits: Vec<usize> = patterns
            .iter()
            .map(|(op, pattern)| collected.field(*op, pattern))
            .collect();
        let tests = collected.finish().expect("the patterns are few");
        let kinds = tests.kinds(column).expect("the column can be read");
        let cells = Cells::new(column);
        for (row, kind) in kinds.into_iter().enumerate() {
            let value = cells.get(row);
            assert_eq!(tests.passes(kind, PRESENT), !value.is_null(), "{value:?}");
            for ((op, pattern), bit) in patterns.iter().zip(&bits) {
                assert_eq!(
                    tests.passes(kind, *bit),
                    FieldMatcher::new(*op, pattern).matches(&value),
                    "{value:?} {op:?} {pattern:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn tests_tried_together_pass_as_they_do_alone(
            texts in prop::collection::vec(prop::option::of(text("aAbB.1é")), 1..40),
            patterns in prop::collection::vec(
                (prop::sample::select(OPS.to_vec()), text("aB*1.é")),
                1..12,
            ),
            numbers in prop::collection::vec(prop::option::of(-3i64..12), 1..20),
        ) {
            agree(&Column::from(Series::new("t".into(), &texts)), &patterns);
            agree(&Column::from(Series::new("n".into(), &numbers)), &patterns);
            let lists: Vec<Option<Series>> = texts
                .chunks(3)
                .map(|some| some[0].is_some().then(|| {
                    let some: Vec<&str> = some.iter().flatten().map(String::as_str).collect();
                    Series::new("".into(), some)
                }))
                .collect();
            let lists: ListChunked = lists.into_iter().collect();
            agree(&Column::from(Series::from(lists)), &patterns);
        }
    }

    #[test]
    fn terms_are_found_by_what_stands_in_them_whatever_the_case() {
        let terms = ["error", "disk fail*", "10.0.0.1", "STRASSE"];
        let raws = [
            "disk ERROR on login",
            "disk failed",
            "no such thing",
            "src=10.0.0.1",
            // The Kelvin sign is a `k` to regular expressions.
            "dis\u{212a} failure",
            "",
        ];
        let search = |term: &str| {
            Search::Term(Literal {
                text: term.to_owned(),
                quoted: false,
                span: Default::default(),
            })
        };
        let matcher = |term: &str| {
            let matcher = TermMatcher::of(&search(term)).expect("it is a term");
            matcher.expect("it compiles")
        };
        let mut collected = Collected::default();
        let bits = terms.map(|term| collected.term(term.to_owned(), matcher(term)));
        let tests = collected.finish().expect("the terms are few");
        let column = Column::from(Series::new("_raw".into(), raws));
        let kinds = tests.kinds(&column).expect("the column can be read");
        let mut found = 0;
        for (raw, kind) in raws.into_iter().zip(kinds) {
            for (term, bit) in terms.into_iter().zip(bits) {
                let alone = matcher(term).matches(raw);
                assert_eq!(tests.passes(kind, bit), alone, "{term} in {raw}");
                found += usize::from(alone);
            }
        }
        assert_eq!(found, 4);
    }
}
