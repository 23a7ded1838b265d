//! Risk events: the risk that a detection's rows attribute to risk objects.
//!
//! Follows "Risk Analysis adaptive response" of Splunk Enterprise Security: one event per row and risk
//! object, with the threat objects of the row.

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use crate::detect::message::Message;
use crate::detect::selection::models_of;
use crate::exec::frame::result::Rows;
use crate::knowledge::detection::Detection;
use crate::parallel::ordered_chunks;
use crate::value::Value;

/// The risk that one row attributes to one object.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskEvent {
    /// The host, user or other object at risk.
    pub object: String,
    /// `system`, `user`, `other`.
    pub object_type: Arc<str>,
    /// Impact × confidence / 100.
    pub score: f64,
    /// The message, fields filled in.
    pub message: Arc<str>,
    /// The threat objects.
    pub threats: Arc<[Threat]>,
    /// The index of the row.
    pub row: usize,
}

/// A threat object: a process, an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threat {
    /// Its value in the row.
    pub object: String,
    /// `process_name`, `ip_address`, ...
    pub object_type: Arc<str>,
}

/// Whether a search reads risk events, so that it must run after the detections that create them.
pub fn reads_risk(detection: &Detection) -> bool {
    let is_correlation = |kind: &String| kind.eq_ignore_ascii_case("correlation");
    let of_risk = |model: &String| {
        let model = model.to_ascii_lowercase();
        model == "risk" || model.starts_with("risk.")
    };
    let names_index = || {
        let text = detection.search.to_ascii_lowercase();
        let text: String = text.chars().filter(|c| !" \"".contains(*c)).collect();
        ["`risk_index`", "`cim_risk_indexes`", "index=risk"]
            .iter()
            .any(|name| text.contains(name))
    };
    detection.kind.as_ref().is_some_and(is_correlation)
        || models_of(detection).iter().any(of_risk)
        || names_index()
}

/// Whether rows of this detection create risk. Hunting and correlation searches create none.
pub fn makes_risk(detection: &Detection) -> bool {
    let kind = detection.kind.as_deref().unwrap_or_default();
    !["hunting", "correlation", "baseline", "investigation"]
        .iter()
        .any(|other| kind.eq_ignore_ascii_case(other))
}

/// The risk events of a detection's rows: one per row and risk object with a value.
pub(super) fn events(detection: &Detection, rows: &Rows) -> Vec<RiskEvent> {
    if !makes_risk(detection) {
        return Vec::new();
    }
    let risk = detection.risk();
    let names = rows.names();
    let column = |name: &str| names.iter().position(|n| *n == name);
    let cell = |row: usize, column: Option<usize>| -> Value<'_> {
        column.map_or(Value::Null, |column| rows.value(row, column))
    };
    let of_threats = risk.threats.iter();
    let of_threats: Vec<(_, Arc<str>)> = of_threats
        .map(|t| (column(&t.field), Arc::from(t.kind.as_str())))
        .collect();
    let of_objects = risk.objects.iter();
    let of_objects: Vec<(_, Arc<str>, _, _)> = of_objects
        .map(|o| {
            let own = o
                .message
                .as_ref()
                .filter(|own| risk.message.as_ref() != Some(own));
            (
                column(&o.field),
                Arc::from(o.kind.as_str()),
                o.score,
                own.map(Message::of),
            )
        })
        .collect();
    let message = risk.message.as_ref().map(Message::of);
    let (untold, no_threats): (Arc<str>, Arc<[Threat]>) = Default::default();
    let of_row = |row: usize, events: &mut Vec<RiskEvent>| {
        let filled = |message: &Message<'_>| message.fill(|name| cell(row, column(name)));
        let message = message.as_ref().map_or_else(|| Arc::clone(&untold), filled);
        let threats = of_threats.iter().flat_map(|(column, kind)| {
            let values = cell(row, *column).into_values();
            values.into_iter().map(|value| Threat {
                object: value.into_owned(),
                object_type: Arc::clone(kind),
            })
        });
        let threats = match of_threats.is_empty() {
            true => Arc::clone(&no_threats),
            false => threats.collect(),
        };
        for (column, kind, score, own) in &of_objects {
            let own = own.as_ref().map(filled);
            let message = own.as_ref().unwrap_or(&message);
            for value in cell(row, *column).into_values() {
                events.push(RiskEvent {
                    object: value.into_owned(),
                    object_type: Arc::clone(kind),
                    score: *score,
                    message: Arc::clone(message),
                    threats: Arc::clone(&threats),
                    row,
                });
            }
        }
    };
    // Allocated once: growing the vector would move all events.
    let mut events = Vec::with_capacity(rows.len() * of_objects.len());
    let of_rows = |rows: Range<usize>| {
        let mut events = Vec::new();
        rows.for_each(|row| of_row(row, &mut events));
        events
    };
    let Ok(()) = ordered_chunks(rows.len(), PIECE, of_rows, |made| {
        events.extend(made);
        Ok::<_, Infallible>(())
    });
    events
}

/// Rows per parallel chunk.
const PIECE: usize = 16_384;
