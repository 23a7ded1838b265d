//! Regular expressions with PCRE syntax and semantics.
//!
//! Splunk's expressions are PCRE; the engine here is `fancy-regex`, which delegates what it can to
//! `regex-automata` and backtracks for the rest. An expression is parsed by PCRE2's rules (`parse`, `group`,
//! `escape`, `set`, `options`), checked (`measure`), and written for the engine (`write`, `nodes`,
//! `references`, `verbs`, `classes`, `lines`). An expression with the same meaning in both is left unchanged,
//! byte for byte.
//!
//! Text that ends with a line feed needs another form of a pattern with `$`, `\Z` or a multiline `^`: for the
//! engine `$` is the very end. That form is compiled when the first such text occurs, so all other text keeps
//! the fast one.
//!
//! Where versions differ, this follows PCRE2 10.42, except for constructs that PCRE 8 accepted with one
//! obvious meaning and that published searches still use:
//! - an unknown letter after a backslash is itself (`\T`, `\y`);
//! - a hyphen next to a class escape is a hyphen (`[\w-.]`, `[a-\d]`);
//! - `^`, `$`, `\b` and similar assertions may be repeated;
//!
//! and except for limits that newer versions lifted: names may have 128 characters, and a lookbehind may vary
//! by up to 255.
//!
//! Differences from PCRE:
//! - `\d`, `\w`, `\s` and `\b` use Unicode; Splunk's manuals do not say whether Splunk enables that in PCRE.
//!   POSIX classes are ASCII-only unless the pattern begins with `(*UCP)`.
//! - `\C` is a character, never a part of one.
//! - In PCRE a loop ends with an iteration that matches nothing. Here the iteration before it counts: in
//!   `(a*)*` on "aa" PCRE leaves group 1 empty, and of `(?:a||b)*` it never reaches the `b`.
//! - The depth of recursion depends on the size of the pattern, at most 20 levels; beyond it matching fails
//!   with an error. Matching may backtrack into a call, as in PCRE2 since 10.30.
//! - `(*COMMIT)`, `(*PRUNE)` and `(*SKIP)` work in the pattern's own alternatives, `(*ACCEPT)` where the
//!   pattern ends, `(*THEN)` in alternatives; elsewhere they are rejected, and so are lookarounds that are
//!   not atomic, script runs, and `(*SKIP:name)`.
//! - A script (`\p{Greek}`) is its own letters, without shared ones.
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

/// Compiled patterns cached per thread. A search has few; data that is used as a pattern may have many.
const CACHE: usize = 512;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Arc<Regex>>> = RefCell::new(HashMap::new());
}

/// Compiles an expression; reports a problem as an error of the search.
///
/// # Errors
/// [`ErrorKind::Regex`].
pub fn compile(pattern: &str) -> crate::error::Result<Arc<Regex>> {
    regex(pattern).map_err(|why| Error::new(ErrorKind::Regex(why)))
}

/// Compiles a regular expression with PCRE semantics, or returns it from the cache. Matching returns an error
/// when it backtracks beyond a limit; [`too_hard`] has the message.
///
/// # Errors
/// If the expression is invalid, with the position of the problem.
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

/// The pattern in quotes, truncated if it is long.
fn shown(pattern: &str) -> String {
    const MOST: usize = 80;
    match pattern.char_indices().nth(MOST) {
        Some((end, _)) => format!("\"{}...\"", &pattern[..end]),
        None => format!("\"{pattern}\""),
    }
}

/// Fills a template: replaces `$1` with the text of the group; a group that did not participate is empty.
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

/// The message when matching `pattern` was abandoned.
pub fn too_hard(pattern: &str) -> String {
    format!(
        "the regular expression {} backtracks too much; make it more specific",
        shown(pattern)
    )
}

/// Whether the text contains a match of the pattern.
///
/// # Errors
/// If the pattern does not compile, or backtracks too much.
pub fn is_match(pattern: &str, text: &str) -> Result<bool, String> {
    regex(pattern)?
        .is_match(text)
        .map_err(|_| too_hard(pattern))
}
