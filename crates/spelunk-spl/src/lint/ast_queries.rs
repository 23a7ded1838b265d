//! Queries on a search's syntax tree: names, conditions and subsearches, with their spans.

use crate::source::Span;
use crate::syntax::ast::{
    Aggregate, AggregateArg, ArgKind, BinaryOp, Expr, ExprKind, Pipeline, Search, SplicePart,
    Stage, UnaryOp,
};

/// Visits the stage and all stages of its subsearches.
pub fn each_stage<'s>(stage: &'s Stage, visit: &mut dyn FnMut(&'s Stage)) {
    visit(stage);
    let mut inside: Vec<&'s Pipeline> = Vec::new();
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::Subsearch(pipeline) => inside.push(pipeline),
            ArgKind::Splice(parts) => inside.extend(parts.iter().filter_map(|part| match part {
                SplicePart::Text(_) => None,
                SplicePart::Subsearch(pipeline) => Some(pipeline),
            })),
            ArgKind::Search(search) | ArgKind::OptionSearch { value: search, .. } => {
                subsearches(search, &mut inside);
            }
            _ => {}
        }
    }
    for pipeline in inside {
        pipeline.stages.iter().for_each(|s| each_stage(s, visit));
    }
}

fn subsearches<'s>(search: &'s Search, out: &mut Vec<&'s Pipeline>) {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().for_each(|p| subsearches(p, out)),
        Search::Not(inner) => subsearches(inner, out),
        Search::Subsearch(pipeline) | Search::CompareSubsearch { pipeline, .. } => {
            out.push(pipeline);
        }
        Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_) => {}
    }
}

/// The search expressions of a stage.
pub fn searches(stage: &Stage) -> impl Iterator<Item = &Search> {
    stage.args.iter().filter_map(|arg| match &arg.kind {
        ArgKind::Search(search) | ArgKind::OptionSearch { value: search, .. } => Some(search),
        _ => None,
    })
}

/// The expressions of a stage: conditions, assigned values, arguments of aggregations.
pub fn expressions(stage: &Stage) -> Vec<&Expr> {
    fn of_aggregate<'s>(aggregate: &'s Aggregate, out: &mut Vec<&'s Expr>) {
        match &aggregate.arg {
            AggregateArg::Eval(expr) => out.push(expr),
            AggregateArg::Nested(inner, _) => of_aggregate(inner, out),
            AggregateArg::None | AggregateArg::Field(_) => {}
        }
    }
    let mut out = Vec::new();
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::Assign { value, .. }
            | ArgKind::Expr(value)
            | ArgKind::OptionExpr { value, .. } => out.push(value),
            ArgKind::Aggregate(aggregate) => of_aggregate(aggregate, &mut out),
            _ => {}
        }
    }
    out
}

/// The span where a stage reads a field by name.
pub fn reads(stage: &Stage, field: &str) -> Option<Span> {
    let in_expr = |expr: &Expr| {
        let mut found = None;
        expr.each(&mut |e| {
            let is = match &e.kind {
                ExprKind::Field(name) => name == field,
                ExprKind::Dotted(names) => {
                    let parts: Vec<&str> = names.iter().map(|n| n.text.as_str()).collect();
                    parts.join(".") == field
                }
                _ => false,
            };
            if is && found.is_none() {
                found = Some(e.span);
            }
        });
        found
    };
    if let Some(span) = expressions(stage).into_iter().find_map(in_expr) {
        return Some(span);
    }
    if let Some(span) = searches(stage).find_map(|search| in_search(search, field)) {
        return Some(span);
    }
    stage.args.iter().find_map(|arg| match &arg.kind {
        ArgKind::Field(name) if name.text == field => Some(name.span),
        ArgKind::SortKey { field: name, .. } if name.text == field => Some(name.span),
        ArgKind::Pair { from, .. } if from.text == field => Some(from.span),
        ArgKind::Aggregate(Aggregate {
            arg: AggregateArg::Field(name),
            ..
        }) if name.text == field => Some(name.span),
        ArgKind::Call { args, .. } => args.iter().find(|n| n.text == field).map(|n| n.span),
        ArgKind::Comparison { field: name, .. } if name.text == field => Some(name.span),
        _ => None,
    })
}

/// The span where a search expression names a field.
fn in_search(search: &Search, wanted: &str) -> Option<Span> {
    match search {
        Search::And(parts) | Search::Or(parts) => parts.iter().find_map(|p| in_search(p, wanted)),
        Search::Not(inner) => in_search(inner, wanted),
        Search::Compare { field, .. }
        | Search::In { field, .. }
        | Search::CompareSubsearch { field, .. } => (field.text == wanted).then_some(field.span),
        Search::Term(_) | Search::ExactTerm(_) | Search::CaseTerm(_) | Search::Subsearch(_) => None,
    }
}

/// The span where a stage sets a field by name.
pub fn sets(stage: &Stage, field: &str) -> Option<Span> {
    stage.args.iter().find_map(|arg| match &arg.kind {
        ArgKind::Assign { field: name, .. } if name.text == field => Some(name.span),
        ArgKind::Pair { to, .. } if to.text == field => Some(to.span),
        ArgKind::Aggregate(aggregate) => {
            let named = aggregate.alias.as_ref().filter(|name| name.text == field);
            named
                .map(|name| name.span)
                .or_else(|| (aggregate.label == field).then_some(aggregate.span))
        }
        _ => None,
    })
}

/// The span from the first word of a search expression to the last.
pub fn extent(search: &Search) -> Option<Span> {
    match search {
        Search::And(parts) | Search::Or(parts) => {
            let first = parts.iter().find_map(extent)?;
            let last = parts.iter().rev().find_map(extent)?;
            Some(first.to(last))
        }
        Search::Not(inner) => extent(inner),
        Search::Compare { field, value, .. } => Some(field.span.to(value.span)),
        Search::In { field, values } => {
            let last = values.last().map_or(field.span, |value| value.span);
            Some(field.span.to(last))
        }
        Search::Term(literal) | Search::ExactTerm(literal) | Search::CaseTerm(literal) => {
            Some(literal.span)
        }
        Search::Subsearch(pipeline) => Some(pipeline.span),
        Search::CompareSubsearch {
            field, pipeline, ..
        } => Some(field.span.to(pipeline.span)),
    }
}

/// The conjuncts of an expression.
pub fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    joined(expr, BinaryOp::And)
}

/// The operands of an expression joined by an operator.
pub fn joined(expr: &Expr, op: BinaryOp) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary(found, left, right) if *found == op => {
            let mut parts = joined(left, op);
            parts.extend(joined(right, op));
            parts
        }
        _ => vec![expr],
    }
}

/// The operand of a `NOT`.
pub fn negated(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Unary(UnaryOp::Not, inner) => Some(inner),
        _ => None,
    }
}

/// Calls `visit` with a search expression and all its parts.
pub fn each_search<'s>(search: &'s Search, visit: &mut dyn FnMut(&'s Search)) {
    visit(search);
    match search {
        Search::And(parts) | Search::Or(parts) => {
            parts.iter().for_each(|part| each_search(part, visit));
        }
        Search::Not(inner) => each_search(inner, visit),
        Search::Compare { .. }
        | Search::In { .. }
        | Search::Term(_)
        | Search::ExactTerm(_)
        | Search::CaseTerm(_)
        | Search::Subsearch(_)
        | Search::CompareSubsearch { .. } => {}
    }
}
