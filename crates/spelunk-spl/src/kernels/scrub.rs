//! `scrub`: replaces identifying words with invented ones.

pub(crate) mod words;

use std::collections::HashSet;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Fields that are left unchanged.
const KEPT: [&str; 6] = [
    "eventtype",
    "linecount",
    "punct",
    "sourcetype",
    "timeendpos",
    "timestartpos",
];

pub(crate) struct Scrub {
    pub(crate) public: HashSet<String>,
    pub(crate) private: HashSet<String>,
    pub(crate) names: Vec<String>,
}

impl std::fmt::Debug for Scrub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrub({} public words)", self.public.len())
    }
}

impl Kernel for Scrub {
    fn describe(&self) -> String {
        "scrub".to_owned()
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut out = Table::new(input.height());
        for mut column in input.into_columns() {
            context.check_cancelled()?;
            let name = column.name.as_str();
            let stays = KEPT.contains(&name)
                || name.starts_with("date_")
                || name.starts_with('_') && name != "_raw";
            if !stays && column.kind != Type::Number {
                for value in &mut column.values {
                    let texts = std::mem::replace(value, Value::Null).into_values();
                    let texts = texts.iter().map(|text| self.text(text).into());
                    *value = Value::multi(texts.collect());
                }
            }
            out.set(column.name, column.kind, column.values);
        }
        Ok(out)
    }
}

impl Scrub {
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(length) = address(rest)
                && !out.ends_with(|c: char| c.is_alphanumeric() || c == '.')
            {
                out.push_str(&invented_address(&rest[..length]));
                rest = &rest[length..];
            } else if c.is_alphanumeric() {
                let length = rest
                    .find(|c: char| !c.is_alphanumeric())
                    .unwrap_or(rest.len());
                let word = &rest[..length];
                rest = &rest[length..];
                // A name before `=` or `:`, optionally quoted, but not a drive or a URL scheme.
                let after = rest.strip_prefix('"').unwrap_or(rest);
                let key = after.starts_with(['=', ':'])
                    && !after.starts_with(":/")
                    && !after.starts_with(":\\");
                out.push_str(&self.word(word, key));
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    /// A word, or its replacement.
    pub(crate) fn word(&self, word: &str, key: bool) -> String {
        let lower = word.to_lowercase();
        let number = word.chars().all(|c| c.is_ascii_digit());
        let stays = key || number || word.chars().count() < 2 || self.public.contains(&lower);
        if stays && !self.private.contains(&lower) {
            return word.to_owned();
        }
        let length = word.chars().count();
        let seed = hash(&lower);
        let fitting: Vec<&String> = self
            .names
            .iter()
            .filter(|name| name.chars().count() == length && name.to_lowercase() != lower)
            .collect();
        let letters = word.chars().all(char::is_alphabetic);
        let chosen = match fitting.len() {
            0 => None,
            many => fitting.get((seed % many as u64) as usize),
        };
        let invented: Vec<char> = match chosen {
            Some(name) if letters => name.chars().collect(),
            _ => invented(&lower, seed),
        };
        let cased = word.chars().zip(invented).map(|(was, new)| match was {
            was if was.is_uppercase() => new.to_uppercase().next().unwrap_or(new),
            was if was.is_lowercase() => new.to_lowercase().next().unwrap_or(new),
            _ => new,
        });
        cased.collect()
    }
}

/// Replaces letters with letters, alternating with vowels, and digits with digits.
pub(crate) fn invented(word: &str, seed: u64) -> Vec<char> {
    const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    let mut state = seed;
    let mut pick = |from: &[u8]| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(from[(state >> 33) as usize % from.len()])
    };
    let of = |(at, c): (usize, char)| match c {
        c if c.is_ascii_digit() => pick(b"0123456789"),
        _ if at % 2 == 0 => pick(CONSONANTS),
        _ => pick(VOWELS),
    };
    word.chars().enumerate().map(of).collect()
}

/// The length of an IPv4 address at the start of a text.
fn address(text: &str) -> Option<usize> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let address = text[..end].trim_end_matches('.');
    let parts: Vec<&str> = address.split('.').collect();
    let octet = |p: &&str| p.len() <= 3 && p.parse::<u8>().is_ok();
    (parts.len() == 4 && parts.iter().all(octet)).then_some(address.len())
}

/// A different address whose parts have the same number of digits.
fn invented_address(address: &str) -> String {
    let parts = address.split('.').enumerate().map(|(at, part)| {
        let seed = hash(&format!("{at} {address}"));
        match part.len() {
            1 => (1 + seed % 9).to_string(),
            2 => (10 + seed % 90).to_string(),
            _ => (100 + seed % 155).to_string(),
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

/// FNV-1a: the same in every run.
fn hash(text: &str) -> u64 {
    let step = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
