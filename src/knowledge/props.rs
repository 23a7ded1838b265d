//! Which search-time field rules apply to an event: `props.conf` with `transforms.conf`.

use std::collections::BTreeMap;

use crate::error::Result;

use super::conf::{Layers, Setting, Stanza};
pub use super::field_rules::{
    Alias, AutomaticLookup, Calculated, Extract, FieldRules, KvMode, Rule, RuleOrigin, Transform,
    TransformMethod,
};
use super::index_rules::{self, IndexRules, IndexTransform};
use super::pattern::Pattern;
use super::rules;
use super::text_settings::TextSettings;
use super::yaml::parse_bool;

/// A stanza with what selects events for it.
#[derive(Clone, Debug)]
enum Selector {
    Default,
    Sourcetype(String),
    /// `[(?::){0}xml:*]`, the documented way to write a sourcetype with wildcards.
    SourcetypePattern(Pattern),
    Host(Pattern),
    Source(Pattern),
}

#[derive(Clone, Debug)]
struct Selected {
    selector: Selector,
    stanza: Stanza,
}

/// Classes of settings that change events when they are read.
const INDEX_CLASSES: [&str; 3] = ["TRANSFORMS-", "RULESET-", "SEDCMD-"];

/// All of `props.conf` and `transforms.conf`, ready to select from.
#[derive(Clone, Debug, Default)]
pub struct Props {
    selected: Vec<Selected>,
    transforms: BTreeMap<String, Transform>,
    index_transforms: BTreeMap<String, IndexTransform>,
}

impl Props {
    /// The field transform of that stanza of `transforms.conf`.
    pub fn transform(&self, name: &str) -> Option<&Transform> {
        self.transforms.get(name)
    }

    /// The names of all field transforms.
    pub fn transform_names(&self) -> impl Iterator<Item = &str> {
        self.transforms.keys().map(String::as_str)
    }

    /// Reads merged files.
    ///
    /// # Errors
    /// A pattern that does not compile, or a transform that says neither `REGEX` nor `DELIMS`.
    pub(super) fn new(props: &Layers, transforms: &Layers) -> Result<Props> {
        let mut selected = Vec::new();
        for stanza in props.stanzas() {
            let name = stanza.name.as_str();
            let pattern = |text: &str, fold| Pattern::new(text, fold, &stanza.origin);
            let selector = if name == "default" {
                Selector::Default
            } else if let Some(text) = name.strip_prefix("source::") {
                Selector::Source(pattern(text, false)?)
            } else if let Some(text) = name.strip_prefix("host::") {
                Selector::Host(pattern(text, true)?)
            } else if let Some(text) = name.strip_prefix("(?::){0}") {
                Selector::SourcetypePattern(pattern(text, true)?)
            } else if name.starts_with("rule::") || name.starts_with("delayedrule::") {
                // Index-time guesses of a sourcetype: nothing for a search.
                continue;
            } else {
                Selector::Sourcetype(name.to_owned())
            };
            selected.push(Selected {
                selector,
                stanza: stanza.clone(),
            });
        }
        let mut found = BTreeMap::new();
        let mut index_transforms = BTreeMap::new();
        for stanza in transforms.stanzas() {
            if let Some(transform) = index_rules::index_transform(stanza) {
                index_transforms.insert(stanza.name.clone(), transform);
            }
            if let Some(transform) = rules::transform(stanza)? {
                found.insert(stanza.name.clone(), transform);
            }
        }
        Ok(Props {
            selected,
            transforms: found,
            index_transforms,
        })
    }

    /// Names of all sourcetypes that have a stanza, sorted.
    pub fn sourcetypes(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .selected
            .iter()
            .filter_map(|s| match &s.selector {
                Selector::Sourcetype(name) => Some(name.as_str()),
                Selector::Default
                | Selector::SourcetypePattern(_)
                | Selector::Host(_)
                | Selector::Source(_) => None,
            })
            .collect();
        names.sort_unstable();
        names
    }

    /// Whether any stanza is for certain hosts.
    pub fn minds_hosts(&self) -> bool {
        let is_host = |s: &Selected| matches!(s.selector, Selector::Host(_));
        self.selected.iter().any(is_host)
    }

    /// Whether a stanza is for events of one of these sources and not of the other.
    pub fn tells_apart(&self, source: &str, other: &str) -> bool {
        self.selected.iter().any(|s| match &s.selector {
            Selector::Source(pattern) => pattern.matches(source) != pattern.matches(other),
            _ => false,
        })
    }

    /// The rules for events of that sourcetype (whatever its case), source and host.
    ///
    /// `[source::...]` wins over `[host::...]`, which wins over the sourcetype; among stanzas of
    /// a class a literal one wins over patterns, then a higher `priority`, then the name that
    /// sorts first (`props.conf`, "Considerations for [<spec>] patterns").
    ///
    /// # Errors
    /// A rule that can't be read, or a `REPORT-*` that names a transform that is not there.
    pub fn field_rules(&self, sourcetype: &str, source: &str, host: &str) -> Result<FieldRules> {
        let mut rules = FieldRules::default();
        let rename = self
            .settings(sourcetype, source, host)
            .remove("rename")
            .filter(|(_, setting)| !setting.value.trim().is_empty());
        let mut named = sourcetype.to_owned();
        if let Some((stanza, setting)) = rename {
            named = setting.value.trim().to_owned();
            rules.rename = Some(Rule {
                rule: named.clone(),
                origin: origin(stanza, "rename", setting),
            });
        }
        // A renamed sourcetype uses the search-time rules of its new name only.
        for (key, (stanza, setting)) in self.settings(&named, source, host) {
            let origin = origin(stanza, key, setting);
            let class = key.split_once('-').map_or(key, |(class, _)| class);
            let value = setting.value.trim();
            if value.is_empty() {
                continue;
            }
            match class {
                "EXTRACT" => rules.extracts.push(Rule {
                    rule: rules::extract(value),
                    origin,
                }),
                "REPORT" => {
                    for name in value.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                        let Some(transform) = self.transforms.get(name) else {
                            return Err(rules::wrong(
                                &origin,
                                &format!("there is no transform [{name}] with REGEX or DELIMS"),
                            ));
                        };
                        rules.reports.push(Rule {
                            rule: transform.clone(),
                            origin: origin.clone(),
                        });
                    }
                }
                "KV_MODE" => {
                    rules.kv_mode = Some(Rule {
                        rule: rules::kv_mode(value, &origin)?,
                        origin,
                    });
                }
                "FIELDALIAS" => {
                    for rule in rules::aliases(value, &origin)? {
                        rules.aliases.push(Rule {
                            rule,
                            origin: origin.clone(),
                        });
                    }
                }
                "EVAL" => {
                    let field = key.split_once('-').map_or("", |(_, field)| field.trim());
                    rules.evals.push(Rule {
                        rule: Calculated {
                            field: field.to_owned(),
                            expression: value.to_owned(),
                        },
                        origin,
                    });
                }
                "LOOKUP" => rules.lookups.push(Rule {
                    rule: rules::automatic_lookup(value, &origin)?,
                    origin,
                }),
                // Index-time settings, and those of the user interface.
                _ => {}
            }
        }
        Ok(rules)
    }

    /// Whether any stanza has index-time rules.
    pub fn changes_events(&self) -> bool {
        self.selected.iter().any(|s| {
            s.stanza
                .iter()
                .any(|(key, _)| INDEX_CLASSES.iter().any(|class| key.starts_with(class)))
        })
    }

    /// The index-time rules for events that arrive with that sourcetype, source and host.
    ///
    /// # Errors
    /// A `TRANSFORMS-*` that names a transform that is not there.
    pub fn index_rules(&self, sourcetype: &str, source: &str, host: &str) -> Result<IndexRules> {
        let mut rules = IndexRules::default();
        for (key, (stanza, setting)) in self.settings(sourcetype, source, host) {
            let value = setting.value.trim();
            let origin = || origin(stanza, key, setting);
            if key.starts_with("SEDCMD-") && !value.is_empty() {
                rules.sed.push(Rule {
                    rule: value.to_owned(),
                    origin: origin(),
                });
            } else if key.starts_with("TRANSFORMS-") || key.starts_with("RULESET-") {
                for name in value.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                    let Some(transform) = self.index_transforms.get(name) else {
                        return Err(rules::wrong(
                            &origin(),
                            &format!(
                                "there is no transform [{name}] with REGEX and DEST_KEY, or INGEST_EVAL"
                            ),
                        ));
                    };
                    rules.transforms.push(Rule {
                        rule: transform.clone(),
                        origin: origin(),
                    });
                }
            }
        }
        // Rule sets come after all transforms.
        let is_rule_set = |rule: &Rule<IndexTransform>| rule.origin.key.starts_with("RULESET-");
        rules.transforms.sort_by_key(is_rule_set);
        Ok(rules)
    }

    /// What is said of how texts of that sourcetype, source and host become events.
    pub fn text_settings(&self, sourcetype: &str, source: &str, host: &str) -> TextSettings {
        let mut found = TextSettings::default();
        for (key, (stanza, setting)) in self.settings(sourcetype, source, host) {
            if TextSettings::knows(key) {
                found.insert(key, &setting.value, origin(stanza, key, setting));
            }
        }
        found
    }

    /// The winning setting of each key, with its stanza, sorted by key.
    fn settings<'p>(
        &'p self,
        sourcetype: &str,
        source: &str,
        host: &str,
    ) -> BTreeMap<&'p str, (&'p Stanza, &'p Setting)> {
        let mut matching: Vec<(u8, &Selected)> = Vec::new();
        for selected in &self.selected {
            let class = match &selected.selector {
                Selector::Default => Some(0),
                Selector::Sourcetype(name) => name.eq_ignore_ascii_case(sourcetype).then_some(1),
                Selector::SourcetypePattern(pattern) => pattern.matches(sourcetype).then_some(1),
                Selector::Host(pattern) => pattern.matches(host).then_some(2),
                Selector::Source(pattern) => pattern.matches(source).then_some(3),
            };
            matching.extend(class.map(|class| (class, selected)));
        }
        // The last one wins: later ones overwrite the keys of earlier ones.
        matching.sort_by(|(a, x), (b, y)| {
            a.cmp(b)
                .then_with(|| x.priority().cmp(&y.priority()))
                .then_with(|| y.stanza.name.cmp(&x.stanza.name))
        });
        let mut settings = BTreeMap::new();
        for (_, selected) in matching {
            for (key, setting) in selected.stanza.iter() {
                settings.insert(key, (&selected.stanza, setting));
            }
        }
        settings
    }
}

impl Selected {
    /// Its `priority`: 100 by default for a literal name, 0 for a pattern.
    fn priority(&self) -> i64 {
        let by_default = match &self.selector {
            Selector::Default => 0,
            Selector::Sourcetype(_) => 100,
            Selector::SourcetypePattern(p) | Selector::Host(p) | Selector::Source(p) => {
                if p.literal { 100 } else { 0 }
            }
        };
        let written = self.stanza.text("priority").and_then(|n| n.parse().ok());
        written.unwrap_or(by_default)
    }
}

fn origin(stanza: &Stanza, key: &str, setting: &Setting) -> RuleOrigin {
    RuleOrigin {
        stanza: stanza.name.clone(),
        key: key.to_owned(),
        at: setting.origin.clone(),
    }
}

/// Whether a transform's flag is on.
pub(super) fn flag(stanza: &Stanza, key: &str, by_default: bool) -> bool {
    stanza.text(key).and_then(parse_bool).unwrap_or(by_default)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FieldRules, KvMode, Props, TransformMethod};
    use crate::knowledge::conf::Layers;

    fn rules(props: &str, transforms: &str, source: &str) -> FieldRules {
        let mut layers = (Layers::default(), Layers::default());
        layers.0.add(Path::new("props.conf"), props).unwrap();
        layers
            .1
            .add(Path::new("transforms.conf"), transforms)
            .unwrap();
        let props = Props::new(&layers.0, &layers.1).unwrap();
        props.field_rules("xmlwineventlog", source, "h").unwrap()
    }

    #[test]
    fn source_wins_over_host_over_sourcetype_key_by_key() {
        let props = "EVAL-a = 0\n[XmlWinEventLog]\nEVAL-a = 1\nEVAL-b = 1\nKV_MODE = xml\n\
            [host::*]\nEVAL-a = 2\nEVAL-c = 2\n\
            [source::XmlWinEventLog:...]\nEVAL-a = 3\n[source::...X...]\nEVAL-a=4\n";
        let found = rules(props, "", "XmlWinEventLog:X/Y");
        let evals: Vec<(&str, &str)> = found
            .evals
            .iter()
            .map(|r| (r.rule.field.as_str(), r.rule.expression.as_str()))
            .collect();
        assert_eq!(evals, [("a", "4"), ("b", "1"), ("c", "2")]);
        assert_eq!(
            found.evals[1].origin.to_string(),
            "props.conf:4 [XmlWinEventLog] EVAL-b"
        );
        assert_eq!(found.kv_mode.unwrap().rule, KvMode::Xml);
    }

    #[test]
    fn rules_are_read() {
        let props = "[XmlWinEventLog]\nEXTRACT-x = (?<y>\\d+) in z\n\
            FIELDALIAS-q = \"a b\" AS c d ASNEW e\n\
            REPORT-r = one, two\n\
            LOOKUP-l = codes code AS EventCode OUTPUTNEW name severity AS level\n";
        let transforms = "[one]\nREGEX = (\\w+)=(\\w+)\nFORMAT = $1::$2\nSOURCE_KEY = m\n\
            [two]\nDELIMS = \"|\", \"=\"\nMV_ADD = true\n";
        let found = rules(props, transforms, "s");
        assert_eq!(found.extracts[0].rule.field, "z");
        assert_eq!(found.extracts[0].rule.regex, "(?<y>\\d+)");
        let alias = |n: usize| {
            let rule = &found.aliases[n].rule;
            (rule.from.as_str(), rule.to.as_str(), rule.overwrite)
        };
        assert_eq!(alias(0), ("a b", "c", true));
        assert_eq!(alias(1), ("d", "e", false));
        let TransformMethod::Regex { format, .. } = &found.reports[0].rule.method else {
            panic!("{:?}", found.reports[0]);
        };
        assert_eq!(*format, [("$1".to_owned(), "$2".to_owned())]);
        assert!(found.reports[1].rule.mv_add);
        let lookup = &found.lookups[0].rule;
        assert!(!lookup.overwrite);
        assert_eq!(lookup.inputs, [("code".into(), "EventCode".into())]);
        assert_eq!(lookup.outputs[1], ("severity".into(), "level".into()));
    }

    #[test]
    fn a_renamed_sourcetype_takes_the_rules_of_its_new_name() {
        let props = "[xmlwineventlog]\nrename = other\nEVAL-a = 1\n[other]\nEVAL-b = 2\n";
        let found = rules(props, "", "s");
        assert_eq!(found.rename.unwrap().rule, "other");
        assert_eq!(found.evals.len(), 1);
        assert_eq!(found.evals[0].rule.field, "b");
    }
}
