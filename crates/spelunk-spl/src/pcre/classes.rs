//! Writes sets of characters in the engine's syntax.

use std::fmt::Write as _;

use super::ast::{Item, Set, Shorthand};

/// `\h`.
const HORIZONTAL: &str = r"\t \u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}";
/// `\v`.
const VERTICAL: &str = r"\n\x0B\f\r\u{85}\u{2028}\u{2029}";

/// Properties that only PCRE has a name for.
fn own_property(name: &str) -> Option<&'static str> {
    Some(match name {
        "L&" | "LC" => r"\p{Lu}\p{Ll}\p{Lt}",
        "Xan" => r"\p{L}\p{N}",
        "Xsp" | "Xps" => r"\s",
        "Xwd" => r"\p{L}\p{N}_",
        "Xuc" => r"$@`\u{A0}-\u{D7FF}\u{E000}-\u{10FFFF}",
        _ => return None,
    })
}

/// POSIX classes with `(*UCP)`.
fn unicode_posix(name: &str) -> Option<&'static str> {
    Some(match name {
        "alnum" => r"\p{L}\p{N}",
        "alpha" => r"\p{L}",
        "blank" => HORIZONTAL,
        "cntrl" => r"\p{Cc}",
        "digit" => r"\p{Nd}",
        "graph" => r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}",
        "lower" => r"\p{Ll}",
        "print" => r"\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\p{Cf}",
        "punct" => r"\p{P}$+<=>^`|~",
        "space" => r"\s",
        "upper" => r"\p{Lu}",
        "word" => r"\p{L}\p{N}_",
        _ => return None,
    })
}

/// Whether the engine does not know the property itself.
pub(super) fn is_own(name: &str) -> bool {
    own_property(name).is_some()
}

/// Writes the set in brackets.
pub(super) fn written(set: &Set, unicode_classes: bool) -> String {
    let mut out = String::from(if set.negated { "[^" } else { "[" });
    for item in &set.items {
        match item {
            Item::Char(c) => char(&mut out, *c),
            Item::Range(from, to) => {
                char(&mut out, *from);
                out.push('-');
                char(&mut out, *to);
            }
            Item::Shorthand { is, negated } => match is {
                Shorthand::Digit => out.push_str(if *negated { r"\D" } else { r"\d" }),
                Shorthand::Space => out.push_str(if *negated { r"\S" } else { r"\s" }),
                Shorthand::Word => out.push_str(if *negated { r"\W" } else { r"\w" }),
                Shorthand::Horizontal => part(&mut out, HORIZONTAL, *negated),
                Shorthand::Vertical => part(&mut out, VERTICAL, *negated),
            },
            Item::Posix { name, negated } => {
                match unicode_posix(name).filter(|_| unicode_classes) {
                    Some(members) => part(&mut out, members, *negated),
                    None => {
                        let not = if *negated { "^" } else { "" };
                        let _ = write!(out, "[:{not}{name}:]");
                    }
                }
            }
            Item::Property { name, negated } => match own_property(name) {
                Some(members) => part(&mut out, members, *negated),
                None => {
                    let p = if *negated { 'P' } else { 'p' };
                    let _ = write!(out, "\\{p}{{{name}}}");
                }
            },
        }
    }
    out.push(']');
    out
}

/// Writes members of a set, or their complement, as a nested set.
fn part(out: &mut String, members: &str, negated: bool) {
    if negated {
        let _ = write!(out, "[^{members}]");
    } else {
        out.push_str(members);
    }
}

/// Writes a character of a set.
fn char(out: &mut String, c: char) {
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
        out.push(c);
    } else if c.is_control() {
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    } else {
        out.push(c);
    }
}

/// Whether a set has properties, and nothing that depends on case.
pub(super) fn is_of_properties(set: &Set) -> bool {
    let property = |item: &Item| matches!(item, Item::Property { .. });
    let shorthand = |item: &Item| matches!(item, Item::Shorthand { .. });
    set.items.iter().any(property)
        && set
            .items
            .iter()
            .all(|item| property(item) || shorthand(item))
}

/// Whether a set may match a line feed; true if unknown.
pub(super) fn may_be_line_feed(set: &Set) -> bool {
    let mut known = true;
    let found = set.items.iter().any(|item| match item {
        Item::Char(c) => *c == '\n',
        Item::Range(from, to) => (*from..=*to).contains(&'\n'),
        Item::Shorthand { is, negated } => match is {
            Shorthand::Digit | Shorthand::Word | Shorthand::Horizontal => *negated,
            Shorthand::Space | Shorthand::Vertical => !*negated,
        },
        Item::Posix { .. } | Item::Property { .. } => {
            known = false;
            true
        }
    });
    !known || found != set.negated
}
