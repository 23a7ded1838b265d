//! Detections in their first published form: the search and its risk below `detect`, in JSON or YAML, and
//! later with tests in separate files below `tests/`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Result;

use crate::knowledge::detection::{Detection, DetectionTags, DetectionTest, faults_of};
use crate::knowledge::fault::Fault;
use crate::knowledge::lenient;
use crate::knowledge::risk::{Rba, RbaObject};
use crate::knowledge::yaml::{self, number, or_default, text, words};

/// Whether a text without a top-level search is a detection of the first form.
pub(super) fn is_first_form(text: &str) -> bool {
    text.contains("correlation_rule") && text.lines().any(|line| has_key(line, "detect"))
}

/// Whether a line begins with a key, quoted or not.
fn has_key(line: &str, key: &str) -> bool {
    line.trim_start().trim_start_matches('"').starts_with(key)
}

#[derive(Deserialize)]
struct FirstForm {
    name: String,
    id: String,
    version: Option<String>,
    modification_date: Option<String>,
    #[serde(default, deserialize_with = "text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "text")]
    how_to_implement: Option<String>,
    #[serde(default, deserialize_with = "text")]
    known_false_positives: Option<String>,
    #[serde(default, deserialize_with = "words")]
    references: Vec<String>,
    #[serde(default, deserialize_with = "text")]
    asset_type: Option<String>,
    #[serde(default, deserialize_with = "text")]
    security_domain: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    data_metadata: Metadata,
    #[serde(default, deserialize_with = "or_default")]
    mappings: Mappings,
    detect: Detect,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    #[serde(deserialize_with = "words")]
    data_models: Vec<String>,
    #[serde(deserialize_with = "words")]
    data_source: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Mappings {
    #[serde(deserialize_with = "words")]
    mitre_technique_id: Vec<String>,
    #[serde(deserialize_with = "words")]
    cis20: Vec<String>,
    #[serde(deserialize_with = "words")]
    nist: Vec<String>,
    #[serde(deserialize_with = "words")]
    kill_chain_phases: Vec<String>,
}

#[derive(Deserialize)]
struct Detect {
    splunk: OfSplunk,
}

#[derive(Deserialize)]
struct OfSplunk {
    correlation_rule: Rule,
}

#[derive(Deserialize)]
struct Rule {
    search: String,
    #[serde(default, deserialize_with = "or_default")]
    notable: Notable,
    #[serde(default, deserialize_with = "or_default")]
    risk: RuleRisk,
    #[serde(default, deserialize_with = "or_default")]
    schedule: Schedule,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Notable {
    rule_title: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RuleRisk {
    #[serde(deserialize_with = "words")]
    risk_object: Vec<String>,
    #[serde(deserialize_with = "words")]
    risk_object_type: Vec<String>,
    #[serde(deserialize_with = "number")]
    risk_score: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Schedule {
    earliest_time: Option<String>,
    latest_time: Option<String>,
}

/// Parses the first form. JSON is parsed as YAML.
///
/// # Errors
/// If it is not a detection; with line and column.
pub(super) fn parse(path: &Path, text: &str) -> Result<Detection> {
    let mut left_out = Vec::new();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let missing = [("name", &*stem), ("id", &*stem)];
    let file: FirstForm = lenient::yaml(path, text, &missing, &mut left_out)?;
    let rule = file.detect.splunk.correlation_rule;
    let kinds = rule.risk.risk_object_type;
    let objects = rule.risk.risk_object.into_iter().enumerate();
    let objects = objects.map(|(n, field)| RbaObject {
        field,
        kind: kinds.get(n).or(kinds.last()).cloned().unwrap_or_default(),
        score: rule.risk.risk_score,
        message: None,
    });
    let search_line = text
        .lines()
        .position(|line| has_key(line, "search"))
        .map_or(1, |line| line + 1);
    Ok(Detection {
        path: path.to_owned(),
        search_line,
        name: file.name,
        id: file.id,
        version: file.version,
        date: file.modification_date,
        description: file.description,
        search: rule.search,
        data_source: file.data_metadata.data_source,
        datamodel: file.data_metadata.data_models,
        how_to_implement: file.how_to_implement,
        known_false_positives: file.known_false_positives,
        references: file.references,
        tags: DetectionTags {
            asset_type: file.asset_type,
            security_domain: file.security_domain,
            mitre_attack_id: file.mappings.mitre_technique_id,
            cis20: file.mappings.cis20,
            nist: file.mappings.nist,
            kill_chain_phases: file.mappings.kill_chain_phases,
            ..DetectionTags::default()
        },
        rba: Some(Rba {
            message: rule.notable.rule_title,
            risk_objects: objects.collect(),
            threat_objects: Vec::new(),
        }),
        earliest: rule.schedule.earliest_time,
        latest: rule.schedule.latest_time,
        faults: faults_of(path, left_out),
        ..Detection::default()
    })
}

/// Reads the separate test file of a detection at `path`, and its faults: for `detections/endpoint/x.yml`
/// this is `tests/endpoint/x.test.yml`. Returns no tests if there is no such file.
///
/// # Errors
/// If the file can't be read as tests; with line and column.
pub(super) fn tests_of(path: &Path) -> Result<(Vec<DetectionTest>, Vec<Fault>)> {
    let Some(file) = test_file(path).filter(|file| file.is_file()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let text = yaml::read(&file)?;
    let mut left_out = Vec::new();
    let found: TestList = lenient::yaml(&file, &text, &[], &mut left_out)?;
    let tests = match found.tests.is_empty() {
        false => found.tests,
        true => vec![lenient::yaml(&file, &text, &[], &mut left_out)?],
    };
    Ok((tests, faults_of(&file, left_out)))
}

/// A test file contains a list of tests, or a single one at the top level.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TestList {
    #[serde(deserialize_with = "or_default")]
    tests: Vec<DetectionTest>,
}

fn test_file(path: &Path) -> Option<PathBuf> {
    let folder = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_some_and(|name| name == "detections"))?;
    let name = format!("{}.test.yml", path.file_stem()?.to_str()?);
    let below = path.parent()?.strip_prefix(folder).ok()?;
    Some(folder.with_file_name("tests").join(below).join(name))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::knowledge::detection::Detection;

    #[test]
    fn the_first_form_is_read_from_json_and_yaml() {
        let json = "{\n \"id\": \"1\", \"name\": \"N\", \"version\": \"2.0\",\n \
            \"modification_date\": \"2019-03-04\",\n \"detect\": {\"splunk\": {\"correlation_rule\": {\n  \
            \"notable\": {\"rule_title\": \"seen on $dest$\"},\n  \
            \"risk\": {\"risk_object\": \"dest,user\", \"risk_object_type\": [\"system\", \"user\"], \
            \"risk_score\": 40},\n  \
            \"schedule\": {\"earliest_time\": \"-70m@m\", \"latest_time\": \"-10m@m\"},\n  \
            \"search\": \"index=x \\\"a b\\\" | table dest\"}}},\n \
            \"mappings\": {\"nist\": [\"DE.CM\"]}\n}\n";
        let yaml = "id: 1\nname: N\nversion: 2.0\nmodification_date: 2019-03-04\ndetect:\n  splunk:\n    \
            correlation_rule:\n      notable: {rule_title: seen on $dest$}\n      \
            risk: {risk_object: 'dest,user', risk_object_type: [system, user], risk_score: '40'}\n      \
            schedule: {earliest_time: -70m@m, latest_time: -10m@m}\n\n      \
            search: index=x \"a b\" | table dest\nmappings:\n  nist: [DE.CM]\n";
        let mut of_json = Detection::parse(Path::new("n.json"), json).unwrap();
        let of_yaml = Detection::parse(Path::new("n.yml"), yaml).unwrap();
        assert_eq!(of_json.search, "index=x \"a b\" | table dest");
        assert_eq!((of_json.search_line, of_yaml.search_line), (8, 12));
        let risk = of_json.risk();
        assert_eq!((risk.objects.len(), risk.score), (2, 40.0));
        assert_eq!(risk.objects[1].kind, "user");
        assert_eq!(risk.message.as_deref(), Some("seen on $dest$"));
        assert_eq!(of_json.earliest.as_deref(), Some("-70m@m"));
        of_json.path = of_yaml.path.clone();
        of_json.search_line = of_yaml.search_line;
        assert_eq!(of_json, of_yaml);
    }

    #[test]
    fn tests_may_stand_in_a_file_of_their_own() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let one = write("detections/cloud/a.yml", "name: A\nid: 1\nsearch: x\n");
        let several = write("detections/b.yml", "name: B\nid: 2\nsearch: x\n");
        let none = write("detections/c.yml", "name: C\nid: 3\nsearch: x\n");
        write(
            "tests/cloud/a.test.yml",
            "name: A\nfile: cloud/a.yml\npass_condition: '| stats count'\nattack_data:\n- data: d.log\n",
        );
        write(
            "tests/b.test.yml",
            "name: B Unit Test\ntests:\n- name: B\n  attack_data:\n  - data: d.log\n    sourcetype: st\n",
        );
        let tests = |path: &Path| Detection::load(path).unwrap().tests;
        assert_eq!(
            tests(&one)[0].pass_condition.as_deref(),
            Some("| stats count")
        );
        assert_eq!(tests(&one)[0].attack_data[0].data, "d.log");
        assert_eq!(tests(&several)[0].name, "B");
        assert_eq!(
            tests(&several)[0].attack_data[0].sourcetype.as_deref(),
            Some("st")
        );
        assert!(tests(&none).is_empty());
    }
}
