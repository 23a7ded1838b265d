//! `rex`: extracts fields from text by a regular expression.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::functions::sed::parse_sed;
use crate::pcre::compile;
use crate::plan::build::{at, call, extract_group, field, text};
use crate::plan::schema::Pattern;
use crate::plan::{Assignment, EACH, Plan, Target};
use crate::syntax::Rule;
use crate::syntax::ast::{ArgKind, Stage};

pub(super) const COMMAND: Command = Command {
    name: "rex",
    category: Category::Fields,
    synopsis: "rex [field=<field>] [max_match=<N>] [offset_field=<field>] \"<regex with (?<name>...)>\" | rex [field=<field>] mode=sed \"<sed expression>\"",
    options: &[
        ("field", "_raw", "the field that is read"),
        ("max_match", "1", "matches taken, as a multivalue; 0 for all"),
        ("offset_field", "", "a field for the places of the groups"),
        ("mode", "", "`sed` to replace instead"),
    ],
    doc: "Extracts fields with the named groups of a regular expression, or with mode=sed replaces text.",
    examples: &[(
        "| makeresults | eval x=\"user=bob id=7\" | rex field=x \"user=(?<user>\\w+) id=(?<id>\\d+)\" | table user id",
        r#"{"user":"bob","id":"7"}"#,
    )],
    page: "SearchReference/Rex",
    args: Rule::rex_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let rows = Planner::rows_or_events(input);
    let from = args.text("field", "_raw");
    let Some(literal) = args.rest.iter().find_map(|a| match &a.kind {
        ArgKind::Literal(literal) => Some(literal),
        _ => None,
    }) else {
        return Err(Error::syntax(stage.span, "`rex` needs a regular expression in quotes"));
    };
    if let Some(mode) = args.get("mode") {
        if !mode.text.eq_ignore_ascii_case("sed") {
            return Err(Error::argument(mode.span, "the only mode is `sed`"));
        }
        let (kind, pattern_text, _, _) =
            parse_sed(&literal.text).map_err(|m| Error::argument(literal.span, m))?;
        if kind == 's' {
            compile(&pattern_text).map_err(|e| e.at(literal.span))?;
        }
        return Ok(rows.extend(vec![Assignment {
            target: Target::Each(vec![Pattern::exact(&from)]),
            value: at(call("$sed", vec![field(EACH), text(&literal.text)]), literal.span),
        }]));
    }
    let regex = compile(&literal.text).map_err(|e| e.at(literal.span))?;
    let groups: Vec<&str> = regex.names().collect();
    if groups.is_empty() {
        return Err(Error::argument(
            literal.span,
            "the regular expression has no named group, so it extracts no field",
        )
        .hint("name a group: (?<field>...)"));
    }
    let matches = args.number("max_match", 1)?;
    let mut columns: Vec<Assignment> = groups
        .iter()
        .map(|group| Assignment {
            target: Target::Field((*group).to_owned()),
            value: at(
                extract_group(&from, &literal.text, group, matches, group),
                literal.span,
            ),
        })
        .collect();
    if let Some(offsets) = args.get("offset_field") {
        columns.insert(
            0,
            Assignment {
                target: Target::Field(offsets.text.clone()),
                value: call("$offsets", vec![field(&from), text(&literal.text)]),
            },
        );
    }
    Ok(rows.extend(columns))
}
