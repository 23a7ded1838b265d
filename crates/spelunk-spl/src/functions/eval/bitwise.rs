//! "Bitwise functions", on 53-bit integers: those that a double represents exactly.

use crate::functions::eval::args::{number, returns_number};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome, Traits};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "bit_and",
        synopsis: "bit_and(<values>)",
        arity: (2, MANY),
        doc: "The bits set in all of the numbers.",
        example: ("bit_and(5, 3)", "1"),
        body: Body::Values(|_, args| fold(args, |a, b| a & b)),
        ..ROW
    },
    EvalFunction {
        name: "bit_or",
        synopsis: "bit_or(<values>)",
        arity: (2, MANY),
        doc: "The bits set in one of the numbers at least.",
        example: ("bit_or(8, 4, 2)", "14"),
        body: Body::Values(|_, args| fold(args, |a, b| a | b)),
        ..ROW
    },
    EvalFunction {
        name: "bit_not",
        synopsis: "bit_not(<value>, <bitmask>)",
        arity: (1, 2),
        doc: "The bits not set in the number, within the mask; without one, within 53 bits.",
        example: ("bit_not(9, 15)", "6"),
        body: Body::Values(bit_not),
        ..ROW
    },
    EvalFunction {
        name: "bit_xor",
        synopsis: "bit_xor(<values>)",
        arity: (2, MANY),
        doc: "The bits set in an odd count of the numbers.",
        example: ("bit_xor(5, 1)", "4"),
        body: Body::Values(|_, args| fold(args, |a, b| a ^ b)),
        ..ROW
    },
    EvalFunction {
        name: "bit_shift_left",
        synopsis: "bit_shift_left(<value>, <shift_offset>)",
        arity: (2, 2),
        doc: "The number with its bits moved left; those above the 53rd are lost.",
        example: ("bit_shift_left(5, 2)", "20"),
        body: Body::Values(|_, args| shift(args, |a, by| a.checked_shl(by).unwrap_or(0) & ALL)),
        ..ROW
    },
    EvalFunction {
        name: "bit_shift_right",
        synopsis: "bit_shift_right(<value>, <shift_offset>)",
        arity: (2, 2),
        doc: "The number with its bits moved right.",
        example: ("bit_shift_right(20, 2)", "5"),
        body: Body::Values(|_, args| shift(args, |a, by| a.checked_shr(by).unwrap_or(0))),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    traits: Traits::NUMERIC,
    returns: returns_number,
    ..EvalFunction::under(Group::Bitwise)
};

/// 53 bits, all set.
const ALL: u64 = (1 << 53) - 1;

/// The argument, if it is a 53-bit integer.
fn bits(args: &[Value<'_>], at: usize) -> Option<u64> {
    let n = number(args, at)?;
    (n.fract() == 0.0 && (0.0..=ALL as f64).contains(&n)).then_some(n as u64)
}

fn fold<'a>(args: &[Value<'a>], f: impl Fn(u64, u64) -> u64) -> Outcome<'a> {
    let all: Option<Vec<u64>> = (0..args.len()).map(|at| bits(args, at)).collect();
    let folded = all.and_then(|all| all.into_iter().reduce(f));
    Ok(folded.map_or(Value::Null, |n| Value::Num(n as f64)))
}

fn bit_not<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let mask = if args.len() > 1 {
        bits(args, 1)
    } else {
        Some(ALL)
    };
    Ok(match (bits(args, 0), mask) {
        (Some(value), Some(mask)) => Value::Num((!value & mask) as f64),
        _ => Value::Null,
    })
}

fn shift<'a>(args: &[Value<'a>], f: impl Fn(u64, u32) -> u64) -> Outcome<'a> {
    let by = bits(args, 1).map(|by| u32::try_from(by).unwrap_or(u32::MAX));
    Ok(match (bits(args, 0), by) {
        (Some(value), Some(by)) => Value::Num(f(value, by) as f64),
        _ => Value::Null,
    })
}
