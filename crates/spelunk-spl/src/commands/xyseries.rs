//! `xyseries`: turns the values of a field into columns.

use crate::commands::args::Args;
use crate::commands::{Category, Command, Planner};
use crate::error::{Error, Result};
use crate::plan::pivot::{Data, Naming, Pivot};
use crate::plan::schema::Pattern;
use crate::plan::{Plan, Projection};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "xyseries",
    aliases: &["maketable"],
    category: Category::Reporting,
    synopsis: "xyseries [grouped=<bool>] <row field> <name field> <data field>... [sep=<text>] [format=<text>]",
    options: &[
        ("grouped", "false", "accepted without effect: rows of one value need not be adjacent"),
        ("sep", ": ", "the separator of data field and name, if there are several data fields"),
        ("format", "", "the name of such a column, with $AGG$ and $VAL$"),
    ],
    doc: "A row for each value of the first field and a column for each value of the second, filled with the third. `untable` undoes it.",
    examples: &[(
        "| makeresults count=2 | streamstats count AS n | eval k=\"r\", c=\"c\".n | xyseries k c n",
        r#"{"k":"r","c1":1,"c2":2}"#,
    )],
    page: "SearchReference/Xyseries",
    args: Rule::xyseries_args,
    plan,
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    args.flag("grouped", false)?;
    let fields = args.fields();
    let [row, series, data @ ..] = fields.as_slice() else {
        return Err(usage(stage));
    };
    if data.is_empty() {
        return Err(usage(stage));
    }
    let needed = Plan::Project {
        input: Box::new(Planner::rows_or_events(input)),
        mode: Projection::Table,
        fields: fields.iter().map(|f| Pattern::exact(&f.text)).collect(),
    };
    Ok(needed.apply(Pivot {
        visible: false,
        row: Some(row.text.clone()),
        series: series.text.clone(),
        data: data
            .iter()
            .map(|d| Data {
                name: d.text.clone(),
                empty: Value::Null,
            })
            .collect(),
        naming: Naming {
            sep: args.text("sep", ": "),
            format: args.get("format").map(|l| l.text.clone()),
        },
        last: Vec::new(),
    }))
}

fn usage(stage: &Stage) -> Error {
    Error::syntax(stage.span, "`xyseries` needs three fields")
        .hint("for example: | stats count BY host status | xyseries host status count")
}
