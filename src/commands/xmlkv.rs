//! `xmlkv`: fields out of the elements of XML.

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner, rex};
use crate::error::{Error, Result};
use crate::functions::pattern::too_hard;
use crate::plan::context::PlanContext;
use crate::plan::found::Found;
use crate::plan::schema::Schema;
use crate::plan::table::Table;
use crate::plan::{ColumnKernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "xmlkv",
    category: Category::Fields,
    synopsis: "xmlkv [<field>] [maxinputs=<N>]",
    options: &[("maxinputs", "50000", "accepted: rows are not handed over in portions")],
    doc: "Makes a field of each XML element that holds only text, by the element's name; of several of one name the last counts.",
    examples: &[(
        "| makeresults | eval _raw=\"<name>disk</name><size unit=\\\"g\\\">7</size>\" | xmlkv | table name size",
        r#"{"name":"disk","size":"7"}"#,
    )],
    page: "SearchReference/Xmlkv",
    args: Rule::xmlkv_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    args.number("maxinputs", 50_000)?;
    let fields = args.fields();
    if let [_, second, ..] = fields.as_slice() {
        return Err(Error::syntax(second.span, "`xmlkv` reads one field"));
    }
    let from = fields.first().map_or("_raw", |n| &n.text).to_owned();
    Ok(Planner::rows_or_events(input).beside(Elements { from }))
}

/// An element without elements in it.
const ELEMENT: &str = r"<([^\s<>/!?][^\s<>/]*)(?:\s[^<>]*)?>([^<]*)</\1\s*>";

#[derive(Debug)]
struct Elements {
    from: String,
}

impl ColumnKernel for Elements {
    fn describe(&self) -> String {
        format!("xmlkv of {}", self.from)
    }

    fn reads(&self, _: &Schema) -> Vec<String> {
        vec![self.from.clone()]
    }

    fn run(&self, input: Table, context: &PlanContext) -> Result<Table> {
        let element = rex::compile(ELEMENT)?;
        let mut found = Found::default();
        for row in 0..input.height() {
            if row % 4096 == 0 {
                context.check_cancelled()?;
            }
            for text in input.value(&self.from, row).into_values() {
                for captures in element.captures_iter(&text) {
                    let captures = captures.map_err(|_| Error::data(too_hard(ELEMENT)))?;
                    if let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) {
                        let value = Value::text(value.as_str().to_owned());
                        found.set(row, name.as_str(), value);
                    }
                }
            }
        }
        Ok(found.into_table(input.height()))
    }
}
