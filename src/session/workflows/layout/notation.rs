//! YAML scalar styles: how a search of several lines is written in each.

use std::ops::Range;

use granit_parser::ScalarStyle;

/// A scalar in a YAML file.
pub(super) struct Scalar<'t> {
    /// The file's text.
    pub text: &'t str,
    /// Its range: with the quotes, or the lines of its block without the first one's indentation.
    pub range: Range<usize>,
    /// Its style.
    pub style: ScalarStyle,
    /// The column of the sibling keys, from 0.
    pub key_column: usize,
    /// Its own column, from 0.
    pub column: usize,
    /// Whether it is inside `{...}`, as in JSON.
    pub is_in_flow: bool,
}

impl Scalar<'_> {
    /// Writes other lines in the same style; a line's leading blanks may get lost. Returns `None` if a line
    /// contains a line break that can't be written.
    pub fn written(&self, lines: &[String], eol: &str) -> Option<String> {
        let raw = &self.text[self.range.clone()];
        match self.style {
            ScalarStyle::Literal => {
                let pad = " ".repeat(self.column);
                let lines = lines.iter().flat_map(|line| line.split('\n'));
                let lines = lines.enumerate().map(|(at, line)| match (at, line) {
                    (0, line) => line.to_owned(),
                    (_, "") => String::new(),
                    (_, line) => format!("{pad}{line}"),
                });
                Some(joined(lines, eol))
            }
            ScalarStyle::Folded => {
                let pad = " ".repeat(self.column);
                let lines: Option<Vec<String>> =
                    lines.iter().map(|line| folded(line, eol, &pad)).collect();
                Some(lines?.join(&format!("{eol}{pad}")))
            }
            ScalarStyle::Plain => self.flow(lines, eol, str::to_owned),
            ScalarStyle::SingleQuoted => {
                let inner = self.flow(lines, eol, |line| line.replace('\'', "''"))?;
                Some(format!("'{inner}'"))
            }
            // A scalar on one line with `\n` stays so.
            ScalarStyle::DoubleQuoted if !raw.contains('\n') && has_escaped_break(raw) => {
                let lines = lines.iter().map(|line| escaped(line));
                Some(format!("\"{}\"", joined(lines, "\\n")))
            }
            ScalarStyle::DoubleQuoted => {
                let inner = self.flow(lines, eol, escaped)?;
                Some(format!("\"{inner}\""))
            }
        }
    }

    /// Lines of a flow scalar, whose breaks are read as blanks.
    fn flow(
        &self,
        lines: &[String],
        eol: &str,
        written: impl Fn(&str) -> String,
    ) -> Option<String> {
        let pad = self.flow_pad();
        let lines: Option<Vec<String>> = lines
            .iter()
            .map(|line| folded(&written(line), eol, &pad))
            .collect();
        let lines = lines?;
        // JSON allows no line break in a string.
        if self.is_in_flow {
            let lines: Vec<&str> = lines.iter().map(|line| line.trim_start()).collect();
            return (!lines.iter().any(|line| line.contains('\n'))).then(|| lines.join(" "));
        }
        Some(lines.join(&format!("{eol}{pad}")))
    }

    /// The indentation of the lines after the first: that of the first if it has a line of its own, else two
    /// columns more than the keys.
    fn flow_pad(&self) -> String {
        let before = &self.text[..self.range.start];
        let own_line = before.rsplit('\n').next().unwrap_or(before);
        let column = match own_line.trim().is_empty() {
            true => self.column,
            false => self.key_column + 2,
        };
        " ".repeat(column.max(self.key_column + 1))
    }
}

/// The lines of a block from its first non-blank line, which begins at `start`, to its last.
pub(super) fn content_of_block(text: &str, start: usize, column: usize) -> Range<usize> {
    let mut end = start;
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.trim().is_empty() {
            let indent = content.len() - content.trim_start_matches(' ').len();
            if at > start && indent < column {
                break;
            }
            end = at + content.len();
        }
        at += line.len();
    }
    start..end
}

fn joined(lines: impl Iterator<Item = String>, eol: &str) -> String {
    lines.collect::<Vec<_>>().join(eol)
}

/// A line in a style that folds breaks: a significant break is written as one more. Blanks next to it would
/// be lost.
fn folded(line: &str, eol: &str, pad: &str) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\n') {
        let after = rest[at..].trim_start_matches('\n');
        let breaks = rest.len() - at - after.len();
        let is_blank = |c: char| c.is_whitespace();
        if rest[..at].ends_with(is_blank) || after.starts_with(is_blank) || after.is_empty() {
            return None;
        }
        out.push_str(&rest[..at]);
        out.push_str(&eol.repeat(breaks + 1));
        out.push_str(pad);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn has_escaped_break(raw: &str) -> bool {
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next() == Some('n') {
            return true;
        }
    }
    false
}

/// A line in double quotes.
fn escaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\u{feff}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
