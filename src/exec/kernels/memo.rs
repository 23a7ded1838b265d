//! Fixed-size memo tables (direct-mapped caches), so that repeated values are evaluated once.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;

/// Number of entries; a power of two.
const KEPT: usize = 1024;

/// Number of entries for strings; a power of two.
const KEPT_TEXTS: usize = 16_384;

/// Results by a key that equal values share.
pub(in crate::exec) struct Memo<T> {
    answers: Vec<Option<(u128, T)>>,
    asked: usize,
    new: usize,
}

impl<T: Copy> Default for Memo<T> {
    fn default() -> Memo<T> {
        Memo {
            answers: vec![None; KEPT],
            asked: 0,
            new: 0,
        }
    }
}

impl<T: Copy> Memo<T> {
    /// Returns the cached result for this key, or computes it.
    pub(in crate::exec) fn of(&mut self, key: u128, answer: impl FnOnce() -> T) -> T {
        // If most values are new, the look-up costs more than it saves.
        if self.asked >= KEPT && self.new * 2 > self.asked {
            return answer();
        }
        self.asked += 1;
        let folded = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = (folded >> 32) as usize % KEPT;
        match self.answers[at] {
            Some((known, answer)) if known == key => answer,
            _ => {
                self.new += 1;
                let answer = answer();
                self.answers[at] = Some((key, answer));
                answer
            }
        }
    }
}

/// Results by string and by the number of the asker.
pub(in crate::exec) struct TextMemo<'t, T> {
    answers: Vec<Option<(u64, &'t str, u32, T)>>,
    hash: FixedState,
    asked: usize,
    new: usize,
}

impl<T: Copy> Default for TextMemo<'_, T> {
    fn default() -> Self {
        TextMemo {
            answers: vec![None; KEPT_TEXTS],
            hash: FixedState::default(),
            asked: 0,
            new: 0,
        }
    }
}

impl<'t, T: Copy> TextMemo<'t, T> {
    /// Returns the cached result for a string, or computes it.
    pub(in crate::exec) fn of(
        &mut self,
        text: &'t str,
        asker: u32,
        answer: impl FnOnce() -> T,
    ) -> T {
        // If most strings are new, the look-up costs more than it saves.
        if self.asked >= KEPT_TEXTS && self.new * 3 > self.asked * 2 {
            return answer();
        }
        self.asked += 1;
        let mut hasher = self.hash.build_hasher();
        hasher.write_u32(asker);
        hasher.write(text.as_bytes());
        let hash = hasher.finish();
        let place = &mut self.answers[hash as usize % KEPT_TEXTS];
        match place {
            Some((known, same, who, answer))
                if *known == hash && *who == asker && *same == text =>
            {
                *answer
            }
            _ => {
                self.new += 1;
                let answer = answer();
                *place = Some((hash, text, asker, answer));
                answer
            }
        }
    }
}
