//! String interner for a column under construction: recently repeated values are stored once.
//!
//! Most values in logs repeat. A row with a known value takes four bytes, and nothing is copied.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use polars::prelude::{
    ChunkTake as _, IdxCa, IdxSize, PlSmallStr, StringChunked, StringChunkedBuilder,
};

use crate::error::{Error, Result};

/// The index of a missing value.
pub const NONE: IdxSize = IdxSize::MAX;

/// Slots for recent values; a power of two.
const KEPT: usize = 256;

/// Number of values after which lookups begin.
const FEW: usize = 16;

/// Number of values after which their repetition is known.
const SAMPLE: usize = 1024;

/// Strings stored back to back, identified by number.
#[derive(Default)]
pub struct StringInterner {
    text: String,
    /// The end offset of each string.
    ends: Vec<usize>,
    /// Indices of recent values, by hash.
    recent: Vec<IdxSize>,
    asked: usize,
}

impl StringInterner {
    /// Bytes of all strings.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns the index of a string, adding it unless it is among the recent ones.
    pub fn intern(&mut self, text: &str) -> IdxSize {
        // Interning a few values gains nothing.
        if self.asked < FEW {
            self.asked += 1;
            return self.add(text);
        }
        // If most values are new, the lookups cost more than they save.
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

    /// Builds a column of the strings at these indices.
    ///
    /// # Errors
    /// Never because of the data.
    pub fn into_column(self, name: &str, places: &[IdxSize]) -> Result<StringChunked> {
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
            let column = texts.into_column("a", &places).expect("a column");
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
