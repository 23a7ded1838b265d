//! Parsers of structured option values.

use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;

use crate::plan::tuning::RuleId;
use crate::time::time_modifier;
use crate::word;

/// `--model Endpoint.Processes=rows.ndjson`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelArg {
    /// The data model.
    pub model: String,
    /// Its data set.
    pub dataset: String,
    /// The file with its rows.
    pub path: PathBuf,
}

/// Parses `Model.Dataset=PATH`.
pub fn parse_model(text: &str) -> Result<ModelArg, String> {
    let shape = || "expected MODEL.DATASET=PATH, as in Endpoint.Processes=rows.ndjson".to_owned();
    let (name, path) = text.split_once('=').ok_or_else(shape)?;
    let (model, dataset) = name.split_once('.').ok_or_else(shape)?;
    let plain = |n: &str| !n.is_empty() && n.chars().all(|c| word::is_part(c) || c == '-');
    if !plain(model) || !plain(dataset) || path.is_empty() {
        return Err(shape());
    }
    Ok(ModelArg {
        model: model.to_owned(),
        dataset: dataset.to_owned(),
        path: PathBuf::from(path),
    })
}

/// Parses the name of an optimizer rule.
pub fn parse_rule(text: &str) -> Result<RuleId, String> {
    RuleId::of_name(text).ok_or_else(|| {
        let names = RuleId::ALL.map(RuleId::name).join(", ");
        format!("unknown optimizer rule; the rules are {names}")
    })
}

/// Validates a time: relative, `now`, an epoch, `%m/%d/%Y:%H:%M:%S` or ISO. Returns it as text, because the
/// zone may follow later on the command line.
pub fn parse_time(text: &str) -> Result<String, String> {
    time_modifier(text, 0.0, Tz::UTC).map(|_| text.to_owned())
}

/// The value of `--now` for the time of the last event.
pub const LATEST: &str = "latest";

/// Checks a time modifier, or `latest`.
pub fn parse_now(text: &str) -> Result<String, String> {
    match text {
        LATEST => Ok(text.to_owned()),
        _ => parse_time(text),
    }
}

/// Parses `name=value`.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected name=value".to_owned()),
    }
}

/// Parses the name of an IANA time zone, ignoring case.
pub fn parse_zone(text: &str) -> Result<Tz, String> {
    if text.eq_ignore_ascii_case("z") {
        return Ok(Tz::UTC);
    }
    Tz::from_str(text)
        .or_else(|_| Tz::from_str_insensitive(text))
        .map_err(|_| {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            match crate::error::nearest(text, known) {
                Some(near) => format!("unknown time zone; did you mean {near}?"),
                None => {
                    "unknown time zone; expected a name such as UTC or Europe/Berlin".to_owned()
                }
            }
        })
}

#[cfg(test)]
mod tests {
    use super::{parse_model, parse_time, parse_zone};

    #[test]
    fn times_are_checked() {
        for right in [
            "now",
            "-24h@h",
            "1700000000.25",
            "2024-05-01T00:00:00Z",
            "2024-05-01",
        ] {
            assert!(parse_time(right).is_ok(), "{right}");
        }
        assert!(parse_time("yesterday-ish").is_err());
    }

    #[test]
    fn zones_and_models_say_what_was_expected() {
        assert_eq!(parse_zone("utc"), Ok(chrono_tz::UTC));
        assert!(
            parse_zone("Europe/Berlim")
                .unwrap_err()
                .contains("Europe/Berlin")
        );
        assert!(parse_model("A.B=c=d").is_ok_and(|m| m.path.as_os_str() == "c=d"));
        for wrong in ["A.B", "A=b", ".B=c", "A.=c", "A.B=", "A.B.C=d"] {
            assert!(parse_model(wrong).is_err(), "{wrong}");
        }
    }
}
