//! The settings of `props.conf` that control how text becomes events: line breaking, timestamps, structured
//! files. <https://docs.splunk.com/Documentation/Splunk/latest/Admin/Propsconf>

use std::collections::BTreeMap;

use super::conf::Setting;
use super::fault::Faults;
use super::settings;

/// Event boundary settings.
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

/// Timestamp settings.
pub const TIMING: [&str; 7] = [
    "DATETIME_CONFIG",
    "MAX_DAYS_AGO",
    "MAX_DAYS_HENCE",
    "MAX_TIMESTAMP_LOOKAHEAD",
    "TIMESTAMP_FIELDS",
    "TIME_FORMAT",
    "TIME_PREFIX",
];

/// All other settings for reading text.
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

/// The settings listed above for one sourcetype, source and host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextSettings(BTreeMap<String, Found>);

/// A setting, with the name of its stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    setting: Setting,
    stanza: String,
}

impl TextSettings {
    /// Whether a setting controls how text becomes events.
    pub(super) fn knows(key: &str) -> bool {
        BREAKING.contains(&key) || TIMING.contains(&key) || READING.contains(&key)
    }

    /// Adds a setting.
    pub(super) fn insert(&mut self, key: &str, setting: &Setting, stanza: &str) {
        let found = Found {
            setting: setting.clone(),
            stanza: stanza.to_owned(),
        };
        self.0.insert(key.to_owned(), found);
    }

    /// Whether there are no settings.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of these is set, even to an empty value.
    pub fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.0.contains_key(*key))
    }

    /// A setting's trimmed value. Returns `None` for an empty one.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.0.get(key)?.setting.value.trim();
        (!value.is_empty()).then_some(value)
    }

    /// A boolean. An empty value is false. Returns `None` for an invalid one.
    pub fn flag(&self, key: &str, faults: &Faults) -> Option<bool> {
        let found = self.0.get(key)?;
        settings::flag(&found.setting, &found.object(key), faults)
    }

    /// An integer. Returns `None` for an invalid one.
    pub fn number(&self, key: &str, faults: &Faults) -> Option<i64> {
        self.text(key)?;
        let found = self.0.get(key)?;
        settings::whole_number(&found.setting, &found.object(key), faults)
    }

    /// The comma-separated items, without quotes or the brackets around the whole list.
    pub fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        let items = inner.unwrap_or(text).split(',');
        items
            .map(|item| item.trim().trim_matches('"').to_owned())
            .filter(|item| !item.is_empty())
            .collect()
    }

    /// Adds the fault of a setting with an invalid value, which is ignored.
    pub fn meaningless(&self, key: &str, why: String, faults: &Faults) {
        if let Some(found) = self.0.get(key) {
            settings::meaningless(&found.setting, &found.object(key), why, faults);
        }
    }
}

impl Found {
    fn object(&self, key: &str) -> String {
        format!("[{}] {key}", self.stanza)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::knowledge::conf::Layers;
    use crate::knowledge::fault::Faults;
    use crate::knowledge::props::Props;

    #[test]
    fn settings_are_those_of_the_stanza_that_wins() {
        let text = "[x]\nTIME_FORMAT = %s\nMAX_EVENTS = many\nBREAK_ONLY_BEFORE_DATE =\nEVAL-a = 1\n\
            [source::...y.log]\nTIME_FORMAT = %F\nFIELD_NAMES = [a, \"b c\"]\nsourcetype = x\n";
        let mut layers = Layers::default();
        let faults = Faults::default();
        layers.add(Path::new("props.conf"), text, &faults);
        let props = Props::new(&layers, &Layers::default(), &[], &faults);
        let found = props.text_settings("x", "/tmp/y.log", "");
        assert_eq!(found.text("TIME_FORMAT"), Some("%F"));
        assert_eq!(found.text("sourcetype"), Some("x"));
        assert_eq!(found.list("FIELD_NAMES"), ["a", "b c"]);
        assert_eq!(found.flag("BREAK_ONLY_BEFORE_DATE", &faults), Some(false));
        assert_eq!(found.text("EVAL-a"), None);
        assert!(faults.all().is_empty());
        assert_eq!(found.number("MAX_EVENTS", &faults), None);
        let fault = faults.all()[0].to_string();
        assert!(fault.starts_with("props.conf:3: [x] MAX_EVENTS"), "{fault}");
        assert!(props.text_settings("z", "", "").is_empty());
    }
}
