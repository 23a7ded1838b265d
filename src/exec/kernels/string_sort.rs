//! The order of texts, found by a few of their bytes at a time.
//!
//! Command lines begin alike, so that comparing two of them means to read both up to where they
//! differ, somewhere else in memory each. Here texts are sorted by the bytes that follow what all
//! of them begin with, as one number, and only those that are alike there are looked at again.

use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::parallel::cores;

/// Bytes of a text that its number holds; one byte more says how many those are.
const HELD: usize = 7;

/// A text's number stands for more text than it holds.
const MORE: u64 = HELD as u64 + 1;

/// Up to so many texts are compared whole.
const FEW: usize = 16;

/// Texts that are looked at to guess what all begin with.
const SAMPLE: usize = 16;

/// Texts from which on all cores put them in order.
const LARGE: usize = 100_000;

/// A text's number, and its place among the texts.
type Place = (u64, u32);

/// Texts of which so many bytes are the same.
struct Part<'p> {
    places: &'p mut [Place],
    alike: usize,
}

/// The places of texts in their order by bytes. Equal ones come in any order.
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
    thread::scope(|scope| {
        (1..cores).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    drop(parts);
    places.into_iter().map(|(_, at)| at).collect()
}

/// Puts a part in order by the next bytes of its texts; gives what more bytes must tell apart.
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
    // Each look at a text waits for memory: mostly the guess is right, and one look is enough.
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

/// Gives each text the number of what follows `common`; stops where a text begins otherwise.
fn number<'t>(places: &mut [Place], text: impl Fn(u32) -> &'t [u8], common: &[u8]) -> bool {
    places.iter_mut().all(|(number, at)| {
        let rest = text(*at).strip_prefix(common);
        *number = rest.map_or(0, number_of);
        rest.is_some()
    })
}

/// The first bytes of a text as a number that is less where the text comes before.
fn number_of(text: &[u8]) -> u64 {
    let mut bytes = [0; HELD + 1];
    let held = text.len().min(HELD);
    bytes[..held].copy_from_slice(&text[..held]);
    // A text may end with zeros, and comes after one that does not.
    bytes[HELD] = text.len().min(HELD + 1) as u8;
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, proptest};

    use super::argsort_strings;
    use crate::testing;

    /// Texts that begin alike, some of them the same.
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
