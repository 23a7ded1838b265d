//! Word boundaries, for everything that searches for names in a text.

/// Whether a character belongs to a word: an ASCII letter or digit, `_`, or any non-ASCII character that is
/// not white space, so that neither `é` nor a combining accent is the edge of a name. The grammar's rule
/// `word` is the same.
pub fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && !c.is_whitespace())
}

/// Whether `text` contains `name` on its own, not as part of a longer word.
pub fn stands_in(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::{is_part, stands_in};

    #[test]
    fn blanks_and_marks_of_ascii_end_a_word() {
        assert!("aZ09_é\u{301}中😀“".chars().all(is_part));
        assert!(!" \t\u{a0}\u{3000}-.:'\"()[]{}|,=<>!*$%@/\\".contains(is_part));
    }

    #[test]
    fn a_name_stands_alone_between_the_edges_of_words() {
        assert!(stands_in("eval x=process_id+1", "process_id"));
        assert!(stands_in("xor, or", "or"));
        assert!(!stands_in("oré xor or_ or\u{301}", "or"));
    }
}
