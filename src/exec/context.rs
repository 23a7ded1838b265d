//! The context of an execution: what all operators of a search share. Operators, scans and rules are methods and
//! functions over it; it knows none of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::exec::blame::Blame;
use crate::exec::frame::Frame;
use crate::exec::scan::sources::DataSources;
use crate::plan::Plan;
use crate::plan::context::QueryContext;
use crate::plan::names::{DEFAULT_FIELDS, referenced_names};

/// Lowers and runs the plans of one search.
pub struct Executor<'e> {
    /// Catalog, clock, limits, notices.
    pub context: &'e QueryContext,
    /// Where rows come from.
    pub data: &'e DataSources,
    /// Events with their search-time fields, if computed before.
    pub(in crate::exec) precomputed_events: Option<Frame>,
    pub(in crate::exec) failure: Arc<Mutex<Option<Error>>>,
    /// Steps lowered since frames were last collected.
    pub(in crate::exec) lowered_steps: Cell<usize>,
    /// The rows of each open `Scan::Binding`, the innermost last.
    pub(in crate::exec) bindings: RefCell<Vec<Frame>>,
    /// Whether all fields of the events are needed: then they are computed at once, because Polars is slow
    /// on large plans.
    pub(in crate::exec) materialize_all: bool,
    /// Whether this search comes from a knowledge object: its missing fields are not reported.
    pub(in crate::exec) is_of_knowledge: Cell<bool>,
    /// The knowledge object that is to blame for errors of what is made ready.
    pub(in crate::exec) blame: RefCell<Option<Blame>>,
    /// The default fields that executed plans name.
    pub(in crate::exec) referenced_default_fields: RefCell<BTreeSet<&'static str>>,
}

impl<'e> Executor<'e> {
    /// An executor over that data.
    pub fn new(context: &'e QueryContext, data: &'e DataSources) -> Executor<'e> {
        Executor {
            context,
            data,
            precomputed_events: None,
            failure: Arc::default(),
            lowered_steps: Cell::new(0),
            bindings: RefCell::default(),
            is_of_knowledge: Cell::new(false),
            materialize_all: false,
            blame: RefCell::default(),
            referenced_default_fields: RefCell::default(),
        }
    }

    /// An executor for the search of a knowledge object, with a context of its own.
    pub(in crate::exec) fn inside<'o>(&'o self, context: &'o QueryContext) -> Executor<'o> {
        Executor {
            context,
            ..self.with_sources(self.data, self.precomputed_events.clone())
        }
    }

    /// An executor over other data that reports its failures here.
    pub(in crate::exec) fn with_sources<'o>(
        &'o self,
        data: &'o DataSources,
        ready: Option<Frame>,
    ) -> Executor<'o> {
        Executor {
            context: self.context,
            data,
            precomputed_events: ready,
            failure: Arc::clone(&self.failure),
            lowered_steps: Cell::new(0),
            bindings: self.bindings.clone(),
            is_of_knowledge: self.is_of_knowledge.clone(),
            materialize_all: self.materialize_all,
            blame: self.blame.clone(),
            referenced_default_fields: self.referenced_default_fields.clone(),
        }
    }

    /// Runs `run` with warnings and writes discarded: for probes, whose warnings the plan itself repeats.
    pub(in crate::exec) fn dry_run<R>(&self, run: impl FnOnce(&Executor<'_>) -> R) -> R {
        let quiet = QueryContext {
            warn_missing_fields: false,
            notices: Arc::default(),
            pending_writes: Arc::default(),
            ..self.context.clone()
        };
        run(&Executor::new(&quiet, self.data))
    }

    /// Runs a plan with the default fields that it names, which events then have.
    pub(in crate::exec) fn naming<R>(&self, plan: &Plan, run: impl FnOnce() -> R) -> R {
        let names = referenced_names(plan, &DEFAULT_FIELDS);
        let outer = self.referenced_default_fields.borrow().clone();
        self.referenced_default_fields.borrow_mut().extend(names);
        let result = run();
        *self.referenced_default_fields.borrow_mut() = outer;
        result
    }

    /// Compiles the search of a knowledge object: the user did not type it, so its missing fields are not
    /// reported.
    pub(in crate::exec) fn of_knowledge<R>(&self, run: impl FnOnce() -> R) -> R {
        struct Restore<'c>(&'c Cell<bool>, bool);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let _restore = Restore(&self.is_of_knowledge, self.is_of_knowledge.replace(true));
        run()
    }
}
