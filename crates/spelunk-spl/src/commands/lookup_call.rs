//! The eval function `lookup(...)`, planned as lookups before the expression: the function reuses the plan of
//! the command. (Search Reference, "Comparison and Conditional functions".)

use crate::error::{Error, Result};
use crate::plan::build::{call, field, name, text};
use crate::plan::{Assignment, Plan, Target};
use crate::syntax::ast::{Expr, ExprKind, Name};

/// A plan with the outputs of an expression's lookups, the expression that reads them, and the fields to drop
/// afterwards.
pub struct Resolved {
    /// The plan.
    pub rows: Plan,
    /// The expression.
    pub expr: Expr,
    /// The fields to drop.
    pub temporary: Vec<String>,
}

/// Plans the lookups of an expression before it.
///
/// # Errors
/// If the table or a field of a call is not a literal.
pub fn resolve(rows: Plan, expr: &Expr) -> Result<Resolved> {
    let mut resolved = Resolved {
        rows,
        expr: expr.clone(),
        temporary: Vec::new(),
    };
    resolved.expr = resolved.without(expr)?;
    Ok(resolved)
}

/// Whether an expression calls `lookup`.
pub fn is_called(expr: &Expr) -> bool {
    expr.any(&|found| match &found.kind {
        ExprKind::Call(function, _) => function.text.eq_ignore_ascii_case("lookup"),
        _ => false,
    })
}

impl Resolved {
    /// Replaces the lookups of an expression with fields.
    fn without(&mut self, expr: &Expr) -> Result<Expr> {
        if let ExprKind::Call(function, args) = &expr.kind {
            match function.text.to_ascii_lowercase().as_str() {
                "lookup" => return self.lookup(args, expr),
                // These evaluate their argument once per value.
                "mvmap" | "mvfilter" => return Ok(expr.clone()),
                _ => {}
            }
        }
        expr.map_parts(|part| self.without(part))
    }

    fn lookup(&mut self, args: &[Expr], whole: &Expr) -> Result<Expr> {
        let [table, keys, outputs] = args else {
            return Err(Error::argument(whole.span, "`lookup` takes three arguments").hint(USAGE));
        };
        let table = Name {
            text: written(table)?,
            span: table.span,
            quoted: true,
        };
        let pairs = arguments(keys, "json_object")?;
        let outputs = arguments(outputs, "json_array")?;
        if pairs.is_empty() || pairs.len() % 2 == 1 || outputs.is_empty() {
            return Err(Error::argument(
                whole.span,
                "`lookup` needs pairs of a column and a value, and a column to give",
            )
            .hint(USAGE));
        }
        let mut matched = Vec::new();
        let mut set = Vec::new();
        for pair in pairs.chunks_exact(2) {
            let value = self.without(&pair[1])?;
            let temporary = self.temporary();
            matched.push((
                name(&written(&pair[0])?, pair[0].span),
                name(&temporary, pair[0].span),
            ));
            set.push(Assignment {
                target: Target::Field(temporary),
                value,
            });
        }
        let mut filled = Vec::new();
        let mut members = Vec::new();
        for output in outputs {
            let column = written(output)?;
            let temporary = self.temporary();
            members.extend([text(&column), field(&temporary)]);
            filled.push((name(&column, output.span), name(&temporary, output.span)));
        }
        let rows = std::mem::replace(&mut self.rows, Plan::Generate { count: 0 });
        self.rows = Plan::Lookup {
            input: Box::new(rows.extend(set)),
            lookup: table,
            keys: matched,
            outputs: filled,
            overwrite: true,
        };
        Ok(call("$members", members))
    }

    fn temporary(&mut self) -> String {
        let name = format!("__lookup{}", self.temporary.len());
        self.temporary.push(name.clone());
        name
    }
}

const USAGE: &str = "usage: lookup(\"<table>\", json_object(\"<column>\", <value>, ...), json_array(\"<column>\", ...))";

fn written(expr: &Expr) -> Result<String> {
    match &expr.kind {
        ExprKind::Text(text) => Ok(text.clone()),
        _ => Err(Error::argument(
            expr.span,
            "a table or column of `lookup` must be written out in double quotes",
        )
        .hint(USAGE)),
    }
}

fn arguments<'e>(expr: &'e Expr, function: &str) -> Result<&'e [Expr]> {
    match &expr.kind {
        ExprKind::Call(called, args) if called.text.eq_ignore_ascii_case(function) => Ok(args),
        _ => Err(
            Error::argument(expr.span, format!("`lookup` takes {function}(...) here")).hint(USAGE),
        ),
    }
}
