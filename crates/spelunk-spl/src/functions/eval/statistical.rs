//! "Statistical eval functions": over the arguments of one row.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::functions::eval::args::returns_number;
use crate::functions::eval::mathematical::numbers;
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome, Traits};
use crate::value::{Type, Value, parse_number};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "avg",
        synopsis: "avg(<values>)",
        arity: (1, MANY),
        traits: Traits::NUMERIC,
        returns: returns_number,
        doc: "Average of the arguments; fields that are not numbers are ignored.",
        example: ("avg(1, 2, 3)", "2"),
        body: Body::Values(|_, args| {
            let all = numbers(args);
            Ok(Value::number(all.iter().sum::<f64>() / all.len() as f64))
        }),
        ..ROW
    },
    EvalFunction {
        name: "max",
        synopsis: "max(<values>)",
        arity: (1, MANY),
        doc: "The greatest of the arguments; text is greater than numbers.",
        example: ("max(1, 3, 6, 7, \"foo\")", "foo"),
        body: Body::Values(|_, args| Ok(extreme(args, |a, b| greater(a, b)))),
        ..ROW
    },
    EvalFunction {
        name: "min",
        synopsis: "min(<values>)",
        arity: (1, MANY),
        doc: "The least of the arguments; numbers are less than text.",
        example: ("min(1, 3, 6, 7, \"foo\")", "1"),
        body: Body::Values(|_, args| Ok(extreme(args, |a, b| greater(b, a)))),
        ..ROW
    },
    EvalFunction {
        name: "random",
        synopsis: "random()",
        arity: (0, 0),
        traits: Traits::VOLATILE,
        returns: returns_number,
        doc: "A random whole number between 0 and 2^31-1.",
        example: ("if(random()>=0, \"ok\", \"bad\")", "ok"),
        body: Body::Values(random),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_extreme,
    ..EvalFunction::under(Group::Statistical)
};

fn returns_extreme(types: &[Type]) -> Type {
    if types.iter().all(|t| matches!(t, Type::Number | Type::Time)) {
        Type::Number
    } else {
        Type::Any
    }
}

/// Whether the first is greater. Text compares by code point and is greater than any number.
fn greater(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => a > b,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (None, None) => a.as_text() > b.as_text(),
    }
}

/// The value that beats all others; among equals, the first.
fn extreme<'a>(args: &[Value<'a>], beats: impl Fn(&Value<'a>, &Value<'a>) -> bool) -> Value<'a> {
    let single = |value: Value<'a>| match value {
        Value::Text(text) => parse_number(&text).map_or(Value::Text(text), Value::Num),
        other => other,
    };
    args.iter()
        .flat_map(|arg| match arg {
            Value::Null => Vec::new(),
            Value::Multi(values) => values.iter().cloned().map(Value::Text).collect(),
            other => vec![other.clone()],
        })
        .map(single)
        .reduce(|best, next| if beats(&next, &best) { next } else { best })
        .unwrap_or(Value::Null)
}

thread_local! {
    /// State of the generator, never zero; each thread has its own seed.
    static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(1_u64) | 1);
}

fn random<'a>(_: &Context, _: &[Value<'a>]) -> Outcome<'a> {
    // xorshift64*: good enough for sampling, and no dependency.
    let mut x = STATE.get();
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    STATE.set(x);
    let bits = x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
    Ok(Value::Num(bits as f64))
}
