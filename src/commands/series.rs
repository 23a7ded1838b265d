//! What `chart` and `timechart` share: aggregations, the fields of rows and series, which series
//! are shown.

use crate::commands::args::{self, Args};
use crate::commands::{Command, OptionRow, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::build::field;
use crate::plan::chart::{Keep, Split};
use crate::plan::pivot::Naming;
use crate::plan::{AggregateCall, AggregateInput, Assignment, Plan, Predicate, Target};
use crate::syntax::ast::{
    Aggregate, AggregateArg, ArgKind, CompareOp, Expr, ExprKind, Literal, Name, Search, Stage,
};
use crate::time;
use crate::value::parse_number;

/// The options that both have.
pub(super) const OPTIONS: [OptionRow; 18] = [
    ("agg", "", "another aggregation"),
    ("limit", "10", "series shown, with the highest sums; `bottom5` those with the lowest; 0 for all"),
    ("useother", "true", "whether a series sums up the ones that are not shown"),
    ("otherstr", "OTHER", "the name of that series"),
    ("usenull", "true", "whether there is a series of the rows that lack the field"),
    ("nullstr", "NULL", "the name of that series"),
    ("sep", ": ", "what stands between aggregation and value in the name of a column, when there are several aggregations"),
    ("format", "", "the name of such a column, with $AGG$ and $VAL$"),
    ("cont", "true", "whether empty buckets have a row"),
    ("span", "", "length of a bucket"),
    ("bins", "", "most buckets when no span is given"),
    ("minspan", "", "shortest bucket when no span is given"),
    ("start", "", "where the buckets of numbers begin when no span is given"),
    ("end", "", "where they end"),
    ("aligntime", "", "a time at which a bucket starts"),
    ("dedup_splitvals", "false", "removes repeated values of multivalue fields to split by"),
    ("partial", "true", "whether buckets that the range of the search cuts are there"),
    ("fixedrange", "true", "whether there are buckets for the whole range of the search"),
];

/// Options that belong to the field before them.
const BUCKETS: [&str; 6] = ["span", "bins", "minspan", "start", "end", "aligntime"];

/// A field to split by, and the options of its buckets.
pub(super) struct Axis<'a> {
    /// The field.
    pub name: &'a Name,
    over: bool,
    options: Vec<(&'a Name, &'a Literal)>,
}

impl<'a> Axis<'a> {
    /// The value of an option of its buckets.
    pub fn get(&self, option: &str) -> Option<&'a Literal> {
        find(&self.options, option)
    }

    /// Whether it is put into buckets.
    pub fn has_buckets(&self) -> bool {
        !self.options.is_empty()
    }
}

fn find<'a>(options: &[(&'a Name, &'a Literal)], name: &str) -> Option<&'a Literal> {
    options
        .iter()
        .rev()
        .find(|(n, _)| n.text.eq_ignore_ascii_case(name))
        .map(|(_, value)| *value)
}

/// The arguments of a chart.
pub(super) struct Series<'a> {
    /// The options.
    pub args: Args<'a>,
    /// What is aggregated.
    pub aggregates: Vec<AggregateCall>,
    /// What is computed of the aggregates.
    pub computed: Vec<Assignment>,
    /// The fields, in the order in which they are used: rows first where `OVER` says so.
    pub axes: Vec<Axis<'a>>,
    /// Options of buckets before any field.
    pub first: Vec<(&'a Name, &'a Literal)>,
    threshold: Option<(AggregateCall, Keep)>,
}

impl<'a> Series<'a> {
    /// Takes the arguments apart.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(planner: &Planner<'_>, command: &Command, stage: &'a Stage) -> Result<Series<'a>> {
        let args = Args::new(command, stage)?;
        let mut series = Series {
            args,
            aggregates: Vec::new(),
            computed: Vec::new(),
            axes: Vec::new(),
            first: Vec::new(),
            threshold: None,
        };
        let mut condition: Vec<&'a ArgKind> = Vec::new();
        let mut in_condition = false;
        let mut over = false;
        let mut pending: Vec<(&'a Name, &'a Literal)> = Vec::new();
        for arg in &stage.args {
            match &arg.kind {
                ArgKind::Keyword(k) if k == "WHERE" => in_condition = true,
                ArgKind::Keyword(k) if k == "OVER" || k == "BY" => {
                    in_condition = false;
                    over = k == "OVER";
                }
                ArgKind::Option { name, value } => {
                    if !BUCKETS.contains(&name.text.to_ascii_lowercase().as_str()) {
                        continue;
                    }
                    match series.axes.last_mut() {
                        Some(axis) => axis.options.push((name, value)),
                        None if stage_has_field_later(stage, arg) => pending.push((name, value)),
                        None => series.first.push((name, value)),
                    }
                }
                // `where sum in top 5`
                ArgKind::Field(_) if in_condition && wants_number(&condition) => {
                    condition.push(&arg.kind);
                    in_condition = false;
                }
                ArgKind::Field(name) => {
                    in_condition = false;
                    series.axes.push(Axis {
                        name,
                        over,
                        options: std::mem::take(&mut pending),
                    });
                }
                kind if in_condition => condition.push(kind),
                ArgKind::Aggregate(aggregate) => series.aggregate(aggregate)?,
                _ => {}
            }
        }
        series.axes.sort_by_key(|axis| !axis.over);
        if let Some(agg) = series.args.get("agg") {
            let aggregate = parse_aggregate(planner, agg)?;
            series.aggregate(&aggregate)?;
        }
        if !condition.is_empty() {
            series.threshold = Some(threshold(&condition, stage)?);
        }
        if series.aggregates.is_empty() && series.computed.is_empty() {
            return Err(
                Error::syntax(stage.span, format!("`{}` needs an aggregation", command.name))
                    .hint(format!("usage: {}", command.synopsis)),
            );
        }
        Ok(series)
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Result<()> {
        let is_eval = aggregate.function.text.eq_ignore_ascii_case("eval");
        let (true, AggregateArg::Eval(expr)) = (is_eval, &aggregate.arg) else {
            self.aggregates.push(args::call(aggregate)?);
            return Ok(());
        };
        let value = self.parts(expr)?;
        let name = aggregate.alias.as_ref().map_or(&aggregate.label, |a| &a.text);
        self.computed.push(Assignment {
            target: Target::Field(name.clone()),
            value,
        });
        Ok(())
    }

    /// The expression with its aggregations as fields that are computed first.
    fn parts(&mut self, expr: &Expr) -> Result<Expr> {
        let mut all = |items: &[Expr]| items.iter().map(|e| self.parts(e)).collect::<Result<_>>();
        let kind = match &expr.kind {
            ExprKind::Call(name, arguments) => match part(name, arguments, expr) {
                Some(call) => {
                    let call = AggregateCall {
                        name: format!("{}{}", crate::plan::chart::PART, self.aggregates.len()),
                        ..call?
                    };
                    let value = field(&call.name);
                    self.aggregates.push(call);
                    return Ok(value);
                }
                None => ExprKind::Call(name.clone(), all(arguments)?),
            },
            ExprKind::Unary(op, inner) => ExprKind::Unary(*op, Box::new(self.parts(inner)?)),
            ExprKind::Binary(op, left, right) => ExprKind::Binary(
                *op,
                Box::new(self.parts(left)?),
                Box::new(self.parts(right)?),
            ),
            ExprKind::In(left, items) => {
                let items = all(items)?;
                ExprKind::In(Box::new(self.parts(left)?), items)
            }
            ExprKind::Field(name) if name.eq_ignore_ascii_case("count") => {
                let count = ExprKind::Call(crate::plan::build::name(name, expr.span), Vec::new());
                return self.parts(&Expr {
                    kind: count,
                    span: expr.span,
                });
            }
            ExprKind::Number(..)
            | ExprKind::Text(_)
            | ExprKind::Field(_)
            | ExprKind::Dotted(_)
            | ExprKind::Subsearch(_) => expr.kind.clone(),
        };
        Ok(Expr {
            kind,
            span: expr.span,
        })
    }

    /// How columns are named.
    pub fn naming(&self) -> Naming {
        Naming {
            sep: self.args.text("sep", ": "),
            format: self.args.get("format").map(|l| l.text.clone()),
        }
    }

    /// The series of a field.
    ///
    /// # Errors
    /// Options that can't be read.
    pub fn split(&self, name: &str) -> Result<Split> {
        let (score, keep) = match &self.threshold {
            Some((call, keep)) => (Some(call.clone()), Some(*keep)),
            None => (None, self.limit()?),
        };
        let named = |on: bool, name: String| on.then_some(name);
        Ok(Split {
            field: name.to_owned(),
            keep,
            score,
            other: named(
                self.args.flag("useother", true)?,
                self.args.text("otherstr", "OTHER"),
            ),
            null: named(
                self.args.flag("usenull", true)?,
                self.args.text("nullstr", "NULL"),
            ),
        })
    }

    fn limit(&self) -> Result<Option<Keep>> {
        let Some(limit) = self.args.get("limit") else {
            return Ok(Some(Keep::Top(10)));
        };
        let lower = limit.text.to_ascii_lowercase();
        let (make, digits): (fn(usize) -> Keep, &str) = match lower.strip_prefix("bottom") {
            Some(digits) => (Keep::Bottom, digits),
            None => (Keep::Top, lower.strip_prefix("top").unwrap_or(&lower)),
        };
        let number: usize = digits.trim().parse().map_err(|_| {
            Error::argument(
                limit.span,
                format!("`limit` takes a number, top<N> or bottom<N>, not `{}`", limit.text),
            )
        })?;
        Ok((number > 0).then(|| make(number)))
    }
}

/// Whether a field follows this argument without an aggregation between: then a bucket option
/// belongs to that field (`by span=1d _time`).
fn stage_has_field_later(stage: &Stage, arg: &crate::syntax::ast::Arg) -> bool {
    stage
        .args
        .iter()
        .take_while(|a| !std::ptr::eq(*a, arg))
        .any(|a| matches!(&a.kind, ArgKind::Keyword(k) if k == "BY" || k == "OVER"))
}

/// Whether a condition ends with `top` or `bottom` on its own.
fn wants_number(condition: &[&ArgKind]) -> bool {
    matches!(condition.last(), Some(ArgKind::Literal(l))
        if matches!(l.text.to_ascii_lowercase().as_str(), "top" | "bottom"))
}

/// The aggregation that a call in an `eval` means: `max(x)` with one argument is one, with
/// several the function of `eval`.
fn part(name: &Name, arguments: &[Expr], expr: &Expr) -> Option<Result<AggregateCall>> {
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
fn threshold(condition: &[&ArgKind], stage: &Stage) -> Result<(AggregateCall, Keep)> {
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
    // Without a field it judges the values of the series themselves.
    let call = match &aggregate.arg {
        AggregateArg::None => {
            let (function, parameter) = stats_function(&aggregate.function.text)
                .ok_or_else(|| args::call(aggregate).err().unwrap_or_else(wrong))?;
            AggregateCall {
                function,
                parameter,
                arg: AggregateInput::Row,
                name: aggregate.label.clone(),
                span: aggregate.span,
            }
        }
        _ => args::call(aggregate)?,
    };
    Ok((call, keep))
}

/// The aggregation that the option `agg` holds.
fn parse_aggregate(planner: &Planner<'_>, agg: &Literal) -> Result<Aggregate> {
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

/// The range of time that is searched: what the search itself says (`earliest=-1d`), else what
/// it was started with. All of time has no bounds; a search that only begins somewhere ends now.
///
/// # Errors
/// A time that can't be read.
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
