//! Recognizes the product of a JSON record by its keys: its sourcetype, and the key of its time.

use std::borrow::Cow;
use std::sync::OnceLock;

use chrono_tz::Tz;
use serde::Deserialize;

use crate::extract::event::Event;
use crate::time::timestamp;

/// The table of products.
const TABLE: &str = include_str!("json_records.yml");

/// Common features of one product's records. All products write their times in UTC.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    sourcetype: String,
    keys: Vec<Need>,
    /// Keys of the time, the most reliable first.
    time: Vec<String>,
    variant: Option<Variant>,
}

/// A key that a record must have.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Need {
    key: String,
    value: Wanted,
}

/// What a required key's value must be.
enum Wanted {
    Anything,
    Prefix(String),
    /// Any text that contains this lowercase one.
    Infix(String),
}

impl From<String> for Need {
    fn from(text: String) -> Need {
        let (key, value) = text.split_once('=').unwrap_or((&text, "*"));
        let value = match value.trim_end_matches('*') {
            "" => Wanted::Anything,
            value => match value.strip_prefix('*') {
                Some(part) => Wanted::Infix(part.to_lowercase()),
                None => Wanted::Prefix(value.to_owned()),
            },
        };
        Need {
            key: key.to_owned(),
            value,
        }
    }
}

impl Need {
    fn is_met_by(&self, event: &Event<'_>) -> bool {
        event.get(&self.key).is_some_and(|found| match &self.value {
            Wanted::Anything => true,
            Wanted::Prefix(start) => found.starts_with(start),
            Wanted::Infix(part) => found.to_ascii_lowercase().contains(part),
        })
    }
}

/// What completes the sourcetype of a product with many.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Variant {
    /// The application of Google Workspace.
    Application,
    /// The topmost protocol of Splunk Stream's stack that has a stream of its own.
    Protocol,
    /// The log of Zeek, named by the record or by the file.
    ZeekLog,
}

fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Vec<Product>> = OnceLock::new();
    // The table is shipped, and a test reads all of it.
    PRODUCTS.get_or_init(|| serde_saphyr::from_str(TABLE).unwrap_or_default())
}

/// Returns the sourcetype and the time of a record, if its product is recognized; `file` is the file's name,
/// from which Zeek's logs get theirs.
pub fn recognise(event: &Event<'_>, file: &str) -> Option<(Cow<'static, str>, Option<i64>)> {
    let product = products()
        .iter()
        .find(|product| product.keys.iter().all(|need| need.is_met_by(event)))?;
    let time = product
        .time
        .iter()
        .find_map(|key| timestamp::parse(event.get(key)?, Tz::UTC));
    let base = product.sourcetype.as_str();
    let sourcetype = match product.variant {
        None => base.into(),
        Some(Variant::Application) => match event.get("id.applicationName") {
            Some(application) => format!("{base}:{application}").into(),
            None => base.into(),
        },
        Some(Variant::Protocol) => {
            let stack = event.get("protocol_stack").unwrap_or_default();
            let protocol = stack.rsplit(':').find(|p| !p.is_empty() && *p != "unknown");
            format!("{base}:{}", protocol.unwrap_or("ip")).into()
        }
        Some(Variant::ZeekLog) => {
            let log = event.get("_path").unwrap_or_else(|| zeek_log(file));
            format!("{base}:{log}:json").into()
        }
    };
    Some((sourcetype, time))
}

/// The log in a Zeek file: `conn` of `logs/conn.12:00:00-13:00:00.log` and `conn_20200801.json`.
pub fn zeek_log(file: &str) -> &str {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let end = base
        .find(|c: char| !(c.is_ascii_alphabetic() || c == '_' || c.is_ascii_digit()))
        .unwrap_or(base.len());
    let name = base[..end].trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    // `x509` itself ends with digits.
    if base.starts_with("x509") {
        "x509"
    } else if name.is_empty() {
        "log"
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::{Product, TABLE, recognise};
    use crate::extract::event::Event;
    use crate::extract::json::{object_fields, record_fields};
    use crate::read::batch::row_events::{Rows, event};

    #[test]
    fn the_table_can_be_read() {
        let products: Vec<Product> = serde_saphyr::from_str(TABLE).expect("YAML");
        assert!(products.iter().all(|product| product.keys.len() > 1));
    }

    /// A null is a value in a log's record, as with Splunk's KV_MODE=json, and a missing one in a row.
    #[test]
    fn nulls_are_values_in_logs() {
        let row = r#"{"a":null,"b":[null,"x"],"host":null}"#;
        let log = r#"{"eventVersion":"1","eventTime":"x","eventSource":"iam","eventName":"x","requestParameters":null}"#;
        let seen = |text: &str, log: bool| {
            let rows = Rows {
                zone: chrono_tz::Tz::UTC,
                file: "a.json",
                log,
                unwrap: true,
                keep_lines: false,
                trim_braces: false,
                make: event,
            };
            let (event, _) = (rows.make)(record_fields(text).0, text, &rows);
            let fields = event.fields.iter();
            let found: Vec<String> = fields.map(|f| format!("{}={}", f.name, f.value)).collect();
            found.join(" ")
        };
        assert_eq!(seen(row, false), "b{}=x");
        assert_eq!(seen(row, true), "a=null b{}=null b{}=x");
        assert!(seen(log, false).ends_with("requestParameters=null"));
    }

    #[test]
    fn records_tell_their_product_and_time() {
        for (text, file, sourcetype, time) in [
            (
                r#"{"eventVersion":"1.08","eventTime":"1970-01-01T00:00:05Z","eventSource":"iam.amazonaws.com","eventName":"x"}"#,
                "a.json",
                "aws:cloudtrail",
                Some(5_000_000),
            ),
            (
                r#"{"ts":1.5,"uid":"C1","id.orig_h":"10.0.0.1","id.orig_p":1,"id.resp_h":"10.0.0.2","id.resp_p":53}"#,
                "logs/dns.10:00:00-11:00:00.log",
                "zeek:dns:json",
                Some(1_500_000),
            ),
            (
                r#"{"_path":"ssl","ts":"1970-01-01T00:00:05Z","_write_ts":"x"}"#,
                "all.json",
                "zeek:ssl:json",
                Some(5_000_000),
            ),
            (
                r#"{"endtime":"1970-01-01T00:00:06Z","timestamp":"1970-01-01T00:00:05Z","src_ip":"10.0.0.1","protocol_stack":"ip:tcp:unknown"}"#,
                "a",
                "stream:tcp",
                Some(5_000_000),
            ),
            (
                r#"{"kind":"admin#reports#activity","id":{"time":"1970-01-01T00:00:05Z","applicationName":"login"}}"#,
                "a",
                "gws:reports:login",
                Some(5_000_000),
            ),
        ] {
            let event = Event {
                fields: object_fields(text).expect("JSON"),
                ..Event::default()
            };
            let (found, at) = recognise(&event, file).expect(sourcetype);
            assert_eq!((found.as_ref(), at), (sourcetype, time));
        }
        let event = Event {
            fields: object_fields(r#"{"ts":1,"uid":5}"#).expect("JSON"),
            ..Event::default()
        };
        assert!(recognise(&event, "conn.log").is_none());
    }
}
