//! Logs in the W3C extended format: a `#Fields` line names the values of the lines after it. The working
//! draft WD-logfile puts dates and times in GMT and a dash for a missing value.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::error::Result;
use crate::extract::event::{Event, EventSink, Field};
use crate::read::input::buffer::Input;
use crate::read::input::decode::text_of;
use crate::time::timestamp;

const FIELDS: &str = "#Fields:";

/// The columns of CloudFront's standard logs, for files whose header was removed. (Amazon CloudFront
/// Developer Guide, "Standard log file fields".)
const CLOUDFRONT: &str = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem \
    sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id \
    x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher \
    x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port \
    time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start \
    sc-range-end";

/// Whether a file with this head is such a log.
pub fn looks_like(head: &str) -> bool {
    let has_fields = head
        .lines()
        .take_while(|line| line.starts_with('#') || line.is_empty())
        .any(|line| line.starts_with(FIELDS));
    let first = || head.lines().find(|line| !line.trim().is_empty());
    has_fields || first().is_some_and(is_cloudfront)
}

/// Whether a line is a CloudFront record: a date, a time of day and an edge location, with one of the numbers
/// of values that its logs have had over the years.
fn is_cloudfront(line: &str) -> bool {
    let values: Vec<&str> = line.split('\t').collect();
    let [date, time, edge, ..] = values.as_slice() else {
        return false;
    };
    let edge = edge.as_bytes();
    (19..=33).contains(&values.len())
        && timestamp::parse(&format!("{date} {time}"), Tz::UTC).is_some()
        && date.len() == 10
        && edge.len() >= 4
        && edge[..3].iter().all(u8::is_ascii_uppercase)
        && edge[3].is_ascii_digit()
}

/// Reads all lines. `zone` applies to logs that say they write local times.
///
/// # Errors
/// Returns an error of the input or the sink.
pub fn read(input: &mut Input<'_>, zone: Tz, sink: &mut dyn EventSink) -> Result<()> {
    let mut header = Header {
        names: Vec::new(),
        sourcetype: "w3c",
        zone: Tz::UTC,
        date: None,
    };
    while let Some(line) = input.line() {
        let number = line.number;
        if line.bytes.trim_ascii().is_empty() {
            continue;
        }
        if line.too_long {
            sink.bad(number, "longer than 64 MiB: cut there");
        }
        let text = text_of(line.bytes, number, sink);
        if text.starts_with('#') {
            header.take(&text, zone);
            continue;
        }
        if header.names.is_empty() && is_cloudfront(&text) {
            let count = text.split('\t').count();
            let names: Vec<&str> = CLOUDFRONT.split(' ').take(count).collect();
            header.take(&format!("{FIELDS} {}", names.join(" ")), zone);
        }
        let values = values(&text);
        if values.len() != header.names.len() {
            sink.bad(number, "not as many values as the #Fields line has names");
        }
        sink.event(&header.event(&text, values))?;
    }
    Ok(())
}

/// The most recent `#` lines; a server writes them again when it restarts.
struct Header {
    names: Vec<String>,
    sourcetype: &'static str,
    zone: Tz,
    /// The date of the `#Date` line, for logs whose lines have only the time of day.
    date: Option<String>,
}

impl Header {
    fn take(&mut self, line: &str, local: Tz) {
        if let Some(names) = line.strip_prefix(FIELDS) {
            self.names = names.split_ascii_whitespace().map(field_name).collect();
            let has = |name: &str| self.names.iter().any(|n| n == name);
            if has("x_edge_location") {
                self.sourcetype = "aws:cloudfront:accesslogs";
            } else if has("cs_uri_stem") && has("s_ip") {
                self.sourcetype = "ms:iis:auto";
            }
        } else if let Some(software) = line.strip_prefix("#Software:") {
            if software.contains("Internet Information Services") {
                self.sourcetype = "ms:iis:auto";
            } else if software.contains("SGOS") {
                self.sourcetype = "bluecoat:proxysg:access:file";
            }
        } else if let Some(date) = line.strip_prefix("#Date:") {
            self.date = date.split_ascii_whitespace().next().map(str::to_owned);
        } else if line.starts_with("#Time Format: Local") {
            self.zone = local;
        }
    }

    fn event<'a>(&'a self, line: &'a str, values: Vec<&'a str>) -> Event<'a> {
        let fields: Vec<Field<'a>> = self
            .names
            .iter()
            .zip(values)
            .filter(|(_, value)| !value.is_empty() && *value != "-")
            .map(|(name, value)| Field::text(name.as_str(), value))
            .collect();
        let mut event = Event {
            raw: Cow::Borrowed(line),
            sourcetype: Some(Cow::Borrowed(self.sourcetype)),
            fields,
            ..Event::default()
        };
        let date = event.get("date").or(self.date.as_deref());
        event.time = match (date, event.get("time")) {
            (Some(date), Some(time)) => timestamp::parse(&format!("{date} {time}"), self.zone),
            (Some(date), None) => timestamp::parse(date, self.zone),
            (None, _) => None,
        };
        event
    }
}

/// Cleans a header name as Splunk does: replaces anything but letters, digits and `_` with `_`, and trims `_`
/// at both ends. `cs(User-Agent)` becomes `cs_User_Agent`.
fn field_name(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    cleaned.trim_matches('_').to_owned()
}

/// The values of a line: separated by tabs if it has any, else by blanks outside quotes.
fn values(line: &str) -> Vec<&str> {
    if line.contains('\t') {
        return line.split('\t').collect();
    }
    let mut found = Vec::with_capacity(24);
    let mut rest = line.trim_matches(' ');
    while !rest.is_empty() {
        let quoted = rest
            .strip_prefix('"')
            .and_then(|inner| inner.split_once('"'))
            .filter(|(_, after)| after.is_empty() || after.starts_with(' '));
        let (value, after) = match quoted {
            Some(parts) => parts,
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        found.push(value);
        rest = after.trim_start_matches(' ');
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chrono_tz::Tz;

    use super::{looks_like, read};
    use crate::read::collect::Collect;
    use crate::read::input::buffer::Input;

    fn read_text(text: &str) -> Collect {
        assert!(looks_like(text), "{text}");
        let mut bytes = text.as_bytes();
        let mut input = Input::new(Path::new("x.log"), &mut bytes);
        let mut seen = Collect::default();
        read(&mut input, Tz::Europe__Vienna, &mut seen).expect("readable");
        seen
    }

    #[test]
    fn iis_names_its_fields_and_may_name_them_again() {
        let seen = read_text(
            "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 1970-01-01 00:00:00\r\n\
             #Fields: date time s-ip cs-method cs-uri-stem cs(User-Agent) sc-status\r\n\
             1970-01-01 00:00:05 10.0.0.1 GET /a Mozilla/5.0+(X) 200\r\n#Fields: time cs-uri-stem cs-username\r\n00:00:06 /b -\r\n00:00:07\r\n",
        );
        assert_eq!(
            seen.told(),
            [
                "ms:iis:auto Some(5000000) date=1970-01-01|time=00:00:05|s_ip=10.0.0.1|cs_method=GET|cs_uri_stem=/a|cs_User_Agent=Mozilla/5.0+(X)|sc_status=200",
                "ms:iis:auto Some(6000000) time=00:00:06|cs_uri_stem=/b",
                "ms:iis:auto Some(7000000) time=00:00:07",
            ]
        );
        assert_eq!(seen.bad_lines(), [8]);
    }

    #[test]
    fn cloudfront_is_known_without_its_header() {
        let mut values = vec![
            "1970-01-01",
            "00:00:05",
            "FRA53-C1",
            "17",
            "10.0.0.1",
            "GET",
        ];
        values.resize(24, "-");
        let seen = read_text(&values.join("\t"));
        assert_eq!(
            seen.told(),
            [
                "aws:cloudfront:accesslogs Some(5000000) date=1970-01-01|time=00:00:05|x_edge_location=FRA53-C1|sc_bytes=17|c_ip=10.0.0.1|cs_method=GET"
            ]
        );
        assert!(!looks_like("1970-01-01\t00:00:05\tFRA53-C1\t17"));
    }

    #[test]
    fn tabs_quotes_and_local_times_are_seen() {
        let seen = read_text(
            "#Version: 1.0\n#Fields: date time x-edge-location cs(Cookie)\n1970-01-01\t00:00:05\tIAD55 P5\t-\n",
        );
        assert_eq!(
            seen.told(),
            [
                "aws:cloudfront:accesslogs Some(5000000) date=1970-01-01|time=00:00:05|x_edge_location=IAD55 P5"
            ]
        );
        let seen = read_text(
            "#Time Format: Local\n#Fields: date time action info\n1970-01-01 01:00:05 DROP \"a b\"\n",
        );
        assert_eq!(
            seen.told(),
            ["w3c Some(5000000) date=1970-01-01|time=01:00:05|action=DROP|info=a b"]
        );
    }
}
