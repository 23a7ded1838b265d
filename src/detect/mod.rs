//! Detections: runs them and creates risk events from their rows.

pub mod check;
pub mod compare;
pub mod difference;
mod message;
pub mod mitre;
pub mod report;
mod risk;
pub mod risk_index;
pub mod selection;
pub mod test;
pub mod why;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

pub use crate::detect::risk::{RiskEvent, Threat, makes_risk, reads_risk};

use crate::error::{Error, ErrorKind, Failure};
use crate::exec::frame::result::Rows;
use crate::knowledge::detection::Detection;
use crate::value::Value;

/// The outcome of a detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It returned rows.
    Rows,
    /// It returned no rows.
    Empty,
    /// It needs something unsupported.
    Refused,
    /// Its search or the data is wrong.
    Error,
}

/// The result of one detection.
#[derive(Debug)]
pub struct DetectionResult {
    /// The detection.
    pub detection: Arc<Detection>,
    /// The outcome.
    pub status: Status,
    /// Why it is unsupported or failed.
    pub reason: Option<String>,
    /// Its rows.
    pub rows: Option<Rows>,
    /// The risk events of its rows.
    pub risk: Vec<RiskEvent>,
    /// The earliest time in its rows, in epoch seconds.
    pub first: Option<f64>,
    /// The latest time in its rows.
    pub last: Option<f64>,
    /// The run time.
    pub seconds: f64,
    /// The error, with the source texts to render it.
    pub failure: Option<Failure>,
}

/// Runs a detection with `search`, which runs SPL, and creates its risk events.
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
                result.first =
                    extreme(&rows, &["firstTime", "first_time", "_time"], Ordering::Less);
                result.last = extreme(
                    &rows,
                    &["lastTime", "last_time", "_time"],
                    Ordering::Greater,
                );
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

/// Whether an error means that something is unsupported rather than wrong.
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

/// Whether an error means that a lookup or a data model is missing. Published searches use tables that
/// baselines, other apps and the user's own lists provide.
pub fn lacks_knowledge(error: &Error) -> bool {
    matches!(
        *error.kind,
        ErrorKind::UnknownLookup(_) | ErrorKind::UnknownModel(_) | ErrorKind::UnknownDataset { .. }
    )
}

/// The earliest (`Less`) or latest (`Greater`) time in the first of these columns that has times.
fn extreme(rows: &Rows, columns: &[&str], wanted: Ordering) -> Option<f64> {
    let names = rows.names();
    columns.iter().find_map(|name| {
        let column = names.iter().position(|there| there == name)?;
        let mut found: Option<f64> = None;
        let mut take = |seconds: f64| {
            if found.is_none_or(|best| seconds.partial_cmp(&best) == Some(wanted)) {
                found = Some(seconds);
            }
        };
        // Times in the same notation sort like their texts, so few need parsing.
        let mut written: Option<Cow<'_, str>> = None;
        for row in 0..rows.len() {
            let value = rows.value(row, column);
            if let Value::Num(seconds) = value {
                take(seconds);
                continue;
            }
            for text in value.into_values() {
                let alike = is_written(&text);
                let behind = |best: &Cow<'_, str>| text.cmp(best) != wanted;
                if alike && written.as_ref().is_some_and(behind) {
                    continue;
                }
                if let Some(seconds) = epoch(&text) {
                    take(seconds);
                    written = if alike { Some(text) } else { written };
                }
            }
        }
        found
    })
}

/// Whether a text has the form `2024-03-02T09:10:11`.
fn is_written(text: &str) -> bool {
    const LIKE: &[u8] = b"0000-00-00T00:00:00";
    let like = |(byte, like): (&u8, &u8)| match like {
        b'0' => byte.is_ascii_digit(),
        _ => byte == like,
    };
    text.len() == LIKE.len() && text.as_bytes().iter().zip(LIKE).all(like)
}

/// A time in a result: epoch seconds, or the output of `security_content_ctime`.
fn epoch(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let civil: chrono::NaiveDateTime = text.trim().parse().ok()?;
    Some(civil.and_utc().timestamp() as f64)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use polars::prelude::{Column, DataFrame};

    use super::extreme;
    use crate::exec::frame::result::Rows;
    use crate::value::Type;

    #[test]
    fn the_first_and_the_last_time_are_found_however_they_are_written() {
        let texts = [
            Some("nan"),
            Some("2024-03-02T09:10:11"),
            Some("2024-13-01T00:00:00"),
            None,
            Some("1709370600"),
            Some("2024-03-02T09:10:12"),
            Some("2024-03-01T23:59:59.5"),
            Some("unknown"),
            Some("0000-00-00T00:00:00"),
        ];
        let columns = vec![
            Column::new("other".into(), [None::<&str>; 9]),
            Column::new("text".into(), texts),
            Column::new(
                "number".into(),
                [3.0, 1.0, 2.0, 9.0, 8.0, 4.0, 4.0, 4.0, 4.0],
            ),
        ];
        let rows = DataFrame::new(9, columns).expect("of one height");
        let rows = Rows::new(rows, vec![Type::Text, Type::Text, Type::Number]);
        let both = |names: &[&str]| {
            let first = extreme(&rows, names, Ordering::Less);
            (first, extreme(&rows, names, Ordering::Greater))
        };
        let (first, last) = (1_709_337_599.0, 1_709_370_612.0);
        assert_eq!(both(&["none", "other", "text"]), (Some(first), Some(last)));
        assert_eq!(both(&["number", "text"]), (Some(1.0), Some(9.0)));
        assert_eq!(both(&["other"]), (None, None));
    }
}
