//! The risk events of a detection, as a table.

use std::borrow::Cow;

use crate::cli::output::Table;
use crate::detect::{RiskEvent, Threat};
use crate::value::{Type, Value};

const COLUMNS: [&str; 6] = [
    "risk_object",
    "risk_object_type",
    "risk_score",
    "risk_message",
    "threat_object",
    "threat_object_type",
];

const TYPES: [Type; 6] = [
    Type::Text,
    Type::Text,
    Type::Number,
    Type::Text,
    Type::Multi,
    Type::Multi,
];

/// Borrowed risk events; there may be millions.
pub struct RiskEvents<'r>(pub &'r [RiskEvent]);

impl Table for RiskEvents<'_> {
    fn names(&self) -> Vec<&str> {
        COLUMNS.to_vec()
    }

    fn types(&self) -> &[Type] {
        &TYPES
    }

    fn height(&self) -> usize {
        self.0.len()
    }

    fn value(&self, row: usize, column: usize) -> Value<'_> {
        let event = &self.0[row];
        let text = |text| Value::Text(Cow::Borrowed(text));
        match column {
            0 => text(event.object.as_str()),
            1 => text(&event.object_type),
            2 => Value::Num(event.score),
            3 => text(&event.message),
            4 => of_threats(event, |threat| &threat.object),
            _ => of_threats(event, |threat| &threat.object_type),
        }
    }
}

fn of_threats(event: &RiskEvent, text: impl Fn(&Threat) -> &str) -> Value<'_> {
    let texts = event.threats.iter().map(text);
    Value::multi(texts.map(Cow::Borrowed).collect())
}
