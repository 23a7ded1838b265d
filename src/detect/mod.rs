//! Detections: run them, and make risk events of their rows.

pub mod attack;
pub mod check;
pub mod compare;
pub mod difference;
pub mod lint;
mod message;
pub mod report;
mod risk;
pub mod risk_index;
pub mod selection;
pub mod test;
pub mod why;

use std::sync::Arc;

pub use crate::detect::risk::{RiskEvent, Threat, makes_risk, reads_risk};

use crate::error::{Error, ErrorKind};
use crate::exec::rows::Rows;
use crate::knowledge::detection::Detection;
use crate::source::SourceMap;

/// How a detection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It found something.
    Rows,
    /// It found nothing.
    Empty,
    /// It needs something that is not supported.
    Refused,
    /// Its search or the data is wrong.
    Error,
}

/// An error with the texts it points into.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// The texts of the search.
    pub sources: SourceMap,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure {
            error,
            sources: SourceMap::new(),
        }
    }
}

/// What one detection gave.
#[derive(Debug)]
pub struct DetectionResult {
    /// The detection.
    pub detection: Arc<Detection>,
    /// How it ended.
    pub status: Status,
    /// Why it was refused or failed.
    pub reason: Option<String>,
    /// Its rows.
    pub rows: Option<Rows>,
    /// The risk events of its rows.
    pub risk: Vec<RiskEvent>,
    /// When the first of what its rows tell of happened, in epoch seconds.
    pub first: Option<f64>,
    /// When the last happened.
    pub last: Option<f64>,
    /// How long it took.
    pub seconds: f64,
    /// The error, to be drawn.
    pub failure: Option<Failure>,
}

/// Runs a detection by `search`, which runs SPL, and makes its risk events.
pub fn run(
    detection: &Arc<Detection>,
    search: impl FnOnce(&str) -> Result<Rows, Failure>,
) -> DetectionResult {
    let started = std::time::Instant::now();
    let outcome = match &detection.broken {
        Some(why) => Err(Failure::from(Error::new(why.clone()))),
        None => search(&detection.search),
    };
    let mut result = DetectionResult {
        detection: Arc::clone(detection),
        status: Status::Empty,
        reason: None,
        rows: None,
        risk: Vec::new(),
        first: None,
        last: None,
        seconds: started.elapsed().as_secs_f64(),
        failure: None,
    };
    match outcome {
        Ok(rows) => {
            if !rows.is_empty() {
                result.status = Status::Rows;
                result.first = extreme(&rows, &["firstTime", "first_time", "_time"], f64::min);
                result.last = extreme(&rows, &["lastTime", "last_time", "_time"], f64::max);
                result.risk = risk::events(detection, &rows);
            }
            result.rows = Some(rows);
        }
        Err(failure) => {
            result.status = if is_refusal(&failure.error) || lacks_knowledge(&failure.error) {
                Status::Refused
            } else {
                Status::Error
            };
            result.reason = Some(failure.error.to_string());
            result.failure = Some(failure);
        }
    }
    result
}

/// Whether an error says that something is not supported, rather than wrong.
pub fn is_refusal(error: &Error) -> bool {
    let refusal = |e: &Error| {
        matches!(
            *e.kind,
            ErrorKind::UnsupportedCommand { .. }
                | ErrorKind::UnsupportedFunction { .. }
                | ErrorKind::UnknownLearned(_)
        )
    };
    refusal(error) && error.others.iter().all(refusal)
}

/// Whether an error says that a lookup or a data model is not there that a search asks for. What
/// is published asks for tables that baselines, other apps and the user's own lists bring.
pub fn lacks_knowledge(error: &Error) -> bool {
    matches!(
        *error.kind,
        ErrorKind::UnknownLookup(_) | ErrorKind::UnknownModel(_) | ErrorKind::UnknownDataset { .. }
    )
}

/// The first or last time in the first of those columns that has times.
fn extreme(rows: &Rows, columns: &[&str], pick: fn(f64, f64) -> f64) -> Option<f64> {
    let names = rows.names();
    columns.iter().find_map(|wanted| {
        let column = names.iter().position(|name| name == wanted)?;
        let values = (0..rows.len()).flat_map(|row| rows.value(row, column).into_values());
        values.filter_map(|text| epoch(&text)).reduce(pick)
    })
}

/// A time as searches leave it: epoch seconds, or what `security_content_ctime` makes of them.
fn epoch(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let civil: chrono::NaiveDateTime = text.trim().parse().ok()?;
    Some(civil.and_utc().timestamp() as f64)
}
