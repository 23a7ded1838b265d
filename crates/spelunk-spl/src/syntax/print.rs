//! Prints an AST as SPL: keywords in capitals, single blanks, parentheses only where needed. Parsing the
//! result gives the same AST, except for spans.

mod search;

use pest::Parser;

use super::ast::{
    Aggregate, AggregateArg, Arg, ArgKind, BinaryOp, Expr, ExprKind, Literal, Name, Pipeline,
    SplicePart, Stage, UnaryOp,
};
use super::grammar::Grammar;
use super::{Rule, quoting};

pub use search::search;

/// The layout of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// All on one line.
    Line,
    /// One stage per line, each after `| ` except a leading search.
    Lines,
}

/// Prints a pipeline.
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
        let text = self::stage(stage);
        // `search =[...]` would compare a field with that name.
        let hides_search = index == 0 && is_search && is_led_by_operator(stage);
        let start = if hides_search {
            stage.name.text.len() + 1
        } else {
            0
        };
        out.push_str(&text[start..]);
    }
    out
}

fn is_led_by_operator(stage: &Stage) -> bool {
    let Some(ArgKind::Splice(parts)) = stage.args.first().map(|arg| &arg.kind) else {
        return false;
    };
    matches!(parts.first(), Some(SplicePart::Text(text)) if text.starts_with(['=', '!', '<', '>']))
}

/// Prints a stage, without the `|`.
pub fn stage(stage: &Stage) -> String {
    let mut out = stage.name.text.clone();
    let mut before: Option<&ArgKind> = None;
    for arg in &stage.args {
        let text = match (&arg.kind, before) {
            // `head (null=false)`: without parentheses it would be an option.
            (ArgKind::Expr(value), _) if stage.name.text.eq_ignore_ascii_case("head") => {
                format!("({})", expr(value))
            }
            // A leading number is a row count and a leading sign selects fields; after a comma they are
            // fields.
            (ArgKind::Field(name), None) if is_number(name) || is_signed(name) => {
                format!(", {}", field(name))
            }
            // After another argument, its operators could be taken for part of that argument.
            (ArgKind::Expr(value), Some(ArgKind::Option { .. } | ArgKind::Literal(_))) => {
                format!("({})", expr(value))
            }
            // `(1, 2)` after `in`.
            (ArgKind::Literal(values), _) if stage.name.text.eq_ignore_ascii_case("pivot") => {
                values.text.clone()
            }
            // Double quotes contain text in these commands, so a quoted field must be in single quotes.
            (ArgKind::Field(name), _) if takes_texts(&stage.name.text) => Some(field(name))
                .filter(|text| !text.starts_with('"'))
                .unwrap_or_else(|| quoting::quote_single(&name.text)),
            // A condition among other arguments that no keyword separates from them.
            (ArgKind::Search(value), None | Some(ArgKind::Field(_) | ArgKind::Option { .. }))
                if !is_search(&stage.name.text) =>
            {
                format!("({})", search(value))
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

/// Whether a command's arguments are a search expression.
fn is_search(command: &str) -> bool {
    ["search", "metasearch"]
        .iter()
        .any(|name| command.eq_ignore_ascii_case(name))
}

/// Whether a command takes string literals in addition to fields.
fn takes_texts(command: &str) -> bool {
    ["strcat", "xpath", "highlight"]
        .iter()
        .any(|name| command.eq_ignore_ascii_case(name))
}

fn is_number(name: &Name) -> bool {
    !name.quoted && name.text.bytes().all(|b| b.is_ascii_digit())
}

fn is_signed(name: &Name) -> bool {
    !name.quoted && name.text.starts_with(['-', '+'])
}

fn is_word(name: &Name, words: &[&str]) -> bool {
    !name.quoted
        && words
            .iter()
            .any(|word| name.text.eq_ignore_ascii_case(word))
}

fn comma_between(left: &ArgKind, right: &ArgKind) -> bool {
    use ArgKind::{Aggregate, Assign, Field, Keyword, Pair, Sign, SortKey};
    let listed = matches!(
        (left, right),
        (Assign { .. }, Assign { .. })
            | (Pair { .. }, Pair { .. })
            | (SortKey { .. }, SortKey { .. } | Sign(_))
            | (Aggregate(_), Aggregate(_))
    );
    // Not `a AS b`, which is a pair.
    let as_follows = matches!(right, Keyword(word) if word == "AS")
        || matches!(right, Pair { from, .. } if is_word(from, &["as"]));
    // Nor a field before a clause: after a comma, `as` and `where` are fields.
    let clause_leads = matches!(left, Field(name) if is_word(name, &["as", "where"]));
    listed || clause_leads || (as_follows && matches!(left, Field(_)))
}

fn arg(arg: &Arg) -> String {
    match &arg.kind {
        ArgKind::Option { name, value } => format!("{}={}", name.text, option_value(value)),
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
        ArgKind::Splice(parts) => {
            let part = |part: &SplicePart| match part {
                SplicePart::Text(text) => text.clone(),
                SplicePart::Subsearch(inner) => subsearch(inner),
            };
            parts.iter().map(part).collect()
        }
        ArgKind::Raw(text) => text.clone(),
        ArgKind::SortKey {
            descending,
            function,
            field: key,
        } => {
            // These are names only after a sign: `-x`, a number, and a final `d`, otherwise `DESC`.
            let other = is_signed(key) || is_number(key) || is_word(key, &["d", "desc"]);
            let sign = match *descending {
                true => "-",
                false if other && function.is_none() => "+",
                false => "",
            };
            match function {
                Some(function) => format!("{sign}{}({})", function.text, field(key)),
                None => format!("{sign}{}", field_before_group(key)),
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
        } => {
            let value = match search::is_part_of_operator(value) {
                true => quoting::quote(&value.text),
                false => literal(value),
            };
            format!("{}{}{value}", field(name), op.symbol())
        }
    }
}

/// Prints a field where a function of a field may also occur.
fn field_before_group(name: &Name) -> String {
    let text = field(name);
    match Grammar::parse(Rule::sort_function, &text) {
        Ok(_) => quoting::quote(&name.text),
        Err(_) => text,
    }
}

/// Prints the value of an option. A lone comma is a value, but a second `=` would make it a comparison.
fn option_value(value: &Literal) -> String {
    let bare = quoting::group(&value.text, &[]).filter(|_| !value.quoted);
    match bare {
        Some(group) if group.starts_with('(') => group,
        Some(other) if other.starts_with('=') => quoting::quote(&value.text),
        _ => literal(value),
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

/// Prints a field name where names are bare or in double quotes.
pub fn field(name: &Name) -> String {
    let bare = if name.quoted {
        None
    } else {
        quoting::bare(&name.text, &['='])
    };
    // Except text that would parse as a name in single quotes.
    let bare = bare.filter(|bare| Grammar::parse(Rule::single_quoted, bare).is_err());
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

/// Prints an aggregation. The argument of `eval` stays as typed, because it names the result.
fn aggregate(value: &Aggregate) -> String {
    let function = &value.function.text;
    let text = match &value.arg {
        AggregateArg::None => function.clone(),
        AggregateArg::Field(name) => format!("{function}({})", field(name)),
        AggregateArg::Eval(_) => value.label.clone(),
        // Without parentheses it would be a field.
        AggregateArg::Nested(inner, None) if inner.arg == AggregateArg::None => {
            format!("{function}({}())", inner.function.text)
        }
        AggregateArg::Nested(inner, None) => format!("{function}({})", aggregate(inner)),
        AggregateArg::Nested(inner, Some(span)) => {
            format!("{function}({}, {})", aggregate(inner), literal(span))
        }
    };
    with_alias(text, &value.alias)
}

/// Precedence of an expression; higher binds tighter.
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

/// Prints an expression.
pub fn expr(value: &Expr) -> String {
    let own = strength(&value.kind);
    match &value.kind {
        ExprKind::Number(_, typed) => typed.clone(),
        ExprKind::Text(text) => quoting::quote(text),
        ExprKind::Field(name) => expression_field(name),
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

/// Prints a field in an expression: in single quotes unless the grammar parses all of it as one name.
pub fn expression_field(name: &str) -> String {
    let read = Grammar::parse(Rule::segment, name);
    match read.is_ok_and(|read| read.as_str().len() == name.len()) {
        true => name.to_owned(),
        false => quoting::quote_single(name),
    }
}
