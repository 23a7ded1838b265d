//! Terms of `chart` and `timechart` that need special handling: aggregations inside `eval`, conditions on
//! series, the time range.

use crate::commands::{Planner, args};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::chart::Keep;
use crate::plan::{AggregateCall, AggregateInput, Plan, Predicate};
use crate::syntax::ast::{
    Aggregate, AggregateArg, ArgKind, CompareOp, Expr, ExprKind, Literal, Name, Search, Stage,
};
use crate::time;
use crate::value::parse_number;

/// The aggregation of a call in an `eval`. `max(x)` with one argument is an aggregation; with several it is
/// the eval function.
pub(super) fn part(name: &Name, arguments: &[Expr], expr: &Expr) -> Option<Result<AggregateCall>> {
    let (function, parameter) = stats_function(&name.text)?;
    let is_eval = crate::functions::eval_function(&name.text).is_some();
    let arg = match arguments {
        [] => AggregateInput::Row,
        [one] => match &one.kind {
            ExprKind::Field(field) => {
                AggregateInput::Field(crate::plan::schema::Pattern::exact(field))
            }
            ExprKind::Call(eval, inner)
                if eval.text.eq_ignore_ascii_case("eval") && inner.len() == 1 =>
            {
                AggregateInput::Expr(inner[0].clone())
            }
            _ => AggregateInput::Expr(one.clone()),
        },
        _ if is_eval => return None,
        _ => {
            return Some(Err(Error::argument(
                expr.span,
                format!("`{}` takes one field", name.text),
            )));
        }
    };
    if matches!(arg, AggregateInput::Row) && function.name != "count" {
        return Some(Err(Error::argument(
            expr.span,
            format!("`{}` needs a field", name.text),
        )));
    }
    Some(Ok(AggregateCall {
        function,
        parameter,
        arg,
        name: String::new(),
        span: expr.span,
    }))
}

/// `where sum in top5`, `where max(x) > 3`.
pub(super) fn threshold(condition: &[&ArgKind], stage: &Stage) -> Result<(AggregateCall, Keep)> {
    let wrong = || {
        Error::syntax(stage.span, "the condition on series can't be read")
            .hint("for example: where sum in top5, where max > 100")
    };
    let Some(ArgKind::Aggregate(aggregate)) = condition.first() else {
        return Err(wrong());
    };
    let word = |kind: &ArgKind| match kind {
        ArgKind::Keyword(k) => k.to_ascii_lowercase(),
        ArgKind::Literal(l) => l.text.to_ascii_lowercase(),
        ArgKind::Field(n) => n.text.to_ascii_lowercase(),
        _ => String::new(),
    };
    let words: Vec<String> = condition[1..].iter().map(|k| word(k)).collect();
    let [op, value @ ..] = words.as_slice() else {
        return Err(wrong());
    };
    let value = value.concat();
    let place = |prefix: &str| {
        value
            .strip_prefix(prefix)
            .and_then(|digits| digits.trim().parse::<usize>().ok())
    };
    let number = || parse_number(&value).ok_or_else(wrong);
    let keep = match op.as_str() {
        "in" => match (place("top"), place("bottom")) {
            (Some(n), _) => Keep::Top(n),
            (_, Some(n)) => Keep::Bottom(n),
            _ => return Err(wrong()),
        },
        "notin" => match (place("top"), place("bottom")) {
            (Some(n), _) => Keep::NotTop(n),
            (_, Some(n)) => Keep::NotBottom(n),
            _ => return Err(wrong()),
        },
        ">" => Keep::Above(number()?),
        "<" => Keep::Below(number()?),
        _ => return Err(wrong()),
    };
    // Without a field it applies to the values of the series themselves.
    let call = match &aggregate.arg {
        AggregateArg::None => of_series(aggregate)?,
        _ => args::call(aggregate)?,
    };
    Ok((call, keep))
}

/// A function of the values of a series.
///
/// # Errors
/// If there is no such function.
pub(super) fn of_series(aggregate: &Aggregate) -> Result<AggregateCall> {
    let Some((function, parameter)) = stats_function(&aggregate.function.text) else {
        return args::call(aggregate);
    };
    Ok(AggregateCall {
        function,
        parameter,
        arg: AggregateInput::Row,
        name: aggregate.label.clone(),
        span: aggregate.span,
    })
}

/// The aggregation in the option `agg`.
pub(super) fn parse_aggregate(planner: &Planner<'_>, agg: &Literal) -> Result<Aggregate> {
    let text = format!("stats {}", agg.text);
    let source = planner
        .context
        .sources
        .lock()
        .map_err(|_| Error::internal("the texts are locked"))?
        .add("agg", &text);
    let wrong = || Error::argument(agg.span, "`agg` takes one aggregation, such as sum(x)");
    let pipeline = crate::syntax::parse_fragment(source, &text, 0, &crate::commands::shape_of)
        .map_err(|_| wrong())?;
    pipeline
        .stages
        .into_iter()
        .flat_map(|s| s.args)
        .find_map(|a| match a.kind {
            ArgKind::Aggregate(aggregate) => Some(aggregate),
            _ => None,
        })
        .ok_or_else(wrong)
}

/// The time range of the search: as set in the search itself (`earliest=-1d`), otherwise as passed in. "All
/// time" has no bounds; a search with only a start ends now.
///
/// # Errors
/// If a time can't be parsed.
pub(super) fn range(planner: &Planner<'_>, rows: &Plan) -> Result<(Option<f64>, Option<f64>)> {
    let context = planner.context;
    let (mut from, mut to) = (context.earliest, context.latest);
    let mut plan = rows;
    loop {
        if let Plan::Filter {
            predicate: Predicate::Search(search, _),
            ..
        } = plan
        {
            let time = |name: &str| -> Result<Option<f64>> {
                bound(search, name)
                    .map(|value| {
                        time::time_modifier(&value.text, context.clock.now, context.clock.zone)
                            .map_err(|m| Error::argument(value.span, m))
                    })
                    .transpose()
            };
            from = time("earliest")?.or(from);
            to = time("latest")?.or(to);
        }
        match plan.inputs().first() {
            Some(input) => plan = input,
            None => break,
        }
    }
    let from = from.filter(|t| *t > 0.0);
    Ok((from, to.or(from.map(|_| context.clock.now))))
}

fn bound<'s>(search: &'s Search, name: &str) -> Option<&'s Literal> {
    match search {
        Search::And(parts) => parts.iter().find_map(|p| bound(p, name)),
        Search::Compare {
            field,
            op: CompareOp::Eq,
            value,
        } if field.text.eq_ignore_ascii_case(name) => Some(value),
        _ => None,
    }
}
