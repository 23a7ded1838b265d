//! `s/regex/replacement/flags` and `y/abc/xyz/`, as `rex mode=sed` takes them.
//! <https://docs.splunk.com/Documentation/Splunk/latest/SearchReference/Rex>

use std::borrow::Cow;

use crate::functions::pattern::{regex, too_hard};
use crate::functions::{Context, Outcome};
use crate::value::Value;

/// Parses a `sed` expression: command, pattern, replacement, flags.
pub fn parse_sed(text: &str) -> Result<(char, String, String, String), String> {
    let wrong = || {
        format!(
            "`{text}` is not a sed expression: `s/<regex>/<replacement>/<flags>` or `y/<from>/<to>/`"
        )
    };
    let mut chars = text.chars();
    let (Some(kind @ ('s' | 'y')), Some(delimiter)) = (chars.next(), chars.next()) else {
        return Err(wrong());
    };
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in chars {
        let last = parts.len() - 1;
        if escaped {
            if c != delimiter {
                parts[last].push('\\');
            }
            parts[last].push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == delimiter && parts.len() < 3 {
            parts.push(String::new());
        } else {
            parts[last].push(c);
        }
    }
    if escaped {
        let last = parts.len() - 1;
        parts[last].push('\\');
    }
    let [from, to, flags] = <[String; 3]>::try_from(parts).map_err(|_| wrong())?;
    if kind == 'y' && from.chars().count() != to.chars().count() {
        return Err("`y` needs the same number of characters on both sides".to_owned());
    }
    Ok((kind, from, to, flags.trim().to_owned()))
}

/// The body of `$sed`.
pub(super) fn sed<'a>(_: &Context, args: &[Value<'a>]) -> Outcome<'a> {
    let Some(expression) = args[1].as_text() else {
        return Ok(Value::Null);
    };
    let mut out = Vec::new();
    for text in args[0].clone().into_values() {
        out.push(Cow::Owned(edit(&text, &expression)?));
    }
    Ok(Value::multi(out))
}

/// Applies a `sed` expression to a text.
///
/// # Errors
/// If the expression is invalid, or takes too long on the text.
pub fn edit(text: &str, expression: &str) -> Result<String, String> {
    let (kind, from, to, flags) = parse_sed(expression)?;
    if kind == 's' {
        return substitute(text, &from, &to, &flags);
    }
    let to: Vec<char> = to.chars().collect();
    let from: Vec<char> = from.chars().collect();
    let changed = |c: char| from.iter().position(|f| *f == c).map_or(c, |at| to[at]);
    Ok(text.chars().map(changed).collect())
}

fn substitute(text: &str, from: &str, to: &str, flags: &str) -> Result<String, String> {
    let pattern = if flags.contains('i') {
        format!("(?i){from}")
    } else {
        from.to_owned()
    };
    let regex = regex(&pattern)?;
    let wanted: Option<usize> = flags
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok();
    let all = flags.contains('g');
    let mut out = String::new();
    let mut end = 0;
    for (number, captures) in regex.captures_iter(text).enumerate() {
        let captures = captures.map_err(|_| too_hard(&pattern))?;
        let replace = match wanted {
            Some(n) => number + 1 == n || all && number + 1 > n,
            None => all || number == 0,
        };
        let Some(whole) = captures.get(0) else {
            continue;
        };
        if !replace {
            continue;
        }
        out.push_str(&text[end..whole.start()]);
        let mut chars = to.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some(d)) if d.is_ascii_digit() => {
                    let number = d.to_digit(10).unwrap_or(0) as usize;
                    chars.next();
                    out.push_str(captures.get(number).map_or("", |m| m.as_str()));
                }
                ('\\', Some('n')) => {
                    chars.next();
                    out.push('\n');
                }
                ('\\', Some(other)) => {
                    out.push(*other);
                    chars.next();
                }
                ('&', _) => out.push_str(whole.as_str()),
                (c, _) => out.push(c),
            }
        }
        end = whole.end();
    }
    out.push_str(&text[end..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{parse_sed, substitute};

    #[test]
    fn sed_expressions() {
        let (_, from, to, flags) = parse_sed(r"s/(\d{4}-){3}/XX\/XX-/g").expect("parses");
        assert_eq!((to.as_str(), flags.as_str()), ("XX/XX-", "g"));
        let out = substitute("1234-1234-1234-5", &from, &to, &flags).expect("runs");
        assert_eq!(out, "XX/XX-5");
        assert_eq!(substitute("aaa", "a", "b", "2").expect("runs"), "aba");
        assert_eq!(substitute("ab", "(a)(b)", r"\2\1", "").expect("runs"), "ba");
        assert!(parse_sed("s/a").is_err());
    }
}
