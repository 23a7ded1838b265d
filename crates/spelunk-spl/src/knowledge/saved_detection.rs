//! Saved searches as detections: the settings in which correlation searches store their risk and their
//! annotations.
//!
//! Follows `savedsearches.conf` as Splunk Enterprise Security writes it: `action.risk.param._risk` (a JSON
//! list of `risk_object_field`, `risk_object_type`, `risk_score`, and of `threat_object_field`,
//! `threat_object_type`), `action.risk.param._risk_message`, `action.correlationsearch.annotations` (JSON)
//! and `action.correlationsearch.metadata` (JSON).

use serde_json::Value;

use super::detection::{Detection, DetectionTags};
use super::risk::{Rba, RbaObject};
use super::saved::SavedSearch;

impl Detection {
    /// Converts a saved search to a detection.
    pub fn of_saved(saved: &SavedSearch) -> Detection {
        let setting = |key: &str| saved.settings.get(key).filter(|text| !text.is_empty());
        let json = |key: &str| -> Option<Value> { serde_json::from_str(setting(key)?).ok() };
        let annotations = json("action.correlationsearch.annotations").unwrap_or(Value::Null);
        let metadata = json("action.correlationsearch.metadata").unwrap_or(Value::Null);
        let kind = setting("action.escu.analytic_type")
            .or_else(|| setting("action.escu.search_type"))
            .cloned();
        Detection {
            path: saved.origin.path.clone(),
            name: saved.name.clone(),
            id: text(&metadata, "detection_id")
                .or_else(|| setting("action.escu.id").cloned())
                .unwrap_or_else(|| saved.name.clone()),
            version: text(&metadata, "detection_version"),
            kind: text(&metadata, "type").or(kind),
            description: setting("description").cloned(),
            search: saved.search.clone(),
            how_to_implement: setting("action.escu.how_to_implement").cloned(),
            known_false_positives: setting("action.escu.known_false_positives").cloned(),
            tags: DetectionTags {
                analytic_story: words(&annotations, "analytic_story"),
                mitre_attack_id: words(&annotations, "mitre_attack"),
                kill_chain_phases: words(&annotations, "kill_chain_phases"),
                nist: words(&annotations, "nist"),
                cis20: words(&annotations, "cis20"),
                ..DetectionTags::default()
            },
            rba: json("action.risk.param._risk")
                .map(|risk| rba(&risk, setting("action.risk.param._risk_message").cloned())),
            earliest: saved.earliest.clone(),
            latest: saved.latest.clone(),
            ..Detection::default()
        }
    }
}

fn rba(risk: &Value, message: Option<String>) -> Rba {
    let mut found = Rba {
        message,
        ..Rba::default()
    };
    for entry in risk.as_array().into_iter().flatten() {
        if let Some(field) = text(entry, "risk_object_field") {
            found.risk_objects.push(RbaObject {
                field,
                kind: text(entry, "risk_object_type").unwrap_or_default(),
                score: number(entry, "risk_score"),
                message: None,
            });
        }
        if let Some(field) = text(entry, "threat_object_field") {
            found.threat_objects.push(RbaObject {
                field,
                kind: text(entry, "threat_object_type").unwrap_or_default(),
                score: None,
                message: None,
            });
        }
    }
    found
}

fn text(object: &Value, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(object: &Value, key: &str) -> Option<f64> {
    text(object, key)?.trim().parse().ok()
}

fn words(object: &Value, key: &str) -> Vec<String> {
    let list = object.get(key).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::knowledge::conf::Layers;
    use crate::knowledge::detection::Detection;
    use crate::knowledge::saved::saved_searches;

    #[test]
    fn risk_and_annotations_are_read() {
        let text = "[Threat - X - Rule]\nsearch = index=* | table dest user\n\
            dispatch.earliest_time = -70m@m\ndispatch.latest_time = -10m@m\n\
            action.risk.param._risk_message = saw $dest$\n\
            action.risk.param._risk = [{\"risk_object_field\": \"dest\", \
            \"risk_object_type\": \"system\", \"risk_score\": 40}, \
            {\"threat_object_field\": \"process_name\", \"threat_object_type\": \"process\"}]\n\
            action.correlationsearch.annotations = {\"mitre_attack\": [\"T1047\"]}\n\
            action.escu.analytic_type = TTP\n\n[off]\nsearch = x\ndisabled = 1\n";
        let mut layers = Layers::default();
        layers.add(
            Path::new("a/default/savedsearches.conf"),
            text,
            &crate::knowledge::fault::Faults::default(),
        );
        let saved = saved_searches(&layers);
        assert_eq!(saved.len(), 1);
        let detection = Detection::of_saved(&saved["Threat - X - Rule"]);
        assert_eq!(detection.kind.as_deref(), Some("TTP"));
        assert_eq!(detection.tags.mitre_attack_id, ["T1047"]);
        assert_eq!(detection.earliest.as_deref(), Some("-70m@m"));
        let risk = detection.risk();
        assert_eq!(risk.message.as_deref(), Some("saw $dest$"));
        assert_eq!(
            (risk.objects[0].field.as_str(), risk.objects[0].score),
            ("dest", 40.0)
        );
        assert_eq!(risk.threats[0].kind, "process");
    }
}
