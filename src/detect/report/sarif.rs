//! SARIF, which code hosts show as annotations.
//!
//! Follows "Static Analysis Results Interchange Format (SARIF) Version 2.1.0" of OASIS.

use serde_json::{Value, json};

use crate::detect::Status;
use crate::detect::report::Finding;

/// One result in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The rule: a detection's id or a lint's code.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// `error`, `warning`, `note`
    pub level: &'static str,
    /// The message.
    pub message: String,
    /// The file.
    pub file: String,
    /// The line, starting at 1.
    pub line: usize,
}

/// The findings and errors of detections, at the line of their searches.
pub fn of_run(findings: &[Finding]) -> String {
    let annotations: Vec<Annotation> = findings
        .iter()
        .filter_map(|finding| {
            let reason = || finding.reason.clone().unwrap_or_default();
            let (level, message) = match finding.status {
                Status::Rows => ("warning", format!("found {} rows", finding.count)),
                Status::Refused => ("note", format!("refused: {}", reason())),
                Status::Error => ("error", reason()),
                Status::Empty => return None,
            };
            let detection = &finding.detection;
            Some(Annotation {
                rule: detection.id.clone(),
                title: detection.name.clone(),
                level,
                message,
                file: detection.path.display().to_string(),
                line: detection.search_line,
            })
        })
        .collect();
    log(&annotations)
}

/// A SARIF log of annotations.
pub fn log(annotations: &[Annotation]) -> String {
    let mut rules: Vec<&Annotation> = Vec::new();
    for annotation in annotations {
        if rules.iter().all(|rule| rule.rule != annotation.rule) {
            rules.push(annotation);
        }
    }
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| json!({"id": rule.rule, "shortDescription": {"text": rule.title}}))
        .collect();
    let results: Vec<Value> = annotations
        .iter()
        .map(|annotation| {
            json!({
                "ruleId": annotation.rule,
                "level": annotation.level,
                "message": {"text": format!("{}: {}", annotation.title, annotation.message)},
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": {"uri": annotation.file.replace('\\', "/")},
                        "region": {"startLine": annotation.line.max(1)},
                    }
                }],
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "spelunk",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    format!("{log:#}\n")
}
