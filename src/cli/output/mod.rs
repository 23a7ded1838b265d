//! Output formats for rows, one file per format.

pub mod csv;
pub mod json;
pub mod listing;
pub mod markdown;
pub mod rows;
pub mod sink;
pub mod table;
pub mod time;

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use chrono_tz::Tz;
use clap::ValueEnum;

use crate::value::{Type, Value, format_number};

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns that fit the terminal
    #[value(alias = "text")]
    Table,
    /// One field per line
    Vertical,
    /// One array of objects
    Json,
    /// One object per line
    Ndjson,
    /// A header and one line per row; multivalues joined by line breaks
    Csv,
    /// A Markdown table
    Markdown,
    /// A Parquet file (needs --output)
    Parquet,
    /// A page to read and print (detections only)
    Html,
    /// `JUnit` XML for build servers (detections only)
    Junit,
    /// SARIF for code hosts (detections only)
    Sarif,
}

impl Format {
    /// The format for a file's name.
    pub fn of_path(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Format::Json),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "csv" => Some(Format::Csv),
            "md" | "markdown" => Some(Format::Markdown),
            "parquet" => Some(Format::Parquet),
            "txt" => Some(Format::Table),
            "html" | "htm" => Some(Format::Html),
            "xml" => Some(Format::Junit),
            "sarif" => Some(Format::Sarif),
            _ => None,
        }
    }

    /// Whether the format is for people rather than programs.
    pub fn is_for_people(self) -> bool {
        match self {
            Format::Table | Format::Vertical | Format::Markdown => true,
            Format::Json
            | Format::Ndjson
            | Format::Csv
            | Format::Parquet
            | Format::Html
            | Format::Junit
            | Format::Sarif => false,
        }
    }

    /// Whether the format reports on detections rather than rows.
    pub fn is_report(self) -> bool {
        matches!(self, Format::Html | Format::Junit | Format::Sarif)
    }
}

/// Anything with named columns and rows of SPL values.
pub trait Table: Sync {
    /// The columns' names, in order.
    fn names(&self) -> Vec<&str>;
    /// The columns' types, in order.
    fn types(&self) -> &[Type];
    /// Number of rows.
    fn height(&self) -> usize;
    /// One cell. A time is its epoch seconds.
    fn value(&self, row: usize, column: usize) -> Value<'_>;
}

/// Style options of the formats.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Maximum number of rows to write.
    pub limit: Option<usize>,
    /// Maximum width of a table's line in characters; `None` does not wrap.
    pub width: Option<u16>,
    /// The zone in which times are shown.
    pub zone: Tz,
    /// Whether the header may be coloured.
    pub color: bool,
    /// Whether lines are drawn with box characters rather than ASCII.
    pub boxes: bool,
}

impl Style {
    /// How many of `height` rows are written.
    pub fn shown(&self, height: usize) -> usize {
        self.limit.map_or(height, |limit| limit.min(height))
    }
}

/// Writes rows in a text format. Parquet is written by [`rows::write_parquet`].
pub fn write(
    table: &dyn Table,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Table => table::write_table(table, style, out),
        Format::Vertical => table::write_vertical(table, style, out),
        Format::Json => json::write_json(table, style, out),
        Format::Ndjson => json::write_ndjson(table, style, out),
        Format::Csv => csv::write_csv(table, style, out),
        Format::Markdown => markdown::write_markdown(table, style, out),
        Format::Parquet | Format::Html | Format::Junit | Format::Sarif => {
            Err(io::Error::other("this format does not hold a table"))
        }
    }
}

/// Whether a column is shown as a time: [`Type::Time`], and `_time` however it was computed.
pub fn is_time(name: &str, kind: Type) -> bool {
    match kind {
        Type::Time => true,
        Type::Number | Type::Any => name == "_time",
        Type::Null | Type::Bool | Type::Text | Type::Multi => false,
    }
}

/// A cell's values as shown to people, one per line; empty if it is missing.
fn lines<'a>(value: Value<'a>, time: bool, zone: Tz) -> Vec<Cow<'a, str>> {
    match value {
        Value::Num(seconds) if time => vec![Cow::Owned(time::readable(seconds, zone))],
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Num(_) | Value::Text(_) | Value::Multi(_) => value
            .into_values()
            .into_iter()
            .flat_map(|text| match text {
                Cow::Borrowed(text) => text.lines().map(printable).collect::<Vec<_>>(),
                Cow::Owned(text) => text
                    .lines()
                    .map(|line| Cow::Owned(printable(line).into_owned()))
                    .collect(),
            })
            .collect(),
    }
}

/// Replaces control characters, so that escape sequences in data can't steer the terminal.
pub fn printable(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => shown.push_str("    "),
            c if harmless(c) => shown.push(c),
            c => shown.extend(c.escape_default()),
        }
    }
    Cow::Owned(shown)
}

/// A byte count for people, in powers of 1000: `1.2 MB`.
pub fn bytes(count: u64) -> String {
    let mut size = count as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return match unit {
                "B" => format!("{count} B"),
                _ => format!("{size:.1} {unit}"),
            };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// `1 row`, `52,000 rows`
pub fn counted(count: u64, one: &str) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push(' ');
    text.push_str(one);
    if count != 1 {
        text.push('s');
    }
    text
}

/// `0.41 s`, `2 min 5 s`
pub fn duration(elapsed: std::time::Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 60.0 {
        let scale = match seconds {
            s if s < 0.1 => 1000.0,
            s if s < 10.0 => 100.0,
            _ => 10.0,
        };
        return format!("{} s", format_number((seconds * scale).round() / scale));
    }
    let whole = elapsed.as_secs();
    format!("{} min {} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::{Format, counted, duration, printable};

    #[test]
    fn a_terminal_is_not_steered_by_data() {
        assert_eq!(printable("a\tb"), "a    b");
        assert_eq!(printable("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(printable("grün"), "grün");
    }

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1_234_567, "event"), "1,234,567 events");
        assert_eq!(duration(Duration::from_millis(1234)), "1.23 s");
        assert_eq!(duration(Duration::from_micros(3400)), "0.003 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn a_files_name_says_its_format() {
        assert_eq!(Format::of_path(Path::new("a.JSONL")), Some(Format::Ndjson));
        assert_eq!(Format::of_path(Path::new("a")), None);
    }
}
