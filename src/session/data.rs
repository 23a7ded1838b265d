//! Reads what a session searches: files given, the store, data model rows given directly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use polars::prelude::{DataFrame, DataType, LazyFrame, PlRefPath, ScanArgsParquet};

use crate::error::{Error, ErrorKind, Result};
use crate::exec::data::{Data, ModelPart};
use crate::exec::frame::{Frame, polars_error};
use crate::knowledge::shipped;
use crate::read::{self, BadLines, Batch, ReadReport, Skipped};
use crate::session::parts::Parts;
use crate::session::{Progress, Session, index_time, lock, scan, text_rules};

impl Session {
    /// The data, read at the first call.
    ///
    /// # Errors
    /// Files or a store that can't be read.
    pub(crate) fn data(&self) -> Result<&Data> {
        if let Some(data) = self.data.get() {
            return Ok(data);
        }
        let mut data = Data::default();
        if self.options.data.is_empty() {
            self.read_store(&mut data)?;
        } else {
            self.read_files(&mut data)?;
        }
        for file in &self.options.models {
            let known = self.catalog.models.find(&file.model);
            if let Err(why) = known.and_then(|model| model.find(&file.dataset)) {
                // Rows of a model that nobody defined can be searched all the same.
                let hints: String = why.hints.iter().map(|hint| format!("; {hint}")).collect();
                let (model, dataset) = (&file.model, &file.dataset);
                lock(&self.data_notices).push(format!("--model {model}.{dataset}: {why}{hints}"));
            }
            data.models.push(ModelPart {
                model: file.model.clone(),
                dataset: file.dataset.clone(),
                frame: self.model_frame(&file.path)?,
            });
        }
        Ok(self.data.get_or_init(|| data))
    }

    /// How files are read: with the zone, the clock and the configuration of the session.
    pub(super) fn read_options(&self) -> read::Options {
        let now = self.options.now.unwrap_or_else(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64())
        });
        read::Options {
            zone: self.options.zone,
            now: (now * 1e6) as i64,
            rules: Some(text_rules::finder(&self.catalog)),
            ..read::Options::default()
        }
    }

    fn read_files(&self, data: &mut Data) -> Result<()> {
        if let Some(parts) = scan::events(&self.options.data, &self.catalog) {
            data.events = parts;
            return Ok(());
        }
        let options = self.read_options();
        let watch = Watch::new(self, "reading");
        let mut parts = Parts::new(&self.catalog.props);
        let report = self.read_watched(&self.options.data, &options, &mut parts, &watch);
        watch.finish();
        lock(&self.data_notices).extend(report_notices(&report?));
        data.events = parts.finish()?;
        Ok(())
    }

    /// Reads one file, also one of the program's own, into `parts`, without telling progress.
    pub(super) fn read_into(
        &self,
        path: &Path,
        options: &read::Options,
        parts: &mut Parts<'_>,
    ) -> Result<ReadReport> {
        let Some(file) = shipped::file(path) else {
            let watch = Watch::silent();
            return self.read_watched(&[path.to_owned()], options, parts, &watch);
        };
        let mut dropped = 0;
        let report = read::read_bytes(
            &path.to_string_lossy(),
            file.bytes(),
            options,
            &mut |_| (),
            &mut |batch| self.take_batch(batch, parts, &mut dropped),
        );
        self.tell_dropped(dropped);
        report
    }

    fn read_watched(
        &self,
        paths: &[PathBuf],
        options: &read::Options,
        parts: &mut Parts<'_>,
        watch: &Watch,
    ) -> Result<ReadReport> {
        let mut dropped = 0;
        let report = read::read_paths(paths, options, &mut |p| watch.tell(&p), &mut |batch| {
            self.take_batch(batch, parts, &mut dropped)
        });
        self.tell_dropped(dropped);
        report
    }

    fn take_batch(&self, batch: Batch, parts: &mut Parts<'_>, dropped: &mut u64) -> Result<()> {
        self.check_cancelled()?;
        let batches = index_time::apply(self, batch, dropped)?;
        batches.into_iter().for_each(|batch| parts.push(batch));
        Ok(())
    }

    /// Data model rows: Parquet (a file, or a folder of them) read as it is needed, NDJSON and CSV
    /// at once.
    fn model_frame(&self, path: &Path) -> Result<Frame> {
        let meta = std::fs::metadata(path).map_err(|why| Error::file(path, why))?;
        let files = if meta.is_dir() {
            let mut files = parquet_files(path)?;
            files.sort();
            if files.is_empty() {
                return Err(Error::file(
                    path,
                    "there is no .parquet file in this folder",
                ));
            }
            files
        } else if is_parquet(path)? {
            vec![path.to_owned()]
        } else {
            return Ok(Frame::of(read::read_table(path, self.options.zone)?));
        };
        scan_files(&files)
    }

    /// Says that index-time rules dropped events, if they did.
    fn tell_dropped(&self, events: u64) {
        if events > 0 {
            lock(&self.data_notices).push(dropped(events));
        }
    }

    pub(super) fn take_data_notices(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.data_notices))
    }

    pub(super) fn check_cancelled(&self) -> Result<()> {
        if lock(&self.cancelled.0).load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }
}

/// Hands progress on as steps.
struct Watch {
    progress: Option<Arc<dyn Progress>>,
    seen: std::cell::Cell<(u64, u64)>,
    started: std::cell::Cell<bool>,
    what: String,
}

impl Watch {
    fn new(session: &Session, what: &str) -> Watch {
        Watch {
            progress: session
                .progress
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            seen: std::cell::Cell::new((0, 0)),
            started: std::cell::Cell::new(false),
            what: what.to_owned(),
        }
    }

    /// One that tells nobody.
    pub(super) fn silent() -> Watch {
        Watch {
            progress: None,
            seen: std::cell::Cell::new((0, 0)),
            started: std::cell::Cell::new(false),
            what: String::new(),
        }
    }

    fn tell(&self, at: &read::Progress) {
        let Some(progress) = &self.progress else {
            return;
        };
        if !self.started.replace(true) {
            progress.start(&self.what, (at.total > 0).then_some(at.total));
        }
        let (bytes, events) = self.seen.replace((at.bytes, at.events));
        progress.advance(
            at.bytes.saturating_sub(bytes),
            at.events.saturating_sub(events),
        );
    }

    fn finish(&self) {
        if let Some(progress) = &self.progress {
            progress.finish();
        }
    }
}

/// Says that index-time rules dropped events.
pub(super) fn dropped(events: u64) -> String {
    format!("{events} events were dropped: TRANSFORMS rules sent them to nullQueue")
}

/// Smallest and largest `_time`, microseconds since 1970 UTC.
pub(super) fn span(frame: &DataFrame) -> Option<(i64, i64)> {
    let times = frame.column("_time").ok()?.cast(&DataType::Int64).ok()?;
    let times = times.i64().ok()?;
    times.iter().flatten().fold(None, |span, time| {
        let (first, last) = span.unwrap_or((time, time));
        Some((first.min(time), last.max(time)))
    })
}

/// What a reader passed over, a line each.
pub(super) fn report_notices(report: &ReadReport) -> Vec<String> {
    unread(&report.bad, &report.skipped)
}

/// Places and files that could not be read, a line each.
pub(super) fn unread(bad: &[BadLines], skipped: &[Skipped]) -> Vec<String> {
    let bad = bad.iter().map(|bad| {
        let places = if bad.count == 1 { "place" } else { "places" };
        let first = if bad.first_line > 0 {
            format!(", the first at line {}", bad.first_line)
        } else {
            String::new()
        };
        format!(
            "{}: {} {places} could not be read{first}: {}",
            bad.file.display(),
            bad.count,
            bad.why
        )
    });
    let skipped = skipped
        .iter()
        .map(|s| format!("{}: passed over: {}", s.file.display(), s.why));
    bad.chain(skipped).collect()
}

/// Parquet files as one lazy frame.
fn scan_files(files: &[PathBuf]) -> Result<Frame> {
    let paths: Vec<PlRefPath> = files
        .iter()
        .map(|f| PlRefPath::new(f.to_string_lossy().as_ref()))
        .collect();
    let mut lazy = LazyFrame::scan_parquet_files(paths.into(), ScanArgsParquet::default())
        .map_err(polars_error)?;
    let schema = lazy
        .collect_schema()
        .map_err(|e| Error::file(&files[0], e))?;
    Ok(Frame::lazy(lazy, &schema))
}

fn parquet_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|why| Error::file(dir, why))? {
        let path = entry.map_err(|why| Error::file(dir, why))?.path();
        if path.is_dir() {
            found.extend(parquet_files(&path)?);
        } else if path.extension().is_some_and(|e| e == "parquet") {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_parquet(path: &Path) -> Result<bool> {
    use std::io::Read as _;
    let mut start = [0; 4];
    let mut file = std::fs::File::open(path).map_err(|why| Error::file(path, why))?;
    let read = file
        .read(&mut start)
        .map_err(|why| Error::file(path, why))?;
    Ok(read == 4 && &start == b"PAR1")
}
