//! `join`: joins rows with the rows of a subsearch that have equal fields.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::stats::stats_function;
use crate::plan::build::{binary, call, field};
use crate::plan::schema::Pattern;
use crate::plan::stream::Stream;
use crate::plan::{AggregateCall, AggregateInput, Assignment, Plan, Scan, Target};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, BinaryOp, Expr, ExprKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "join",
    category: Category::Combining,
    synopsis: "join [type=inner|outer|left] [overwrite=<bool>] [max=<N>] [<field>... | left=<alias> right=<alias> where <left>.<field>=<right>.<field> [AND ...]] [<subsearch>]",
    options: &[
        ("type", "inner", "outer and left keep rows without a partner"),
        ("overwrite", "true", "whether the subsearch's values replace those there are"),
        ("max", "1", "partners taken for a row; 0 for all"),
        ("left", "", "what the fields there are get as prefix, for `where`"),
        ("right", "", "what the fields of the subsearch get as prefix, for `where`"),
        ("usetime", "false", "whether only partners earlier or later than a row count"),
        ("earlier", "true", "with usetime, earlier ones; false for later ones; the same second counts always"),
    ],
    doc: "Adds to each row the fields of the subsearch's rows that have the same values in the named fields, or in all common fields. \
          With left, right and where, fields of different names can be compared; all fields then carry the name of their side.",
    examples: &[(
        "| makeresults | eval k=1, a=2 | join k [| makeresults | eval k=1, b=3] | table k a b",
        r#"{"k":1,"a":2,"b":3}"#,
    )],
    page: "SearchReference/Join",
    args: Rule::join_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let Some(pipeline) = args.subsearch() else {
        return Err(Error::syntax(stage.span, "`join` needs a subsearch in brackets"));
    };
    let outer = match args.text("type", "inner").to_ascii_lowercase().as_str() {
        "inner" => false,
        "outer" | "left" => true,
        other => {
            return Err(Error::argument(
                stage.span,
                format!("`join` has type inner, outer or left, not `{other}`"),
            ));
        }
    };
    let right = Plan::Subquery {
        input: Box::new(planner.subsearch(pipeline)?),
        most: planner.context.limits.join_rows,
    };
    let overwrite = args.flag("overwrite", true)?;
    let max = args.number("max", 1)?;
    let mut left = Planner::rows_or_events(input);
    if args.flag("usetime", false)? {
        left = numbered(left, stage.span)?;
    }
    let times = match (args.flag("usetime", false)?, args.flag("earlier", true)?) {
        (false, _) => None,
        (true, true) => Some(BinaryOp::Le),
        (true, false) => Some(BinaryOp::Ge),
    };
    let plain = |left, right, fields, outer, max| Plan::Join {
        left: Box::new(left),
        right: Box::new(right),
        fields,
        outer,
        overwrite,
        max,
        span: stage.span,
    };
    let join = |left: Plan, right: Plan, fields: Vec<String>| match times {
        None => plain(left, right, fields, outer, max),
        Some(op) => {
            let given = || Plan::Scan(Scan::Binding);
            let second = |name: &str| call("floor", vec![field(name)]);
            // Finds all matches of each row, keeps those at the right times, then `max` of them.
            let right = right.set(RIGHT_TIME, field("_time"));
            let partners = plain(given(), right, fields, false, 0)
                .filter(binary(second(RIGHT_TIME), op, second(LEFT_TIME)));
            let joined = plain(given(), partners, vec![ROW.to_owned()], outer, max);
            Plan::With {
                input: Box::new(left.set(LEFT_TIME, field("_time"))),
                body: Box::new(joined.drop(&[ROW, LEFT_TIME, RIGHT_TIME])),
            }
        }
    };
    let Some(condition) = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Expr(condition) => Some(condition),
        _ => None,
    }) else {
        return Ok(join(left, right, texts(&args.fields())));
    };
    let (Some(l), Some(r)) = (args.get("left"), args.get("right")) else {
        return Err(Error::argument(
            condition.span,
            "`join ... where` needs names for both sides",
        )
        .hint("for example: join left=L right=R where L.id=R.parent [search ...]"));
    };
    let mut pairs = Vec::new();
    equalities(condition, &l.text, &r.text, &mut pairs)?;
    // The fields to compare have different names, so both sides get a common key column.
    let keys: Vec<String> = (0..pairs.len()).map(|n| format!("__join{n}")).collect();
    let side = |rows: Plan, alias: &str, names: Vec<String>| {
        let renamed = Plan::Rename {
            input: Box::new(rows),
            pairs: vec![(Pattern::new("*"), Pattern::new(format!("{alias}.*")))],
        };
        let columns = keys.iter().zip(names).map(|(key, name)| Assignment {
            target: Target::Field(key.clone()),
            value: field(&name),
        });
        renamed.extend(columns.collect())
    };
    let (left_names, right_names) = pairs.into_iter().unzip();
    let joined = join(
        side(left, &l.text, left_names),
        side(right, &r.text, right_names),
        keys.clone(),
    );
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Ok(joined.drop(&keys))
}

/// Temporary columns for a join by time: the row number, and the times of both sides.
const ROW: &str = "__row";
const LEFT_TIME: &str = "__left_time";
const RIGHT_TIME: &str = "__right_time";

/// Adds row numbers.
fn numbered(rows: Plan, span: Span) -> Result<Plan> {
    let (count, _) = stats_function("count").ok_or_else(|| Error::internal("there is no count"))?;
    let number = AggregateCall {
        function: count,
        parameter: None,
        arg: AggregateInput::Row,
        name: ROW.to_owned(),
        span,
    };
    Ok(Plan::Stream {
        input: Box::new(rows),
        stream: Box::new(Stream {
            aggregates: vec![number],
            ..Stream::over_all(span)
        }),
    })
}

/// The left and right fields that a condition requires to be equal.
fn equalities(
    condition: &Expr,
    left: &str,
    right: &str,
    pairs: &mut Vec<(String, String)>,
) -> Result<()> {
    let wrong = || {
        Error::argument(
            condition.span,
            format!("`join` takes equalities of fields: {left}.<field>={right}.<field>"),
        )
    };
    match &condition.kind {
        ExprKind::Binary(BinaryOp::And, a, b) => {
            equalities(a, left, right, pairs)?;
            equalities(b, left, right, pairs)
        }
        ExprKind::Binary(BinaryOp::Eq, a, b) => {
            let (a, b) = (name(a).ok_or_else(wrong)?, name(b).ok_or_else(wrong)?);
            let of = |name: &str, alias: &str| {
                name.strip_prefix(alias).is_some_and(|rest| rest.starts_with('.'))
            };
            if of(&a, left) && of(&b, right) {
                pairs.push((a, b));
            } else if of(&a, right) && of(&b, left) {
                pairs.push((b, a));
            } else {
                return Err(wrong());
            }
            Ok(())
        }
        _ => Err(wrong()),
    }
}

/// The expression's field name, if it is one.
fn name(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Field(name) => Some(name.clone()),
        ExprKind::Dotted(segments) => {
            let segments: Vec<&str> = segments.iter().map(|s| s.text.as_str()).collect();
            Some(segments.join("."))
        }
        _ => None,
    }
}
