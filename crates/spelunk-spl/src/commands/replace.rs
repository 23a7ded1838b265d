//! `replace`: replaces values.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::build::{assign_each, call, field, text};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Expr, Name, Stage};

pub(super) const COMMAND: Command = Command {
    name: "replace",
    category: Category::Fields,
    synopsis: "replace <value> WITH <value> [, <value> WITH <value>]... [IN <field>...]",
    options: &[],
    doc: "Replaces whole values, in the listed fields or in all. A `*` matches any text and, in the replacement, inserts the text that the corresponding `*` matched; both have the same number, or the replacement has none. The first pattern that matches a value applies.",
    examples: &[(
        "| makeresults | eval host=\"web localhost\", level=0 | replace \"* localhost\" WITH \"localhost *\" IN host \
         | replace 0 WITH Critical IN level | table host level",
        r#"{"host":"localhost web","level":"Critical"}"#,
    )],
    page: "SearchReference/Replace",
    args: Rule::replace_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let mut pairs: Vec<Expr> = Vec::new();
    let mut fields: Vec<&Name> = Vec::new();
    let mut waiting: Option<&str> = None;
    for arg in &args.rest {
        match &arg.kind {
            ArgKind::Literal(literal) => match waiting.take() {
                None => waiting = Some(&literal.text),
                Some(pattern) => {
                    let (wanted, given) = (stars(pattern), stars(&literal.text));
                    if given > 0 && given != wanted {
                        return Err(Error::argument(
                            arg.span,
                            format!(
                                "the replacement has {given} wildcards and the pattern {wanted}: use the same number, or none in the replacement"
                            ),
                        ));
                    }
                    pairs.extend([text(pattern), text(&literal.text)]);
                }
            },
            ArgKind::Field(name) => fields.push(name),
            _ => {}
        }
    }
    let exchanged = |name: &str| {
        let mut args = vec![field(name)];
        args.extend(pairs.iter().cloned());
        call("$exchange", args)
    };
    Ok(Planner::rows_or_events(input).extend(assign_each(&fields, exchanged)))
}

fn stars(text: &str) -> usize {
    text.matches('*').count()
}
