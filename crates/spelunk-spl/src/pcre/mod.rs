//! Regular expressions in PCRE's syntax and with its meaning.
//!
//! Splunk's expressions are PCRE; the engine here is `fancy-regex`, which hands what it can to
//! `regex-automata` and backtracks for the rest. An expression is taken apart by PCRE2's rules
//! (`parse`, `group`, `escape`, `set`, `options`), checked (`measure`), and written for the engine
//! (`write`, `nodes`, `references`, `verbs`, `classes`, `lines`). One that means the same in both is left as it
//! is, byte for byte.
//!
//! A text that ends with a line feed needs another form of a pattern with `$`, `\Z` or a `^` of lines:
//! for the engine `$` is the very end. That form is compiled when the first such text comes, so all
//! other texts keep the fast one.
//!
//! Where versions differ the rule is PCRE2 10.42, but for what PCRE 8 took in one plain meaning,
//! which published searches still use:
//! - an unknown letter after a backslash is itself (`\T`, `\y`);
//! - a hyphen beside a class escape is a hyphen (`[\w-.]`, `[a-\d]`);
//! - `^`, `$`, `\b` and their like may be repeated;
//!
//! and but for what newer versions lifted: names may have 128 characters, and a lookbehind may vary
//! by up to 255.
//!
//! What is not as in PCRE:
//! - `\d`, `\w`, `\s` and `\b` know Unicode; Splunk's manuals do not say whether Splunk asks PCRE for
//!   that. POSIX classes are ASCII's unless the pattern begins with `(*UCP)`.
//! - `\C` is a character, never a part of one.
//! - A loop ends in PCRE with a turn that matches nothing. Here the turn before it counts: in `(a*)*`
//!   on "aa" PCRE leaves group 1 empty, and of `(?:a||b)*` it never reaches the `b`.
//! - Recursion goes as many levels deep as the size of the pattern allows, at most 20; past them
//!   matching gives up with an error. Matching may go back into a call, as in PCRE2 since 10.30.
//! - `(*COMMIT)`, `(*PRUNE)` and `(*SKIP)` work in the pattern's own alternatives, `(*ACCEPT)` where
//!   the pattern ends, `(*THEN)` in alternatives; elsewhere they are refused, and so are lookarounds
//!   that are not atomic, script runs, and `(*SKIP:name)`.
//! - A script (`\p{Greek}`) is its own letters, without those that it shares.
//! - Groups nest 60 deep, not 250, and those that refer to themselves 8 deep.

mod ast;
mod classes;
mod compiled;
mod escape;
mod group;
mod lines;
mod measure;
mod mentions;
mod nodes;
mod options;
mod parse;
mod problem;
mod references;
mod set;
#[cfg(test)]
mod tests;
mod verbs;
mod write;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};

pub use compiled::{Captures, GaveUp, Match, Matches, Regex};
pub use fancy_regex::escape;

/// Compiled patterns kept for each thread. A search has few; data that is used as a pattern
/// may have many.
const CACHE: usize = 512;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Arc<Regex>>> = RefCell::new(HashMap::new());
}

/// The expression compiled, as an error of a search if it can't be.
///
/// # Errors
/// [`ErrorKind::Regex`].
pub fn compile(pattern: &str) -> crate::error::Result<Arc<Regex>> {
    regex(pattern).map_err(|why| Error::new(ErrorKind::Regex(why)))
}

/// Compiles a regular expression as PCRE understands it, or finds it compiled already.
/// Matching gives an error when it backtracks beyond a bound; say so with [`too_hard`].
///
/// # Errors
/// What is wrong with the expression, and where.
pub fn regex(pattern: &str) -> Result<Arc<Regex>, String> {
    COMPILED.with_borrow_mut(|cache| {
        if let Some(found) = cache.get(pattern) {
            return Ok(Arc::clone(found));
        }
        let compiled = Arc::new(Regex::new(pattern)?);
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(pattern.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    })
}

/// The pattern in quotes; only the start of a long one.
fn shown(pattern: &str) -> String {
    const MOST: usize = 80;
    match pattern.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}...\"", &pattern[..end]),
        None => format!("\"{pattern}\""),
    }
}

/// A template with `$1` replaced by what the groups matched; a group that took no part is empty.
pub fn fill(template: &str, captures: &Captures<'_, '_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let digits = &rest[at + 1..];
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        match digits[..end].parse::<usize>() {
            Ok(group) => out.push_str(captures.get(group).map_or("", |m| m.as_str())),
            Err(_) => out.push('$'),
        }
        rest = &digits[end..];
    }
    out.push_str(rest);
    out
}

/// What to say when matching `pattern` gave up.
pub fn too_hard(pattern: &str) -> String {
    format!(
        "the regular expression {} backtracks too much; make it more specific",
        shown(pattern)
    )
}

/// Whether the pattern is found anywhere in the text.
///
/// # Errors
/// A pattern that does not compile, or that backtracks too much.
pub fn is_match(pattern: &str, text: &str) -> Result<bool, String> {
    regex(pattern)?
        .is_match(text)
        .map_err(|_| too_hard(pattern))
}
