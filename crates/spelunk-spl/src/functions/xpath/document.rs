//! The XPath data model of an XML document: a tree of elements, attributes and text nodes.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// A node's index in document order.
pub(super) type NodeId = usize;

/// A document; its root is node 0.
pub(super) struct Document {
    pub nodes: Vec<Node>,
}

pub(super) struct Node {
    pub kind: Kind,
    pub parent: Option<NodeId>,
    pub children: Vec<NodeId>,
    pub attributes: Vec<NodeId>,
}

pub(super) enum Kind {
    Root,
    Element(String),
    Attribute(String, String),
    Text(String),
}

/// Larger documents are rejected: no event is that large.
const MAX_NODES: usize = 2_000_000;

impl Document {
    /// Parses a text. Returns `None` if it is not well-formed XML. Ignores text before the first element, and
    /// allows several top-level elements.
    pub fn read(text: &str) -> Option<Document> {
        let start = text.find('<')?;
        let mut reader = Reader::from_str(&text[start..]);
        let mut document = Document { nodes: Vec::new() };
        let root = document.add(Kind::Root, None);
        let mut open = vec![root];
        loop {
            let here = *open.last()?;
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    let element = document.element(&tag, here);
                    open.push(element);
                }
                Event::Empty(tag) => {
                    document.element(&tag, here);
                }
                Event::End(_) => {
                    open.pop();
                    if open.is_empty() {
                        return None;
                    }
                }
                Event::Text(text) => {
                    let raw = text.into_inner();
                    let plain = quick_xml::escape::unescape(&raw)
                        .map_or_else(|_| raw.to_string(), |t| t.into_owned());
                    document.text(here, &plain);
                }
                Event::CData(text) => document.text(here, &text.into_inner()),
                Event::GeneralRef(entity) => {
                    let character = match entity.resolve_char_ref() {
                        Ok(Some(c)) => c.to_string(),
                        _ => match entity.as_ref() {
                            "lt" => "<".to_owned(),
                            "gt" => ">".to_owned(),
                            "amp" => "&".to_owned(),
                            "quot" => "\"".to_owned(),
                            "apos" => "'".to_owned(),
                            other => format!("&{other};"),
                        },
                    };
                    document.text(here, &character);
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
                Event::Eof => break,
            }
            if document.nodes.len() > MAX_NODES {
                return None;
            }
        }
        (open.len() == 1).then_some(document)
    }

    fn add(&mut self, kind: Kind, parent: Option<NodeId>) -> NodeId {
        self.nodes.push(Node {
            kind,
            parent,
            children: Vec::new(),
            attributes: Vec::new(),
        });
        self.nodes.len() - 1
    }

    fn element(&mut self, tag: &BytesStart<'_>, parent: NodeId) -> NodeId {
        let element = self.add(Kind::Element(tag.name().0.to_owned()), Some(parent));
        self.nodes[parent].children.push(element);
        for attribute in tag.attributes().flatten() {
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value.into_owned(),
                Err(_) => attribute.value.to_string(),
            };
            let kind = Kind::Attribute(attribute.key.0.to_owned(), value);
            let attribute = self.add(kind, Some(element));
            self.nodes[element].attributes.push(attribute);
        }
        element
    }

    /// Merges adjacent text into one node.
    fn text(&mut self, parent: NodeId, text: &str) {
        if let Some(&last) = self.nodes[parent].children.last()
            && let Kind::Text(there) = &mut self.nodes[last].kind
        {
            there.push_str(text);
            return;
        }
        let node = self.add(Kind::Text(text.to_owned()), Some(parent));
        self.nodes[parent].children.push(node);
    }

    /// The qualified name of an element or attribute.
    pub fn name(&self, node: NodeId) -> &str {
        match &self.nodes[node].kind {
            Kind::Element(name) | Kind::Attribute(name, _) => name,
            Kind::Root | Kind::Text(_) => "",
        }
    }

    /// The string value of a node; for an element, all text in it.
    pub fn string(&self, node: NodeId) -> String {
        match &self.nodes[node].kind {
            Kind::Attribute(_, value) | Kind::Text(value) => value.clone(),
            Kind::Root | Kind::Element(_) => {
                let mut out = String::new();
                for below in self.descendants(node) {
                    if let Kind::Text(text) = &self.nodes[below].kind {
                        out.push_str(text);
                    }
                }
                out
            }
        }
    }

    /// The descendants of a node, in document order.
    pub fn descendants(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut waiting: Vec<NodeId> = self.nodes[node].children.iter().rev().copied().collect();
        while let Some(next) = waiting.pop() {
            found.push(next);
            waiting.extend(self.nodes[next].children.iter().rev());
        }
        found
    }
}
