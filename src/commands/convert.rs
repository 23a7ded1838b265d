//! `convert`: field values to numbers, times to text and back.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::build::{call, field, text};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Expr, Stage};

pub(super) const COMMAND: Command = Command {
    name: "convert",
    category: Category::Fields,
    synopsis: "convert [timeformat=<format>] <function>(<field or pattern>) [AS <field>]...",
    options: &[(
        "timeformat",
        "%m/%d/%Y %H:%M:%S",
        "how ctime() writes and mktime() reads a time",
    )],
    doc: "Converts values: auto, num, ctime, mktime, dur2sec, memk, mstime, rmcomma, rmunit; none() leaves fields of a pattern alone. \
          A field that is not there stays away.",
    examples: &[(
        "| makeresults | eval d=\"1,000\", t=0 | convert rmcomma(d) ctime(t) | table d t",
        r#"{"d":1000,"t":"01/01/1970 00:00:00"}"#,
    )],
    page: "SearchReference/Convert",
    args: Rule::convert_args,
    plan,
    ..DEFAULT
};

const FUNCTIONS: &[&str] = &[
    "auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit",
];

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let format = args.text("timeformat", "%m/%d/%Y %H:%M:%S");
    let mut spared: Vec<Pattern> = Vec::new();
    for arg in &args.rest {
        if let ArgKind::Call { function, args, .. } = &arg.kind
            && function.text.eq_ignore_ascii_case("none")
        {
            spared.extend(args.iter().map(|a| Pattern::new(a.text.as_str())));
        }
    }
    let mut columns = Vec::new();
    for arg in &args.rest {
        let ArgKind::Call {
            function,
            args: fields,
            alias,
        } = &arg.kind
        else {
            continue;
        };
        let name = function.text.to_ascii_lowercase();
        if name == "none" {
            continue;
        }
        for f in fields {
            let of = |field_name: &str| conversion(&name, field(field_name), &format);
            let unknown = || {
                Error::new(ErrorKind::UnknownFunction(function.text.clone()))
                    .at(function.span)
                    .did_you_mean(&name, FUNCTIONS.iter().copied())
                    .hint(format!("`convert` has {}", FUNCTIONS.join(", ")))
            };
            let assignment = match alias {
                Some(alias) if !f.text.contains('*') => Assignment {
                    target: Target::Field(alias.text.clone()),
                    value: of(&f.text).ok_or_else(unknown)?,
                },
                Some(alias) => {
                    return Err(Error::argument(
                        alias.span,
                        "a pattern of fields can't be converted into one field",
                    ));
                }
                // A pattern, even of one name: a field that is not there stays away.
                None => Assignment {
                    target: Target::Each(vec![Pattern::new(f.text.as_str())]),
                    value: of(EACH).ok_or_else(unknown)?,
                },
            };
            columns.push(assignment);
        }
    }
    if columns.is_empty() {
        return Err(Error::syntax(stage.span, "`convert` needs a conversion")
            .hint("for example: convert ctime(firstTime)"));
    }
    if let Some(pattern) = spared.first()
        && columns
            .iter()
            .any(|c| matches!(&c.target, Target::Each(p) if p.iter().any(Pattern::is_wild)))
    {
        return Err(Error::argument(
            stage.span,
            format!(
                "none({}) beside a pattern is not supported: name the fields to convert",
                pattern.text
            ),
        ));
    }
    Ok(Planner::rows_or_events(input).extend(columns))
}

fn conversion(name: &str, value: Expr, format: &str) -> Option<Expr> {
    let kept = |converted: Expr| call("coalesce", vec![converted, value.clone()]);
    Some(match name {
        "auto" => call("$auto", vec![value]),
        "num" => call("tonumber", vec![call("$auto", vec![value])]),
        "ctime" => kept(call(
            "strftime",
            vec![call("tonumber", vec![value.clone()]), text(format)],
        )),
        "mktime" => call("strptime", vec![value, text(format)]),
        "dur2sec" | "memk" | "mstime" | "rmcomma" | "rmunit" => {
            call(&format!("${name}"), vec![value])
        }
        _ => return None,
    })
}
