//! `multikv`: one row for each line of a table in an event.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::kernels::multikv::{Header, Lines};
use crate::plan::Plan;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "multikv",
    category: Category::Fields,
    synopsis: "multikv [forceheader=<N>] [noheader=<bool>] [multitable=<bool>] [copyattrs=<bool>] [rmorig=<bool>] [fields <field>...] [filter <text>...]",
    options: &[
        ("forceheader", "", "the line, counted from 1 without empty ones, that names the columns"),
        ("noheader", "false", "there is no header line: columns are named Column_1, Column_2, ..."),
        ("multitable", "true", "an event may hold several tables"),
        ("copyattrs", "true", "the event's fields are copied to its rows"),
        ("rmorig", "true", "the event itself is left out"),
        ("conf", "", "a stanza of multikv.conf: not supported"),
        ("last_line", "", "the last line to examine"),
        ("start_line", "1", "the first line to examine"),
    ],
    doc: "Makes a row of each line of the table in an event's text, with the words of its header line as fields.",
    examples: &[(
        "| makeresults | eval _raw=\"Name Age\nann 42\nbob 35\" | multikv | table Name Age",
        "{\"Name\":\"ann\",\"Age\":\"42\"}\n{\"Name\":\"bob\",\"Age\":\"35\"}",
    )],
    page: "SearchReference/Multikv",
    args: Rule::multikv_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    if let Some(conf) = args.get("conf") {
        return Err(Error::argument(
            conf.span,
            "stanzas of multikv.conf are not supported",
        )
        .hint("name the header line: forceheader=<N>"));
    }
    let (mut fields, mut filter) = (Vec::new(), Vec::new());
    let mut into: Option<&mut Vec<String>> = None;
    for word in args.fields() {
        match (word.quoted, word.text.to_ascii_lowercase().as_str()) {
            (false, "fields") => into = Some(&mut fields),
            (false, "filter") => into = Some(&mut filter),
            _ => match into.as_mut() {
                Some(list) => list.push(word.text.clone()),
                None => {
                    return Err(Error::syntax(
                        word.span,
                        "expected an option, `fields` or `filter`",
                    ));
                }
            },
        }
    }
    let header = match args.get("forceheader") {
        Some(line) => Header::Line(args.number("forceheader", 1)?.checked_sub(1).ok_or_else(
            || Error::argument(line.span, "lines are counted from 1"),
        )?),
        None if args.flag("noheader", false)? => Header::None,
        None => Header::Found,
    };
    Ok(Planner::rows_or_events(input).apply(Lines {
        header,
        several: args.flag("multitable", true)?,
        copies: args.flag("copyattrs", true)?,
        original: !args.flag("rmorig", true)?,
        first: args.number("start_line", 1)?.max(1),
        last: args.number("last_line", usize::MAX)?,
        fields,
        filter,
    }))
}
