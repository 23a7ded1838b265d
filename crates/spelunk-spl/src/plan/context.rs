//! The context of a search, shared by planning and evaluation.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind, Result, nearest};
use crate::functions::Context;
use crate::knowledge::Catalog;
use crate::plan::Plan;
use crate::plan::effects::Effect;
use crate::plan::event_types::EventTypes;
use crate::plan::schema::Schema;
use crate::plan::tuning::Tuning;
use crate::source::SourceMap;
use crate::syntax::ast::{Expr, Search};

/// Limits of a search; the defaults are Splunk's.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Maximum rows of a subsearch used as search terms.
    pub subsearch_rows: usize,
    /// Maximum rows that a `join` or `append` takes from its subsearch.
    pub join_rows: usize,
    /// Maximum rows that a `join` returns if keys match several rows. Splunk has no such limit
    /// except the disk space that a search may use.
    pub joined_rows: usize,
    /// Maximum values that `list()` keeps.
    pub list_values: usize,
}

impl Limits {
    /// Splunk's defaults, overridden by `limits.conf`: `[subsearch] maxout`, `[join]
    /// subsearch_maxout`, `[stats] list_maxsize`.
    pub fn configured(catalog: &Catalog) -> Limits {
        let defaults = Limits::default();
        let or = |stanza: &str, key: &str, default| catalog.limit(stanza, key).unwrap_or(default);
        Limits {
            subsearch_rows: or("subsearch", "maxout", defaults.subsearch_rows),
            join_rows: or("join", "subsearch_maxout", defaults.join_rows),
            joined_rows: defaults.joined_rows,
            list_values: or("stats", "list_maxsize", defaults.list_values),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            subsearch_rows: 10_000,
            join_rows: 50_000,
            joined_rows: 10_000_000,
            list_values: 100,
        }
    }
}

/// State that a search shares between planning and execution.
#[derive(Clone)]
pub struct QueryContext {
    /// The knowledge objects.
    pub catalog: Arc<Catalog>,
    /// Names of the data models with registered rows.
    pub given_models: Vec<String>,
    /// Clock and time zone.
    pub clock: Context,
    /// Searches only events at or after this epoch second.
    pub earliest: Option<f64>,
    /// Searches only events before this epoch second.
    pub latest: Option<f64>,
    /// Limits.
    pub limits: Limits,
    /// Switches and thresholds of the optimizer.
    pub tuning: Tuning,
    /// Whether rows built for a data model stay in memory for later searches: worthwhile if many
    /// searches read the same data set.
    pub cache_model_rows: bool,
    /// Whether to warn about fields that no row has: useful while typing a search, noise if
    /// published ones run by the hundred.
    pub warn_missing_fields: bool,
    /// The folder of the store, and of the tables that searches write.
    pub home: PathBuf,
    /// The MaxMind database for `iplocation`, if the user named one.
    pub geoip: Option<PathBuf>,
    /// The writes to perform once the search has succeeded.
    pub pending_writes: Arc<Mutex<Vec<Effect>>>,
    /// Whether rows could not be read during the search: a file may be damaged.
    pub unreadable: Arc<AtomicBool>,
    /// Whether the user asked for verbose output.
    pub verbose: bool,
    /// Whether conditions on `index` hold for all events.
    pub any_index: bool,
    /// Set when the user cancels.
    pub cancelled: Arc<AtomicBool>,
    /// Notices that are not errors.
    pub notices: Arc<Mutex<Vec<String>>>,
    /// All source texts of the search; grows as commands parse more.
    pub sources: Arc<Mutex<SourceMap>>,
    /// Parsed texts of knowledge objects: every source and data set asks for the same event types,
    /// constraints and calculated fields.
    pub read_texts: Arc<ParseCache>,
    /// The searches of event types, read on first use.
    pub event_types: Arc<EventTypes>,
    /// The knowledge objects whose searches contain the planned text, outermost first: saved
    /// searches and data models may refer to each other.
    pub inside: Vec<String>,
}

/// The maximum depth of calls between the searches of knowledge objects.
const MAX_INSIDE: usize = 20;

/// A cache of parsed texts.
#[derive(Default)]
pub struct ParseCache {
    searches: Mutex<HashMap<String, Search>>,
    expressions: Mutex<HashMap<String, Expr>>,
    plans: Mutex<HashMap<String, Arc<Plan>>>,
}

impl ParseCache {
    /// Returns the search expression of a text, parsed by `read` on the first call.
    ///
    /// # Errors
    /// If `read` fails.
    pub fn search(&self, text: &str, read: impl FnOnce() -> Result<Search>) -> Result<Search> {
        kept(&self.searches, text, read)
    }

    /// Like [`ParseCache::search`], for an expression.
    ///
    /// # Errors
    /// If `read` fails.
    pub fn expression(&self, text: &str, read: impl FnOnce() -> Result<Expr>) -> Result<Expr> {
        kept(&self.expressions, text, read)
    }

    /// Like [`ParseCache::search`], for the plan of a search, which may depend on more than its
    /// text: `key` contains all of that.
    ///
    /// # Errors
    /// If `read` fails.
    pub fn plan(&self, key: &str, read: impl FnOnce() -> Result<Plan>) -> Result<Arc<Plan>> {
        kept(&self.plans, key, || read().map(Arc::new))
    }
}

fn kept<T: Clone>(
    known: &Mutex<HashMap<String, T>>,
    text: &str,
    read: impl FnOnce() -> Result<T>,
) -> Result<T> {
    if let Ok(known) = known.lock()
        && let Some(found) = known.get(text)
    {
        return Ok(found.clone());
    }
    let found = read()?;
    if let Ok(mut known) = known.lock() {
        known.insert(text.to_owned(), found.clone());
    }
    Ok(found)
}

impl QueryContext {
    /// The context for the search of a knowledge object: ``saved search `a` ``.
    ///
    /// # Errors
    /// If the object is already being planned, so that it would call itself forever, or calls are
    /// nested too deep.
    pub fn within(&self, object: &str) -> Result<QueryContext> {
        if self.inside.iter().any(|outer| outer == object) {
            let chain = self.inside.iter().map(String::as_str).chain([object]);
            let chain: Vec<&str> = chain.collect();
            let why = format!("the {object} calls itself: {}", chain.join(" -> "));
            return Err(Error::new(ErrorKind::TooLarge(why)));
        }
        if self.inside.len() >= MAX_INSIDE {
            let why = format!(
                "the searches of knowledge objects call each other more than {MAX_INSIDE} deep"
            );
            return Err(Error::new(ErrorKind::TooLarge(why)));
        }
        let mut inner = self.clone();
        inner.inside.push(object.to_owned());
        Ok(inner)
    }

    /// The search of an event type. Returns `None` if there is no such event type, or a fault
    /// switches it off.
    pub fn event_type(&self, name: &str) -> Option<Arc<Search>> {
        self.event_types.search(self, name)
    }

    /// Adds a notice, once per text.
    pub fn notice(&self, text: impl Into<String>) {
        let text = text.into();
        if let Ok(mut notices) = self.notices.lock()
            && !notices.contains(&text)
        {
            notices.push(text);
        }
    }

    /// Registers a write to perform once the search has succeeded.
    pub fn effect(&self, effect: Effect) {
        if let Ok(mut effects) = self.pending_writes.lock() {
            effects.push(effect);
        }
    }

    /// Whether there are no notices and no pending writes.
    pub fn is_quiet(&self) -> bool {
        let is_silent = self.notices.lock().is_ok_and(|notices| notices.is_empty());
        is_silent
            && self
                .pending_writes
                .lock()
                .is_ok_and(|effects| effects.is_empty())
    }

    /// Warns that no row has a field that the search names, and suggests the nearest name.
    pub fn missing_field(&self, name: &str, schema: &Schema) {
        if !self.warn_missing_fields || schema.is_empty() || name.starts_with("__") {
            return;
        }
        let near = nearest(name, schema.keys().map(String::as_str))
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        self.notice(format!("no row has the field `{name}`{near}"));
    }

    /// Fails if the user cancelled.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn check_cancelled(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }

    /// Fails if the user cancelled; for loops over rows, which ask only now and then.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn check_cancelled_at(&self, row: usize) -> Result<()> {
        match row % 4096 {
            0 => self.check_cancelled(),
            _ => Ok(()),
        }
    }
}
