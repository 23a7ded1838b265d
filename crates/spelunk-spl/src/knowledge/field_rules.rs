//! The search-time field rules for events, as data.

use std::fmt;

use super::fault::{Fault, FaultKind};
use super::yaml::Origin;

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

impl RuleOrigin {
    /// Stanza and key: `[ferry:log] EVAL-line`.
    pub fn object(&self) -> String {
        format!("[{}] {}", self.stanza, self.key)
    }

    /// Wraps `rule` with this origin.
    pub(super) fn rule<T>(&self, rule: T) -> Rule<T> {
        Rule {
            rule,
            origin: self.clone(),
        }
    }

    /// The fault of a rule that can't be applied.
    pub fn fault(&self, kind: FaultKind, why: impl fmt::Display) -> Fault {
        Fault::new(
            kind,
            &self.at,
            self.object(),
            why,
            "the rule is switched off",
        )
    }
}

impl fmt::Display for RuleOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}", self.at, self.stanza, self.key)
    }
}

/// A rule with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<T> {
    /// The rule.
    pub rule: T,
    /// Where it was written.
    pub origin: RuleOrigin,
}

/// The search-time rules for events of one sourcetype, source and host, each class in the order in which it
/// applies (keys sorted by code point).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldRules {
    /// `rename`: the sourcetype that the events are shown under.
    pub rename: Option<Rule<String>>,
    /// `EXTRACT-*`
    pub extracts: Vec<Rule<Extract>>,
    /// `REPORT-*`, one rule per transform.
    pub reports: Vec<Rule<Transform>>,
    /// `KV_MODE`; `None` if no stanza sets it.
    pub kv_mode: Option<Rule<KvMode>>,
    /// `FIELDALIAS-*`
    pub aliases: Vec<Rule<Alias>>,
    /// `EVAL-*`; no calculated field sees the result of another.
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

/// How to extract keys and values from events without a rule for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvMode {
    /// `key=value` pairs, plus JSON or XML for events in those formats.
    Auto,
    /// Like `Auto`, but unescapes `\"` and `\\` inside quoted values.
    AutoEscaped,
    /// JSON.
    Json,
    /// XML.
    Xml,
    /// A table with a header (`multikv`).
    Multi,
    /// No extraction.
    None,
}

/// One pair of a `FIELDALIAS-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The existing field.
    pub from: String,
    /// Its alias.
    pub to: String,
    /// `AS`: the alias always takes the field's value. `ASNEW`: only if it has none.
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
    /// Its columns, and the fields to match them with.
    pub inputs: Vec<(String, String)>,
    /// Its columns, and the fields to fill. Empty means all columns that are not inputs.
    pub outputs: Vec<(String, String)>,
    /// `OUTPUT`: overwrites fields. `OUTPUTNEW`: fills only missing ones.
    pub overwrite: bool,
}

/// A field extraction of `transforms.conf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transform {
    /// Its stanza.
    pub name: String,
    /// `SOURCE_KEY`: the field it reads.
    pub source_key: String,
    /// The extraction method.
    pub method: TransformMethod,
    /// `MV_ADD`: adds another value to an existing field.
    pub mv_add: bool,
    /// `CLEAN_KEYS`: replaces characters of names that are not letters, digits or `_` with `_`.
    pub clean_keys: bool,
    /// `KEEP_EMPTY_VALS`: keeps empty values.
    pub keep_empty: bool,
    /// Where it was defined.
    pub origin: Origin,
}

impl Transform {
    /// Whether its `FORMAT` names the fields, rather than the groups of its `REGEX`.
    pub fn has_format(&self) -> bool {
        match &self.method {
            TransformMethod::Regex { format, .. } => !format.is_empty(),
            TransformMethod::Pairs { .. } | TransformMethod::Columns { .. } => false,
        }
    }
}

/// How a [`Transform`] extracts from its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransformMethod {
    /// `REGEX`, with an optional `FORMAT` (`$1::$2`, `field::$1 other::$2`). Without it the named groups
    /// become fields, and `_KEY_1` and `_VAL_1` give name and value.
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
        /// Field names.
        fields: Vec<String>,
    },
}
