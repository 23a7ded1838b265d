//! Files to events: one file a format, containers around them, batches of columns out of them.
//!
//! A format is a row of [`FORMATS`]. What is recognised by content comes before what is recognised
//! by a file's name.

mod batches;
mod columns;
mod container;
mod csv;
mod event;
mod evtx;
mod expansion;
mod fields;
mod input;
mod json;
mod json_kinds;
mod json_rows;
mod json_wrapped;
pub mod kv;
mod line_kinds;
mod parquet;
mod row_events;
mod table;
#[cfg(test)]
mod tests;
mod text;
pub mod timestamp;
mod union;
mod w3c;
mod windows;
mod windows_json;
mod windows_log;
mod windows_messages;
mod windows_text;
mod windows_xml;
mod zeek;

use std::borrow::Cow;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use chrono::Datelike as _;
use chrono_tz::Tz;
use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::read::batches::Batches;
use crate::read::container::{Leaf, Walker};
use crate::read::input::{Encoding, Input, Utf16Reader};
use crate::read::line_kinds::Lines;
use crate::read::row_events::{MakeEvent, Rows};

pub use crate::read::batches::BatchSink;
pub use crate::read::columns::{BASE, FieldColumns};
pub use crate::read::container::Skipped;
pub use crate::read::event::Field;
pub use crate::read::fields::{event_fields, json_fields, xml_fields};
pub use crate::read::table::read_table;
pub use crate::read::union::{cast_to, join_schemas, join_types, union};

/// How much of a file is looked at to tell its format.
const HEAD: usize = 64 * 1024;

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The zone of times that name none.
    pub zone: Tz,
    /// The index of all events; else what a row says, else `main`.
    pub index: Option<String>,
    /// The source of all events; else what the event or the file says.
    pub source: Option<String>,
    /// The sourcetype of all events; else what the event or the format says.
    pub sourcetype: Option<String>,
    /// The host of all events; else what the event says.
    pub host: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            zone: Tz::UTC,
            index: None,
            source: None,
            sourcetype: None,
            host: None,
        }
    }
}

/// How far reading has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The file that is being read, with the containers around it.
    pub file: PathBuf,
    /// Bytes read from disk so far.
    pub bytes: u64,
    /// Bytes on disk in all; 0 when unknown.
    pub total: u64,
    /// Events so far.
    pub events: u64,
}

/// Events of one source and one sourcetype.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `source` of all rows.
    pub source: String,
    /// `sourcetype` of all rows.
    pub sourcetype: String,
    /// `host` when it is the same in all rows.
    pub host: Option<String>,
    /// `index` of all rows.
    pub index: String,
    /// The file they came from, with the containers around it: `logs.zip:a.json`.
    pub origin: PathBuf,
    /// `_time` (`Datetime` in microseconds UTC, null when unknown), `_raw`, `host`, `source`, `sourcetype`,
    /// `index`, then the extracted fields in the order in which they were first seen: `String`,
    /// `List(String)` where a row has several values, `Int64` or `Float64` where all values of the batch
    /// are JSON numbers that print as they stand. The type of a field may differ from batch to batch.
    pub frame: DataFrame,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct ReadReport {
    /// Events.
    pub events: u64,
    /// Files that were read.
    pub files: u64,
    /// Bytes read from disk.
    pub bytes: u64,
    /// Places in the data that could not be read and were passed.
    pub bad: Vec<BadLines>,
    /// Files in directories and archives that are of no known format.
    pub skipped: Vec<Skipped>,
}

/// Places in one file that could not be read for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLines {
    /// The file.
    pub file: PathBuf,
    /// How many places.
    pub count: u64,
    /// The first: a line, or a record where the format has no lines; from 1, 0 when unknown.
    pub first_line: u64,
    /// Why.
    pub why: String,
}

/// A file format.
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// One sentence on what is read.
    pub doc: &'static str,
    /// Whether a file that starts so is of the format.
    looks_like: fn(&Head<'_>) -> bool,
    /// Endings of file names that are of the format whatever their content.
    pub endings: &'static [&'static str],
    read: fn(&mut Input<'_>, &Context<'_>, &mut Batches<'_>) -> Result<()>,
}

/// The start of a file.
struct Head<'h> {
    bytes: &'h [u8],
    text: Cow<'h, str>,
}

/// What a reader may know besides the bytes.
struct Context<'c> {
    zone: Tz,
    /// For times without a year: that in which the file was last changed, as Splunk takes it.
    year: Option<i32>,
    /// The file on disk, if it is a plain one.
    path: Option<&'c Path>,
    /// Its name, also inside a container.
    name: &'c str,
}

impl Context<'_> {
    fn rows(&self, make: MakeEvent) -> Rows<'_> {
        Rows {
            zone: self.zone,
            file: self.name,
            unwrap: true,
            make,
        }
    }

    fn lines(&self) -> Lines<'_> {
        Lines {
            zone: self.zone,
            year: self.year,
            file: self.name,
        }
    }
}

/// All formats. The first whose content fits reads the file, else the first whose ending does.
pub const FORMATS: &[Format] = &[
    Format {
        name: "evtx",
        doc: "Windows event log files",
        looks_like: |head| evtx::looks_like(head.bytes),
        endings: &[],
        read: |input, _, out| evtx::read(input, out),
    },
    Format {
        name: "parquet",
        doc: "Parquet rows",
        looks_like: |head| parquet::looks_like(head.bytes),
        endings: &[],
        read: |input, context, out| parquet::read(input, context.path, context.zone, out),
    },
    Format {
        name: "windows",
        doc: "Windows events as XML, and Splunk's classic WinEventLog text",
        looks_like: |head| windows_log::looks_like(&head.text),
        endings: &[],
        read: |input, context, out| windows_log::read(input, context.zone, out),
    },
    Format {
        name: "zeek",
        doc: "Zeek logs in tab-separated text, with their header",
        looks_like: |head| zeek::looks_like(&head.text),
        endings: &[],
        read: |input, context, out| zeek::read(input, context.name, out),
    },
    Format {
        name: "w3c",
        doc: "W3C extended logs with a #Fields line: IIS, CloudFront",
        looks_like: |head| w3c::looks_like(&head.text),
        endings: &[],
        read: |input, context, out| w3c::read(input, context.zone, out),
    },
    Format {
        name: "json",
        doc: "JSON: an object a line, an array of objects, or objects one after the other; Windows events of NXLog, Winlogbeat and evtx_dump",
        looks_like: |head| json_rows::looks_like(&head.text),
        endings: &["ndjson", "jsonl", "json"],
        read: |input, context, out| json_rows::read(input, context.rows(row_events::event), out),
    },
    Format {
        name: "csv",
        doc: "CSV with a header; also with tabs, semicolons or bars",
        looks_like: |_| false,
        endings: &["csv", "tsv", "tab", "psv"],
        read: |input, context, out| csv::read(input, context.rows(csv::event), out),
    },
    Format {
        name: "text",
        doc: "plain text, an event a line or from one line with a time to the next, with automatic key=value extraction; syslog, Linux audit, web access logs, VPC flow logs",
        looks_like: |_| false,
        endings: &["log", "txt", "raw", "out", "syslog", "xml"],
        read: |input, context, out| text::read(input, &context.lines(), out),
    },
];

/// Reads files and directories, and hands their events on batch by batch.
///
/// # Errors
/// [`crate::error::ErrorKind::File`] or [`crate::error::ErrorKind::Format`] when a path is missing, damaged, or holds nothing that can
/// be read; what `sink` says.
pub fn read_paths(
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
) -> Result<ReadReport> {
    let total = paths.iter().map(|p| size(p)).sum();
    read_with(options, total, progress, sink, |walker| {
        paths.iter().try_for_each(|path| walker.path(path))
    })
}

/// Reads bytes as if they were a file of that name.
///
/// # Errors
/// As [`read_paths`].
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
) -> Result<ReadReport> {
    read_with(options, bytes.len() as u64, progress, sink, |walker| {
        walker.bytes(name, bytes)
    })
}

fn read_with(
    options: &Options,
    total: u64,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
    walk: impl FnOnce(&mut Walker<'_>) -> Result<()>,
) -> Result<ReadReport> {
    let read = Rc::new(Cell::new(0));
    let mut out = Batches::new(options, progress, sink, Rc::clone(&read), total);
    let mut files = 0;
    let mut on_file = |leaf: Leaf<'_, '_>| {
        let skipped = read_leaf(leaf, options.zone, &mut out)?;
        files += u64::from(skipped.is_none());
        Ok(skipped)
    };
    let mut walker = Walker::new(Rc::clone(&read), &mut on_file);
    walk(&mut walker)?;
    let skipped = walker.into_skipped();
    Ok(ReadReport {
        events: out.events,
        files,
        bytes: read.get(),
        bad: std::mem::take(&mut out.bad),
        skipped,
    })
}

/// Bytes below a path; what cannot be seen counts nothing, as reading will say so.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = std::fs::metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .filter(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .filter(|e| {
            e.file_type()
                .is_ok_and(|t| !t.is_symlink() || e.path().is_file())
        })
        .map(|e| size(&e.path()))
        .sum()
}

/// Reads one file; gives why it was passed over, if it was.
fn read_leaf(leaf: Leaf<'_, '_>, zone: Tz, out: &mut Batches<'_>) -> Result<Option<String>> {
    let Leaf {
        input,
        name,
        path,
        named,
        modified,
    } = leaf;
    let context = Context {
        zone,
        year: modified.map(year_of),
        path,
        name,
    };
    decoded(input, &mut |input| {
        read_input(input, name, named, &context, out)
    })
}

/// Calls `then` with an input of UTF-8 without a byte order mark.
fn decoded<T>(
    input: &mut Input<'_>,
    then: &mut dyn FnMut(&mut Input<'_>) -> Result<T>,
) -> Result<T> {
    let (encoding, mark) = input::encoding(input.head(4)?);
    input.consume(mark);
    if encoding == Encoding::Utf8 {
        return then(input);
    }
    let origin = input.origin().to_owned();
    let mut reader = Utf16Reader::new(input, encoding == Encoding::Utf16Be);
    then(&mut Input::new(&origin, &mut reader))
}

fn year_of(time: SystemTime) -> i32 {
    chrono::DateTime::<chrono::Utc>::from(time).year()
}

fn read_input(
    input: &mut Input<'_>,
    name: &str,
    named: bool,
    context: &Context<'_>,
    out: &mut Batches<'_>,
) -> Result<Option<String>> {
    let origin = input.origin().to_owned();
    let bytes = input.head(HEAD)?;
    let bytes = &bytes[..bytes.len().min(HEAD)];
    if bytes.trim_ascii().is_empty() && bytes.len() < HEAD {
        out.begin(&origin);
        return Ok(None);
    }
    let head = Head {
        bytes,
        text: String::from_utf8_lossy(bytes),
    };
    let Some(format) = format_of(&head, name, named) else {
        let why = if is_binary(bytes) {
            "binary data of no known format"
        } else {
            "no known format"
        };
        return if named {
            Err(unknown(&origin, why))
        } else {
            Ok(Some(why.to_owned()))
        };
    };
    out.begin(&origin);
    (format.read)(input, context, out)?;
    out.end()?;
    Ok(None)
}

fn unknown(origin: &Path, why: &str) -> Error {
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
    Error::file(origin, why).hint(format!(
        "known formats: {}; also inside .gz, .zst, .zip, .tar and .tar.gz",
        names.join(", ")
    ))
}

/// The format of a file. A text that the user named is read as plain text whatever its name.
fn format_of(head: &Head<'_>, name: &str, named: bool) -> Option<&'static Format> {
    if let Some(format) = FORMATS.iter().find(|f| (f.looks_like)(head)) {
        return Some(format);
    }
    if is_binary(head.bytes) {
        return None;
    }
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    let text = FORMATS.last().filter(|f| f.name == "text");
    match ending.as_deref() {
        Some(ending) => {
            let by_name = FORMATS.iter().find(|f| f.endings.contains(&ending));
            // `messages.1`: a log that was put aside.
            let rotated = !ending.is_empty() && ending.bytes().all(|b| b.is_ascii_digit());
            by_name.or(text.filter(|_| named || rotated))
        }
        None => text,
    }
}

/// Whether bytes are no text: they hold zeros, or are control characters to a good part.
fn is_binary(bytes: &[u8]) -> bool {
    let looked_at = &bytes[..bytes.len().min(8192)];
    let odd = looked_at
        .iter()
        .filter(|b| **b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b | 0x0c))
        .count();
    looked_at.contains(&0) || odd * 10 > looked_at.len()
}
