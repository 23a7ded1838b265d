//! Multi-substring search by rare n-grams: finds the literals that patterns require, all at once.
//!
//! Each literal is represented by four adjacent bytes, the rarest in the data. A table small enough
//! for the fastest cache tells for every position of a value whether such an n-gram may begin
//! there; only then is the literal compared. An automaton over the same literals needs a table that
//! does not fit, and each of its steps waits for the previous one.

use std::collections::{BTreeSet, HashMap};
use std::ops::{ControlFlow, Range};

/// Length of an n-gram in bytes.
const GRAM: usize = 4;

/// Setting these bits makes ASCII letters equal regardless of case. It also makes a few other bytes
/// equal; comparing the literal tells those apart.
const LOWER: u32 = 0x2020_2020;

/// Number of values sampled for n-gram frequencies.
const SAMPLE: usize = 1024;

/// Number of buckets that count n-grams.
const COUNTED: usize = 1 << 15;

/// Number of positions filtered at a time.
const BLOCK: usize = 128;

/// Patterns, identified by number, with a literal that all their matches contain.
pub(in crate::exec) struct MultiSubstring {
    texts: Vec<Needle>,
    /// Patterns whose literal is empty.
    anywhere: Vec<usize>,
    /// Literals of at least four bytes, by one of their n-grams.
    long: NgramFilter,
    /// Literals of one to three bytes, by their first two; after a single byte any byte may follow.
    short: Option<NgramFilter>,
    /// Literals of one byte.
    single: Vec<u32>,
}

struct Needle {
    text: Box<[u8]>,
    patterns: Vec<usize>,
}

/// A filter on n-grams of two or four bytes.
struct NgramFilter {
    /// 1 if an n-gram with this hash may be in `sought`.
    table: Vec<u8>,
    /// Where the n-grams of each hash begin in `sought`.
    starts: Vec<u32>,
    sought: Vec<Ngram>,
}

struct Ngram {
    bytes: u32,
    /// Its offset in the literal.
    at: u32,
    needle: u32,
}

/// How often n-grams occur in a sample of the values to search.
pub(in crate::exec) struct NgramFrequencies(Vec<u32>);

impl NgramFrequencies {
    /// Counts the n-grams in a sample of `count` strings.
    pub(in crate::exec) fn of<'t>(
        texts: impl Iterator<Item = &'t str>,
        count: usize,
    ) -> NgramFrequencies {
        let mut counts = vec![0; COUNTED];
        for text in texts.step_by(count / SAMPLE + 1) {
            for gram in text.as_bytes().windows(GRAM) {
                counts[number(folded(gram), COUNTED)] += 1;
            }
        }
        NgramFrequencies(counts)
    }

    fn of_gram(&self, gram: u32) -> u32 {
        self.0[number(gram, COUNTED)]
    }
}

impl MultiSubstring {
    /// Builds a search for patterns and their lower-case literals. `frequencies` chooses the rarest
    /// n-grams, if known.
    pub(in crate::exec) fn of(
        pairs: impl IntoIterator<Item = (usize, String)>,
        frequencies: Option<&NgramFrequencies>,
    ) -> MultiSubstring {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut anywhere = Vec::new();
        let mut texts: Vec<Needle> = Vec::new();
        for (pattern, text) in pairs {
            if text.is_empty() {
                anywhere.push(pattern);
                continue;
            }
            let place = *places.entry(text).or_insert_with_key(|text| {
                texts.push(Needle {
                    text: text.as_bytes().into(),
                    patterns: Vec::new(),
                });
                texts.len() - 1
            });
            texts[place].patterns.push(pattern);
        }
        let number = 0..texts.len() as u32;
        let of_length = |range: Range<usize>| {
            let texts = number.clone().zip(&texts);
            texts.filter(move |(_, needle)| range.contains(&needle.text.len()))
        };
        let long = of_length(GRAM..usize::MAX);
        let long = long.map(|(at, needle)| rarest_ngram(at, &needle.text, frequencies));
        let short = of_length(1..GRAM).flat_map(|(at, needle)| beginnings(at, &needle.text));
        let (long, short) = (
            NgramFilter::of(long.collect()),
            NgramFilter::of(short.collect()),
        );
        MultiSubstring {
            anywhere,
            long,
            short: (!short.sought.is_empty()).then_some(short),
            single: of_length(1..2).map(|(at, _)| at).collect(),
            texts,
        }
    }

    /// The number of literals.
    pub(in crate::exec) fn count(&self) -> usize {
        self.texts.len()
    }

    /// Whether the literal of a pattern for which `matches` is true occurs in the text.
    pub(in crate::exec) fn any(&self, text: &str, matches: impl Fn(usize) -> bool) -> bool {
        let found = self.found(text, |pattern| match matches(pattern) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        found.is_break()
    }

    /// Calls `each` with the patterns whose literal occurs in the text, ignoring ASCII case. A
    /// pattern may be passed several times.
    pub(in crate::exec) fn each(&self, text: &str, mut each: impl FnMut(usize)) {
        let _: ControlFlow<()> = self.found(text, |pattern| {
            each(pattern);
            ControlFlow::Continue(())
        });
    }

    /// Like `each`, but stops when the callback breaks.
    fn found<B>(
        &self,
        text: &str,
        mut each: impl FnMut(usize) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.anywhere
            .iter()
            .try_for_each(|pattern| each(*pattern))?;
        let text = text.as_bytes();
        let mut here = |needle: u32, start: Option<usize>| {
            let needle = &self.texts[needle as usize];
            let stands = start
                .and_then(|start| text.get(start..start + needle.text.len()))
                .is_some_and(|part| part.eq_ignore_ascii_case(&needle.text));
            match stands {
                true => needle.patterns.iter().try_for_each(|p| each(*p)),
                false => ControlFlow::Continue(()),
            }
        };
        let mut found = [0; BLOCK];
        let mut start = 0;
        while start + GRAM <= text.len() {
            let end = text.len().min(start + BLOCK + GRAM - 1);
            let block = &text[start..end];
            let count = match &self.short {
                Some(short) => sifted(block, &self.long, short, &mut found),
                None => self.long.candidates(block, &mut found),
            };
            for at in &found[..count] {
                let at = start + usize::from(*at);
                self.long.each(folded(&text[at..]), at, &mut here)?;
                if let Some(short) = &self.short {
                    short.each(folded_pair(&text[at..]), at, &mut here)?;
                }
            }
            start += BLOCK;
        }
        // The last positions, where fewer bytes are left than an n-gram of long literals has.
        if let Some(short) = &self.short {
            for at in text.len().saturating_sub(GRAM - 1)..text.len().saturating_sub(1) {
                short.each(folded_pair(&text[at..]), at, &mut here)?;
            }
            let mut single = self.single.iter();
            single.try_for_each(|needle| here(*needle, text.len().checked_sub(1)))?;
        }
        ControlFlow::Continue(())
    }
}

impl NgramFilter {
    fn of(mut sought: Vec<Ngram>) -> NgramFilter {
        // At most one byte in fifty is set while the table fits the fastest caches.
        let (few, many) = (sought.len() * 64, sought.len() * 8);
        let numbers = few.min(many.max(1 << 15)).next_power_of_two();
        let numbers = numbers.clamp(1 << 12, 1 << 24);
        let number = |gram: &Ngram| number(gram.bytes, numbers);
        let mut table = vec![0; numbers];
        let mut starts = vec![0; numbers + 1];
        for number in sought.iter().map(number) {
            table[number] = 1;
            starts[number + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        sought.sort_unstable_by_key(number);
        NgramFilter {
            table,
            starts,
            sought,
        }
    }

    /// 1 if this n-gram may be in `sought`.
    fn may_hold(&self, bytes: u32) -> usize {
        usize::from(self.table[number(bytes, self.table.len())])
    }

    /// Finds the positions of a block where one of the four-byte n-grams may begin.
    #[inline(never)]
    fn candidates(&self, block: &[u8], found: &mut [u8; BLOCK]) -> usize {
        assert!(!self.table.is_empty(), "no place need be checked then");
        let mut count = 0;
        for (at, gram) in block.windows(GRAM).enumerate() {
            found[count % BLOCK] = at as u8;
            count += self.may_hold(folded(gram));
        }
        count
    }

    /// Calls `here` with the literals that contain this n-gram, and where each would begin.
    fn each<B>(
        &self,
        bytes: u32,
        at: usize,
        here: &mut impl FnMut(u32, Option<usize>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let number = number(bytes, self.table.len());
        let sought = self.starts[number] as usize..self.starts[number + 1] as usize;
        for gram in &self.sought[sought] {
            if gram.bytes == bytes {
                here(gram.needle, at.checked_sub(gram.at as usize))?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Finds the positions of a block where a four-byte or two-byte n-gram may begin.
#[inline(never)]
fn sifted(block: &[u8], four: &NgramFilter, two: &NgramFilter, found: &mut [u8; BLOCK]) -> usize {
    assert!(
        !four.table.is_empty() && !two.table.is_empty(),
        "no place need be checked then"
    );
    let mut count = 0;
    for (at, gram) in block.windows(GRAM).enumerate() {
        found[count % BLOCK] = at as u8;
        count += four.may_hold(folded(gram)) | two.may_hold(folded_pair(gram));
    }
    count
}

/// The n-gram of a literal that is rarest in the data.
fn rarest_ngram(needle: u32, text: &[u8], frequencies: Option<&NgramFrequencies>) -> Ngram {
    let grams = text.windows(GRAM).map(folded).enumerate();
    let rarity = |(_, gram): &(usize, u32)| {
        let known = frequencies.map_or(0, |frequencies| frequencies.of_gram(*gram));
        let letters = gram.to_le_bytes().into_iter();
        (known, letters.map(frequency).sum::<u32>())
    };
    let (at, bytes) = grams.min_by_key(rarity).unwrap_or_default();
    Ngram {
        bytes,
        at: at as u32,
        needle,
    }
}

/// How common a byte is in paths and command lines; decides if frequencies are unknown or equal.
fn frequency(byte: u8) -> u32 {
    match byte {
        b'e' | b's' | b'i' | b't' | b'o' | b'n' | b'r' | b'a' => 4,
        b'.' | b' ' | b'\\' | b'c' | b'd' | b'l' | b'm' | b'p' | b'w' | b'x' => 3,
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'/' | b'"' => 2,
        _ => 1,
    }
}

/// Four bytes with ASCII case folded.
fn folded(gram: &[u8]) -> u32 {
    u32::from_le_bytes([gram[0], gram[1], gram[2], gram[3]]) | LOWER
}

/// The hash of an n-gram, below `count`, a power of two.
fn number(gram: u32, count: usize) -> usize {
    // The high bits of a product depend on all bits of its factors.
    let product = u64::from(gram).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> 40) as usize & (count - 1)
}

/// Two bytes with ASCII case folded.
fn folded_pair(pair: &[u8]) -> u32 {
    u32::from(u16::from_le_bytes([pair[0], pair[1]]) | LOWER as u16)
}

/// The first two bytes of a short literal; for a single byte, all pairs that begin with it.
fn beginnings(needle: u32, text: &[u8]) -> Vec<Ngram> {
    let gram = |bytes| Ngram {
        bytes,
        at: 0,
        needle,
    };
    match text {
        [one] => {
            let pairs = (0..=u8::MAX).map(|next| folded_pair(&[*one, next]));
            let pairs: BTreeSet<u32> = pairs.collect();
            pairs.into_iter().map(gram).collect()
        }
        _ => vec![gram(folded_pair(text))],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{Strategy, prop, proptest};

    use super::{MultiSubstring, NgramFrequencies};
    use crate::testing;

    fn text(letters: &'static str, most: usize) -> impl Strategy<Value = String> {
        let letters: Vec<char> = letters.chars().collect();
        prop::collection::vec(prop::sample::select(letters), 0..most)
            .prop_map(|letters| letters.into_iter().collect())
    }

    fn agree(needles: &[String], texts: &[String]) {
        let frequencies = NgramFrequencies::of(texts.iter().map(String::as_str), texts.len());
        for known in [None, Some(&frequencies)] {
            let sought = MultiSubstring::of(needles.iter().cloned().enumerate(), known);
            for text in texts {
                let lower = text.to_ascii_lowercase();
                let stands = |at: &usize| lower.contains(&needles[*at]);
                let expected: BTreeSet<usize> = (0..needles.len()).filter(stands).collect();
                let mut found = BTreeSet::new();
                sought.each(text, |at| {
                    found.insert(at);
                });
                assert_eq!(found, expected, "{needles:?} in {text:?}");
                let odd = |at: &usize| at % 2 == 1;
                assert_eq!(sought.any(text, |at| odd(&at)), found.iter().any(odd));
            }
        }
    }

    proptest! {
        #![proptest_config(testing::chance(256))]

        #[test]
        fn texts_are_found_wherever_they_stand(
            // Includes bytes that become equal when the lower-case bit is set.
            needles in prop::collection::vec(text("ab@`\u{1}!é", 7), 1..20),
            texts in prop::collection::vec(text("aAbB@`\u{1}!é", 24), 1..20),
        ) {
            agree(&needles, &texts);
        }
    }

    #[test]
    fn thousands_of_texts_are_told_apart() {
        let needles: Vec<String> = (0..5000).map(|n| format!("{n:04}.bad-{}", n % 7)).collect();
        let texts = [
            "C:\\4711.BAD-0",
            "4711.bad-4711.bad-0",
            "0000.bad-0004.bad-4",
            "",
        ];
        agree(&needles, &texts.map(str::to_owned));
    }
}
