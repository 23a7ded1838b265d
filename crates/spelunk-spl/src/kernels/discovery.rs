//! Event type discovery: suggests searches from the words that groups of events share, for `typelearner` and
//! `findtypes`.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::plan::context::QueryContext;
use crate::plan::expr::matching::is_breaker;
use crate::plan::table::Table;
use crate::value::{Type, Value};

/// Maximum number of events to examine, as in `findtypes`.
pub(crate) const MOST: usize = 5000;
/// Maximum number of words in a suggested search.
const WORDS: usize = 6;

/// A search that finds a group of events.
pub(crate) struct Suggestion {
    /// In the syntax of `search`.
    pub(crate) search: String,
    /// The events that it finds, by row.
    pub(crate) found: BTreeSet<usize>,
}

/// The punctuation of a text's first line: the value of `punct` for events without it. (Knowledge Manager
/// Manual, "Use default fields".)
pub(crate) fn punctuation(raw: &str) -> String {
    /// As documented: thirty characters.
    const MOST: usize = 30;
    let line = raw.lines().next().unwrap_or_default();
    let signs = line.chars().filter(|c| !c.is_alphanumeric());
    let written = signs.map(|c| match c {
        '\t' => 't',
        c if c.is_whitespace() => '_',
        c => c,
    });
    written.take(MOST).collect()
}

/// The words of a text that may occur in a search: at least three letters, in lower case.
pub(crate) fn words(raw: &str) -> BTreeSet<String> {
    raw.split(|c: char| is_breaker(c) && c != '_')
        .filter(|word| word.chars().count() > 2 && word.chars().all(char::is_alphabetic))
        .map(str::to_lowercase)
        .filter(|word| !["and", "not"].contains(&word.as_str()))
        .collect()
}

/// The words that all events of a group have.
pub(crate) fn shared(group: &BTreeSet<usize>, words: &[BTreeSet<String>]) -> BTreeSet<String> {
    let mut members = group.iter().map(|row| &words[*row]);
    let first = members.next().cloned().unwrap_or_default();
    members.fold(first, |left, words| {
        left.intersection(words).cloned().collect()
    })
}

/// A small set of words that distinguishes a group from the other events. Greedy: each next word excludes
/// most of the remaining other events, with ties broken alphabetically.
pub(crate) fn telling(
    shared: &BTreeSet<String>,
    group: &BTreeSet<usize>,
    words: &[BTreeSet<String>],
) -> Suggestion {
    let mut chosen: Vec<&String> = Vec::new();
    let mut found: BTreeSet<usize> = (0..words.len()).collect();
    while chosen.len() < WORDS && found.len() > group.len() {
        let with = |word: &String| {
            found
                .iter()
                .filter(|row| words[**row].contains(word))
                .count()
        };
        let left = shared.iter().filter(|word| !chosen.contains(word));
        let Some((count, word)) = left.map(|word| (with(word), word)).min() else {
            break;
        };
        if count == found.len() {
            break;
        }
        found.retain(|row| words[*row].contains(word));
        chosen.push(word);
    }
    if chosen.is_empty() {
        chosen.extend(shared.first());
    }
    let search: Vec<&str> = chosen.iter().map(|word| word.as_str()).collect();
    Suggestion {
        search: search.join(" "),
        found,
    }
}

/// Merges groups with the same words.
pub(crate) fn merged(
    groups: impl IntoIterator<Item = BTreeSet<usize>>,
    words: &[BTreeSet<String>],
    context: &QueryContext,
) -> Result<BTreeMap<BTreeSet<String>, BTreeSet<usize>>> {
    let mut merged: BTreeMap<BTreeSet<String>, BTreeSet<usize>> = BTreeMap::new();
    for group in groups {
        context.check_cancelled()?;
        merged
            .entry(shared(&group, words))
            .or_default()
            .extend(group);
    }
    Ok(merged)
}

/// Suggestions as rows, those that find the most events first. Among several that find the same events, keeps
/// the shortest.
pub(crate) fn rows(mut suggestions: Vec<Suggestion>, input: &Table, most: usize) -> Table {
    suggestions.retain(|s| !s.found.is_empty() && !s.search.is_empty());
    suggestions.sort_by(|a, b| {
        let size = b.found.len().cmp(&a.found.len());
        size.then_with(|| a.search.len().cmp(&b.search.len()))
            .then_with(|| a.search.cmp(&b.search))
    });
    let mut seen: Vec<BTreeSet<usize>> = Vec::new();
    suggestions.retain(|s| {
        let new = !seen.contains(&s.found);
        if new {
            seen.push(s.found.clone());
        }
        new
    });
    suggestions.truncate(most);
    let all = input.height().clamp(1, MOST) as f64;
    let mut out = Table::new(suggestions.len());
    let number = |of: &dyn Fn(&Suggestion) -> f64| {
        suggestions.iter().map(|s| Value::number(of(s))).collect()
    };
    let searches = suggestions.iter().map(|s| Value::text(s.search.clone()));
    out.set("search", Type::Text, searches.collect());
    out.set("count", Type::Number, number(&|s| s.found.len() as f64));
    out.set(
        "percent",
        Type::Number,
        number(&|s| 100.0 * s.found.len() as f64 / all),
    );
    let example = |s: &Suggestion| {
        let row = s.found.first().copied().unwrap_or_default();
        let text = input.value("_raw", row).into_text();
        text.map_or(Value::Null, |t| Value::text(t.into_owned()))
    };
    out.set(
        "example",
        Type::Text,
        suggestions.iter().map(example).collect(),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::{punctuation, shared, telling, words};

    #[test]
    fn punctuation_is_that_of_the_first_line() {
        assert_eq!(punctuation("a=1, b\t[c]\nd!"), "=,_t[]");
    }

    #[test]
    fn the_words_told_leave_out_the_other_events() {
        let texts = [
            "login failed for ann",
            "login failed for bob",
            "login done for ann",
        ];
        let words: Vec<_> = texts.iter().map(|t| words(t)).collect();
        let group = [0, 1].into_iter().collect();
        let told = telling(&shared(&group, &words), &group, &words);
        assert_eq!(told.search, "failed");
        assert_eq!(told.found, group);
    }
}
