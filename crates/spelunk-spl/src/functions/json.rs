//! JSON documents, and paths into them: `a.b{0}.c{}`.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::value::{Value, format_number, parse_number};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `name`
    Key(String),
    /// `{2}`, from 0
    Index(usize),
    /// `{}`: every element of an array
    Every,
}

/// Parses a path: names joined by `.`, each optionally followed by `{}` or `{n}`. The empty path is the
/// document itself. Returns `None` if braces are unclosed or do not contain a number.
pub fn path(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('{') {
            let (index, after) = inner.split_once('}')?;
            steps.push(match index.trim() {
                "" => Step::Every,
                digits => Step::Index(digits.parse().ok()?),
            });
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '{']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        steps.push(Step::Key(key.to_owned()));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Some(steps)
}

/// All values that a path matches, in document order.
pub fn find<'j>(json: &'j Json, path: &[Step]) -> Vec<&'j Json> {
    let mut found = vec![json];
    for step in path {
        found = found
            .into_iter()
            .flat_map(|json| -> Box<dyn Iterator<Item = &'j Json>> {
                match (step, json) {
                    (Step::Key(key), Json::Object(members)) => {
                        Box::new(members.get(key).into_iter())
                    }
                    (Step::Index(index), Json::Array(items)) => {
                        Box::new(items.get(*index).into_iter())
                    }
                    (Step::Every, Json::Array(items)) => Box::new(items.iter()),
                    (Step::Key(_) | Step::Index(_) | Step::Every, _) => {
                        Box::new(std::iter::empty())
                    }
                }
            })
            .collect();
    }
    found
}

/// Edits all values that a path matches. Creates missing keys on the way and the element just past the end of
/// an array; skips other missing places.
pub fn change(json: &mut Json, path: &[Step], edit: &mut dyn FnMut(&mut Json)) {
    walk(json, path, true, edit);
}

fn walk(json: &mut Json, path: &[Step], make: bool, edit: &mut dyn FnMut(&mut Json)) {
    let Some((step, rest)) = path.split_first() else {
        edit(json);
        return;
    };
    match step {
        Step::Key(key) => {
            if make && json.is_null() {
                *json = Json::Object(serde_json::Map::new());
            }
            if let Json::Object(members) = json {
                if make && !members.contains_key(key) {
                    members.insert(key.clone(), Json::Null);
                }
                if let Some(member) = members.get_mut(key) {
                    walk(member, rest, make, edit);
                }
            }
        }
        Step::Index(index) => {
            if make && json.is_null() {
                *json = Json::Array(Vec::new());
            }
            if let Json::Array(items) = json {
                if make && *index == items.len() {
                    items.push(Json::Null);
                }
                if let Some(item) = items.get_mut(*index) {
                    walk(item, rest, make, edit);
                }
            }
        }
        Step::Every => {
            if let Json::Array(items) = json {
                for item in items {
                    walk(item, rest, make, edit);
                }
            }
        }
    }
}

/// Removes the values that a path matches.
pub fn remove(json: &mut Json, path: &[Step]) {
    let Some((last, before)) = path.split_last() else {
        return;
    };
    walk(json, before, false, &mut |parent| match (last, parent) {
        (Step::Key(key), Json::Object(members)) => {
            members.shift_remove(key);
        }
        (Step::Index(index), Json::Array(items)) if *index < items.len() => {
            items.remove(*index);
        }
        (Step::Every, Json::Array(items)) => items.clear(),
        (Step::Key(_) | Step::Index(_) | Step::Every, _) => {}
    });
}

/// The value as the text of a field: strings without quotes, the rest as JSON.
pub fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Converts to an SPL value: numbers and strings unchanged, the rest as JSON text, null as missing.
pub fn to_value(json: &Json) -> Value<'static> {
    match json {
        Json::Null => Value::Null,
        Json::Number(number) => {
            let digits = number.to_string();
            match parse_number(&digits) {
                // A number that a double cannot represent keeps its digits as text.
                Some(n) if digits.len() <= 15 || format_number(n) == digits => Value::Num(n),
                Some(_) | None => Value::Text(Cow::Owned(digits)),
            }
        }
        other => Value::Text(Cow::Owned(text(other))),
    }
}

/// A JSON number; null if it is infinite.
pub fn number(n: f64) -> Json {
    serde_json::from_str(&format_number(n)).unwrap_or(Json::Null)
}

/// Converts an SPL value to JSON: numbers and Booleans keep their type, a multivalue becomes an array of
/// strings, text that is a JSON object or array is nested, other text is a string.
pub fn from_value(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Num(n) => number(*n),
        Value::Text(t) => container(t).unwrap_or_else(|| Json::String(t.to_string())),
        Value::Multi(values) => {
            Json::Array(values.iter().map(|v| Json::String(v.to_string())).collect())
        }
    }
}

/// Parses text that is a JSON object or array.
pub fn container(text: &str) -> Option<Json> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Parses the text of a value as JSON of any type.
pub fn parse(value: &Value<'_>) -> Option<Json> {
    match value {
        Value::Null | Value::Multi(_) => None,
        Value::Bool(b) => Some(Json::Bool(*b)),
        Value::Num(n) => Some(number(*n)),
        Value::Text(t) => serde_json::from_str(t).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Step, change, find, path, remove, to_value};
    use crate::value::Value;
    use serde_json::{Value as Json, json};

    #[test]
    fn paths_lead_to_values() {
        let doc = json!({"a": {"b": [10, {"c": "x"}, {"c": "y"}]}, "l": [[1, 2], [3]]});
        let at = |text: &str| -> Vec<Json> {
            find(&doc, &path(text).unwrap())
                .into_iter()
                .cloned()
                .collect()
        };
        assert_eq!(at("a.b{}.c"), [json!("x"), json!("y")]);
        assert_eq!(at("a.b{0}"), [json!(10)]);
        assert_eq!(at("l{}{}"), [json!(1), json!(2), json!(3)]);
        assert_eq!(at("a.b{9}.c"), Vec::<Json>::new());
        assert_eq!(at(""), std::slice::from_ref(&doc));
        assert_eq!(path("{}.n"), Some(vec![Step::Every, Step::Key("n".into())]));
        assert_eq!(path("a{x}"), None);
        assert_eq!(path("a{1"), None);
    }

    #[test]
    fn documents_change_in_place() {
        let mut doc = json!({"l": [{"n": 1}, {"n": 2}]});
        change(&mut doc, &path("l{}.ok").unwrap(), &mut |j| {
            *j = json!(true)
        });
        change(&mut doc, &path("x.y").unwrap(), &mut |j| *j = json!(5));
        remove(&mut doc, &path("l{0}.n").unwrap());
        remove(&mut doc, &path("q.z").unwrap());
        let expected = r#"{"l":[{"ok":true},{"n":2,"ok":true}],"x":{"y":5}}"#;
        assert_eq!(doc.to_string(), expected);
    }

    #[test]
    fn big_numbers_keep_their_digits() {
        let big: Json = serde_json::from_str("12345678901234567890").unwrap();
        assert_eq!(to_value(&big), Value::text("12345678901234567890"));
        assert_eq!(to_value(&json!(1.5)), Value::Num(1.5));
    }
}
