//! Matchers of search expressions on values: wildcards, numbers, networks, terms.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::functions::pattern::Wildcard;
use crate::pcre::{Regex, escape, regex};
use crate::syntax::ast::{CompareOp, Search};
use crate::value::{Value, parse_number};

/// `field op literal`, compiled.
#[derive(Clone, Debug)]
pub struct FieldMatcher {
    op: CompareOp,
    wildcard: Arc<Wildcard>,
    number: Option<f64>,
    network: Option<IpNet>,
    text: String,
}

impl FieldMatcher {
    /// Compiles `op` against a literal as written in the search.
    pub fn new(op: CompareOp, literal: &str) -> FieldMatcher {
        FieldMatcher {
            op,
            wildcard: Arc::new(Wildcard::new(literal)),
            number: parse_number(literal),
            network: literal
                .contains('/')
                .then(|| literal.parse().ok())
                .flatten(),
            text: literal.to_owned(),
        }
    }

    /// Whether it passes for every present value: `field=*`.
    pub fn is_exists(&self) -> bool {
        self.op == CompareOp::Eq && !self.text.is_empty() && self.text.bytes().all(|b| b == b'*')
    }

    /// Whether it compares whole values instead of searching within them.
    pub fn is_whole(&self) -> bool {
        !matches!(self.op, CompareOp::Eq | CompareOp::Ne) || self.wildcard.literal().is_some()
    }

    /// The lower-case string that a value must equal, ignoring ASCII case. Returns `None` if other
    /// values pass too.
    pub fn equality_literal(&self) -> Option<&str> {
        let whole = self.wildcard.literal()?;
        let alone = self.op == CompareOp::Eq && self.network.is_none() && whole.is_ascii();
        alone.then_some(whole)
    }

    /// The lower-case ASCII string that a value must contain, ignoring ASCII case. Returns `None`
    /// if that alone does not decide.
    pub fn contains_literal(&self) -> Option<&str> {
        let alone = self.op == CompareOp::Eq && self.network.is_none();
        alone.then(|| self.wildcard.part()).flatten()
    }

    /// A lower-case ASCII string that every passing value contains, ignoring ASCII case.
    pub fn required_literal(&self) -> Option<String> {
        let alone = self.op == CompareOp::Eq && self.network.is_none();
        alone.then(|| needle(&self.text)).flatten()
    }

    /// The comparison.
    pub fn op(&self) -> CompareOp {
        self.op
    }

    /// The literal.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a field with this value passes; a missing one never does. A multivalue passes if one
    /// of its values does.
    pub fn matches(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Null => false,
            Value::Multi(values) => values.iter().any(|v| self.matches_text(v)),
            Value::Text(text) => self.matches_text(text),
            single => single
                .as_text()
                .is_some_and(|text| self.matches_text(&text)),
        }
    }

    /// Whether a field with this single value passes.
    pub fn matches_text(&self, text: &str) -> bool {
        match self.op {
            CompareOp::Eq => self.equal(text),
            CompareOp::Ne => !self.equal(text),
            CompareOp::Lt => self.compare(text).is_lt(),
            CompareOp::Le => self.compare(text).is_le(),
            CompareOp::Gt => self.compare(text).is_gt(),
            CompareOp::Ge => self.compare(text).is_ge(),
        }
    }

    fn equal(&self, text: &str) -> bool {
        self.wildcard.is_match(text) || self.network.is_some_and(|n| is_within(text, &n))
    }

    fn compare(&self, text: &str) -> std::cmp::Ordering {
        match (parse_number(text), self.number) {
            (Some(value), Some(bound)) => value.total_cmp(&bound),
            _ => text.cmp(self.text.as_str()),
        }
    }
}

/// The longest literal part of an ASCII pattern, in lower case. Every matching text contains it,
/// ignoring ASCII case.
pub fn needle(pattern: &str) -> Option<String> {
    let longest = pattern.split('*').max_by_key(|part| part.len())?;
    let needle = pattern.is_ascii() && !longest.is_empty();
    needle.then(|| longest.to_ascii_lowercase())
}

/// Whether a text is an address of a network.
fn is_within(text: &str, network: &IpNet) -> bool {
    text.parse::<IpAddr>()
        .is_ok_and(|address| network.contains(&address))
}

/// A word or phrase searched for in `_raw`.
#[derive(Clone, Debug)]
pub struct TermMatcher {
    regex: Arc<Regex>,
    needle: Option<String>,
}

/// Characters that end a word, as the major and minor breakers of segmenters.conf, in addition to
/// whitespace. No other character does, be it `~`, an accent or a non-ASCII dash.
const MAJOR: &str = r#"[]<>(){}|!;,'"*&?+"#;
// `-` comes last: there it means itself in a regular expression's class.
const MINOR: &str = r"/:=@.$#%\_-";

/// Whether a character ends a word.
pub fn is_breaker(c: char) -> bool {
    is_major(c) || MINOR.contains(c)
}

fn is_major(c: char) -> bool {
    c.is_whitespace() || MAJOR.contains(c)
}

impl TermMatcher {
    /// The matcher of a term. Returns `None` for other search expressions.
    pub fn of(search: &Search) -> Option<Result<TermMatcher, String>> {
        match search {
            Search::Term(literal) => Some(TermMatcher::new(&literal.text, false, false)),
            Search::ExactTerm(literal) => Some(TermMatcher::new(&literal.text, false, true)),
            Search::CaseTerm(literal) => Some(TermMatcher::new(&literal.text, true, false)),
            Search::And(_)
            | Search::Or(_)
            | Search::Not(_)
            | Search::Compare { .. }
            | Search::In { .. }
            | Search::Subsearch(_)
            | Search::CompareSubsearch { .. } => None,
        }
    }

    fn new(term: &str, case: bool, major_only: bool) -> Result<TermMatcher, String> {
        let major = format!(r"\s{}", fancy_regex::escape(MAJOR));
        let breakers = match major_only {
            true => major.clone(),
            false => format!("{major}{}", fancy_regex::escape(MINOR)),
        };
        let breaks = |c: Option<char>| c.is_none_or(if major_only { is_major } else { is_breaker });
        let mut text = String::from(if case { "" } else { "(?i)" });
        // Breakers are consumed instead of looked around at, because only whether there is a match
        // counts: without look-around, the expression runs in linear time. A term that itself
        // begins or ends with a breaker needs none next to it.
        if !term.starts_with('*') && !breaks(term.chars().next()) {
            text.push_str(&format!("(?:^|[{breakers}])"));
        }
        for (i, part) in term.split('*').enumerate() {
            if i > 0 {
                text.push_str(&format!("[^{major}]*?"));
            }
            text.push_str(&escape(part));
        }
        if !term.ends_with('*') && !breaks(term.chars().last()) {
            text.push_str(&format!("(?:[{breakers}]|\\z)"));
        }
        // Everything but the term always compiles, and the term is escaped: only its length can
        // fail.
        let regex = regex(&text).map_err(|_| {
            let length = term.chars().count();
            format!("the term is too long: {length} characters")
        })?;
        let needle = needle(term);
        Ok(TermMatcher { regex, needle })
    }

    /// A lower-case ASCII string that every matching ASCII text contains, ignoring case.
    pub fn needle(&self) -> Option<String> {
        self.needle.clone()
    }

    /// Whether the term occurs in `raw`.
    pub fn matches(&self, raw: &str) -> bool {
        self.regex.is_match(raw).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldMatcher, TermMatcher};
    use crate::syntax::ast::CompareOp;
    use crate::value::Value;

    #[test]
    fn equality_is_by_text_without_case_and_with_wildcards() {
        let eq = |pattern, value| FieldMatcher::new(CompareOp::Eq, pattern).matches_text(value);
        assert!(eq("CMD.exe", "cmd.EXE"));
        assert!(eq("*/node:*", "wmic /NODE:\"x\"\nprocess"));
        assert!(!eq("1", "1.0"));
        assert!(eq("10.0.0.0/8", "10.2.3.4"));
        assert!(!eq("10.0.0.0/8", "11.2.3.4"));
        let ge = FieldMatcher::new(CompareOp::Ge, "404");
        assert!(ge.matches(&Value::text("503")) && !ge.matches(&Value::text("99")));
        assert!(!FieldMatcher::new(CompareOp::Ne, "a").matches(&Value::Null));
    }

    #[test]
    fn terms_end_at_breakers() {
        let term = |t, raw| {
            TermMatcher::new(t, false, false)
                .expect("compiles")
                .matches(raw)
        };
        assert!(term("error", "disk ERROR on login"));
        assert!(!term("fail", "it failed"));
        assert!(term("fail*", "it failed"));
        assert!(term("database error", "a database error at"));
        assert!(term("10.0.0.1", "src=10.0.0.1 dst"));
        assert!(term("café", "le CAFÉ_noir") && !term("caf", "café") && !term("and", "andré"));
        assert!(!term("cafe", "cafe\u{301}") && !term("cafe\u{301}", "cafe\u{301}s"));
        assert!(!term("a", "a—b") && !term("a", "a~b") && term("a", "a\u{3000}b"));
        let exact = TermMatcher::new("10.0.0.1", false, true).expect("compiles");
        assert!(!exact.matches("src=10.0.0.1 dst") && exact.matches("a 10.0.0.1 b"));
    }
}
