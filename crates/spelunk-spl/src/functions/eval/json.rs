//! "JSON functions" that create and read JSON. JSON is text; text that is a JSON object or array is nested
//! when it becomes part of other JSON.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use crate::functions::eval::args::{
    argument, returns_any, returns_bool, returns_multi, returns_text, text,
};
use crate::functions::json::{self, from_value, parse, to_value};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "json",
        synopsis: "json(<value>)",
        doc: "The value if it is valid JSON, else missing.",
        example: (
            "json(\"{\\\"animal\\\":\\\"pony\\\"}\")",
            "{\"animal\":\"pony\"}",
        ),
        body: Body::Values(|_, args| {
            Ok(match (parse(&args[0]), text(args, 0)) {
                (Some(_), Some(text)) => Value::Text(Cow::Owned(text.into_owned())),
                _ => Value::Null,
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_array",
        synopsis: "json_array(<values>)",
        arity: (0, MANY),
        doc: "A JSON array of the values.",
        example: ("json_array(1, 2.5, \"x\", true())", "[1,2.5,\"x\",true]"),
        body: Body::Values(|_, args| {
            Ok(written(&Json::Array(args.iter().map(from_value).collect())))
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_array_to_mv",
        synopsis: "json_array_to_mv(<json_array>, <boolean>)",
        arity: (1, 2),
        returns: returns_multi,
        doc: "The elements of a JSON array as a multivalue; strings keep their quotes if the second argument is true.",
        example: (
            "mvjoin(json_array_to_mv(\"[\\\"x\\\",\\\"y\\\"]\"), \" \")",
            "x y",
        ),
        body: Body::Values(json_array_to_mv),
        ..ROW
    },
    EvalFunction {
        name: "json_entries",
        synopsis: "json_entries(<value>)",
        doc: "The members of a JSON object as an array of objects with key and value.",
        example: (
            "json_entries(\"{\\\"a\\\":1}\")",
            "[{\"key\":\"a\",\"value\":1}]",
        ),
        body: Body::Values(json_entries),
        ..ROW
    },
    EvalFunction {
        name: "json_extract",
        synopsis: "json_extract(<json>, <paths>)",
        arity: (1, MANY),
        returns: returns_any,
        doc: "What a path leads to: a number or text, or JSON; an array for several paths and for paths with {}. The document itself without a path.",
        example: (
            "json_extract(\"{\\\"a\\\":{\\\"b\\\":[10,20]}}\", \"a.b{1}\")",
            "20",
        ),
        body: Body::Values(json_extract),
        ..ROW
    },
    EvalFunction {
        name: "json_extract_exact",
        synopsis: "json_extract_exact(<json>, <keys>)",
        arity: (1, MANY),
        returns: returns_any,
        doc: "The values of keys of an object. Keys are literal: dots and braces have no meaning.",
        example: ("json_extract_exact(\"{\\\"a.b\\\":1}\", \"a.b\")", "1"),
        body: Body::Values(json_extract_exact),
        ..ROW
    },
    EvalFunction {
        name: "json_has_key_exact",
        synopsis: "json_has_key_exact(<json>, <key>)",
        arity: (2, 2),
        returns: returns_bool,
        doc: "Whether the JSON object has the key, taken literally.",
        example: (
            "if(json_has_key_exact(\"{\\\"a.b\\\":1}\", \"a.b\"), \"yes\", \"no\")",
            "yes",
        ),
        body: Body::Values(|_, args| {
            let (Some(key), Some(json)) = (text(args, 1), parse(&args[0])) else {
                return Ok(Value::Bool(false));
            };
            Ok(Value::Bool(
                json.as_object()
                    .is_some_and(|o| o.contains_key(key.as_ref())),
            ))
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_keys",
        synopsis: "json_keys(<json>)",
        doc: "The keys of a JSON object as a JSON array; missing for anything else.",
        example: ("json_keys(\"{\\\"b\\\":1,\\\"a\\\":2}\")", "[\"b\",\"a\"]"),
        body: Body::Values(|_, args| {
            Ok(match parse(&args[0]) {
                Some(Json::Object(members)) => {
                    let keys = members.into_iter().map(|(key, _)| Json::String(key));
                    written(&Json::Array(keys.collect()))
                }
                _ => Value::Null,
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_object",
        synopsis: "json_object(<members>)",
        arity: (0, MANY),
        doc: "A JSON object of keys and values, given in turn.",
        example: (
            "json_object(\"name\", \"maria\", \"n\", 3)",
            "{\"name\":\"maria\",\"n\":3}",
        ),
        body: Body::Values(json_object),
        ..ROW
    },
    EvalFunction {
        name: "json_valid",
        synopsis: "json_valid(<json>)",
        returns: returns_bool,
        doc: "Whether the value is valid JSON.",
        example: ("if(json_valid(\"{broken\"), \"true\", \"false\")", "false"),
        body: Body::Values(|_, args| {
            Ok(if args[0].is_null() {
                Value::Null
            } else {
                Value::Bool(parse(&args[0]).is_some())
            })
        }),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_text,
    ..EvalFunction::under(Group::Json)
};

/// JSON as the text of a field.
pub fn written<'a>(json: &Json) -> Value<'a> {
    Value::text(json.to_string())
}

fn json_array_to_mv<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(Json::Array(items)) = parse(&args[0]) else {
        return Ok(Value::Null);
    };
    let quotes = matches!(argument(args, 1), Value::Bool(true));
    let values = items.iter().map(|item| {
        Cow::Owned(if quotes {
            item.to_string()
        } else {
            json::text(item)
        })
    });
    Ok(Value::multi(values.collect()))
}

fn json_entries<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let entry = |(key, value): (Json, Json)| {
        let mut members = Map::new();
        members.insert("key".to_owned(), key);
        members.insert("value".to_owned(), value);
        Json::Object(members)
    };
    let entries: Vec<Json> = match parse(&args[0]) {
        Some(Json::Object(members)) => members
            .into_iter()
            .map(|(key, value)| entry((Json::String(key), value)))
            .collect(),
        Some(Json::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(at, value)| entry((Json::from(at), value)))
            .collect(),
        _ => return Ok(Value::Null),
    };
    Ok(written(&Json::Array(entries)))
}

fn json_extract<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(doc) = parse(&args[0]) else {
        return Ok(Value::Null);
    };
    extracted(&doc, &args[1..], |path| {
        let steps = json::path(path)?;
        let found = json::find(&doc, &steps);
        if steps.contains(&json::Step::Every) {
            // Several matches become an array, even if only one is found.
            let items: Vec<Json> = found.into_iter().cloned().collect();
            return (!items.is_empty()).then_some(Json::Array(items));
        }
        found.first().map(|json| (*json).clone())
    })
}

fn json_extract_exact<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(doc) = parse(&args[0]) else {
        return Ok(Value::Null);
    };
    extracted(&doc, &args[1..], |key| doc.as_object()?.get(key).cloned())
}

/// One path returns its value; several return an array with null for missing values.
fn extracted<'a>(
    doc: &Json,
    paths: &[Value<'a>],
    find: impl Fn(&str) -> Option<Json>,
) -> Outcome<'a> {
    let look = |path: &Value<'_>| path.as_text().and_then(|path| find(&path));
    Ok(match paths {
        [] => to_value(doc),
        [one] => look(one).map_or(Value::Null, |json| to_value(&json)),
        many => {
            let items = many.iter().map(|path| look(path).unwrap_or(Json::Null));
            written(&Json::Array(items.collect()))
        }
    })
}

fn json_object<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    if !args.len().is_multiple_of(2) {
        return Err("json_object takes pairs of a key and a value".to_owned());
    }
    let mut members = Map::new();
    for pair in args.chunks_exact(2) {
        if let Some(key) = pair[0].as_text() {
            members.insert(key.into_owned(), from_value(&pair[1]));
        }
    }
    Ok(written(&Json::Object(members)))
}
