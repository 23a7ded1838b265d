//! "JSON functions" that modify JSON and return the modified document.

use serde_json::Value as Json;

use crate::functions::eval::args::returns_text;
use crate::functions::eval::json::written;
use crate::functions::json::{Step, change, from_value, parse, path, remove};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "json_append",
        synopsis: "json_append(<json>, <path_value_pairs>)",
        arity: (3, MANY),
        doc: "The document with values appended to the arrays at the paths; a single value there becomes an array first.",
        example: (
            "json_append(\"{\\\"l\\\":\\\"a\\\"}\", \"l\", \"b\")",
            "{\"l\":[\"a\",\"b\"]}",
        ),
        body: Body::Values(|_, args| {
            at_paths("json_append", args, path, |place, value| {
                append(place, [value.clone()]);
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_delete",
        synopsis: "json_delete(<object>, <keys>)",
        arity: (2, MANY),
        doc: "The object without those keys. A key that it does not have literally is taken as a path.",
        example: (
            "json_delete(\"{\\\"a\\\":1,\\\"b\\\":2}\", \"b\")",
            "{\"a\":1}",
        ),
        body: Body::Values(json_delete),
        ..ROW
    },
    EvalFunction {
        name: "json_extend",
        synopsis: "json_extend(<json>, <path_value_pairs>)",
        arity: (3, MANY),
        doc: "Like json_append, but the elements of an array are appended one by one.",
        example: (
            "json_extend(\"{\\\"l\\\":[1]}\", \"l\", json_array(2, 3))",
            "{\"l\":[1,2,3]}",
        ),
        body: Body::Values(|_, args| {
            at_paths("json_extend", args, path, |place, value| match value {
                Json::Array(items) => append(place, items.iter().cloned()),
                single => append(place, [single.clone()]),
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_set",
        synopsis: "json_set(<json>, <path_value_pairs>)",
        arity: (3, MANY),
        doc: "The document with the values at the paths set; keys that are missing are made.",
        example: (
            "json_set(\"{\\\"l\\\":[{\\\"n\\\":1}]}\", \"l{}.ok\", true())",
            "{\"l\":[{\"n\":1,\"ok\":true}]}",
        ),
        body: Body::Values(|_, args| {
            at_paths("json_set", args, path, |place, value| {
                *place = value.clone()
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "json_set_exact",
        synopsis: "json_set_exact(<json>, <key_value_pairs>)",
        arity: (3, MANY),
        doc: "The object with the values of keys set. Keys are literal.",
        example: ("json_set_exact(\"{}\", \"a.b\", 1)", "{\"a.b\":1}"),
        body: Body::Values(|_, args| {
            let key = |key: &str| Some(vec![Step::Key(key.to_owned())]);
            at_paths("json_set_exact", args, key, |place, value| {
                *place = value.clone()
            })
        }),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_text,
    ..EvalFunction::under(Group::Json)
};

/// Appends to an array in place. A missing value becomes an empty array, a single value an array of itself.
fn append(place: &mut Json, items: impl IntoIterator<Item = Json>) {
    let mut array = match place.take() {
        Json::Array(array) => array,
        Json::Null => Vec::new(),
        single => vec![single],
    };
    array.extend(items);
    *place = Json::Array(array);
}

/// Applies pairs of path and value to the document.
fn at_paths<'a>(
    name: &str,
    args: &[Value<'a>],
    steps: impl Fn(&str) -> Option<Vec<Step>>,
    edit: impl Fn(&mut Json, &Json),
) -> Outcome<'a> {
    let (document, pairs) = args.split_at(1);
    if !pairs.len().is_multiple_of(2) {
        return Err(format!("{name} takes pairs of a path and a value"));
    }
    let Some(mut json) = parse(&document[0]) else {
        return Ok(Value::Null);
    };
    for pair in pairs.chunks_exact(2) {
        let Some(steps) = pair[0].as_text().and_then(|text| steps(&text)) else {
            continue;
        };
        let value = from_value(&pair[1]);
        change(&mut json, &steps, &mut |place| edit(place, &value));
    }
    Ok(written(&json))
}

fn json_delete<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(mut json) = parse(&args[0]) else {
        return Ok(Value::Null);
    };
    for key in args[1..].iter().filter_map(Value::as_text) {
        let own = json
            .as_object_mut()
            .and_then(|members| members.shift_remove(key.as_ref()));
        if own.is_none()
            && let Some(steps) = path(&key)
        {
            remove(&mut json, &steps);
        }
    }
    Ok(written(&json))
}
