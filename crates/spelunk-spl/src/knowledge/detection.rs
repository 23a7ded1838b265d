//! Detections in the YAML of Splunk's published content, in all its versions: risk in `tags`, risk in `rba`,
//! and findings with the former tags at the top level of the file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

use super::fault::{Fault, FaultKind};
use super::lenient::{self, LeftOut};
use super::risk::{Findings, Rba, Risk};
use super::shipped;
use super::yaml::{self, Origin, flag, number, or_default, text, words};
use crate::knowledge::detection_v1;

/// One detection: a search, the meaning of its rows, and its tests. Keys not listed here are ignored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Detection {
    /// The file it was read from.
    #[serde(skip)]
    pub path: PathBuf,
    /// The line in the file at which its search begins, from 1.
    #[serde(skip)]
    pub search_line: usize,
    /// `Remote Process Instantiation via WMI`
    pub name: String,
    /// A UUID.
    pub id: String,
    /// Its version number.
    pub version: Option<String>,
    /// Date of the last change.
    pub date: Option<String>,
    /// Its author.
    #[serde(default, deserialize_with = "text")]
    pub author: Option<String>,
    /// `production`, `experimental`, `deprecated`.
    pub status: Option<String>,
    /// `TTP`, `Anomaly`, `Hunting`, `Correlation`, `Baseline`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Description: its findings and why they matter.
    #[serde(default, deserialize_with = "text")]
    pub description: Option<String>,
    /// Names of the data sources it needs.
    #[serde(default, deserialize_with = "words")]
    pub data_source: Vec<String>,
    /// The search.
    pub search: String,
    /// The data it requires.
    #[serde(default, deserialize_with = "text")]
    pub how_to_implement: Option<String>,
    /// Harmless activity that it also finds.
    #[serde(default, deserialize_with = "text")]
    pub known_false_positives: Option<String>,
    /// Links to further reading.
    #[serde(default, deserialize_with = "words")]
    pub references: Vec<String>,
    /// Searches that show more about a row.
    #[serde(default, deserialize_with = "or_default")]
    pub drilldown_searches: Vec<Drilldown>,
    /// Data models it reads, if declared.
    #[serde(default, deserialize_with = "words")]
    pub datamodel: Vec<String>,
    /// Classification, and the older form of its risk.
    #[serde(default, deserialize_with = "or_default")]
    pub tags: DetectionTags,
    /// The newer form of its risk.
    pub rba: Option<Rba>,
    /// Its tests.
    #[serde(default, deserialize_with = "or_default")]
    pub tests: Vec<DetectionTest>,
    /// Why its file could not be read. Such a detection has the file's name and nothing else.
    #[serde(skip)]
    pub broken: Option<ErrorKind>,
    /// Values of its metadata and tests that could not be read and were skipped.
    #[serde(skip)]
    pub faults: Vec<Fault>,
    /// For a saved search: start of its scheduled time range.
    #[serde(skip)]
    pub earliest: Option<String>,
    /// For a saved search: end of its scheduled time range.
    #[serde(skip)]
    pub latest: Option<String>,
}

/// A search that shows more about a row. Its text may contain `$field$`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Drilldown {
    /// Its title.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The search.
    #[serde(default, deserialize_with = "or_default")]
    pub search: String,
    /// Start of its time range.
    pub earliest_offset: Option<String>,
    /// End of its time range.
    pub latest_offset: Option<String>,
}

/// Classification of a detection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DetectionTags {
    /// Analytic stories it belongs to.
    #[serde(alias = "analytics_story", deserialize_with = "words")]
    pub analytic_story: Vec<String>,
    /// `Endpoint`, `AWS Account`.
    #[serde(default, deserialize_with = "text")]
    pub asset_type: Option<String>,
    /// ATT&CK techniques: `T1047`.
    #[serde(deserialize_with = "words")]
    pub mitre_attack_id: Vec<String>,
    /// CVE identifiers.
    #[serde(deserialize_with = "words")]
    pub cve: Vec<String>,
    /// CIS controls.
    #[serde(deserialize_with = "words")]
    pub cis20: Vec<String>,
    /// NIST framework categories.
    #[serde(deserialize_with = "words")]
    pub nist: Vec<String>,
    /// Kill chain phases.
    #[serde(deserialize_with = "words")]
    pub kill_chain_phases: Vec<String>,
    /// Atomic Red Team tests that trigger it.
    #[serde(deserialize_with = "words")]
    pub atomic_guid: Vec<String>,
    /// For a baseline: names of the detections that need it.
    #[serde(deserialize_with = "words")]
    pub detections: Vec<String>,
    /// Threat groups.
    #[serde(deserialize_with = "words")]
    pub group: Vec<String>,
    /// Products that can run it.
    #[serde(deserialize_with = "words")]
    pub product: Vec<String>,
    /// Fields it reads.
    #[serde(deserialize_with = "words")]
    pub required_fields: Vec<String>,
    /// `endpoint`, `network`, `access`, ...
    #[serde(default, deserialize_with = "text")]
    pub security_domain: Option<String>,
    /// Why it can't be tested by itself.
    #[serde(default, deserialize_with = "text")]
    pub manual_test: Option<String>,
    /// Confidence of a match, 0 to 100.
    #[serde(default, deserialize_with = "number")]
    pub confidence: Option<f64>,
    /// Severity of a match, 0 to 100.
    #[serde(default, deserialize_with = "number")]
    pub impact: Option<f64>,
    /// `impact * confidence / 100`, if present.
    #[serde(default, deserialize_with = "number")]
    pub risk_score: Option<f64>,
    /// Message of a row, with `$field$`.
    pub message: Option<String>,
    /// The users, systems and other objects involved.
    #[serde(default, deserialize_with = "or_default")]
    pub observable: Vec<Observable>,
}

/// A field that names an object involved.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Observable {
    /// The field.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `User`, `Hostname`, `Process`, `IP Address`, ...
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// `Victim`, `Attacker`, ...
    #[serde(deserialize_with = "words")]
    pub role: Vec<String>,
}

/// One test: data in which the detection must find something.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DetectionTest {
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The data.
    #[serde(default, deserialize_with = "or_default")]
    pub attack_data: Vec<AttackData>,
    /// `unit`, or why a program can't run it: `manual`, `experimental`.
    pub test_type: Option<String>,
    /// What it demonstrates, or why it can't run automatically.
    #[serde(deserialize_with = "text")]
    pub description: Option<String>,
    /// Pass condition, in the older form: `| stats count | where count > 0`.
    pub pass_condition: Option<String>,
    /// Start of the time range, in the older form.
    pub earliest_time: Option<String>,
    /// End of the time range, in the older form.
    pub latest_time: Option<String>,
}

/// Data of a test.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AttackData {
    /// A URL, or a path in a repository of data sets; see [`super::dataset::locate`].
    #[serde(default, deserialize_with = "or_default")]
    pub data: String,
    /// The source assigned to its events.
    pub source: Option<String>,
    /// The sourcetype assigned to its events.
    pub sourcetype: Option<String>,
    /// The host assigned to its events.
    pub host: Option<String>,
    /// The index that its events go to.
    pub custom_index: Option<String>,
    /// Whether to shift timestamps to now before the test.
    #[serde(deserialize_with = "flag")]
    pub update_timestamp: bool,
}

/// Date of the last change, in the newest form.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Modified {
    modification_date: Option<String>,
}

impl Detection {
    /// Reads a file, which may be a shipped one (`<shipped>/...`). A `.spl` file contains only a search; the
    /// detection gets the file's name.
    ///
    /// # Errors
    /// If it can't be read or is not a detection; with line and column.
    pub fn load(path: &Path) -> Result<Detection> {
        let text = match shipped::file(path) {
            Some(file) => yaml::text_of(path, file.bytes().to_vec())?,
            None => yaml::read(path)?,
        };
        let mut detection = Detection::of_text(path, &text)?;
        if detection.tests.is_empty() {
            match detection_v1::tests_of(path) {
                Ok((tests, faults)) => {
                    detection.tests = tests;
                    detection.faults.extend(faults);
                }
                Err(error) => {
                    let fault = Fault::of_file(path, &error, "the detection has no test");
                    detection.faults.push(fault);
                }
            }
        }
        Ok(detection)
    }

    /// Parses the text of the file `path`: a plain search if the name ends in `.spl`, otherwise YAML.
    ///
    /// # Errors
    /// If it is not a detection; with line and column.
    pub fn of_text(path: &Path, text: &str) -> Result<Detection> {
        if path.extension().is_some_and(|e| e == "spl") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            return Ok(Detection {
                path: path.to_owned(),
                name: name.to_string(),
                id: name.into_owned(),
                search: text.trim().to_owned(),
                ..Detection::default()
            });
        }
        Detection::parse(path, text)
    }

    /// A placeholder for an unreadable file of a folder.
    pub fn broken(path: &Path, why: Error) -> Detection {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Detection {
            path: path.to_owned(),
            name: name.into_owned(),
            broken: Some(*why.kind),
            ..Detection::default()
        }
    }

    /// Parses the text of the file `path`. An unreadable value of the metadata or the tests becomes one of
    /// [`Detection::faults`].
    ///
    /// # Errors
    /// If it is not YAML, or has no search; with line and column.
    pub fn parse(path: &Path, text: &str) -> Result<Detection> {
        if !has_search(text) && detection_v1::is_first_form(text) {
            return detection_v1::parse(path, text);
        }
        let mut left_out = Vec::new();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let missing = [("name", &*stem), ("id", &*stem)];
        let mut detection: Detection = lenient::yaml(path, text, &missing, &mut left_out)?;
        detection.path = path.to_owned();
        if detection.tags == DetectionTags::default() {
            detection.tags = lenient::yaml(path, text, &[], &mut left_out)?;
        }
        // Most files are in an earlier form, and parsing one again doubles the cost.
        let may_have_findings = text.contains("finding") || text.contains("threat_objects");
        if detection.rba.is_none() && may_have_findings {
            let findings: Findings = lenient::yaml(path, text, &[], &mut left_out)?;
            detection.rba = findings.into_rba();
        }
        if detection.date.is_none() {
            let modified: Modified = lenient::yaml(path, text, &[], &mut left_out)?;
            detection.date = modified.modification_date;
        }
        detection.faults = faults_of(path, left_out);
        detection.search_line = text
            .lines()
            .position(|line| line.starts_with("search:"))
            .map_or(1, |line| line + 1);
        Ok(detection)
    }

    /// The risk that a row adds.
    pub fn risk(&self) -> Risk {
        match &self.rba {
            Some(rba) => Risk::from_rba(rba, &self.tags),
            None => Risk::from_tags(&self.tags),
        }
    }

    /// The file name without folder and extension.
    pub fn stem(&self) -> &str {
        self.path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or("")
    }
}

/// The faults of values that were left out of a detection's file.
pub(super) fn faults_of(path: &Path, left_out: Vec<LeftOut>) -> Vec<Fault> {
    let each = left_out.into_iter().map(|left_out| {
        let origin = Origin {
            path: path.to_owned(),
            line: left_out.line,
        };
        Fault::new(
            FaultKind::Detection,
            &origin,
            left_out.keys,
            left_out.why,
            "the value is ignored",
        )
    });
    each.collect()
}

/// Whether a text has a search at the top level.
pub(super) fn has_search(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
        line.strip_prefix("search")
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Detection, has_search};

    #[test]
    fn keys_may_lack_values_and_numbers_stand_in_quotes() {
        let text = "name: N\nid: 1\nversion: '7'\nsearch: x\ndata_source:\ndrilldown_searches:\n\
            references:\ntests:\n- name:\n  attack_data:\nrba:\n  message: m\n  risk_objects:\n  \
            - {field: dest, type: system, score: '40'}\n  threat_objects:\ntags:\n  \
            confidence: '70'\n  impact: \"50\"\n  observable:\n  asset_type: [Endpoint, Cloud]\n  \
            message:\n  mitre_attack_id: T1047\n";
        let detection = Detection::parse(Path::new("n.yml"), text).unwrap();
        assert_eq!(detection.risk().objects[0].score, 40.0);
        assert_eq!(detection.tags.impact, Some(50.0));
        assert_eq!(
            detection.tags.asset_type.as_deref(),
            Some("Endpoint, Cloud")
        );
        assert!(detection.tests[0].attack_data.is_empty());
        assert_eq!(detection.tags.mitre_attack_id, ["T1047"]);
    }

    #[test]
    fn the_older_form_is_read() {
        let text = "name: N\nid: 1-2\nversion: 4\ndate: 2024-09-30\ntype: TTP\nunknown: {a: [1]}\n\
            search: '| x `y`'\ntags:\n  analytic_story: [A, B]\n  confidence: 70\n  impact: 45\n  \
            message: m $dest$\n  cve: CVE-1\n  observable:\n  - name: user\n    type: User\n    \
            role: [Victim]\n  - {name: dest, type: Hostname, role: [Victim]}\n  \
            - {name: p, type: Process, role: [Attacker]}\n  \
            - {name: q, type: Other, role: [Victim]}\ntests:\n- name: T\n  attack_data:\n  \
            - data: https://h/datasets/x.log\n    source: s\n    sourcetype: st\n    \
            update_timestamp: true\n";
        let detection = Detection::parse(Path::new("d/n_x.yml"), text).unwrap();
        assert_eq!(detection.stem(), "n_x");
        assert_eq!(detection.version.as_deref(), Some("4"));
        assert_eq!(detection.date.as_deref(), Some("2024-09-30"));
        assert_eq!(detection.tags.analytic_story, ["A", "B"]);
        assert_eq!(detection.tags.cve, ["CVE-1"]);
        assert!(detection.tests[0].attack_data[0].update_timestamp);
        let risk = detection.risk();
        assert_eq!(risk.score, 31.5);
        assert_eq!(risk.message.as_deref(), Some("m $dest$"));
        let objects: Vec<(&str, &str, f64)> = risk
            .objects
            .iter()
            .map(|o| (o.field.as_str(), o.kind.as_str(), o.score))
            .collect();
        assert_eq!(
            objects,
            [
                ("user", "user", 31.5),
                ("dest", "system", 31.5),
                ("q", "other", 31.5)
            ]
        );
        assert_eq!(risk.threats[0].kind, "process");
    }

    #[test]
    fn the_newer_form_is_read() {
        let text = "name: N\nid: i\nsearch: x\nrba:\n  message: hello\n  risk_objects:\n  \
            - field: dest\n    type: system\n    score: 30\n  - {field: u, type: user, score: 56}\n  \
            threat_objects:\n  - field: process_name\n    type: process_name\n";
        let risk = Detection::parse(Path::new("n.yml"), text).unwrap().risk();
        assert_eq!((risk.score, risk.objects[0].score), (56.0, 30.0));
        assert_eq!(risk.threats[0].field, "process_name");
        assert_eq!(risk.message.as_deref(), Some("hello"));
    }

    #[test]
    fn what_has_no_search_is_no_detection() {
        assert!(has_search("name: x\nsearch: |\n  y\n"));
        assert!(has_search("'search': y\n"));
        assert!(!has_search(
            "name: x\nplaybook: y\n  search: z\nsearches: a\n"
        ));
    }

    #[test]
    fn findings_and_what_stands_at_the_top_are_read() {
        let text = "name: N\nid: i\nversion: 2\ncreation_date: '2021-01-02'\n\
            modification_date: '2026-03-04'\ntype: TTP\nsearch: x\nfinding:\n  \
            title: seen on $dest$\n  entity: {field: dest, type: system, score: 50}\n\
            intermediate_findings:\n  entities:\n  \
            - {field: user, type: user, score: 30, message: done by $user$}\n\
            threat_objects:\n- field: process_name\n  type: process_name\n\
            analytic_story:\n- A\nmitre_attack_id: [T1047]\nasset_type: Endpoint\n";
        let detection = Detection::parse(Path::new("n.yml"), text).unwrap();
        assert_eq!(detection.date.as_deref(), Some("2026-03-04"));
        assert_eq!(detection.tags.analytic_story, ["A"]);
        assert_eq!(detection.tags.mitre_attack_id, ["T1047"]);
        assert_eq!(detection.tags.asset_type.as_deref(), Some("Endpoint"));
        let risk = detection.risk();
        assert_eq!((risk.score, risk.objects.len()), (50.0, 2));
        assert_eq!(risk.message.as_deref(), Some("seen on $dest$"));
        assert_eq!(risk.objects[0].message, None);
        assert_eq!(risk.objects[1].message.as_deref(), Some("done by $user$"));
        assert_eq!(risk.threats[0].field, "process_name");
    }

    #[test]
    fn a_mistake_is_shown_with_its_place() {
        let message = |text: &str| {
            let error = Detection::parse(Path::new("n.yml"), text).unwrap_err();
            error.to_string()
        };
        let wrong = message("name: N\nid: i\nsearch: [a, b]\n");
        assert!(wrong.starts_with("n.yml:3:9: "), "{wrong}");
        let text = "name: N\nid: i\ntags:\n  impact: high\nsearch: s\n";
        let detection = Detection::parse(Path::new("n.yml"), text).unwrap();
        assert_eq!(
            (detection.search.as_str(), detection.tags.impact),
            ("s", None)
        );
        let fault = detection.faults[0].to_string();
        assert!(
            fault.starts_with("n.yml:4: tags.impact: expected a number"),
            "{fault}"
        );
        let wrong = message("name: N\nid: i\n");
        assert!(wrong.contains("search"), "{wrong}");
        let wrong = message("name: N\n  id: 'x\n");
        assert!(wrong.starts_with("n.yml:"), "{wrong}");
    }
}
