//! `extract`: extracts key-value pairs from `_raw`.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::pcre::compile;
use crate::error::{Error, Result};
use crate::kernels::extract::{Extract, How};
use crate::knowledge::props::TransformMethod;
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "extract",
    aliases: &["kv"],
    category: Category::Fields,
    synopsis: "extract [pairdelim=<characters>] [kvdelim=<characters>] [limit=<N>] [maxchars=<N>] [mv_add=<bool>] [clean_keys=<bool>] [<stanza of transforms.conf>...]",
    options: &[
        ("pairdelim", "", "characters between pairs"),
        ("kvdelim", "", "characters between key and value"),
        ("limit", "50", "pairs taken of a row"),
        ("maxchars", "10240", "number of characters to examine"),
        ("mv_add", "false", "whether a repeated key makes a multivalue"),
        ("clean_keys", "true", "whether other characters than letters, digits and _ in a key become _"),
        ("segment", "false", "accepted: the positions of pairs are not kept"),
        ("reload", "false", "accepted: configuration is read for each search"),
        ("auto", "true", "whether pairs are looked for without delimiters"),
    ],
    doc: "Makes fields of the key-value pairs in _raw: found by themselves, by the given delimiters, or by field transforms.",
    examples: &[(
        "| makeresults | eval _raw=\"a:1;b:2\" | extract pairdelim=\";\" kvdelim=\":\" | table a b",
        r#"{"a":"1","b":"2"}"#,
    )],
    page: "SearchReference/Extract",
    args: Rule::extract_args,
    plan,
};

/// Default delimiters between pairs, or between key and value, if only the other is given.
const BETWEEN: &str = " ,;|&\t\r\n";

const EQUALS: &str = "=";

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let delimiters = match (args.get("pairdelim"), args.get("kvdelim")) {
        (None, None) => None,
        (between, equals) => Some((
            between.map_or(BETWEEN, |l| &l.text).to_owned(),
            equals.map_or(EQUALS, |l| &l.text).to_owned(),
        )),
    };
    let clean = match args.get("clean_keys") {
        None => None,
        Some(_) => Some(args.flag("clean_keys", true)?),
    };
    let mv_add = match args.get("mv_add") {
        None => None,
        Some(_) => Some(args.flag("mv_add", false)?),
    };
    let mut rules = Vec::new();
    let props = &planner.context.catalog.props;
    for name in args.fields() {
        let transform = props.transform(&name.text).ok_or_else(|| {
            Error::argument(
                name.span,
                format!("unknown field transform `{}`", name.text),
            )
            .did_you_mean(&name.text, props.transform_names())
            .hint("it must be a stanza of transforms.conf with REGEX or DELIMS: give its app with --app")
        })?;
        if let TransformMethod::Regex { regex, .. } = &transform.method {
            compile(regex).map_err(|e| e.at(name.span))?;
        }
        rules.push(How::Transform(Box::new(transform.clone())));
    }
    if rules.is_empty() {
        match delimiters {
            Some((between, equals)) => rules.push(How::Delimiters { between, equals }),
            None if args.flag("auto", true)? => rules.push(How::Automatic),
            None => {}
        }
    }
    let most = args.number("limit", 50)?;
    let characters = args.number("maxchars", 10_240)?;
    let mut rows = Planner::rows_or_events(input);
    for how in rules {
        rows = rows.beside(Extract {
            how,
            clean,
            mv_add,
            most,
            characters,
        });
    }
    Ok(rows)
}
