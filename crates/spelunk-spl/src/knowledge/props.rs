//! Which search-time field rules apply to an event: `props.conf` with `transforms.conf`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::conf::{Layers, Setting, Stanza};
use super::fault::{Fault, FaultKind, Faults};
pub use super::field_rules::{
    Alias, AutomaticLookup, Calculated, Extract, FieldRules, KvMode, Rule, RuleOrigin, Transform,
    TransformMethod,
};
use super::index_rules::{self, IndexRules, IndexTransform};
use super::pattern::Pattern;
use super::rules;
use super::settings;
use super::shipped;
use super::text_settings::TextSettings;
use super::yaml::parse_bool;

/// A stanza and its selection of events.
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
    /// Whether an add-on has a field rule in the stanza. Such stanzas replace shipped ones.
    is_of_add_on: bool,
}

/// Setting classes that make fields when events are searched.
const SEARCH_CLASSES: [&str; 6] = [
    "EXTRACT",
    "REPORT",
    "FIELDALIAS",
    "EVAL",
    "LOOKUP",
    "KV_MODE",
];

/// Setting classes that change events as they are read.
const INDEX_CLASSES: [&str; 3] = ["TRANSFORMS-", "RULESET-", "SEDCMD-"];

/// The compiled `props.conf` and `transforms.conf`, from which rules are selected.
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

    /// All field transforms.
    pub fn transforms(&self) -> impl Iterator<Item = &Transform> {
        self.transforms.values()
    }

    /// The names of all field transforms.
    pub fn transform_names(&self) -> impl Iterator<Item = &str> {
        self.transforms.keys().map(String::as_str)
    }

    /// Compiles merged files. A stanza with an unreadable pattern matches nothing. `add_ons` are the directories of
    /// apps whose stanzas replace shipped ones.
    pub(super) fn new(
        props: &Layers,
        transforms: &Layers,
        add_ons: &[PathBuf],
        faults: &Faults,
    ) -> Props {
        let mut selected = Vec::new();
        for stanza in props.stanzas() {
            match selector(&stanza.name) {
                Ok(Some(selector)) => selected.push(Selected {
                    selector,
                    is_of_add_on: has_rule_of(stanza, add_ons),
                    stanza: stanza.clone(),
                }),
                Ok(None) => {}
                Err(why) => faults.add(Fault::new(
                    FaultKind::Stanza,
                    &stanza.origin,
                    format!("[{}]", stanza.name),
                    why,
                    "the stanza matches nothing",
                )),
            }
        }
        let mut found = BTreeMap::new();
        let mut index_transforms = BTreeMap::new();
        for stanza in transforms.stanzas() {
            if let Some(transform) = index_rules::index_transform(stanza) {
                index_transforms.insert(stanza.name.clone(), transform);
            }
            if let Some(transform) = rules::transform(stanza, faults) {
                found.insert(stanza.name.clone(), transform);
            }
        }
        Props {
            selected,
            transforms: found,
            index_transforms,
        }
    }

    /// Whether an add-on maps events of this source, so that the shipped mapping does not apply.
    pub(super) fn replaces_source(&self, source: &str) -> bool {
        let mut of_add_ons = self.selected.iter().filter(|s| s.is_of_add_on);
        of_add_ons.any(|s| s.selector.takes_source(source))
    }

    /// Whether an add-on maps events of this sourcetype.
    pub(super) fn replaces_sourcetype(&self, sourcetype: &str) -> bool {
        let mut of_add_ons = self.selected.iter().filter(|s| s.is_of_add_on);
        of_add_ons.any(|s| s.selector.takes_sourcetype(sourcetype))
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

    /// Whether any stanza applies to specific hosts.
    pub fn minds_hosts(&self) -> bool {
        let is_host = |s: &Selected| matches!(s.selector, Selector::Host(_));
        self.selected.iter().any(is_host)
    }

    /// Whether some stanza applies to events of one of these sources and not of the other.
    pub fn tells_apart(&self, source: &str, other: &str) -> bool {
        self.selected.iter().any(|s| match &s.selector {
            Selector::Source(pattern) => pattern.matches(source) != pattern.matches(other),
            _ => false,
        })
    }

    /// The rules for events with this sourcetype (ignoring case), source and host.
    ///
    /// `[source::...]` wins over `[host::...]`, which wins over the sourcetype. Within a class a literal
    /// stanza wins over patterns, then a higher `priority`, then the name that sorts first (`props.conf`,
    /// "Considerations for [<spec>] patterns"). Unreadable rules are skipped.
    pub(super) fn field_rules(
        &self,
        sourcetype: &str,
        source: &str,
        host: &str,
        faults: &Faults,
    ) -> FieldRules {
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
            if setting.value.trim().is_empty() {
                continue;
            }
            let origin = origin(stanza, key, setting);
            if let Err(why) = self.add_rule(&mut rules, setting, &origin, faults) {
                faults.add(origin.fault(FaultKind::FieldRule, why));
            }
        }
        rules
    }

    /// Adds the rules of one setting.
    fn add_rule(
        &self,
        rules: &mut FieldRules,
        setting: &Setting,
        origin: &RuleOrigin,
        faults: &Faults,
    ) -> Result<(), &'static str> {
        let (class, field) = origin.key.split_once('-').unwrap_or((&origin.key, ""));
        let value = setting.value.trim();
        match class {
            "EXTRACT" => rules.extracts.push(origin.rule(rules::extract(value))),
            "REPORT" => {
                for name in value.split(',').map(str::trim).filter(|n| !n.is_empty()) {
                    match self.transforms.get(name) {
                        Some(transform) => rules.reports.push(origin.rule(transform.clone())),
                        None => {
                            let why = format!("no transform [{name}] with REGEX or DELIMS");
                            faults.add(Fault {
                                effect: "it finds nothing",
                                ..origin.fault(FaultKind::FieldRule, why)
                            });
                        }
                    }
                }
            }
            "KV_MODE" => match rules::kv_mode(value) {
                Some(mode) => rules.kv_mode = Some(origin.rule(mode)),
                None => {
                    let known = "auto, auto_escaped, json, xml, multi, none";
                    let why = format!("`{value}` is not one of {known}");
                    settings::meaningless(setting, &origin.object(), why, faults);
                }
            },
            "FIELDALIAS" => {
                let aliases = rules::aliases(value)?.into_iter();
                rules
                    .aliases
                    .extend(aliases.map(|alias| origin.rule(alias)));
            }
            "EVAL" => rules.evals.push(origin.rule(Calculated {
                field: field.trim().to_owned(),
                expression: value.to_owned(),
            })),
            "LOOKUP" => rules
                .lookups
                .push(origin.rule(rules::automatic_lookup(value)?)),
            // Index-time and user interface settings.
            _ => {}
        }
        Ok(())
    }

    /// Whether any stanza has index-time rules.
    pub fn changes_events(&self) -> bool {
        let mut stanzas = self.selected.iter().map(|selected| &selected.stanza);
        stanzas.any(|stanza| stanza.iter().any(|(key, _)| is_index_rule(key)))
    }

    /// The index-time rules for events that arrive with this sourcetype, source and host. Skips names of
    /// transforms that do not exist.
    pub(super) fn index_rules(
        &self,
        sourcetype: &str,
        source: &str,
        host: &str,
        faults: &Faults,
    ) -> IndexRules {
        let mut rules = IndexRules::default();
        for (key, (stanza, setting)) in self.settings(sourcetype, source, host) {
            if is_index_rule(key) {
                let origin = origin(stanza, key, setting);
                self.add_index_rule(&mut rules, setting, &origin, faults);
            }
        }
        // Rule sets come after all transforms.
        let is_rule_set = |rule: &Rule<IndexTransform>| rule.origin.key.starts_with("RULESET-");
        rules.transforms.sort_by_key(is_rule_set);
        rules
    }

    /// Adds the index-time rules of one setting.
    fn add_index_rule(
        &self,
        rules: &mut IndexRules,
        setting: &Setting,
        origin: &RuleOrigin,
        faults: &Faults,
    ) {
        let value = setting.value.trim();
        if origin.key.starts_with("SEDCMD-") {
            if !value.is_empty() {
                rules.sed.push(origin.rule(value.to_owned()));
            }
            return;
        }
        for name in value.split(',').map(str::trim).filter(|n| !n.is_empty()) {
            match self.index_transforms.get(name) {
                Some(transform) => rules.transforms.push(origin.rule(transform.clone())),
                None => {
                    let needs = "REGEX and DEST_KEY, or INGEST_EVAL";
                    let why = format!("no transform [{name}] with {needs}");
                    faults.add(Fault {
                        effect: "it changes nothing",
                        ..origin.fault(FaultKind::IndexRule, why)
                    });
                }
            }
        }
    }

    /// The text settings for this sourcetype, source and host: how text becomes events.
    pub fn text_settings(&self, sourcetype: &str, source: &str, host: &str) -> TextSettings {
        let mut found = TextSettings::default();
        for (key, (stanza, setting)) in self.settings(sourcetype, source, host) {
            if TextSettings::knows(key) {
                found.insert(key, setting, &stanza.name);
            }
        }
        found
    }

    /// Each stanza with its own rules and settings, to check them whether or not events match it.
    pub(super) fn stanzas(
        &self,
        faults: &Faults,
    ) -> impl Iterator<Item = (FieldRules, IndexRules, TextSettings)> {
        self.selected.iter().map(move |selected| {
            let stanza = &selected.stanza;
            let mut rules = FieldRules::default();
            let mut texts = TextSettings::default();
            let mut index = IndexRules::default();
            for (key, setting) in stanza.iter() {
                if TextSettings::knows(key) {
                    texts.insert(key, setting, &stanza.name);
                }
                if setting.value.trim().is_empty() {
                    continue;
                }
                let origin = origin(stanza, key, setting);
                if let Err(why) = self.add_rule(&mut rules, setting, &origin, faults) {
                    faults.add(origin.fault(FaultKind::FieldRule, why));
                }
                if is_index_rule(key) {
                    self.add_index_rule(&mut index, setting, &origin, faults);
                }
            }
            (rules, index, texts)
        })
    }

    /// The winning setting of each key, with its stanza, sorted by key. In each class of stanzas, those of add-ons replace
    /// the shipped ones.
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
                Selector::Sourcetype(_) | Selector::SourcetypePattern(_) => {
                    selected.selector.takes_sourcetype(sourcetype).then_some(1)
                }
                Selector::Host(pattern) => pattern.matches(host).then_some(2),
                Selector::Source(_) => selected.selector.takes_source(source).then_some(3),
            };
            matching.extend(class.map(|class| (class, selected)));
        }
        // The last one wins: later ones overwrite the keys of earlier ones.
        matching.sort_by(|(a, x), (b, y)| {
            a.cmp(b)
                .then_with(|| x.priority().cmp(&y.priority()))
                .then_with(|| y.stanza.name.cmp(&x.stanza.name))
        });
        // An add-on replaces the shipped stanzas of its class: mixed, the fields of both would contradict each other.
        let mut replaced = [false; 4];
        for (class, selected) in &matching {
            replaced[usize::from(*class)] |= selected.is_of_add_on;
        }
        let mut settings = BTreeMap::new();
        for (class, selected) in matching {
            for (key, setting) in selected.stanza.iter() {
                if replaced[usize::from(class)] && setting.origin.path.starts_with(shipped::PREFIX)
                {
                    continue;
                }
                settings.insert(key, (&selected.stanza, setting));
            }
        }
        settings
    }
}

impl Selector {
    /// Whether it selects events by this sourcetype.
    fn takes_sourcetype(&self, sourcetype: &str) -> bool {
        match self {
            Selector::Sourcetype(name) => name.eq_ignore_ascii_case(sourcetype),
            Selector::SourcetypePattern(pattern) => pattern.matches(sourcetype),
            Selector::Default | Selector::Host(_) | Selector::Source(_) => false,
        }
    }

    /// Whether it selects events by this source.
    fn takes_source(&self, source: &str) -> bool {
        match self {
            Selector::Source(pattern) => pattern.matches(source),
            Selector::Default
            | Selector::Sourcetype(_)
            | Selector::SourcetypePattern(_)
            | Selector::Host(_) => false,
        }
    }
}

/// Whether one of the apps has a search-time rule in this stanza.
fn has_rule_of(stanza: &Stanza, apps: &[PathBuf]) -> bool {
    stanza.iter().any(|(key, setting)| {
        let class = key.split_once('-').map_or(key, |(class, _)| class);
        let path = &setting.origin.path;
        SEARCH_CLASSES.contains(&class) && apps.iter().any(|app| path.starts_with(app))
    })
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

/// The selector of the stanza with this name. Returns `None` for index-time guesses of a sourcetype, which
/// mean nothing to a search.
fn selector(name: &str) -> Result<Option<Selector>, String> {
    let pattern = |text: &str, fold| Pattern::new(text, fold);
    Ok(Some(if name == "default" {
        Selector::Default
    } else if let Some(text) = name.strip_prefix("source::") {
        Selector::Source(pattern(text, false)?)
    } else if let Some(text) = name.strip_prefix("host::") {
        Selector::Host(pattern(text, true)?)
    } else if let Some(text) = name.strip_prefix("(?::){0}") {
        Selector::SourcetypePattern(pattern(text, true)?)
    } else if name.starts_with("rule::") || name.starts_with("delayedrule::") {
        return Ok(None);
    } else {
        Selector::Sourcetype(name.to_owned())
    }))
}

/// Whether a setting changes events as they are read.
fn is_index_rule(key: &str) -> bool {
    INDEX_CLASSES.iter().any(|class| key.starts_with(class))
}

fn origin(stanza: &Stanza, key: &str, setting: &Setting) -> RuleOrigin {
    RuleOrigin {
        stanza: stanza.name.clone(),
        key: key.to_owned(),
        at: setting.origin.clone(),
    }
}

/// Whether a transform's flag is set.
pub(super) fn flag(stanza: &Stanza, key: &str, by_default: bool) -> bool {
    stanza.text(key).and_then(parse_bool).unwrap_or(by_default)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FieldRules, KvMode, Props, TransformMethod};
    use crate::knowledge::conf::Layers;
    use crate::knowledge::fault::Faults;

    fn rules(props: &str, transforms: &str, source: &str) -> FieldRules {
        let (rules, faults) = rules_and_faults(props, transforms, source);
        assert!(faults.is_empty(), "{faults:?}");
        rules
    }

    fn rules_and_faults(props: &str, transforms: &str, source: &str) -> (FieldRules, Vec<String>) {
        let faults = Faults::default();
        let mut layers = (Layers::default(), Layers::default());
        layers.0.add(Path::new("props.conf"), props, &faults);
        layers
            .1
            .add(Path::new("transforms.conf"), transforms, &faults);
        let props = Props::new(&layers.0, &layers.1, &[], &faults);
        let rules = props.field_rules("xmlwineventlog", source, "h", &faults);
        let faults = faults.all().iter().map(ToString::to_string).collect();
        (rules, faults)
    }

    #[test]
    fn a_faulty_rule_costs_itself() {
        let props = "[XmlWinEventLog]\nREPORT-a = gone, there, bare\nKV_MODE = false\n\
            FIELDALIAS-b = x y\nLOOKUP-c = codes\nEVAL-d = 1\n[source::(]\nEVAL-e = 1\n";
        let transforms = "[there]\nREGEX = (?<t>x)\n[bare]\nDELIMS = \" \"\n";
        let (found, faults) = rules_and_faults(props, transforms, "(");
        let reports: Vec<&str> = found.reports.iter().map(|r| r.rule.name.as_str()).collect();
        assert_eq!(reports, ["there", "bare"]);
        assert_eq!((found.kv_mode, found.evals.len()), (None, 1));
        assert!(found.aliases.is_empty() && found.lookups.is_empty());
        let places = [
            "props.conf:7: [source::(]",
            "transforms.conf:3: transform [bare]",
            "props.conf:4: [XmlWinEventLog] FIELDALIAS-b",
            "props.conf:3: [XmlWinEventLog] KV_MODE",
            "props.conf:5: [XmlWinEventLog] LOOKUP-c",
            "props.conf:2: [XmlWinEventLog] REPORT-a",
        ];
        for (fault, place) in faults.iter().zip(places) {
            assert!(fault.starts_with(place), "{fault}");
        }
        assert_eq!(faults.len(), places.len());
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
