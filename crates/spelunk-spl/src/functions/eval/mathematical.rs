//! "Mathematical functions". A non-numeric argument makes the result missing.

use crate::functions::digits::round_decimals;
use crate::functions::eval::args::{integer, number, of_number, of_numbers, returns_number};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome, Special, Traits};
use crate::value::{Type, Value, parse_number};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "abs",
        synopsis: "abs(<num>)",
        doc: "The number without its sign.",
        example: ("abs(-5)", "5"),
        body: Body::Values(|_, args| of_number(args, f64::abs)),
        ..ROW
    },
    EvalFunction {
        name: "ceiling",
        aliases: &["ceil"],
        synopsis: "ceiling(<num>)",
        doc: "The next whole number above.",
        example: ("ceil(1.9)", "2"),
        body: Body::Values(|_, args| of_number(args, f64::ceil)),
        ..ROW
    },
    EvalFunction {
        name: "exact",
        synopsis: "exact(<expression>)",
        returns: |types| types.first().copied().unwrap_or(Type::Number),
        traits: Traits::NONE,
        doc: "The value of the expression, with all the digits that a double holds.",
        example: ("exact(3.14 * 2)", "6.28"),
        body: Body::Special(Special::Exact),
        ..ROW
    },
    EvalFunction {
        name: "exp",
        synopsis: "exp(<num>)",
        doc: "Euler's number to that power.",
        example: ("exp(0)", "1"),
        body: Body::Values(|_, args| of_number(args, f64::exp)),
        ..ROW
    },
    EvalFunction {
        name: "floor",
        synopsis: "floor(<num>)",
        doc: "The next whole number below.",
        example: ("floor(1.9)", "1"),
        body: Body::Values(|_, args| of_number(args, f64::floor)),
        ..ROW
    },
    EvalFunction {
        name: "ln",
        synopsis: "ln(<num>)",
        doc: "Natural logarithm. Missing for zero and below.",
        example: ("ln(1)", "0"),
        body: Body::Values(|_, args| of_number(args, |n| positive(n).ln())),
        ..ROW
    },
    EvalFunction {
        name: "log",
        synopsis: "log(<num>, <base>)",
        arity: (1, 2),
        doc: "Logarithm to the base, which is 10 unless given. Missing for zero and below.",
        example: ("log(8, 2)", "3"),
        body: Body::Values(log),
        ..ROW
    },
    EvalFunction {
        name: "pi",
        synopsis: "pi()",
        arity: (0, 0),
        doc: "The constant pi.",
        example: ("round(pi(), 11)", "3.14159265359"),
        body: Body::Values(|_, _| Ok(Value::Num(std::f64::consts::PI))),
        ..ROW
    },
    EvalFunction {
        name: "pow",
        synopsis: "pow(<num>, <exp>)",
        arity: (2, 2),
        doc: "The first number to the power of the second.",
        example: ("pow(2, 10)", "1024"),
        body: Body::Values(|_, args| of_numbers(args, f64::powf)),
        ..ROW
    },
    EvalFunction {
        name: "round",
        synopsis: "round(<num>, <precision>)",
        arity: (1, 2),
        doc: "The number rounded to that many decimal places, none unless given; halves go away from zero.",
        example: ("round(2.555, 2)", "2.56"),
        body: Body::Values(round),
        ..ROW
    },
    EvalFunction {
        name: "sigfig",
        synopsis: "sigfig(<num>)",
        doc: "The number rounded to the significant figures of the numbers that it was computed from.",
        example: ("sigfig(1.00*1111)", "1110"),
        body: Body::Special(Special::SigFig),
        ..ROW
    },
    EvalFunction {
        name: "sqrt",
        synopsis: "sqrt(<num>)",
        doc: "Square root. Missing below zero.",
        example: ("sqrt(9)", "3"),
        body: Body::Values(|_, args| of_number(args, f64::sqrt)),
        ..ROW
    },
    EvalFunction {
        name: "sum",
        synopsis: "sum(<num>, ...)",
        arity: (1, MANY),
        doc: "Sum of the arguments; fields that are not numbers are ignored.",
        example: ("sum(1, 2, tonumber(\"3\"))", "6"),
        body: Body::Values(|_, args| {
            let all = numbers(args);
            Ok(if all.is_empty() {
                Value::Null
            } else {
                Value::number(all.iter().sum())
            })
        }),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    traits: Traits::NUMERIC,
    returns: returns_number,
    ..EvalFunction::under(Group::Mathematical)
};

/// The numbers among the arguments, including those in multivalues.
pub fn numbers(args: &[Value<'_>]) -> Vec<f64> {
    args.iter()
        .flat_map(|arg| match arg {
            Value::Multi(values) => values.iter().filter_map(|v| parse_number(v)).collect(),
            single => single.as_number().into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

/// NaN where the logarithm is undefined, so that the result is missing rather than infinite.
fn positive(n: f64) -> f64 {
    if n > 0.0 { n } else { f64::NAN }
}

fn log<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let base = if args.len() > 1 {
        number(args, 1)
    } else {
        Some(10.0)
    };
    let (Some(n), Some(base)) = (number(args, 0), base) else {
        return Ok(Value::Null);
    };
    let n = positive(n);
    // The library's logarithms to bases 10 and 2 are exact for powers; a quotient is not.
    Ok(Value::number(if base == 10.0 {
        n.log10()
    } else if base == 2.0 {
        n.log2()
    } else if base > 0.0 && base != 1.0 {
        n.ln() / base.ln()
    } else {
        f64::NAN
    }))
}

fn round<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let places = if args.len() > 1 {
        integer(args, 1)
    } else {
        Some(0)
    };
    let (Some(n), Some(places)) = (number(args, 0), places) else {
        return Ok(Value::Null);
    };
    let places = places.clamp(-400, 400) as i32;
    Ok(Value::number(round_decimals(n, places)))
}
