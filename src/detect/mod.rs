//! Detections: run them, and make risk events of their rows.

pub mod check;
mod message;

use std::path::Path;

use crate::error::{Error, ErrorKind};
use crate::exec::rows::Rows;
use crate::knowledge::detection::Detection;
use crate::source::SourceMap;
use crate::value::Value;

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
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its file.
    pub file: String,
    /// How it ended.
    pub status: Status,
    /// Why it was refused or failed.
    pub reason: Option<String>,
    /// Its rows.
    pub rows: Option<Rows>,
    /// The risk events of its rows.
    pub risk: Vec<RiskEvent>,
    /// How long it took.
    pub seconds: f64,
    /// The error, to be drawn.
    pub failure: Option<Failure>,
}

/// What one row says about one object.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskEvent {
    /// The host, user or other thing at risk.
    pub object: String,
    /// `system`, `user`, `other`.
    pub object_type: String,
    /// Impact × confidence / 100.
    pub score: f64,
    /// The message, fields filled in.
    pub message: String,
}

/// Runs a detection by `search`, which runs SPL, and makes its risk events.
pub fn run(
    detection: &Detection,
    search: impl FnOnce(&str) -> Result<Rows, Failure>,
) -> DetectionResult {
    let started = std::time::Instant::now();
    let outcome = search(&detection.search);
    let mut result = DetectionResult {
        name: detection.name.clone(),
        id: detection.id.clone(),
        file: shown(&detection.path),
        status: Status::Empty,
        reason: None,
        rows: None,
        risk: Vec::new(),
        seconds: started.elapsed().as_secs_f64(),
        failure: None,
    };
    match outcome {
        Ok(rows) => {
            if !rows.is_empty() {
                result.status = Status::Rows;
                result.risk = risk_events(detection, &rows);
            }
            result.rows = Some(rows);
        }
        Err(failure) => {
            result.status = if is_refusal(&failure.error) {
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
            ErrorKind::UnsupportedCommand { .. } | ErrorKind::UnsupportedFunction { .. }
        )
    };
    refusal(error) && error.others.iter().all(refusal)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The risk events of a detection's rows: one for each row and risk object that has a value.
pub fn risk_events(detection: &Detection, rows: &Rows) -> Vec<RiskEvent> {
    let risk = detection.risk();
    // Hunting and correlation searches make no risk.
    if matches!(
        detection
            .kind
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str(),
        "hunting" | "correlation" | "baseline" | "investigation"
    ) {
        return Vec::new();
    }
    let names = rows.names();
    let field = |row: usize, name: &str| -> Value<'_> {
        names
            .iter()
            .position(|n| *n == name)
            .map_or(Value::Null, |column| rows.value(row, column))
    };
    let mut events = Vec::new();
    for row in 0..rows.len() {
        let message = risk
            .message
            .as_deref()
            .map(|template| message::fill(template, |name| field(row, name)));
        for object in &risk.objects {
            for value in field(row, &object.field).into_values() {
                events.push(RiskEvent {
                    object: value.into_owned(),
                    object_type: object.kind.clone(),
                    score: object.score,
                    message: message.clone().unwrap_or_default(),
                });
            }
        }
    }
    events
}
