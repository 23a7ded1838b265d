//! Parses a stage's arguments: options by name, the rest in order.

use crate::commands::{Command, OptionRow};
use crate::error::{Error, ErrorKind, Result};
use crate::functions::stats::{self, Takes};
use crate::plan::schema::Pattern;
use crate::plan::{AggregateCall, AggregateInput, ByField, SortKey, SortOrder};
use crate::source::Span;
use crate::syntax::ast::{
    Aggregate, AggregateArg, Arg, ArgKind, Expr, Literal, Name, Pipeline, Stage,
};
use crate::time::Span as TimeSpan;
use crate::value::parse_number;

/// Options that only tune how a cluster works.
pub(super) const IGNORED: &[&str] = &[
    "local",
    "chunk_size",
    "allow_old_summaries",
    "include_reduced_buckets",
    "partitions",
    "parallel_reduce",
];

/// The arguments of a stage.
pub struct Args<'a> {
    options: Vec<(&'a Name, &'a Literal)>,
    conditions: Vec<(&'a Name, &'a Expr)>,
    /// All non-option arguments, in order.
    pub rest: Vec<&'a Arg>,
}

impl<'a> Args<'a> {
    /// Separates a stage's options from its other arguments, and rejects options that the command does not
    /// have.
    ///
    /// # Errors
    /// [`ErrorKind::BadOption`] with the valid options.
    pub fn new(command: &Command, stage: &'a Stage) -> Result<Args<'a>> {
        let mut options = Vec::new();
        let mut conditions = Vec::new();
        let mut rest = Vec::new();
        for arg in &stage.args {
            match &arg.kind {
                ArgKind::Option { name, value } => {
                    let lower = name.text.to_ascii_lowercase();
                    if command.options.iter().any(|o| o.0 == lower) {
                        options.push((name, value));
                    } else if !IGNORED.contains(&lower.as_str()) {
                        return Err(unknown_option(command, name));
                    }
                }
                ArgKind::OptionExpr { name, value } => {
                    let lower = name.text.to_ascii_lowercase();
                    if !command.options.iter().any(|o| o.0 == lower) {
                        return Err(unknown_option(command, name));
                    }
                    conditions.push((name, value));
                }
                _ => rest.push(arg),
            }
        }
        Ok(Args {
            options,
            conditions,
            rest,
        })
    }

    /// An option's value, if given. If repeated, the last one counts.
    pub fn get(&self, name: &str) -> Option<&'a Literal> {
        self.options
            .iter()
            .rev()
            .find(|(n, _)| n.text.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// An option whose value is a condition.
    ///
    /// # Errors
    /// If the value is not in parentheses.
    pub fn condition(&self, name: &str) -> Result<Option<&'a Expr>> {
        if let Some(literal) = self.get(name) {
            return Err(Error::argument(
                literal.span,
                format!("`{name}` takes a condition in parentheses"),
            )
            .hint(format!("for example: {name}=(status=200)")));
        }
        Ok(self
            .conditions
            .iter()
            .rev()
            .find(|(n, _)| n.text.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value))
    }

    /// An option's value as text, or the default.
    pub fn text(&self, name: &str, default: &str) -> String {
        self.get(name).map_or(default, |l| &l.text).to_owned()
    }

    /// A boolean option.
    ///
    /// # Errors
    /// If the value is not a boolean.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        match value.text.to_ascii_lowercase().as_str() {
            "t" | "true" | "1" | "yes" | "y" | "on" => Ok(true),
            "f" | "false" | "0" | "no" | "n" | "off" => Ok(false),
            other => Err(Error::argument(
                value.span,
                format!("`{name}` takes true or false, not `{other}`"),
            )),
        }
    }

    /// An integer option.
    ///
    /// # Errors
    /// If the value is not a whole number.
    pub fn number(&self, name: &str, default: usize) -> Result<usize> {
        match self.get(name) {
            Some(value) => crate::plan::whole_number(name, value),
            None => Ok(default),
        }
    }

    /// The single integer among the other arguments (`head 5`), or the option with that name.
    ///
    /// # Errors
    /// If the value is not a number.
    pub fn count(&mut self, name: &str, default: usize) -> Result<usize> {
        let at = self
            .rest
            .iter()
            .position(|a| matches!(&a.kind, ArgKind::Literal(l) if !l.quoted));
        if let Some(at) = at
            && let ArgKind::Literal(literal) = &self.rest.remove(at).kind
        {
            return crate::plan::whole_number(name, literal);
        }
        self.number(name, default)
    }

    /// The field names among the other arguments, in order, before any keyword.
    pub fn fields(&self) -> Vec<&'a Name> {
        self.rest
            .iter()
            .take_while(|a| !matches!(a.kind, ArgKind::Keyword(_)))
            .filter_map(|a| match &a.kind {
                ArgKind::Field(name) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// Whether the keyword occurs.
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.rest
            .iter()
            .any(|a| matches!(&a.kind, ArgKind::Keyword(k) if k == keyword))
    }

    /// The arguments after a keyword, up to the next keyword.
    pub fn after(&self, keyword: &str) -> Vec<&'a Arg> {
        self.rest
            .iter()
            .skip_while(|a| !matches!(&a.kind, ArgKind::Keyword(k) if k == keyword))
            .skip(1)
            .take_while(|a| !matches!(a.kind, ArgKind::Keyword(_)))
            .copied()
            .collect()
    }

    /// The field names after `BY`.
    pub fn by(&self) -> Vec<&'a Name> {
        names(&self.after("BY"))
    }

    /// The first subsearch.
    pub fn subsearch(&self) -> Option<&'a Pipeline> {
        self.rest.iter().find_map(|a| match &a.kind {
            ArgKind::Subsearch(pipeline) => Some(pipeline),
            _ => None,
        })
    }

    /// The aggregations before any keyword.
    ///
    /// # Errors
    /// If a function is unknown or does not take the arguments.
    pub fn aggregates(&self) -> Result<Vec<AggregateCall>> {
        let mut calls = Vec::new();
        let mut errors = Vec::new();
        for arg in &self.rest {
            if let ArgKind::Aggregate(aggregate) = &arg.kind {
                match call(aggregate).and_then(without_buckets) {
                    Ok(call) => calls.push(call),
                    Err(error) => errors.push(error),
                }
            }
        }
        Error::all(errors)?;
        Ok(calls)
    }

    /// The `BY` fields of an aggregation. A `span` belongs to `_time`, or otherwise to the last of them.
    ///
    /// # Errors
    /// If a span can't be parsed.
    pub fn by_fields(&self, stage: &Stage) -> Result<Vec<ByField>> {
        let mut by: Vec<ByField> = Vec::new();
        let mut lengths: Vec<(TimeSpan, Span)> = Vec::new();
        let mut seen = false;
        for arg in &stage.args {
            match &arg.kind {
                ArgKind::Keyword(k) => seen = k == "BY",
                ArgKind::Field(name) if seen => by.push(ByField {
                    name: name.text.clone(),
                    span: None,
                    distinct: false,
                }),
                ArgKind::Option { name, value }
                    if seen && name.text.eq_ignore_ascii_case("span") =>
                {
                    // The default for `BY _time`: only as fine as the rows require.
                    if value.text.eq_ignore_ascii_case("auto") {
                        continue;
                    }
                    let span =
                        TimeSpan::parse(&value.text).map_err(|m| Error::argument(value.span, m))?;
                    match by.last_mut() {
                        Some(last) if last.name == "_time" => last.span = Some(span),
                        Some(_) | None => lengths.push((span, name.span)),
                    }
                }
                _ => {}
            }
        }
        // Prefers `_time` for the buckets, wherever the span is: `BY host span=1h _time`.
        if let Some((length, place)) = lengths.pop() {
            let time = by
                .iter()
                .position(|b| b.name == "_time" && b.span.is_none());
            let at = time.or_else(|| by.len().checked_sub(1)).ok_or_else(|| {
                Error::argument(place, "`span` needs a field to put into buckets")
            })?;
            by[at].span = Some(length);
        }
        Ok(by)
    }
}

/// The field names among arguments.
pub fn names<'a>(args: &[&'a Arg]) -> Vec<&'a Name> {
    args.iter()
        .filter_map(|a| match &a.kind {
            ArgKind::Field(name) => Some(name),
            _ => None,
        })
        .collect()
}

/// Converts names to patterns.
pub fn patterns(names: &[&Name]) -> Vec<Pattern> {
    names
        .iter()
        .map(|n| Pattern::new(n.text.as_str()))
        .collect()
}

/// Converts names to texts.
pub fn texts(names: &[&Name]) -> Vec<String> {
    names.iter().map(|n| n.text.clone()).collect()
}

/// The keys of a sort. A separate sign applies to all keys after it.
pub fn sort_keys(args: &[&Arg]) -> Vec<SortKey> {
    let mut keys = Vec::new();
    let mut all_descending = false;
    for arg in args {
        match &arg.kind {
            ArgKind::Sign(sign) => all_descending = *sign == '-',
            ArgKind::SortKey {
                descending,
                function,
                field,
            } => {
                // The grammar takes no other names as functions.
                let function = function.as_ref().map(|f| f.text.to_ascii_lowercase());
                let (order, reversed) = match function.as_deref() {
                    Some("num") => (SortOrder::Number, false),
                    Some("str") => (SortOrder::Text, false),
                    Some("ip") => (SortOrder::Address, false),
                    Some("desc" | "d") => (SortOrder::Auto, true),
                    _ => (SortOrder::Auto, false),
                };
                keys.push(SortKey {
                    field: field.text.clone(),
                    descending: (*descending || all_descending) != reversed,
                    order,
                });
            }
            ArgKind::Keyword(k) if k == "DESC" => {
                for key in &mut keys {
                    key.descending = !key.descending;
                }
            }
            _ => {}
        }
    }
    keys
}

/// The error for an option that the command does not have.
pub fn unknown_option(command: &Command, name: &Name) -> Error {
    let known: Vec<&str> = command.options.iter().map(|o: &OptionRow| o.0).collect();
    let error = Error::new(ErrorKind::BadOption(format!(
        "`{}` has no option `{}`",
        command.name, name.text
    )))
    .at(name.span)
    .did_you_mean(&name.text, known.iter().copied());
    if known.is_empty() {
        error.hint(format!("usage: {}", command.synopsis))
    } else {
        error.hint(format!("its options: {}", known.join(", ")))
    }
}

/// Rejects functions that need the buckets of `timechart`.
fn without_buckets(call: AggregateCall) -> Result<AggregateCall> {
    if call.function.per.is_none() {
        return Ok(call);
    }
    Err(Error::argument(
        call.span,
        format!("`{}` scales the buckets of `timechart`", call.function.name),
    )
    .hint("elsewhere divide a sum: | stats sum(x) AS s range(_time) AS r | eval rate=s/r"))
}

/// Resolves an aggregation's function and arguments.
///
/// # Errors
/// If the function is unknown, is for metrics only, or does not take the arguments.
pub fn call(aggregate: &Aggregate) -> Result<AggregateCall> {
    let call = metric_call(aggregate)?;
    if call.function.metrics {
        return Err(Error::new(ErrorKind::UnsupportedFunction {
            name: call.function.name.to_owned(),
            why: "it works on time series of metrics, which only `mstats` sees".to_owned(),
        })
        .at(call.span));
    }
    Ok(call)
}

/// Like [`call`] for `mstats`, which has functions for metrics.
///
/// # Errors
/// If the function is unknown or does not take the arguments.
pub fn metric_call(aggregate: &Aggregate) -> Result<AggregateCall> {
    let typed = &aggregate.function;
    if typed.text.eq_ignore_ascii_case("sparkline") {
        return sparkline(aggregate);
    }
    let (function, parameter) = stats::stats_function(&typed.text).ok_or_else(|| {
        let error = Error::new(ErrorKind::UnknownFunction(typed.text.clone()))
            .at(typed.span)
            .did_you_mean(&typed.text, stats::all().map(|f| f.name));
        match crate::functions::eval_function(&typed.text) {
            Some(_) => error.hint(format!(
                "`{}` is a function of eval: compute it first, or write <function>(eval({}(...)))",
                typed.text, typed.text
            )),
            None => error,
        }
    })?;
    let mut label = aggregate.label.clone();
    let arg = match &aggregate.arg {
        // `stats list BY u` is `stats list(*) BY u`.
        AggregateArg::None if function.takes == Takes::Field => {
            label = format!("{}(*)", typed.text);
            AggregateInput::Field(Pattern::new("*"))
        }
        AggregateArg::None => AggregateInput::Row,
        AggregateArg::Field(name) => AggregateInput::Field(Pattern::new(name.text.as_str())),
        AggregateArg::Eval(expr) => AggregateInput::Expr(expr.clone()),
        // The name of a field that an earlier aggregation set: `stats dc(n) BY u | stats count(dc(n))`.
        AggregateArg::Nested(inner, None) => {
            AggregateInput::Field(Pattern::new(inner.label.as_str()))
        }
        AggregateArg::Nested(inner, Some(_)) => {
            return Err(Error::argument(
                inner.span,
                format!("`{}` takes one field", typed.text),
            ));
        }
    };
    Ok(AggregateCall {
        function,
        parameter,
        arg,
        name: aggregate.alias.as_ref().map_or(label, |a| a.text.clone()),
        span: aggregate.span,
    })
}

/// `sparkline(count, 1h)`, `sparkline(avg(x))`: the row of the function to draw over time, and the bucket
/// length in seconds.
fn sparkline(aggregate: &Aggregate) -> Result<AggregateCall> {
    let rows = || AggregateInput::Field(Pattern::new("_time"));
    let (of, arg, span) = match &aggregate.arg {
        AggregateArg::None => (None, rows(), None),
        AggregateArg::Field(name)
            if matches!(name.text.to_ascii_lowercase().as_str(), "count" | "c") =>
        {
            (None, rows(), None)
        }
        AggregateArg::Field(name) => (
            None,
            AggregateInput::Field(Pattern::new(name.text.as_str())),
            None,
        ),
        AggregateArg::Eval(expr) => (None, AggregateInput::Expr(expr.clone()), None),
        AggregateArg::Nested(inner, span) => {
            let inner = call(inner)?;
            let arg = match inner.arg {
                AggregateInput::Row => rows(),
                of @ (AggregateInput::Field(_) | AggregateInput::Expr(_)) => of,
            };
            (Some(inner.function.name), arg, span.as_ref())
        }
    };
    let of = of.unwrap_or("count");
    let (function, _) = stats::stats_function(&format!("sparkline({of})")).ok_or_else(|| {
        Error::argument(
            aggregate.span,
            format!("`sparkline` can't draw the course of `{of}`"),
        )
    })?;
    let parameter = match span {
        None => None,
        Some(span) => {
            let length = TimeSpan::parse(&span.text).map_err(|m| Error::argument(span.span, m))?;
            Some(length.approximate_micros() as f64 / 1e6)
        }
    };
    Ok(AggregateCall {
        function,
        parameter,
        arg,
        name: aggregate
            .alias
            .as_ref()
            .map_or_else(|| aggregate.label.clone(), |a| a.text.clone()),
        span: aggregate.span,
    })
}

/// `<field>` or `<field> AS <field>`: the source, and the target if given.
pub fn source_and_target<'a>(args: &Args<'a>) -> Option<(&'a Name, Option<&'a Name>)> {
    args.rest.iter().find_map(|arg| match &arg.kind {
        ArgKind::Pair { from, to } => Some((from, Some(to))),
        ArgKind::Field(name) => Some((name, None)),
        _ => None,
    })
}

/// A numeric option.
///
/// # Errors
/// If the value is not a number, or outside `range`.
pub(crate) fn decimal(
    args: &Args<'_>,
    name: &str,
    default: f64,
    range: std::ops::RangeInclusive<f64>,
) -> Result<f64> {
    let Some(literal) = args.get(name) else {
        return Ok(default);
    };
    let number = parse_number(&literal.text).filter(|n| range.contains(n));
    number.ok_or_else(|| {
        let (low, high) = (range.start(), range.end());
        let bounds = match (low.is_finite(), high.is_finite()) {
            (true, true) => format!(" from {low} to {high}"),
            (true, false) => format!(" that is at least {low}"),
            (false, _) => String::new(),
        };
        Error::argument(
            literal.span,
            format!("`{name}` takes a number{bounds}, not `{}`", literal.text),
        )
    })
}

/// An option with a choice of words, ignoring case. The first word of each row is its name, the others are
/// aliases. The first row is the default.
///
/// # Errors
/// If the word is not one of them.
pub(crate) fn choice(
    args: &Args<'_>,
    name: &str,
    words: &[&[&'static str]],
) -> Result<&'static str> {
    let Some(literal) = args.get(name) else {
        return Ok(words[0][0]);
    };
    let found = words
        .iter()
        .find(|row| row.iter().any(|w| w.eq_ignore_ascii_case(&literal.text)));
    found.map(|row| row[0]).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|row| row[0]).collect();
        Error::argument(
            literal.span,
            format!(
                "`{name}` is one of {}, not `{}`",
                names.join(", "),
                literal.text
            ),
        )
    })
}
