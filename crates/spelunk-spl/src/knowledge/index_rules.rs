//! Index-time rules, which change events as they are read: `SEDCMD-*` and `TRANSFORMS-*`.

use super::conf::Stanza;
use super::field_rules::Rule;
use super::props::flag;
use super::yaml::Origin;

/// The index-time rules for events of one sourcetype, source and host, each class in the order in which it
/// applies. All `SEDCMD-*` come before all `TRANSFORMS-*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexRules {
    /// `SEDCMD-*`: `sed` expressions on `_raw`.
    pub sed: Vec<Rule<String>>,
    /// `TRANSFORMS-*`, one rule per transform.
    pub transforms: Vec<Rule<IndexTransform>>,
}

impl IndexRules {
    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.sed.is_empty() && self.transforms.is_empty()
    }
}

/// A stanza of `transforms.conf` at index time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTransform {
    /// Its stanza.
    pub name: String,
    /// Its action.
    pub action: IndexAction,
    /// `STOP_PROCESSING_IF`: an expression; if true, no later transform sees the event.
    pub stop_if: Option<String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// The action of a transform at index time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexAction {
    /// `REGEX` with `DEST_KEY` or `WRITE_META`.
    Write(IndexWrite),
    /// `INGEST_EVAL`: assignments.
    Eval(String),
    /// No action, other than to stop.
    Nothing,
}

/// A `REGEX`, and the write that it triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexWrite {
    /// `REGEX`
    pub regex: String,
    /// `SOURCE_KEY`
    pub source: IndexSource,
    /// `DEST_KEY`, the key to write `FORMAT` to.
    pub target: IndexKey,
    /// `FORMAT`; `<stanza>::$1` by default.
    pub format: String,
    /// `DEFAULT_VALUE`: written if the expression does not match.
    pub default: Option<String>,
    /// `REPEAT_MATCH`: whether to use every match, not only the first.
    pub repeat: bool,
    /// `LOOKAHEAD`, if set: how many characters of the text to examine.
    pub lookahead: Option<usize>,
    /// `CLONE_SOURCETYPE`: the write goes to a copy of the event with that sourcetype.
    pub clone: Option<String>,
}

/// The input of a transform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexSource {
    /// One of the keys.
    Key(IndexKey),
    /// `field:a`, `fields:a,b`: indexed fields, joined by blanks.
    Fields(Vec<String>),
}

impl IndexSource {
    /// The source with this name.
    fn named(name: &str) -> IndexSource {
        let fields = name.strip_prefix("fields:").or(name.strip_prefix("field:"));
        match fields {
            Some(names) => {
                IndexSource::Fields(names.split(',').map(|n| n.trim().to_owned()).collect())
            }
            None => IndexSource::Key(IndexKey::named(name)),
        }
    }
}

/// A part of an event that a transform reads or writes at index time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKey {
    /// `_raw`
    Raw,
    /// `MetaData:Host`
    Host,
    /// `MetaData:Source`
    Source,
    /// `MetaData:Sourcetype`
    Sourcetype,
    /// `_MetaData:Index`
    Index,
    /// `queue`: `nullQueue` drops the event.
    Queue,
    /// `_meta`, or `WRITE_META`: indexed fields.
    Meta,
    /// `_time`, in whole seconds.
    Time,
    /// A key without meaning offline, such as a forwarding target.
    Other,
}

impl IndexKey {
    /// The key with this name.
    pub fn named(name: &str) -> IndexKey {
        match name {
            "_raw" => IndexKey::Raw,
            "MetaData:Host" => IndexKey::Host,
            "MetaData:Source" => IndexKey::Source,
            "MetaData:Sourcetype" => IndexKey::Sourcetype,
            "_MetaData:Index" => IndexKey::Index,
            "queue" => IndexKey::Queue,
            "_meta" => IndexKey::Meta,
            "_time" => IndexKey::Time,
            _ => IndexKey::Other,
        }
    }

    /// The prefix of a value under this key: `host::`.
    pub fn prefix(self) -> &'static str {
        match self {
            IndexKey::Host => "host::",
            IndexKey::Source => "source::",
            IndexKey::Sourcetype => "sourcetype::",
            IndexKey::Raw
            | IndexKey::Index
            | IndexKey::Queue
            | IndexKey::Meta
            | IndexKey::Time
            | IndexKey::Other => "",
        }
    }
}

/// The index-time action of a stanza of `transforms.conf`. Returns `None` if it has neither a `REGEX` with a
/// destination nor an expression to evaluate.
pub(super) fn index_transform(stanza: &Stanza) -> Option<IndexTransform> {
    let stop_if = stanza.text("STOP_PROCESSING_IF").map(str::to_owned);
    // `INGEST_EVAL` takes precedence over everything else.
    let action = match stanza.text("INGEST_EVAL") {
        Some(text) => IndexAction::Eval(text.to_owned()),
        None if stop_if.is_some() => IndexAction::Nothing,
        None => IndexAction::Write(index_write(stanza)?),
    };
    Some(IndexTransform {
        name: stanza.name.clone(),
        action,
        stop_if,
        origin: stanza.origin.clone(),
    })
}

fn index_write(stanza: &Stanza) -> Option<IndexWrite> {
    let regex = stanza.text("REGEX")?;
    let target = match stanza.text("DEST_KEY") {
        Some(key) => IndexKey::named(key),
        None if flag(stanza, "WRITE_META", false) => IndexKey::Meta,
        None => return None,
    };
    let format = stanza.text("FORMAT").map(str::to_owned);
    Some(IndexWrite {
        regex: regex.to_owned(),
        source: IndexSource::named(stanza.text("SOURCE_KEY").unwrap_or("_raw")),
        target,
        format: format.unwrap_or_else(|| format!("{}::$1", stanza.name)),
        default: stanza.text("DEFAULT_VALUE").map(str::to_owned),
        repeat: flag(stanza, "REPEAT_MATCH", false) && target != IndexKey::Raw,
        lookahead: stanza.text("LOOKAHEAD").and_then(|n| n.parse().ok()),
        clone: stanza.text("CLONE_SOURCETYPE").map(str::to_owned),
    })
}
