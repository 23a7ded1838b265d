//! Writes the constructs that depend on line endings.

use super::ast::{Newline, Pattern};

/// `.` without `s`, and `\N`; `written` is the engine's form for line feeds.
pub(super) fn dot(newline: Newline, written: &'static str) -> &'static str {
    match newline {
        Newline::Lf => written,
        Newline::Cr => r"[^\r]",
        Newline::CrLf => r"(?:(?!\r\n)(?s:.))",
        Newline::AnyCrLf => r"[^\r\n]",
        Newline::Any => r"[^\n\x0B\f\r\u{85}\u{2028}\u{2029}]",
        Newline::Nul => r"[^\x00]",
    }
}

/// `$` without `m`, and `\Z`: at the end, and before a line ending there.
///
/// For the engine `$` is only the end. That is the same for text whose last character is not a line feed, and
/// fast; `exact` is for other text.
pub(super) fn text_end(newline: Newline, exact: bool, written: &'static str) -> &'static str {
    match newline {
        Newline::Lf if !exact => written,
        Newline::Lf => r"(?=\n?\z)",
        Newline::Cr => r"(?=\r?\z)",
        Newline::CrLf => r"(?=(?:\r\n)?\z)",
        Newline::AnyCrLf => r"(?=(?:\r\n|[\r\n])?\z)",
        Newline::Any => r"(?=(?:\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])?\z)",
        Newline::Nul => r"(?=\x00?\z)",
    }
}

/// `^` with `m`: not after a line ending that ends the text, unlike in the engine.
pub(super) fn line_start(newline: Newline, exact: bool) -> &'static str {
    match newline {
        Newline::Lf if !exact => "^",
        Newline::Lf => r"(?:\A|(?<=\n)(?!\z))",
        Newline::Cr => r"(?:\A|(?<=\r)(?!\z))",
        Newline::CrLf => r"(?:\A|(?<=\r\n)(?!\z))",
        Newline::AnyCrLf => r"(?:\A|(?<=[\r\n])(?!\z))",
        Newline::Any => r"(?:\A|(?<=[\n\x0B\f\r\u{85}\u{2028}\u{2029}])(?!\z))",
        Newline::Nul => r"(?:\A|(?<=\x00)(?!\z))",
    }
}

/// `$` with `m`.
pub(super) fn line_end(newline: Newline) -> &'static str {
    match newline {
        Newline::Lf => "$",
        Newline::Cr => r"(?=\r|\z)",
        Newline::CrLf => r"(?=\r\n|\z)",
        Newline::AnyCrLf => r"(?=[\r\n]|\z)",
        Newline::Any => r"(?=[\n\x0B\f\r\u{85}\u{2028}\u{2029}]|\z)",
        Newline::Nul => r"(?=\x00|\z)",
    }
}

/// `\R`, in a group with this opening.
pub(super) fn break_set(pattern: &Pattern, open: &str) -> &'static str {
    match (pattern.plain_breaks, open) {
        (true, "(?:") => r"(?:\r\n|[\r\n])",
        (true, _) => r"(?>\r\n|[\r\n])",
        (false, "(?:") => r"(?:\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])",
        (false, _) => r"(?>\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])",
    }
}
