//! `scrub`: identifying words replaced by invented ones.

mod words;

use std::collections::HashSet;

use crate::commands::args::Args;
use crate::commands::scrub::words::{NAMES, PUBLIC};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "scrub",
    category: Category::Fields,
    synopsis: "scrub [public-terms=<file>] [private-terms=<file>] [name-terms=<file>] [dictionary=<file>]",
    options: &[
        ("public-terms", "", "a file of words that stay, one a line"),
        ("private-terms", "", "a file of words that are replaced, whatever else says they stay"),
        ("name-terms", "", "a file of names to put in place of others"),
        ("dictionary", "", "a file of words that stay, in place of those built in"),
        ("timeconfig", "", "accepted: numbers stay, and times with them"),
        ("namespace", "", "accepted"),
    ],
    doc: "Replaces names, addresses and other identifying words in all fields by invented ones of the same length, the same word always by the same one. \
          Words that a dictionary holds, and those before = or :, stay; so do plain numbers and the fields eventtype, linecount, punct, sourcetype, timeendpos, \
          timestartpos, those that begin with date_ and, but for _raw, with an underscore. Files lie in the folder anonymizer of the store.",
    examples: &[(
        "| makeresults | eval t=\"login failed for user=zbigniewa from 10.1.22.3\" | scrub | eval n=len(t), same=if(like(t, \"login failed for user=_________ from __._.__._\"), 1, 0), gone=if(like(t, \"%zbig%\"), 0, 1) | table n same gone",
        r#"{"n":46,"same":1,"gone":1}"#,
    )],
    page: "SearchReference/Scrub",
    args: Rule::scrub_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let words = |option: &str| -> Result<Option<Vec<String>>> {
        let Some(file) = args.get(option) else {
            return Ok(None);
        };
        let plain = !file.text.contains(['/', '\\']) && file.text != "..";
        if !plain {
            return Err(Error::argument(file.span, "the file is named without its folder")
                .hint("it lies in the folder anonymizer of the store"));
        }
        let path = planner.context.home.join("anonymizer").join(&file.text);
        let text = std::fs::read_to_string(&path).map_err(|why| Error::file(&path, why).at(file.span))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(Some(lines.map(str::to_owned).collect()))
    };
    let built_in = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let lower = |words: Vec<String>| words.into_iter().map(|w| w.to_lowercase());
    let dictionary = words("dictionary")?.unwrap_or_else(|| built_in(PUBLIC));
    Ok(Planner::rows_or_events(input).apply(Scrub {
        public: lower(dictionary).chain(lower(words("public-terms")?.unwrap_or_default())).collect(),
        private: lower(words("private-terms")?.unwrap_or_default()).collect(),
        names: words("name-terms")?.unwrap_or_else(|| built_in(NAMES)),
    }))
}

/// Fields that stay as they are.
const KEPT: [&str; 6] = ["eventtype", "linecount", "punct", "sourcetype", "timeendpos", "timestartpos"];

struct Scrub {
    public: HashSet<String>,
    private: HashSet<String>,
    names: Vec<String>,
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

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
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
    fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(length) = address(rest)
                && !out.ends_with(|c: char| c.is_alphanumeric() || c == '.')
            {
                out.push_str(&invented_address(&rest[..length]));
                rest = &rest[length..];
            } else if c.is_alphanumeric() {
                let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                let word = &rest[..length];
                rest = &rest[length..];
                // A name before `=` or `:`, also in quotes, but no drive and no scheme.
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

    /// A word, or what stands in for it.
    fn word(&self, word: &str, key: bool) -> String {
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

/// Letters for letters, in turn with vowels, and digits for digits.
fn invented(word: &str, seed: u64) -> Vec<char> {
    const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    let mut state = seed;
    let mut pick = |from: &[u8]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(from[(state >> 33) as usize % from.len()])
    };
    let of = |(at, c): (usize, char)| match c {
        c if c.is_ascii_digit() => pick(b"0123456789"),
        _ if at % 2 == 0 => pick(CONSONANTS),
        _ => pick(VOWELS),
    };
    word.chars().enumerate().map(of).collect()
}

/// The length of an IPv4 address that a text begins with.
fn address(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let address = text[..end].trim_end_matches('.');
    let parts: Vec<&str> = address.split('.').collect();
    let octet = |p: &&str| p.len() <= 3 && p.parse::<u8>().is_ok();
    (parts.len() == 4 && parts.iter().all(octet)).then_some(address.len())
}

/// Another address whose parts have as many digits.
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
