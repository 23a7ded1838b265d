//! The rules that change events when they are read: `SEDCMD-*` and `TRANSFORMS-*`.

use super::conf::Stanza;
use super::field_rules::Rule;
use super::props::flag;
use super::yaml::Origin;

/// The index-time rules for events of one sourcetype, source and host, each class in the order in
/// which it applies. All of `SEDCMD-*` come before all of `TRANSFORMS-*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexRules {
    /// `SEDCMD-*`: expressions of `sed` on `_raw`.
    pub sed: Vec<Rule<String>>,
    /// `TRANSFORMS-*`, one rule a transform.
    pub transforms: Vec<Rule<IndexTransform>>,
}

impl IndexRules {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sed.is_empty() && self.transforms.is_empty()
    }
}

/// A stanza of `transforms.conf` as index time reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexTransform {
    /// Its stanza.
    pub name: String,
    /// `REGEX`
    pub regex: String,
    /// `SOURCE_KEY`
    pub source: IndexKey,
    /// `DEST_KEY`, and what of `FORMAT` is written there.
    pub target: IndexKey,
    /// `FORMAT`; `<stanza>::$1` by default.
    pub format: String,
    /// Where it was defined.
    pub origin: Origin,
}

/// What of an event a transform reads or writes at index time.
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
    /// A key that means nothing offline, such as where to forward to.
    Other,
}

impl IndexKey {
    /// The key of that name.
    pub fn named(name: &str) -> IndexKey {
        match name {
            "_raw" => IndexKey::Raw,
            "MetaData:Host" => IndexKey::Host,
            "MetaData:Source" => IndexKey::Source,
            "MetaData:Sourcetype" => IndexKey::Sourcetype,
            "_MetaData:Index" => IndexKey::Index,
            "queue" => IndexKey::Queue,
            "_meta" => IndexKey::Meta,
            _ => IndexKey::Other,
        }
    }

    /// What stands before a value under this key: `host::`.
    pub fn prefix(self) -> &'static str {
        match self {
            IndexKey::Host => "host::",
            IndexKey::Source => "source::",
            IndexKey::Sourcetype => "sourcetype::",
            IndexKey::Raw
            | IndexKey::Index
            | IndexKey::Queue
            | IndexKey::Meta
            | IndexKey::Other => "",
        }
    }
}

/// What a stanza of `transforms.conf` does at index time; none when it has no `REGEX` or writes
/// nowhere.
pub(super) fn index_transform(stanza: &Stanza) -> Option<IndexTransform> {
    let regex = stanza.text("REGEX")?;
    let target = match stanza.text("DEST_KEY") {
        Some(key) => IndexKey::named(key),
        None if flag(stanza, "WRITE_META", false) => IndexKey::Meta,
        None => return None,
    };
    let format = stanza.text("FORMAT").map(str::to_owned);
    Some(IndexTransform {
        name: stanza.name.clone(),
        regex: regex.to_owned(),
        source: IndexKey::named(stanza.text("SOURCE_KEY").unwrap_or("_raw")),
        target,
        format: format.unwrap_or_else(|| format!("{}::$1", stanza.name)),
        origin: stanza.origin.clone(),
    })
}
