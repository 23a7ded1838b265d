//! `join`: rows beside the rows of a subsearch that have equal fields.

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::field;
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, Plan, Target};
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
        ("usetime", "false", "only false is supported"),
        ("earlier", "true", "accepted: it has no meaning without usetime"),
    ],
    doc: "Puts beside each row the fields of the rows of a subsearch that have the same values in the named fields, or in all fields that both have. \
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
    if args.flag("usetime", false)? {
        return Err(Error::argument(stage.span, "`join usetime=true` is not supported"));
    }
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
    let right = Plan::Subsearch {
        input: Box::new(planner.subsearch(pipeline)?),
        most: planner.context.limits.join_rows,
    };
    let overwrite = args.flag("overwrite", true)?;
    let max = args.number("max", 1)?;
    let left = Planner::rows_or_events(input);
    let join = |left, right, fields| Plan::Join {
        left: Box::new(left),
        right: Box::new(right),
        fields,
        outer,
        overwrite,
        max,
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
    // The fields that must be equal have different names: both sides get them under one.
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

/// The fields, left and right, that a condition wants to be equal.
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

/// The name that an expression is.
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
