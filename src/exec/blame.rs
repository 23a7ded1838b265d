//! Errors of knowledge objects that are met while a search runs: the user did not type the rule, so it is
//! switched off with a fault, and the search goes on.

use std::sync::{Arc, Mutex};

use polars::prelude::PolarsResult;

use crate::error::{Error, ErrorKind, Result};
use crate::exec::context::Executor;
use crate::exec::expr::scalar::stop;
use crate::knowledge::Origin;
use crate::knowledge::fault::{Fault, FaultKind, Faults};
use crate::knowledge::models::Dataset;
use crate::knowledge::props::RuleOrigin;
use crate::source::Span;

/// The knowledge object that is to blame for an error.
#[derive(Clone, Debug)]
pub(super) struct Blame {
    pub(super) kind: FaultKind,
    pub(super) origin: Origin,
    pub(super) object: String,
    /// What follows where it can't be applied at all.
    pub(super) effect: &'static str,
    /// A text by which the line is found, where the origin does not know it.
    pub(super) beside: Option<String>,
}

impl Blame {
    /// A rule of `props.conf`.
    pub(super) fn rule(origin: &RuleOrigin) -> Blame {
        Blame {
            kind: FaultKind::FieldRule,
            origin: origin.at.clone(),
            object: origin.object(),
            effect: "the rule is switched off",
            beside: None,
        }
    }

    /// A part of a data set, found in its file by a text.
    pub(super) fn dataset(
        dataset: &Dataset,
        part: &str,
        text: &str,
        effect: &'static str,
    ) -> Blame {
        Blame {
            kind: FaultKind::Model,
            origin: dataset.origin.clone(),
            object: format!("data set `{}`: {part}", dataset.node()),
            effect,
            beside: Some(text.to_owned()),
        }
    }

    fn fault(&self, why: &Error, effect: &'static str) -> Fault {
        let mut text = why.to_string();
        for hint in &why.hints {
            text.push_str("; ");
            text.push_str(hint);
        }
        let found = self.beside.as_ref().map(|text| self.origin.beside(text));
        let origin = found.as_ref().unwrap_or(&self.origin);
        Fault::new(self.kind, origin, self.object.clone(), text, effect)
    }
}

impl Executor<'_> {
    /// What `work` gives, or `None` when it fails and `blame` is to blame: then the fault is kept.
    /// An error in a row, met when the work is computed later, costs that row its value.
    ///
    /// # Errors
    /// The user asked to stop, or an invariant of the program did not hold.
    pub(super) fn blaming<T>(
        &self,
        blame: Blame,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<Option<T>> {
        let outer = self.blame.replace(Some(blame));
        let done = work();
        let blame = self.blame.replace(outer);
        match (done, blame) {
            (Ok(done), _) => Ok(Some(done)),
            (Err(error), Some(blame)) if !is_ours(&error) => {
                let faults = self.context.catalog.faults();
                faults.add(blame.fault(&error, blame.effect));
                Ok(None)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// What becomes of errors in rows of an expression at `span`.
    pub(super) fn row_errors(&self, span: Span) -> RowErrors {
        match &*self.blame.borrow() {
            Some(blame) => RowErrors::Fault(blame.clone(), self.context.catalog.faults().clone()),
            None => RowErrors::Fail(Arc::clone(&self.failure), span),
        }
    }
}

/// Whether an error says nothing about the object that was worked on.
fn is_ours(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Interrupted | ErrorKind::Internal(_))
}

/// What becomes of an error in a row.
#[derive(Clone)]
pub(super) enum RowErrors {
    /// The search fails, at that place.
    Fail(Arc<Mutex<Option<Error>>>, Span),
    /// The row has no value, and the object to blame a fault.
    Fault(Blame, Faults),
}

impl RowErrors {
    /// Reports an error.
    ///
    /// # Errors
    /// The search fails for it.
    pub(super) fn raise(&self, message: String) -> PolarsResult<()> {
        match self {
            RowErrors::Fail(failure, span) => Err(stop(failure, Error::argument(*span, message))),
            RowErrors::Fault(blame, faults) => {
                let effect = "events in which that happens stay without the value";
                faults.add(blame.fault(&Error::data(message), effect));
                Ok(())
            }
        }
    }
}
