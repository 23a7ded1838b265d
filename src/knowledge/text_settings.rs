//! What `props.conf` says of how texts become events: line breaking, times, structured files.
//! <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Propsconf>

use std::collections::BTreeMap;

use crate::error::{Error, Result};

use super::field_rules::RuleOrigin;
use super::rules::wrong;
use super::yaml::parse_bool;

/// Settings of where events begin and end.
pub const BREAKING: [&str; 9] = [
    "BREAK_ONLY_BEFORE",
    "BREAK_ONLY_BEFORE_DATE",
    "LINE_BREAKER",
    "MAX_EVENTS",
    "MUST_BREAK_AFTER",
    "MUST_NOT_BREAK_AFTER",
    "MUST_NOT_BREAK_BEFORE",
    "SHOULD_LINEMERGE",
    "TRUNCATE",
];

/// Settings of when events happened.
pub const TIMING: [&str; 7] = [
    "DATETIME_CONFIG",
    "MAX_DAYS_AGO",
    "MAX_DAYS_HENCE",
    "MAX_TIMESTAMP_LOOKAHEAD",
    "TIMESTAMP_FIELDS",
    "TIME_FORMAT",
    "TIME_PREFIX",
];

/// All other settings of how a text is read.
pub const READING: [&str; 15] = [
    "CHARSET",
    "FIELD_DELIMITER",
    "FIELD_HEADER_REGEX",
    "FIELD_NAMES",
    "FIELD_QUOTE",
    "HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS",
    "HEADER_FIELD_DELIMITER",
    "HEADER_FIELD_LINE_NUMBER",
    "INDEXED_EXTRACTIONS",
    "JSON_TRIM_BRACES_IN_ARRAY_NAMES",
    "KV_MODE",
    "MISSING_VALUE_REGEX",
    "PREAMBLE_REGEX",
    "TZ",
    "sourcetype",
];

/// The settings for one sourcetype, source and host, of those that are listed here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextSettings(BTreeMap<String, (String, RuleOrigin)>);

impl TextSettings {
    /// Whether a setting decides how texts become events.
    pub(super) fn knows(key: &str) -> bool {
        BREAKING.contains(&key) || TIMING.contains(&key) || READING.contains(&key)
    }

    /// Adds a setting.
    pub(super) fn insert(&mut self, key: &str, value: &str, origin: RuleOrigin) {
        self.0.insert(key.to_owned(), (value.to_owned(), origin));
    }

    /// Whether none is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of these is there, be it empty.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.0.contains_key(*key))
    }

    /// A setting's value, trimmed; an empty one counts as none.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key)?.0.trim();
        (!value.is_empty()).then_some(value)
    }

    /// A truth value; an empty one is false.
    ///
    /// # Errors
    /// It is none.
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        let Some((value, _)) = self.0.get(key) else {
            return Ok(None);
        };
        match parse_bool(value) {
            Some(flag) => Ok(Some(flag)),
            None => Err(self.wrong(key, &format!("`{value}` is neither true nor false"))),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// It is none.
    pub fn number(&self, key: &str) -> Result<Option<i64>> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let number = text.parse();
        let wrong = |_| self.wrong(key, &format!("`{text}` is no whole number"));
        number.map(Some).map_err(wrong)
    }

    /// What stands between commas, without quotes and the brackets around all of it.
    pub fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let items = inner.unwrap_or(text).split(',');
        items
            .map(|item| item.trim().trim_matches('"').to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// An error at a setting: file, line, stanza and key.
    pub fn wrong(&self, key: &str, why: &str) -> Error {
        match self.0.get(key) {
            Some((_, origin)) => wrong(origin, why).hint(format!("in the rule {origin}")),
            None => Error::data(format!("{key}: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::knowledge::conf::Layers;
    use crate::knowledge::props::Props;

    #[test]
    fn settings_are_those_of_the_stanza_that_wins() {
        let text = "[x]\nTIME_FORMAT = %s\nMAX_EVENTS = many\nBREAK_ONLY_BEFORE_DATE =\nEVAL-a = 1\n\
            [source::...y.log]\nTIME_FORMAT = %F\nFIELD_NAMES = [a, \"b c\"]\nsourcetype = x\n";
        let mut layers = Layers::default();
        layers.add(Path::new("props.conf"), text).unwrap();
        let props = Props::new(&layers, &Layers::default()).unwrap();
        let found = props.text_settings("x", "/tmp/y.log", "");
        assert_eq!(found.text("TIME_FORMAT"), Some("%F"));
        assert_eq!(found.text("sourcetype"), Some("x"));
        assert_eq!(found.list("FIELD_NAMES"), ["a", "b c"]);
        assert_eq!(found.flag("BREAK_ONLY_BEFORE_DATE").unwrap(), Some(false));
        assert_eq!(found.text("EVAL-a"), None);
        let error = found.number("MAX_EVENTS").unwrap_err().to_string();
        assert!(error.starts_with("props.conf:3:1: MAX_EVENTS"), "{error}");
        assert!(props.text_settings("z", "", "").is_empty());
    }
}
