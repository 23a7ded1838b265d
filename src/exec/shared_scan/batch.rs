//! Tests of texts tried together: what is sought within texts in one go, what is compared whole by
//! one look-up.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::exec::kernels::multi_substring::{MultiSubstring, NgramFrequencies};
use crate::exec::shared_scan::column_predicates::{is_set, set};
use crate::plan::expr::matching::{FieldMatcher, TermMatcher};

/// What a text must match.
pub(super) enum Matcher {
    Field(FieldMatcher),
    Term(TermMatcher),
}

/// A test of a text.
pub(super) struct Predicate {
    /// Its bit among those of its column.
    pub bit: usize,
    matcher: Matcher,
    way: MatchStrategy,
}

/// How a test is tried beside others.
enum MatchStrategy {
    /// What equals this text passes, nothing else.
    Whole(Box<[u8]>),
    /// What holds this text passes, nothing else.
    Holds(String),
    /// Only what holds this text may pass; of texts beyond ASCII also others, where that is said.
    MayHold(String, bool),
    /// It is tried on all texts.
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
            // Letters beyond ASCII count as others in terms.
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

/// Room to try a text in.
pub(super) struct Scratch {
    /// The tests that the text passes.
    pub bits: Vec<u64>,
    tried: Vec<u64>,
    lower: Vec<u8>,
}

impl Scratch {
    /// Room for so many words of bits, and so many tests.
    pub(super) fn new(words: usize, tests: usize) -> Scratch {
        Scratch {
            bits: vec![0; words],
            tried: vec![0; tests / 64 + 1],
            lower: Vec::new(),
        }
    }
}

/// Some tests of a column, ready to be tried together.
pub(super) struct PredicateBatch {
    tests: Arc<[Predicate]>,
    /// The bits of the texts that are compared whole, in lower case.
    whole: HashMap<Box<[u8]>, Vec<usize>, FixedState>,
    longest: usize,
    /// The tests that pass, or may pass, where a text stands.
    needles: Option<MultiSubstring>,
    always: Vec<usize>,
    beyond_ascii: Vec<usize>,
    /// Pairs of bits: the first is set where the second is not.
    opposites: Vec<(usize, usize)>,
}

impl PredicateBatch {
    /// Those tests that are asked for; what is rare in the texts to be tried, if that is known.
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

    /// Whether something is sought within texts.
    pub(super) fn seeks(&self) -> bool {
        self.needles.is_some() || !self.always.is_empty()
    }

    /// Sets the bits of the tests that a text passes, and no others.
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
