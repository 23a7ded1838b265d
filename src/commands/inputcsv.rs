//! `inputcsv`: the rows of a CSV file of the home folder.

use std::path::PathBuf;

use crate::commands::args::Args;
use crate::commands::inputlookup::table_rows;
use crate::commands::outputcsv::file;
use crate::commands::outputlookup::inside;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::knowledge::lookups::LookupDefinition;
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "inputcsv",
    category: Category::Generating,
    synopsis: "| inputcsv [append=<bool>] [strict=<bool>] [start=<N>] [max=<N>] [events=<bool>] <file> [where <search expression>]",
    options: &[
        ("append", "false", "puts the rows after those there are"),
        ("strict", "false", "whether a file that is not there is an error; else there are no rows"),
        ("start", "0", "rows passed over"),
        ("max", "1000000000", "rows taken"),
        ("events", "false", "accepted: rows with `_raw` and `_time` are events"),
        ("dispatch", "false", "accepted: there are no folders of jobs"),
    ],
    doc: "Gives the rows of `csv/<file>.csv` in the home folder, which `outputcsv` wrote.",
    examples: &[("| inputcsv nosuch | stats count", "{\"count\":0}")],
    page: "SearchReference/Inputcsv",
    args: Rule::inputcsv_args,
    plan,
    ..DEFAULT
};

fn plan(planner: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let names = args.fields();
    let [name] = names.as_slice() else {
        return Err(Error::syntax(stage.span, "`inputcsv` needs one file"));
    };
    inside(&name.text, name.span)?;
    let rows = Plan::Values(Table::default().into()).apply(ReadCsv {
        path: planner.context.home.join("csv").join(file(&name.text)),
        strict: args.flag("strict", false)?,
    });
    table_rows(planner, &COMMAND, stage, &args, rows, input)
}

/// The rows of a file, read when the search runs.
#[derive(Debug)]
struct ReadCsv {
    path: PathBuf,
    strict: bool,
}

impl Kernel for ReadCsv {
    fn describe(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        format!("read {}", name.to_string_lossy())
    }

    fn run(&self, _: Table, context: &PlanContext) -> Result<Table> {
        if !self.path.is_file() && !self.strict {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            context.notice(format!("inputcsv: there is no file csv/{name} in the home folder"));
            return Ok(Table::default());
        }
        let read = LookupDefinition::file("", &self.path).load()?;
        let mut rows = Table::new(read.rows.len());
        for (at, column) in read.columns.into_iter().enumerate() {
            let cells = read.rows.iter().map(|row| row.get(at).cloned().flatten());
            let values: Vec<Value<'static>> = cells
                .map(|cell| match cell {
                    Some(text) if text.contains('\n') && column != "_raw" => Value::multi(
                        text.split('\n').map(|t| t.to_owned().into()).collect(),
                    ),
                    Some(text) => Value::text(text),
                    None => Value::Null,
                })
                .collect();
            let kind = match column.as_str() {
                "_time" => Type::Time,
                _ if values.iter().any(|v| matches!(v, Value::Multi(_))) => Type::Multi,
                _ => Type::Text,
            };
            rows.set(column, kind, values);
        }
        Ok(rows)
    }
}
