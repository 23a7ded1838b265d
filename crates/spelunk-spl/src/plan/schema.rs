//! Schemas of plan nodes, and patterns of column names.

use indexmap::IndexMap;

use crate::value::Type;

/// Columns by name, in order, with their SPL types.
pub type Schema = IndexMap<String, Type>;

/// A field name, or a pattern of names with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As typed.
    pub text: String,
}

impl Pattern {
    /// A name or a pattern, as typed.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern { text: text.into() }
    }

    /// An exact name.
    pub fn exact(text: &str) -> Pattern {
        Pattern::new(text)
    }

    /// Whether it may match several names.
    pub fn is_wild(&self) -> bool {
        self.text.contains('*')
    }

    /// The parts of `name` that the `*`s match. Returns `None` if it does not match. Names are
    /// case-sensitive.
    pub fn captures<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let parts: Vec<&str> = self.text.split('*').collect();
        if parts.len() == 1 {
            return (self.text == name).then(Vec::new);
        }
        let mut captures = Vec::with_capacity(parts.len() - 1);
        let mut rest = name.strip_prefix(parts[0])?;
        for (i, part) in parts[1..].iter().enumerate() {
            if i == parts.len() - 2 {
                captures.push(rest.strip_suffix(part)?);
                return Some(captures);
            }
            let at = rest.find(part)?;
            captures.push(&rest[..at]);
            rest = &rest[at + part.len()..];
        }
        Some(captures)
    }

    /// Whether `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        self.captures(name).is_some()
    }

    /// The pattern with its `*`s replaced by `captures`, in order.
    pub fn fill(&self, captures: &[&str]) -> String {
        let mut out = String::new();
        let mut captures = captures.iter();
        for (i, part) in self.text.split('*').enumerate() {
            if i > 0 {
                out.push_str(captures.next().copied().unwrap_or(""));
            }
            out.push_str(part);
        }
        out
    }

    /// The matching names of `schema`, in order. Only patterns that begin with an underscore match
    /// names that do.
    pub fn expand(&self, schema: &Schema) -> Vec<String> {
        if !self.is_wild() {
            return schema
                .contains_key(&self.text)
                .then(|| self.text.clone())
                .into_iter()
                .collect();
        }
        schema
            .keys()
            .filter(|name| self.text.starts_with('_') || !name.starts_with('_'))
            // Skips columns that no search can name.
            .filter(|name| !name.starts_with('\0') && self.matches(name))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_capture_and_fill() {
        let p = Pattern::new("Processes.*");
        assert_eq!(p.captures("Processes.user"), Some(vec!["user"]));
        assert_eq!(p.captures("Process.user"), None);
        assert_eq!(Pattern::new("*").fill(&["user"]), "user");
        let two = Pattern::new("a*b*c");
        assert_eq!(two.captures("aXbYc"), Some(vec!["X", "Y"]));
        assert_eq!(two.captures("abc"), Some(vec!["", ""]));
        assert_eq!(two.captures("ac"), None);
        assert!(!Pattern::new("user").matches("User"));
    }
}
