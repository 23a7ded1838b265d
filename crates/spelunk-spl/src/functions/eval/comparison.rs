//! "Comparison and Conditional functions". A missing condition is not true.

use crate::functions::eval::args::{
    any_text, argument, returns_bool, returns_joined, returns_text, text,
};
use crate::functions::pattern::{self, Network, like};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome, Special, Traits};
use crate::value::{Type, Value};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "case",
        synopsis: "case(<condition>, <value>, ...)",
        arity: (2, MANY),
        returns: |types| returns_joined(&second_of_each(types)),
        doc: "The value paired with the first true condition; null if none is true.",
        example: ("case(1>2, \"a\", 2>1, \"b\", true(), \"c\")", "b"),
        body: Body::Values(case),
        ..ROW
    },
    EvalFunction {
        name: "cidrmatch",
        synopsis: "cidrmatch(<cidr>, <ip>)",
        arity: (2, 2),
        doc: "Whether the address, IPv4 or IPv6, belongs to the network.",
        example: (
            "if(cidrmatch(\"123.132.32.0/25\", \"123.132.32.0\"), \"local\", \"not local\")",
            "local",
        ),
        body: Body::Values(cidrmatch),
        ..ROW
    },
    EvalFunction {
        name: "coalesce",
        synopsis: "coalesce(<values>)",
        arity: (1, MANY),
        returns: returns_joined,
        doc: "The first value that is not missing.",
        example: (
            "coalesce(null(), \"Returned value\", null())",
            "Returned value",
        ),
        body: Body::Values(|_, args| {
            let first = args.iter().find(|value| !value.is_null());
            Ok(first.cloned().unwrap_or(Value::Null))
        }),
        ..ROW
    },
    EvalFunction {
        name: "false",
        synopsis: "false()",
        arity: (0, 0),
        doc: "The Boolean that is false.",
        example: ("if(false(), \"yes\", \"no\")", "no"),
        body: Body::Values(|_, _| Ok(Value::Bool(false))),
        ..ROW
    },
    EvalFunction {
        name: "if",
        synopsis: "if(<predicate>, <true_value>, <false_value>)",
        arity: (3, 3),
        returns: |types| returns_joined(types.get(1..).unwrap_or_default()),
        doc: "The second argument if the first is true, else the third.",
        example: ("if(200==200, \"OK\", \"Error\")", "OK"),
        body: Body::Values(|_, args| Ok(args[if is_true(&args[0]) { 1 } else { 2 }].clone())),
        ..ROW
    },
    EvalFunction {
        name: "in",
        synopsis: "in(<value>, <list>)",
        arity: (2, MANY),
        doc: "Whether one of the values of the list equals the first argument; no wildcards.",
        example: (
            "if(in(\"503\", \"404\", \"500\", \"503\"), \"true\", \"false\")",
            "true",
        ),
        body: Body::Values(is_in),
        ..ROW
    },
    EvalFunction {
        name: "like",
        synopsis: "like(<str>, <pattern>)",
        arity: (2, 2),
        doc: "Whether the whole text matches the pattern, case-sensitively: % matches any run of characters, _ one character.",
        example: ("if(like(\"foobar\", \"foo%\"), \"yes\", \"no\")", "yes"),
        body: Body::Values(|_, args| match text(args, 1) {
            Some(pattern) => any_text(&args[0], |text| Ok(like(&pattern, text))),
            None => Ok(Value::Null),
        }),
        ..ROW
    },
    EvalFunction {
        name: "lookup",
        synopsis: "lookup(<lookup_table>, json_object(<field>, <value>, ...), json_array(<output_field>, ...))",
        arity: (3, 3),
        returns: returns_text,
        doc: "Output fields of the row of a lookup table whose fields have those values, as a JSON object.",
        example: (
            "lookup(\"http_status.csv\", json_object(\"status\", \"200\"), json_array(\"status_description\"))",
            "{\"status_description\":\"OK\"}",
        ),
        body: Body::Special(Special::Lookup),
        ..ROW
    },
    EvalFunction {
        name: "match",
        traits: Traits::REGEX,
        synopsis: "match(<str>, <regex>)",
        arity: (2, 2),
        doc: "Whether the regular expression (PCRE) is found anywhere in the text, with case.",
        example: (
            "if(match(\"192.0.2.7\", \"^\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}$\"), 1, 0)",
            "1",
        ),
        body: Body::Values(matches),
        ..ROW
    },
    EvalFunction {
        name: "null",
        synopsis: "null()",
        arity: (0, 0),
        returns: |_| Type::Null,
        doc: "No value: a field that is set to it is missing.",
        example: ("null()", ""),
        body: Body::Values(|_, _| Ok(Value::Null)),
        ..ROW
    },
    EvalFunction {
        name: "nullif",
        synopsis: "nullif(<field1>, <field2>)",
        arity: (2, 2),
        returns: |types| types.first().copied().unwrap_or(Type::Null),
        doc: "Missing if both are equal, else the first.",
        example: ("nullif(\"a\", \"b\")", "a"),
        body: Body::Values(|_, args| {
            let equal = args[0].equals(&args[1]) == Some(true);
            Ok(if equal { Value::Null } else { args[0].clone() })
        }),
        ..ROW
    },
    EvalFunction {
        name: "searchmatch",
        synopsis: "searchmatch(<search_str>)",
        doc: "Whether the row matches the search, written as for the search command.",
        example: ("if(searchmatch(\"x=hi y=*\"), \"yes\", \"no\")", "no"),
        body: Body::Special(Special::SearchMatch),
        ..ROW
    },
    EvalFunction {
        name: "true",
        synopsis: "true()",
        arity: (0, 0),
        doc: "The Boolean that is true.",
        example: ("if(true(), \"yes\", \"no\")", "yes"),
        body: Body::Values(|_, _| Ok(Value::Bool(true))),
        ..ROW
    },
    EvalFunction {
        name: "validate",
        synopsis: "validate(<condition>, <value>, ...)",
        arity: (2, MANY),
        returns: |types| returns_joined(&second_of_each(types)),
        doc: "The value paired with the first false condition; null if all are true.",
        example: (
            "validate(80>=1, \"too low\", 80<=79, \"too high\")",
            "too high",
        ),
        body: Body::Values(validate),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_bool,
    ..EvalFunction::under(Group::Comparison)
};

fn second_of_each(types: &[Type]) -> Vec<Type> {
    types.iter().skip(1).step_by(2).copied().collect()
}

fn is_true(condition: &Value<'_>) -> bool {
    matches!(condition, Value::Bool(true))
}

/// Conditions with their values.
fn pairs<'s, 'a>(
    name: &str,
    args: &'s [Value<'a>],
) -> Result<impl Iterator<Item = (&'s Value<'a>, &'s Value<'a>)> + use<'s, 'a>, String> {
    if !args.len().is_multiple_of(2) {
        return Err(format!(
            "{name} takes pairs of a condition and a value, not {} arguments",
            args.len()
        ));
    }
    Ok(args.chunks_exact(2).map(|pair| (&pair[0], &pair[1])))
}

fn case<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let found = pairs("case", args)?.find(|(condition, _)| is_true(condition));
    Ok(found.map_or(Value::Null, |(_, value)| value.clone()))
}

fn validate<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let found = pairs("validate", args)?.find(|(condition, _)| !is_true(condition));
    Ok(found.map_or(Value::Null, |(_, value)| value.clone()))
}

fn is_in<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    if args[0].is_null() {
        return Ok(Value::Null);
    }
    let found = args[1..]
        .iter()
        .any(|item| args[0].equals(item) == Some(true));
    Ok(Value::Bool(found))
}

fn matches<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(pattern) = text(args, 1) else {
        return Ok(Value::Null);
    };
    let regex = pattern::regex(&pattern)?;
    any_text(&args[0], |text| {
        regex
            .is_match(text)
            .map_err(|_| pattern::too_hard(&pattern))
    })
}

fn cidrmatch<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(net) = text(args, 0) else {
        return Ok(Value::Null);
    };
    let Some(net) = Network::parse(&net) else {
        return Ok(Value::Bool(false));
    };
    any_text(argument(args, 1), |address| Ok(net.contains(address)))
}
