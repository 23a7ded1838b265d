//! Saved searches: `savedsearches.conf`.

use std::collections::BTreeMap;

use super::conf::Layers;
use super::yaml::{Origin, parse_bool};

/// A saved search or report, for the command `savedsearch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch {
    /// Its name.
    pub name: String,
    /// The search, with `$name$` for an argument of `savedsearch`.
    pub search: String,
    /// `dispatch.earliest_time`
    pub earliest: Option<String>,
    /// `dispatch.latest_time`
    pub latest: Option<String>,
    /// All settings of its stanza, by key.
    pub settings: BTreeMap<String, String>,
    /// Where it was defined.
    pub origin: Origin,
}

/// The saved searches that are not disabled, by name.
pub(super) fn saved_searches(layers: &Layers) -> BTreeMap<String, SavedSearch> {
    let mut found = BTreeMap::new();
    for stanza in layers.stanzas() {
        let disabled = stanza.text("disabled").and_then(parse_bool) == Some(true);
        if let Some(search) = stanza.get("search")
            && !disabled
        {
            let text = |key: &str| stanza.text(key).map(str::to_owned);
            let saved = SavedSearch {
                name: stanza.name.clone(),
                search: search.value.clone(),
                earliest: text("dispatch.earliest_time"),
                latest: text("dispatch.latest_time"),
                settings: stanza
                    .iter()
                    .map(|(key, setting)| (key.to_owned(), setting.value.clone()))
                    .collect(),
                origin: search.origin.clone(),
            };
            found.insert(stanza.name.clone(), saved);
        }
    }
    found
}
