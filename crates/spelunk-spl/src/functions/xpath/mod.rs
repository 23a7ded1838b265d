//! XPath 1.0 over the text of an event. (W3C, "XML Path Language (XPath) Version 1.0"; without variables,
//! `id`, `lang`, namespaces by prefix declaration and the axes `following`, `preceding` and `namespace`.)
//! Names are compared as written, including prefixes.
//!
//! A custom implementation, because no maintained crate offers XPath alone: the existing ones bring a whole
//! XSLT or XQuery engine, or a C library.

mod document;
mod evaluate;
mod parse;

use self::document::Document;
use self::evaluate::{Place, Value, evaluate};

/// A parsed expression, ready to evaluate on texts.
#[derive(Clone, Debug)]
pub struct XPath {
    expr: parse::Expr,
}

impl XPath {
    /// Parses an expression.
    ///
    /// # Errors
    /// A description of the syntax error.
    pub fn new(text: &str) -> Result<XPath, String> {
        Ok(XPath {
            expr: parse::parse(text.trim())?,
        })
    }

    /// Evaluates on a text: returns the text of each node, or the value. Empty if the text is not well-formed
    /// XML.
    pub fn find(&self, text: &str) -> Vec<String> {
        let Some(document) = Document::read(text) else {
            return Vec::new();
        };
        let place = Place {
            node: 0,
            position: 1,
            size: 1,
        };
        match evaluate(&self.expr, &document, place) {
            Value::Nodes(nodes) => nodes.into_iter().map(|n| document.string(n)).collect(),
            single => vec![single.text(&document)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::XPath;

    #[test]
    fn paths_lead_to_nodes_and_values() {
        let text = "<?xml version='1.0'?><shop><!-- x --><book id='1' lang='en'><title>A &amp; B</title><price>5</price></book>\
                    <book id='2'><title>C</title><price>7.5</price><note>see <b>this</b> one</note></book>\
                    <x:cd xmlns:x='u'><![CDATA[a<b]]></x:cd></shop>";
        for (path, expected) in [
            ("/shop/book/title", vec!["A & B", "C"]),
            ("//title", vec!["A & B", "C"]),
            ("//book[2]/title", vec!["C"]),
            ("//book[last()]/@id", vec!["2"]),
            ("//book[@lang]/price", vec!["5"]),
            ("//book[@id='2']/price", vec!["7.5"]),
            ("//book[price > 6 and title = 'C']/@id", vec!["2"]),
            ("//book[not(@lang)]/@id", vec!["2"]),
            ("//book[contains(title, '&')]/@id", vec!["1"]),
            ("//*[local-name()='cd']", vec!["a<b"]),
            ("//x:cd", vec!["a<b"]),
            ("//note", vec!["see this one"]),
            ("//note/text()", vec!["see ", " one"]),
            ("//b/../../@id", vec!["2"]),
            ("//price/preceding-sibling::title", vec!["A & B", "C"]),
            ("//title/following-sibling::*[1]", vec!["5", "7.5"]),
            ("//b/ancestor::book/@id", vec!["2"]),
            ("//title | //price", vec!["A & B", "5", "C", "7.5"]),
            ("(//price)[2]", vec!["7.5"]),
            ("count(//book)", vec!["2"]),
            ("sum(//price) * 2 - 1", vec!["24"]),
            (
                "concat(//book[1]/@id, '-', string-length('abc'))",
                vec!["1-3"],
            ),
            (
                "translate(normalize-space(' a  b '), 'ab', 'x')",
                vec!["x "],
            ),
            ("substring('12345', 2, 3)", vec!["234"]),
            ("//book[position() mod 2 = 0]/@id", vec!["2"]),
            ("//nope", vec![]),
            ("/", vec!["A & B5C7.5see this onea<b"]),
        ] {
            let found = XPath::new(path)
                .unwrap_or_else(|e| panic!("{path}: {e}"))
                .find(text);
            assert_eq!(found, expected, "{path}");
        }
        assert!(XPath::new("//a").unwrap().find("<a><b></a>").is_empty());
        assert!(XPath::new("//a").unwrap().find("no xml").is_empty());
    }

    #[test]
    fn wrong_paths_are_told() {
        for (path, message) in [
            ("//", "ends too early"),
            ("//a[", "ends too early"),
            ("//a[1", "ends too early"),
            ("//a]", "unexpected `]`"),
            ("nope(1)", "no function `nope`"),
            ("contains('a')", "does not take 1"),
            ("'open", "not closed"),
            ("following::a", "axis `following` is not supported"),
        ] {
            let error = XPath::new(path).unwrap_err();
            assert!(error.contains(message), "{path}: {error}");
        }
        assert!(XPath::new(&"(".repeat(5000)).is_err());
        assert!(XPath::new(&"-".repeat(5000)).is_err());
    }
}
