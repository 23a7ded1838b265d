//! A layer of the ATT&CK Navigator.
//!
//! Follows the Navigator's "Layer file format" version 4.5.

use std::collections::BTreeMap;

use serde_json::json;

use crate::detect::Status;
use crate::detect::report::Finding;

/// The techniques of the detections that fired; a technique's score is the number of rows.
pub fn layer(findings: &[Finding]) -> String {
    let mut techniques: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.status == Status::Rows) {
        for id in &finding.detection.tags.mitre_attack_id {
            let entry = techniques.entry(id).or_default();
            entry.0 += finding.count;
            entry.1.push(&finding.detection.name);
        }
    }
    let most = techniques.values().map(|(rows, _)| *rows).max();
    let techniques: Vec<_> = techniques
        .iter()
        .map(|(id, (rows, names))| {
            json!({
                "techniqueID": id,
                "score": rows,
                "comment": names.join("; "),
                "enabled": true,
                "showSubtechniques": id.contains('.'),
            })
        })
        .collect();
    let layer = json!({
        "name": "Detections with rows",
        "versions": {"attack": "17", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "Techniques of the detections that found something; the score is the number of rows",
        "techniques": techniques,
        "gradient": {
            "colors": ["#ffe0b2", "#d84315"],
            "minValue": 0,
            "maxValue": most.unwrap_or(1),
        },
    });
    format!("{layer:#}\n")
}
