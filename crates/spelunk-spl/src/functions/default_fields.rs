//! Internal functions that compute Splunk's default datetime fields from an event's time and text, as
//! `$<field>(<_time>, <_raw>)`.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields>

use chrono::{Datelike as _, Timelike as _};

use crate::functions::{Body, Context, EvalFunction, Group, Outcome, Traits};
use crate::time::{self, EventClock, event_clock};
use crate::value::{Type, Value};

const fn number(name: &'static str, doc: &'static str, body: EvalBody) -> EvalFunction {
    EvalFunction {
        name,
        aliases: &[],
        group: Group::DateTime,
        synopsis: "$<field>(<_time>, <_raw>)",
        arity: (2, 2),
        traits: Traits::NONE,
        returns: |_| Type::Number,
        doc,
        example: ("", ""),
        body: Body::Values(body),
    }
}

const fn text(name: &'static str, doc: &'static str, body: EvalBody) -> EvalFunction {
    EvalFunction {
        returns: |_| Type::Text,
        ..number(name, doc, body)
    }
}

type EvalBody = for<'a> fn(&Context, &[Value<'a>]) -> Outcome<'a>;

/// The rows.
pub(super) const TABLE: &[EvalFunction] = &[
    number("$date_hour", "The hour as it was written.", |_, args| {
        Ok(of(args, |w| Value::Num(f64::from(w.local.hour()))))
    }),
    number("$date_mday", "The day of the month.", |_, args| {
        Ok(of(args, |w| Value::Num(f64::from(w.local.day()))))
    }),
    number("$date_minute", "The minute.", |_, args| {
        Ok(of(args, |w| Value::Num(f64::from(w.local.minute()))))
    }),
    text("$date_month", "The month's name.", |_, args| {
        Ok(of(args, |w| lower(w.local.format("%B").to_string())))
    }),
    number("$date_second", "The second.", |_, args| {
        Ok(of(args, |w| Value::Num(f64::from(w.local.second()))))
    }),
    text("$date_wday", "The weekday's name.", |_, args| {
        Ok(of(args, |w| lower(w.local.format("%A").to_string())))
    }),
    number("$date_year", "The year.", |_, args| {
        Ok(of(args, |w| Value::Num(f64::from(w.local.year()))))
    }),
    text(
        "$date_zone",
        "Minutes ahead of UTC, or `local` if the event has no zone.",
        |_, args| {
            Ok(of(args, |w| match w.zone {
                Some(minutes) => Value::text(minutes.to_string()),
                None => Value::text("local"),
            }))
        },
    ),
    number("$linecount", "The lines of the event's text.", |_, args| {
        Ok(match &args[1] {
            Value::Text(raw) => Value::Num(raw.lines().count() as f64),
            _ => Value::Null,
        })
    }),
];

fn of(args: &[Value<'_>], part: impl Fn(EventClock) -> Value<'static>) -> Value<'static> {
    let (Some(time), Value::Text(raw)) = (args[0].as_number(), &args[1]) else {
        return Value::Null;
    };
    let written = time::micros(time).and_then(|micros| event_clock(micros, raw));
    written.map_or(Value::Null, part)
}

fn lower(name: String) -> Value<'static> {
    Value::text(name.to_lowercase())
}
