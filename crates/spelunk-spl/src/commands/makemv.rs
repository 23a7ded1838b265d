//! `makemv`: splits a text into several values.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::pcre::compile;
use crate::error::{Error, Result};
use crate::plan::build::{at, call, field, number, text};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "makemv",
    category: Category::Fields,
    synopsis: "makemv [delim=<text> [allowempty=<bool>] | tokenizer=<regex>] <field>",
    options: &[
        ("delim", " ", "the separator between the values"),
        ("tokenizer", "", "a regular expression whose first group is a value"),
        ("allowempty", "false", "keeps empty values"),
        ("setsv", "false", "accepted"),
    ],
    doc: "Takes the text of a field apart into several values.",
    examples: &[(
        "| makeresults | eval a=\"x,y\" | makemv delim=\",\" a | eval n=mvcount(a) | table a n",
        r#"{"a":["x","y"],"n":2}"#,
    )],
    page: "SearchReference/Makemv",
    args: Rule::makemv_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = args.fields();
    let [name] = fields.as_slice() else {
        return Err(Error::syntax(stage.span, "`makemv` needs one field"));
    };
    let value = if let Some(tokenizer) = args.get("tokenizer") {
        compile(&tokenizer.text).map_err(|e| e.at(tokenizer.span))?;
        call(
            "$group",
            vec![field(EACH), text(&tokenizer.text), text("1"), number(0.0)],
        )
    } else {
        let split = call("split", vec![field(EACH), text(&args.text("delim", " "))]);
        if args.flag("allowempty", false)? {
            split
        } else {
            call("$nonempty", vec![split])
        }
    };
    Ok(Planner::rows_or_events(input).extend(vec![Assignment {
        target: Target::Each(vec![Pattern::exact(&name.text)]),
        value: at(value, stage.span),
    }]))
}
