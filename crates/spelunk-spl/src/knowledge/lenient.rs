//! Lenient reading: drops and reports values of the wrong type for their key, as if the file did not have
//! them.

use std::fmt;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::{Path as Keys, Segment};
use serde_saphyr::Spanned;

use crate::error::Result;

use super::yaml;

/// Maximum number of values to drop from one file. A file with more is not what it seems.
const MOST: usize = 100;

/// A dropped value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Its line, from 1; 0 when unknown.
    pub(super) line: usize,
    /// Its key path: `tests[0].attack_data[0].update_timestamp`.
    pub(super) keys: String,
    /// The reason.
    pub(super) why: String,
}

/// Reads the YAML `text` of the file `path`. Values of the wrong type are added to `left_out`; `missing`
/// gives defaults for absent top-level keys.
///
/// # Errors
/// If it is not YAML, or lacks something that `T` requires; with line and column.
pub(super) fn yaml<T: DeserializeOwned>(
    path: &Path,
    text: &str,
    missing: &[(&str, &str)],
    left_out: &mut Vec<LeftOut>,
) -> Result<T> {
    let error = match yaml::parse(path, text) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let Ok(tree) = yaml::parse::<Spanned<Node>>(path, text) else {
        return Err(error);
    };
    let mut value = tree.value.to_value();
    let mut found = Vec::new();
    if let Value::Object(keys) = &mut value {
        for (key, stand_in) in missing {
            if keys.get(*key).is_none_or(Value::is_null) {
                keys.insert((*key).to_owned(), Value::from(*stand_in));
                found.push(LeftOut {
                    line: 1,
                    keys: (*key).to_owned(),
                    why: "the value is missing".to_owned(),
                });
            }
        }
    }
    let read = json(value, &mut |keys, why| {
        found.push(LeftOut {
            line: tree.value.line_of(keys, tree.referenced.line()),
            keys: keys.to_string(),
            why: yaml::in_words(why),
        });
    });
    let Some(read) = read else {
        return Err(error);
    };
    for one in found {
        if !left_out.contains(&one) {
            left_out.push(one);
        }
    }
    Ok(read)
}

/// Reads a `T` from a tree. Values of the wrong type are dropped and passed to `wrong` with their key path.
/// Returns `None` if no `T` remains.
pub(super) fn json<T: DeserializeOwned>(
    mut value: Value,
    wrong: &mut dyn FnMut(&Keys, &str),
) -> Option<T> {
    for _ in 0..MOST {
        match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(found) => return Some(found),
            Err(error) => {
                if !remove(&mut value, error.path()) {
                    return None;
                }
                wrong(error.path(), &error.inner().to_string());
            }
        }
    }
    None
}

/// Removes the value at the path `keys` from the tree. Returns whether there was one.
fn remove(tree: &mut Value, keys: &Keys) -> bool {
    let keys: Vec<&Segment> = keys.iter().collect();
    let Some((last, outer)) = keys.split_last() else {
        return false;
    };
    let mut node = tree;
    for key in outer {
        let inner = match key {
            Segment::Seq { index } => node.get_mut(*index),
            Segment::Map { key } => node.get_mut(key.as_str()),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return false,
        }
    }
    match (last, node) {
        (Segment::Seq { index }, Value::Array(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        (Segment::Map { key }, Value::Object(object)) => object.shift_remove(key).is_some(),
        _ => false,
    }
}

/// A YAML tree with the positions of its values. All scalars are text, whatever they look like.
#[derive(Debug)]
enum Node {
    Null,
    Text(String),
    List(Vec<Spanned<Node>>),
    Map(IndexMap<String, Spanned<Node>>),
}

impl Node {
    fn to_value(&self) -> Value {
        match self {
            Node::Null => Value::Null,
            Node::Text(text) => Value::String(text.clone()),
            Node::List(items) => items.iter().map(|item| item.value.to_value()).collect(),
            Node::Map(pairs) => pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.value.to_value()))
                .collect::<Map<String, Value>>()
                .into(),
        }
    }

    /// The line of the value at the path `keys`, or of the innermost one around it.
    fn line_of(&self, keys: &Keys, line: u64) -> usize {
        let mut line = line;
        let mut node = self;
        for key in keys.iter() {
            let inner = match (key, node) {
                (Segment::Seq { index }, Node::List(items)) => items.get(*index),
                (Segment::Map { key }, Node::Map(pairs)) => pairs.get(key),
                _ => None,
            };
            let Some(inner) = inner else {
                break;
            };
            line = inner.referenced.line();
            node = &inner.value;
        }
        usize::try_from(line).unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        struct NodeVisitor;
        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_bool<E>(self, b: bool) -> Result<Node, E> {
                Ok(Node::Text(b.to_string()))
            }

            fn visit_i64<E>(self, n: i64) -> Result<Node, E> {
                Ok(Node::Text(n.to_string()))
            }

            fn visit_u64<E>(self, n: u64) -> Result<Node, E> {
                Ok(Node::Text(n.to_string()))
            }

            fn visit_f64<E>(self, n: f64) -> Result<Node, E> {
                Ok(Node::Text(n.to_string()))
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Node, D::Error> {
                Node::deserialize(inner)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Node, A::Error> {
                let mut map = IndexMap::new();
                while let Some((key, value)) = pairs.next_entry::<String, Spanned<Node>>()? {
                    map.insert(key, value);
                }
                Ok(Node::Map(map))
            }
        }
        deserializer.deserialize_any(NodeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::{LeftOut, yaml};
    use crate::knowledge::yaml::flag;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct File {
        name: String,
        search: String,
        #[serde(default)]
        tests: Vec<Test>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Test {
        #[serde(deserialize_with = "flag")]
        moves: bool,
        count: Option<String>,
    }

    fn read(text: &str) -> Result<(File, Vec<LeftOut>), String> {
        let mut left_out = Vec::new();
        let missing = [("name", "from the file")];
        let file = yaml(Path::new("x.yml"), text, &missing, &mut left_out);
        file.map(|file| (file, left_out)).map_err(|e| e.to_string())
    }

    #[test]
    fn wrong_values_are_left_out_with_their_lines() {
        let text = "search: a=1\ntests:\n- moves: trues\n  count: 3\n- moves: true\n  count: [1]\n";
        let (file, left_out) = read(text).unwrap();
        assert_eq!(
            (file.name.as_str(), file.search.as_str()),
            ("from the file", "a=1")
        );
        assert_eq!(
            file.tests[0],
            Test {
                moves: false,
                count: Some("3".to_owned())
            }
        );
        assert_eq!(
            file.tests[1],
            Test {
                moves: true,
                count: None
            }
        );
        let shown: Vec<_> = left_out.iter().map(|l| (l.line, l.keys.as_str())).collect();
        assert_eq!(
            shown,
            [(1, "name"), (3, "tests[0].moves"), (6, "tests[1].count")]
        );
        assert!(left_out[1].why.contains("trues"), "{left_out:?}");
    }

    #[test]
    fn what_can_not_be_missed_is_an_error() {
        assert!(read("name: x\n").unwrap_err().starts_with("x.yml:1"));
        assert!(read("search: [a\n").is_err());
        assert!(read("- a\n").is_err());
    }
}
