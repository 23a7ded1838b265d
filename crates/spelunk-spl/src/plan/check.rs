//! Reports all errors in a plan's expressions that do not depend on data.

use crate::error::{Error, Result};
use crate::plan::expr::bind::called;
use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate};
use crate::syntax::ast::{AggregateArg, ArgKind, Expr, ExprKind, Stage};

/// Checks every function call of a plan and its subsearches, without rows.
///
/// # Errors
/// Returns an error if a call is invalid, together with all other errors.
pub fn check(plan: &Plan) -> Result<()> {
    let mut errors = Vec::new();
    check_node(plan, &mut errors);
    Error::all(errors)
}

/// Checks the function calls of a stage that has no plan.
pub fn check_stage(stage: &Stage) -> Vec<Error> {
    let mut errors = Vec::new();
    for arg in &stage.args {
        match &arg.kind {
            ArgKind::Assign { value, .. }
            | ArgKind::Expr(value)
            | ArgKind::OptionExpr { value, .. } => {
                check_expr(value, &mut errors);
            }
            ArgKind::Aggregate(aggregate) => {
                // `eval(round(avg(x), 1))` contains aggregations, which are not eval functions.
                let is_eval = aggregate.function.text.eq_ignore_ascii_case("eval");
                if let (AggregateArg::Eval(expr), false) = (&aggregate.arg, is_eval) {
                    check_expr(expr, &mut errors);
                }
            }
            _ => {}
        }
    }
    errors
}

fn check_node(plan: &Plan, errors: &mut Vec<Error>) {
    for input in plan.inputs() {
        check_node(input, errors);
    }
    match plan {
        Plan::Filter { predicate, .. } => match predicate {
            Predicate::Expr(expr) => check_expr(expr, errors),
            Predicate::Search(_, subsearches) => {
                subsearches.iter().for_each(|s| check_node(s, errors));
            }
        },
        Plan::Extend { columns, .. } => {
            columns.iter().for_each(|c| check_expr(&c.value, errors));
        }
        Plan::TakeWhile { condition, .. } => check_expr(condition, errors),
        Plan::Stream { stream, .. } => {
            for reset in [&stream.reset_before, &stream.reset_after]
                .into_iter()
                .flatten()
            {
                check_expr(reset, errors);
            }
            check_aggregates(&stream.aggregates, errors);
        }
        Plan::Chart { chart, .. } => {
            check_aggregates(&chart.aggregates, errors);
            let score = chart.split.iter().filter_map(|s| s.score.clone());
            check_aggregates(&score.collect::<Vec<_>>(), errors);
            chart
                .computed
                .iter()
                .for_each(|c| check_expr(&c.value, errors));
        }
        Plan::Aggregate { aggregates, .. } | Plan::Window { aggregates, .. } => {
            check_aggregates(aggregates, errors);
        }
        Plan::Scan(_)
        | Plan::Physical { .. }
        | Plan::Generate { .. }
        | Plan::Values(_)
        | Plan::Project { .. }
        | Plan::Rename { .. }
        | Plan::Lag { .. }
        | Plan::ForwardFill { .. }
        | Plan::Sort { .. }
        | Plan::Reverse { .. }
        | Plan::PartialDistinct { .. }
        | Plan::Limit { .. }
        | Plan::Bucket { .. }
        | Plan::Subquery { .. }
        | Plan::Skip { .. }
        | Plan::Distinct { .. }
        | Plan::Lookup { .. }
        | Plan::Explode { .. }
        | Plan::With { .. }
        | Plan::Deferred { .. }
        | Plan::MapColumns { .. }
        | Plan::HConcat { .. }
        | Plan::Kernel { .. }
        | Plan::Join { .. }
        | Plan::Union { .. } => {}
    }
}

fn check_aggregates(aggregates: &[AggregateCall], errors: &mut Vec<Error>) {
    for aggregate in aggregates {
        match &aggregate.arg {
            AggregateInput::Expr(expr) => check_expr(expr, errors),
            AggregateInput::Row | AggregateInput::Field(_) => {}
        }
    }
}

fn check_expr(expr: &Expr, errors: &mut Vec<Error>) {
    expr.each(&mut |found| {
        if let ExprKind::Call(name, args) = &found.kind
            && let Err(error) = called(name, args, found)
            // A command may use one expression of the search in several places.
            && !errors
                .iter()
                .any(|e| e.span == error.span && e.kind == error.kind)
        {
            errors.push(error);
        }
    });
}
