//! Reads files into events: one file per format, containers around them, batches of columns as output.
//!
//! A format is a row of [`FORMATS`]. Formats recognized by content come before those recognized by file name.
//!
//! Damage never fails a read. It costs the smallest enclosing unit: a line, a record, a chunk, the rest of a
//! member, a file. The [`ReadReport`] lists the losses; only if nothing at all could be read is that an
//! error.

mod batch;
#[cfg(test)]
mod collect;
mod formats;
mod input;
mod line_breaker;
mod recognise;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use chrono::Datelike as _;
use chrono_tz::Tz;
use polars::prelude::DataFrame;

use crate::error::{Error, ErrorKind, Result, panic_text};
use crate::extract::event::EventSink as _;
use crate::read::batch::batches::{Batches, LINE};
use crate::read::batch::row_events::{MakeEvent, Rows};
use crate::read::input::buffer::{Input, Notes};
use crate::read::input::container::{Leaf, Met, Walker, broken};
use crate::read::input::decode::DecodingReader;
use crate::read::recognise::lines::Lines;
use crate::read::rules::Clock;

pub use crate::extract::event::Field;
pub use crate::extract::fields::{event_fields, leading_json_fields, xml_fields};
pub use crate::read::batch::batches::{BatchSink, DEFAULT_INDEX};
pub use crate::read::batch::columns::{BASE, FieldColumns};
pub use crate::read::batch::schema_union::{join_schemas, union};
pub use crate::read::formats::parquet::{
    EXACT as PARQUET_EXACT, ParquetDamage, SOURCETYPE as PARQUET_SOURCETYPE,
    damage as parquet_damage, raw_column, rows as parquet_rows,
};
pub use crate::read::input::container::Skipped;
pub use crate::read::input::discover::{InputFile, Listing, list};
pub use crate::read::rules::{
    Breaks, Delimiter, RuleFinder, Structured, StructuredKind, TextRules, TimeRules, TimeSource,
};
pub use crate::read::table::read_table;

/// Bytes of a file examined to determine its format.
const HEAD: usize = 64 * 1024;

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time zone of times that name none.
    pub zone: Tz,
    /// The index of all events; by default the one that a row names, else `main`.
    pub index: Option<String>,
    /// The source of all events; by default that of the event or the file.
    pub source: Option<String>,
    /// The sourcetype of all events; by default that of the event or the format.
    pub sourcetype: Option<String>,
    /// The host of all events; by default that of the event.
    pub host: Option<String>,
    /// The value of `now()`, in microseconds UTC.
    pub now: i64,
    /// Finds the configured rules for breaking text into events; `None` without configuration.
    pub rules: Option<RuleFinder>,
}

impl Options {
    /// The configured rules for text of a sourcetype and a source.
    fn rules(&self, sourcetype: &str, source: &str) -> TextRules {
        match &self.rules {
            Some(finder) => finder.find(sourcetype, source, self.host.as_deref().unwrap_or("")),
            None => TextRules::default(),
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            zone: Tz::UTC,
            index: None,
            source: None,
            sourcetype: None,
            host: None,
            now: 0,
            rules: None,
        }
    }
}

/// The progress of reading.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The current file, with the containers around it.
    pub file: PathBuf,
    /// Bytes read from disk so far.
    pub bytes: u64,
    /// Total bytes on disk; 0 if unknown.
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
    /// `host` if it is the same in all rows.
    pub host: Option<String>,
    /// `index` of all rows.
    pub index: String,
    /// The file of the rows, with the containers around it: `logs.zip:a.json`.
    pub origin: PathBuf,
    /// `_time` (`Datetime` in microseconds UTC, null if unknown), `_raw`, `host`, `source`, `sourcetype`,
    /// `index`, then the extracted fields in order of first appearance: `String`, `List(String)` if a row has
    /// several values, `Int64` or `Float64` if all values of the batch are JSON numbers that print as
    /// written. The type of a field may differ from batch to batch.
    pub frame: DataFrame,
}

/// The result of reading.
#[derive(Clone, Debug, Default)]
pub struct ReadReport {
    /// Events.
    pub events: u64,
    /// Files that were read.
    pub files: u64,
    /// Bytes read from disk.
    pub bytes: u64,
    /// Places in the data that could not be read.
    pub bad: Vec<BadLines>,
    /// Files that could not be read.
    pub skipped: Vec<Skipped>,
}

impl ReadReport {
    /// Returns the error if nothing at all could be read: the first reason, and the number of files.
    pub fn failure(&self) -> Option<Error> {
        match self.files {
            0 => Skipped::error(&self.skipped),
            _ => None,
        }
    }

    /// Adds another report.
    pub fn add(&mut self, other: ReadReport) {
        self.events += other.events;
        self.files += other.files;
        self.bytes += other.bytes;
        self.bad.extend(other.bad);
        self.skipped.extend(other.skipped);
    }
}

/// Places in one file that could not be read for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLines {
    /// The file.
    pub file: PathBuf,
    /// How many places.
    pub count: u64,
    /// The unit in which places are numbered: `line`, `record`, `row`, `byte`.
    pub unit: &'static str,
    /// The first place, from 1; 0 if unknown.
    pub first: u64,
    /// Why.
    pub why: String,
}

/// A file format.
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// Whether a file with this head is of the format.
    looks_like: fn(&Head<'_>) -> bool,
    /// File name extensions that select the format whatever the content.
    pub endings: &'static [&'static str],
    /// Whether configured times take precedence over those that the reader found.
    times: bool,
    /// The unit in which places of damage are numbered.
    unit: &'static str,
    read: fn(&mut Input<'_>, &Context<'_>, &mut Batches<'_>) -> Result<()>,
}

/// The start of a file.
struct Head<'h> {
    bytes: &'h [u8],
    text: Cow<'h, str>,
}

/// The facts available to a reader in addition to the bytes.
struct Context<'c> {
    options: &'c Options,
    /// When the file was last modified, and the current time. Times without a year take that of the file, as
    /// in Splunk.
    clock: Clock,
    /// The file on disk, if it is a plain one.
    path: Option<&'c Path>,
    /// Its name, including inside a container.
    name: &'c str,
    /// The source of its events, unless they name one.
    source: String,
    /// The sourcetype of its events, if given.
    sourcetype: Option<String>,
    /// The configured rules, as far as the given sourcetype determines them.
    rules: TextRules,
}

impl<'c> Context<'c> {
    /// Collects the facts known before reading. A `[source::...]` stanza may set the sourcetype.
    fn new(leaf: &Leaf<'c, '_>, options: &'c Options) -> Context<'c> {
        let origin = || leaf.input.origin().to_string_lossy().into_owned();
        let source = options.source.clone().unwrap_or_else(origin);
        let mut sourcetype = options.sourcetype.clone();
        let mut rules = options.rules(sourcetype.as_deref().unwrap_or(""), &source);
        if sourcetype.is_none()
            && let Some(said) = rules.sourcetype.take()
        {
            rules = options.rules(&said, &source);
            sourcetype = Some(said);
        }
        Context {
            options,
            clock: Clock {
                zone: rules.zone.unwrap_or(options.zone),
                year: leaf.modified.map(year_of),
                now: options.now,
                modified: leaf.modified.map(micros_of),
            },
            path: leaf.path,
            name: leaf.name,
            source,
            sourcetype,
            rules,
        }
    }

    fn rows(&self, make: MakeEvent) -> Rows<'_> {
        Rows {
            zone: self.clock.zone,
            file: self.name,
            log: self.sourcetype.is_some(),
            unwrap: true,
            keep_lines: true,
            trim_braces: self
                .rules
                .structured
                .as_ref()
                .is_some_and(|s| s.trim_braces),
            make,
        }
    }

    fn text(&self, input: &mut Input<'_>, out: &mut Batches<'_>) -> Result<()> {
        let text = formats::text::Text {
            lines: Lines {
                zone: self.clock.zone,
                year: self.clock.year,
                file: self.name,
            },
            sourcetype: self.sourcetype.as_deref(),
            clock: self.clock,
        };
        let mut rules = |sourcetype: &str| self.options.rules(sourcetype, &self.source);
        formats::text::read(input, &text, &mut rules, out)
    }
}

/// All formats. The first whose content matches reads the file, else the first whose extension does.
pub const FORMATS: &[Format] = &[
    Format {
        name: "evtx",
        looks_like: |head| formats::evtx::looks_like(head.bytes),
        endings: &[],
        times: false,
        unit: "record",
        read: |input, _, out| formats::evtx::read(input, out),
    },
    Format {
        name: "parquet",
        looks_like: |head| formats::parquet::looks_like(head.bytes),
        endings: &[],
        times: false,
        unit: "row",
        read: |input, context, out| {
            formats::parquet::read(input, context.path, context.clock.zone, out)
        },
    },
    Format {
        name: "windows",
        looks_like: |head| formats::windows::log::looks_like(&head.text),
        endings: &[],
        times: false,
        unit: LINE,
        read: |input, context, out| formats::windows::log::read(input, context.clock.zone, out),
    },
    Format {
        name: "zeek",
        looks_like: |head| formats::zeek::looks_like(&head.text),
        endings: &[],
        times: true,
        unit: LINE,
        read: |input, context, out| formats::zeek::read(input, context.name, out),
    },
    Format {
        name: "w3c",
        looks_like: |head| formats::w3c::looks_like(&head.text),
        endings: &[],
        times: true,
        unit: LINE,
        read: |input, context, out| formats::w3c::read(input, context.clock.zone, out),
    },
    Format {
        name: "vpcflow",
        looks_like: |head| formats::vpcflow::looks_like(&head.text),
        endings: &[],
        times: true,
        unit: LINE,
        read: |input, _, out| formats::vpcflow::read(input, out),
    },
    Format {
        name: "json",
        looks_like: |head| formats::json_rows::looks_like(&head.text),
        endings: &["ndjson", "jsonl", "json"],
        times: true,
        unit: LINE,
        read: |input, context, out| {
            formats::json_rows::read(input, context.rows(batch::row_events::event), out)
        },
    },
    Format {
        name: "csv",
        looks_like: |_| false,
        endings: &["csv", "tsv", "tab", "psv"],
        times: true,
        unit: LINE,
        read: |input, context, out| {
            let table = formats::csv::Table::new(context.rules.structured.as_ref());
            formats::csv::read(input, &table, context.rows(formats::csv::event), out)
        },
    },
    Format {
        name: "text",
        looks_like: |_| false,
        endings: &["log", "txt", "raw", "out", "syslog", "xml"],
        times: false,
        unit: LINE,
        read: |input, context, out| context.text(input, out),
    },
];

/// Reads files and directories, and passes their events on batch by batch.
///
/// # Errors
/// [`ErrorKind::File`] or [`ErrorKind::Format`] if a path is missing, or nothing at all could be read; any
/// error of `sink`.
pub fn read_paths(
    paths: &[PathBuf],
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
) -> Result<ReadReport> {
    let listings = paths.iter().map(|path| list(path));
    let listings = listings.collect::<Result<Vec<Listing>>>()?;
    let total = listings
        .iter()
        .flat_map(|l| &l.files)
        .map(|f| f.bytes)
        .sum();
    let walk = |walker: &mut Walker<'_>| {
        let mut listings = listings.into_iter();
        listings.try_for_each(|listing| walker.listing(listing))
    };
    something(read_with(options, total, progress, sink, walk)?)
}

/// Reads one file of [`list`]. If nothing in it could be read, the report says so.
///
/// # Errors
/// Returns the error of `sink`.
pub fn read_file(
    file: &InputFile,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
) -> Result<ReadReport> {
    read_with(options, file.bytes, progress, sink, |walker| {
        walker.file(file)
    })
}

/// Reads bytes as if they were a file of that name.
///
/// # Errors
/// Like [`read_paths`].
pub fn read_bytes(
    name: &str,
    bytes: &[u8],
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
) -> Result<ReadReport> {
    let walk = |walker: &mut Walker<'_>| walker.bytes(name, bytes);
    something(read_with(
        options,
        bytes.len() as u64,
        progress,
        sink,
        walk,
    )?)
}

fn something(report: ReadReport) -> Result<ReadReport> {
    report.failure().map_or(Ok(report), Err)
}

fn read_with(
    options: &Options,
    total: u64,
    progress: &mut dyn FnMut(Progress),
    sink: &mut BatchSink<'_>,
    walk: impl FnOnce(&mut Walker<'_>) -> Result<()>,
) -> Result<ReadReport> {
    let read = Rc::new(Cell::new(0));
    let receiving = Rc::new(Cell::new(false));
    let count = (Rc::clone(&read), total);
    let mut out = Batches::new(options, progress, sink, count, Rc::clone(&receiving));
    let mut on_file = |leaf: Leaf<'_, '_>| read_leaf(leaf, options, &receiving, &mut out);
    let mut walker = Walker::new(Rc::clone(&read), Rc::clone(&receiving), &mut on_file);
    walk(&mut walker)?;
    let Met {
        taken,
        skipped,
        bad,
    } = walker.finish();
    out.bad.extend(bad);
    Ok(ReadReport {
        events: out.events,
        files: taken,
        bytes: read.get(),
        bad: out.bad,
        skipped,
    })
}

/// Reads as much of one file as possible; returns the reason if that is nothing.
fn read_leaf(
    leaf: Leaf<'_, '_>,
    options: &Options,
    receiving: &Cell<bool>,
    out: &mut Batches<'_>,
) -> Result<Option<Skipped>> {
    let context = Context::new(&leaf, options);
    let Leaf { input, named, .. } = leaf;
    let origin = input.origin().to_owned();
    out.begin(&origin);
    let read = AssertUnwindSafe(|| {
        decoded(input, context.rules.charset, &mut |input| {
            read_input(input, named, &context, out)
        })
    });
    let unknown = match catch_unwind(read) {
        Ok(Ok(unknown)) => unknown,
        Ok(Err(why)) if out.is_stopped || !is_about(&why, &origin) => return Err(why),
        Ok(Err(why)) => {
            let Skipped { line, why, .. } = Skipped::of(&origin, why);
            out.bad(line, &why);
            None
        }
        Err(panic) if receiving.get() => resume_unwind(panic),
        Err(panic) => {
            out.abandon();
            out.bad(0, &broken(&panic_text(&*panic)));
            None
        }
    };
    out.faults(input.take_faults());
    let failed = out.end()?;
    // Damage says more than the unknown format of the bytes before it.
    Ok(failed.or(unknown))
}

/// Whether an error is about a file, rather than about the session.
fn is_about(error: &Error, origin: &Path) -> bool {
    match &*error.kind {
        ErrorKind::File { path, .. } | ErrorKind::Format { path, .. } => path == origin,
        kind => matches!(kind, ErrorKind::Internal(_)),
    }
}

/// Calls `then` with an input of UTF-8 without a byte order mark.
fn decoded<T>(
    input: &mut Input<'_>,
    said: Option<&'static encoding_rs::Encoding>,
    then: &mut dyn FnMut(&mut Input<'_>) -> Result<T>,
) -> Result<T> {
    let head = input.head(HEAD);
    let head = &head[..head.len().min(HEAD)];
    if formats::evtx::looks_like(head) || formats::parquet::looks_like(head) {
        return then(input);
    }
    let (told, mark) = input::decode::encoding(head);
    input.consume(mark);
    let Some(encoding) = told.or(said) else {
        return then(input);
    };
    let origin = input.origin().to_owned();
    let notes = Notes::default();
    let mut reader = DecodingReader::new(&mut *input, encoding, Rc::clone(&notes));
    let mut decoded = Input::new(&origin, &mut reader).noted(notes);
    let done = then(&mut decoded);
    let faults = decoded.take_faults();
    // They include those of the bytes, with the line of the text.
    input.take_faults();
    input.add_faults(faults);
    done
}

fn year_of(time: SystemTime) -> i32 {
    chrono::DateTime::<chrono::Utc>::from(time).year()
}

fn micros_of(time: SystemTime) -> i64 {
    chrono::DateTime::<chrono::Utc>::from(time).timestamp_micros()
}

fn read_input(
    input: &mut Input<'_>,
    named: bool,
    context: &Context<'_>,
    out: &mut Batches<'_>,
) -> Result<Option<Skipped>> {
    let origin = input.origin().to_owned();
    let bytes = input.head(HEAD);
    let bytes = &bytes[..bytes.len().min(HEAD)];
    let sourcetype = context.sourcetype.as_deref();
    if bytes.trim_ascii().is_empty() && bytes.len() < HEAD {
        return Ok(None);
    }
    let head = Head {
        bytes,
        text: input::decode::lossy(bytes),
    };
    let found = format_of(&head, context.name, named || sourcetype.is_some());
    let Some(format) = by_rules(found, &head, &context.rules) else {
        let why = if is_binary(bytes) {
            "binary data of no known format"
        } else {
            "no known format"
        };
        return Ok(Some(unknown(&origin, why)));
    };
    let clock = format.times.then_some(context.clock);
    out.describe(sourcetype, format.unit, clock);
    (format.read)(input, context, out)?;
    Ok(None)
}

/// Returns the format that configuration selects, if the content of the file leaves the choice.
fn by_rules(
    found: Option<&'static Format>,
    head: &Head<'_>,
    rules: &TextRules,
) -> Option<&'static Format> {
    let found = found?;
    let named = |name: &str| FORMATS.iter().find(|f| f.name == name);
    let looks = |name: &str| named(name).filter(|f| (f.looks_like)(head));
    let name = match found.name {
        "json" | "csv" | "text" | "w3c" => found.name,
        // These formats define their own event boundaries.
        _ => return Some(found),
    };
    match rules.structured.as_ref().map(|s| s.kind) {
        Some(StructuredKind::Table) => return named("csv"),
        // A file that does not look like it is text.
        Some(StructuredKind::Json) => return looks("json").or(named("text")),
        Some(StructuredKind::W3c) => return looks("w3c").or(named("text")),
        None => {}
    }
    let header = head.text.lines().next().unwrap_or_default();
    let is_text = match name {
        // Elements of an array are events even so.
        "json" => rules.breaks.are_unusual(),
        // A CSV exported from Splunk has its events in a column.
        "csv" => rules.is_said() && !header.contains("_raw"),
        _ => false,
    };
    if is_text { named("text") } else { Some(found) }
}

fn unknown(origin: &Path, why: &str) -> Skipped {
    let names: Vec<&str> = FORMATS.iter().map(|f| f.name).collect();
    let known = format!(
        "known formats: {}; also inside .gz, .zst, .zip, .tar and .tar.gz",
        names.join(", ")
    );
    Skipped {
        hints: vec![known],
        is_unknown: true,
        ..Skipped::new(origin, why)
    }
}

/// Determines the format of a file. A text file that the user named is read as plain text whatever its name.
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
            // `messages.1`: a rotated log.
            let rotated = !ending.is_empty() && ending.bytes().all(|b| b.is_ascii_digit());
            by_name.or(text.filter(|_| named || rotated))
        }
        None => text,
    }
}

/// Whether bytes are binary: many control characters, or zeros and much invalid UTF-8. A few zeros are found
/// in logs that were being written when the power failed.
fn is_binary(bytes: &[u8]) -> bool {
    let looked_at = &bytes[..bytes.len().min(8192)];
    let odd = looked_at
        .iter()
        .filter(|b| **b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x1b | 0x0c))
        .count();
    let no_text: usize = looked_at
        .utf8_chunks()
        .map(|chunk| chunk.invalid().len())
        .sum();
    odd * 10 > looked_at.len() || (looked_at.contains(&0) && no_text * 10 > looked_at.len())
}
