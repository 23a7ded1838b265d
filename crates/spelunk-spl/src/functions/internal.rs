//! Internal functions: bodies of commands that act value by value (`rex`, `convert`, `bin`). Their names
//! begin with `$`, which users cannot write in a search.

use std::borrow::Cow;

use crate::functions::pattern::{fill, regex, too_hard};
use crate::functions::{Body, Context, EvalFunction, Group, MANY, Outcome, Special, Traits};
use crate::functions::{replace_patterns, sed};
use crate::time::LogSpan;
use crate::value::{Type, Value, format_number, parse_number};

const BASE: EvalFunction = EvalFunction {
    name: "",
    aliases: &[],
    group: Group::Text,
    synopsis: "",
    arity: (1, 1),
    traits: Traits::NONE,
    returns: |_| Type::Number,
    doc: "",
    example: ("", ""),
    body: Body::Values(rmcomma),
};

/// The rows.
pub(super) const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "$group",
        synopsis: "$group(<text>, <regex>, <group>, <matches>)",
        arity: (4, 4),
        returns: |_| Type::Multi,
        doc: "What a group of a regular expression matched, for up to so many matches (0: all) in each value.",
        body: Body::Values(group),
        ..BASE
    },
    EvalFunction {
        name: "$group1",
        synopsis: "$group1(<text>, <regex>, <group>)",
        arity: (3, 3),
        returns: |types| match types.first() {
            Some(Type::Multi) => Type::Multi,
            _ => Type::Text,
        },
        doc: "What a group of a regular expression matched first, in each value.",
        body: Body::Values(group),
        ..BASE
    },
    EvalFunction {
        name: "$each",
        synopsis: "$each(<field>, <expression>)",
        arity: (2, 2),
        returns: |types| types.get(1).copied().unwrap_or(Type::Any),
        doc: "The expression computed for each value of the field.",
        body: Body::Special(Special::Each),
        ..BASE
    },
    EvalFunction {
        name: "$expand",
        synopsis: "$expand(<text>, <regex>, <template>, <matches>)",
        arity: (4, 4),
        returns: |_| Type::Multi,
        doc: "A template with `$1` replaced by groups, for up to so many matches (0: all).",
        body: Body::Values(expand),
        ..BASE
    },
    EvalFunction {
        name: "$offsets",
        synopsis: "$offsets(<text>, <regex>)",
        arity: (2, 2),
        returns: |_| Type::Text,
        doc: "Where the groups of a regular expression matched: `name=first-last&...`.",
        body: Body::Values(offsets),
        ..BASE
    },
    EvalFunction {
        name: "$sed",
        synopsis: "$sed(<text>, <expression>)",
        arity: (2, 2),
        returns: |args| args[0].join(Type::Text),
        doc: "`s/regex/replacement/flags` or `y/abc/xyz/` on each value.",
        body: Body::Values(sed::sed),
        ..BASE
    },
    EvalFunction {
        name: "$exchange",
        synopsis: "$exchange(<value>, <pattern>, <replacement>, ...)",
        arity: (3, MANY),
        returns: |args| args[0].join(Type::Text),
        doc: "Each value that a pattern with `*` matches whole, replaced; the first such pattern counts.",
        body: Body::Values(replace_patterns::replace_patterns),
        ..BASE
    },
    EvalFunction {
        name: "$nonempty",
        returns: |_| Type::Multi,
        doc: "The values that are not the empty text.",
        body: Body::Values(|_, args| {
            let values = args[0].clone().into_values();
            Ok(Value::multi(
                values.into_iter().filter(|v| !v.is_empty()).collect(),
            ))
        }),
        ..BASE
    },
    EvalFunction {
        name: "$xmlunescape",
        returns: |args| args[0],
        doc: "The characters of XML entities.",
        body: Body::Values(|_, args| {
            let plain = |text: &str| match quick_xml::escape::unescape(text) {
                Ok(plain) => plain.into_owned(),
                Err(_) => text.to_owned(),
            };
            Ok(match &args[0] {
                Value::Text(text) => Value::text(plain(text)),
                Value::Multi(values) => {
                    Value::multi(values.iter().map(|v| Cow::Owned(plain(v))).collect())
                }
                other => other.clone(),
            })
        }),
        ..BASE
    },
    EvalFunction {
        name: "$members",
        synopsis: "$members(<name>, <value>, ...)",
        arity: (2, MANY),
        returns: |_| Type::Text,
        doc: "A JSON object of the members that have a value; missing if none has.",
        body: Body::Values(|_, args| {
            let members: serde_json::Map<String, serde_json::Value> = args
                .chunks_exact(2)
                .filter(|pair| !pair[1].is_null())
                .filter_map(|pair| {
                    let name = pair[0].as_text()?.into_owned();
                    Some((name, crate::functions::json::from_value(&pair[1])))
                })
                .collect();
            Ok(if members.is_empty() {
                Value::Null
            } else {
                Value::text(serde_json::Value::Object(members).to_string())
            })
        }),
        ..BASE
    },
    EvalFunction {
        name: "$rmcomma",
        body: Body::Values(rmcomma),
        ..BASE
    },
    EvalFunction {
        name: "$rmunit",
        body: Body::Values(rmunit),
        ..BASE
    },
    EvalFunction {
        name: "$memk",
        body: Body::Values(memk),
        ..BASE
    },
    EvalFunction {
        name: "$dur2sec",
        body: Body::Values(dur2sec),
        ..BASE
    },
    EvalFunction {
        name: "$mstime",
        body: Body::Values(mstime),
        ..BASE
    },
    EvalFunction {
        name: "$auto",
        returns: |_| Type::Any,
        body: Body::Values(auto),
        ..BASE
    },
    EvalFunction {
        name: "$bucket",
        synopsis: "$bucket(<number>, <width>, <start>)",
        arity: (3, 3),
        returns: |_| Type::Any,
        body: Body::Values(bucket),
        ..BASE
    },
    EvalFunction {
        name: "$logbucket",
        synopsis: "$logbucket(<number>, <coefficient>, <base>)",
        arity: (3, 3),
        returns: |_| Type::Any,
        body: Body::Values(logbucket),
        ..BASE
    },
];

fn group<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(pattern), Some(name)) = (args[1].as_text(), args[2].as_text()) else {
        return Ok(Value::Null);
    };
    let most = args
        .get(3)
        .map_or(1, |m| m.as_number().unwrap_or(1.0) as usize);
    let regex = regex(&pattern)?;
    let mut found = Vec::new();
    for text in args[0].clone().into_values() {
        let before = found.len();
        for captures in regex.captures_iter(&text) {
            let captures = captures.map_err(|_| too_hard(&pattern))?;
            let matched = match name.parse::<usize>() {
                Ok(number) => captures.get(number),
                Err(_) => captures.name(&name),
            };
            if let Some(matched) = matched {
                found.push(Cow::Owned(matched.as_str().to_owned()));
            }
            if most > 0 && found.len() - before >= most {
                break;
            }
        }
    }
    Ok(Value::multi(found))
}

fn expand<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(pattern), Some(template)) = (args[1].as_text(), args[2].as_text()) else {
        return Ok(Value::Null);
    };
    let most = args[3].as_number().unwrap_or(1.0) as usize;
    let regex = regex(&pattern)?;
    let mut found = Vec::new();
    for text in args[0].clone().into_values() {
        for captures in regex.captures_iter(&text) {
            let captures = captures.map_err(|_| too_hard(&pattern))?;
            found.push(Cow::Owned(fill(&template, &captures)));
            if most > 0 && found.len() >= most {
                return Ok(Value::multi(found));
            }
        }
    }
    Ok(Value::multi(found))
}

fn offsets<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(text), Some(pattern)) = (args[0].as_text(), args[1].as_text()) else {
        return Ok(Value::Null);
    };
    let regex = regex(&pattern)?;
    let Some(captures) = regex.captures(&text).map_err(|_| too_hard(&pattern))? else {
        return Ok(Value::Null);
    };
    let found: Vec<String> = regex
        .names()
        .filter_map(|name| {
            let at = captures.name(name)?;
            Some(format!(
                "{name}={}-{}",
                at.start(),
                at.end().saturating_sub(1)
            ))
        })
        .collect();
    Ok(Value::text(found.join("&")))
}

fn rmcomma<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(args[0].as_text().map_or(Value::Null, |t| {
        parse_number(&t.replace(',', "")).map_or(Value::Null, Value::Num)
    }))
}

/// The number at the start of the text.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *i == 0 && matches!(c, '-' | '+')))
        .map_or(text.len(), |(i, _)| i);
    Some((parse_number(&text[..end])?, &text[end..]))
}

fn rmunit<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(args[0]
        .as_text()
        .and_then(|t| leading_number(&t).map(|(n, _)| n))
        .map_or(Value::Null, Value::Num))
}

fn memk<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(text) = args[0].as_text() else {
        return Ok(Value::Null);
    };
    let Some((number, unit)) = leading_number(&text) else {
        return Ok(Value::Null);
    };
    Ok(match unit.trim().to_ascii_lowercase().as_str() {
        "" | "k" => Value::Num(number),
        "m" => Value::Num(number * 1024.0),
        "g" => Value::Num(number * 1024.0 * 1024.0),
        _ => Value::Null,
    })
}

/// Converts `[D+]HH:MM:SS[.s]` to seconds.
fn dur2sec<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(text) = args[0].as_text() else {
        return Ok(Value::Null);
    };
    let (days, clock) = match text.split_once('+') {
        Some((days, clock)) => (parse_number(days), clock),
        None => (Some(0.0), text.as_ref()),
    };
    let parts: Option<Vec<f64>> = clock.split(':').map(parse_number).collect();
    Ok(match (days, parts.as_deref()) {
        (Some(days), Some([h, m, s])) => Value::Num(days * 86_400.0 + h * 3600.0 + m * 60.0 + s),
        _ => Value::Null,
    })
}

/// Converts `[MM:]SS.SSS` to seconds.
fn mstime<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(text) = args[0].as_text() else {
        return Ok(Value::Null);
    };
    let parts: Option<Vec<f64>> = text.split(':').map(parse_number).collect();
    Ok(match parts.as_deref() {
        Some([s]) => Value::Num(*s),
        Some([m, s]) => Value::Num(m * 60.0 + s),
        _ => Value::Null,
    })
}

/// A number if any of the conversions can read the text as one; otherwise the value unchanged.
fn auto<'a>(context: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    if let Some(number) = args[0].as_number() {
        return Ok(Value::Num(number));
    }
    for conversion in [rmcomma, dur2sec] {
        let converted = conversion(context, args)?;
        if !converted.is_null() {
            return Ok(converted);
        }
    }
    Ok(args[0].clone())
}

fn bucket<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(n), Some(width), Some(start)) = (
        args[0].as_number(),
        args[1].as_number(),
        args[2].as_number(),
    ) else {
        return Ok(args[0].clone());
    };
    let low = ((n - start) / width).floor() * width + start;
    Ok(Value::text(format!(
        "{}-{}",
        format_number(low),
        format_number(low + width)
    )))
}

fn logbucket<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(n), Some(coefficient), Some(base)) = (
        args[0].as_number(),
        args[1].as_number(),
        args[2].as_number(),
    ) else {
        return Ok(args[0].clone());
    };
    let span = LogSpan { coefficient, base };
    Ok(match span.range(n) {
        Some((low, high)) => Value::text(format!("{}-{}", format_number(low), format_number(high))),
        None => args[0].clone(),
    })
}
