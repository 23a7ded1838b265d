//! Traversals of an expression.

use crate::syntax::ast::{Expr, ExprKind};

impl Expr {
    /// The direct subexpressions, from left to right. A subsearch is not one.
    pub fn parts(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(..)
            | ExprKind::Text(_)
            | ExprKind::Field(_)
            | ExprKind::Dotted(_)
            | ExprKind::Subsearch(_) => Vec::new(),
            ExprKind::Unary(_, inner) => vec![inner],
            ExprKind::Binary(_, left, right) => vec![left, right],
            ExprKind::In(left, items) => std::iter::once(&**left).chain(items).collect(),
            ExprKind::Call(_, args) => args.iter().collect(),
        }
    }

    /// Calls `visit` with the expression and all its subexpressions, in pre-order.
    pub fn each<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        for part in self.parts() {
            part.each(visit);
        }
    }

    /// Whether a predicate is true for the expression or any of its subexpressions.
    pub fn any(&self, holds: &dyn Fn(&Expr) -> bool) -> bool {
        holds(self) || self.parts().into_iter().any(|part| part.any(holds))
    }

    /// Rebuilds the expression with each direct subexpression mapped, from left to right.
    ///
    /// # Errors
    /// The first error of `make`.
    pub fn map_parts<E>(&self, mut make: impl FnMut(&Expr) -> Result<Expr, E>) -> Result<Expr, E> {
        let kind = match &self.kind {
            ExprKind::Number(..)
            | ExprKind::Text(_)
            | ExprKind::Field(_)
            | ExprKind::Dotted(_)
            | ExprKind::Subsearch(_) => self.kind.clone(),
            ExprKind::Unary(op, inner) => ExprKind::Unary(*op, Box::new(make(inner)?)),
            ExprKind::Binary(op, left, right) => {
                ExprKind::Binary(*op, Box::new(make(left)?), Box::new(make(right)?))
            }
            ExprKind::In(left, items) => {
                let left = Box::new(make(left)?);
                ExprKind::In(left, items.iter().map(make).collect::<Result<_, E>>()?)
            }
            ExprKind::Call(function, args) => {
                let args = args.iter().map(make).collect::<Result<_, E>>()?;
                ExprKind::Call(function.clone(), args)
            }
        };
        Ok(Expr {
            kind,
            span: self.span,
        })
    }
}
