//! The tests that many searches put to one column, and the classes of values that they distinguish.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;
use polars::prelude::{Column, PolarsResult, StringChunked};

use crate::exec::frame::reader::ValueReader;
use crate::exec::kernels::memo::{Memo, TextMemo};
use crate::exec::kernels::multi_substring::NgramFrequencies;
use crate::exec::shared_scan::batch::{Matcher, Predicate, PredicateBatch, Scratch};
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};
use crate::syntax::ast::{CompareOp, Literal};
use crate::value::Value;

/// The bit that all present values have.
pub(super) const PRESENT: usize = 0;

/// The class of missing values, always the first.
const MISSING: u32 = 0;

/// The maximum number of compiled batches of a column's tests; beyond that, all tests are
/// evaluated.
const MOST_TRIALS: usize = 512;

/// Key prefixes of terms and of value lists, distinct from those of comparisons.
const TERM: u8 = u8::MAX;
const ONE_OF: u8 = u8::MAX - 1;

/// A bit set of tests: those that a value passes, or those asked for.
pub(super) type Bits = Arc<[u64]>;

/// Collects tests, deduplicated by key.
#[derive(Default)]
pub(super) struct Builder {
    tests: Vec<(usize, Matcher)>,
    /// Pairs of bits: the first is set if the second is not.
    opposites: Vec<(usize, usize)>,
    known: HashMap<(u8, String), usize>,
    bits: usize,
}

impl Builder {
    /// The bit of a comparison with the column.
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
            self.tests.push((bit, Matcher::Field(matcher)));
            bit
        };
        self.known.insert(key, bit);
        bit
    }

    /// The bit of equality with one of these.
    pub(super) fn one_of(&mut self, literals: &[&Literal]) -> usize {
        let texts: Vec<&str> = literals.iter().map(|l| l.text.as_str()).collect();
        let key = (ONE_OF, texts.join("\0"));
        if let Some(bit) = self.known.get(&key) {
            return *bit;
        }
        let bit = self.next_bit();
        let each = texts
            .iter()
            .map(|text| FieldMatcher::new(CompareOp::Eq, text));
        self.tests
            .extend(each.map(|one| (bit, Matcher::Field(one))));
        self.known.insert(key, bit);
        bit
    }

    /// The bit of a term, identified by `key`.
    pub(super) fn term(&mut self, key: String, matcher: TermMatcher) -> usize {
        let key = (TERM, key);
        if let Some(bit) = self.known.get(&key) {
            return *bit;
        }
        let bit = self.next_bit();
        self.tests.push((bit, Matcher::Term(matcher)));
        self.known.insert(key, bit);
        bit
    }

    fn next_bit(&mut self) -> usize {
        self.bits += 1;
        PRESENT + self.bits
    }

    /// Compiles the tests.
    pub(super) fn finish(self) -> ColumnPredicates {
        let tests = self
            .tests
            .into_iter()
            .map(|(bit, m)| Predicate::new(bit, m));
        let tests: Arc<[Predicate]> = tests.collect();
        let words = (PRESENT + self.bits) / 64 + 1;
        let all = PredicateBatch::new(&tests, |_| true, self.opposites.clone(), None);
        ColumnPredicates {
            all: Arc::new(all),
            frequencies: OnceLock::new(),
            opposites: self.opposites,
            words,
            some: Mutex::default(),
            kinds: Mutex::new(ValueClasses::new(words)),
            tests,
        }
    }
}

/// All tests of a column.
pub(super) struct ColumnPredicates {
    tests: Arc<[Predicate]>,
    opposites: Vec<(usize, usize)>,
    words: usize,
    all: Arc<PredicateBatch>,
    /// N-gram frequencies of the first strings seen.
    frequencies: OnceLock<NgramFrequencies>,
    /// Batches of some of the tests, by their bits.
    some: Mutex<HashMap<Bits, Arc<PredicateBatch>>>,
    kinds: Mutex<ValueClasses>,
}

/// The classes of values seen so far, by the tests they pass.
struct ValueClasses {
    numbers: HashMap<Bits, u32, FixedState>,
    bits: Vec<Bits>,
}

impl ValueClasses {
    fn new(words: usize) -> ValueClasses {
        let missing: Bits = vec![0; words].into();
        ValueClasses {
            numbers: HashMap::from_iter([(Arc::clone(&missing), MISSING)]),
            bits: vec![missing],
        }
    }
}

/// A worker's scratch space, with the classes it has seen.
struct Workspace {
    scratch: Scratch,
    met: HashMap<Bits, u32, FixedState>,
}

impl ColumnPredicates {
    /// The number of words in its bit sets.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Whether evaluation searches within strings, which is expensive if they are distinct.
    pub(super) fn seeks(&self) -> bool {
        self.all.seeks()
    }

    /// The batch of all tests.
    pub(super) fn all(&self) -> Arc<PredicateBatch> {
        Arc::clone(&self.all)
    }

    /// A batch of the tests with these bits, possibly of more, for strings like these.
    pub(super) fn trial(&self, asked: &Bits, texts: &StringChunked) -> Arc<PredicateBatch> {
        let mut some = self.some.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = some.get(asked) {
            return Arc::clone(known);
        }
        if some.len() >= MOST_TRIALS {
            return Arc::clone(&self.all);
        }
        let is_asked = |bit| is_set(asked, bit);
        let opposites = self.opposites.iter().copied();
        let opposites: Vec<(usize, usize)> = opposites.filter(|(bit, _)| is_asked(*bit)).collect();
        let asked_for = |test: &Predicate| {
            is_asked(test.bit) || opposites.iter().any(|(_, equal)| *equal == test.bit)
        };
        let present = || {
            texts
                .downcast_iter()
                .flat_map(|array| array.iter().flatten())
        };
        let frequencies = || NgramFrequencies::of(present(), texts.len());
        let frequencies = self.frequencies.get_or_init(frequencies);
        let trial =
            PredicateBatch::new(&self.tests, asked_for, opposites.clone(), Some(frequencies));
        let trial = Arc::new(trial);
        some.insert(Arc::clone(asked), Arc::clone(&trial));
        trial
    }

    /// The class of each value of a column.
    ///
    /// # Errors
    /// Never because of the data.
    pub(super) fn classify(&self, column: &Column) -> PolarsResult<Vec<u32>> {
        let series = column.as_materialized_series().rechunk();
        let mut workspace = self.workspace();
        let trial = self.all.as_ref();
        if let Ok(texts) = series.str() {
            let mut kinds = Vec::with_capacity(texts.len());
            // A string stored once has the same view in every row.
            let mut known = Memo::default();
            for array in texts.downcast_iter() {
                for (view, text) in array.views().iter().zip(array.iter()) {
                    kinds.push(text.map_or(MISSING, |text| {
                        known.of(view.as_u128(), || self.kind(trial, &[text], &mut workspace))
                    }));
                }
            }
            return Ok(kinds);
        }
        let mut known = Memo::default();
        if let Ok(numbers) = series.i64() {
            let kind = |number: Option<i64>| {
                number.map_or(MISSING, |number| {
                    known.of(number as u128, || {
                        self.kind_of(&Value::Num(number as f64), &mut workspace)
                    })
                })
            };
            return Ok(numbers.iter().map(kind).collect());
        }
        let column = Column::from(series);
        let cells = ValueReader::new(&column);
        let rows = 0..column.len();
        Ok(rows
            .map(|row| self.kind_of(&cells.get(row), &mut workspace))
            .collect())
    }

    /// The class of each string, by the batch of its row; strings of rows without one count as
    /// missing. Tests outside the batch do not pass.
    pub(super) fn classify_by(
        &self,
        texts: &StringChunked,
        trials: &[Option<Arc<PredicateBatch>>],
        trial_of_row: &[u32],
    ) -> Vec<u32> {
        let mut workspace = self.workspace();
        let mut known = TextMemo::default();
        let asked = trial_of_row.iter().map(|at| *at as usize);
        let rows = texts.downcast_iter().flat_map(|array| array.iter());
        rows.zip(asked)
            .map(|(text, at)| match (text, &trials[at]) {
                (Some(text), Some(trial)) => known.of(text, at as u32, || {
                    self.kind(trial, &[text], &mut workspace)
                }),
                _ => MISSING,
            })
            .collect()
    }

    fn workspace(&self) -> Workspace {
        Workspace {
            scratch: Scratch::new(self.words, self.tests.len()),
            met: HashMap::default(),
        }
    }

    fn kind_of(&self, value: &Value<'_>, workspace: &mut Workspace) -> u32 {
        let trial = self.all.as_ref();
        match value {
            Value::Null => MISSING,
            Value::Multi(texts) => {
                let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
                self.kind(trial, &texts, workspace)
            }
            single => match single.as_text() {
                Some(text) => self.kind(trial, &[&text], workspace),
                None => MISSING,
            },
        }
    }

    /// The class of a value; several strings pass a test if one of them does.
    fn kind(&self, trial: &PredicateBatch, texts: &[&str], workspace: &mut Workspace) -> u32 {
        let Workspace { scratch, met } = workspace;
        let mut all = vec![0; if texts.len() == 1 { 0 } else { self.words }];
        for text in texts {
            trial.passed(text, scratch);
            set(&mut scratch.bits, PRESENT);
            for (all, bits) in all.iter_mut().zip(&scratch.bits) {
                *all |= bits;
            }
        }
        if texts.len() != 1 {
            set(&mut all, PRESENT);
            scratch.bits = all;
        }
        if let Some(number) = met.get(scratch.bits.as_slice()) {
            return *number;
        }
        let bits: Bits = scratch.bits.as_slice().into();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let next = kinds.bits.len() as u32;
        let number = *kinds.numbers.entry(Arc::clone(&bits)).or_insert(next);
        if number == next {
            kinds.bits.push(Arc::clone(&bits));
        }
        drop(kinds);
        met.insert(bits, number);
        number
    }

    /// The tests that values of this class pass.
    pub(super) fn passed(&self, kind: u32) -> Bits {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&kinds.bits[kind as usize])
    }
}

/// Sets a bit.
pub(super) fn set(bits: &mut [u64], bit: usize) {
    bits[bit / 64] |= 1 << (bit % 64);
}

/// Whether a bit is set.
pub(super) fn is_set(bits: &[u64], bit: usize) -> bool {
    bits[bit / 64] >> (bit % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, ListChunked, NamedFrom as _, Series};
    use proptest::prelude::{Strategy, prop, proptest};

    use super::{Builder, PRESENT, is_set};
    use crate::exec::frame::reader::ValueReader;
    use crate::plan::expr::matching::{FieldMatcher, TermMatcher};
    use crate::syntax::ast::{CompareOp, Literal, Search};
    use crate::testing;

    const OPS: [CompareOp; 4] = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Ge];

    /// Strings over few letters, so that patterns over the same letters match them.
    fn text(letters: &'static str) -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop::sample::select(letters.chars().collect::<Vec<_>>()),
            0..5,
        )
        .prop_map(|letters| letters.into_iter().collect())
    }

    fn agree(column: &Column, patterns: &[(CompareOp, String)]) {
        let mut collected = Builder::default();
        let bits: Vec<usize> = patterns
            .iter()
            .map(|(op, pattern)| collected.field(*op, pattern))
            .collect();
        let tests = collected.finish();
        let kinds = tests.classify(column).expect("the column can be read");
        let cells = ValueReader::new(column);
        for (row, kind) in kinds.into_iter().enumerate() {
            let value = cells.get(row);
            assert_eq!(
                is_set(&tests.passed(kind), PRESENT),
                !value.is_null(),
                "{value:?}"
            );
            for ((op, pattern), bit) in patterns.iter().zip(&bits) {
                assert_eq!(
                    is_set(&tests.passed(kind), *bit),
                    FieldMatcher::new(*op, pattern).matches(&value),
                    "{value:?} {op:?} {pattern:?}"
                );
            }
        }
    }

    proptest! {
        #![proptest_config(testing::chance(256))]

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
        let mut collected = Builder::default();
        let bits = terms.map(|term| collected.term(term.to_owned(), matcher(term)));
        let tests = collected.finish();
        let column = Column::from(Series::new("_raw".into(), raws));
        let kinds = tests.classify(&column).expect("the column can be read");
        let mut found = 0;
        for (raw, kind) in raws.into_iter().zip(kinds) {
            for (term, bit) in terms.into_iter().zip(bits) {
                let alone = matcher(term).matches(raw);
                assert_eq!(is_set(&tests.passed(kind), bit), alone, "{term} in {raw}");
                found += usize::from(alone);
            }
        }
        assert_eq!(found, 4);
    }
}
