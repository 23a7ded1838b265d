//! Compiles the line-breaking and timestamp settings of `props.conf` for the readers.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Propsconf>

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono_tz::Tz;
use encoding_rs::Encoding;

use crate::knowledge::Catalog;
use crate::knowledge::fault::Faults;
use crate::knowledge::text_settings::{BREAKING, TIMING, TextSettings};
use crate::pcre::{Regex, regex};
use crate::read::{
    Breaks, Delimiter, RuleFinder, Structured, StructuredKind, TextRules, TimeRules, TimeSource,
};
use crate::session::lock;

type Key = (String, String, String);

/// Finds rules in a catalog's `props.conf`, with a cache.
pub(in crate::session) fn finder(catalog: &Arc<Catalog>) -> RuleFinder {
    let catalog = Arc::clone(catalog);
    let found: Mutex<HashMap<Key, TextRules>> = Mutex::default();
    RuleFinder::new(move |sourcetype, source, host| {
        let key = (sourcetype.to_owned(), source.to_owned(), host.to_owned());
        if let Some(rules) = lock(&found).get(&key) {
            return rules.clone();
        }
        let settings = catalog.props.text_settings(sourcetype, source, host);
        let rules = compiled(&Settings {
            found: &settings,
            faults: catalog.faults(),
        });
        let mut found = lock(&found);
        // There may be as many sources as events.
        if found.len() >= 1024 {
            found.clear();
        }
        found.insert(key, rules.clone());
        rules
    })
}

/// Compiles the settings of one stanza, so that invalid ones are reported as faults.
pub(in crate::session) fn try_settings(settings: &TextSettings, faults: &Faults) {
    compiled(&Settings {
        found: settings,
        faults,
    });
}

/// Settings, with a receiver for the invalid ones, which keep their defaults.
struct Settings<'s> {
    found: &'s TextSettings,
    faults: &'s Faults,
}

impl Settings<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.found.text(key)
    }

    fn flag(&self, key: &str) -> Option<bool> {
        self.found.flag(key, self.faults)
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.found.number(key, self.faults)
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        self.found.has_any(keys)
    }

    fn meaningless(&self, key: &str, why: String) {
        self.found.meaningless(key, why, self.faults);
    }

    fn expression(&self, key: &str) -> Option<Arc<Regex>> {
        match regex(self.text(key)?) {
            Ok(compiled) => Some(compiled),
            Err(why) => {
                self.meaningless(key, why);
                None
            }
        }
    }
}

fn compiled(settings: &Settings<'_>) -> TextRules {
    if settings.found.is_empty() {
        return TextRules::default();
    }
    TextRules {
        sourcetype: settings.text("sourcetype").map(str::to_owned),
        charset: charset(settings),
        zone: zone(settings),
        no_pairs: settings
            .text("KV_MODE")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("none")),
        breaks: breaks(settings),
        times: times(settings),
        structured: structured(settings),
    }
}

fn charset(settings: &Settings<'_>) -> Option<&'static Encoding> {
    let name = settings.text("CHARSET")?;
    if name.eq_ignore_ascii_case("auto") {
        return None;
    }
    let found = Encoding::for_label(name.as_bytes());
    if found.is_none() {
        settings.meaningless("CHARSET", format!("unknown character set `{name}`"));
    }
    found.filter(|encoding| *encoding != encoding_rs::UTF_8)
}

fn zone(settings: &Settings<'_>) -> Option<Tz> {
    let name = settings.text("TZ")?;
    let found = Tz::from_str_insensitive(name).ok();
    if found.is_none() {
        settings.meaningless("TZ", format!("unknown time zone `{name}`"));
    }
    found
}

fn breaks(settings: &Settings<'_>) -> Breaks {
    let defaults = Breaks::default();
    let count = |key| {
        let number = settings.number(key).filter(|n| *n > 0);
        number.and_then(|n| usize::try_from(n).ok())
    };
    // Splunk's default is read line by line, which is faster.
    let is_default =
        |text: &str| matches!(text, r"([\r\n]+)" | r"([\n\r]+)" | r"(\r?\n)" | r"(\n)");
    let line_breaker = match settings.text("LINE_BREAKER") {
        Some(text) if is_default(text) => None,
        _ => settings.expression("LINE_BREAKER"),
    };
    Breaks {
        is_said: settings.has_any(&BREAKING),
        line_breaker,
        truncate: count("TRUNCATE"),
        merge: settings.flag("SHOULD_LINEMERGE"),
        before_date: settings
            .flag("BREAK_ONLY_BEFORE_DATE")
            .unwrap_or(defaults.before_date),
        before: settings.expression("BREAK_ONLY_BEFORE"),
        after: settings.expression("MUST_BREAK_AFTER"),
        not_before: settings.expression("MUST_NOT_BREAK_BEFORE"),
        not_after: settings.expression("MUST_NOT_BREAK_AFTER"),
        max_lines: count("MAX_EVENTS").unwrap_or(defaults.max_lines),
    }
}

fn times(settings: &Settings<'_>) -> TimeRules {
    let source = match settings.text("DATETIME_CONFIG") {
        Some(text) if text.eq_ignore_ascii_case("current") => TimeSource::Clock,
        Some(text) if text.eq_ignore_ascii_case("none") => TimeSource::File,
        // A custom pattern file is not read: timestamps are recognised automatically.
        Some(_) | None => TimeSource::Text,
    };
    let lookahead = settings.number("MAX_TIMESTAMP_LOOKAHEAD");
    TimeRules {
        is_said: settings.has_any(&TIMING),
        source,
        prefix: settings.expression("TIME_PREFIX"),
        format: settings.text("TIME_FORMAT").map(str::to_owned),
        lookahead: lookahead.map(|n| usize::try_from(n).ok().filter(|n| *n > 0)),
        days_ago: settings.number("MAX_DAYS_AGO"),
        days_hence: settings.number("MAX_DAYS_HENCE"),
        fields: settings.found.list("TIMESTAMP_FIELDS"),
    }
}

fn structured(settings: &Settings<'_>) -> Option<Structured> {
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
                let why = format!("`{text}` is not csv, tsv, psv, w3c, json or hec");
                settings.meaningless("INDEXED_EXTRACTIONS", why);
                None
            }
        },
        // Columns can be configured without naming the format.
        None if settings.has_any(&["FIELD_DELIMITER"])
            && settings.has_any(&["FIELD_NAMES", "HEADER_FIELD_LINE_NUMBER"]) =>
        {
            Some((StructuredKind::Table, None))
        }
        None => None,
    };
    let (kind, by_kind) = kind?;
    let quote = match settings.text("FIELD_QUOTE") {
        Some(text) if text.eq_ignore_ascii_case("none") => None,
        Some(_) => match delimiter(settings, "FIELD_QUOTE") {
            Some(Delimiter::Byte(byte)) => Some(byte),
            Some(Delimiter::Whitespace) | None => Some(b'"'),
        },
        None => Some(b'"'),
    };
    Some(Structured {
        kind,
        delimiter: delimiter(settings, "FIELD_DELIMITER").or(by_kind),
        header_delimiter: delimiter(settings, "HEADER_FIELD_DELIMITER"),
        quote,
        names: settings.found.list("FIELD_NAMES"),
        header_line: settings
            .number("HEADER_FIELD_LINE_NUMBER")
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0),
        preamble: settings.expression("PREAMBLE_REGEX"),
        header_prefix: settings.expression("FIELD_HEADER_REGEX"),
        special: settings
            .text("HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS")
            .unwrap_or_default()
            .to_owned(),
        missing: settings.expression("MISSING_VALUE_REGEX"),
        trim_braces: settings
            .flag("JSON_TRIM_BRACES_IN_ARRAY_NAMES")
            .unwrap_or(false),
    })
}

/// Parses a delimiter given as a character or a name.
fn delimiter(settings: &Settings<'_>, key: &str) -> Option<Delimiter> {
    let text = settings.text(key)?;
    let byte = match text.to_ascii_lowercase().as_str() {
        "whitespace" | "ws" => return Some(Delimiter::Whitespace),
        "space" => Some(b' '),
        "tab" | "\\t" => Some(b'\t'),
        "fs" => Some(0x1c),
        "gs" => Some(0x1d),
        "rs" => Some(0x1e),
        "us" => Some(0x1f),
        other => match other.strip_prefix("\\x") {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => single_character(text),
        },
    };
    if byte.is_none() {
        settings.meaningless(key, format!("`{text}` is not a single character"));
    }
    byte.map(Delimiter::Byte)
}

/// The only character of a text, optionally in quotes: `"` and `"""` are a quote, `","` a comma.
fn single_character(text: &str) -> Option<u8> {
    let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let bytes = match text.len() {
        1 => text,
        _ => quoted.unwrap_or(text),
    };
    match bytes.as_bytes() {
        [byte] if byte.is_ascii() => Some(*byte),
        _ => None,
    }
}
