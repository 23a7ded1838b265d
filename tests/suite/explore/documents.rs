//! JSON, XML, pairs, regular expressions and paths into documents: whatever they hold, nothing panics.

use spelunk::internal::{event_fields, leading_json_fields, xml_fields};
use spelunk_spl::extract::kv;
use spelunk_spl::extract::pairs;
use spelunk_spl::functions::pattern::{self, like};
use spelunk_spl::functions::sed::edit;
use spelunk_spl::functions::xpath::XPath;
use spelunk_spl::functions::{json, xml};

use crate::explore::{Subject, explored, shorter};
use crate::mutation::Chance;

#[rustfmt::skip]
const DOCUMENT: &[&str] = &[
    "{", "}", "[", "]", "\"a\"", ":", ",", "1", "-0.5e3", "true", "null", "\"\\u00e9\"", "<a>", "</a>", "<b c='d'>",
    "</b>", "<e/>", "&lt;", "&#65;", "<![CDATA[x]]>", "<!--", "-->", "<?xml version='1.0'?>", "text", " ", "k=v",
    "k=\"v w\"", "<Event", ">", "\n", "{\"k\":", "9223372036854775808", "1e999", "\"\\ud83d\"", "&#x110000;", "]]>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>", "&b;", "xmlns=\"u\"", "<x:y>", "</x:y>", "é", "\u{301}", "\0", "größe=5",
    "k==v", "k='v", "\\",
];

#[rustfmt::skip]
const PATH: &[&str] = &[
    "a", "b", ".", "{}", "{1}", "{@c}", "/", "//", "*", "[", "]", "@c", "text()", "(", ")", "last()", "=", "'d'", "1",
    " and ", " or ", "not(", "count(", "..", "|", "-", "::", "child", "position()", ",", ";", "\"", "é",
    "following-sibling::", "ancestor::*", "@*", "substring(", "1e400", "-1", "{}{}", "{99999999999999999999}", "{-1}",
    "concat(", "\u{301}", "//@", "node()", "$x", "'",
];

#[rustfmt::skip]
const REGEX: &[&str] = &[
    "a", "é", ".", "*", "+", "?", "*?", "++", "(", ")", "(?<n>", "(?P<n>", "(?<é>", "(?:", "(?=", "(?!", "(?<=",
    "(?<!", "(?>", "(?i)", "(?x)", "(?#", "[", "]", "[^", "a-z", "[:alpha:]", "&&", "--", "\\d", "\\w", "\\W", "\\b",
    "\\1", "\\9", "\\k<n>", "\\x{202E}", "\\x4", "\\u00e9", "\\p{L}", "\\Q", "\\E", "\\K", "\\R", "\\", "{1,3}",
    "{,3}", "{99999}", "{2}{3}", "|", "^", "$", "\n", " ", "(?1)", "(?R)", "(a+)+", "$1", "s/", "y/", "/", "/g", "%",
    "_", "\0",
];

/// A document and a path or pattern to find something in it.
#[derive(Clone)]
struct Input {
    document: String,
    path: String,
}

fn text(chance: &mut Chance, of: &[&'static str]) -> String {
    let length = match chance.below(30) {
        // Nested deeply.
        0 => return chance.one(of).repeat(3000),
        n => n,
    };
    (0..length).map(|_| chance.one(of)).collect()
}

/// Documents with paths into them.
struct Documents;

impl Subject for Documents {
    type Input = Input;

    fn make(&self, chance: &mut Chance) -> Input {
        Input {
            document: text(chance, DOCUMENT),
            path: text(chance, PATH),
        }
    }

    fn judge(&mut self, input: &Input) -> Result<(), String> {
        let Input { document, path } = input;
        leading_json_fields(document);
        xml_fields(document);
        event_fields(document);
        xml::find(document, path);
        if let (Some(found), Some(steps)) = (json::container(document), json::path(path)) {
            json::find(&found, &steps);
            let mut changed = found;
            json::remove(&mut changed, &steps);
        }
        if let Ok(path) = XPath::new(path) {
            path.find(document);
        }
        pairs::split(document, path);
        pairs::by_delimiters(document, path, "=");
        let odd = kv::pairs(document).find(|(key, _)| key.is_empty() || !key.is_ascii());
        odd.map_or(Ok(()), |(key, _)| Err(format!("the key {key:?}")))
    }

    fn show(&self, input: &Input) -> String {
        format!("{:?} in {:?}", input.path, input.document)
    }

    fn smaller(&self, input: &Input) -> Vec<Input> {
        smaller(input)
    }
}

fn smaller(input: &Input) -> Vec<Input> {
    let documents = shorter(&input.document).into_iter().map(|document| Input {
        document,
        ..input.clone()
    });
    let paths = shorter(&input.path).into_iter().map(|path| Input {
        path,
        ..input.clone()
    });
    documents.chain(paths).collect()
}

/// Patterns, and texts that they meet.
struct Patterns;

impl Subject for Patterns {
    type Input = Input;

    fn make(&self, chance: &mut Chance) -> Input {
        Input {
            document: text(chance, REGEX),
            path: text(chance, REGEX),
        }
    }

    fn judge(&mut self, input: &Input) -> Result<(), String> {
        let Input { document, path } = input;
        if let Ok(regex) = pattern::regex(path)
            && let Ok(Some(captures)) = regex.captures(document.as_str())
        {
            pattern::fill(document, &captures);
        }
        if let Err(why) = pattern::is_match(path, document)
            && why.trim().is_empty()
        {
            return Err("refused without words".to_owned());
        }
        pattern::Wildcard::new(path).is_match(document);
        like::like(path, document);
        match edit(document, path) {
            Err(why) if why.trim().is_empty() => Err("refused without words".to_owned()),
            _ => Ok(()),
        }
    }

    fn show(&self, input: &Input) -> String {
        format!("{:?} in {:?}", input.path, input.document)
    }

    fn smaller(&self, input: &Input) -> Vec<Input> {
        smaller(input)
    }
}

explored! {
    documents_and_paths_do_not_panic / explore_documents: 3000 of Documents;
    patterns_do_not_panic / explore_patterns: 3000 of Patterns;
}
