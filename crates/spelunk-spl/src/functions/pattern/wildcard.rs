//! The `*` wildcard of search expressions.

use memchr::{memchr, memchr2, memmem};

/// A pattern in which `*` matches any run of characters, including none and across line ends, and cannot be
/// escaped. The whole text must match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wildcard {
    /// The text between the stars; lower-cased if case is ignored. Never empty.
    parts: Vec<Part>,
    fold: Fold,
}

/// How case is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    /// Case-sensitive.
    Exact,
    /// The pattern is ASCII: compares bytes ignoring case, without allocating.
    Ascii,
    /// Lower-cases the text first.
    Unicode,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: String,
    /// Offset of the byte to search for first: the one that is rarest in text.
    rare: usize,
}

/// Letters and punctuation by frequency in command lines and paths, most frequent first.
const COMMON: &[u8] = b"e \\tiasornlcd.mpu-hgfw:y\"/v2b0k1xz_3jq";

impl Part {
    fn new(text: &str) -> Part {
        let rank = |b: &u8| COMMON.iter().position(|c| c == b).unwrap_or(COMMON.len());
        let rare = text
            .bytes()
            .enumerate()
            .max_by_key(|(at, b)| (rank(&b.to_ascii_lowercase()), std::cmp::Reverse(*at)))
            .map_or(0, |(at, _)| at);
        Part {
            text: text.to_owned(),
            rare,
        }
    }
}

impl Wildcard {
    /// A case-insensitive pattern.
    pub fn new(pattern: &str) -> Wildcard {
        if pattern.is_ascii() {
            Wildcard::build(&pattern.to_ascii_lowercase(), Fold::Ascii)
        } else {
            Wildcard::build(&pattern.to_lowercase(), Fold::Unicode)
        }
    }

    /// A case-sensitive pattern: names of fields.
    pub fn with_case(pattern: &str) -> Wildcard {
        Wildcard::build(pattern, Fold::Exact)
    }

    fn build(pattern: &str, fold: Fold) -> Wildcard {
        let pieces: Vec<&str> = pattern.split('*').collect();
        let last = pieces.len() - 1;
        let parts = pieces
            .iter()
            .enumerate()
            // An empty piece between two stars always matches.
            .filter(|(at, piece)| *at == 0 || *at == last || !piece.is_empty())
            .map(|(_, piece)| Part::new(piece))
            .collect();
        Wildcard { parts, fold }
    }

    /// The only text that matches, if there is no `*`; in lower case unless case-sensitive.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => Some(&only.text),
            _ => None,
        }
    }

    /// For `*text*`: the lower-case text that any match contains. Returns `None` for other patterns, and
    /// unless case is ignored for ASCII letters only.
    pub fn part(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [first, part, last] if first.text.is_empty() && last.text.is_empty() => {
                (self.fold == Fold::Ascii).then_some(&part.text)
            }
            _ => None,
        }
    }

    /// Whether it matches everything: `*`.
    pub fn is_any(&self) -> bool {
        self.parts.len() == 2 && self.parts.iter().all(|p| p.text.is_empty())
    }

    /// Whether the whole text matches.
    pub fn is_match(&self, text: &str) -> bool {
        match self.fold {
            Fold::Exact | Fold::Ascii => self.matches(text.as_bytes()),
            Fold::Unicode => self.matches(text.to_lowercase().as_bytes()),
        }
    }

    fn matches(&self, text: &[u8]) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return text.is_empty();
        };
        let Some((last, middle)) = rest.split_last() else {
            return text.len() == first.text.len() && self.same(text, &first.text);
        };
        if text.len() < first.text.len() + last.text.len() {
            return false;
        }
        let (head, text) = text.split_at(first.text.len());
        let (mut text, tail) = text.split_at(text.len() - last.text.len());
        if !self.same(head, &first.text) || !self.same(tail, &last.text) {
            return false;
        }
        for part in middle {
            match self.find(text, part) {
                Some(at) => text = &text[at + part.text.len()..],
                None => return false,
            }
        }
        true
    }

    /// Compares two runs of the same length.
    fn same(&self, text: &[u8], part: &str) -> bool {
        match self.fold {
            Fold::Exact | Fold::Unicode => text == part.as_bytes(),
            Fold::Ascii => text.eq_ignore_ascii_case(part.as_bytes()),
        }
    }

    fn find(&self, text: &[u8], part: &Part) -> Option<usize> {
        let needle = part.text.as_bytes();
        if self.fold != Fold::Ascii {
            return memmem::find(text, needle);
        }
        let rare = needle[part.rare];
        let upper = rare.to_ascii_uppercase();
        // The last position at which the needle still fits bounds the position of the rare byte.
        let end = text.len().checked_sub(needle.len())? + part.rare + 1;
        let mut from = part.rare;
        while from < end {
            let window = &text[from..end];
            let hit = if upper == rare {
                memchr(rare, window)
            } else {
                memchr2(rare, upper, window)
            }?;
            let start = from + hit - part.rare;
            if text[start..start + needle.len()].eq_ignore_ascii_case(needle) {
                return Some(start);
            }
            from += hit + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Wildcard;

    #[test]
    fn stars_match_any_run() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "a\nb", true),
            ("", "", true),
            ("", "a", false),
            ("**", "", true),
            ("abc", "ABC", true),
            ("abc", "abcd", false),
            ("*\\system32\\*", "C:\\Windows\\System32\\cmd.exe", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab*", "xabyAB", true),
            ("*ab*ab*", "xaby", false),
            ("*aab", "aaab", true),
            ("*line*two*", "Line 1\nand TWO", true),
            ("*ÄRGER*", "viel ärger", true),
            ("stra*e", "STRAßE", true),
            ("*straß*", "Straße 1", true),
            ("a**b", "ab", true),
            ("* -d *", "x -D y", true),
        ] {
            assert_eq!(
                Wildcard::new(pattern).is_match(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn case_may_count() {
        assert!(!Wildcard::with_case("Foo*").is_match("foobar"));
        assert!(Wildcard::with_case("*{}.x").is_match("a{}.x"));
        assert_eq!(Wildcard::new("AbC").literal(), Some("abc"));
        assert_eq!(Wildcard::new("a*").literal(), None);
        assert_eq!(Wildcard::new("*A b*").part(), Some("a b"));
        for pattern in ["*", "**", "*a", "a*", "*a*b*", "*ä*", "a"] {
            assert_eq!(Wildcard::new(pattern).part(), None, "{pattern}");
        }
        assert!(Wildcard::new("*").is_any() && Wildcard::new("**").is_any());
        assert!(!Wildcard::new("a*").is_any());
    }
}
