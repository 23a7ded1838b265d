//! Add-ons replace the shipped mapping of the sources that they map, instead of mixing with it.
//!
//! Published detections are tested with the vendors' add-ons. If both mappings applied, events would be rows of the
//! data models of either, with fields of both. [`Props`](super::props::Props) leaves out the shipped field rules;
//! this module decides what an add-on is and which shipped event types, and with them tags, it switches off.

use std::path::Path;

use super::conf::Layers;
use super::fault::Faults;
use super::load::Texts;
use super::props::Props;
use super::shipped;
use super::tags::{self, EventType};

/// What a leading `*` matches in the sources of Windows event logs.
const PREFIXES: [&str; 4] = [
    "",
    "Xml",
    "XmlWinEventLog:",
    "XmlWinEventLog:Microsoft-Windows-",
];

/// Whether an app tags events. An app with field rules only, such as a user's own extractions, adds to the shipped
/// mapping.
pub(super) fn is_add_on(texts: &Texts) -> bool {
    let mut layers = Layers::default();
    let is_tags = |path: &Path| path.file_name().is_some_and(|name| name == "tags.conf");
    for (path, text) in texts.iter().filter(|(path, _)| is_tags(path)) {
        // The faults of the file are reported when it is added.
        layers.add(path, text, &Faults::default());
    }
    !tags::tags(&layers).is_empty()
}

/// Whether a shipped event type names sources and sourcetypes, and add-ons map all of them.
pub(super) fn is_replaced(event_type: &EventType, props: &Props) -> bool {
    if !event_type.origin.path.starts_with(shipped::PREFIX) {
        return false;
    }
    let named = sources(&event_type.search);
    let replaced = |(field, value): &(&str, &str)| {
        let prefixes: &[&str] = match value.starts_with('*') {
            true => &PREFIXES,
            false => &[""],
        };
        prefixes.iter().any(|prefix| {
            let value = format!("{prefix}{}", value.replace('*', ""));
            match *field {
                "source" => props.replaces_source(&value),
                _ => props.replaces_sourcetype(&value),
            }
        })
    };
    !named.is_empty() && named.iter().all(replaced)
}

/// The values of `source` and `sourcetype` in the search of a shipped event type, as written. Scans the text, because
/// knowledge does not depend on the parser (`syntax` is a module of the same layer).
fn sources(search: &str) -> Vec<(&'static str, &str)> {
    let mut found = Vec::new();
    for field in ["source", "sourcetype"] {
        for (at, _) in search.match_indices(field) {
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
            if search[..at].chars().next_back().is_some_and(is_word) {
                continue;
            }
            let rest = search[at + field.len()..].trim_start();
            if let Some(value) = rest.strip_prefix('=') {
                found.extend(value_at(value).map(|value| (field, value)));
            } else if let Some(list) = rest
                .strip_prefix("IN")
                .and_then(|rest| rest.trim_start().strip_prefix('('))
            {
                let list = list.split(')').next().unwrap_or_default();
                let values = list.split(',').filter_map(value_at);
                found.extend(values.map(|value| (field, value)));
            }
        }
    }
    found
}

/// The value at the beginning of a text, quoted or not.
fn value_at(text: &str) -> Option<&str> {
    let text = text.trim();
    let value = match text.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => text
            .split(|c: char| c.is_whitespace() || matches!(c, ')' | ','))
            .next()?,
    };
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::sources;

    #[test]
    fn sources_and_sourcetypes_are_found() {
        let found = |search| {
            let found = sources(search);
            let found = found
                .iter()
                .map(|(field, value)| format!("{field} {value}"));
            found.collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            found("(source=\"*WinEventLog:System\" a=1) OR source=\"*WinEventLog:Security\""),
            "source *WinEventLog:System; source *WinEventLog:Security"
        );
        assert_eq!(
            found("sourcetype IN (a:b, \"c d\") my_source=x resource=y"),
            "sourcetype a:b; sourcetype c d"
        );
        assert_eq!(found("sourcetype=zeek:* conn"), "sourcetype zeek:*");
        assert_eq!(found("EventCode=1"), "");
    }
}
