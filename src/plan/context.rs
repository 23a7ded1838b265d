//! What planning and evaluation may know of the search around them.

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

/// Bounds that a search keeps; Splunk's defaults.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Rows a subsearch gives as search terms.
    pub subsearch_rows: usize,
    /// Rows a `join` or `append` takes from its subsearch.
    pub join_rows: usize,
    /// Rows a `join` makes where rows have several partners. Splunk has no such bound but the disk
    /// that a search may use.
    pub joined_rows: usize,
    /// Values `list()` keeps.
    pub list_values: usize,
}

impl Limits {
    /// Splunk's defaults, or what `limits.conf` says: `[subsearch] maxout`, `[join]
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

/// Everything a search shares while it is planned and run.
#[derive(Clone)]
pub struct QueryContext {
    /// The knowledge objects.
    pub catalog: Arc<Catalog>,
    /// Names of the data models whose rows are given directly.
    pub given_models: Vec<String>,
    /// Clock and zone.
    pub clock: Context,
    /// Only what happened at or after this epoch second is searched.
    pub earliest: Option<f64>,
    /// Only what happened before this epoch second is searched.
    pub latest: Option<f64>,
    /// Bounds.
    pub limits: Limits,
    /// Switches and thresholds of the optimizer.
    pub tuning: Tuning,
    /// Whether rows made for a data model are kept in memory for the searches after this one:
    /// worth it when many searches read the same data set.
    pub cache_model_rows: bool,
    /// Whether fields that no row has are told: of use to whoever types a search, noise where
    /// published ones run by the hundred.
    pub warn_missing_fields: bool,
    /// The folder of the store, and of the tables that searches write.
    pub home: PathBuf,
    /// The MaxMind database that tells where addresses are, when the user named one.
    pub geoip: Option<PathBuf>,
    /// What the search writes once it has succeeded.
    pub pending_writes: Arc<Mutex<Vec<Effect>>>,
    /// Whether rows could not be read while the search ran: a file may be damaged.
    pub unreadable: Arc<AtomicBool>,
    /// Whether the user wants to be told everything.
    pub verbose: bool,
    /// Set when the user asks to stop.
    pub cancelled: Arc<AtomicBool>,
    /// Things worth knowing that are no errors.
    pub notices: Arc<Mutex<Vec<String>>>,
    /// All texts of the search; grows when a command parses more.
    pub sources: Arc<Mutex<SourceMap>>,
    /// Texts of knowledge objects that were read: the same event types, constraints and calculated
    /// fields are asked for by every source and data set.
    pub read_texts: Arc<ParseCache>,
    /// The searches of event types, read when the search first asks for them.
    pub event_types: Arc<EventTypes>,
    /// The knowledge objects whose searches the planned text is part of, the outermost first:
    /// saved searches and data models may name each other.
    pub inside: Vec<String>,
}

/// How deep the searches of knowledge objects may call each other.
const MAX_INSIDE: usize = 20;

/// What texts say that the search read.
#[derive(Default)]
pub struct ParseCache {
    searches: Mutex<HashMap<String, Search>>,
    expressions: Mutex<HashMap<String, Expr>>,
    plans: Mutex<HashMap<String, Arc<Plan>>>,
}

impl ParseCache {
    /// The search expression of a text, read by `read` at the first call.
    ///
    /// # Errors
    /// As `read`.
    pub fn search(&self, text: &str, read: impl FnOnce() -> Result<Search>) -> Result<Search> {
        kept(&self.searches, text, read)
    }

    /// The same for an expression.
    ///
    /// # Errors
    /// As `read`.
    pub fn expression(&self, text: &str, read: impl FnOnce() -> Result<Expr>) -> Result<Expr> {
        kept(&self.expressions, text, read)
    }

    /// The same for the plan of a search, which may hang on more than its text: `key` tells all.
    ///
    /// # Errors
    /// As `read`.
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
    /// The object is being planned already, so that it would call itself without end, or calls go
    /// too deep.
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

    /// The search that an event of that type satisfies; `None` when there is no such type, or a
    /// fault switches it off.
    pub fn event_type(&self, name: &str) -> Option<Arc<Search>> {
        self.event_types.search(self, name)
    }

    /// Says something that is no error; once each.
    pub fn notice(&self, text: impl Into<String>) {
        let text = text.into();
        if let Ok(mut notices) = self.notices.lock()
            && !notices.contains(&text)
        {
            notices.push(text);
        }
    }

    /// Has something written when the search has succeeded.
    pub fn effect(&self, effect: Effect) {
        if let Ok(mut effects) = self.pending_writes.lock() {
            effects.push(effect);
        }
    }

    /// Whether there is nothing to tell, and nothing to write.
    pub fn is_quiet(&self) -> bool {
        let is_silent = self.notices.lock().is_ok_and(|notices| notices.is_empty());
        is_silent
            && self
                .pending_writes
                .lock()
                .is_ok_and(|effects| effects.is_empty())
    }

    /// Says that a field the search names is nowhere in the rows, with the nearest name there is.
    pub fn missing_field(&self, name: &str, schema: &Schema) {
        if !self.warn_missing_fields || schema.is_empty() || name.starts_with("__") {
            return;
        }
        let near = nearest(name, schema.keys().map(String::as_str))
            .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        self.notice(format!("no row has the field `{name}`{near}"));
    }

    /// Fails when the user asked to stop.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`].
    pub fn check_cancelled(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Interrupted));
        }
        Ok(())
    }
}
