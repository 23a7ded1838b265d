//! "Date and Time functions". Times are epoch seconds.

use std::borrow::Cow;

use crate::functions::eval::args::{number, returns_number, returns_text, text};
use crate::functions::{Body, Context, EvalFunction, Group, Outcome};
use crate::time::{self, Modifier};
use crate::value::Value;

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "now",
        synopsis: "now()",
        arity: (0, 0),
        returns: returns_number,
        doc: "The time at which the search began, in whole seconds.",
        example: ("if(now()>0, \"ok\", \"bad\")", "ok"),
        body: Body::Values(|context, _| Ok(Value::Num(context.now.floor()))),
        ..ROW
    },
    EvalFunction {
        name: "relative_time",
        synopsis: "relative_time(<time>, <specifier>)",
        arity: (2, 2),
        returns: returns_number,
        doc: "The time moved by a relative time such as -1d@d.",
        example: ("relative_time(1700000000, \"-1d@d\")", "1699833600"),
        body: Body::Values(relative_time),
        ..ROW
    },
    EvalFunction {
        name: "strftime",
        synopsis: "strftime(<time>, <format>)",
        arity: (2, 2),
        returns: returns_text,
        doc: "The time written by the format.",
        example: (
            "strftime(1700000000, \"%Y-%m-%dT%H:%M:%S.%Q\")",
            "2023-11-14T22:13:20.000",
        ),
        body: Body::Values(strftime),
        ..ROW
    },
    EvalFunction {
        name: "strptime",
        synopsis: "strptime(<str>, <format>)",
        arity: (2, 2),
        returns: returns_number,
        doc: "The time that a text means, read by the format; missing if it does not match.",
        example: (
            "strptime(\"2022-12-15T09:45:22\", \"%Y-%m-%dT%H:%M:%S\")",
            "1671097522",
        ),
        body: Body::Values(strptime),
        ..ROW
    },
    EvalFunction {
        name: "time",
        synopsis: "time()",
        arity: (0, 0),
        returns: returns_number,
        doc: "The time at which the row is processed; here the time of the search, with its fraction.",
        example: ("if(time()>0, \"ok\", \"bad\")", "ok"),
        body: Body::Values(|context, _| Ok(Value::Num(context.now))),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction::under(Group::DateTime);

fn relative_time<'a>(context: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(from), Some(specifier)) = (number(args, 0), text(args, 1)) else {
        return Ok(Value::Null);
    };
    // An invalid relative time gives a missing value, as a bad field would in every row.
    let to = Modifier::parse(&specifier)
        .ok()
        .and_then(|modifier| modifier.apply(time::micros(from)?, context.zone));
    Ok(to.map_or(Value::Null, |to| Value::Num(time::seconds(to))))
}

fn strftime<'a>(context: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(at), Some(format)) = (number(args, 0), text(args, 1)) else {
        return Ok(Value::Null);
    };
    let written = time::strftime(at, &format, context.zone);
    Ok(written.map_or(Value::Null, |text| Value::Text(Cow::Owned(text))))
}

fn strptime<'a>(context: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(text), Some(format)) = (text(args, 0), text(args, 1)) else {
        return Ok(Value::Null);
    };
    let read = time::strptime(&text, &format, context.now, context.zone);
    Ok(read.map_or(Value::Null, Value::Num))
}
