//! The library: registers data, loads knowledge, and runs searches.
//!
//! ```
//! use spelunk::{Clock, Events, Spelunk};
//!
//! let spelunk = Spelunk::builder(Clock::At(1_715_774_400.0)).build()?;
//! spelunk.register_events(
//!     "logins",
//!     &Events::from_bytes("{\"_time\":1715770000,\"user\":\"ann\"}\n{\"_time\":1715770001,\"user\":\"ann\"}\n")
//!         .sourcetype("app:login"),
//! )?;
//! let results = spelunk.search("sourcetype=app:login | stats count by user").run()?;
//! let row = results.row(0).expect("one user");
//! assert_eq!(row.get::<String>("user").as_deref(), Some("ann"));
//! assert_eq!(row.get::<i64>("count"), Some(2));
//! # Ok::<(), spelunk::SearchError>(())
//! ```
//!
//! Searches run on the calling thread and return all rows. The system clock is read only with
//! [`Clock::System`].

#[cfg(feature = "arrow")]
mod arrow;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Failure};
use crate::knowledge::fault::Fault;
use crate::report;
use crate::session::prepared::Prepared;
use crate::session::{
    self, CancelHandle, Options, ReplayOptions, Session, Stage, Warning, WarningKind,
};
use crate::value::{Type, Value};

/// An error of a search, of knowledge or of data. Displays as the program draws it: with the line and a
/// caret, if it has a place.
#[derive(Debug)]
#[non_exhaustive]
pub struct SearchError {
    failure: Failure,
}

impl SearchError {
    /// The error without the texts that it points into.
    pub fn error(&self) -> &Error {
        &self.failure.error
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn = report::render(&self.failure.error, &self.failure.sources, false);
        f.write_str(drawn.trim_end())
    }
}

impl std::error::Error for SearchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.failure.error)
    }
}

impl From<Failure> for SearchError {
    fn from(failure: Failure) -> SearchError {
        SearchError { failure }
    }
}

impl From<Error> for SearchError {
    fn from(error: Error) -> SearchError {
        Failure::from(error).into()
    }
}

/// The source of `now()`, from which relative times count.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system clock, read by every search.
    System,
    /// A fixed time in epoch seconds.
    At(f64),
}

/// Builds a [`Spelunk`].
#[derive(Clone, Debug)]
pub struct Builder {
    clock: Clock,
    store: Option<PathBuf>,
    files: Vec<PathBuf>,
    apps: Vec<PathBuf>,
    content: Vec<PathBuf>,
    macros: Vec<PathBuf>,
    zone: Option<chrono_tz::Tz>,
    geoip: Option<PathBuf>,
}

impl Builder {
    /// Searches the store in this folder, and writes to it. Without a store, writes go to a temporary folder.
    pub fn store(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.store = Some(folder.into());
        self
    }

    /// Searches a file or a folder of files instead of the store.
    pub fn files(mut self, path: impl Into<PathBuf>) -> Builder {
        self.files.push(path.into());
        self
    }

    /// Loads a Splunk app directory.
    pub fn app(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.apps.push(folder.into());
        self
    }

    /// Loads a folder in the layout of Splunk's published content: detections, macros, lookups.
    pub fn content(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.content.push(folder.into());
        self
    }

    /// Loads a folder of macros.
    pub fn macros(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.macros.push(folder.into());
        self
    }

    /// The time zone of times that name none; UTC by default.
    pub fn timezone(mut self, zone: chrono_tz::Tz) -> Builder {
        self.zone = Some(zone);
        self
    }

    /// A MaxMind database for `iplocation`.
    pub fn geoip(mut self, file: impl Into<PathBuf>) -> Builder {
        self.geoip = Some(file.into());
        self
    }

    /// Loads the knowledge. Data is read by the first search.
    ///
    /// # Errors
    /// If a folder of knowledge is missing or is not one, or the temporary folder cannot be created.
    pub fn build(self) -> Result<Spelunk, SearchError> {
        let (home, scratch) = match self.store {
            Some(store) => (store, None),
            None => {
                let folder = tempfile::tempdir();
                let folder = folder.map_err(|why| Error::file(&std::env::temp_dir(), why))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        let session = Session::open(Options {
            data: self.files,
            apps: self.apps,
            content: self.content,
            macros: self.macros,
            now: match self.clock {
                Clock::System => None,
                Clock::At(seconds) => Some(seconds),
            },
            zone: self.zone.unwrap_or(chrono_tz::UTC),
            geoip: self.geoip,
            ..Options::new(home)
        })?;
        Ok(Spelunk {
            session,
            _scratch: scratch,
        })
    }
}

/// Events in memory, with the default fields to set on them.
#[derive(Clone, Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
    metadata: ReplayOptions,
}

impl Events {
    /// Text or bytes in any format that files may have; the content decides the format.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Events {
        Events {
            bytes: bytes.into(),
            metadata: ReplayOptions::default(),
        }
    }

    /// The index; `main` by default.
    pub fn index(mut self, index: impl Into<String>) -> Events {
        self.metadata.index = Some(index.into());
        self
    }

    /// The sourcetype; that of the format by default.
    pub fn sourcetype(mut self, sourcetype: impl Into<String>) -> Events {
        self.metadata.sourcetype = Some(sourcetype.into());
        self
    }

    /// The source; the name of the registration by default.
    pub fn source(mut self, source: impl Into<String>) -> Events {
        self.metadata.source = Some(source.into());
        self
    }

    /// The host.
    pub fn host(mut self, host: impl Into<String>) -> Events {
        self.metadata.host = Some(host.into());
        self
    }
}

/// Knowledge and data to search.
pub struct Spelunk {
    session: Session,
    /// Removed when dropped.
    _scratch: Option<tempfile::TempDir>,
}

impl Spelunk {
    /// Returns a builder.
    pub fn builder(clock: Clock) -> Builder {
        Builder {
            clock,
            store: None,
            files: Vec::new(),
            apps: Vec::new(),
            content: Vec::new(),
            macros: Vec::new(),
            zone: None,
            geoip: None,
        }
    }

    /// Adds events to the data of later searches. Returns their number.
    ///
    /// # Errors
    /// If nothing of the bytes can be read.
    pub fn register_events(&self, name: &str, events: &Events) -> Result<u64, SearchError> {
        let registered = self
            .session
            .register_events(name, &events.bytes, &events.metadata)?;
        Ok(registered)
    }

    /// Adds the events of files and folders of files to the data of later searches. Returns their number.
    ///
    /// # Errors
    /// If a path is missing, or nothing of it can be read.
    pub fn register_files<P: Into<PathBuf>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<u64, SearchError> {
        let paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        Ok(self.session.register_files(&paths)?)
    }

    /// A search, to be given a time range or a limit and then run.
    pub fn search(&self, spl: impl Into<String>) -> Search<'_> {
        Search {
            spelunk: self,
            spl: spl.into(),
            earliest: None,
            latest: None,
            limit: None,
        }
    }

    /// Returns a handle that stops running searches from another thread.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.session.cancel_handle()
    }

    /// Warnings about faulty knowledge, with file, line and effect.
    pub fn knowledge_warnings(&self) -> Vec<Warning> {
        let faults = self.session.catalog().faults().all();
        let warning = |fault: &Fault| Warning {
            kind: WarningKind::Knowledge,
            message: fault.to_string(),
        };
        faults.iter().map(warning).collect()
    }
}

/// A search with its time range and limit.
#[derive(Clone)]
pub struct Search<'s> {
    spelunk: &'s Spelunk,
    spl: String,
    earliest: Option<String>,
    latest: Option<String>,
    limit: Option<usize>,
}

impl Search<'_> {
    /// Searches events from this time on: relative (`-24h@h`), an epoch, or ISO 8601. A time in the search takes
    /// precedence.
    pub fn earliest(mut self, time: impl Into<String>) -> Self {
        self.earliest = Some(time.into());
        self
    }

    /// Searches events before this time.
    pub fn latest(mut self, time: impl Into<String>) -> Self {
        self.latest = Some(time.into());
        self
    }

    /// Returns at most this many rows.
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Runs the search.
    ///
    /// # Errors
    /// If the search is wrong or was cancelled, or the data cannot be read at all.
    pub fn run(&self) -> Result<Results, SearchError> {
        self.prepare()?.run()
    }

    /// Parses, plans and optimizes the search once, to run it several times. Its relative times count from now.
    ///
    /// # Errors
    /// If the search is wrong.
    pub fn prepare(&self) -> Result<PreparedSearch<'_>, SearchError> {
        let session = &self.spelunk.session;
        let mut prepared = session.prepare(&self.spl, self.times())?;
        if let Some(limit) = self.limit {
            prepared = prepared.limited(limit);
        }
        Ok(PreparedSearch { session, prepared })
    }

    /// Explains a stage of the search as text. [`Stage::Physical`] is exactly the plan that runs.
    ///
    /// # Errors
    /// As for [`Search::run`].
    pub fn explain(&self, stage: Stage) -> Result<String, SearchError> {
        let session = &self.spelunk.session;
        match stage {
            Stage::Macros | Stage::Ast | Stage::Plan => {
                Ok(session.explain_between(&self.spl, self.times(), stage)?)
            }
            _ => self.prepare()?.explain(stage),
        }
    }

    fn times(&self) -> (Option<&str>, Option<&str>) {
        (self.earliest.as_deref(), self.latest.as_deref())
    }
}

/// A planned search.
pub struct PreparedSearch<'s> {
    session: &'s Session,
    prepared: Prepared,
}

impl PreparedSearch<'_> {
    /// Runs the search on the data as it is now.
    ///
    /// # Errors
    /// If the search was cancelled, or the data cannot be read at all.
    pub fn run(&self) -> Result<Results, SearchError> {
        let found = self.session.run_prepared(&self.prepared)?;
        Ok(Results { found })
    }

    /// Explains a stage from [`Stage::Optimized`] on; earlier ones are as that.
    ///
    /// # Errors
    /// If the data cannot be read at all.
    pub fn explain(&self, stage: Stage) -> Result<String, SearchError> {
        Ok(self.session.explain_prepared(&self.prepared, stage)?)
    }
}

/// The rows of a search, its warnings and statistics.
pub struct Results {
    found: session::SearchResult,
}

impl Results {
    /// Names and types of the columns, in order.
    pub fn schema(&self) -> Vec<(&str, Type)> {
        let types = self.found.rows.types().iter().copied();
        self.found.rows.names().into_iter().zip(types).collect()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.found.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at an index; `None` behind the last.
    pub fn row(&self, index: usize) -> Option<Row<'_>> {
        (index < self.len()).then_some(Row {
            results: self,
            index,
        })
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|index| Row {
            results: self,
            index,
        })
    }

    /// What was skipped, guessed or cut off.
    pub fn warnings(&self) -> &[Warning] {
        &self.found.warnings
    }

    /// The number of events in the data searched.
    pub fn events_scanned(&self) -> u64 {
        self.found.events_scanned
    }

    /// How long planning and running took.
    pub fn elapsed(&self) -> Duration {
        self.found.elapsed
    }
}

/// A row of [`Results`].
#[derive(Clone, Copy)]
pub struct Row<'r> {
    results: &'r Results,
    index: usize,
}

impl<'r> Row<'r> {
    /// The value of a field; [`Value::Null`] if the row does not have it. A time is its epoch seconds.
    pub fn value(&self, name: &str) -> Value<'r> {
        let rows = &self.results.found.rows;
        rows.column_index(name)
            .map_or(Value::Null, |column| rows.value(self.index, column))
    }

    /// The value of a field as a Rust type; `None` if the row does not have it or it cannot be converted.
    pub fn get<T: FromValue>(&self, name: &str) -> Option<T> {
        T::from_value(self.value(name))
    }
}

/// A Rust type that field values convert to.
pub trait FromValue: Sized {
    /// Converts a value; `None` if it cannot be.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<String> {
        value.into_text().map(|text| text.into_owned())
    }
}

impl FromValue for Vec<String> {
    fn from_value(value: Value<'_>) -> Option<Vec<String>> {
        let values = value.into_values().into_iter();
        Some(values.map(|value| value.into_owned()).collect())
    }
}

impl FromValue for f64 {
    fn from_value(value: Value<'_>) -> Option<f64> {
        value.as_number()
    }
}

/// Integers convert from whole numbers in their range.
macro_rules! integers {
    ($($kind:ty),*) => {
        $(impl FromValue for $kind {
            fn from_value(value: Value<'_>) -> Option<$kind> {
                let number = value.as_number()?;
                let whole = number as $kind;
                (whole as f64 == number).then_some(whole)
            }
        })*
    };
}
integers!(i64, u64, i32, u32);
