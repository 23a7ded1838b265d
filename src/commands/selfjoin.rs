//! `selfjoin`: rows joined with other rows of the same results.

use std::collections::HashMap;

use crate::commands::args::{Args, texts};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;

pub(super) const COMMAND: Command = Command {
    name: "selfjoin",
    category: Category::Combining,
    synopsis: "selfjoin [overwrite=<bool>] [max=<N>] [keepsingle=<bool>] <field>...",
    options: &[
        ("overwrite", "true", "whether the other row's values replace the first one's"),
        ("max", "1", "other rows that a row is joined with; 0 for all"),
        ("keepsingle", "false", "keeps rows without a partner"),
    ],
    doc: "Joins each row with the rows after it that have the same values in the named fields: one row for each such pair.",
    examples: &[(
        "| makeresults | eval n=mvappend(1,2) | mvexpand n | eval k=1, a=if(n=1,\"x\",null()), b=if(n=2,\"y\",null()) | selfjoin k | table k a b",
        r#"{"k":1,"a":"x","b":"y"}"#,
    )],
    page: "SearchReference/Selfjoin",
    args: Rule::selfjoin_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let fields = texts(&args.fields());
    if fields.is_empty() {
        return Err(Error::syntax(stage.span, "`selfjoin` needs a field"));
    }
    Ok(Planner::rows_or_events(input).apply(SelfJoin {
        fields,
        overwrite: args.flag("overwrite", true)?,
        max: args.number("max", 1)?,
        keep_single: args.flag("keepsingle", false)?,
    }))
}

#[derive(Debug)]
struct SelfJoin {
    fields: Vec<String>,
    overwrite: bool,
    max: usize,
    keep_single: bool,
}

impl Kernel for SelfJoin {
    fn describe(&self) -> String {
        format!("self join by {}", self.fields.join(", "))
    }

    fn run(&self, rows: Table, context: &PlanContext) -> Result<Table> {
        let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        let mut group_of: Vec<Option<Vec<String>>> = Vec::with_capacity(rows.height());
        for row in 0..rows.height() {
            let key: Option<Vec<String>> = self
                .fields
                .iter()
                .map(|f| rows.value(f, row).into_text().map(|t| t.into_owned()))
                .collect();
            if let Some(key) = &key {
                groups.entry(key.clone()).or_default().push(row);
            }
            group_of.push(key);
        }
        let mut pairs: Vec<(usize, Option<usize>)> = Vec::new();
        for (row, key) in group_of.iter().enumerate() {
            context.check_cancelled()?;
            let group = key.as_ref().and_then(|key| groups.get(key));
            match group {
                Some(group) if group.len() > 1 => {
                    let later = group.iter().filter(|other| **other > row);
                    let most = if self.max == 0 { usize::MAX } else { self.max };
                    pairs.extend(later.take(most).map(|other| (row, Some(*other))));
                }
                _ if self.keep_single => pairs.push((row, None)),
                _ => {}
            }
        }
        let mut out = Table::new(pairs.len());
        for column in rows.into_columns() {
            let values = pairs
                .iter()
                .map(|&(row, other)| {
                    let ours = &column.values[row];
                    let theirs = other.map(|at| &column.values[at]).filter(|v| !v.is_null());
                    match theirs {
                        Some(theirs) if self.overwrite || ours.is_null() => theirs.clone(),
                        _ => ours.clone(),
                    }
                })
                .collect();
            out.set(column.name, column.kind, values);
        }
        Ok(out)
    }
}
