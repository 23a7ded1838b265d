//! Reports on the results of detections: for readers, build servers, code hosts, and the ATT&CK Navigator.

pub mod html;
pub mod junit;
pub mod navigator;
pub mod sarif;

use std::sync::Arc;

use crate::detect::{DetectionResult, RiskEvent, Status};
use crate::exec::frame::result::Rows;
use crate::knowledge::detection::Detection;

/// The part of a detection's result that reports use.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The detection.
    pub detection: Arc<Detection>,
    /// The outcome.
    pub status: Status,
    /// Why it is unsupported or failed.
    pub reason: Option<String>,
    /// Number of rows.
    pub count: usize,
    /// The rows' columns.
    pub columns: Vec<String>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// The risk events of all rows.
    pub risk: Vec<RiskEvent>,
    /// The earliest time in its rows, in epoch seconds.
    pub first: Option<f64>,
    /// The latest time in its rows.
    pub last: Option<f64>,
    /// The run time.
    pub seconds: f64,
}

/// Facts about the run.
#[derive(Clone, Debug)]
pub struct Ran {
    /// `1,204 events searched in 0.41 s`
    pub searched: String,
    /// The zone in which times are shown.
    pub zone: chrono_tz::Tz,
}

impl Finding {
    /// Builds the finding of a result, with at most `limit` of its rows.
    pub fn of(result: &DetectionResult, limit: usize) -> Finding {
        let count = result.rows.as_ref().map_or(0, Rows::len);
        let (columns, rows) = result
            .rows
            .as_ref()
            .map(|rows| texts(rows, limit))
            .unwrap_or_default();
        Finding {
            detection: Arc::clone(&result.detection),
            status: result.status,
            reason: result.reason.clone(),
            count,
            columns,
            rows,
            risk: result.risk.clone(),
            first: result.first,
            last: result.last,
            seconds: result.seconds,
        }
    }

    /// The highest score of its risk events.
    pub fn score(&self) -> f64 {
        self.risk
            .iter()
            .map(|event| event.score)
            .fold(0.0, f64::max)
    }
}

fn texts(rows: &Rows, limit: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let columns: Vec<String> = rows.names().into_iter().map(str::to_owned).collect();
    let cells = (0..rows.len().min(limit))
        .map(|row| {
            (0..columns.len())
                .map(|column| rows.value(row, column).into_values().join("\n"))
                .collect()
        })
        .collect();
    (columns, cells)
}
