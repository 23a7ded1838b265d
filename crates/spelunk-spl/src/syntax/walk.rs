//! Ways through an expression.

use crate::syntax::ast::{Expr, ExprKind};

impl Expr {
    /// The expressions that this one is made of, from left to right. A subsearch is none.
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

    /// Calls `visit` with the expression and all that is in it, from the outside in.
    pub fn each<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        for part in self.parts() {
            part.each(visit);
        }
    }

    /// Whether something holds for the expression or for one in it.
    pub fn any(&self, holds: &dyn Fn(&Expr) -> bool) -> bool {
        holds(self) || self.parts().into_iter().any(|part| part.any(holds))
    }

    /// The expression with each of its parts made into another, from left to right.
    ///
    /// # Errors
    /// The first of `make`.
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
