//! The search-time rules by which events get fields, as data.

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

    /// A rule written here.
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

impl Transform {
    /// Whether its `FORMAT` names the fields, rather than the groups of its `REGEX`.
    pub fn has_format(&self) -> bool {
        match &self.method {
            TransformMethod::Regex { format, .. } => !format.is_empty(),
            TransformMethod::Pairs { .. } | TransformMethod::Columns { .. } => false,
        }
    }
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
