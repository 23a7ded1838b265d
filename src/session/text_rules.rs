//! What `props.conf` says of how texts become events, compiled for the readers.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Propsconf>

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono_tz::Tz;
use encoding_rs::Encoding;
use fancy_regex::Regex;

use crate::error::Result;
use crate::functions::pattern::regex;
use crate::knowledge::Catalog;
use crate::knowledge::text_settings::{BREAKING, TIMING, TextSettings};
use crate::read::{
    Breaks, Delimiter, RuleFinder, Structured, StructuredKind, TextRules, TimeRules, TimeSource,
};
use crate::session::lock;

type Key = (String, String, String);

/// A finder of rules in a catalog's `props.conf`. What it found it keeps.
pub(super) fn finder(catalog: &Arc<Catalog>) -> RuleFinder {
    let catalog = Arc::clone(catalog);
    let found: Mutex<HashMap<Key, TextRules>> = Mutex::default();
    RuleFinder::new(move |sourcetype, source, host| {
        let key = (sourcetype.to_owned(), source.to_owned(), host.to_owned());
        if let Some(rules) = lock(&found).get(&key) {
            return Ok(rules.clone());
        }
        let rules = compiled(&catalog.props.text_settings(sourcetype, source, host))?;
        let mut found = lock(&found);
        // Sources may be as many as events.
        if found.len() >= 1024 {
            found.clear();
        }
        found.insert(key, rules.clone());
        Ok(rules)
    })
}

fn compiled(settings: &TextSettings) -> Result<TextRules> {
    if settings.is_empty() {
        return Ok(TextRules::default());
    }
    Ok(TextRules {
        sourcetype: settings.text("sourcetype").map(str::to_owned),
        charset: charset(settings)?,
        zone: zone(settings)?,
        no_pairs: settings
            .text("KV_MODE")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("none")),
        breaks: breaks(settings)?,
        times: times(settings)?,
        structured: structured(settings)?,
    })
}

fn expression(settings: &TextSettings, key: &str) -> Result<Option<Arc<Regex>>> {
    let Some(text) = settings.text(key) else {
        return Ok(None);
    };
    let compiled = regex(text).map_err(|why| settings.wrong(key, &why))?;
    Ok(Some(compiled))
}

fn charset(settings: &TextSettings) -> Result<Option<&'static Encoding>> {
    let Some(name) = settings.text("CHARSET") else {
        return Ok(None);
    };
    if name.eq_ignore_ascii_case("auto") {
        return Ok(None);
    }
    match Encoding::for_label(name.as_bytes()) {
        Some(found) => Ok((found != encoding_rs::UTF_8).then_some(found)),
        None => Err(settings.wrong("CHARSET", &format!("`{name}` is no known character set"))),
    }
}

fn zone(settings: &TextSettings) -> Result<Option<Tz>> {
    let Some(name) = settings.text("TZ") else {
        return Ok(None);
    };
    match Tz::from_str_insensitive(name) {
        Ok(zone) => Ok(Some(zone)),
        Err(_) => Err(settings.wrong("TZ", &format!("`{name}` is no known time zone"))),
    }
}

fn breaks(settings: &TextSettings) -> Result<Breaks> {
    let defaults = Breaks::default();
    let count = |key| -> Result<Option<usize>> {
        let number = settings.number(key)?.filter(|n| *n > 0);
        Ok(number.and_then(|n| usize::try_from(n).ok()))
    };
    // What is Splunk's default anyway is read line by line, which is faster.
    let is_default =
        |text: &str| matches!(text, r"([\r\n]+)" | r"([\n\r]+)" | r"(\r?\n)" | r"(\n)");
    let line_breaker = match settings.text("LINE_BREAKER") {
        Some(text) if is_default(text) => None,
        _ => expression(settings, "LINE_BREAKER")?,
    };
    Ok(Breaks {
        is_said: settings.has_any(&BREAKING),
        line_breaker,
        truncate: count("TRUNCATE")?,
        merge: settings.flag("SHOULD_LINEMERGE")?,
        before_date: settings
            .flag("BREAK_ONLY_BEFORE_DATE")?
            .unwrap_or(defaults.before_date),
        before: expression(settings, "BREAK_ONLY_BEFORE")?,
        after: expression(settings, "MUST_BREAK_AFTER")?,
        not_before: expression(settings, "MUST_NOT_BREAK_BEFORE")?,
        not_after: expression(settings, "MUST_NOT_BREAK_AFTER")?,
        max_lines: count("MAX_EVENTS")?.unwrap_or(defaults.max_lines),
    })
}

fn times(settings: &TextSettings) -> Result<TimeRules> {
    let source = match settings.text("DATETIME_CONFIG") {
        Some(text) if text.eq_ignore_ascii_case("current") => TimeSource::Clock,
        Some(text) if text.eq_ignore_ascii_case("none") => TimeSource::File,
        // A file of patterns of one's own is not read: times are recognised.
        Some(_) | None => TimeSource::Text,
    };
    let lookahead = settings.number("MAX_TIMESTAMP_LOOKAHEAD")?;
    Ok(TimeRules {
        is_said: settings.has_any(&TIMING),
        source,
        prefix: expression(settings, "TIME_PREFIX")?,
        format: settings.text("TIME_FORMAT").map(str::to_owned),
        lookahead: lookahead.map(|n| usize::try_from(n).ok().filter(|n| *n > 0)),
        days_ago: settings.number("MAX_DAYS_AGO")?,
        days_hence: settings.number("MAX_DAYS_HENCE")?,
        fields: settings.list("TIMESTAMP_FIELDS"),
    })
}

fn structured(settings: &TextSettings) -> Result<Option<Structured>> {
    let table = |byte| Some((StructuredKind::Table, Some(Delimiter::Byte(byte))));
    let kind = match settings.text("INDEXED_EXTRACTIONS") {
        Some(text) => match text.to_ascii_lowercase().as_str() {
            "csv" => table(b','),
            "tsv" => table(b'\t'),
            "psv" => table(b'|'),
            "json" | "hec" => Some((StructuredKind::Json, None)),
            "w3c" => Some((StructuredKind::W3c, None)),
            "none" => None,
            _ => {
                let why = format!("`{text}` is none of csv, tsv, psv, w3c, json, hec");
                return Err(settings.wrong("INDEXED_EXTRACTIONS", &why));
            }
        },
        // Columns can be described without a name for the whole.
        None if settings.has_any(&["FIELD_DELIMITER"])
            && settings.has_any(&["FIELD_NAMES", "HEADER_FIELD_LINE_NUMBER"]) =>
        {
            Some((StructuredKind::Table, None))
        }
        None => None,
    };
    let Some((kind, by_kind)) = kind else {
        return Ok(None);
    };
    let quote = match settings.text("FIELD_QUOTE") {
        Some(text) if text.eq_ignore_ascii_case("none") => None,
        Some(_) => match delimiter(settings, "FIELD_QUOTE")? {
            Some(Delimiter::Byte(byte)) => Some(byte),
            Some(Delimiter::Whitespace) | None => Some(b'"'),
        },
        None => Some(b'"'),
    };
    Ok(Some(Structured {
        kind,
        delimiter: delimiter(settings, "FIELD_DELIMITER")?.or(by_kind),
        header_delimiter: delimiter(settings, "HEADER_FIELD_DELIMITER")?,
        quote,
        names: settings.list("FIELD_NAMES"),
        header_line: settings
            .number("HEADER_FIELD_LINE_NUMBER")?
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0),
        preamble: expression(settings, "PREAMBLE_REGEX")?,
        header_prefix: expression(settings, "FIELD_HEADER_REGEX")?,
        special: settings
            .text("HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS")
            .unwrap_or_default()
            .to_owned(),
        missing: expression(settings, "MISSING_VALUE_REGEX")?,
        trim_braces: settings
            .flag("JSON_TRIM_BRACES_IN_ARRAY_NAMES")?
            .unwrap_or(false),
    }))
}

/// A delimiter by its character or its name.
fn delimiter(settings: &TextSettings, key: &str) -> Result<Option<Delimiter>> {
    let Some(text) = settings.text(key) else {
        return Ok(None);
    };
    let byte = match text.to_ascii_lowercase().as_str() {
        "whitespace" | "ws" => return Ok(Some(Delimiter::Whitespace)),
        "space" => Some(b' '),
        "tab" | "\\t" => Some(b'\t'),
        "fs" => Some(0x1c),
        "gs" => Some(0x1d),
        "rs" => Some(0x1e),
        "us" => Some(0x1f),
        other => match other.strip_prefix("\\x") {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => Some(text.trim_matches('"').as_bytes())
                .filter(|bytes| bytes.len() == 1 && bytes.is_ascii())
                .map(|bytes| bytes[0]),
        },
    };
    match byte {
        Some(byte) => Ok(Some(Delimiter::Byte(byte))),
        None => Err(settings.wrong(key, &format!("`{text}` is no single character"))),
    }
}
