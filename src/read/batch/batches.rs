//! Groups events into batches of one source and sourcetype and flushes them before they grow large.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use polars::prelude::{Column, DataFrame, PlSmallStr, Scalar};

use crate::error::{Error, Result};
use crate::extract::event::{Event, EventSink};
use crate::read::batch::columns::{BASE, Columns};
use crate::read::input::buffer::{Fault, Place};
use crate::read::rules::{Clock, TimeRules};
use crate::read::{BadLines, Batch, Options, Progress, Skipped};

/// Maximum rows in a batch.
pub const MAX_ROWS: usize = 65_536;
/// Approximate maximum size of a batch in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Maximum bytes in all open batches.
const MAX_OPEN_BYTES: usize = 256 << 20;
/// Maximum open batches: there can be as many sources and sourcetypes as events.
const MAX_OPEN: usize = 256;

/// Receives a finished batch.
pub type BatchSink<'s> = dyn FnMut(Batch) -> Result<()> + 's;

/// The open batches of the current file, and the counts over all files.
pub struct Batches<'s> {
    options: &'s Options,
    sink: &'s mut BatchSink<'s>,
    progress: &'s mut dyn FnMut(Progress),
    read: Rc<Cell<u64>>,
    total: u64,
    origin: PathBuf,
    /// The sourcetype given for this file.
    sourcetype: Option<String>,
    /// The clock of the file, if configuration may override the reader's times.
    clock: Option<Clock>,
    open: Vec<Open>,
    open_bytes: usize,
    last: usize,
    /// Events of all files, and their number when this file began.
    pub events: u64,
    file_start: u64,
    /// Places that could not be read, over all files.
    pub bad: Vec<BadLines>,
    file_bad: usize,
    /// The unit in which places in the file are numbered.
    unit: &'static str,
    /// Whether the receiver of the batches is running.
    receiving: Rc<Cell<bool>>,
    /// Whether the receiver asked to stop reading.
    pub is_stopped: bool,
}

struct Open {
    source: String,
    sourcetype: String,
    index: String,
    columns: Columns,
    /// The configured time rules for events of this sourcetype and source.
    times: Option<(TimeRules, Clock)>,
    /// The time of the previous event.
    last_time: Option<i64>,
}

impl<'s> Batches<'s> {
    /// Creates an empty collection. `read` counts bytes read from disk, of `total`; `receiving` says whether
    /// `sink` is running.
    pub fn new(
        options: &'s Options,
        progress: &'s mut dyn FnMut(Progress),
        sink: &'s mut BatchSink<'s>,
        (read, total): (Rc<Cell<u64>>, u64),
        receiving: Rc<Cell<bool>>,
    ) -> Batches<'s> {
        Batches {
            options,
            sink,
            progress,
            read,
            total,
            origin: PathBuf::new(),
            sourcetype: None,
            clock: None,
            open: Vec::new(),
            open_bytes: 0,
            last: 0,
            events: 0,
            file_start: 0,
            bad: Vec::new(),
            file_bad: 0,
            unit: LINE,
            receiving,
            is_stopped: false,
        }
    }

    /// Begins a file before its format is known.
    pub fn begin(&mut self, origin: &Path) {
        self.origin = origin.to_owned();
        self.sourcetype = None;
        self.clock = None;
        self.unit = LINE;
        self.file_start = self.events;
        self.file_bad = self.bad.len();
    }

    /// Describes the file: its places are numbered in `unit`s. With a clock, configured times take precedence
    /// over those of the events.
    pub fn describe(&mut self, sourcetype: Option<&str>, unit: &'static str, clock: Option<Clock>) {
        self.sourcetype = sourcetype.map(str::to_owned);
        self.unit = unit;
        self.clock = clock.filter(|_| self.options.rules.is_some());
        self.tell();
    }

    /// Ends a file: flushes its last batches. Returns the reason if nothing in it could be read.
    ///
    /// # Errors
    /// Returns the receiver's error.
    pub fn end(&mut self) -> Result<Option<Skipped>> {
        self.flush_all()?;
        self.tell();
        if self.events > self.file_start {
            return Ok(None);
        }
        let first = self.bad.drain(self.file_bad..).next();
        Ok(first.map(|first| Skipped {
            line: if first.unit == LINE { first.first } else { 0 },
            hints: vec!["nothing in the file could be read".to_owned()],
            ..Skipped::new(&self.origin, first.why)
        }))
    }

    /// Records damage found in the input bytes. It comes before the places that are bad because of it, and
    /// replaces the line that it cuts off.
    pub fn faults(&mut self, faults: Vec<Fault>) {
        let mut followed = self.bad.split_off(self.file_bad);
        for Fault { place, why, cuts } in faults {
            match place {
                Place::Line(line) if self.unit == LINE => {
                    followed.retain(|bad| !(cuts && bad.first == line && bad.count == 1));
                    self.note(LINE, line, &why);
                }
                // Line numbers mean nothing in formats other than text.
                Place::Line(_) => self.note(self.unit, 0, &why),
                Place::Byte(at) => self.note("byte", at, &why),
            }
        }
        self.bad.append(&mut followed);
    }

    /// Drops the rows that have not been flushed yet.
    pub fn abandon(&mut self) {
        let rows: usize = self.open.drain(..).map(|open| open.columns.rows()).sum();
        self.events -= rows as u64;
        self.open_bytes = 0;
        self.last = 0;
    }

    /// Flushes a batch to the sink.
    fn send(&mut self, batch: Batch) -> Result<()> {
        self.receiving.set(true);
        let sent = (self.sink)(batch);
        self.receiving.set(false);
        self.is_stopped |= sent.is_err();
        sent
    }

    fn note(&mut self, unit: &'static str, first: u64, why: &str) {
        note(
            &mut self.bad,
            self.file_bad,
            &self.origin,
            (unit, first),
            why,
        );
    }

    /// Counts bytes of a file that a library reads itself.
    pub fn count_read(&mut self, bytes: u64) {
        self.read.set(self.read.get() + bytes);
    }

    /// Takes rows that are already columns and groups them by the columns that name their origin.
    ///
    /// # Errors
    /// Returns the receiver's error.
    pub fn frame(&mut self, frame: DataFrame, sourcetype: &str) -> Result<()> {
        let internal = |e: polars::prelude::PolarsError| Error::internal(e.to_string());
        let rows = frame.height();
        let origin = self.origin.display().to_string();
        let mut base = vec![frame.column("_time").map_err(internal)?.clone()];
        base.push(frame.column("_raw").map_err(internal)?.clone());
        let defaults = [
            ("host", self.options.host.as_deref(), ""),
            ("source", self.options.source.as_deref(), origin.as_str()),
            ("sourcetype", self.sourcetype.as_deref(), sourcetype),
            ("index", self.options.index.as_deref(), DEFAULT_INDEX),
        ];
        for (name, forced, default) in defaults {
            base.push(base_column(&frame, name, forced, default, rows).map_err(internal)?);
        }
        let rest = frame.drop_many(BASE).into_columns();
        base.extend(rest);
        let frame = DataFrame::new(rows, base).map_err(internal)?;
        let parts = frame
            .partition_by_stable(["source", "sourcetype", "index"], true)
            .map_err(internal)?;
        for part in parts {
            let text = |name: &str| -> Result<Option<String>> {
                let value = part.column(name).and_then(|c| c.get(0)).map_err(internal)?;
                Ok(value.get_str().map(str::to_owned))
            };
            let host = part.column("host").map_err(internal)?;
            let one_host = host.n_unique().is_ok_and(|n| n == 1);
            let batch = Batch {
                source: text("source")?.unwrap_or_default(),
                sourcetype: text("sourcetype")?.unwrap_or_default(),
                host: if one_host { text("host")? } else { None },
                index: text("index")?.unwrap_or_default(),
                origin: self.origin.clone(),
                frame: part,
            };
            self.events += batch.frame.height() as u64;
            self.send(batch)?;
        }
        self.tell();
        Ok(())
    }

    fn tell(&mut self) {
        (self.progress)(Progress {
            file: self.origin.clone(),
            bytes: self.read.get(),
            total: self.total,
            events: self.events,
        });
    }

    fn flush(&mut self, index: usize) -> Result<()> {
        let open = self.open.swap_remove(index);
        self.open_bytes -= open.columns.bytes();
        self.last = 0;
        let (frame, host) = open
            .columns
            .finish(&open.source, &open.sourcetype, &open.index)?;
        self.send(Batch {
            source: open.source,
            sourcetype: open.sourcetype,
            host,
            index: open.index,
            origin: self.origin.clone(),
            frame,
        })?;
        self.tell();
        Ok(())
    }

    fn flush_all(&mut self) -> Result<()> {
        // In the order in which they were opened.
        self.open.reverse();
        while let Some(last) = self.open.len().checked_sub(1) {
            self.flush(last)?;
        }
        Ok(())
    }

    /// Returns the batch for a source, sourcetype and index.
    fn find(&mut self, source: &str, sourcetype: &str, index: &str) -> Result<usize> {
        let fits = |o: &Open| o.source == source && o.sourcetype == sourcetype && o.index == index;
        if self.open.get(self.last).is_some_and(fits) {
            return Ok(self.last);
        }
        if let Some(found) = self.open.iter().position(fits) {
            self.last = found;
            return Ok(found);
        }
        if self.open.len() == MAX_OPEN {
            self.flush_all()?;
        }
        let mut times = None;
        if let Some(clock) = self.clock {
            let rules = self.options.rules(sourcetype, source);
            let zone = rules.zone.unwrap_or(clock.zone);
            let clock = Clock { zone, ..clock };
            times = rules.times.is_said.then_some((rules.times, clock));
        }
        self.open.push(Open {
            source: source.to_owned(),
            sourcetype: sourcetype.to_owned(),
            index: index.to_owned(),
            columns: Columns::default(),
            times,
            last_time: None,
        });
        self.last = self.open.len() - 1;
        Ok(self.last)
    }
}

/// Counts a bad place of a file; the places of this file begin at `start`.
pub fn note(
    bad: &mut Vec<BadLines>,
    start: usize,
    file: &Path,
    (unit, first): (&'static str, u64),
    why: &str,
) {
    let kinds = bad.len() - start;
    let known = bad[start..].iter().position(|b| b.why == why);
    // Libraries' messages may contain positions: a sample of them is enough.
    if let Some(at) = known.or((kinds >= 8).then(|| kinds - 1)) {
        bad[start + at].count += 1;
        return;
    }
    bad.push(BadLines {
        file: file.to_owned(),
        count: 1,
        unit,
        first,
        why: why.to_owned(),
    });
}

/// The unit of places in text files.
pub const LINE: &str = "line";

/// The index of events that name none.
pub const DEFAULT_INDEX: &str = "main";

/// Returns one of the origin columns as text; nulls are filled if there is a default.
fn base_column(
    frame: &DataFrame,
    name: &str,
    forced: Option<&str>,
    default: &str,
    rows: usize,
) -> polars::prelude::PolarsResult<Column> {
    use polars::prelude::{DataType, IntoColumn as _};
    let constant = |value: &str| {
        Column::new_scalar(name.into(), Scalar::from(PlSmallStr::from_str(value)), rows)
    };
    if let Some(forced) = forced {
        return Ok(constant(forced));
    }
    let Ok(column) = frame.column(name) else {
        return Ok(if default.is_empty() {
            Column::full_null(name.into(), rows, &DataType::String)
        } else {
            constant(default)
        });
    };
    let texts = column.cast(&DataType::String)?;
    if default.is_empty() || texts.null_count() == 0 {
        return Ok(texts);
    }
    let filled: polars::prelude::StringChunked = texts
        .str()?
        .iter()
        .map(|value| Some(value.unwrap_or(default)))
        .collect();
    Ok(filled.with_name(name.into()).into_column())
}

impl EventSink for Batches<'_> {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let options = self.options;
        let origin;
        let source = match options.source.as_deref().or(event.source.as_deref()) {
            Some(source) => source,
            None => {
                origin = self.origin.to_string_lossy().into_owned();
                &origin
            }
        };
        let said = self.sourcetype.take();
        let sourcetype = said.as_deref().or(event.sourcetype.as_deref());
        let sourcetype = sourcetype.unwrap_or("text");
        let index = options.index.as_deref().or(event.index.as_deref());
        let found = self.find(source, sourcetype, index.unwrap_or(DEFAULT_INDEX));
        self.sourcetype = said;
        let at = found?;
        let open = &mut self.open[at];
        let mut time = event.time;
        if let Some((rules, clock)) = &open.times {
            let told = rules.time_of_event(event, clock);
            time = told.or(time).or(open.last_time);
            open.last_time = time;
        }
        let columns = &mut open.columns;
        let before = columns.bytes();
        let host = options.host.as_deref().or(event.host.as_deref());
        columns.push(event, time, host);
        let after = columns.bytes();
        self.open_bytes += after - before;
        self.events += 1;
        if columns.rows() >= MAX_ROWS || after >= MAX_BYTES {
            self.flush(at)?;
        } else if self.open_bytes > MAX_OPEN_BYTES {
            self.flush_all()?;
        }
        Ok(())
    }

    fn bad(&mut self, place: u64, why: &str) {
        self.note(self.unit, place, why);
    }
}
