//! "Conversion functions".

use std::borrow::Cow;
use std::net::Ipv4Addr;

use crate::functions::eval::args::{
    argument, integer, number, returns_bool, returns_multi, returns_number, returns_text, text,
};
use crate::functions::eval::duration::{commas, duration};
use crate::functions::eval::printf::printf;
use crate::functions::json::{self, container};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome};
use crate::value::{Type, Value, parse_number};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "ipmask",
        synopsis: "ipmask(<mask>, <ip>)",
        arity: (2, 2),
        returns: returns_text,
        doc: "The IPv4 address with only the bits of the mask kept.",
        example: ("ipmask(\"255.255.255.0\", \"10.20.30.120\")", "10.20.30.0"),
        body: Body::Values(ipmask),
        ..ROW
    },
    EvalFunction {
        name: "printf",
        synopsis: "printf(<format>, <arguments>)",
        arity: (1, MANY),
        returns: returns_text,
        doc: "The arguments written by a format as in C.",
        example: (
            "printf(\"%04.4f %-6s|\", 3.14159, \"ab\")",
            "3.1416 ab    |",
        ),
        body: Body::Values(|_, args| match text(args, 0) {
            Some(format) => printf(&format, &args[1..]),
            None => Ok(Value::Null),
        }),
        ..ROW
    },
    EvalFunction {
        name: "toarray",
        synopsis: "toarray(<value>)",
        returns: returns_text,
        doc: "The JSON array that the text is, or one of the values of a multivalue; else missing.",
        example: ("toarray(\"[1, 2]\")", "[1,2]"),
        body: Body::Values(toarray),
        ..ROW
    },
    EvalFunction {
        name: "tobool",
        synopsis: "tobool(<value>)",
        returns: returns_bool,
        doc: "True for true and for numbers other than 0, false for false and 0, else missing.",
        example: ("if(tobool(\"True\"), \"t\", \"f\")", "t"),
        body: Body::Values(|_, args| Ok(tobool(&args[0]))),
        ..ROW
    },
    EvalFunction {
        name: "todouble",
        synopsis: "todouble(<value>)",
        returns: returns_number,
        doc: "The number that the value is or reads as.",
        example: ("todouble(\"3.5\")", "3.5"),
        body: Body::Values(|_, args| Ok(todouble(&args[0]).map_or(Value::Null, Value::Num))),
        ..ROW
    },
    EvalFunction {
        name: "toint",
        synopsis: "toint(<value>)",
        returns: returns_number,
        doc: "The number that the value is or reads as, rounded down.",
        example: ("toint(3.14)", "3"),
        body: Body::Values(|_, args| {
            Ok(todouble(&args[0]).map_or(Value::Null, |n| Value::Num(n.floor())))
        }),
        ..ROW
    },
    EvalFunction {
        name: "tomv",
        synopsis: "tomv(<value>)",
        returns: returns_multi,
        doc: "The elements of a JSON array as a multivalue; other values as they are.",
        example: ("mvjoin(tomv(\"[1,2]\"), \"-\")", "1-2"),
        body: Body::Values(tomv),
        ..ROW
    },
    EvalFunction {
        name: "tonumber",
        synopsis: "tonumber(<str>, <base>)",
        arity: (1, 2),
        returns: returns_number,
        doc: "The number that the text reads as in the base, from 2 to 36; 10 unless given.",
        example: ("tonumber(\"0A4\", 16)", "164"),
        body: Body::Values(tonumber),
        ..ROW
    },
    EvalFunction {
        name: "toobject",
        synopsis: "toobject(<value>)",
        returns: returns_text,
        doc: "The JSON object that the text is; else missing.",
        example: ("toobject(\"{\\\"a\\\": 1}\")", "{\"a\":1}"),
        body: Body::Values(|_, args| {
            let object = text(args, 0)
                .and_then(|t| container(&t))
                .filter(|j| j.is_object());
            Ok(object.map_or(Value::Null, |j| Value::text(j.to_string())))
        }),
        ..ROW
    },
    EvalFunction {
        name: "tostring",
        synopsis: "tostring(<value>, <format>)",
        arity: (1, 2),
        returns: |types| match types {
            [Type::Multi] => Type::Multi,
            _ => Type::Text,
        },
        doc: "The value as text; a number as hex, binary, commas (with at most two decimals) or duration (HH:MM:SS) if asked.",
        example: ("tostring(615, \"duration\")", "00:10:15"),
        body: Body::Values(tostring),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction::under(Group::Conversion);

fn ipmask<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let address = |at| text(args, at).and_then(|t| t.trim().parse::<Ipv4Addr>().ok());
    Ok(match (address(0), address(1)) {
        (Some(mask), Some(ip)) => Value::text((mask & ip).to_string()),
        _ => Value::Null,
    })
}

fn toarray<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let array = match &args[0] {
        Value::Multi(_) => Some(json::from_value(&args[0])),
        Value::Text(t) => container(t).filter(|j| j.is_array()),
        Value::Null | Value::Bool(_) | Value::Num(_) => None,
    };
    Ok(array.map_or(Value::Null, |j| Value::text(j.to_string())))
}

fn tomv<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    if let Value::Text(t) = &args[0]
        && let Some(serde_json::Value::Array(items)) = container(t)
    {
        let values = items.iter().map(|j| Cow::Owned(json::text(j))).collect();
        return Ok(Value::multi(values));
    }
    Ok(args[0].clone())
}

fn tobool<'a>(value: &Value<'_>) -> Value<'a> {
    if let Some(n) = value.as_number() {
        return Value::Bool(n != 0.0);
    }
    match value {
        Value::Bool(b) => Value::Bool(*b),
        Value::Text(t) if t.eq_ignore_ascii_case("true") => Value::Bool(true),
        Value::Text(t) if t.eq_ignore_ascii_case("false") => Value::Bool(false),
        Value::Null | Value::Num(_) | Value::Text(_) | Value::Multi(_) => Value::Null,
    }
}

fn todouble(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Bool(b) => Some(f64::from(*b)),
        other => other.as_number(),
    }
}

fn tonumber<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let base = match argument(args, 1) {
        Value::Null if args.len() < 2 => 10,
        _ => match integer(args, 1) {
            Some(base @ 2..=36) => base as u32,
            Some(base) => return Err(format!("the base of tonumber is 2 to 36, not {base}")),
            None => return Ok(Value::Null),
        },
    };
    match args[0] {
        Value::Multi(_) => return Ok(Value::Null),
        Value::Num(number) if base == 10 => return Ok(Value::number(number)),
        _ => {}
    }
    let number = text(args, 0).and_then(|t| {
        if base == 10 {
            parse_number(&t)
        } else {
            digits(&t, base)
        }
    });
    Ok(number.map_or(Value::Null, Value::number))
}

/// Parses a whole number in a base other than 10, in either case; base 16 may begin with `0x`.
fn digits(text: &str, base: u32) -> Option<f64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let prefix = match base {
        16 => rest.strip_prefix("0x").or(rest.strip_prefix("0X")),
        _ => None,
    };
    let rest = prefix.unwrap_or(rest);
    if rest.is_empty() {
        return None;
    }
    let value = rest.chars().try_fold(0.0, |value, c| {
        Some(value * f64::from(base) + f64::from(c.to_digit(base)?))
    })?;
    Some(sign * value)
}

fn tostring<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(format) = args.get(1) else {
        return Ok(match &args[0] {
            many @ Value::Multi(_) => many.clone(),
            single => match single.clone().into_text() {
                Some(text) => Value::Text(text),
                None => Value::Null,
            },
        });
    };
    let (Some(n), Some(format)) = (number(args, 0), format.as_text()) else {
        return Ok(Value::Null);
    };
    let sign = if n < 0.0 { "-" } else { "" };
    let whole = n.abs().trunc() as u64;
    let written = match format.to_ascii_lowercase().as_str() {
        "hex" => format!("{sign}0x{whole:X}"),
        "binary" => format!("{sign}{whole:b}"),
        "commas" => commas(n),
        "duration" => duration(n),
        _ => {
            return Err(format!(
                "tostring takes the formats hex, binary, commas and duration, not \"{format}\""
            ));
        }
    };
    Ok(Value::text(written))
}
