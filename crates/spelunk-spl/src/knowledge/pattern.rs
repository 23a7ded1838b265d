//! The patterns of `[source::...]` and `[host::...]` stanzas of `props.conf`.

use crate::pcre::Regex;

/// A compiled stanza pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Whether it has no `*`, `...` or other expressions. A literal stanza wins over patterns.
    pub(super) literal: bool,
}

impl Pattern {
    /// Compiles a pattern that must match a whole name: `...` matches anything, `*` anything but a path
    /// separator, `.` itself; the rest is a regular expression (`props.conf`, "[source::]").
    ///
    /// # Errors
    /// If the expression does not compile.
    pub(super) fn new(text: &str, ignore_case: bool) -> Result<Pattern, String> {
        let mut regex = String::from(if ignore_case { "(?i)^(?:" } else { "^(?:" });
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (written, used) = match c {
                '.' if rest.starts_with("...") => (".*", 3),
                '.' => ("\\.", 1),
                '*' => ("[^/\\\\]*", 1),
                other => (&rest[..other.len_utf8()], other.len_utf8()),
            };
            regex.push_str(written);
            rest = &rest[used..];
        }
        regex.push_str(")\\z");
        let regex = Regex::new(&regex).map_err(|why| {
            // Reports the error in the original text if that does not compile by itself either.
            let why = Regex::new(text).err().unwrap_or(why);
            format!("bad pattern: {why}")
        })?;
        let literal = !text.contains("...") && !text.contains(['*', '|', '(', '[', '?', '+']);
        Ok(Pattern { regex, literal })
    }

    /// Whether the pattern matches the whole of `name`.
    pub(super) fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn dots_cross_separators_and_stars_do_not() {
        let matches = |pattern: &str, name: &str| {
            let pattern = Pattern::new(pattern, false).unwrap();
            pattern.matches(name)
        };
        assert!(matches("/var/.../x.log", "/var/a/b/x.log"));
        assert!(matches("/var/*.log", "/var/a.log"));
        assert!(!matches("/var/*.log", "/var/b/a.log"));
        assert!(!matches("a.log", "axlog"));
        assert!(matches("(a|b):c", "b:c"));
        assert!(!matches("WinEventLog:Security", "XmlWinEventLog:Security"));
        assert!(Pattern::new("(", false).is_err());
    }
}
