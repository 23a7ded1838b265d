//! The texts of a column while it is filled: what comes again soon is kept once.
//!
//! Most values of logs are the same again and again. A row takes four bytes for a value that is
//! known, and nothing is copied.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use polars::prelude::{
    ChunkTake as _, IdxCa, IdxSize, PlSmallStr, StringChunked, StringChunkedBuilder,
};

use crate::error::{Error, Result};

/// The place of a missing value.
pub const NONE: IdxSize = IdxSize::MAX;

/// Places of values that came lately; a power of two.
const KEPT: usize = 256;

/// Values from which on they are looked for.
const FEW: usize = 16;

/// Values after which it is known whether they repeat.
const SAMPLE: usize = 1024;

/// Texts one after the other, told by their number.
#[derive(Default)]
pub struct StringInterner {
    text: String,
    /// Where each text ends.
    ends: Vec<usize>,
    /// Places by hash, of values that came lately.
    recent: Vec<IdxSize>,
    asked: usize,
}

impl StringInterner {
    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The place of a text, added if it is not at hand.
    pub fn intern(&mut self, text: &str) -> IdxSize {
        // Of a few values nothing is gained.
        if self.asked < FEW {
            self.asked += 1;
            return self.add(text);
        }
        // Where most values are new, looking for them costs more than it saves.
        if self.asked >= SAMPLE && self.ends.len() * 2 > self.asked {
            return self.add(text);
        }
        if self.recent.is_empty() {
            self.recent = vec![NONE; KEPT];
        }
        self.asked += 1;
        let slot = FixedState::default().hash_one(text) as usize % KEPT;
        let known = self.recent[slot];
        if known != NONE && self.get(known as usize) == text {
            return known;
        }
        let new = self.add(text);
        self.recent[slot] = new;
        new
    }

    fn add(&mut self, text: &str) -> IdxSize {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        (self.ends.len() - 1) as IdxSize
    }

    fn get(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[place]]
    }

    /// A column of the texts at these places.
    ///
    /// # Errors
    /// Never on account of data.
    pub fn to_column(self, name: &str, places: &[IdxSize]) -> Result<StringChunked> {
        let name = PlSmallStr::from_str(name);
        let mut builder = StringChunkedBuilder::new(name, self.ends.len());
        let mut start = 0;
        for end in &self.ends {
            builder.append_value(&self.text[start..*end]);
            start = *end;
        }
        let texts = builder.finish();
        let in_order = places.len() == self.ends.len()
            && places
                .iter()
                .enumerate()
                .all(|(row, place)| row == *place as usize);
        if in_order {
            return Ok(texts);
        }
        let places = places
            .iter()
            .map(|place| (*place != NONE).then_some(*place));
        let places: IdxCa = places.collect();
        texts
            .take(&places)
            .map_err(|e| Error::internal(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, NONE, StringInterner};

    #[test]
    fn texts_stand_where_they_were_put() {
        let value = |n: usize| match n % 5 {
            0 => None,
            1 => Some("a value that comes again".to_owned()),
            2 => Some(String::new()),
            3 => Some(format!("{}", n % 7)),
            _ => Some(format!("a value of its own, number {n}")),
        };
        for count in [0, 1, 2, 5000] {
            let mut texts = StringInterner::default();
            let rows: Vec<Option<String>> = (0..count).map(value).collect();
            let places = rows.iter().map(|row| match row {
                Some(text) => texts.intern(text),
                None => NONE,
            });
            let places: Vec<_> = places.collect();
            let column = texts.to_column("a", &places).expect("a column");
            let found: Vec<Option<String>> =
                column.iter().map(|text| text.map(str::to_owned)).collect();
            assert_eq!(found, rows);
        }
    }

    #[test]
    fn what_comes_again_is_kept_once() {
        let mut texts = StringInterner::default();
        for n in 0..10_000 {
            texts.intern(if n % 2 == 0 { "svchost.exe" } else { "cmd.exe" });
        }
        assert!(texts.bytes() <= FEW * "svchost.exe".len());
    }
}
