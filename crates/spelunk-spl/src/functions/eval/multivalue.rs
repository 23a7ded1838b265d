//! "Multivalue eval functions".

use std::borrow::Cow;
use std::collections::HashSet;

use crate::functions::eval::args::{
    argument, integer, number, returns_multi, returns_number, returns_text, text,
};
use crate::functions::{
    Body, Context, EvalFunction, Group, MANY, Outcome, Special, Traits, pattern,
};
use crate::time::{self, Span};
use crate::value::{Type, Value, format_number};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "commands",
        synopsis: "commands(<value>)",
        doc: "The names of the commands of a search.",
        example: (
            "mvjoin(commands(\"search foo | stats count | sort count\"), \" \")",
            "search stats sort",
        ),
        body: Body::Values(|_, args| {
            Ok(text(args, 0).map_or(Value::Null, |search| Value::multi(commands(&search))))
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvappend",
        synopsis: "mvappend(<values>)",
        arity: (1, MANY),
        doc: "All values of all arguments in one multivalue.",
        example: ("mvjoin(mvappend(\"a\", null(), \"b\"), \" \")", "a b"),
        body: Body::Values(|_, args| Ok(Value::multi(args.iter().flat_map(values).collect()))),
        ..ROW
    },
    EvalFunction {
        name: "mvcount",
        synopsis: "mvcount(<mv>)",
        returns: returns_number,
        doc: "Number of values; null if there is none.",
        example: ("mvcount(split(\"a,b,c\", \",\"))", "3"),
        body: Body::Values(|_, args| {
            Ok(match args[0].count() {
                0 => Value::Null,
                n => Value::Num(n as f64),
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvdedup",
        synopsis: "mvdedup(<mv>)",
        returns: first,
        doc: "The values without those that came before.",
        example: ("mvjoin(mvdedup(split(\"a,A,a\", \",\")), \" \")", "a A"),
        body: Body::Values(|_, args| match &args[0] {
            Value::Multi(values) => {
                let mut seen = HashSet::new();
                let fresh = values.iter().filter(|v| seen.insert((*v).as_ref()));
                Ok(Value::multi(fresh.cloned().collect()))
            }
            single => Ok(single.clone()),
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvreverse",
        synopsis: "mvreverse(<mv>)",
        returns: first,
        doc: "The values in the opposite order.",
        example: ("mvjoin(mvreverse(split(\"a,b,c\", \",\")), \" \")", "c b a"),
        body: Body::Values(|_, args| match &args[0] {
            Value::Multi(values) => Ok(Value::multi(values.iter().rev().cloned().collect())),
            single => Ok(single.clone()),
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvfilter",
        synopsis: "mvfilter(<predicate>)",
        doc: "The values for which the condition, which may read one field only, holds.",
        example: ("mvfilter(match(no_such_field, \"x\"))", ""),
        body: Body::Special(Special::MvFilter),
        ..ROW
    },
    EvalFunction {
        name: "mvfind",
        traits: Traits::REGEX,
        synopsis: "mvfind(<mv>, <regex>)",
        arity: (2, 2),
        returns: returns_number,
        doc: "Place, from 0, of the first value in which the regular expression is found.",
        example: ("mvfind(split(\"ok,err7,err42\", \",\"), \"err\\d+\")", "1"),
        body: Body::Values(mvfind),
        ..ROW
    },
    EvalFunction {
        name: "mvindex",
        synopsis: "mvindex(<mv>, <start>, <end>)",
        arity: (2, 3),
        returns: |types| match types {
            [Type::Multi, _] => Type::Text,
            _ => first(types),
        },
        doc: "The value at start, or those from start to end; places count from 0, negative ones from the end.",
        example: ("mvindex(split(\"a,b,c,d,e\", \",\"), 2)", "c"),
        body: Body::Values(mvindex),
        ..ROW
    },
    EvalFunction {
        name: "mvjoin",
        synopsis: "mvjoin(<mv>, <delim>)",
        arity: (2, 2),
        returns: returns_text,
        doc: "The values in one text, with the delimiter between them.",
        example: ("mvjoin(split(\"a,b,c\", \",\"), \";\")", "a;b;c"),
        body: Body::Values(|_, args| {
            Ok(match (&args[0], text(args, 1)) {
                (Value::Null, _) | (_, None) => Value::Null,
                (Value::Multi(values), Some(delimiter)) => Value::text(values.join(&delimiter)),
                (single, Some(_)) => single.clone().into_text().map_or(Value::Null, Value::Text),
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvmap",
        synopsis: "mvmap(<mv>, <expression>)",
        arity: (2, 2),
        doc: "The expression computed for each value of the field.",
        example: ("mvmap(no_such_field, no_such_field*10)", ""),
        body: Body::Special(Special::MvMap),
        ..ROW
    },
    EvalFunction {
        name: "mvrange",
        synopsis: "mvrange(<start>, <end>, <step>)",
        arity: (2, 3),
        doc: "Numbers from start up to, but without, end. The step may be a span of time such as 7d; then the numbers are times.",
        example: ("mvjoin(mvrange(1, 11, 2), \" \")", "1 3 5 7 9"),
        body: Body::Values(mvrange),
        ..ROW
    },
    EvalFunction {
        name: "mvsort",
        synopsis: "mvsort(<mv>)",
        returns: first,
        doc: "The values in the order of their characters.",
        example: (
            "mvjoin(mvsort(split(\"b,10,a,9\", \",\")), \" \")",
            "10 9 a b",
        ),
        body: Body::Values(|_, args| {
            Ok(match args[0].clone() {
                Value::Multi(mut values) => {
                    values.sort();
                    Value::Multi(values)
                }
                single => single,
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "mvzip",
        synopsis: "mvzip(<mv_left>, <mv_right>, <delim>)",
        arity: (2, 3),
        doc: "The first values of both joined by the delimiter, which is a comma unless given, then the second ones, and so on.",
        example: (
            "mvjoin(mvzip(split(\"1,2,3\", \",\"), split(\"x,y\", \",\")), \" \")",
            "1,x 2,y",
        ),
        body: Body::Values(|_, args| {
            let delimiter = text(args, 2).unwrap_or(Cow::Borrowed(","));
            let pairs = values(&args[0]).into_iter().zip(values(&args[1]));
            let zipped = pairs.map(|(a, b)| Cow::Owned(format!("{a}{delimiter}{b}")));
            Ok(Value::multi(zipped.collect()))
        }),
        ..ROW
    },
    EvalFunction {
        name: "mv_to_json_array",
        synopsis: "mv_to_json_array(<field>, <infer_types>)",
        arity: (1, 2),
        returns: returns_text,
        doc: "The values as a JSON array: of strings, or, if types are inferred, of what they are as JSON.",
        example: (
            "mv_to_json_array(split(\"a,1\", \",\"), true())",
            "[\"a\",1]",
        ),
        body: Body::Values(mv_to_json_array),
        ..ROW
    },
    EvalFunction {
        name: "split",
        synopsis: "split(<str>, <delim>)",
        arity: (2, 2),
        doc: "The parts of the text between the delimiters; with an empty one, the characters.",
        example: ("mvjoin(split(\"a;b;c\", \";\"), \" \")", "a b c"),
        body: Body::Values(split),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_multi,
    ..EvalFunction::under(Group::Multivalue)
};

/// Maximum number of values that `mvrange` returns.
const LONGEST: usize = 1_000_000;

fn first(types: &[Type]) -> Type {
    types.first().copied().unwrap_or(Type::Null)
}

fn values<'a>(value: &Value<'a>) -> Vec<Cow<'a, str>> {
    value.clone().into_values()
}

/// The first word of each stage, outside quotes and subsearches. A search without a leading `|` begins with
/// the search command, explicit or not.
fn commands<'a>(search: &str) -> Vec<Cow<'a, str>> {
    let (mut depth, mut quoted) = (0_usize, false);
    let mut stages = vec![String::new()];
    let mut chars = search.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '|' if !quoted && depth == 0 => stages.push(String::new()),
            _ if depth == 0 => {
                if let Some(stage) = stages.last_mut() {
                    stage.push(c);
                }
            }
            _ => {}
        }
    }
    let implied = stages.first().is_some_and(|s| !s.trim().is_empty());
    stages
        .iter()
        .enumerate()
        .filter_map(|(at, stage)| {
            let word = stage.split_whitespace().next()?.to_owned();
            Some(Cow::Owned(if at == 0 && implied {
                "search".to_owned()
            } else {
                word
            }))
        })
        .collect()
}

fn mvfind<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(pattern) = text(args, 1) else {
        return Ok(Value::Null);
    };
    let regex = pattern::regex(&pattern)?;
    for (at, value) in values(&args[0]).iter().enumerate() {
        let found = regex
            .is_match(value.as_ref())
            .map_err(|_| pattern::too_hard(&pattern))?;
        if found {
            return Ok(Value::Num(at as f64));
        }
    }
    Ok(Value::Null)
}

fn mvindex<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let all = values(&args[0]);
    let count = all.len() as i64;
    let place = |n: i64| if n < 0 { n.saturating_add(count) } else { n };
    let end = if args.len() > 2 {
        integer(args, 2)
    } else {
        integer(args, 1)
    };
    let (Some(start), Some(end)) = (integer(args, 1), end) else {
        return Ok(Value::Null);
    };
    let (start, end) = (place(start), place(end).min(count - 1));
    if start < 0 || start > end {
        return Ok(Value::Null);
    }
    let kept = all.into_iter().skip(start as usize);
    Ok(Value::multi(
        kept.take((end - start + 1) as usize).collect(),
    ))
}

fn mvrange<'a>(context: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(start), Some(end)) = (number(args, 0), number(args, 1)) else {
        return Ok(Value::Null);
    };
    let step = match argument(args, 2) {
        Value::Null if args.len() < 3 => Some(1.0),
        given => given.as_number(),
    };
    let mut out = Vec::new();
    let mut push = |n: f64| {
        out.push(Cow::Owned(format_number(n)));
        if out.len() > LONGEST {
            return Err(format!("mvrange makes {LONGEST} values at most"));
        }
        Ok(())
    };
    match (step, text(args, 2)) {
        (Some(step), _) => {
            if step == 0.0 || !step.is_finite() {
                return Ok(Value::Null);
            }
            for i in 0_u32.. {
                let n = start + f64::from(i) * step;
                if (step > 0.0 && n >= end) || (step < 0.0 && n <= end) {
                    break;
                }
                push(n)?;
            }
        }
        (None, Some(span)) => {
            let Ok(span) = Span::parse(&span) else {
                return Ok(Value::Null);
            };
            let (Some(from), Some(to)) = (time::micros(start), time::micros(end)) else {
                return Ok(Value::Null);
            };
            let mut steps = 0;
            while let Some(at) = span.unit.add(from, span.count * steps, context.zone) {
                if at >= to {
                    break;
                }
                push(time::seconds(at))?;
                steps += 1;
            }
        }
        (None, None) => return Ok(Value::Null),
    }
    Ok(Value::multi(out))
}

fn mv_to_json_array<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    if args[0].is_null() {
        return Ok(Value::Null);
    }
    let infer =
        matches!(argument(args, 1), Value::Bool(true)) || number(args, 1).is_some_and(|n| n != 0.0);
    let element = |value: Cow<'_, str>| {
        let inferred = if infer {
            serde_json::from_str(&value).ok()
        } else {
            None
        };
        inferred.unwrap_or_else(|| serde_json::Value::String(value.into_owned()))
    };
    let array: Vec<_> = values(&args[0]).into_iter().map(element).collect();
    Ok(Value::text(serde_json::Value::Array(array).to_string()))
}

fn split<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(delimiter) = text(args, 1) else {
        return Ok(Value::Null);
    };
    let pieces = |text: &str| -> Vec<Cow<'a, str>> {
        if delimiter.is_empty() {
            return text.chars().map(|c| Cow::Owned(c.to_string())).collect();
        }
        text.split(delimiter.as_ref())
            .map(|piece| Cow::Owned(piece.to_owned()))
            .collect()
    };
    let borrowed = |text: &'a str| -> Vec<Cow<'a, str>> {
        text.split(delimiter.as_ref()).map(Cow::Borrowed).collect()
    };
    let parts = values(&args[0])
        .into_iter()
        .flat_map(|text| match text {
            Cow::Borrowed(text) if !delimiter.is_empty() => borrowed(text),
            text => pieces(&text),
        })
        .collect();
    Ok(Value::multi(parts))
}
