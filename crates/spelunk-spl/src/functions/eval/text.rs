//! "Text functions". Functions of one text apply to each value of a multivalue.

use std::borrow::Cow;

use crate::functions::eval::args::{
    argument, integer, of_text, part, returns_multi, returns_text_each, text,
};
use crate::functions::{Body, Context, EvalFunction, Group, Outcome, Traits, json, pattern, xml};
use crate::pcre::{GaveUp, Regex};
use crate::value::{Type, Value, format_number};

/// The rows.
pub const TABLE: &[EvalFunction] = &[
    EvalFunction {
        name: "len",
        aliases: &["length"],
        synopsis: "len(<str>)",
        returns: |types| match types {
            [Type::Multi] => Type::Multi,
            _ => Type::Number,
        },
        doc: "Number of characters.",
        example: ("len(\"buttercup\")", "9"),
        body: Body::Values(len),
        ..ROW
    },
    EvalFunction {
        name: "lower",
        synopsis: "lower(<str>)",
        doc: "The text in lower case.",
        example: ("lower(\"Admin@EXAMPLE.com\")", "admin@example.com"),
        body: Body::Values(|_, args| {
            of_text(&args[0], |text| {
                let same = text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase());
                Ok(if same {
                    text
                } else {
                    Cow::Owned(text.to_lowercase())
                })
            })
        }),
        ..ROW
    },
    EvalFunction {
        name: "ltrim",
        synopsis: "ltrim(<str>, <trim_chars>)",
        arity: (1, 2),
        doc: "The text without the leading characters of the list; blanks and tabs unless given.",
        example: ("ltrim(\" ZZZZabcZZ \", \" Z\")", "abcZZ "),
        body: Body::Values(|_, args| trim(args, true, false)),
        ..ROW
    },
    EvalFunction {
        name: "replace",
        traits: Traits::REGEX,
        synopsis: "replace(<str>, <regex>, <replacement>)",
        arity: (3, 3),
        doc: "The text with every match of the regular expression replaced; \\1 inserts the first group.",
        example: (
            "replace(\"1/14/2023\", \"^(\\d{1,2})/(\\d{1,2})/\", \"\\2/\\1/\")",
            "14/1/2023",
        ),
        body: Body::Values(replace),
        ..ROW
    },
    EvalFunction {
        name: "rtrim",
        synopsis: "rtrim(<str>, <trim_chars>)",
        arity: (1, 2),
        doc: "The text without the trailing characters of the list; blanks and tabs unless given.",
        example: ("rtrim(\" ZZZZabcZZ \", \" Z\")", " ZZZZabc"),
        body: Body::Values(|_, args| trim(args, false, true)),
        ..ROW
    },
    EvalFunction {
        name: "spath",
        synopsis: "spath(<value>, <path>)",
        arity: (2, 2),
        returns: returns_multi,
        doc: "What a path leads to in a JSON or XML text.",
        example: (
            "spath(\"{\\\"u\\\":{\\\"name\\\":\\\"ann\\\"}}\", \"u.name\")",
            "ann",
        ),
        body: Body::Values(spath),
        ..ROW
    },
    EvalFunction {
        name: "substr",
        synopsis: "substr(<str>, <start>, <length>)",
        arity: (2, 3),
        doc: "Part of the text from the character at start, counted from 1, or from the end if negative.",
        example: (
            "substr(\"string\", 1, 3) + substr(\"string\", -3)",
            "string",
        ),
        body: Body::Values(substr),
        ..ROW
    },
    EvalFunction {
        name: "trim",
        synopsis: "trim(<str>, <trim_chars>)",
        arity: (1, 2),
        doc: "The text without the given characters at both ends; spaces and tabs by default.",
        example: ("trim(\" ZZZZabcZZ \", \" Z\")", "abc"),
        body: Body::Values(|_, args| trim(args, true, true)),
        ..ROW
    },
    EvalFunction {
        name: "upper",
        synopsis: "upper(<str>)",
        doc: "The text in upper case.",
        example: ("upper(\"abc\")", "ABC"),
        body: Body::Values(|_, args| of_text(&args[0], |text| Ok(Cow::Owned(text.to_uppercase())))),
        ..ROW
    },
    EvalFunction {
        name: "urldecode",
        synopsis: "urldecode(<url>)",
        doc: "The text with its percent escapes resolved.",
        example: ("urldecode(\"a%20b%26c\")", "a b&c"),
        body: Body::Values(|_, args| of_text(&args[0], |text| Ok(urldecode(text)))),
        ..ROW
    },
];

const ROW: EvalFunction = EvalFunction {
    returns: returns_text_each,
    ..EvalFunction::under(Group::Text)
};

fn len<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let count = |text: &str| text.chars().count() as f64;
    Ok(match &args[0] {
        Value::Multi(values) => Value::multi(
            values
                .iter()
                .map(|v| Cow::Owned(format_number(count(v))))
                .collect(),
        ),
        single => single
            .as_text()
            .map_or(Value::Null, |text| Value::Num(count(&text))),
    })
}

fn trim<'a>(args: &[Value<'a>], start: bool, end: bool) -> Outcome<'a> {
    let Some(list) = args
        .get(1)
        .map_or(Some(Cow::Borrowed(" \t")), Value::as_text)
    else {
        return Ok(Value::Null);
    };
    of_text(&args[0], |text| {
        let listed = |c| list.contains(c);
        let from = if start {
            text.len() - text.trim_start_matches(listed).len()
        } else {
            0
        };
        let to = if end {
            text.trim_end_matches(listed).len()
        } else {
            text.len()
        };
        // In a text of only trimmed characters, the two ends would cross.
        Ok(part(&text, from..to.max(from)))
    })
}

fn replace<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(pattern), Some(with)) = (text(args, 1), text(args, 2)) else {
        return Ok(Value::Null);
    };
    let regex = pattern::regex(&pattern)?;
    of_text(&args[0], |text| {
        let replaced = replace_all(&regex, &text, &with);
        match replaced.map_err(|_| pattern::too_hard(&pattern))? {
            Some(replaced) => Ok(Cow::Owned(replaced)),
            None => Ok(text),
        }
    })
}

/// Replaces every match. Returns `None` if there is none.
fn replace_all(regex: &Regex, text: &str, with: &str) -> Result<Option<String>, GaveUp> {
    let mut out = String::new();
    let mut last = None;
    for captures in regex.captures_iter(text) {
        let captures = captures?;
        let Some(whole) = captures.get(0) else {
            continue;
        };
        out.push_str(&text[last.unwrap_or(0)..whole.start()]);
        last = Some(whole.end());
        let mut rest = with;
        while let Some(at) = rest.find('\\') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
            // `\12` is the twelfth group if it exists, otherwise the first group followed by a 2.
            let group = (1..=digits)
                .rev()
                .filter_map(|n| Some((n, rest[..n].parse::<usize>().ok()?)))
                .find(|(_, group)| *group < captures.len());
            match group {
                Some((used, group)) => {
                    out.push_str(captures.get(group).map_or("", |m| m.as_str()));
                    rest = &rest[used..];
                }
                None if rest.starts_with('\\') => {
                    out.push('\\');
                    rest = &rest[1..];
                }
                None => out.push('\\'),
            }
        }
        out.push_str(rest);
    }
    Ok(last.map(|last| out + &text[last..]))
}

fn spath<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let (Some(document), Some(path)) = (text(args, 0), text(args, 1)) else {
        return Ok(Value::Null);
    };
    if let Some(doc) = json::container(&document) {
        let found = json::path(&path).map_or(Vec::new(), |steps| {
            json::find(&doc, &steps).into_iter().cloned().collect()
        });
        return Ok(match found.as_slice() {
            [one] => json::to_value(one),
            many => Value::multi(many.iter().map(|j| Cow::Owned(json::text(j))).collect()),
        });
    }
    let found = xml::find(&document, &path);
    Ok(Value::multi(found.into_iter().map(Cow::Owned).collect()))
}

/// The index follows SQLite, as documented: a start of 0 is the position before the first character, and a
/// negative length takes the characters before the start.
fn substr<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let length = match argument(args, 2) {
        Value::Null if args.len() < 3 => Some(i64::MAX / 4),
        _ => integer(args, 2),
    };
    let (Some(start), Some(length)) = (integer(args, 1), length) else {
        return Ok(Value::Null);
    };
    let limit = i64::MAX / 4;
    let (start, length) = (start.clamp(-limit, limit), length.clamp(-limit, limit));
    of_text(&args[0], |text| {
        let count = if text.is_ascii() {
            text.len()
        } else {
            text.chars().count()
        } as i64;
        let (mut from, mut take) = (start, length.abs());
        if from < 0 {
            from += count;
            if from < 0 {
                take = (take + from).max(0);
                from = 0;
            }
        } else if from > 0 {
            from -= 1;
        } else if take > 0 {
            take -= 1;
        }
        if length < 0 {
            from -= take;
            if from < 0 {
                take += from;
                from = 0;
            }
        }
        let from = from.clamp(0, count);
        let to = (from + take.max(0)).clamp(from, count);
        let place = |at: i64| {
            let at = at as usize;
            if text.is_ascii() {
                return at;
            }
            text.char_indices().nth(at).map_or(text.len(), |(i, _)| i)
        };
        let range = place(from)..place(to);
        Ok(part(&text, range))
    })
}

fn urldecode(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('%') {
        return text;
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let hex = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{replace_all, urldecode};
    use crate::functions::{Body, Context, eval_function, pattern};
    use crate::value::Value;
    use std::borrow::Cow;

    #[test]
    fn substr_follows_sqlite() {
        let Some(Body::Values(substr)) = eval_function("substr").map(|f| f.body) else {
            panic!("no substr");
        };
        let context = Context {
            now: 0.0,
            zone: chrono_tz::Tz::UTC,
        };
        let cut = |text: &'static str, start: f64, length: Option<f64>| {
            let mut args = vec![Value::text(text), Value::Num(start)];
            args.extend(length.map(Value::Num));
            substr(&context, &args).unwrap()
        };
        for (start, length, expected) in [
            (1.0, Some(3.0), "str"),
            (-3.0, None, "ing"),
            (0.0, Some(3.0), "st"),
            (2.0, Some(100.0), "tring"),
            (-10.0, Some(5.0), "s"),
            (4.0, Some(-2.0), "tr"),
            (7.0, None, ""),
            (f64::MAX, Some(f64::MIN), "string"),
        ] {
            assert_eq!(
                cut("string", start, length),
                Value::text(expected),
                "{start}"
            );
        }
        assert_eq!(cut("äöü", 2.0, Some(1.0)), Value::text("ö"));
    }

    #[test]
    fn replacements_refer_to_groups() {
        let replace = |pattern: &str, text: &str, with: &str| {
            replace_all(&pattern::regex(pattern).unwrap(), text, with).unwrap()
        };
        assert_eq!(
            replace("(a)(b)?", "ac", r"<\1\2\0\9>").as_deref(),
            Some(r"<aa\9>c")
        );
        assert_eq!(replace("(a)", "a", r"\10").as_deref(), Some("a0"));
        assert_eq!(replace("a", "a", r"\\n\").as_deref(), Some(r"\n\"));
        assert_eq!(replace("x*", "ab", "-").as_deref(), Some("-a-b-"));
        assert_eq!(replace("z", "ab", "-"), None);
    }

    #[test]
    fn percent_escapes() {
        assert_eq!(urldecode(Cow::Borrowed("%C3%A9%2")), "é%2");
        assert_eq!(urldecode(Cow::Borrowed("%%41+%zz")), "%A+%zz");
    }
}
