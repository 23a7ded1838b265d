//! Special fields, to which a search expression gives a meaning of their own.

/// The meaning of a comparison with a special field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialField<'n> {
    /// `earliest`, `_index_earliest`: events at or after a time.
    Earliest,
    /// `latest`, `_index_latest`: events before a time.
    Latest,
    /// `splunk_server`: there is only one.
    Server,
    /// `index`: `*` excludes internal indexes.
    Index,
    /// `eventtype`
    EventType,
    /// `tag`
    Tag,
    /// `tag::<field>`
    TagOf(&'n str),
}

impl<'n> SpecialField<'n> {
    /// The meaning of a comparison with this field. Returns `None` if it just compares values.
    ///
    /// Field names are case-sensitive: `eventType` is a field of Okta's, `EventType` one of Sysmon's, and
    /// neither is `eventtype`. Only search modifiers are recognized in any case.
    pub fn of(name: &'n str) -> Option<SpecialField<'n>> {
        let is = |modifier: &str| name.eq_ignore_ascii_case(modifier);
        match name {
            "eventtype" => Some(SpecialField::EventType),
            "tag" => Some(SpecialField::Tag),
            _ if is("earliest") || is("_index_earliest") => Some(SpecialField::Earliest),
            _ if is("latest") || is("_index_latest") => Some(SpecialField::Latest),
            _ if is("splunk_server") => Some(SpecialField::Server),
            _ if is("index") => Some(SpecialField::Index),
            _ => name.strip_prefix("tag::").map(SpecialField::TagOf),
        }
    }

    /// Whether it contains event types or tags.
    pub fn is_mark(self) -> bool {
        match self {
            SpecialField::EventType | SpecialField::Tag | SpecialField::TagOf(_) => true,
            SpecialField::Earliest
            | SpecialField::Latest
            | SpecialField::Server
            | SpecialField::Index => false,
        }
    }

    /// Whether it bounds the time or names the server, both of which are true for all rows found.
    pub fn is_modifier(self) -> bool {
        match self {
            SpecialField::Earliest | SpecialField::Latest | SpecialField::Server => true,
            SpecialField::Index
            | SpecialField::EventType
            | SpecialField::Tag
            | SpecialField::TagOf(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SpecialField;

    #[test]
    fn names_mind_their_case_and_modifiers_do_not() {
        assert_eq!(SpecialField::of("eventtype"), Some(SpecialField::EventType));
        assert_eq!(
            SpecialField::of("tag::host"),
            Some(SpecialField::TagOf("host"))
        );
        assert_eq!(SpecialField::of("Earliest"), Some(SpecialField::Earliest));
        for name in ["eventType", "Tag", "TAG::host", "tags", "indexes"] {
            assert_eq!(SpecialField::of(name), None, "{name}");
        }
    }
}
