//! Faults of knowledge objects: an error in a configuration file, and its effect.
//!
//! Loading knowledge never fails. As with a bad stanza in Splunk, a fault is a warning that names file and
//! line, and it disables the smallest unit that contains it: a key, a rule, a stanza, a file. Only objects
//! that a search itself names (a macro, a lookup, a transform) can raise an error in that search.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexSet;

use crate::error::{Error, ErrorKind};

use super::yaml::Origin;

/// The kind of object that a fault disables; `check` has a lint for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultKind {
    /// A file, or a line of it, that can't be read.
    File,
    /// A macro.
    Macro,
    /// A lookup's definition or its table.
    Lookup,
    /// A search-time field rule: `EXTRACT`, `REPORT`, `FIELDALIAS`, `EVAL`, `LOOKUP`.
    FieldRule,
    /// An index-time rule: `TRANSFORMS`, `RULESET`, `SEDCMD`.
    IndexRule,
    /// A setting with an invalid value.
    Setting,
    /// The pattern of a `[source::...]` or `[host::...]` stanza.
    Stanza,
    /// An event type.
    EventType,
    /// A data model, or part of one.
    Model,
    /// The metadata or the tests of a detection.
    Detection,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// The kind of the faulty object.
    pub kind: FaultKind,
    /// File and line.
    pub origin: Origin,
    /// The object: ``[ferry:log] EVAL-line``, ``macro `tariff` ``; empty for a line of a file.
    pub object: String,
    /// The reason.
    pub why: String,
    /// The effect: a clause such as "the rule is switched off".
    pub effect: &'static str,
}

impl Fault {
    /// A fault of `object` at `origin`.
    pub fn new(
        kind: FaultKind,
        origin: &Origin,
        object: impl Into<String>,
        why: impl fmt::Display,
        effect: &'static str,
    ) -> Fault {
        Fault {
            kind,
            origin: origin.clone(),
            object: object.into(),
            why: why.to_string(),
            effect,
        }
    }

    /// A fault of the file `path` as a whole, or of the line that `error` names.
    pub fn of_file(path: &Path, error: &Error, effect: &'static str) -> Fault {
        let (line, why) = match &*error.kind {
            ErrorKind::Format { line, why, .. } => (*line, why.clone()),
            ErrorKind::File { why, .. } => (0, why.clone()),
            _ => (0, error.to_string()),
        };
        let origin = Origin {
            path: path.to_owned(),
            line,
        };
        Fault::new(FaultKind::File, &origin, "", why, effect)
    }

    /// The object, the reason and the effect, without the position.
    pub fn message(&self) -> String {
        match self.object.as_str() {
            "" => format!("{}; {}", self.why, self.effect),
            object => format!("{object}: {}; {}", self.why, self.effect),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.message())
    }
}

/// The faults of a session's knowledge, without duplicates. Clones share one log: rules are compiled when
/// events first need them, long after the knowledge was loaded.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    found: IndexSet<Fault>,
    /// How many of them [`Faults::take_new`] has returned.
    taken: usize,
}

impl Faults {
    /// Adds a fault unless it is already present.
    pub fn add(&self, fault: Fault) {
        self.log().found.insert(fault);
    }

    /// All faults, in the order in which they were found.
    pub fn all(&self) -> Vec<Fault> {
        self.log().found.iter().cloned().collect()
    }

    /// The faults found since the last call.
    pub fn take_new(&self) -> Vec<Fault> {
        let mut log = self.log();
        let new = log.found.iter().skip(log.taken).cloned().collect();
        log.taken = log.found.len();
        new
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Fault, FaultKind, Faults};
    use crate::knowledge::Origin;

    #[test]
    fn a_fault_is_reported_once() {
        let origin = Origin {
            path: PathBuf::from("props.conf"),
            line: 3,
        };
        let fault = |why: &str| {
            Fault::new(
                FaultKind::FieldRule,
                &origin,
                "[a] EVAL-x",
                why,
                "the rule is switched off",
            )
        };
        let faults = Faults::default();
        let shared = faults.clone();
        shared.add(fault("one"));
        faults.add(fault("one"));
        assert_eq!(faults.take_new(), [fault("one")]);
        faults.add(fault("two"));
        assert_eq!(
            shared.take_new()[0].to_string(),
            "props.conf:3: [a] EVAL-x: two; the rule is switched off"
        );
        assert!(faults.take_new().is_empty());
        assert_eq!(faults.all().len(), 2);
    }
}
