//! Extracts fields from one text as `transforms.conf` and `KV_MODE` define. Does not depend on Polars.

use std::borrow::Cow;

use crate::extract::event::Field;
use crate::extract::fields::{json_event_fields, json_fields, xml_fields};
use crate::extract::kv;
use crate::pcre::{Regex, fill, too_hard};

/// Prefixes of the group that matches a field's name, and of the group that matches its value.
const KEY: &str = "_KEY_";
const VALUE: &str = "_VAL_";

/// Cleans a name as `CLEAN_KEYS` does (Admin Manual, transforms.conf): characters outside a-z, A-Z and 0-9
/// become `_`, including `é`; leading digits and `_` are removed.
pub fn clean_key(name: &str) -> String {
    let cleaned: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    cleaned
        .trim_start_matches(|c: char| c == '_' || c.is_ascii_digit())
        .to_owned()
}

/// Whether a regular expression or its format takes field names from the matched text.
pub fn is_dynamic(regex: &Regex, format: &[(String, String)]) -> bool {
    if format.is_empty() {
        regex.names().any(|n| n.starts_with(KEY))
    } else {
        format.iter().any(|(name, _)| name.contains('$'))
    }
}

/// Returns the pairs of all matches of a regular expression.
///
/// # Errors
/// If the expression takes too long on the text.
pub fn by_regex(
    regex: &Regex,
    format: &[(String, String)],
    text: &str,
) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for captures in regex.captures_iter(text) {
        let captures = captures.map_err(|_| too_hard(regex.as_str()))?;
        if !format.is_empty() {
            let filled =
                |(name, value): &(String, String)| (fill(name, &captures), fill(value, &captures));
            found.extend(format.iter().map(filled));
            continue;
        }
        for name in regex.names() {
            let Some(matched) = captures.name(name) else {
                continue;
            };
            if let Some(pair) = name.strip_prefix(KEY) {
                let value = captures.name(&format!("{VALUE}{pair}"));
                let value = value.map_or("", |m| m.as_str());
                found.push((matched.as_str().to_owned(), value.to_owned()));
            } else if !name.starts_with(VALUE) {
                found.push((name.to_owned(), matched.as_str().to_owned()));
            }
        }
    }
    Ok(found)
}

/// Splits a text at each of the characters in `delimiters`; text in double quotes is kept whole, without the
/// quotes.
pub fn split<'t>(text: &'t str, delimiters: &str) -> Vec<Cow<'t, str>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    let mut begins = true;
    for (at, c) in text.char_indices() {
        match c {
            // A quote opens at the beginning of a value or after the separator between name and value.
            '"' if quoted || begins => quoted = !quoted,
            c if !quoted && delimiters.contains(c) => {
                parts.push(unquoted(&text[start..at]));
                start = at + c.len_utf8();
                begins = true;
                continue;
            }
            _ => {}
        }
        begins = !c.is_alphanumeric() && c != '"';
    }
    // An unclosed quote is an ordinary character.
    if quoted && let Some(at) = text[start..].find(|c: char| delimiters.contains(c)) {
        let next = start + at;
        let width = text[next..].chars().next().map_or(1, char::len_utf8);
        parts.push(Cow::Borrowed(text[start..next].trim()));
        parts.extend(split(&text[next + width..], delimiters));
        return parts;
    }
    parts.push(unquoted(&text[start..]));
    parts
}

fn unquoted(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    Cow::Borrowed(inner.unwrap_or(text))
}

/// The pairs of `DELIMS = "<between>", "<equals>"`.
pub fn by_delimiters(text: &str, between: &str, equals: &str) -> Vec<(String, String)> {
    split(text, between)
        .iter()
        .filter_map(|pair| {
            let (name, value) = pair.split_once(|c: char| equals.contains(c))?;
            let name = unquoted(name);
            (!name.is_empty()).then(|| (name.into_owned(), unquoted(value).into_owned()))
        })
        .collect()
}

/// Extracts fields as `KV_MODE = auto`: those of a JSON object, of a Windows event, or pairs.
pub fn automatic(text: &str, escaped: bool) -> Vec<Field<'_>> {
    let start = text.trim_start();
    if start.starts_with('{')
        && let Some(fields) = json_fields(text)
    {
        return fields;
    }
    kv::pairs(text)
        .map(|(name, value)| match value {
            value if escaped && value.contains("\\\\") => {
                Field::text(name, value.replace("\\\\", "\\"))
            }
            value => Field::text(name, value),
        })
        .collect()
}

/// Extracts fields as `KV_MODE = json`: those of the JSON object that the whole text is.
pub fn json(text: &str) -> Vec<Field<'_>> {
    json_event_fields(text)
}

/// Extracts fields as `KV_MODE = xml`: text and attributes of the elements by their paths.
pub fn xml(text: &str) -> Vec<Field<'_>> {
    xml_fields(text)
}

/// Extracts fields as `KV_MODE = multi`: a table whose header is the first line with several words; each
/// column is a multivalue field, and the last one takes the rest of a line.
pub fn table(text: &str) -> Vec<Field<'_>> {
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let header = loop {
        let Some(line) = lines.next() else {
            return Vec::new();
        };
        let names: Vec<&str> = line.split_whitespace().collect();
        if names.len() > 1 {
            break names;
        }
    };
    let mut fields = Vec::new();
    for line in lines {
        let mut rest = line.trim();
        for (at, name) in header.iter().enumerate() {
            let end = if at + 1 == header.len() {
                rest.len()
            } else {
                rest.find(char::is_whitespace).unwrap_or(rest.len())
            };
            if end > 0 {
                fields.push(Field::text(clean_key(name), &rest[..end]));
            }
            rest = rest[end..].trim_start();
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{by_delimiters, by_regex, clean_key, is_dynamic, split, table};
    use crate::pcre::regex;

    fn shown(pairs: &[(String, String)]) -> Vec<String> {
        pairs.iter().map(|(k, v)| format!("{k}={v}")).collect()
    }

    #[test]
    fn keys_are_cleaned() {
        for (name, expected) in [
            ("src-ip", "src_ip"),
            ("_9lives", "lives"),
            ("a.b c", "a_b_c"),
            ("42", ""),
            ("größe", "gr__e"),
        ] {
            assert_eq!(clean_key(name), expected);
        }
    }

    #[test]
    fn delimiters_split_outside_of_quotes() {
        assert_eq!(split(r#"a,"b,c",,d"#, ","), ["a", "b,c", "", "d"]);
        assert_eq!(split(r#"a,"b,c"#, ","), ["a", "\"b", "c"]);
        assert_eq!(split("a|b;c", "|;"), ["a", "b", "c"]);
        assert_eq!(split("", ","), [""]);
        let pairs = by_delimiters(r#"user:bob|msg:"a|b"||x|n:"#, "|", ":");
        assert_eq!(shown(&pairs), ["user=bob", "msg=a|b", "n="]);
    }

    #[test]
    fn regular_expressions_name_fields() {
        let format = [("$1".to_owned(), "$2".to_owned())];
        let plain = regex(r"(\w+)=(\w+)").expect("compiles");
        let named = regex(r"(?<_KEY_1>\w+)=(?<_VAL_1>\w+)").expect("compiles");
        assert!(is_dynamic(&plain, &format) && is_dynamic(&named, &[]));
        assert!(!is_dynamic(&plain, &[]));
        let text = "a=1 b=2";
        assert_eq!(
            shown(&by_regex(&plain, &format, text).expect("runs")),
            ["a=1", "b=2"]
        );
        assert_eq!(
            shown(&by_regex(&named, &[], text).expect("runs")),
            ["a=1", "b=2"]
        );
    }

    #[test]
    fn tables_have_a_header() {
        let fields = table("Disks\nName Size Mounted on\nsda 10 / root\nsdb 20\n");
        let found: Vec<String> = fields
            .iter()
            .map(|f| format!("{}={}", f.name, f.value))
            .collect();
        assert_eq!(
            found,
            [
                "Name=sda",
                "Size=10",
                "Mounted=/",
                "on=root",
                "Name=sdb",
                "Size=20"
            ]
        );
    }
}
