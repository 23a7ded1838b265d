//! Extracts the fields of one text of known format, for field rules that read events again.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event as Xml};

use crate::extract::event::Field;
use crate::extract::{json, kv, windows_xml};

/// Maximum depth of nested elements; deeper ones have no fields.
const MAX_DEPTH: usize = 200;

/// Returns the fields of a text that is one JSON object, or `None` if it is not.
pub fn json_fields(text: &str) -> Option<Vec<Field<'_>>> {
    json::object_fields(text).ok()
}

/// Returns the fields of a text that begins as a JSON object or array, up to its end or the place where it is
/// cut off.
pub fn leading_json_fields(text: &str) -> Vec<Field<'_>> {
    json::leading_fields(text)
}

/// Extracts fields as `KV_MODE = json`: those of the JSON object that the text is, up to the cut if it is cut
/// off; `null` is a value like any other.
pub fn json_event_fields(text: &str) -> Vec<Field<'_>> {
    match json::record_fields(text) {
        (fields, None) => fields,
        (fields, Some(wrong)) if wrong.truncated => fields,
        (_, Some(_)) => Vec::new(),
    }
}

/// Extracts fields as a reader does: those of a JSON object, of a Windows event in XML, or `key=value` pairs.
pub fn event_fields(text: &str) -> Vec<Field<'_>> {
    let start = text.trim_start();
    if start.starts_with('{')
        && let Some(fields) = json_fields(text)
    {
        return fields;
    }
    if start.starts_with("<Event")
        && let Ok((event, _)) = windows_xml::damaged_event(text)
    {
        return event.fields;
    }
    kv::pairs(text)
        .map(|(name, value)| Field::text(name, value))
        .collect()
}

/// Extracts text and attributes of XML elements, under the names that `spath` uses: `a.b` for an element's
/// text, `a.b{@c}` for an attribute. Everything before malformed XML counts.
pub fn xml_fields(text: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let Some(start) = text.find('<') else {
        return fields;
    };
    let mut reader = Reader::from_str(&text[start..]);
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    // Malformed XML ends the extraction; so do unclosed elements.
    while let Ok(event) = reader.read_event() {
        match event {
            Xml::Start(tag) => {
                content.clear();
                open(&tag, &mut path, &mut fields);
                if path.len() > MAX_DEPTH {
                    return fields;
                }
            }
            Xml::Empty(tag) => {
                open(&tag, &mut path, &mut fields);
                path.pop();
            }
            Xml::Text(text) => {
                let raw = text.into_inner();
                content.push_str(&unescape(&raw).unwrap_or(Cow::Borrowed(&*raw)));
            }
            Xml::CData(text) => content.push_str(&text.into_inner()),
            Xml::GeneralRef(entity) => match (entity.resolve_char_ref(), entity.as_ref()) {
                (Ok(Some(c)), _) => content.push(c),
                (_, "lt") => content.push('<'),
                (_, "gt") => content.push('>'),
                (_, "amp") => content.push('&'),
                (_, "quot") => content.push('"'),
                (_, "apos") => content.push('\''),
                _ => {}
            },
            Xml::End(_) => {
                if !content.trim().is_empty() {
                    fields.push(Field::text(path.join("."), content.trim().to_owned()));
                }
                content.clear();
                path.pop();
            }
            Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
            Xml::Eof => break,
        }
    }
    fields
}

fn open(tag: &BytesStart<'_>, path: &mut Vec<String>, fields: &mut Vec<Field<'_>>) {
    path.push(name(tag.local_name().as_ref()));
    let place = path.join(".");
    for attribute in tag.attributes().flatten() {
        let raw = &attribute.value;
        let value = unescape(raw).map_or_else(|_| raw.to_string(), Cow::into_owned);
        let key = name(attribute.key.as_ref());
        fields.push(Field::text(format!("{place}{{@{key}}}"), value));
    }
}

fn name(name: &str) -> String {
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::xml_fields;

    #[test]
    fn xml_is_flattened() {
        let text = r#"x <a><b id="1">one &amp; two</b><b>2</b><c/></a> tail"#;
        let found: Vec<String> = xml_fields(text)
            .iter()
            .map(|f| format!("{}={}", f.name, f.value))
            .collect();
        assert_eq!(found, ["a.b{@id}=1", "a.b=one & two", "a.b=2"]);
        assert!(xml_fields("no markup").is_empty());
        assert!(xml_fields("<a><b>open").is_empty());
    }
}
