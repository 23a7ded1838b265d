//! `listmodels`: the models there are.

use crate::commands::figures::table_of;
use crate::commands::learning::{load, models};
use crate::commands::{Category, Command, DEFAULT, Planner};
use crate::error::{Error, Result};
use crate::plan::context::PlanContext;
use crate::plan::table::Table;
use crate::plan::{Kernel, Plan};
use crate::source::Span;
use crate::syntax::Rule;
use crate::syntax::ast::Stage;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "listmodels",
    category: Category::Generating,
    synopsis: "| listmodels",
    doc: "The models that `fit ... into <model>` has left in the home folder: name, type (the algorithm) and options.",
    examples: &[("| listmodels | stats count", r#"{"count":0}"#)],
    page: "MLApp/User/Customsearchcommands",
    args: Rule::listmodels_args,
    plan,
    ..DEFAULT
};

fn plan(_: &mut Planner<'_>, stage: &Stage, input: Option<Plan>) -> Result<Plan> {
    if input.is_some() {
        return Err(Error::syntax(stage.name.span, "`listmodels` begins a search"));
    }
    Ok(Plan::Generate { count: 0 }.apply(List(stage.span)))
}

#[derive(Debug)]
struct List(Span);

impl Kernel for List {
    fn describe(&self) -> String {
        "listmodels".to_owned()
    }

    fn run(&self, _: Table, context: &PlanContext) -> Result<Table> {
        let (mut names, mut kinds, mut options) = (Vec::new(), Vec::new(), Vec::new());
        for name in models(&context.home)? {
            // One that can't be read is listed all the same.
            let model = load(&name, self.0, context).ok();
            names.push(Value::text(name));
            kinds.push(model.as_ref().map_or(Value::Null, |m| Value::text(m.algorithm.clone())));
            options.push(model.map_or(Value::Null, |m| {
                let pairs = m.options.iter().map(|(key, value)| format!("{key}={value}"));
                Value::text(pairs.collect::<Vec<_>>().join(" "))
            }));
        }
        let columns = vec![("name", names), ("type", kinds), ("options", options)];
        Ok(table_of(columns[0].1.len(), columns))
    }
}
