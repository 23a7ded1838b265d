//! `folderize`: values grouped by what they begin with.

use indexmap::IndexMap;

use crate::commands::args::Args;
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::{Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "folderize",
    category: Category::Reporting,
    synopsis: "folderize attr=<field> [sep=<text>] [size=<field>] [minfolders=<N>] [maxfolders=<N>]",
    options: &[
        ("attr", "", "the field that is grouped"),
        ("sep", "::", "what separates the parts of its values"),
        ("size", "totalCount", "the field that gets the size of a folder: the sum over its rows, or their number"),
        ("minfolders", "2", "folders at least, where there are so many"),
        ("maxfolders", "20", "folders at most, where the first parts of the values allow it"),
    ],
    doc: "Replaces the values of a field by what they begin with, as many parts of them as give between minfolders and maxfolders groups.",
    examples: &[(
        "| makeresults | eval s=\"a/x/1,a/x/2,b/y/3\" | makemv delim=\",\" s | mvexpand s | table s | folderize attr=s sep=\"/\" size=n maxfolders=2",
        "{\"s\":\"a/x\",\"n\":2}\n{\"s\":\"b/y/3\",\"n\":1}",
    )],
    page: "SearchReference/Folderize",
    args: Rule::folderize_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    let args = Args::new(&COMMAND, stage)?;
    let field = args
        .get("attr")
        .ok_or_else(|| Error::syntax(stage.span, "`folderize` needs attr=<field>"))?;
    let sep = args.text("sep", "::");
    if let (true, Some(l)) = (sep.is_empty(), args.get("sep")) {
        return Err(Error::argument(l.span, "`sep` takes at least one character"));
    }
    Ok(Planner::rows_or_events(input).apply(Folders {
        field: field.text.clone(),
        sep,
        size: args.text("size", "totalCount"),
        least: args.number("minfolders", 2)?,
        most: args.number("maxfolders", 20)?,
    }))
}

#[derive(Debug)]
struct Folders {
    field: String,
    sep: String,
    size: String,
    least: usize,
    most: usize,
}

impl Folders {
    fn folder<'v>(&self, value: &'v str, parts: usize) -> &'v str {
        // An absolute path begins with an empty part that tells nothing.
        let parts = parts + usize::from(value.starts_with(&self.sep));
        value.match_indices(&self.sep).nth(parts - 1).map_or(value, |(at, _)| &value[..at])
    }

    fn groups<'v>(&self, values: &'v [(usize, String)], parts: usize) -> IndexMap<&'v str, Vec<usize>> {
        let mut groups: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for (row, value) in values {
            groups.entry(self.folder(value, parts)).or_default().push(*row);
        }
        groups
    }
}

impl Kernel for Folders {
    fn describe(&self) -> String {
        format!("folders of {}", self.field)
    }

    fn run(&self, input: Table, _: &PlanContext) -> Result<Table> {
        let values: Vec<(usize, String)> = (0..input.height())
            .filter_map(|row| Some((row, input.value(&self.field, row).into_text()?.into_owned())))
            .collect();
        let deepest = values.iter().map(|(_, v)| v.matches(&self.sep).count() + 1).max().unwrap_or(1);
        // The most parts that give few enough folders; more than that only for too few folders.
        let mut groups = self.groups(&values, 1);
        for parts in 2..=deepest {
            let finer = self.groups(&values, parts);
            if finer.len() > self.most && groups.len() >= self.least {
                break;
            }
            groups = finer;
        }
        let sized = input.column(&self.size).is_some();
        let mut out = Table::new(groups.len());
        for column in input.columns().iter().filter(|c| c.name != self.field && c.name != self.size) {
            let values = groups.values().map(|rows| match rows.as_slice() {
                [row] => column.values[*row].clone(),
                _ => Value::Null,
            });
            out.set(column.name.clone(), column.kind, values.collect());
        }
        let names = groups.iter().map(|(folder, rows)| match rows.as_slice() {
            // A folder of one is that one.
            [row] => input.value(&self.field, *row).into_owned(),
            _ => Value::text((*folder).to_owned()),
        });
        out.set(self.field.clone(), Type::Text, names.collect());
        let sizes = groups.values().map(|rows| {
            let sizes = rows.iter().map(|row| input.value(&self.size, *row).as_number().unwrap_or(0.0));
            Value::Num(if sized { sizes.sum() } else { rows.len() as f64 })
        });
        out.set(self.size.clone(), Type::Number, sizes.collect());
        Ok(out)
    }
}
