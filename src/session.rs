//! The session: holds catalog, data, clock and limits, and takes a search from text to rows.

mod effects;
mod faults;
mod fields;
mod ingest;
mod large_stack;
mod names;
mod no_rows;
pub(crate) mod prepared;
mod result;
mod workflows;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub use crate::error::Failure;
pub use crate::session::ingest::replay::ReplayOptions;
pub use crate::session::names::NameKind;
pub use crate::session::result::{
    ReplaySummary, RunSummary, SearchResult, Stage, Warning, WarningKind,
};
pub use crate::session::workflows::compare::Comparison;
pub use crate::session::workflows::detection_tests::{TestChoice, TestSummary};
pub use crate::session::workflows::detections::RunChoice;
pub use crate::session::workflows::layout::{FileKind, LaidOut};
pub use crate::session::workflows::lessons::{Attempt, lessons_home};
pub use crate::session::workflows::risk::RiskRetention;
pub use crate::session::workflows::why::MISSES;

use crate::commands::{self, Planner};
use crate::error::{Error, Result};
use crate::exec::Executor;
use crate::exec::frame::result::Rows;
use crate::exec::scan::sources::{DataSources, EventPartition};
use crate::functions::Context;
use crate::knowledge::Catalog;
use crate::knowledge::expand::expand;
use crate::plan::check;
use crate::plan::context::{Limits, QueryContext};
use crate::plan::optimize;
use crate::plan::texts::evaluate;
use crate::plan::tuning::Tuning;
use crate::plan::{Plan, print as plan_print};
use crate::session::ingest::damage::LeftOut;
use crate::session::large_stack::with_large_stack;
use crate::session::prepared::Times;
use crate::source::SourceId;
use crate::syntax::ast::Pipeline;
use crate::syntax::{self, print};
use crate::time;

/// The options of a session.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store's folder.
    pub home: PathBuf,
    /// Files searched instead of the store.
    pub data: Vec<PathBuf>,
    /// Data model rows given directly.
    pub models: Vec<ModelFile>,
    /// Whether to load the shipped apps: data models and field rules.
    pub shipped_apps: bool,
    /// Folders of Splunk app directories.
    pub app_folders: Vec<PathBuf>,
    /// Splunk app directories.
    pub apps: Vec<PathBuf>,
    /// Folders in the layout of Splunk's published content.
    pub content: Vec<PathBuf>,
    /// Folders of macros.
    pub macros: Vec<PathBuf>,
    /// The earliest time to search.
    pub earliest: Option<String>,
    /// The end of the time range, exclusive.
    pub latest: Option<String>,
    /// The value of `now()` in epoch seconds; the clock's time if not given.
    pub now: Option<f64>,
    /// Whether `now()` is just after the last event, unless `now` is given.
    pub now_is_latest: bool,
    /// Whether conditions on `index` hold for all events.
    pub any_index: bool,
    /// The zone of times without one.
    pub zone: chrono_tz::Tz,
    /// A MaxMind database, for `iplocation`.
    pub geoip: Option<PathBuf>,
    /// Whether to report all notices in full.
    pub verbose: bool,
    /// Which optimizer rules run, and from which sizes on. The rows are the same either way.
    pub tuning: Tuning,
}

impl Options {
    /// Options for a store and the shipped content only; times without a zone are UTC.
    pub fn new(home: PathBuf) -> Options {
        Options {
            home,
            data: Vec::new(),
            models: Vec::new(),
            shipped_apps: true,
            app_folders: Vec::new(),
            apps: Vec::new(),
            content: Vec::new(),
            macros: Vec::new(),
            earliest: None,
            latest: None,
            now: None,
            now_is_latest: false,
            any_index: false,
            zone: chrono_tz::UTC,
            geoip: None,
            verbose: false,
            tuning: Tuning::default(),
        }
    }

    /// Whether any knowledge is added to the shipped content.
    pub fn has_knowledge(&self) -> bool {
        let added = [&self.app_folders, &self.apps, &self.content, &self.macros];
        added.iter().any(|paths| !paths.is_empty())
    }
}

/// Rows of a data model's data set, in a file or a folder of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// `Endpoint`
    pub model: String,
    /// `Processes`
    pub dataset: String,
    /// Parquet, NDJSON or CSV.
    pub path: PathBuf,
}

/// Receives the progress of long work.
pub trait Progress: Send + Sync {
    /// The work starts, with its total bytes if known.
    fn start(&self, what: &str, total_bytes: Option<u64>);
    /// This many more bytes and events are done.
    fn advance(&self, bytes: u64, events: u64);
    /// The work is done.
    fn finish(&self);
}

/// Stops a session's searches from another thread.
#[derive(Clone, Debug)]
pub struct CancelHandle(Arc<Mutex<Arc<AtomicBool>>>);

impl CancelHandle {
    /// Stops the running search as soon as possible.
    pub fn cancel(&self) {
        lock(&self.0).store(true, Ordering::Relaxed);
    }

    /// Lets the next search run; searches already stopped stay stopped.
    pub fn reset(&self) {
        *lock(&self.0) = Arc::default();
    }
}

/// The knowledge, data and clock of one or more searches.
pub struct Session {
    options: Options,
    catalog: Arc<Catalog>,
    /// The data to search; `None` until it is read.
    data: RwLock<Option<Arc<DataSources>>>,
    /// Events registered by a program that embeds the library, searched after all others.
    registered: Mutex<Vec<EventPartition>>,
    data_notices: Mutex<Vec<String>>,
    /// The damaged parts that searches have found in it.
    left_out: Arc<Mutex<LeftOut>>,
    cancelled: CancelHandle,
    /// Whether many searches run in sequence, as for detections.
    batch_mode: AtomicBool,
    progress: RwLock<Option<Arc<dyn Progress>>>,
}

/// A parsed search, ready to be planned.
struct Compiled {
    context: QueryContext,
    pipeline: Pipeline,
}

impl Session {
    /// Opens a session: reads the knowledge, but not the data. Faults of the knowledge are in
    /// [`Catalog::faults`].
    ///
    /// # Errors
    /// If a knowledge folder is missing or is not one, or a time is invalid.
    pub fn open(options: Options) -> Result<Session> {
        let mut catalog = match options.shipped_apps {
            true => Catalog::shipped()?,
            false => Catalog::shipped_macros()?,
        };
        for dir in &options.content {
            catalog.add_content(dir)?;
        }
        for dir in &options.app_folders {
            catalog.add_apps(dir)?;
        }
        for dir in &options.apps {
            catalog.add_app(dir)?;
        }
        for dir in &options.macros {
            catalog.add_macros(dir)?;
        }
        catalog.add_home(&options.home);
        let session = Session {
            options,
            catalog: Arc::new(catalog),
            data: RwLock::default(),
            registered: Mutex::default(),
            data_notices: Mutex::default(),
            left_out: Arc::default(),
            cancelled: CancelHandle(Arc::default()),
            batch_mode: AtomicBool::new(false),
            progress: RwLock::default(),
        };
        // With the time of the last event the data would have to be read.
        if !session.options.now_is_latest {
            session.context()?;
        }
        Ok(session)
    }

    /// The knowledge.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Sets the receiver of progress reports.
    pub fn set_progress(&self, progress: Arc<dyn Progress>) {
        *self
            .progress
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    /// Returns a handle to stop searches from another thread.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.cancelled.clone()
    }

    /// Runs a search.
    ///
    /// # Errors
    /// If the search or the data is wrong, with the source texts to point into.
    pub fn search(&self, spl: &str) -> Result<SearchResult, Failure> {
        self.search_between(spl, (None, None))
    }

    /// The rows after every command of a search, with the command's text.
    ///
    /// # Errors
    /// As [`Session::search`].
    pub fn steps(&self, spl: &str) -> Result<Vec<(String, SearchResult)>, Failure> {
        with_large_stack(|| self.steps_here(spl))
    }

    fn steps_here(&self, spl: &str) -> Result<Vec<(String, SearchResult)>, Failure> {
        let compiled = self.compile(spl)?;
        let stages = &compiled.pipeline.stages;
        let mut steps = Vec::with_capacity(stages.len());
        for count in 1..=stages.len() {
            let started = Instant::now();
            let part = Pipeline {
                stages: stages[..count].to_vec(),
                span: compiled.pipeline.span,
            };
            let (rows, warnings) = self.run_pipeline(&compiled, &part, count == stages.len())?;
            let answer = SearchResult {
                rows,
                warnings,
                events_scanned: self.event_count(),
                elapsed: started.elapsed(),
            };
            steps.push((print::stage(&stages[count - 1]), answer));
        }
        Ok(steps)
    }

    /// A planning stage of a search as text.
    ///
    /// # Errors
    /// As [`Session::search`].
    pub fn explain(&self, spl: &str, stage: Stage) -> Result<String, Failure> {
        self.explain_between(spl, (None, None), stage)
    }

    /// A planning stage of a search over a time range.
    ///
    /// # Errors
    /// As [`Session::search`].
    pub(crate) fn explain_between(
        &self,
        spl: &str,
        times: Times<'_>,
        stage: Stage,
    ) -> Result<String, Failure> {
        with_large_stack(|| self.explain_here(self.context_between(times)?, spl, stage))
    }

    fn explain_here(
        &self,
        context: QueryContext,
        spl: &str,
        stage: Stage,
    ) -> Result<String, Failure> {
        if stage == Stage::Macros {
            let expanded = self.expand(&context, spl)?;
            return Ok(text_of(&context, expanded));
        }
        let compiled = self.compile_in(context, spl)?;
        if stage == Stage::Ast {
            return Ok(print::pipeline(&compiled.pipeline, print::Layout::Lines));
        }
        let fail = |error| failure(&compiled.context, error);
        let plan = self.plan(&compiled, &compiled.pipeline).map_err(fail)?;
        if stage == Stage::Plan {
            return Ok(plan_print::plan(&plan));
        }
        let plan = optimize::logical(plan, &self.options.tuning);
        self.explain_plan(&compiled.context, &plan, stage)
    }

    /// A stage of a plan after the logical rules.
    fn explain_plan(
        &self,
        context: &QueryContext,
        plan: &Plan,
        stage: Stage,
    ) -> Result<String, Failure> {
        if stage == Stage::Optimized {
            return Ok(plan_print::plan(plan));
        }
        let explain = |data: &DataSources| {
            let executor = Executor::new(context, data);
            let physical = executor.physical(plan)?;
            match stage {
                Stage::Physical => Ok(plan_print::plan(physical.plan())),
                _ => executor.explain(&physical),
            }
        };
        let fail = |error| failure(context, error);
        self.on_data(context, explain).map_err(fail)
    }

    fn compile(&self, spl: &str) -> Result<Compiled, Failure> {
        self.compile_in(self.context()?, spl)
    }

    fn compile_in(&self, context: QueryContext, spl: &str) -> Result<Compiled, Failure> {
        let expanded = self.expand(&context, spl)?;
        let text = text_of(&context, expanded);
        let pipeline = syntax::parse(expanded, &text, &commands::shape_of)
            .map_err(|error| failure(&context, error))?;
        Ok(Compiled { context, pipeline })
    }

    fn expand(&self, context: &QueryContext, spl: &str) -> Result<SourceId, Failure> {
        let typed = lock(&context.sources).add("search", spl);
        self.expand_macros(context, typed)
            .map_err(|error| failure(context, error))
    }

    fn expand_macros(&self, context: &QueryContext, typed: SourceId) -> Result<SourceId> {
        let mut sources = lock(&context.sources);
        let evaluate = |text: &str, fields: &[(&str, &str)]| evaluate(context, text, fields);
        expand(&mut sources, typed, &self.catalog.macros, &evaluate)
    }

    fn plan(&self, compiled: &Compiled, pipeline: &Pipeline) -> Result<Plan> {
        let plan = Planner::new(&compiled.context).pipeline(pipeline)?;
        check::check(&plan)?;
        Ok(plan)
    }

    fn run_pipeline(
        &self,
        compiled: &Compiled,
        pipeline: &Pipeline,
        writes: bool,
    ) -> Result<(Rows, Vec<Warning>), Failure> {
        let plan = self.optimized(compiled, pipeline)?;
        self.run_plan(&compiled.context, &plan, writes)
    }

    fn optimized(&self, compiled: &Compiled, pipeline: &Pipeline) -> Result<Plan, Failure> {
        let plan = self
            .plan(compiled, pipeline)
            .map_err(|error| failure(&compiled.context, error))?;
        Ok(optimize::logical(plan, &self.options.tuning))
    }

    fn run_plan(
        &self,
        context: &QueryContext,
        plan: &Plan,
        writes: bool,
    ) -> Result<(Rows, Vec<Warning>), Failure> {
        let fail = |error| failure(context, error);
        let run = |data: &DataSources| Executor::new(context, data).run(plan);
        let rows = match plan.reads_data() {
            true => self.on_data(context, run),
            false => run(&DataSources::default()),
        };
        let mut rows = rows.map_err(fail)?;
        let effects = std::mem::take(&mut *lock(&context.pending_writes));
        if writes {
            self.perform(effects).map_err(fail)?;
        }
        if !plan.columns_are_chosen() {
            rows = rows.without_empty_columns();
        }
        let of_kind = |kind, messages: Vec<String>| {
            let warning = move |message| Warning { kind, message };
            messages.into_iter().map(warning)
        };
        let found = std::mem::take(&mut *lock(&context.notices));
        let data = of_kind(WarningKind::Data, self.take_data_notices());
        Ok((
            rows,
            data.chain(of_kind(WarningKind::Search, found)).collect(),
        ))
    }

    /// Parses a time bound into epoch seconds. Returns `None` for an empty text, which is no bound.
    fn bound(&self, what: &str, text: &str, now: f64) -> Result<Option<f64>> {
        if text.is_empty() {
            return Ok(None);
        }
        time::time_modifier(text, now, self.options.zone)
            .map(Some)
            .map_err(|why| Error::usage(format!("{what}: {why}")))
    }

    /// The time in epoch seconds: the session's if it has one, else the clock's.
    fn now(&self) -> f64 {
        self.options.now.unwrap_or_else(clock)
    }

    /// The first full second after the last event; the clock's time without events.
    fn after_last_event(&self) -> Result<f64> {
        let data = self.data()?;
        let last = data
            .events
            .iter()
            .filter_map(|part| part.span)
            .map(|(_, last)| last)
            .max();
        Ok(match last {
            Some(micros) => (micros as f64 / 1e6).floor() + 1.0,
            None => clock().floor(),
        })
    }

    /// The initial context of a search.
    fn context(&self) -> Result<QueryContext> {
        let now = match self.options.now {
            Some(now) => now,
            None if self.options.now_is_latest => self.after_last_event()?,
            None => clock().floor(),
        };
        let zone = self.options.zone;
        let bound = |what: &str, text: &Option<String>| match text {
            Some(text) => self.bound(what, text, now),
            None => Ok(None),
        };
        Ok(QueryContext {
            catalog: Arc::clone(&self.catalog),
            given_models: self
                .options
                .models
                .iter()
                .map(|m| m.model.clone())
                .collect(),
            clock: Context { now, zone },
            earliest: bound("--earliest", &self.options.earliest)?,
            latest: bound("--latest", &self.options.latest)?,
            limits: Limits::configured(&self.catalog),
            tuning: self.options.tuning.clone(),
            home: self.options.home.clone(),
            geoip: self.options.geoip.clone(),
            verbose: self.options.verbose,
            any_index: self.options.any_index,
            pending_writes: Arc::default(),
            warn_missing_fields: !self.batch_mode.load(Ordering::Relaxed),
            cache_model_rows: self.batch_mode.load(Ordering::Relaxed),
            cancelled: Arc::clone(&lock(&self.cancelled.0)),
            unreadable: Arc::default(),
            notices: Arc::default(),
            sources: Arc::default(),
            read_texts: Arc::default(),
            event_types: Arc::default(),
            inside: Vec::new(),
        })
    }
}

/// The system clock in epoch seconds.
fn clock() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

fn text_of(context: &QueryContext, source: SourceId) -> String {
    lock(&context.sources).get(source).text.clone()
}

fn failure(context: &QueryContext, error: Error) -> Failure {
    Failure {
        error,
        sources: lock(&context.sources).clone(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
