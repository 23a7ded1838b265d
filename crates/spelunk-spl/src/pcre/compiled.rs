//! A compiled expression.

use std::fmt;
use std::sync::OnceLock;

pub use fancy_regex::Match;
use fancy_regex::RegexBuilder;

use super::ast::Pattern;
use super::measure::Groups;
use super::parse::parse;
use super::write::write;

/// Maximum backtracking steps of a match: enough for reasonable patterns, and a fraction of a second for
/// others.
const BACKTRACK_LIMIT: usize = 200_000;
/// Maximum bytes of a pattern compiled by the engine.
const SIZE_LIMIT: usize = 32 << 20;
/// Maximum instructions of the engine's program for patterns that need backtracking.
const PROGRAM_LIMIT: usize = 500_000;

/// A compiled regular expression with PCRE semantics.
#[derive(Clone)]
pub struct Regex {
    pattern: Box<str>,
    engine: fancy_regex::Regex,
    /// For text that ends with a line feed, if the pattern needs another form for it.
    exact: Option<Exact>,
    /// The names of the groups, from group 0.
    names: Box<[Option<String>]>,
    /// The engine's groups for each group, unless they are the same.
    groups: Option<Box<[Vec<u32>]>>,
}

/// A form of the pattern that is compiled when the first text needs it.
#[derive(Clone)]
struct Exact {
    pattern: Box<str>,
    optimize: bool,
    compiled: OnceLock<Option<fancy_regex::Regex>>,
}

/// A match was abandoned because it backtracked too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GaveUp;

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("matching takes too many steps back")
    }
}

impl std::error::Error for GaveUp {}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Regex").field(&self.pattern).finish()
    }
}

impl Regex {
    /// Compiles an expression; [`super::regex`] caches compiled ones.
    ///
    /// # Errors
    /// If the expression is invalid, with the position of the problem.
    pub fn new(pattern: &str) -> Result<Regex, String> {
        let invalid = |why: String| {
            let shown = super::shown(pattern);
            format!("the regular expression {shown} is not valid: {why}")
        };
        let tree = parse(pattern).map_err(|problem| invalid(problem.describe(pattern)))?;
        let groups = Groups::of(&tree);
        let written = groups
            .check()
            .and_then(|()| write(pattern, &tree, &groups, false))
            .map_err(|problem| invalid(problem.describe(pattern)))?;
        let engine = build(&written.text, written.optimize)
            .map_err(|error| invalid(why_not(pattern, &tree, &error)))?;
        let exact = if written.differs {
            let exact = write(pattern, &tree, &groups, true)
                .map_err(|problem| invalid(problem.describe(pattern)))?;
            (exact.text != written.text).then(|| Exact {
                pattern: exact.text.into(),
                optimize: exact.optimize,
                compiled: OnceLock::new(),
            })
        } else {
            None
        };
        Ok(Regex {
            pattern: pattern.into(),
            engine,
            exact,
            names: tree.names.into(),
            groups: written.groups.map(Vec::into_boxed_slice),
        })
    }

    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Returns the form that the text needs.
    fn engine(&self, text: &str) -> Result<&fancy_regex::Regex, GaveUp> {
        match &self.exact {
            Some(exact) if text.ends_with('\n') => {
                let compiled = exact
                    .compiled
                    .get_or_init(|| build(&exact.pattern, exact.optimize).ok());
                compiled.as_ref().ok_or(GaveUp)
            }
            _ => Ok(&self.engine),
        }
    }

    /// Whether the text contains a match.
    ///
    /// # Errors
    /// If the match backtracks too much.
    pub fn is_match(&self, text: &str) -> Result<bool, GaveUp> {
        self.engine(text)?.is_match(text).map_err(|_| GaveUp)
    }

    /// Returns the first match.
    ///
    /// # Errors
    /// Like [`Regex::is_match`].
    pub fn find<'t>(&self, text: &'t str) -> Result<Option<Match<'t>>, GaveUp> {
        self.engine(text)?.find(text).map_err(|_| GaveUp)
    }

    /// Returns the first match with its groups.
    ///
    /// # Errors
    /// Like [`Regex::is_match`].
    pub fn captures<'r, 't>(&'r self, text: &'t str) -> Result<Option<Captures<'r, 't>>, GaveUp> {
        self.captures_from_pos(text, 0)
    }

    /// Returns the first match that begins at or after byte `from`.
    ///
    /// # Errors
    /// Like [`Regex::is_match`].
    pub fn captures_from_pos<'r, 't>(
        &'r self,
        text: &'t str,
        from: usize,
    ) -> Result<Option<Captures<'r, 't>>, GaveUp> {
        let found = self.engine(text)?.captures_from_pos(text, from);
        let wrap = |captures| Captures {
            regex: self,
            captures,
        };
        found.map(|found| found.map(wrap)).map_err(|_| GaveUp)
    }

    /// Iterates over all non-overlapping matches; ends after a match that was abandoned.
    pub fn captures_iter<'r, 't>(&'r self, text: &'t str) -> Matches<'r, 't> {
        Matches {
            regex: self,
            text,
            from: Some(0),
            last: None,
        }
    }

    /// The names of groups, each once, in pattern order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let named = self.names.iter().enumerate();
        named.filter_map(|(at, name)| {
            let before = &self.names[..at];
            name.as_deref().filter(|_| !before.contains(name))
        })
    }

    /// The numbers of the groups of that name; several with `(?J)`.
    pub fn numbers(&self, name: &str) -> Vec<usize> {
        let known = self.names.iter().enumerate();
        let named = known.filter(|(_, known)| known.as_deref() == Some(name));
        named.map(|(number, _)| number).collect()
    }
}

fn build(pattern: &str, optimize: bool) -> fancy_regex::Result<fancy_regex::Regex> {
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(SIZE_LIMIT)
        .max_prog_size(PROGRAM_LIMIT)
        .optimize(optimize)
        .build()
}

/// Explains why the engine rejected its form of a pattern.
fn why_not(pattern: &str, tree: &Pattern, error: &fancy_regex::Error) -> String {
    for (name, at) in &tree.properties {
        if !super::classes::is_own(name) && build(&format!("\\p{{{name}}}"), true).is_err() {
            return super::problem::Problem::pcre(*at, 147).describe(pattern);
        }
    }
    let text = error.to_string();
    // The first line draws the pattern, the last one has the message.
    let why = text.lines().last().unwrap_or_default().trim();
    match why.trim_start_matches("error: ") {
        why if why.contains("building NFA") || why.contains("exceeded") => {
            super::problem::Problem::pcre(pattern.len(), 120).describe(pattern)
        }
        why => why.to_owned(),
    }
}

/// The groups of a match.
#[derive(Debug)]
pub struct Captures<'r, 't> {
    regex: &'r Regex,
    captures: fancy_regex::Captures<'t, str>,
}

impl<'t> Captures<'_, 't> {
    /// The match of a group; group 0 is the whole match.
    pub fn get(&self, group: usize) -> Option<Match<'t>> {
        match &self.regex.groups {
            Some(groups) if group > 0 => {
                let candidates = groups.get(group)?.iter();
                let set = candidates.filter_map(|group| self.captures.get(*group as usize));
                // Of the alternatives of a branch reset in a loop, the one that matched last.
                set.max_by_key(|found| (found.end(), found.start()))
            }
            _ if group < self.regex.names.len() => self.captures.get(group),
            _ => None,
        }
    }

    /// The match of the group of that name; with `(?J)`, of the first one that participated.
    pub fn name(&self, name: &str) -> Option<Match<'t>> {
        let mut known = self.regex.names.iter().enumerate();
        known.find_map(|(number, known)| match known.as_deref() == Some(name) {
            true => self.get(number),
            false => None,
        })
    }

    /// The number of groups, including group 0.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.regex.names.len()
    }
}

/// The matches of an expression in a text.
#[derive(Debug)]
pub struct Matches<'r, 't> {
    regex: &'r Regex,
    text: &'t str,
    from: Option<usize>,
    /// Where the last match ended.
    last: Option<usize>,
}

impl<'r, 't> Iterator for Matches<'r, 't> {
    type Item = Result<Captures<'r, 't>, GaveUp>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let from = self.from.take()?;
            let captures = match self.regex.captures_from_pos(self.text, from) {
                Ok(found) => found?,
                Err(error) => return Some(Err(error)),
            };
            let whole = captures.captures.get(0)?;
            let end = whole.end();
            if whole.start() < end {
                self.from = Some(end);
            } else {
                // Advance by a character, or past the end.
                let step = self.text[end..].chars().next();
                self.from = step.map(|c| end + c.len_utf8());
                if self.last == Some(end) {
                    // An empty match right after a match does not count.
                    continue;
                }
            }
            self.last = Some(end);
            return Some(Ok(captures));
        }
    }
}
