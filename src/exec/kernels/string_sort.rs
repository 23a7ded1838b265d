//! Argsort of strings that share prefixes, a few bytes at a time.
//!
//! Command lines share prefixes: comparing two of them reads both up to the first difference, each
//! elsewhere in memory. This sorts strings by the bytes after their common prefix, packed into one
//! integer, and refines only the buckets whose integers are equal.

use std::sync::{Mutex, PoisonError};

use crate::parallel::cores;

/// Bytes of a string packed into its integer; one more byte holds their count.
const HELD: usize = 7;

/// Count byte of a string that is longer than the packed bytes.
const MORE: u64 = HELD as u64 + 1;

/// Buckets of at most this size are sorted by comparing whole strings.
const FEW: usize = 16;

/// Strings sampled to guess the common prefix.
const SAMPLE: usize = 16;

/// Number of strings from which all cores sort.
const LARGE: usize = 100_000;

/// The packed bytes of a string, and its index.
type Place = (u64, u32);

/// A bucket of strings that share their first `alike` bytes.
struct Part<'p> {
    places: &'p mut [Place],
    alike: usize,
}

/// Returns the indices that sort the strings by bytes. Equal strings are in no particular order.
pub(in crate::exec) fn argsort_strings(texts: &[impl AsRef<str> + Sync]) -> Vec<u32> {
    let mut places: Vec<Place> = (0..texts.len() as u32).map(|at| (0, at)).collect();
    let mut parts = vec![Part {
        places: &mut places,
        alike: 0,
    }];
    let cores = match texts.len() {
        LARGE.. => cores(),
        _ => 1,
    };
    let large = |part: &Part<'_>| cores > 1 && part.places.len() * cores * 2 > texts.len();
    while let Some(at) = parts.iter().position(large) {
        let part = parts.swap_remove(at);
        parts.extend(refine_bucket(part, texts));
    }
    parts.sort_unstable_by_key(|part| part.places.len());
    let parts = Mutex::new(parts);
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let work = || {
        while let Some(part) = next() {
            let mut own = vec![part];
            while let Some(part) = own.pop() {
                own.extend(refine_bucket(part, texts));
            }
        }
    };
    rayon::in_place_scope(|scope| {
        (1..cores).for_each(|_| scope.spawn(|_| work()));
        work();
    });
    drop(parts);
    places.into_iter().map(|(_, at)| at).collect()
}

/// Sorts a bucket by the next bytes of its strings. Returns the buckets that need more bytes.
fn refine_bucket<'p>(part: Part<'p>, texts: &[impl AsRef<str>]) -> Vec<Part<'p>> {
    let Part { places, alike } = part;
    let text = |at: u32| &texts[at as usize].as_ref().as_bytes()[alike..];
    if places.len() <= FEW {
        places.sort_unstable_by(|(_, a), (_, b)| text(*a).cmp(text(*b)));
        return Vec::new();
    }
    let first = text(places[0].1);
    let common_of = |places: &mut dyn Iterator<Item = &Place>| {
        places.fold(first.len(), |common, (_, at)| {
            let pairs = first[..common].iter().zip(text(*at));
            pairs.take_while(|(a, b)| a == b).count()
        })
    };
    // Each access to a string waits for memory. Usually the guess is right, and one pass suffices.
    let step = places.len() / SAMPLE;
    let mut common = common_of(&mut places.iter().step_by(step));
    if !number(places, text, &first[..common]) {
        common = common_of(&mut places.iter());
        number(places, text, &first[..common]);
    }
    places.sort_unstable_by_key(|(number, _)| *number);
    let same = places.chunk_by_mut(|(a, _), (b, _)| a == b);
    let open = same.filter(|same| same.len() > 1 && same[0].0 & 0xff == MORE);
    let alike = alike + common + HELD;
    open.map(|places| Part { places, alike }).collect()
}

/// Packs the bytes after `common` of each string. Stops, returning false, at a string without this
/// prefix.
fn number<'t>(places: &mut [Place], text: impl Fn(u32) -> &'t [u8], common: &[u8]) -> bool {
    places.iter_mut().all(|(number, at)| {
        let rest = text(*at).strip_prefix(common);
        *number = rest.map_or(0, number_of);
        rest.is_some()
    })
}

/// Packs the first bytes of a string into an integer with the same order.
fn number_of(text: &[u8]) -> u64 {
    let mut bytes = [0; HELD + 1];
    let held = text.len().min(HELD);
    bytes[..held].copy_from_slice(&text[..held]);
    // A string may end with zero bytes, and sorts after the same string without them.
    bytes[HELD] = text.len().min(HELD + 1) as u8;
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, proptest};

    use super::argsort_strings;
    use crate::testing;

    /// Strings with common prefixes, some of them equal.
    fn texts() -> impl Strategy<Value = Vec<String>> {
        let begin = prop::sample::select(vec!["", "a", "the same beginning of all ", "the same b"]);
        let end = prop::collection::vec(prop::sample::select(vec!['\0', 'a', 'b', 'é']), 0..20);
        let text = (begin, end).prop_map(|(begin, end)| {
            let mut text = begin.to_owned();
            text.extend(end);
            text
        });
        prop::collection::vec(text, 0..80)
    }

    #[test]
    fn many_texts_are_in_order_on_all_cores() {
        let text = |n: usize| match n % 3 {
            0 => format!("C:\\Windows\\system32\\cmd.exe /c {}", n * 7919 % 50_021),
            1 => format!("C:\\Windows\\{}", n * 31 % 977),
            _ => format!("{}{}", "é".repeat(n % 11), n % 13),
        };
        let texts: Vec<String> = (0..super::LARGE + 5).map(text).collect();
        let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = argsort_strings(&texts);
        let found: Vec<&str> = found.into_iter().map(|at| sorted[at as usize]).collect();
        sorted.sort_unstable();
        assert!(found == sorted);
    }

    proptest! {
        #![proptest_config(testing::chance(256))]

        #[test]
        fn texts_are_in_the_order_of_their_bytes(texts in texts()) {
            let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found: Vec<&str> = argsort_strings(&sorted).into_iter().map(|at| sorted[at as usize]).collect();
            sorted.sort_unstable();
            assert_eq!(found, sorted);
        }
    }
}
