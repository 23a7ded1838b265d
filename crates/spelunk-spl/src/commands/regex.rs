//! `regex`: keeps the rows in which a field matches a regular expression.

use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::pcre::compile;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::build::{at, call, field, not, text};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, CompareOp, Stage};

pub(super) const COMMAND: Command = Command {
    name: "regex",
    category: Category::Filtering,
    synopsis: "regex [<field>=|<field>!=]\"<regex>\"",
    doc: "Keeps the rows whose field (`_raw` by default) matches the expression, or with != does not match it.",
    examples: &[(
        "| makeresults | eval x=\"abc\" | regex x=\"^a.c$\" | table x",
        r#"{"x":"abc"}"#,
    )],
    page: "SearchReference/Regex",
    args: Rule::regex_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let (name, keep, literal) = match stage.args.first().map(|a| &a.kind) {
        Some(ArgKind::Comparison { field, op, value }) => match op {
            CompareOp::Eq => (field.text.as_str(), true, value),
            CompareOp::Ne => (field.text.as_str(), false, value),
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                return Err(Error::argument(field.span, "`regex` takes = or !="));
            }
        },
        Some(ArgKind::Literal(literal)) => ("_raw", true, literal),
        _ => {
            return Err(Error::syntax(
                stage.span,
                "`regex` needs a regular expression in quotes",
            ));
        }
    };
    compile(&literal.text).map_err(|e| e.at(literal.span))?;
    // A missing field does not match.
    let matches = call(
        "coalesce",
        vec![
            call("match", vec![field(name), text(&literal.text)]),
            call("false", Vec::new()),
        ],
    );
    let condition = if keep { matches } else { not(matches) };
    Ok(Planner::rows_or_events(input).filter(at(condition, stage.span)))
}
