//! Batches of predicates on strings: finds all substrings in one pass and all equal strings with
//! one look-up.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::exec::kernels::multi_substring::{MultiSubstring, NgramFrequencies};
use crate::exec::shared_scan::column_predicates::{is_set, set};
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};

/// A condition on a string.
pub(super) enum Matcher {
    Field(FieldMatcher),
    Term(TermMatcher),
}

/// A predicate on a string.
pub(super) struct Predicate {
    /// Its bit among those of the column.
    pub bit: usize,
    matcher: Matcher,
    way: MatchStrategy,
}

/// How a predicate is evaluated in a batch.
enum MatchStrategy {
    /// Passes exactly for this string.
    Whole(Box<[u8]>),
    /// Passes exactly for strings that contain this one.
    Holds(String),
    /// Passes at most for strings that contain this one; if the flag is set, non-ASCII strings may
    /// pass without it.
    MayHold(String, bool),
    /// Evaluated on all strings.
    Always,
}

impl Predicate {
    pub(super) fn new(bit: usize, matcher: Matcher) -> Predicate {
        let way = match &matcher {
            Matcher::Field(field) => match (
                field.equality_literal(),
                field.contains_literal(),
                field.required_literal(),
            ) {
                (Some(whole), _, _) => MatchStrategy::Whole(whole.as_bytes().into()),
                (_, Some(part), _) => MatchStrategy::Holds(part.to_owned()),
                (_, _, Some(needle)) => MatchStrategy::MayHold(needle, false),
                _ => MatchStrategy::Always,
            },
            // Terms ignore case beyond ASCII: the Kelvin sign matches `k`.
            Matcher::Term(term) => match term.needle() {
                Some(needle) => MatchStrategy::MayHold(needle, true),
                None => MatchStrategy::Always,
            },
        };
        Predicate { bit, matcher, way }
    }

    fn passes(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Field(matcher) => matcher.matches_text(text),
            Matcher::Term(matcher) => matcher.matches(text),
        }
    }
}

/// Scratch space for evaluating a string.
pub(super) struct Scratch {
    /// The predicates that the string passes.
    pub bits: Vec<u64>,
    tried: Vec<u64>,
    lower: Vec<u8>,
}

impl Scratch {
    /// Allocates space for `words` words of bits and `tests` predicates.
    pub(super) fn new(words: usize, tests: usize) -> Scratch {
        Scratch {
            bits: vec![0; words],
            tried: vec![0; tests / 64 + 1],
            lower: Vec::new(),
        }
    }
}

/// Some predicates of a column, compiled for joint evaluation.
pub(super) struct PredicateBatch {
    tests: Arc<[Predicate]>,
    /// The bits of predicates that compare whole strings, by lower-case string.
    whole: HashMap<Box<[u8]>, Vec<usize>, FixedState>,
    longest: usize,
    /// The predicates that pass, or may pass, if a substring occurs.
    needles: Option<MultiSubstring>,
    always: Vec<usize>,
    beyond_ascii: Vec<usize>,
    /// Pairs of bits: the first is set if the second is not.
    opposites: Vec<(usize, usize)>,
}

impl PredicateBatch {
    /// Compiles the predicates for which `is_asked` is true. `frequencies` are the n-gram
    /// frequencies of the data, if known.
    pub(super) fn new(
        tests: &Arc<[Predicate]>,
        is_asked: impl Fn(&Predicate) -> bool,
        opposites: Vec<(usize, usize)>,
        frequencies: Option<&NgramFrequencies>,
    ) -> PredicateBatch {
        let mut trial = PredicateBatch {
            tests: Arc::clone(tests),
            whole: HashMap::default(),
            longest: 0,
            needles: None,
            always: Vec::new(),
            beyond_ascii: Vec::new(),
            opposites,
        };
        let mut needles: Vec<(usize, String)> = Vec::new();
        for (at, test) in tests.iter().enumerate().filter(|(_, test)| is_asked(test)) {
            match &test.way {
                MatchStrategy::Whole(text) => {
                    trial.longest = trial.longest.max(text.len());
                    let bits = trial.whole.entry(text.clone()).or_default();
                    bits.push(test.bit);
                }
                MatchStrategy::Holds(text) => needles.push((at, text.clone())),
                MatchStrategy::MayHold(text, beyond_ascii) => {
                    needles.push((at, text.clone()));
                    if *beyond_ascii {
                        trial.beyond_ascii.push(at);
                    }
                }
                MatchStrategy::Always => trial.always.push(at),
            }
        }
        if !needles.is_empty() {
            trial.needles = Some(MultiSubstring::of(needles, frequencies));
        }
        trial
    }

    /// Whether evaluation searches within strings.
    pub(super) fn seeks(&self) -> bool {
        self.needles.is_some() || !self.always.is_empty()
    }

    /// Sets the bits of exactly the predicates that a string passes.
    pub(super) fn passed(&self, text: &str, room: &mut Scratch) {
        let Scratch { bits, tried, lower } = room;
        bits.fill(0);
        if text.len() <= self.longest {
            lower.clear();
            lower.extend(text.bytes().map(|b| b.to_ascii_lowercase()));
            for bit in self.whole.get(lower.as_slice()).into_iter().flatten() {
                set(bits, *bit);
            }
        }
        let attempt = |at: usize, bits: &mut [u64]| {
            let test = &self.tests[at];
            if test.passes(text) {
                set(bits, test.bit);
            }
        };
        if let Some(needles) = &self.needles {
            tried.fill(0);
            needles.each(text, |at| {
                let test = &self.tests[at];
                if matches!(test.way, MatchStrategy::Holds(_)) {
                    set(bits, test.bit);
                } else if !is_set(tried, at) {
                    set(tried, at);
                    attempt(at, bits);
                }
            });
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
}
