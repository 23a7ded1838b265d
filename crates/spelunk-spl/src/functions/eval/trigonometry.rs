//! "Trigonometric and hyperbolic functions". Angles are in radians.

use crate::functions::eval::args::{of_number, of_numbers, returns_number};
use crate::functions::{Body, EvalFunction, Group, Traits};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "acos",
        synopsis: "acos(<x>)",
        doc: "Arc cosine, between 0 and pi. Missing outside [-1,1].",
        example: ("acos(1)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::acos)),
        ..ROW
    },
    EvalFunction {
        name: "acosh",
        synopsis: "acosh(<x>)",
        doc: "Arc hyperbolic cosine.",
        example: ("acosh(1)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::acosh)),
        ..ROW
    },
    EvalFunction {
        name: "asin",
        synopsis: "asin(<x>)",
        doc: "Arc sine, between -pi/2 and pi/2. Missing outside [-1,1].",
        example: ("asin(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::asin)),
        ..ROW
    },
    EvalFunction {
        name: "asinh",
        synopsis: "asinh(<x>)",
        doc: "Arc hyperbolic sine.",
        example: ("asinh(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::asinh)),
        ..ROW
    },
    EvalFunction {
        name: "atan",
        synopsis: "atan(<x>)",
        doc: "Arc tangent, between -pi/2 and pi/2.",
        example: ("atan(0.50)", "0.463647609000806"),
        body: Body::Values(|_, args| of_number(args, f64::atan)),
        ..ROW
    },
    EvalFunction {
        name: "atan2",
        synopsis: "atan2(<y>, <x>)",
        arity: (2, 2),
        doc: "Arc tangent of y/x, between -pi and pi: the signs of both select the quadrant.",
        example: ("atan2(0.50, 0.75)", "0.588002603547568"),
        body: Body::Values(|_, args| of_numbers(args, f64::atan2)),
        ..ROW
    },
    EvalFunction {
        name: "atanh",
        synopsis: "atanh(<x>)",
        doc: "Arc hyperbolic tangent.",
        example: ("atanh(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::atanh)),
        ..ROW
    },
    EvalFunction {
        name: "cos",
        synopsis: "cos(<x>)",
        doc: "Cosine.",
        example: ("cos(0)", "1"),
        body: Body::Values(|_, args| of_number(args, f64::cos)),
        ..ROW
    },
    EvalFunction {
        name: "cosh",
        synopsis: "cosh(<x>)",
        doc: "Hyperbolic cosine.",
        example: ("cosh(0)", "1"),
        body: Body::Values(|_, args| of_number(args, f64::cosh)),
        ..ROW
    },
    EvalFunction {
        name: "hypot",
        synopsis: "hypot(<x>, <y>)",
        arity: (2, 2),
        doc: "Length of the longest side of a right-angled triangle.",
        example: ("hypot(3, 4)", "5"),
        body: Body::Values(|_, args| of_numbers(args, f64::hypot)),
        ..ROW
    },
    EvalFunction {
        name: "sin",
        synopsis: "sin(<x>)",
        doc: "Sine.",
        example: ("sin(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::sin)),
        ..ROW
    },
    EvalFunction {
        name: "sinh",
        synopsis: "sinh(<x>)",
        doc: "Hyperbolic sine.",
        example: ("sinh(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::sinh)),
        ..ROW
    },
    EvalFunction {
        name: "tan",
        synopsis: "tan(<x>)",
        doc: "Tangent.",
        example: ("tan(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::tan)),
        ..ROW
    },
    EvalFunction {
        name: "tanh",
        synopsis: "tanh(<x>)",
        doc: "Hyperbolic tangent.",
        example: ("tanh(0)", "0"),
        body: Body::Values(|_, args| of_number(args, f64::tanh)),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    traits: Traits::NUMERIC,
    returns: returns_number,
    ..EvalFunction::under(Group::Trigonometry)
};
