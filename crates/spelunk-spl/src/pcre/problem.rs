//! Problems in a pattern, in PCRE2's words.

/// Characters of the pattern that a message shows before the position.
const SHOWN: usize = 24;

/// An error in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The byte up to which the pattern was read.
    pub(super) at: usize,
    pub(super) what: String,
    /// PCRE2's error number; `None` if PCRE2 would accept the pattern.
    code: Option<u16>,
}

/// PCRE2's errors: `pcre2_get_error_message`.
const MESSAGES: &[(u16, &str)] = &[
    (101, "\\ at end of pattern"),
    (102, "\\c at end of pattern"),
    (104, "numbers out of order in {} quantifier"),
    (105, "number too big in {} quantifier"),
    (106, "missing terminating ] for character class"),
    (107, "escape sequence is invalid in character class"),
    (108, "range out of order in character class"),
    (109, "quantifier does not follow a repeatable item"),
    (111, "unrecognized character after (? or (?-"),
    (112, "POSIX named classes are supported only within a class"),
    (113, "POSIX collating elements are not supported"),
    (114, "missing closing parenthesis"),
    (115, "reference to non-existent subpattern"),
    (118, "missing ) after (?# comment"),
    (119, "parentheses are too deeply nested"),
    (120, "regular expression is too large"),
    (122, "unmatched closing parenthesis"),
    (124, "missing closing parenthesis for condition"),
    (125, "lookbehind assertion is not fixed length"),
    (126, "a relative value of zero is not allowed"),
    (
        127,
        "conditional subpattern contains more than two branches",
    ),
    (128, "assertion expected after (?( or (?(?C)"),
    (130, "unknown POSIX class name"),
    (
        134,
        "character code point value in \\x{} or \\o{} is too large",
    ),
    (
        137,
        "PCRE2 does not support \\L, \\l, \\N{name}, \\U, or \\u",
    ),
    (138, "number after (?C is greater than 255"),
    (139, "closing parenthesis for (?C expected"),
    (141, "unrecognized character after (?P"),
    (142, "syntax error in subpattern name (missing terminator?)"),
    (
        143,
        "two named subpatterns have the same name (PCRE2_DUPNAMES not set)",
    ),
    (144, "subpattern name must start with a non-digit"),
    (146, "malformed \\P or \\p sequence"),
    (147, "unknown property after \\P or \\p"),
    (148, "subpattern name is too long (maximum 128 code units)"),
    (149, "too many named subpatterns (maximum 10000)"),
    (154, "DEFINE subpattern contains more than one branch"),
    (155, "missing opening brace after \\o"),
    (
        157,
        "\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number",
    ),
    (
        158,
        "(?R (recursive pattern call) must be followed by a closing parenthesis",
    ),
    (160, "(*VERB) not recognized or malformed"),
    (161, "subpattern number is too big"),
    (162, "subpattern name expected"),
    (164, "non-octal character in \\o{} (closing brace missing?)"),
    (
        165,
        "different names for subpatterns of the same number are not allowed",
    ),
    (166, "(*MARK) must have an argument"),
    (167, "non-hex character in \\x{} (closing brace missing?)"),
    (168, "\\c must be followed by a printable ASCII character"),
    (
        169,
        "\\k is not followed by a braced, angle-bracketed, or quoted name",
    ),
    (171, "\\N is not supported in a class"),
    (
        173,
        "disallowed Unicode code point (>= 0xd800 && <= 0xdfff)",
    ),
    (178, "digits missing in \\x{} or \\o{} or \\N{U+}"),
    (
        179,
        "syntax error or number too big in (?(VERSION condition",
    ),
    (194, "invalid hyphen in option setting"),
    (195, "(*alpha_assertion) not recognized"),
    (199, "\\K is not allowed in lookarounds"),
];

impl Problem {
    /// One of PCRE2's own errors.
    pub(super) fn pcre(at: usize, code: u16) -> Problem {
        let known = MESSAGES.iter().find(|(known, _)| *known == code);
        Problem {
            at,
            what: known.map_or("invalid", |(_, message)| message).to_owned(),
            code: Some(code),
        }
    }

    /// Something that PCRE2 accepts but the engine does not support.
    pub(super) fn unsupported(at: usize, what: impl Into<String>) -> Problem {
        Problem {
            at,
            what: what.into(),
            code: None,
        }
    }

    /// The message: what is wrong, the position in characters from 0, the pattern up to it, PCRE2's number.
    pub(super) fn describe(&self, pattern: &str) -> String {
        let before = pattern.get(..self.at).unwrap_or(pattern);
        let count = before.chars().count();
        let code = match self.code {
            Some(code) => format!(" (PCRE2 error {code})"),
            None => String::new(),
        };
        let place = match count.checked_sub(SHOWN) {
            _ if count == 0 => String::new(),
            None | Some(0) => format!(", after \"{before}\""),
            Some(hidden) => {
                let shown: String = before.chars().skip(hidden).collect();
                format!(", after \"...{shown}\"")
            }
        };
        format!("{} at offset {count}{place}{code}", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGES, Problem};

    #[test]
    fn messages_are_in_order() {
        assert!(MESSAGES.is_sorted_by_key(|(code, _)| *code));
    }

    #[test]
    fn the_place_is_shown() {
        assert_eq!(
            Problem::pcre(2, 114).describe("é("),
            "missing closing parenthesis at offset 1, after \"é\" (PCRE2 error 114)"
        );
        let long = format!("{}(", "ab".repeat(20));
        let shown = Problem::pcre(41, 114).describe(&long);
        assert!(
            shown.contains("offset 41, after \"...bababababababababababab(\""),
            "{shown}"
        );
    }
}
