//! XML documents, and paths into them: `lib.book{2}.title`, `lib.book{@id}`.

use std::ops::Range;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `name`, or `name{2}`, from 1
    Child(String, Option<usize>),
    /// `{@name}`
    Attribute(String),
}

/// An element, in an arena.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<usize>,
    /// Range of its content in the text.
    content: Range<usize>,
}

/// The values that a path matches, in document order: the text of elements without children, the XML of
/// elements with children, the values of attributes. Empty if the text is not well-formed XML. (Search
/// Reference, "spath".)
pub fn find(text: &str, path: &str) -> Vec<String> {
    let (Some(steps), Some(elements)) = (parse_path(path), parse(text)) else {
        return Vec::new();
    };
    let mut found = vec![0];
    let mut steps = steps.iter().peekable();
    while let Some(step) = steps.next() {
        match step {
            Step::Child(name, index) => {
                found = found
                    .into_iter()
                    .flat_map(|at| {
                        let mut named = elements[at]
                            .children
                            .iter()
                            .copied()
                            .filter(|child| elements[*child].name == *name);
                        match index {
                            Some(n) => named.nth(n - 1).into_iter().collect::<Vec<_>>(),
                            None => named.collect(),
                        }
                    })
                    .collect();
            }
            Step::Attribute(name) => {
                if steps.peek().is_some() {
                    return Vec::new();
                }
                return found
                    .into_iter()
                    .flat_map(|at| elements[at].attributes.iter())
                    .filter(|(key, _)| key == name)
                    .map(|(_, value)| value.clone())
                    .collect();
            }
        }
    }
    found
        .into_iter()
        .filter(|at| *at != 0)
        .map(|at| content(text, &elements[at]))
        .collect()
}

fn content(text: &str, element: &Element) -> String {
    let raw = text[element.content.clone()].trim();
    if !element.children.is_empty() {
        return raw.to_owned();
    }
    if let Some(data) = raw
        .strip_prefix("<![CDATA[")
        .and_then(|r| r.strip_suffix("]]>"))
    {
        return data.to_owned();
    }
    quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), |t| t.into_owned())
}

fn parse_path(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('{') {
            let (inner, after) = inner.split_once('}')?;
            if let Some(name) = inner.strip_prefix('@') {
                steps.push(Step::Attribute(name.to_owned()));
            } else if let Some(Step::Child(_, index)) = steps.last_mut() {
                *index = match inner.trim() {
                    "" => None,
                    digits => Some(digits.parse().ok().filter(|n| *n > 0)?),
                };
            } else {
                return None;
            }
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '{']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        steps.push(Step::Child(name.to_owned(), None));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Some(steps)
}

/// Parses the elements of the document. The first represents the document itself.
fn parse(text: &str) -> Option<Vec<Element>> {
    let mut reader = Reader::from_str(text);
    let mut elements = vec![Element {
        name: String::new(),
        attributes: Vec::new(),
        children: Vec::new(),
        content: 0..text.len(),
    }];
    let mut open = vec![0];
    loop {
        let before = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let after = usize::try_from(reader.buffer_position()).ok()?;
        let (start, empty) = match event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                let at = open.pop().filter(|at| *at != 0)?;
                elements[at].content.end = before;
                continue;
            }
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => continue,
        };
        let at = elements.len();
        elements.push(Element {
            name: start.name().0.to_owned(),
            attributes: attributes(&start),
            children: Vec::new(),
            content: after..after,
        });
        let parent = *open.last()?;
        elements[parent].children.push(at);
        if !empty {
            open.push(at);
        }
    }
    (open.len() == 1 && elements.len() > 1).then_some(elements)
}

fn attributes(start: &BytesStart<'_>) -> Vec<(String, String)> {
    start
        .attributes()
        .flatten()
        .map(|attribute| {
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(_) => attribute.value.to_string(),
            };
            (attribute.key.0.to_owned(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn paths_lead_to_values() {
        let doc = "<lib><book id='1'><title>A &amp; B</title></book>\
                   <book id='2'><title/></book><note><![CDATA[a<b]]></note></lib>";
        for (path, expected) in [
            ("lib.book.title", vec!["A & B", ""]),
            ("lib.book{1}.title", vec!["A & B"]),
            ("lib.book{2}{@id}", vec!["2"]),
            ("lib.book{@id}", vec!["1", "2"]),
            ("lib.note", vec!["a<b"]),
            ("lib.book{1}", vec!["<title>A &amp; B</title>"]),
            ("lib.nope", vec![]),
            ("{@x}.y", vec![]),
        ] {
            assert_eq!(find(doc, path), expected, "{path}");
        }
        assert!(find("<a><b></a>", "a").is_empty());
        assert!(find("no xml", "a").is_empty());
    }
}
