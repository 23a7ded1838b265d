//! Trees back to text: keywords in capitals, one blank, parentheses only where they are needed.
//! Parsing what is printed gives the same tree, up to places.

use super::ast::{
    Aggregate, AggregateArg, Arg, ArgKind, BinaryOp, Expr, ExprKind, Literal, Name, Pipeline,
    Search, Stage, UnaryOp,
};
use super::quoting;

/// How a pipeline is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All on one line.
    Line,
    /// One stage a line, each but a leading search after `| `.
    Lines,
}

/// A pipeline's text.
pub fn pipeline(pipeline: &Pipeline, layout: Layout) -> String {
    let mut out = String::new();
    for (index, stage) in pipeline.stages.iter().enumerate() {
        let is_search = stage.name.text.eq_ignore_ascii_case("search");
        match layout {
            Layout::Lines if index > 0 => out.push('\n'),
            Layout::Line if index > 0 => out.push(' '),
            _ => {}
        }
        if index > 0 || !is_search {
            out.push_str("| ");
        }
        out.push_str(&self::stage(stage));
    }
    out
}

/// A stage's text, without the `|`.
pub fn stage(stage: &Stage) -> String {
    let mut out = stage.name.text.clone();
    let mut before: Option<&ArgKind> = None;
    for arg in &stage.args {
        let text = match (&arg.kind, before) {
            // `head (null=false)`: without them it would be the option.
            (ArgKind::Expr(value), _) if stage.name.text.eq_ignore_ascii_case("head") => {
                format!("({})", expr(value))
            }
            // After another argument the operators of an expression could be taken for its.
            (ArgKind::Expr(value), Some(ArgKind::Option { .. } | ArgKind::Literal(_))) => {
                format!("({})", expr(value))
            }
            _ => self::arg(arg),
        };
        if before.is_some_and(|before| comma_between(before, &arg.kind)) {
            out.push(',');
        }
        if !text.is_empty() {
            out.push(' ');
            out.push_str(&text);
        }
        before = Some(&arg.kind);
    }
    out
}

fn comma_between(left: &ArgKind, right: &ArgKind) -> bool {
    use ArgKind::{Aggregate, Assign, Pair, SortKey};
    matches!(
        (left, right),
        (Assign { .. }, Assign { .. })
            | (Pair { .. }, Pair { .. })
            | (SortKey { .. }, SortKey { .. } | ArgKind::Sign(_))
            | (Aggregate(_), Aggregate(_))
    )
}

fn arg(arg: &Arg) -> String {
    match &arg.kind {
        ArgKind::Option { name, value } => format!("{}={}", name.text, literal(value)),
        ArgKind::OptionExpr { name, value } => format!("{}=eval({})", name.text, expr(value)),
        ArgKind::OptionSearch { name, value } => format!("{}=({})", name.text, search(value)),
        ArgKind::Field(name) => field(name),
        ArgKind::Literal(value) => literal(value),
        ArgKind::Sign(sign) => sign.to_string(),
        ArgKind::Keyword(word) => word.clone(),
        ArgKind::Assign {
            field: target,
            value,
        } => format!("{}={}", field(target), expr(value)),
        ArgKind::Expr(value) => expr(value),
        ArgKind::Aggregate(value) => aggregate(value),
        ArgKind::Search(value) => search(value),
        ArgKind::Subsearch(inner) => subsearch(inner),
        ArgKind::Template(text) => format!("[{text}]"),
        ArgKind::Raw(text) => text.clone(),
        ArgKind::SortKey {
            descending,
            function,
            field: key,
        } => {
            let sign = if *descending { "-" } else { "" };
            match function {
                Some(function) => format!("{sign}{}({})", function.text, field(key)),
                None => format!("{sign}{}", field(key)),
            }
        }
        ArgKind::Pair { from, to } => format!("{} AS {}", field(from), field(to)),
        ArgKind::Call {
            function,
            args,
            alias,
        } => {
            let args: Vec<String> = args.iter().map(field).collect();
            with_alias(format!("{}({})", function.text, args.join(", ")), alias)
        }
        ArgKind::Comparison {
            field: name,
            op,
            value,
        } => format!("{}{}{}", field(name), op.symbol(), literal(value)),
    }
}

fn subsearch(inner: &Pipeline) -> String {
    format!("[{}]", pipeline(inner, Layout::Line))
}

fn with_alias(text: String, alias: &Option<Name>) -> String {
    match alias {
        Some(alias) => format!("{text} AS {}", field(alias)),
        None => text,
    }
}

/// A field name where names stand bare or in double quotes.
pub fn field(name: &Name) -> String {
    let bare = if name.quoted {
        None
    } else {
        quoting::bare(&name.text, &['='])
    };
    bare.unwrap_or_else(|| quoting::quote(&name.text))
}

fn literal(value: &Literal) -> String {
    let bare = match value.text.as_str() {
        "," if !value.quoted => Some(",".to_owned()),
        text if !value.quoted => quoting::bare(text, &[]),
        _ => None,
    };
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

/// An aggregation's text. The argument of `eval` stays as typed: it names the result.
fn aggregate(value: &Aggregate) -> String {
    let function = &value.function.text;
    let text = match &value.arg {
        AggregateArg::None => function.clone(),
        AggregateArg::Field(name) => format!("{function}({})", field(name)),
        AggregateArg::Eval(_) => value.label.clone(),
        AggregateArg::Nested(inner, None) => format!("{function}({})", aggregate(inner)),
        AggregateArg::Nested(inner, Some(span)) => {
            format!("{function}({}, {})", aggregate(inner), literal(span))
        }
    };
    with_alias(text, &value.alias)
}

/// A search expression's text.
pub fn search(value: &Search) -> String {
    match value {
        Search::And(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    // Not needed, but few readers know that OR binds tighter.
                    Search::Or(_) | Search::And(_) => format!("({})", search(part)),
                    _ => search(part),
                })
                .collect();
            parts.join(" ")
        }
        Search::Or(parts) => {
            let parts: Vec<String> = parts.iter().map(search_operand).collect();
            parts.join(" OR ")
        }
        Search::Not(inner) => format!("NOT {}", search_operand(inner)),
        Search::Compare { field, op, value } => {
            format!(
                "{}{}{}",
                search_field(field, op.symbol()),
                op.symbol(),
                literal(value)
            )
        }
        Search::CompareSubsearch {
            field,
            op,
            pipeline,
            list,
        } => {
            let inner = subsearch(pipeline);
            match list {
                true => format!("{} IN ({inner})", search_field(field, "IN")),
                false => format!("{}{}{inner}", search_field(field, op.symbol()), op.symbol()),
            }
        }
        Search::In { field, values } => {
            let values: Vec<String> = values.iter().map(literal).collect();
            format!("{} IN ({})", search_field(field, "IN"), values.join(", "))
        }
        Search::Term(value) => term(value),
        Search::ExactTerm(value) => format!("TERM({})", exact(value)),
        Search::CaseTerm(value) => format!("CASE({})", exact(value)),
        Search::Subsearch(inner) => subsearch(inner),
    }
}

fn search_operand(value: &Search) -> String {
    match value {
        Search::And(_) | Search::Or(_) => format!("({})", search(value)),
        _ => search(value),
    }
}

/// Characters that end a bare word of a search.
const WORD_STOPS: [char; 5] = ['=', '<', '>', '(', ')'];

/// A field before `next`. Directly before a comparison sign even `OR` is a name.
fn search_field(name: &Name, next: &str) -> String {
    let plain = !name.quoted && (next != "IN" || !operator_word(&name.text));
    let bare = quoting::bare(&name.text, &WORD_STOPS).filter(|_| plain);
    bare.unwrap_or_else(|| quoting::quote(&name.text))
}

fn term(value: &Literal) -> String {
    let bare = match quoting::bare(&value.text, &WORD_STOPS) {
        // Alternatives in parentheses may come next, which are no list of values.
        Some(text) if !value.quoted && text.eq_ignore_ascii_case("in") => Some(format!("({text})")),
        Some(text) if !value.quoted && !operator_word(&value.text) => Some(text),
        _ => None,
    };
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

fn exact(value: &Literal) -> String {
    let bare = match quoting::bare(&value.text, &WORD_STOPS[3..]) {
        Some(text) if !value.quoted => Some(text),
        // What stands in TERM() may hold blanks and commas.
        None if !value.quoted && !value.text.contains([')', '"', '\\', '|']) => {
            Some(value.text.clone())
        }
        _ => None,
    };
    bare.unwrap_or_else(|| quoting::quote(&value.text))
}

fn operator_word(text: &str) -> bool {
    ["and", "or", "not", "xor"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// How tightly an expression binds; greater is tighter.
fn strength(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Binary(op, ..) => match op {
            BinaryOp::Xor => 1,
            BinaryOp::Or => 2,
            BinaryOp::And => 3,
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Like => 5,
            BinaryOp::Concat | BinaryOp::Add | BinaryOp::Sub => 6,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 7,
        },
        ExprKind::Unary(UnaryOp::Not, _) => 4,
        ExprKind::In(..) => 5,
        ExprKind::Unary(UnaryOp::Neg | UnaryOp::Plus, _) => 8,
        ExprKind::Number(..)
        | ExprKind::Text(_)
        | ExprKind::Field(_)
        | ExprKind::Call(..)
        | ExprKind::Dotted(_)
        | ExprKind::Subsearch(_) => 9,
    }
}

fn operand(value: &Expr, least: u8) -> String {
    if strength(&value.kind) < least {
        format!("({})", expr(value))
    } else {
        expr(value)
    }
}

/// An expression's text.
pub fn expr(value: &Expr) -> String {
    let own = strength(&value.kind);
    match &value.kind {
        ExprKind::Number(_, typed) => typed.clone(),
        ExprKind::Text(text) => quoting::quote(text),
        ExprKind::Field(name) if plain_field(name) => name.clone(),
        ExprKind::Field(name) => quoting::quote_single(name),
        ExprKind::Dotted(segments) => {
            let segments: Vec<&str> = segments.iter().map(|s| s.text.as_str()).collect();
            segments.join(".")
        }
        ExprKind::Unary(UnaryOp::Not, inner) => format!("NOT {}", operand(inner, own)),
        ExprKind::Unary(UnaryOp::Neg, inner) => format!("-{}", operand(inner, own)),
        ExprKind::Unary(UnaryOp::Plus, inner) => format!("+{}", operand(inner, own)),
        ExprKind::Binary(op, left, right) => {
            let grouping_matters = !matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
            let right = operand(right, own + u8::from(grouping_matters));
            format!("{} {} {right}", operand(left, own), op.symbol())
        }
        ExprKind::In(left, list) => {
            let list: Vec<String> = list.iter().map(expr).collect();
            format!("{} IN ({})", operand(left, own + 1), list.join(", "))
        }
        ExprKind::Call(name, args) => {
            let args: Vec<String> = args.iter().map(expr).collect();
            format!("{}({})", name.text, args.join(", "))
        }
        ExprKind::Subsearch(inner) => subsearch(inner),
    }
}

/// Whether a field can stand in an expression without quotes.
fn plain_field(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || beyond_ascii(c));
    let braces = name.split("{}").all(|piece| {
        piece
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || beyond_ascii(c))
    });
    first && braces && !operator_word(name)
}

fn beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace()
}
