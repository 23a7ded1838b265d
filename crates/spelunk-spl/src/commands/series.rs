//! Shared by `chart` and `timechart`: aggregations, row and series fields, and the selection of series.

use crate::commands::args::{self, Args};
use crate::commands::series_terms::{of_series, parse_aggregate, part, threshold};
use crate::commands::{Command, OptionRow, Planner};
use crate::error::{Error, Result};
use crate::plan::build::field;
use crate::plan::chart::{Keep, Split};
use crate::plan::pivot::Naming;
use crate::plan::{AggregateCall, Assignment, Target};
use crate::syntax::ast::{Aggregate, AggregateArg, ArgKind, Expr, ExprKind, Literal, Name, Stage};

/// The options common to both.
pub(super) const OPTIONS: [OptionRow; 18] = [
    (
        "agg",
        "",
        "a function alone ranks the series that `limit` selects; with a field it is another aggregation",
    ),
    (
        "limit",
        "10",
        "series shown, with the highest sums; `bottom5` those with the lowest; 0 for all",
    ),
    (
        "useother",
        "true",
        "whether a series adds up those that are not shown",
    ),
    ("otherstr", "OTHER", "the name of that series"),
    (
        "usenull",
        "true",
        "whether there is a series of the rows that lack the field",
    ),
    ("nullstr", "NULL", "the name of that series"),
    (
        "sep",
        ": ",
        "the separator of aggregation and value in column names, if there are several aggregations",
    ),
    (
        "format",
        "",
        "the name of such a column, with $AGG$ and $VAL$",
    ),
    ("cont", "true", "whether empty buckets have a row"),
    ("span", "", "length of a bucket"),
    ("bins", "", "most buckets when no span is given"),
    ("minspan", "", "shortest bucket when no span is given"),
    (
        "start",
        "",
        "where the buckets of numbers begin when no span is given",
    ),
    ("end", "", "where they end"),
    ("aligntime", "", "a time at which a bucket starts"),
    (
        "dedup_splitvals",
        "false",
        "removes repeated values of multivalue fields to split by",
    ),
    (
        "partial",
        "true",
        "whether buckets that the range of the search cuts are there",
    ),
    (
        "fixedrange",
        "true",
        "whether there are buckets for the whole range of the search",
    ),
];

/// Options that apply to the preceding field.
const BUCKETS: [&str; 6] = ["span", "bins", "minspan", "start", "end", "aligntime"];

/// A field to split by, with its bucket options.
pub(super) struct Axis<'a> {
    /// The field.
    pub name: &'a Name,
    over: bool,
    options: Vec<(&'a Name, &'a Literal)>,
}

impl<'a> Axis<'a> {
    /// The value of a bucket option.
    pub fn get(&self, option: &str) -> Option<&'a Literal> {
        find(&self.options, option)
    }

    /// Whether it has bucket options.
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
    /// The aggregations.
    pub aggregates: Vec<AggregateCall>,
    /// Expressions over the aggregates.
    pub computed: Vec<Assignment>,
    /// The fields, in the order in which they are used: rows first if given by `OVER`.
    pub axes: Vec<Axis<'a>>,
    /// Bucket options before any field.
    pub first: Vec<(&'a Name, &'a Literal)>,
    threshold: Option<(AggregateCall, Keep)>,
    /// By what `limit` selects series; their sums by default.
    ranking: Option<AggregateCall>,
}

impl<'a> Series<'a> {
    /// Parses the arguments.
    ///
    /// # Errors
    /// If they are invalid.
    pub fn new(planner: &Planner<'_>, command: &Command, stage: &'a Stage) -> Result<Series<'a>> {
        let args = Args::new(command, stage)?;
        let mut series = Series {
            args,
            aggregates: Vec::new(),
            computed: Vec::new(),
            axes: Vec::new(),
            first: Vec::new(),
            threshold: None,
            ranking: None,
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
            match aggregate.arg {
                // A function alone ranks the series.
                AggregateArg::None => series.ranking = Some(of_series(&aggregate)?),
                _ => series.aggregate(&aggregate)?,
            }
        }
        if !condition.is_empty() {
            series.threshold = Some(threshold(&condition, stage)?);
        }
        if series.aggregates.is_empty() && series.computed.is_empty() {
            return Err(Error::syntax(
                stage.span,
                format!("`{}` needs an aggregation", command.name),
            )
            .hint(format!("usage: {}", command.synopsis)));
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
        let name = aggregate
            .alias
            .as_ref()
            .map_or(&aggregate.label, |a| &a.text);
        self.computed.push(Assignment {
            target: Target::Field(name.clone()),
            value,
        });
        Ok(())
    }

    /// The expression with its aggregations replaced by fields, which are computed first.
    fn parts(&mut self, expr: &Expr) -> Result<Expr> {
        match &expr.kind {
            ExprKind::Call(name, arguments) => {
                if let Some(call) = part(name, arguments, expr) {
                    let call = AggregateCall {
                        name: format!("{}{}", crate::plan::chart::PART, self.aggregates.len()),
                        ..call?
                    };
                    let value = field(&call.name);
                    self.aggregates.push(call);
                    return Ok(value);
                }
            }
            ExprKind::Field(name) if name.eq_ignore_ascii_case("count") => {
                let count = ExprKind::Call(crate::plan::build::name(name, expr.span), Vec::new());
                return self.parts(&Expr {
                    kind: count,
                    span: expr.span,
                });
            }
            _ => {}
        }
        expr.map_parts(|part| self.parts(part))
    }

    /// How to name columns.
    pub fn naming(&self) -> Naming {
        Naming {
            sep: self.args.text("sep", ": "),
            format: self.args.get("format").map(|l| l.text.clone()),
        }
    }

    /// The series of a field.
    ///
    /// # Errors
    /// If an option can't be parsed.
    pub fn split(&self, name: &str) -> Result<Split> {
        let (score, keep) = match &self.threshold {
            Some((call, keep)) => (Some(call.clone()), Some(*keep)),
            None => (self.ranking.clone(), self.limit()?),
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
                format!(
                    "`limit` takes a number, top<N> or bottom<N>, not `{}`",
                    limit.text
                ),
            )
        })?;
        Ok((number > 0).then(|| make(number)))
    }
}

/// Whether a field follows this argument without an aggregation in between; a bucket option then belongs to
/// that field (`by span=1d _time`).
fn stage_has_field_later(stage: &Stage, arg: &crate::syntax::ast::Arg) -> bool {
    stage
        .args
        .iter()
        .take_while(|a| !std::ptr::eq(*a, arg))
        .any(|a| matches!(&a.kind, ArgKind::Keyword(k) if k == "BY" || k == "OVER"))
}

/// Whether a condition ends with a bare `top` or `bottom`.
fn wants_number(condition: &[&ArgKind]) -> bool {
    matches!(condition.last(), Some(ArgKind::Literal(l))
        if matches!(l.text.to_ascii_lowercase().as_str(), "top" | "bottom"))
}
