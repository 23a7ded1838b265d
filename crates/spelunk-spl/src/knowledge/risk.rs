//! Risk of a detection: which objects its rows add risk to, and how much.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::detection::{DetectionTags, Observable};
use super::yaml::{number, or_default};
use crate::word;

/// The newer form of a detection's risk (`rba`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Rba {
    /// Message of a row, with `$field$`.
    pub message: Option<String>,
    /// Fields naming the risk objects.
    #[serde(deserialize_with = "or_default")]
    pub risk_objects: Vec<RbaObject>,
    /// Fields naming the threat objects.
    #[serde(deserialize_with = "or_default")]
    pub threat_objects: Vec<RbaObject>,
}

/// A field of [`Rba`].
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RbaObject {
    /// The field.
    #[serde(deserialize_with = "or_default")]
    pub field: String,
    /// `user`, `system`, `other`; for threats `process_name`, `ip_address`, ...
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// Risk score; for risk objects only.
    #[serde(deserialize_with = "number")]
    pub score: Option<f64>,
    /// Message for this object, if it has its own.
    pub message: Option<String>,
}

/// The newest form of a detection's risk: findings, intermediate findings and threat objects side by side at
/// the top level of the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Findings {
    #[serde(deserialize_with = "or_default")]
    finding: Finding,
    #[serde(deserialize_with = "or_default")]
    intermediate_findings: IntermediateFindings,
    #[serde(deserialize_with = "or_default")]
    threat_objects: Vec<RbaObject>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Finding {
    title: Option<String>,
    #[serde(deserialize_with = "or_default")]
    entity: RbaObject,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct IntermediateFindings {
    #[serde(deserialize_with = "or_default")]
    entities: Vec<RbaObject>,
}

impl Findings {
    /// Converts to the previous form. Returns `None` if the file has no findings.
    pub(super) fn into_rba(self) -> Option<Rba> {
        let title = self.finding.title;
        let mut objects = vec![self.finding.entity];
        objects.extend(self.intermediate_findings.entities);
        objects.retain(|object| !object.field.is_empty());
        if objects.is_empty() {
            return None;
        }
        let message = title.or_else(|| objects.iter().find_map(|o| o.message.clone()));
        Some(Rba {
            message,
            risk_objects: objects,
            threat_objects: self.threat_objects,
        })
    }
}

/// The risk that a row of a detection adds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Risk {
    /// 0 to 100; the highest of the objects' scores if these differ.
    pub score: f64,
    /// Severity of a match, 0 to 100, if given.
    pub impact: Option<f64>,
    /// Confidence of a match, 0 to 100, if given.
    pub confidence: Option<f64>,
    /// Message of a row, with `$field$`.
    pub message: Option<String>,
    /// The risk objects.
    pub objects: Vec<RiskObject>,
    /// The threat objects.
    pub threats: Vec<ThreatObject>,
}

/// A field that names a risk object.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskObject {
    /// The field.
    pub field: String,
    /// `user`, `system` or `other`.
    pub kind: String,
    /// Risk score, 0 to 100.
    pub score: f64,
    /// Message for this object, with `$field$`; defaults to [`Risk::message`].
    pub message: Option<String>,
}

/// A field that names a threat object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreatObject {
    /// The field.
    pub field: String,
    /// `process`, `file_name`, `ip_address`, `url`, ...
    pub kind: String,
}

impl Risk {
    /// All possible messages of a row, with `$field$`.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        let own = self
            .objects
            .iter()
            .filter_map(|object| object.message.as_deref());
        self.message.as_deref().into_iter().chain(own)
    }

    /// Reads the older form: score, message and observables in the tags.
    ///
    /// A victim that is a user or a machine is a risk object of that kind; an attacker is a threat object;
    /// any other observable is a risk object of the kind `other`.
    pub(super) fn from_tags(tags: &DetectionTags) -> Risk {
        let score = tags_score(tags).unwrap_or(0.0);
        let mut risk = Risk {
            score,
            impact: tags.impact,
            confidence: tags.confidence,
            message: tags.message.clone(),
            ..Risk::default()
        };
        for observable in &tags.observable {
            let field = observable.name.clone();
            let has = |role: &str| observable.role.iter().any(|r| r.eq_ignore_ascii_case(role));
            match risk_kind(observable).filter(|_| has("Victim")) {
                Some(kind) => risk.objects.push(RiskObject {
                    field,
                    kind: kind.to_owned(),
                    score,
                    message: None,
                }),
                None if has("Attacker") => risk.threats.push(ThreatObject {
                    field,
                    kind: threat_kind(&observable.kind),
                }),
                None => risk.objects.push(RiskObject {
                    field,
                    kind: "other".to_owned(),
                    score,
                    message: None,
                }),
            }
        }
        risk
    }

    /// Reads the newer form; an object without a score gets that of the tags.
    pub(super) fn from_rba(rba: &Rba, tags: &DetectionTags) -> Risk {
        let by_default = tags_score(tags);
        let objects: Vec<RiskObject> = rba
            .risk_objects
            .iter()
            .map(|object| RiskObject {
                field: object.field.clone(),
                kind: object.kind.to_lowercase(),
                score: object.score.or(by_default).unwrap_or(0.0),
                message: object.message.clone(),
            })
            .collect();
        let highest = objects.iter().map(|object| object.score).reduce(f64::max);
        Risk {
            score: highest.or(by_default).unwrap_or(0.0),
            impact: tags.impact,
            confidence: tags.confidence,
            message: rba.message.clone().or_else(|| tags.message.clone()),
            objects,
            threats: rba
                .threat_objects
                .iter()
                .map(|object| ThreatObject {
                    field: object.field.clone(),
                    kind: object.kind.to_lowercase(),
                })
                .collect(),
        }
    }
}

fn tags_score(tags: &DetectionTags) -> Option<f64> {
    tags.risk_score
        .or_else(|| Some(tags.impact? * tags.confidence? / 100.0))
}

/// The kind of risk object for a type of observable.
fn risk_kind(observable: &Observable) -> Option<&'static str> {
    match observable.kind.to_lowercase().as_str() {
        "user" | "username" | "email address" => Some("user"),
        "device" | "endpoint" | "hostname" | "ip address" => Some("system"),
        _ => None,
    }
}

/// The kind of threat object for a type of observable.
fn threat_kind(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_str() {
        "process" | "process name" => "process",
        "file" | "file name" | "file hash" => "file_name",
        "ip address" => "ip_address",
        "url string" => "url",
        _ => return lower.replace(' ', "_"),
    }
    .to_owned()
}

/// The distinct fields that a message names as `$field$`.
pub fn message_fields(message: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut rest = message;
    while let Some(open) = rest.find('$') {
        let after = &rest[open + 1..];
        let Some(close) = after.find('$') else { break };
        let name = &after[..close];
        let plain = |c: char| word::is_part(c) || matches!(c, '.' | '{' | '}' | ':' | '-');
        if !name.is_empty()
            && name.chars().all(plain)
            && !name.starts_with(|c: char| c.is_numeric())
        {
            found.insert(name);
            rest = &after[close + 1..];
        } else {
            // An amount of money: the next dollar sign may start a name.
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::message_fields;

    #[test]
    fn fields_of_a_message_are_not_amounts_of_money() {
        let found: Vec<&str> = message_fields("$user$ paid $5 and $6 to $dest.ip$ $user$")
            .into_iter()
            .collect();
        assert_eq!(found, ["dest.ip", "user"]);
    }
}
