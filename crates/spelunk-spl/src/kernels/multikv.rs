//! `multikv`: one row for each line of a table in an event.

use std::ops::Range;

use crate::error::Result;
use crate::plan::Kernel;
use crate::plan::context::QueryContext;
use crate::plan::extracted::ExtractedColumns;
use crate::plan::table::Table;
use crate::value::{Type, Value, parse_number};

/// The position of the column names.
#[derive(Debug)]
pub(crate) enum Header {
    Found,
    /// From 0.
    Line(usize),
    None,
}

#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) header: Header,
    pub(crate) several: bool,
    pub(crate) copies: bool,
    pub(crate) original: bool,
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) fields: Vec<String>,
    pub(crate) filter: Vec<String>,
}

/// A column: its name, and the range of its header in the line, in characters.
type Column = (String, Range<usize>);

/// The line that names the columns of a table.
pub(crate) struct Head {
    pub(crate) columns: Vec<Column>,
    /// The separator between cells, unless it is blanks.
    pub(crate) separator: Option<char>,
}

impl Kernel for Lines {
    fn describe(&self) -> String {
        "multikv".to_owned()
    }

    fn run(&self, input: Table, context: &QueryContext) -> Result<Table> {
        let mut found = ExtractedColumns::default();
        // For each output row the row it came from, and its text if it is a line of that row.
        let mut origins: Vec<(usize, Option<String>)> = Vec::new();
        for row in 0..input.height() {
            context.check_cancelled()?;
            let before = origins.len();
            if self.original {
                origins.push((row, None));
            }
            if let Some(text) = input.value("_raw", row).as_text() {
                self.lines(&text, |line, cells| {
                    for (name, value) in cells {
                        if self.fields.is_empty() || self.fields.contains(name) {
                            let value = Value::text((*value).to_owned());
                            found.set(origins.len(), name, value);
                        }
                    }
                    origins.push((row, Some(line.trim_end().to_owned())));
                });
            }
            // An event without a table is left unchanged.
            if origins.len() == before {
                origins.push((row, None));
            }
        }
        let mut out = Table::new(origins.len());
        for column in input.columns() {
            let values = origins.iter().map(|(row, line)| match line {
                Some(line) if column.name == "_raw" => Value::text(line.clone()),
                Some(_) if !self.copies => Value::Null,
                Some(_) | None => column.values[*row].clone(),
            });
            out.set(column.name.clone(), column.kind, values.collect());
        }
        for made in found.into_table(origins.len()).into_columns() {
            let kept = input.column(&made.name).filter(|_| self.copies);
            let values = made.values.into_iter().enumerate();
            let values = values.map(|(at, value)| match (value, kept) {
                (Value::Null, Some(old)) => old.values[origins[at].0].clone(),
                (value, _) => value,
            });
            let kind = kept.map_or(Type::Text, |old| old.kind.join(Type::Text));
            out.set(made.name, kind, values.collect());
        }
        Ok(out)
    }
}

impl Lines {
    /// Calls `take` with each line of a table and its cells by name.
    pub(crate) fn lines(&self, text: &str, mut take: impl FnMut(&str, &[(String, &str)])) {
        let lines: Vec<(bool, &str)> = text
            .lines()
            .take(self.last)
            .skip(self.first - 1)
            .scan(true, |blank, line| {
                let after_blank = std::mem::replace(blank, line.trim().is_empty());
                Some((after_blank, line))
            })
            .filter(|(_, line)| !line.trim().is_empty())
            .collect();
        let any_capital = lines.iter().any(|(_, line)| is_capital(line));
        let mut header: Option<Head> = None;
        for (at, (after_blank, line)) in lines.iter().enumerate() {
            let is_header = match self.header {
                Header::None => false,
                Header::Line(wanted) => at == wanted,
                Header::Found if header.is_none() => {
                    is_title(line) && (!any_capital || is_capital(line))
                }
                Header::Found => {
                    self.several
                        && is_title(line)
                        && (is_capitals(line) || *after_blank && is_capital(line))
                }
            };
            if is_header {
                header = Some(Head::of(line));
                continue;
            }
            if !self.filter.is_empty() && !self.filter.iter().any(|f| line.contains(f.as_str())) {
                continue;
            }
            match (&header, &self.header) {
                (Some(header), _) => take(line, &cells(line, header)),
                (None, Header::None) => {
                    let words = words(line, None);
                    let cells: Vec<(String, &str)> = words
                        .iter()
                        .enumerate()
                        .map(|(at, word)| (format!("Column_{}", at + 1), word.1))
                        .collect();
                    take(line, &cells);
                }
                (None, Header::Found | Header::Line(_)) => {}
            }
        }
    }
}

/// The cell separator of a table with this header line. Returns `None` for blanks.
fn separator(line: &str) -> Option<char> {
    ['\t', ','].into_iter().find(|c| line.contains(*c))
}

/// The words of a line, each with its range. Between separators, a word may be empty.
fn words(line: &str, separator: Option<char>) -> Vec<(Range<usize>, &str)> {
    let mut words = Vec::new();
    let mut start: Option<(usize, usize)> = separator.map(|_| (0, 0));
    let mut quoted = false;
    let mut place = 0;
    for (byte, c) in line.char_indices() {
        quoted ^= c == '"' && separator == Some(',');
        let ends = match separator {
            Some(separator) => c == separator && !quoted,
            None => c.is_whitespace(),
        };
        match (ends, start) {
            (true, Some((from, at))) => {
                words.push((from..place, &line[at..byte]));
                start = separator.map(|_| (place + 1, byte + c.len_utf8()));
            }
            (false, None) => start = Some((place, byte)),
            _ => {}
        }
        place += 1;
    }
    if let Some((from, at)) = start {
        words.push((from..place, &line[at..]));
    }
    if separator.is_some() {
        for (_, word) in &mut words {
            *word = word.trim();
            let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
            *word = inner.unwrap_or(word);
        }
    }
    words
}

/// Whether a line can be a header: several words, none of them a number.
fn is_title(line: &str) -> bool {
    let words = words(line, separator(line));
    words.len() > 1 && words.iter().all(|(_, w)| parse_number(w).is_none())
}

/// Whether its words are capitalized, as in most headers.
fn is_capital(line: &str) -> bool {
    is_title(line)
        && words(line, separator(line))
            .iter()
            .all(|(_, w)| !w.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit()))
}

fn is_capitals(line: &str) -> bool {
    line.chars().any(char::is_uppercase) && !line.chars().any(char::is_lowercase)
}

impl Head {
    fn of(line: &str) -> Head {
        let separator = separator(line);
        Head {
            columns: columns(words(line, separator)),
            separator,
        }
    }
}

fn columns(words: Vec<(Range<usize>, &str)>) -> Vec<Column> {
    words
        .into_iter()
        .enumerate()
        .map(|(at, (range, word))| {
            let name: String = word
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '_' })
                .collect();
            let is_empty = name.trim_matches('_').is_empty();
            let name = if is_empty {
                format!("Column_{}", at + 1)
            } else {
                name
            };
            (name, range)
        })
        .collect()
}

/// The cells of a line by column. With separators they are in order. With blanks they are in order if there
/// are as many words as columns; if there are more, the last column takes the rest; otherwise they are
/// assigned by position.
fn cells<'l>(line: &'l str, head: &Head) -> Vec<(String, &'l str)> {
    let words = words(line, head.separator);
    let header = &head.columns;
    if head.separator.is_some() {
        let cells = header.iter().zip(words);
        return cells
            .filter(|(_, (_, word))| !word.is_empty())
            .map(|((name, _), (_, word))| (name.clone(), word))
            .collect();
    }
    if words.len() == header.len() {
        return header
            .iter()
            .zip(words)
            .map(|((name, _), (_, word))| (name.clone(), word))
            .collect();
    }
    if words.len() > header.len() {
        let last = header.len() - 1;
        return header
            .iter()
            .enumerate()
            .map(|(at, (name, _))| {
                if at < last {
                    return (name.clone(), words[at].1);
                }
                let rest = line.char_indices().nth(words[at].0.start);
                (
                    name.clone(),
                    line[rest.map_or(0, |(byte, _)| byte)..].trim_end(),
                )
            })
            .collect();
    }
    let distance = |word: &Range<usize>, column: &Range<usize>| {
        if word.start < column.end && column.start < word.end {
            0
        } else {
            (column.start.saturating_sub(word.end)).max(word.start.saturating_sub(column.end)) + 1
        }
    };
    let mut free = 0;
    let mut found = Vec::new();
    for (range, word) in words {
        // Words keep the order of the columns, and each column has one.
        let nearest = (free..header.len()).min_by_key(|at| distance(&range, &header[*at].1));
        if let Some(at) = nearest {
            found.push((header[at].0.clone(), word));
            free = at + 1;
        }
    }
    found
}
