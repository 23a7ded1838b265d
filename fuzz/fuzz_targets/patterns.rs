//! Wildcards and `LIKE` against a slow reference, and regular expressions, whose engine gives up rather than run without end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spelunk_spl::functions::pattern::like::like;
use spelunk_spl::functions::pattern::wildcard::Wildcard;
use spelunk_spl::pcre::Regex;

/// Whether a pattern matches, tried in every way.
fn slow(pattern: &[char], text: &[char], any: char, one: Option<char>) -> bool {
    // Row by row of the table "the first i signs match the first j characters".
    let mut row: Vec<bool> = std::iter::once(true)
        .chain(text.iter().map(|_| false))
        .collect();
    for &sign in pattern {
        let mut next = vec![sign == any && row[0]];
        for (at, &c) in text.iter().enumerate() {
            next.push(match sign == any {
                true => row[at + 1] || next[at],
                false => row[at] && (Some(sign) == one || sign == c),
            });
        }
        row = next;
    }
    row[text.len()]
}

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    let chars = |text: &str| text.chars().collect::<Vec<char>>();
    assert_eq!(
        Wildcard::with_case(pattern).is_match(text),
        slow(&chars(pattern), &chars(text), '*', None),
    );
    if pattern.is_ascii() && text.is_ascii() {
        let lower = |text: &str| chars(&text.to_ascii_lowercase());
        assert_eq!(
            Wildcard::new(pattern).is_match(text),
            slow(&lower(pattern), &lower(text), '*', None),
        );
    }
    if !pattern.contains('\\') {
        let expected = slow(&chars(pattern), &chars(text), '%', Some('_'));
        assert_eq!(like(pattern, text), expected);
    }
    if let Ok(regex) = Regex::new(pattern) {
        let _ = regex.is_match(text);
    }
});
