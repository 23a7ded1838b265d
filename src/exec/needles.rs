//! Texts without which patterns do not match, sought together.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError, MatchKind};

/// Patterns, told by their numbers, by a text that stands in all that they match.
pub(super) struct Needles {
    automaton: AhoCorasick,
    /// The patterns of each text.
    patterns: Vec<Vec<usize>>,
}

impl Needles {
    /// Patterns with their texts; `kind` is chosen by their number where it is not given.
    ///
    /// # Errors
    /// More patterns than an automaton can hold.
    pub(super) fn of(
        pairs: impl IntoIterator<Item = (usize, String)>,
        kind: Option<AhoCorasickKind>,
    ) -> Result<Needles, BuildError> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let (mut texts, mut patterns) = (Vec::new(), Vec::<Vec<usize>>::new());
        for (pattern, text) in pairs {
            let place = *places.entry(text).or_insert_with_key(|text| {
                texts.push(text.clone());
                patterns.push(Vec::new());
                texts.len() - 1
            });
            patterns[place].push(pattern);
        }
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(kind)
            .build(&texts)?;
        Ok(Needles {
            automaton,
            patterns,
        })
    }

    /// How many texts are sought.
    pub(super) fn count(&self) -> usize {
        self.patterns.len()
    }

    /// The patterns whose text stands in a text, whatever the case of ASCII's letters; one may
    /// come several times.
    pub(super) fn found<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let found = self.automaton.find_overlapping_iter(text);
        found.flat_map(|found| self.patterns[found.pattern().as_usize()].iter().copied())
    }
}
