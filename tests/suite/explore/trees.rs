//! Trees that no text need have given: each is printed so that it reads as the same tree.

use spelunk_spl::source::{SourceId, Span};
use spelunk_spl::syntax::ast::{
    BinaryOp, CompareOp, Expr, ExprKind, Literal, Name, Search, UnaryOp,
};
use spelunk_spl::syntax::{parse_expression, parse_search, print};

use crate::explore::{Subject, explored};
use crate::mutation::Chance;

#[rustfmt::skip]
const BINARY: [BinaryOp; 16] = [
    BinaryOp::Xor, BinaryOp::Or, BinaryOp::And, BinaryOp::Eq, BinaryOp::Ne, BinaryOp::Lt, BinaryOp::Le, BinaryOp::Gt,
    BinaryOp::Ge, BinaryOp::Like, BinaryOp::Concat, BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div,
    BinaryOp::Rem,
];

/// Characters that names and values are made of: those that mean something, and some of every length.
const LETTERS: &[char] = &[
    'a', 'o', 'r', 'R', 'n', 't', 'd', 'i', '5', '_', '.', ' ', '-', '+', '*', '=', '<', '>', '!',
    '\'', '"', '\\', '|', ',', '(', ')', '{', '}', ':', '$', '%', '/', '@', '#', ';', '&', '~',
    '\t', '\n', '\u{a0}', '\u{3000}', 'é', 'É', '\u{301}', '中', '😀', '\u{200b}', '“',
];

/// Those that only double quotes hold: what a text is cut into is cut before single quotes are seen.
const DOUBLE_ONLY: &[char] = &['[', ']', '`'];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "or", "OR", "and", "not", "Xor", "in", "IN", "like", "by", "as", "oRé", "notá", "or\u{301}", "é", "a{}", "a{0}.b",
    "a::b", "a.b", "null", "true", "5", "1e5", "-", "", "term", "case", "d",
];

fn text(chance: &mut Chance, double: bool) -> String {
    if chance.below(3) == 0 {
        return chance.one(WORDS).to_owned();
    }
    let length = 1 + chance.below(6);
    (0..length)
        .map(|_| match double && chance.below(12) == 0 {
            true => chance.one(DOUBLE_ONLY),
            false => chance.one(LETTERS),
        })
        .collect()
}

fn name(text: impl Into<String>, quoted: bool) -> Name {
    Name {
        text: text.into(),
        span: Span::default(),
        quoted,
    }
}

fn word(chance: &mut Chance) -> String {
    chance
        .one(&["a", "b1", "oRé", "größe", "in", "like", "x{}", "é"])
        .to_owned()
}

fn expression(chance: &mut Chance, depth: usize) -> Expr {
    let leaf = depth == 0;
    let below = depth.saturating_sub(1);
    let kind = match chance.below(if leaf { 4 } else { 9 }) {
        0 => {
            let typed = chance.one(&[
                "0",
                "5",
                "1.50",
                "1e3",
                ".5",
                "99999999999999999999",
                "1E-3",
            ]);
            ExprKind::Number(typed.parse().expect("a number"), typed.to_owned())
        }
        1 => ExprKind::Text(text(chance, true)),
        2 => {
            let name = text(chance, false);
            ExprKind::Field(if name.is_empty() {
                " ".to_owned()
            } else {
                name
            })
        }
        3 => {
            let names = (0..2 + chance.below(2)).map(|_| name(word(chance), false));
            ExprKind::Dotted(names.collect())
        }
        4 | 5 => {
            let op = chance.one(&BINARY);
            let (left, right) = (expression(chance, below), expression(chance, below));
            ExprKind::Binary(op, Box::new(left), Box::new(right))
        }
        6 => {
            let op = chance.one(&[UnaryOp::Neg, UnaryOp::Plus, UnaryOp::Not]);
            ExprKind::Unary(op, Box::new(expression(chance, below)))
        }
        7 => {
            let list = (0..chance.below(4))
                .map(|_| expression(chance, below))
                .collect();
            ExprKind::In(Box::new(expression(chance, below)), list)
        }
        _ => {
            let list = (0..chance.below(4))
                .map(|_| expression(chance, below))
                .collect();
            ExprKind::Call(name(word(chance), false), list)
        }
    };
    Expr {
        kind,
        span: Span::default(),
    }
}

fn literal(chance: &mut Chance) -> Literal {
    let text = text(chance, true);
    Literal {
        quoted: text.is_empty() || chance.below(3) == 0,
        text,
        span: Span::default(),
    }
}

fn search(chance: &mut Chance, depth: usize) -> Search {
    let field = |chance: &mut Chance| {
        let text = text(chance, true);
        let quoted = text.is_empty() || chance.below(3) == 0;
        name(text, quoted)
    };
    let below = depth.saturating_sub(1);
    match chance.below(if depth == 0 { 6 } else { 9 }) {
        0 => Search::Term(literal(chance)),
        1 => Search::ExactTerm(literal(chance)),
        2 => Search::CaseTerm(literal(chance)),
        3 | 4 => {
            let ops = [
                CompareOp::Eq,
                CompareOp::Ne,
                CompareOp::Lt,
                CompareOp::Le,
                CompareOp::Gt,
                CompareOp::Ge,
            ];
            Search::Compare {
                field: field(chance),
                op: chance.one(&ops),
                value: literal(chance),
            }
        }
        5 => Search::In {
            field: field(chance),
            values: (0..chance.below(4)).map(|_| literal(chance)).collect(),
        },
        6 => Search::Not(Box::new(search(chance, below))),
        7 => Search::And(
            (0..2 + chance.below(2))
                .map(|_| search(chance, below))
                .collect(),
        ),
        _ => Search::Or(
            (0..2 + chance.below(2))
                .map(|_| search(chance, below))
                .collect(),
        ),
    }
}

/// Trees of expressions.
struct Expressions;

impl Subject for Expressions {
    type Input = Expr;

    fn make(&self, chance: &mut Chance) -> Expr {
        let depth = chance.below(5);
        expression(chance, depth)
    }

    fn judge(&mut self, input: &Expr) -> Result<(), String> {
        let once = print::expr(input);
        let read = parse_expression(SourceId(0), &once, 0).map_err(|e| format!("{once}: {e}"))?;
        let twice = print::expr(&read);
        (twice == once)
            .then_some(())
            .ok_or_else(|| format!("{once}\n{twice}"))
    }

    fn show(&self, input: &Expr) -> String {
        crate::explore::searches::shown(input)
    }

    fn smaller(&self, input: &Expr) -> Vec<Expr> {
        input.parts().into_iter().cloned().collect()
    }
}

/// Trees of search expressions.
struct Searches;

impl Subject for Searches {
    type Input = Search;

    fn make(&self, chance: &mut Chance) -> Search {
        let depth = chance.below(4);
        search(chance, depth)
    }

    fn judge(&mut self, input: &Search) -> Result<(), String> {
        let once = print::search(input);
        let read = parse_search(SourceId(0), &once).map_err(|e| format!("{once}: {e}"))?;
        let twice = print::search(&read);
        // Lists in lists join them, after which nothing changes any more.
        let again = parse_search(SourceId(0), &twice).map_err(|e| format!("{twice}: {e}"))?;
        let thrice = print::search(&again);
        (thrice == twice && leaves(&read) == leaves(input))
            .then_some(())
            .ok_or_else(|| format!("{once}\n{twice}\n{thrice}"))
    }

    fn show(&self, input: &Search) -> String {
        crate::explore::searches::shown(input)
    }

    fn smaller(&self, input: &Search) -> Vec<Search> {
        match input {
            Search::And(parts) | Search::Or(parts) => parts.clone(),
            Search::Not(inner) => vec![(**inner).clone()],
            Search::Compare { .. }
            | Search::In { .. }
            | Search::Term(_)
            | Search::ExactTerm(_)
            | Search::CaseTerm(_)
            | Search::Subsearch(_)
            | Search::CompareSubsearch { .. } => Vec::new(),
        }
    }
}

/// The conditions of a search in order: grouping aside, these must be the same.
fn leaves(search: &Search) -> Vec<String> {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().flat_map(leaves).collect(),
        Search::Not(inner) => leaves(inner),
        leaf => vec![
            crate::explore::searches::shown(leaf)
                .replace("quoted: true", "")
                .replace("quoted: false", ""),
        ],
    }
}

explored! {
    trees_of_expressions_survive_printing / explore_trees_of_expressions: 8000 of Expressions;
    trees_of_searches_survive_printing / explore_trees_of_searches: 8000 of Searches;
}
