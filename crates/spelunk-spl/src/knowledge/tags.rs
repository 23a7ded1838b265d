//! Event types and tags: `eventtypes.conf` and `tags.conf`.

use std::collections::BTreeMap;

use super::conf::Layers;
use super::yaml::{Origin, parse_bool};

/// A saved search that labels events (`eventtype=<name>`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventType {
    /// Its name.
    pub name: String,
    /// The search an event must satisfy.
    pub search: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// The event types that are not disabled, by name.
pub(super) fn event_types(layers: &Layers) -> BTreeMap<String, EventType> {
    let mut found = BTreeMap::new();
    for stanza in layers.stanzas() {
        let disabled = stanza.text("disabled").and_then(parse_bool) == Some(true);
        if let Some(search) = stanza.get("search")
            && !disabled
        {
            let event_type = EventType {
                name: stanza.name.clone(),
                search: search.value.clone(),
                origin: search.origin.clone(),
            };
            found.insert(stanza.name.clone(), event_type);
        }
    }
    found
}

/// The field-value pairs that carry each enabled tag, in file order.
pub(super) fn tags(layers: &Layers) -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for stanza in layers.stanzas() {
        let Some((field, value)) = stanza.name.split_once('=') else {
            continue;
        };
        for (tag, setting) in stanza.iter() {
            if parse_bool(&setting.value) == Some(true) {
                let pair = (field.trim().to_owned(), decode(value.trim()));
                found.entry(tag.to_owned()).or_default().push(pair);
            }
        }
    }
    found
}

/// Decodes `%20` and similar escapes, which Splunk writes for characters that a stanza's name can't contain.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| {
            let two = std::str::from_utf8(two).ok()?;
            u8::from_str_radix(two, 16).ok()
        });
        match hex.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{event_types, tags};
    use crate::knowledge::conf::Layers;
    use crate::knowledge::fault::Faults;

    #[test]
    fn tags_and_event_types_can_be_switched_off() {
        let mut layers = Layers::default();
        let text =
            "[eventtype=a]\nprocess = enabled\nreport=enabled\n[host=web%3A1]\nreport = enabled\n";
        layers.add(Path::new("tags.conf"), text, &Faults::default());
        let local = "[eventtype=a]\nreport = disabled\n";
        layers.add(Path::new("local"), local, &Faults::default());
        let tags = tags(&layers);
        assert_eq!(tags["process"], [("eventtype".into(), "a".into())]);
        assert_eq!(tags["report"], [("host".into(), "web:1".into())]);

        let mut layers = Layers::default();
        let text = "[a]\nsearch = x=1\n[b]\nsearch = y=1\ndisabled = 1\n";
        layers.add(Path::new("eventtypes.conf"), text, &Faults::default());
        let found = event_types(&layers);
        assert_eq!(found.len(), 1);
        assert_eq!(found["a"].search, "x=1");
    }
}
