//! Patterns that text is matched against: regular expressions, `*` wildcards, LIKE, networks.

pub mod cidr;
pub mod like;
pub mod pcre;
pub mod wildcard;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use fancy_regex::{Regex, RegexBuilder};

pub use cidr::Network;
pub use like::like;
pub use wildcard::Wildcard;

/// Steps back that a match may take before it is given up: enough for sane patterns, and
/// fractions of a second for the others.
const BACKTRACK_LIMIT: usize = 200_000;

/// Compiled patterns kept for each thread. A search has few; data that is used as a pattern
/// may have many.
const CACHE: usize = 512;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Arc<Regex>>> = RefCell::new(HashMap::new());
}

/// Compiles a regular expression as PCRE understands it, or finds it compiled already.
/// Matching gives an error when it backtracks beyond a bound; say so with [`too_hard`].
pub fn regex(pattern: &str) -> Result<Arc<Regex>, String> {
    COMPILED.with_borrow_mut(|cache| {
        if let Some(found) = cache.get(pattern) {
            return Ok(Arc::clone(found));
        }
        let compiled = Arc::new(compile(pattern)?);
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(pattern.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&pcre::translate(pattern))
        .backtrack_limit(BACKTRACK_LIMIT)
        .build()
        .map_err(|error| {
            let text = error.to_string();
            // The first line draws the pattern, the last one says what is wrong.
            let why = text.lines().last().unwrap_or_default().trim();
            let why = match why.trim_start_matches("error: ") {
                text if text.contains("building NFA") => "it is too large",
                text => text,
            };
            format!(
                "the regular expression {} is not valid: {why}",
                shown(pattern)
            )
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
pub fn fill(template: &str, captures: &fancy_regex::Captures<'_, str>) -> String {
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
pub fn is_match(pattern: &str, text: &str) -> Result<bool, String> {
    regex(pattern)?
        .is_match(text)
        .map_err(|_| too_hard(pattern))
}

#[cfg(test)]
mod tests {
    use super::{is_match, regex};

    #[test]
    fn bad_patterns_are_reported_and_hard_ones_given_up() {
        assert!(regex("(").is_err_and(|e| e.contains("\"(\"")));
        let hard = is_match(r"((a|b|ab)+)\1c", &format!("c{}", "ab".repeat(64)));
        assert!(hard.is_err_and(|e| e.contains("backtracks")));
    }

    #[test]
    fn perl_ways_of_writing_work() {
        for (pattern, text, expected) in [
            (r"(?P<n>\d)(?<m>x)\k<n>", "1x1", true),
            (r"(?<=a)b(?!c)", "abd", true),
            (r"[[a]", "[", true),
            (r"[^]]", "]", false),
            (r"a\h+b", "a \tb", true),
            (r#"{"id":\s*(\d+)}"#, r#"{"id": 5}"#, true),
            (r"\<Data\>", "<Data>", true),
            (r"\Qa.b\E+", "a.bbb", true),
            (r"\Qa.b\E", "axb", false),
            (r"[a&&b]", "&", true),
            (r"x{2}y{,3}", "xxy{,3}", true),
            (r"\p{Lu}\x{41}", "BA", true),
            (r"[\w-]+@[\d.]+", "a-b@1.2", true),
            (r"(?i)POWER\.exe", "power.EXE", true),
            (r"a++b", "aab", true),
            (
                r#"\/\-\_\"\:\=\@\%\&\!\,\;\~\#\ \'\i"#,
                "/-_\":=@%&!,;~# 'i",
                true,
            ),
            (r"^[^[:space:]\[\]\-a-c]+$", "xyz", true),
        ] {
            assert_eq!(is_match(pattern, text), Ok(expected), "{pattern}");
        }
    }
}
