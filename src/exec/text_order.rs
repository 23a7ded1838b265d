//! The order of texts, found by a few of their bytes at a time.
//!
//! Command lines begin alike, so that comparing two of them means to read both up to where they
//! differ, somewhere else in memory each. Here texts are sorted by the bytes that follow what all
//! of them begin with, as one number, and only those that are alike there are looked at again.

/// Bytes of a text that its number holds; one byte more says how many those are.
const HELD: usize = 7;

/// A text's number stands for more text than it holds.
const MORE: u64 = HELD as u64 + 1;

/// Up to so many texts are compared whole.
const FEW: usize = 16;

/// The places of texts in their order by bytes. Equal ones come in any order.
pub(super) fn in_order(texts: &[impl AsRef<str>]) -> Vec<u32> {
    let mut places: Vec<(u64, u32)> = (0..texts.len() as u32).map(|at| (0, at)).collect();
    let mut parts = vec![(0..places.len(), 0)];
    while let Some((range, alike)) = parts.pop() {
        let part = &mut places[range.clone()];
        let text = |at: u32| &texts[at as usize].as_ref().as_bytes()[alike..];
        if part.len() <= FEW {
            part.sort_unstable_by(|(_, a), (_, b)| text(*a).cmp(text(*b)));
            continue;
        }
        let first = text(part[0].1);
        let common = part.iter().fold(first.len(), |common, (_, at)| {
            let pairs = first[..common].iter().zip(text(*at));
            pairs.take_while(|(a, b)| a == b).count()
        });
        for (number, at) in part.iter_mut() {
            *number = number_of(&text(*at)[common..]);
        }
        part.sort_unstable_by_key(|(number, _)| *number);
        let mut start = range.start;
        for alike_here in part.chunk_by(|(a, _), (b, _)| a == b) {
            let end = start + alike_here.len();
            if alike_here.len() > 1 && alike_here[0].0 & 0xff == MORE {
                parts.push((start..end, alike + common + HELD));
            }
            start = end;
        }
    }
    places.into_iter().map(|(_, at)| at).collect()
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

    use super::in_order;

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

    proptest! {
        #[test]
        fn texts_are_in_the_order_of_their_bytes(texts in texts()) {
            let mut sorted: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found: Vec<&str> = in_order(&sorted).into_iter().map(|at| sorted[at as usize]).collect();
            sorted.sort_unstable();
            assert_eq!(found, sorted);
        }
    }
}
