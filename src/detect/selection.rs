//! Selects detections by type, status, story, technique, data model and data source.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::knowledge::detection::Detection;
use crate::word;

/// Filters on detections. At least one entry of each list must match; an empty list matches everything.
/// Letter case is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// `TTP`, `Anomaly`, `Hunting`, `Correlation`.
    pub kinds: Vec<String>,
    /// `production`, `experimental`, `deprecated`.
    pub statuses: Vec<String>,
    /// Analytic stories, or parts of their names.
    pub stories: Vec<String>,
    /// ATT&CK techniques; `T1059` includes its sub-techniques.
    pub techniques: Vec<String>,
    /// Data models that the search reads: `Endpoint` or `Endpoint.Processes`.
    pub models: Vec<String>,
    /// Data sources, or parts of their names.
    pub sources: Vec<String>,
}

/// One list of a [`Selection`]: its option, the requested entries, the detection's values, the match.
type Part<'a> = (
    &'static str,
    &'a [String],
    fn(&Detection) -> Vec<String>,
    fn(&str, &str) -> bool,
);

impl Selection {
    /// Whether a detection matches.
    pub fn takes(&self, detection: &Detection) -> bool {
        self.parts().iter().all(|part| fits(part, detection))
    }

    /// The detections that match.
    ///
    /// # Errors
    /// If none matches: names the first option that excludes all, with the values there are.
    pub fn choose(&self, detections: Vec<Detection>) -> Result<Vec<Detection>> {
        let total = detections.len();
        let mut left = detections;
        for part in self.parts() {
            let before: BTreeSet<String> = left.iter().flat_map(part.2).collect();
            left.retain(|detection| fits(&part, detection));
            if left.is_empty() && total > 0 {
                let (option, asked, ..) = part;
                let error = Error::usage(format!(
                    "no detection matches --{option} {} ({total} loaded)",
                    asked.join(",")
                ));
                let some: Vec<&str> = before.iter().take(12).map(String::as_str).collect();
                let more = before.len().saturating_sub(some.len());
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                return Err(match some.as_slice() {
                    [] => error.hint("the detections have no such metadata"),
                    some => error.hint(format!("available: {}{more}", some.join(", "))),
                });
            }
        }
        Ok(left)
    }

    fn parts(&self) -> [Part<'_>; 6] {
        [
            ("type", &self.kinds, |d| list(d.kind.as_ref()), same),
            ("status", &self.statuses, |d| list(d.status.as_ref()), same),
            (
                "story",
                &self.stories,
                |d| d.tags.analytic_story.clone(),
                holds,
            ),
            (
                "technique",
                &self.techniques,
                |d| d.tags.mitre_attack_id.clone(),
                above,
            ),
            ("datamodel", &self.models, models_of, above),
            ("source", &self.sources, |d| d.data_source.clone(), holds),
        ]
    }
}

fn fits((_, asked, has, fit): &Part<'_>, detection: &Detection) -> bool {
    if asked.is_empty() {
        return true;
    }
    let has = has(detection);
    asked
        .iter()
        .any(|asked| has.iter().any(|has| fit(asked, has)))
}

fn list(value: Option<&String>) -> Vec<String> {
    value.cloned().into_iter().collect()
}

fn same(asked: &str, has: &str) -> bool {
    asked.eq_ignore_ascii_case(has)
}

fn holds(asked: &str, has: &str) -> bool {
    has.to_lowercase().contains(&asked.to_lowercase())
}

/// Equal, or the prefix before a dot.
fn above(asked: &str, has: &str) -> bool {
    let (asked, has) = (asked.to_lowercase(), has.to_lowercase());
    has.strip_prefix(&asked)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The data sets that a detection's search reads: `Endpoint.Processes`.
pub fn models_of(detection: &Detection) -> Vec<String> {
    let mut found = BTreeSet::new();
    let text = &detection.search;
    for (at, word) in text.match_indices("datamodel") {
        let rest = text[at + word.len()..].trim_start();
        let Some(rest) = rest.strip_prefix(['=', ':']) else {
            continue;
        };
        let rest = rest.trim_start().trim_start_matches('"');
        let end = rest
            .find(|c: char| !(word::is_part(c) || matches!(c, '.' | '-')))
            .unwrap_or(rest.len());
        if end > 0 {
            found.insert(rest[..end].to_owned());
        }
    }
    if found.is_empty() {
        found.extend(detection.datamodel.iter().cloned());
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{Selection, models_of};
    use crate::knowledge::detection::Detection;

    fn detection() -> Detection {
        let mut detection = Detection {
            kind: Some("TTP".to_owned()),
            search: "| tstats count from datamodel=Endpoint.Processes where x=1 \
                     | append [| from datamodel:\"Web.Web\"]"
                .to_owned(),
            ..Detection::default()
        };
        detection.tags.mitre_attack_id = vec!["T1059.001".to_owned()];
        detection.tags.analytic_story = vec!["Windows Discovery Techniques".to_owned()];
        detection
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn models_are_read_off_the_search() {
        assert_eq!(models_of(&detection()), ["Endpoint.Processes", "Web.Web"]);
    }

    #[test]
    fn all_lists_must_fit_and_of_each_one_entry() {
        let takes = |selection: Selection| selection.takes(&detection());
        assert!(takes(Selection::default()));
        assert!(takes(Selection {
            kinds: words(&["anomaly", "ttp"]),
            techniques: words(&["t1059"]),
            models: words(&["Endpoint"]),
            stories: words(&["discovery"]),
            ..Selection::default()
        }));
        assert!(!takes(Selection {
            techniques: words(&["T105"]),
            ..Selection::default()
        }));
        assert!(!takes(Selection {
            kinds: words(&["TTP"]),
            statuses: words(&["production"]),
            ..Selection::default()
        }));
    }

    #[test]
    fn when_none_is_left_what_there_is_is_told() {
        let selection = Selection {
            kinds: words(&["TPP"]),
            ..Selection::default()
        };
        let error = selection.choose(vec![detection()]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("no detection matches --type TPP (1 loaded)")
        );
        assert!(error.hints[0].to_string().contains("TTP"));
    }
}
