//! Answers for values that came lately, so that a question is asked once of what repeats.

/// Answers kept; a power of two.
const KEPT: usize = 1024;

/// Answers for values, told by a key that equal values share.
pub(super) struct Known<T> {
    answers: Vec<Option<(u128, T)>>,
    asked: usize,
    new: usize,
}

impl<T: Copy> Default for Known<T> {
    fn default() -> Known<T> {
        Known {
            answers: vec![None; KEPT],
            asked: 0,
            new: 0,
        }
    }
}

impl<T: Copy> Known<T> {
    /// The answer for the value with that key.
    pub(super) fn of(&mut self, key: u128, answer: impl FnOnce() -> T) -> T {
        // Where most values are new, looking for them costs more than it saves.
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
