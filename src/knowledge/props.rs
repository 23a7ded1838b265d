//! Which search-time field rules apply to an event: `props.conf` with `transforms.conf`.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::Result;

use super::conf::{Layers, Setting, Stanza};
use super::pattern::Pattern;
use super::rules;
use super::yaml::{Origin, parse_bool};

/// Where a rule was written, for `explain --fields`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOrigin {
    /// The stanza of `props.conf`.
    pub stanza: String,
    /// The key: `EVAL-dest`.
    pub key: String,
    /// File and line.
    pub at: Origin,
}

impl fmt::Display for RuleOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.at, self.stanza, self.key)
    }
}

/// A rule with the place it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<T> {
    /// The rule.
    pub rule: T,
    /// Where it was written.
    pub origin: RuleOrigin,
}

/// The search-time rules for events of one sourcetype, source and host, each class in the order
/// in which it applies (keys sorted by code point).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRules {
    /// `rename`: the sourcetype the events are shown under.
    pub rename: Option<Rule<String>>,
    /// `EXTRACT-*`
    pub extracts: Vec<Rule<Extract>>,
    /// `REPORT-*`, one rule a transform.
    pub reports: Vec<Rule<Transform>>,
    /// `KV_MODE`; none when no stanza sets it.
    pub kv_mode: Option<Rule<KvMode>>,
    /// `FIELDALIAS-*`
    pub aliases: Vec<Rule<Alias>>,
    /// `EVAL-*`; none of them sees another's result.
    pub evals: Vec<Rule<Calculated>>,
    /// `LOOKUP-*`
    pub lookups: Vec<Rule<AutomaticLookup>>,
}

/// A regular expression whose named groups become fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    /// The expression.
    pub regex: String,
    /// The field it reads (`<regex> in <field>`); `_raw` otherwise.
    pub field: String,
}

/// How keys and values are found in events without a rule for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvMode {
    /// `key=value` pairs, and JSON or XML where an event is that.
    Auto,
    /// Like `Auto`; `\"` and `\\` inside quoted values are undone.
    AutoEscaped,
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// A table with a header (`multikv`).
    Multi,
    /// Nothing.
    None,
}

/// One pair of a `FIELDALIAS-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The field that is there.
    pub from: String,
    /// Its other name.
    pub to: String,
    /// `AS`: the other name always takes the field's value. `ASNEW`: only where it has none.
    pub overwrite: bool,
}

/// An `EVAL-<field>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculated {
    /// The field it sets.
    pub field: String,
    /// The `eval` expression.
    pub expression: String,
}

/// A `LOOKUP-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutomaticLookup {
    /// The lookup's name.
    pub lookup: String,
    /// Its columns, and the fields they are matched with.
    pub inputs: Vec<(String, String)>,
    /// Its columns, and the fields they fill; empty means all columns that are no inputs.
    pub outputs: Vec<(String, String)>,
    /// `OUTPUT`: fields are overwritten. `OUTPUTNEW`: only missing ones are filled.
    pub overwrite: bool,
}

/// A field extraction of `transforms.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// Its stanza.
    pub name: String,
    /// `SOURCE_KEY`: the field it reads.
    pub source_key: String,
    /// How it reads.
    pub method: TransformMethod,
    /// `MV_ADD`: a field that is there already gets another value.
    pub mv_add: bool,
    /// `CLEAN_KEYS`: characters of names that are not letters, digits or `_` become `_`.
    pub clean_keys: bool,
    /// `KEEP_EMPTY_VALS`: an empty value is kept.
    pub keep_empty: bool,
    /// Where it was defined.
    pub origin: Origin,
}

/// How a [`Transform`] reads its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformMethod {
    /// `REGEX`, with `FORMAT` where there is one (`$1::$2`, `field::$1 other::$2`); without it the
    /// named groups become fields, and `_KEY_1`, `_VAL_1` name both.
    Regex {
        /// The expression.
        regex: String,
        /// Pairs of name and value templates; empty without `FORMAT`.
        format: Vec<(String, String)>,
    },
    /// `DELIMS` with two sets of characters: between pairs, and between name and value.
    Pairs {
        /// Characters between pairs.
        between: String,
        /// Characters between name and value.
        equals: String,
    },
    /// `DELIMS` with one set and `FIELDS`: the values of these fields, in order.
    Columns {
        /// Characters between values.
        between: String,
        /// Names.
        fields: Vec<String>,
    },
}

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

/// All of `props.conf` and `transforms.conf`, ready to select from.
#[derive(Clone, Debug, Default)]
pub struct Props {
    selected: Vec<Selected>,
    transforms: BTreeMap<String, Transform>,
}

impl Props {
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
        for stanza in transforms.stanzas() {
            if let Some(transform) = rules::transform(stanza)? {
                found.insert(stanza.name.clone(), transform);
            }
        }
        Ok(Props {
            selected,
            transforms: found,
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
