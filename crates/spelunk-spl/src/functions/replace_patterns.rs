//! The body of `replace`: replaces whole values that match patterns with `*` wildcards.

use std::borrow::Cow;

use crate::functions::{Context, Outcome};
use crate::pcre::{escape, regex, too_hard};
use crate::value::Value;

/// Replaces each value that a pattern matches whole; the first matching pattern counts. A `*` in the
/// replacement is replaced by the text that the corresponding `*` of the pattern matched.
pub(super) fn replace_patterns<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some((value, pairs)) = args.split_first() else {
        return Ok(Value::Null);
    };
    let mut changed = false;
    let mut values = value.clone().into_values();
    for value in &mut values {
        for pair in pairs.chunks_exact(2) {
            let (Some(pattern), Some(replacement)) = (pair[0].as_text(), pair[1].as_text()) else {
                continue;
            };
            if let Some(new) = exchanged(value, &pattern, &replacement)? {
                *value = Cow::Owned(new);
                changed = true;
                break;
            }
        }
    }
    Ok(if changed {
        Value::multi(values)
    } else {
        value.clone()
    })
}

fn exchanged(value: &str, pattern: &str, replacement: &str) -> Result<Option<String>, String> {
    if !pattern.contains('*') {
        return Ok((value == pattern).then(|| replacement.to_owned()));
    }
    let parts: Vec<String> = pattern
        .split('*')
        .map(|part| escape(part).into_owned())
        .collect();
    let whole = format!("(?s)^{}\\z", parts.join("(.*)"));
    let regex = regex(&whole)?;
    let captures = regex.captures(value).map_err(|_| too_hard(&whole))?;
    let Some(found) = captures else {
        return Ok(None);
    };
    let mut out = String::new();
    for (at, part) in replacement.split('*').enumerate() {
        if at > 0 {
            out.push_str(found.get(at).map_or("", |group| group.as_str()));
        }
        out.push_str(part);
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::exchanged;

    #[test]
    fn wildcards_carry_what_they_matched() {
        let of = |value, pattern, with| exchanged(value, pattern, with).unwrap();
        assert_eq!(of("a.b", "a.b", "x").as_deref(), Some("x"));
        assert_eq!(of("a-b", "a.b", "x"), None);
        assert_eq!(
            of("web 1 up", "web * *", "* is * now").as_deref(),
            Some("1 is up now")
        );
        assert_eq!(of("web 1", "web*", "w").as_deref(), Some("w"));
        assert_eq!(of("aab", "ab", "x"), None);
    }
}
